//! A node: the real register, offers and conversations, and around them what the session does with its socket and its database.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    Break, NODES, SEED, World,
    device::{Down, Up},
    id, teen_of,
};
use crate::{
    domain::{snapshot::SnapshotKey, version::Version},
    store::reports::{Arrived, Heard},
    sync::{
        Published,
        frame::{Held, Resume},
        hub::{DeviceSeat, Hub},
        offers::Offers,
        refresh::Net,
        session::conversation::{Beat, Conversation, Greeting, Then},
    },
};

pub struct Node {
    pub hub: Arc<Hub>,
    pub offers: Offers,
    pub epoch: i64,
    pub sessions: BTreeMap<u64, Session>,
    /// Teens to look at, and who suspects it.
    pub suspects: HashMap<usize, Net>,
    pub swept_at: Instant,
}

/// The server's end of a line.
pub struct Session {
    pub device: usize,
    pub seat: DeviceSeat,
    pub conversation: Conversation,
    /// What the hello came to, until the newest policy is there.
    pub greeted: Option<(Version, Option<Held>)>,
    pub said_hello: bool,
}

impl Node {
    pub fn new(epoch: i64, now: Instant) -> Self {
        let hub = Arc::new(Hub::default());
        let offers = Offers::new(hub.clone(), SnapshotKey::from_seed(&SEED));
        Self { hub, offers, epoch, sessions: BTreeMap::new(), suspects: HashMap::new(), swept_at: now }
    }
}

impl World {
    pub(super) fn server_hears(&mut self, node: usize, session: u64, frame: Up) -> Result<(), String> {
        let (ack_only, lossless) = (self.is_broken(Break::AckWithoutWriting), self.is_broken(Break::LossIgnored));
        let no_nets = self.is_broken(Break::NoNets);
        let Some(here) = self.nodes[node].sessions.get_mut(&session) else { return Ok(()) };
        let device = here.device;
        let desired = Version { epoch: self.database.epoch, revision: self.database.revisions[teen_of(device)] };
        let confirmed = self.database.confirmed[device].clone();
        let heard = Heard { desired, confirmed: confirmed.as_ref().map(|held| held.version) };
        match frame {
            Up::Hello(applied) => {
                let says = applied.as_ref().map(|held| held.version);
                let arrived = Arrived { heard, sha256: confirmed.map(|held| held.sha256), is_asked: false };
                let Greeting { lost, current } = Conversation::greeted(applied, &arrived);
                if lost && !lossless {
                    self.database.confirmed[device] = None;
                }
                here.said_hello = true;
                match &current {
                    Some(held) => {
                        let known = Arc::new(Published::confirmed(held.version, held.sha256.clone()));
                        self.nodes[node].hub.offer(id(teen_of(device)), &known, false);
                    }
                    None => {
                        self.nodes[node].suspects.entry(teen_of(device)).or_insert(Net::Join);
                    }
                }
                if let Some(here) = self.nodes[node].sessions.get_mut(&session) {
                    here.greeted = Some((desired, current));
                }
                let shown = self.database.confirmed[device].as_ref().map(|held| held.version);
                match shown <= says {
                    true => Ok(()),
                    false => Err(format!(
                        "truth: shown as enforced is {shown:?}, and the device says that it holds {says:?}"
                    )),
                }
            }
            Up::Applied(held) => {
                let Ok(vouched) = here.conversation.reported(held.version, Some(&held.sha256)) else { return Ok(()) };
                // The store's own judgement of what was not sent on this line: only what was issued, with its true hash.
                let is_older_epoch = held.version.epoch < desired.epoch;
                let issued = held.version.epoch == desired.epoch && held.version.revision <= desired.revision;
                let newest = self.newest(teen_of(device));
                let is_newest = held.version.revision == newest.record.revision;
                let true_hash = !is_newest
                    || newest.record.desired(desired.epoch).is_ok_and(|desired| desired.sha256 == held.sha256);
                if vouched || is_older_epoch || (issued && true_hash) {
                    let known = &mut self.database.confirmed[device];
                    if !ack_only && known.as_ref().is_none_or(|known| known.version <= held.version) {
                        *known = Some(held.clone());
                    }
                    if let Some(here) = self.nodes[node].sessions.get_mut(&session) {
                        here.conversation.settled(Some(held.version), true);
                    }
                    self.says(session, Down::Ack(held.version));
                }
                Ok(())
            }
            Up::Beat(applied) => {
                if no_nets {
                    return Ok(());
                }
                let after = here.conversation.reports();
                let known = here.seat.newest.borrow().clone();
                let Beat { lost, then } = here.conversation.beaten(applied, heard, after, known);
                if lost && !lossless {
                    self.database.confirmed[device] = None;
                }
                match then {
                    Then::Rest => {}
                    Then::Look => {
                        self.nodes[node].suspects.entry(teen_of(device)).or_insert(Net::Heartbeat);
                    }
                    Then::Send(newest) => self.send(node, session, newest, false),
                }
                Ok(())
            }
        }
    }

    fn says(&mut self, session: u64, frame: Down) {
        if let Some(line) = self.lines.get_mut(&session).filter(|line| !line.is_cut) {
            line.down.push_back(frame);
        }
    }

    fn send(&mut self, node: usize, session: u64, policy: Arc<Published>, live: bool) {
        let now = self.now;
        let Some(here) = self.nodes[node].sessions.get_mut(&session) else { return };
        let teen = teen_of(here.device);
        match here.conversation.sends(policy, live, now) {
            Some(text) => self.says(session, Down::Policy(text.frame)),
            None => {
                self.nodes[node].suspects.insert(teen, Net::Again);
            }
        }
    }

    /// All that nodes do by themselves: read what is suspected, answer hellos, send what is newer.
    pub(super) fn nodes_work(&mut self) {
        for node in 0..NODES {
            while self.node_works(node) {}
        }
    }

    fn node_works(&mut self, node: usize) -> bool {
        let suspects = std::mem::take(&mut self.nodes[node].suspects);
        let mut worked = !suspects.is_empty();
        for (teen, net) in suspects {
            if net == Net::Again && self.is_broken(Break::TextsStayForgotten) {
                continue;
            }
            if self.nodes[node].hub.wants(id(teen)) {
                let newest = self.newest(teen);
                self.nodes[node].offers.offer(self.nodes[node].epoch, newest, net).unwrap();
            }
        }
        let sessions: Vec<u64> = self.nodes[node].sessions.keys().copied().collect();
        for session in sessions {
            worked |= self.session_works(node, session);
        }
        worked
    }

    fn session_works(&mut self, node: usize, session: u64) -> bool {
        let Some(here) = self.nodes[node].sessions.get_mut(&session) else { return false };
        if !here.said_hello {
            return false;
        }
        if let Some((desired, current)) = here.greeted.take() {
            let newest = here.seat.newest.borrow_and_update().clone();
            let Some(newest) = newest.filter(|newest| newest.version >= desired) else {
                here.greeted = Some((desired, current));
                return false;
            };
            let resume = here.conversation.resumed(&newest, current.as_ref());
            self.says(session, Down::Welcome);
            if resume == Resume::Snapshot {
                self.send(node, session, newest, false);
            }
            return true;
        }
        if here.conversation.owes_until().is_some() || !here.seat.newest.has_changed().unwrap_or(false) {
            return false;
        }
        let newest = here.seat.newest.borrow_and_update().clone();
        if let Some(newest) = newest
            && let Some(live) = here.conversation.wants(&newest, true)
        {
            self.send(node, session, newest, live);
        }
        true
    }
}

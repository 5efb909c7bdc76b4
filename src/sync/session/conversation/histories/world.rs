//! Two teens with two devices each, two nodes, one database, and everything between them.

mod device;
mod node;
mod trouble;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

pub use self::trouble::{Break, Faults};
use self::{
    device::{Device, Line},
    node::{Node, Session},
};
use super::{super::Conversation, Event};
use crate::{
    domain::{
        snapshot::{PolicyRecord, SnapshotKey},
        version::Version,
    },
    store::policies::Newest,
    sync::{frame::Held, refresh::Net},
};

pub const TEENS: usize = 2;
pub const DEVICES: usize = 4;
pub const NODES: usize = 2;
/// Promise 4: whatever happened, by the next heartbeat.
const CERTAIN: Duration = Duration::from_secs(34);
const BEAT: Duration = Duration::from_secs(30);
const SWEEP: Duration = Duration::from_secs(2);
const SEED: [u8; 32] = [7; 32];

/// The database: what survives everything but its own restore.
#[derive(Clone, Default)]
struct Database {
    epoch: i64,
    /// How often each teen's limits were made; the newest revision is its last.
    revisions: [i64; TEENS],
    /// What each device has confirmed.
    confirmed: [Option<Held>; DEVICES],
}

pub struct World {
    pub faults: Faults,
    broken: Option<Break>,
    now: Instant,
    ids: u64,
    database: Database,
    backup: Option<Database>,
    nodes: [Node; NODES],
    devices: [Device; DEVICES],
    /// Lines by the session that is at their other end.
    lines: BTreeMap<u64, Line>,
    /// To which node, about which teen.
    hints: Vec<(usize, usize, i64)>,
}

fn id<K>(n: usize) -> crate::domain::ids::Id<K> {
    Uuid::from_u128(u128::try_from(n).unwrap() + 1).into()
}

fn teen_of(device: usize) -> usize {
    device % TEENS
}

impl World {
    pub fn new(broken: Option<Break>) -> Self {
        let now = Instant::now();
        let database = Database { epoch: 1, revisions: [1; TEENS], confirmed: Default::default() };
        Self {
            faults: Faults::default(),
            broken,
            now,
            ids: 0,
            nodes: std::array::from_fn(|_| Node::new(1, now)),
            devices: std::array::from_fn(|n| Device::new(id(teen_of(n)), SnapshotKey::from_seed(&SEED))),
            database,
            backup: None,
            lines: BTreeMap::new(),
            hints: vec![],
        }
    }

    fn is_broken(&self, as_this: Break) -> bool {
        self.broken == Some(as_this)
    }

    pub fn happens(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Write { teen, node } => self.write(teen, node),
            Event::Connect { device, node } => self.connect(device, node),
            Event::Cut { device } => self.cut(device),
            Event::Deliver { device, frames } => self.deliver(device, frames)?,
            Event::DeliverLate { device } => self.deliver_late(device)?,
            Event::Hint { which, fate } => self.hint(which, fate),
            Event::Sweep { node } => self.sweep(node),
            Event::Beat { device } => self.devices[device].beats(&mut self.lines),
            Event::Crash { device } => self.crash(device, false),
            Event::Reinstall { device } => self.crash(device, true),
            Event::Kill { node } => self.kill(node),
            Event::Forget { node } => self.forget(node),
            Event::Backup => self.backup = Some(self.database.clone()),
            Event::Restore => self.restore(),
            Event::Wait { milliseconds } => self.wait(Duration::from_millis(milliseconds)),
        }
        self.nodes_work();
        self.is_true()
    }

    fn write(&mut self, teen: usize, at: usize) {
        self.database.revisions[teen] += 1;
        let (epoch, newest) = (self.database.epoch, self.newest(teen));
        // As the node that commits it does: offered without being read again, and told to the others.
        self.nodes[at].offers.offer(epoch, newest, Net::Hint).unwrap();
        let revision = self.database.revisions[teen];
        self.hints.extend((0..NODES).filter(|other| *other != at).map(|other| (other, teen, revision)));
    }

    fn newest(&self, teen: usize) -> Newest {
        let revision = self.database.revisions[teen];
        // A restored database goes on to other limits than those that were lost.
        let minutes = revision + 1_000 * self.database.epoch;
        let controls = json!({"time.daily_minutes": {"value": minutes}}).to_string();
        let (home_zone, day_start_minute, made_at) = ("UTC".to_owned(), 0, Timestamp::UNIX_EPOCH);
        let record =
            PolicyRecord { teen: id(teen), revision, controls, home_zone, day_start_minute, timeline: None, made_at };
        Newest { record, by: None, reason: None, changes: vec![], seen: None }
    }

    fn connect(&mut self, device: usize, node: usize) {
        self.cut(device);
        self.ids += 1;
        let session = self.ids;
        let connection = Uuid::from_u128(u128::from(session)).into();
        let teen = if self.is_broken(Break::WrongSocket) && session.is_multiple_of(7) {
            1 - teen_of(device)
        } else {
            teen_of(device)
        };
        let seat = self.nodes[node].hub.join_device(id(teen), id(device), connection);
        let session_here =
            Session { device, seat, conversation: Conversation::default(), greeted: None, said_hello: false };
        self.nodes[node].sessions.insert(session, session_here);
        self.lines.insert(session, Line::new(node));
        self.devices[device].connected(session, &mut self.lines);
    }

    /// The device's end is gone at once; the server's reads on what had been sent until it notices.
    fn cut(&mut self, device: usize) {
        if let Some(session) = self.devices[device].disconnected()
            && let Some(line) = self.lines.get_mut(&session)
        {
            self.faults.count("cut", 1);
            self.faults.count("frames lost", line.down.len());
            line.down.clear();
            line.is_cut = true;
        }
    }

    fn deliver(&mut self, device: usize, frames: usize) -> Result<(), String> {
        let Some(session) = self.devices[device].session else { return Ok(()) };
        for _ in 0..frames {
            self.step(session)?;
        }
        Ok(())
    }

    /// One frame each way.
    fn step(&mut self, session: u64) -> Result<(), String> {
        let Some(line) = self.lines.get_mut(&session) else { return Ok(()) };
        let (node, up, down) = (line.node, line.up.pop_front(), line.down.pop_front());
        if let Some(up) = up {
            self.server_hears(node, session, up)?;
        }
        if let Some(down) = down {
            let device = self.nodes[node].sessions.get(&session).map(|session| session.device);
            let persists_late = self.is_broken(Break::ReportBeforePersisting);
            if let Some(device) = device {
                self.devices[device].hears(down, self.now, persists_late, &mut self.lines)?;
            }
        }
        self.nodes_work();
        self.is_true()
    }

    fn deliver_late(&mut self, device: usize) -> Result<(), String> {
        let late: Vec<(u64, usize)> =
            self.lines.iter().filter(|(_, line)| line.is_cut).map(|(at, line)| (*at, line.node)).collect();
        for (session, node) in late {
            let is_its = self.nodes[node].sessions.get(&session).is_some_and(|here| here.device == device);
            while let Some(up) = self.lines.get_mut(&session).filter(|_| is_its).and_then(|line| line.up.pop_front()) {
                self.faults.count("late frames", 1);
                self.server_hears(node, session, up)?;
            }
            if is_its {
                self.hang_up(node, session);
            }
        }
        Ok(())
    }

    fn hang_up(&mut self, node: usize, session: u64) {
        self.nodes[node].sessions.remove(&session);
        if let Some(line) = self.lines.remove(&session) {
            self.faults.count("frames lost", line.up.len() + line.down.len());
        }
        for device in &mut self.devices {
            if device.session == Some(session) {
                device.disconnected();
            }
        }
    }

    fn hint(&mut self, which: usize, fate: usize) {
        if self.hints.is_empty() {
            return;
        }
        let which = which % self.hints.len();
        let (node, teen, revision) = self.hints[which];
        match fate {
            0 => self.faults.count("hint lost", 1),
            1 => self.faults.count("hint repeated", 1),
            _ => self.faults.count("hint out of order", usize::from(which > 0)),
        }
        if fate != 1 {
            self.hints.remove(which);
        }
        let known = self.nodes[node].hub.seen(id(teen));
        let is_news = known.is_none_or(|known| known < Version { epoch: self.nodes[node].epoch, revision });
        if fate != 0 && is_news {
            self.nodes[node].suspects.insert(teen, Net::Hint);
        }
    }

    fn sweep(&mut self, node: usize) {
        self.nodes[node].swept_at = self.now;
        if !self.is_broken(Break::NoNets) {
            // Everything of the last thirty seconds; here all, for a history is not much longer.
            (0..TEENS).for_each(|teen| {
                self.nodes[node].suspects.entry(teen).or_insert(Net::Sweep);
            });
        }
    }

    fn crash(&mut self, device: usize, reinstalled: bool) {
        self.cut(device);
        self.faults.count(if reinstalled { "reinstall" } else { "crash" }, 1);
        self.devices[device].crashes(reinstalled, SnapshotKey::from_seed(&SEED));
    }

    fn kill(&mut self, node: usize) {
        self.faults.count("node killed", 1);
        self.restart(node);
    }

    /// Everybody on it is cut, with all that was under way, and it knows nothing any more.
    fn restart(&mut self, node: usize) {
        let sessions: Vec<u64> = self.nodes[node].sessions.keys().copied().collect();
        sessions.into_iter().for_each(|session| self.hang_up(node, session));
        self.hints.retain(|(to, ..)| *to != node);
        self.nodes[node] = Node::new(self.database.epoch, self.now);
    }

    fn forget(&mut self, node: usize) {
        for teen in 0..TEENS {
            if let Some(known) = self.nodes[node].hub.known(id(teen)) {
                known.forget_text(Duration::ZERO);
            }
        }
    }

    fn restore(&mut self) {
        let Some(kept) = self.backup.clone() else { return };
        self.faults.count("restore", 1);
        let epoch = self.database.epoch + i64::from(!self.is_broken(Break::SameEpoch));
        self.database = Database { epoch, ..kept };
        (0..NODES).for_each(|node| self.restart(node));
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for session in self.nodes.iter_mut().flat_map(|node| node.sessions.values_mut()) {
            if session.conversation.owes_until().is_some_and(|until| until <= self.now) {
                session.conversation.waited();
            }
        }
        for device in &mut self.devices {
            device.reports_if_due(self.now, &mut self.lines);
        }
    }

    /// What is shown as enforced was persisted on that device before.
    fn is_true(&self) -> Result<(), String> {
        for (n, device) in self.devices.iter().enumerate() {
            if let Some(shown) = &self.database.confirmed[n]
                && !device.log.contains(shown)
            {
                return Err(format!("truth: device {n} is shown to enforce {shown:?}, and never held it"));
            }
            device.never_went_back()?;
        }
        Ok(())
    }

    /// Nothing goes wrong any more: devices connect, beat and wait; nodes sweep.
    pub fn comes_to_rest(&mut self) -> Result<(), String> {
        let begun = self.now;
        for device in 0..DEVICES {
            self.deliver_late(device)?;
            if self.devices[device].session.is_none() {
                self.connect(device, device % NODES);
            }
        }
        let mut beaten_at = begun;
        while self.now < begun + CERTAIN {
            self.wait(Duration::from_millis(500));
            if self.now >= beaten_at + BEAT {
                beaten_at = self.now;
                self.devices.iter_mut().for_each(|device| device.beats(&mut self.lines));
            }
            for node in 0..NODES {
                if self.now >= self.nodes[node].swept_at + SWEEP {
                    self.sweep(node);
                }
            }
            self.nodes_work();
            for device in 0..DEVICES {
                self.deliver(device, 6)?;
            }
            self.is_true()?;
            if self.is_settled() {
                return Ok(());
            }
        }
        let held: Vec<_> = self.devices.iter().map(|device| device.disk.as_ref().map(|held| held.version)).collect();
        Err(format!("certain: after {CERTAIN:?} devices hold {held:?}; wanted are {:?}", self.database.revisions))
    }

    fn is_settled(&self) -> bool {
        self.devices.iter().enumerate().all(|(n, device)| {
            let wanted = Version { epoch: self.database.epoch, revision: self.database.revisions[teen_of(n)] };
            let held = device.disk.as_ref();
            held.is_some_and(|held| held.version == wanted) && self.database.confirmed[n].as_ref() == held
        })
    }
}

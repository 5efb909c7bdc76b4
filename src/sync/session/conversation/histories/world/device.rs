//! A device: its disk, its memory, and the driver around its half of the protocol.

use std::collections::{BTreeMap, VecDeque};

use bytestring::ByteString;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    domain::{
        ids::TeenId,
        receiver::{Receiver, Verdict},
        snapshot::{KeyRing, SnapshotKey},
        version::Version,
    },
    sync::frame::{Held, ServerFrame},
};

/// To the server.
pub enum Up {
    Hello(Option<Held>),
    Applied(Held),
    Beat(Option<Version>),
}

/// To the device.
pub enum Down {
    Welcome,
    /// The very text of the frame.
    Policy(ByteString),
    Ack(Version),
}

/// What is under way.
pub struct Line {
    pub node: usize,
    pub up: VecDeque<Up>,
    pub down: VecDeque<Down>,
    pub is_cut: bool,
}

impl Line {
    pub fn new(node: usize) -> Self {
        Self { node, up: VecDeque::new(), down: VecDeque::new(), is_cut: false }
    }
}

pub struct Device {
    teen: TeenId,
    /// What survives a crash.
    pub disk: Option<Held>,
    /// All that was ever persisted here.
    pub log: Vec<Held>,
    /// Where the log begins since it was set up.
    since: usize,
    receiver: Receiver,
    pub session: Option<u64>,
    begun: Instant,
    now: Instant,
}

fn keys(key: &SnapshotKey) -> KeyRing {
    KeyRing::new(&[key.public(Timestamp::UNIX_EPOCH)])
}

impl Device {
    pub fn new(teen: TeenId, key: SnapshotKey) -> Self {
        let receiver = Receiver::new(teen, keys(&key), BTreeMap::new(), None);
        let now = Instant::now();
        Self { teen, disk: None, log: vec![], since: 0, receiver, session: None, begun: now, now }
    }

    pub fn connected(&mut self, session: u64, lines: &mut BTreeMap<u64, Line>) {
        self.session = Some(session);
        self.says(Up::Hello(self.receiver.held().cloned()), lines);
    }

    /// Which session it was in.
    pub fn disconnected(&mut self) -> Option<u64> {
        self.receiver.disconnected();
        self.session.take()
    }

    pub fn crashes(&mut self, reinstalled: bool, key: SnapshotKey) {
        if reinstalled {
            self.disk = None;
            self.since = self.log.len();
        }
        self.receiver = Receiver::new(self.teen, keys(&key), BTreeMap::new(), self.disk.clone());
    }

    pub fn beats(&mut self, lines: &mut BTreeMap<u64, Line>) {
        self.says(Up::Beat(self.receiver.held().map(|held| held.version)), lines);
    }

    fn says(&mut self, frame: Up, lines: &mut BTreeMap<u64, Line>) {
        let line = self.session.and_then(|session| lines.get_mut(&session));
        if let Some(line) = line.filter(|line| !line.is_cut) {
            line.up.push_back(frame);
        }
    }

    pub fn hears(
        &mut self,
        frame: Down,
        now: Instant,
        persists_late: bool,
        lines: &mut BTreeMap<u64, Line>,
    ) -> Result<(), String> {
        self.now = now;
        match frame {
            Down::Welcome => {}
            Down::Ack(version) => self.receiver.confirmed(version),
            Down::Policy(text) => {
                let Ok(ServerFrame::Policy(snapshot)) = serde_json::from_str(&text) else {
                    return Err(format!("no policy: {text}"));
                };
                let held = Held { version: snapshot.version(), sha256: snapshot.sha256.clone() };
                match self.receiver.receive(&snapshot) {
                    Verdict::Apply(_) => {
                        if !persists_late {
                            self.disk = Some(held.clone());
                            self.log.push(held.clone());
                        }
                        self.receiver.applied(held.version, held.sha256);
                    }
                    Verdict::AlreadyHeld | Verdict::NotNewer => {}
                    Verdict::UnknownKey => return Err("a key that nobody has".to_owned()),
                    Verdict::Refuse(why) => {
                        return Err(format!("walls: a policy that is not for this device: {why:?}"));
                    }
                }
            }
        }
        self.reports_if_due(now, lines);
        Ok(())
    }

    pub fn reports_if_due(&mut self, now: Instant, lines: &mut BTreeMap<u64, Line>) {
        self.now = now;
        let milliseconds = u64::try_from(now.duration_since(self.begun).as_millis()).unwrap();
        if self.session.is_some()
            && let Some(held) = self.receiver.report_due(milliseconds)
        {
            self.says(Up::Applied(held), lines);
        }
    }

    pub fn never_went_back(&self) -> Result<(), String> {
        let log = &self.log[self.since..];
        match log.windows(2).all(|two| two[0].version < two[1].version) {
            true => Ok(()),
            false => Err(format!("backwards: {log:?}")),
        }
    }
}

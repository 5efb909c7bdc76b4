//! The guardians who sit here, and whom each of them is told about.
//!
//! By guardian and by teen, so that no question looks at everybody: the sweep asks for every guardian every two seconds.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{
        ids::{ConnectionId, GuardianId, SessionId, TeenId},
        version::Version,
    },
    sync::{
        frame::Close,
        lane::{Lane, Order, tell},
    },
};

/// One guardian's sockets and teens.
#[derive(Default)]
struct Row {
    sockets: HashMap<ConnectionId, (SessionId, Lane)>,
    teens: HashSet<TeenId>,
    /// How often a pairing's beginning or end was heard of.
    moves: u64,
}

/// Whoever guards one teen.
#[derive(Default)]
struct Guarded {
    by: HashSet<GuardianId>,
    /// The newest change that they were told of. A teen without a device here has no row to remember it.
    announced: Option<Version>,
}

/// The register.
#[derive(Default)]
pub struct Guardians {
    rows: HashMap<GuardianId, Row>,
    guarded: HashMap<TeenId, Guarded>,
    sessions: HashMap<SessionId, GuardianId>,
    sockets: usize,
}

impl Guardians {
    /// Seats a socket. Whom its guardian guards is said with [`Guardians::guard_exactly`].
    pub fn join(&mut self, guardian: GuardianId, session: SessionId, connection: ConnectionId, lane: Lane) {
        let replaced = self.rows.entry(guardian).or_default().sockets.insert(connection, (session, lane));
        self.sockets += usize::from(replaced.is_none());
        self.sessions.insert(session, guardian);
    }

    /// Lets a socket go, and with the last one its guardian.
    pub fn leave(&mut self, guardian: GuardianId, connection: ConnectionId) {
        let Some(row) = self.rows.get_mut(&guardian) else { return };
        let Some((session, _)) = row.sockets.remove(&connection) else { return };
        self.sockets -= 1;
        if row.sockets.values().all(|(other, _)| *other != session) {
            self.sessions.remove(&session);
        }
        if row.sockets.is_empty() {
            let teens = std::mem::take(&mut row.teens);
            teens.into_iter().for_each(|teen| self.end(guardian, teen));
            self.rows.remove(&guardian);
        }
    }

    /// Starts or stops telling a guardian about a teen.
    pub fn guard(&mut self, guardian: GuardianId, teen: TeenId, active: bool) {
        let Some(row) = self.rows.get_mut(&guardian) else { return };
        row.moves += 1;
        if active { self.begin(guardian, teen, None) } else { self.end(guardian, teen) }
    }

    fn begin(&mut self, guardian: GuardianId, teen: TeenId, knows: Option<Version>) {
        let Some(row) = self.rows.get_mut(&guardian) else { return };
        row.teens.insert(teen);
        let guarded = self.guarded.entry(teen).or_default();
        guarded.by.insert(guardian);
        // Whoever guards the teen already may wait for something older.
        if guarded.announced.is_none() {
            guarded.announced = knows;
        }
    }

    fn end(&mut self, guardian: GuardianId, teen: TeenId) {
        if let Some(row) = self.rows.get_mut(&guardian) {
            row.teens.remove(&teen);
        }
        if let Some(guarded) = self.guarded.get_mut(&teen) {
            guarded.by.remove(&guardian);
            if guarded.by.is_empty() {
                self.guarded.remove(&teen);
            }
        }
    }

    /// How often [`Guardians::guard`] has been said of a guardian.
    pub fn moves(&self, guardian: GuardianId) -> u64 {
        self.rows.get(&guardian).map_or(0, |row| row.moves)
    }

    /// Has a guardian told about exactly these teens, as they were read when so many moves had been said.
    pub fn guard_exactly(
        &mut self,
        guardian: GuardianId,
        moves: u64,
        teens: &HashMap<TeenId, Option<Version>>,
    ) -> bool {
        let Some(row) = self.rows.get(&guardian) else { return true };
        if row.moves != moves {
            return false;
        }
        let ended: Vec<TeenId> = row.teens.iter().filter(|teen| !teens.contains_key(teen)).copied().collect();
        ended.into_iter().for_each(|teen| self.end(guardian, teen));
        teens.iter().for_each(|(teen, knows)| self.begin(guardian, *teen, *knows));
        true
    }

    /// Tells whoever guards a teen.
    pub fn tell_about(&self, teen: TeenId, order: &Order) {
        for guardian in self.guarded.get(&teen).into_iter().flat_map(|guarded| &guarded.by) {
            self.tell(*guardian, order);
        }
    }

    /// Tells one guardian.
    pub fn tell(&self, guardian: GuardianId, order: &Order) {
        for (_, lane) in self.rows.get(&guardian).into_iter().flat_map(|row| row.sockets.values()) {
            tell(lane, order.clone());
        }
    }

    /// Closes the sockets of a session.
    pub fn close_session(&self, session: SessionId, why: Close) {
        let row = self.sessions.get(&session).and_then(|guardian| self.rows.get(guardian));
        let sockets = row.into_iter().flat_map(|row| row.sockets.values());
        sockets.filter(|(of, _)| *of == session).for_each(|(_, lane)| tell(lane, Order::Close(why)));
    }

    /// Whether this is a newer version of the teen than its guardians here were told of. It counts as told from now on.
    pub fn is_news(&mut self, teen: TeenId, version: Version) -> bool {
        let Some(guarded) = self.guarded.get_mut(&teen) else { return false };
        let is_news = guarded.announced.is_none_or(|known| known < version);
        if is_news {
            guarded.announced = Some(version);
        }
        is_news
    }

    /// The newest version that the teen's guardians here were told of. `None`: there are none here.
    pub fn announced(&self, teen: TeenId) -> Option<Option<Version>> {
        self.guarded.get(&teen).map(|guarded| guarded.announced)
    }

    /// Whether a guardian sits here.
    pub fn has(&self, guardian: GuardianId) -> bool {
        self.rows.contains_key(&guardian)
    }

    /// Whether a guardian of this teen sits here.
    pub fn guards(&self, teen: TeenId) -> bool {
        self.guarded.contains_key(&teen)
    }

    /// The teens whose guardians sit here.
    pub fn guarded(&self) -> Vec<TeenId> {
        self.guarded.keys().copied().collect()
    }

    /// Everybody who sits here.
    pub fn guardians(&self) -> HashSet<GuardianId> {
        self.rows.keys().copied().collect()
    }

    /// The sessions that sit here.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.sessions.keys().copied().collect()
    }

    /// The lanes of all sockets.
    pub fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.rows.values().flat_map(|row| row.sockets.values()).map(|(_, lane)| lane)
    }

    /// How many sockets there are.
    pub fn sockets(&self) -> usize {
        self.sockets
    }
}

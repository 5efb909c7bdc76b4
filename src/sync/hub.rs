//! Who sits on this node: devices by teen, guardians by the teens that they guard, and whoever waits without a socket.
//!
//! All calls are short and synchronous; nothing is awaited under the lock. An entry is left by dropping its seat, and only
//! by the connection that made it: a late close of an old socket never unregisters the new one.

mod guardians;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytestring::ByteString;
use tokio::sync::{mpsc, watch};

use self::guardians::Guardians;
use super::{
    frame::Close,
    lane::{Lane, Order, tell},
    limits::{DEVICE_LANE, GUARDIAN_LANE},
    publish::Published,
};
use crate::domain::{
    ids::{ConnectionId, DeviceId, GuardianId, SessionId, TeenId},
    version::Version,
};

/// The newest policy of a teen; `None` until it was read.
pub type Newest = watch::Receiver<Option<Arc<Published>>>;

#[derive(Default)]
struct State {
    teens: HashMap<TeenId, TeenRow>,
    devices: HashMap<DeviceId, (ConnectionId, TeenId, Lane)>,
    guardians: Guardians,
}

struct TeenRow {
    newest: watch::Sender<Option<Arc<Published>>>,
    devices: HashSet<DeviceId>,
}

/// The register of this node's sockets.
#[derive(Default)]
pub struct Hub(Mutex<State>);

/// A device's place. Leaves the hub when dropped.
pub struct DeviceSeat {
    hub: Arc<Hub>,
    teen: TeenId,
    device: DeviceId,
    connection: ConnectionId,
    /// What it is told.
    pub orders: mpsc::Receiver<Box<Order>>,
    /// The newest policy of its teen.
    pub newest: Newest,
}

/// A guardian's place. Leaves the hub when dropped.
pub struct GuardianSeat {
    hub: Arc<Hub>,
    guardian: GuardianId,
    connection: ConnectionId,
    /// What it is told.
    pub orders: mpsc::Receiver<Box<Order>>,
}

/// Somebody who waits for a newer policy without a socket. Leaves the hub when dropped.
pub struct Waiting {
    hub: Arc<Hub>,
    teen: TeenId,
    /// The newest policy of the teen.
    pub newest: Option<Newest>,
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seats a device. One socket per device, the newest wins: an older one is told so and closed, also where its hello comes last.
    pub fn join_device(self: &Arc<Self>, teen: TeenId, device: DeviceId, connection: ConnectionId) -> DeviceSeat {
        let (lane, orders) = mpsc::channel(DEVICE_LANE);
        let mut state = self.state();
        let row = state.teen(teen);
        row.devices.insert(device);
        let newest = row.newest.subscribe();
        match state.devices.get(&device) {
            Some((seated, ..)) if *seated > connection => tell(&lane, Order::Close(Close::Superseded)),
            _ => {
                if let Some((_, _, older)) = state.devices.insert(device, (connection, teen, lane)) {
                    tell(&older, Order::Close(Close::Superseded));
                }
            }
        }
        gauge(&state);
        DeviceSeat { hub: self.clone(), teen, device, connection, orders, newest }
    }

    /// Seats a guardian's socket. Whom they guard is said with [`Hub::guard_exactly`].
    pub fn join_guardian(
        self: &Arc<Self>,
        guardian: GuardianId,
        session: SessionId,
        connection: ConnectionId,
    ) -> GuardianSeat {
        let (lane, orders) = mpsc::channel(GUARDIAN_LANE);
        let mut state = self.state();
        state.guardians.join(guardian, session, connection, lane);
        gauge(&state);
        GuardianSeat { hub: self.clone(), guardian, connection, orders }
    }

    /// Waits for a teen's newest policy without a socket.
    pub fn wait_for(self: &Arc<Self>, teen: TeenId) -> Waiting {
        let newest = self.state().teen(teen).newest.subscribe();
        Waiting { hub: self.clone(), teen, newest: Some(newest) }
    }

    /// Whether somebody here would want this teen's newest policy.
    pub fn wants(&self, teen: TeenId) -> bool {
        let state = self.state();
        state.teens.contains_key(&teen) || state.guardians.guards(teen)
    }

    /// Whether somebody of this pairing sits here.
    pub fn concerns(&self, teen: TeenId, guardian: Option<GuardianId>) -> bool {
        let state = self.state();
        state.teens.contains_key(&teen) || guardian.is_some_and(|guardian| state.guardians.has(guardian))
    }

    /// Closes the socket of a device that has connected elsewhere since. Connection ids are time-ordered.
    pub fn supersede(&self, device: DeviceId, newer: ConnectionId) {
        if let Some((here, _, lane)) = self.state().devices.get(&device)
            && *here < newer
        {
            tell(lane, Order::Close(Close::Superseded));
        }
    }

    /// Whether a guardian of this teen sits here.
    pub fn guards(&self, teen: TeenId) -> bool {
        self.state().guardians.guards(teen)
    }

    /// The teen's newest policy, as far as it is known here.
    pub fn known(&self, teen: TeenId) -> Option<Arc<Published>> {
        self.state().teens.get(&teen).and_then(|row| row.newest.borrow().clone())
    }

    /// The newest version that everybody here who follows the teen has heard of, if there is one.
    pub fn seen(&self, teen: TeenId) -> Option<Version> {
        let state = self.state();
        let devices = state.teens.get(&teen).map(|row| row.newest.borrow().as_ref().map(|published| published.version));
        match (devices, state.guardians.announced(teen)) {
            (Some(here), Some(there)) => here.min(there),
            (here, there) => here.or(there).flatten(),
        }
    }

    /// Whether somebody who guards this teen has not been told of this version.
    pub fn guardians_lack(&self, teen: TeenId, version: Version) -> bool {
        self.state().guardians.announced(teen).is_some_and(|announced| announced < Some(version))
    }

    /// Puts a newer policy before every session of the teen, and its notice before the guardians, once. Never goes backwards.
    pub fn offer(&self, teen: TeenId, published: &Arc<Published>, live: bool) -> bool {
        let mut state = self.state();
        let newer = state.teens.get(&teen).is_some_and(|row| {
            row.newest.send_if_modified(|known| {
                let newer = known.as_ref().is_none_or(|known| known.version < published.version);
                if newer {
                    *known = Some(published.clone());
                }
                newer
            })
        });
        if live {
            state.announce(teen, published);
        }
        newer
    }

    /// Tells the teen's guardians of a change that the devices here know already.
    pub fn announce(&self, teen: TeenId, published: &Published) {
        self.state().announce(teen, published);
    }

    /// Has the sessions of a teen look at the newest policy again: its text is back.
    pub fn again(&self, teen: TeenId) {
        if let Some(row) = self.state().teens.get(&teen) {
            row.newest.send_modify(|_| {});
        }
    }

    /// Tells the guardians of a teen that sit here.
    pub fn tell_guardians(&self, teen: TeenId, text: &ByteString) {
        self.state().guardians.tell_about(teen, &Order::Say(text.clone()));
    }

    /// Tells the devices of a teen that sit here.
    pub fn tell_devices(&self, teen: TeenId, text: &ByteString) {
        let state = self.state();
        let devices = state.teens.get(&teen).into_iter().flat_map(|row| &row.devices);
        for (_, _, lane) in devices.filter_map(|device| state.devices.get(device)) {
            tell(lane, Order::Say(text.clone()));
        }
    }

    /// Tells one device, if it sits here.
    pub fn tell_device(&self, device: DeviceId, text: &ByteString) {
        if let Some((_, _, lane)) = self.state().devices.get(&device) {
            tell(lane, Order::Say(text.clone()));
        }
    }

    /// The devices of a teen that sit here.
    pub fn devices_of(&self, teen: TeenId) -> Vec<DeviceId> {
        self.state().teens.get(&teen).into_iter().flat_map(|row| row.devices.iter().copied()).collect()
    }

    /// Tells one guardian's sockets that sit here.
    pub fn tell_guardian(&self, guardian: GuardianId, text: &ByteString) {
        self.state().guardians.tell(guardian, &Order::Say(text.clone()));
    }

    /// Starts or stops telling a guardian's sockets about a teen.
    pub fn guard(&self, guardian: GuardianId, teen: TeenId, active: bool) {
        self.state().guardians.guard(guardian, teen, active);
    }

    /// The guardians who sit here.
    pub fn guardians(&self) -> HashSet<GuardianId> {
        self.state().guardians.guardians()
    }

    /// How often [`Hub::guard`] has been said of a guardian who sits here.
    pub fn moves(&self, guardian: GuardianId) -> u64 {
        self.state().guardians.moves(guardian)
    }

    /// Has the sockets of a guardian told about exactly these teens, which were read when so many moves had been said. `false`: something
    /// has moved since, and nothing was done. A version: the guardian knows it, and is told of newer ones only.
    pub fn guard_exactly(&self, guardian: GuardianId, moves: u64, teens: &HashMap<TeenId, Option<Version>>) -> bool {
        self.state().guardians.guard_exactly(guardian, moves, teens)
    }

    /// Closes the socket of a device.
    pub fn close_device(&self, device: DeviceId, why: Close) {
        if let Some((_, _, lane)) = self.state().devices.get(&device) {
            tell(lane, Order::Close(why));
        }
    }

    /// Closes the sockets of a session.
    pub fn close_session(&self, session: SessionId, why: Close) {
        self.state().guardians.close_session(session, why);
    }

    /// The teens whose policy somebody here follows.
    pub fn teens(&self) -> Vec<TeenId> {
        self.state().teens.keys().copied().collect()
    }

    /// The teens whose guardians sit here.
    pub fn guarded(&self) -> Vec<TeenId> {
        self.state().guardians.guarded()
    }

    /// The devices that sit here, with their connections.
    pub fn devices(&self) -> Vec<(DeviceId, ConnectionId)> {
        self.state().devices.iter().map(|(device, (connection, ..))| (*device, *connection)).collect()
    }

    /// The guardians' sessions that sit here.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.state().guardians.sessions()
    }

    /// Whether a device sits here.
    pub fn has(&self, device: DeviceId) -> bool {
        self.state().devices.contains_key(&device)
    }

    /// How many sockets sit here.
    pub fn sockets(&self) -> usize {
        let state = self.state();
        state.devices.len() + state.guardians.sockets()
    }

    /// Asks everybody to reconnect, evenly over the window.
    pub fn drain(&self, window: Duration) {
        let state = self.state();
        let lanes: Vec<&Lane> =
            state.devices.values().map(|(_, _, lane)| lane).chain(state.guardians.lanes()).collect();
        let count = u32::try_from(lanes.len()).unwrap_or(u32::MAX).max(1);
        for (index, lane) in (0u32..).zip(lanes) {
            tell(lane, Order::Drain(window.mul_f64(f64::from(index) / f64::from(count))));
        }
    }
}

impl State {
    /// Tells the guardians, once.
    fn announce(&mut self, teen: TeenId, published: &Published) {
        if self.guardians.is_news(teen, published.version)
            && let Some(notice) = published.text().and_then(|text| text.guardians_notice)
        {
            self.guardians.tell_about(teen, &Order::Say(notice));
        }
    }

    fn teen(&mut self, teen: TeenId) -> &mut TeenRow {
        self.teens.entry(teen).or_insert_with(|| TeenRow { newest: watch::Sender::new(None), devices: HashSet::new() })
    }

    /// Forgets a teen whom nobody follows any more.
    fn tidy(&mut self, teen: TeenId) {
        let unused = |row: &TeenRow| row.devices.is_empty() && row.newest.receiver_count() == 0;
        if self.teens.get(&teen).is_some_and(unused) {
            self.teens.remove(&teen);
        }
    }
}

fn gauge(state: &State) {
    let count = |sockets: usize| u32::try_from(sockets).unwrap_or(u32::MAX);
    metrics::gauge!("family_pairing_sockets", "kind" => "device").set(count(state.devices.len()));
    metrics::gauge!("family_pairing_sockets", "kind" => "guardian").set(count(state.guardians.sockets()));
}

impl Drop for DeviceSeat {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        // Only what this very connection entered: a newer socket of the device may sit here by now.
        if state.devices.get(&self.device).is_some_and(|(connection, ..)| *connection == self.connection) {
            state.devices.remove(&self.device);
            if let Some(row) = state.teens.get_mut(&self.teen) {
                row.devices.remove(&self.device);
            }
            gauge(&state);
        }
        // Our own receiver still counts; an empty channel in its place lets the teen go. Also when a newer socket came and
        // went while this one was still ending: whoever is last tidies up.
        self.newest = watch::channel(None).1;
        state.tidy(self.teen);
    }
}

impl Drop for GuardianSeat {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        state.guardians.leave(self.guardian, self.connection);
        gauge(&state);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.hub.state();
        self.newest = None;
        state.tidy(self.teen);
    }
}

#[cfg(test)]
mod tests;

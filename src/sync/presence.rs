//! Which device sits on which node, in Redis: one key per device, and one lease per node that makes them count.
//!
//! A node renews its lease every five seconds and it lasts fifteen: a dead node's devices are offline without anybody
//! cleaning up, and refreshing costs one command per node, not one per device. A late close erases only its own entry.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{bus::Bus, hub::Hub};
use crate::{
    auth::{gate::Presence, shared::Shared},
    domain::ids::{ConnectionId, DeviceId},
};

/// How long a node's word lasts.
const LEASE_SECONDS: u64 = 15;
/// How often it is renewed.
const RENEW: Duration = Duration::from_secs(5);
/// How soon a renewal that Redis did not answer is tried again.
const RETRY: Duration = Duration::from_millis(1_100);
/// An entry that no lease covers is forgotten after a day.
const ENTRY_SECONDS: u64 = 86_400;
/// Moves that may wait to be written.
const LANE: usize = 20_000;
/// Moves written together.
const MOST: usize = 500;

/// A device came or went.
enum Step {
    Came(DeviceId, ConnectionId),
    Went(DeviceId, ConnectionId),
    Everybody,
}

/// This node's word about who is here.
pub struct NodePresence {
    node: Uuid,
    shared: Option<Arc<Shared>>,
    hub: Arc<Hub>,
    bus: Bus,
    lane: mpsc::Sender<Step>,
    /// Set when something could not be written: it is made good with the next renewal that Redis answers.
    missed: AtomicBool,
}

const LEAVE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

impl NodePresence {
    pub(super) fn start(
        node: Uuid,
        shared: Option<Arc<Shared>>,
        hub: Arc<Hub>,
        bus: Bus,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let (lane, steps) = mpsc::channel(LANE);
        let presence = Arc::new(Self { node, shared, hub, bus, lane, missed: AtomicBool::new(false) });
        if presence.shared.is_some() {
            tokio::spawn(presence.clone().write(steps, stop.clone()));
            tokio::spawn(presence.clone().renew(stop));
        }
        presence
    }

    /// A device sat down.
    pub fn came(&self, device: DeviceId, connection: ConnectionId) {
        self.step(Step::Came(device, connection));
    }

    /// A device left.
    pub fn went(&self, device: DeviceId, connection: ConnectionId) {
        self.step(Step::Went(device, connection));
    }

    /// Writes everybody again: Redis may have been emptied.
    pub fn register_again(&self) {
        self.step(Step::Everybody);
    }

    fn step(&self, step: Step) {
        // A full lane loses a dot on a screen until the next registration.
        if self.shared.is_some() && self.lane.try_send(step).is_err() {
            self.missed.store(true, Ordering::Release);
        }
    }

    async fn write(self: Arc<Self>, mut steps: mpsc::Receiver<Step>, stop: CancellationToken) {
        let mut batch = Vec::new();
        // Goodbyes that Redis did not take: without them a device that left would look connected for as long as this node lives.
        let mut owed = Vec::new();
        while let Some(count) = stop.run_until_cancelled(steps.recv_many(&mut batch, MOST)).await {
            if count == 0 {
                return;
            }
            for step in batch.drain(..) {
                let done = match step {
                    Step::Came(device, connection) => self.enter(&[(device, connection)]).await,
                    Step::Went(device, connection) => {
                        let left = self.leave(device, connection).await;
                        if !left && owed.len() < LANE {
                            owed.push((device, connection));
                        }
                        left
                    }
                    Step::Everybody => self.make_good(&mut owed).await,
                };
                if !done {
                    self.missed.store(true, Ordering::Release);
                }
            }
        }
    }

    /// Says every goodbye that is owed, then writes everybody who is here.
    async fn make_good(&self, owed: &mut Vec<(DeviceId, ConnectionId)>) -> bool {
        for (device, connection) in std::mem::take(owed) {
            if !self.leave(device, connection).await {
                owed.push((device, connection));
            }
        }
        let mut done = owed.is_empty();
        for part in self.hub.devices().chunks(MOST) {
            done &= self.enter(part).await;
        }
        done
    }

    async fn renew(self: Arc<Self>, stop: CancellationToken) {
        let mut wait = Duration::ZERO;
        while stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
            let Some(shared) = &self.shared else { return };
            let key = self.lease(shared, self.node);
            let existed = shared
                .ask(async |mut redis| {
                    redis::cmd("SET")
                        .arg(key)
                        .arg(1)
                        .arg("EX")
                        .arg(LEASE_SECONDS)
                        .arg("GET")
                        .query_async::<Option<String>>(&mut redis)
                        .await
                })
                .await;
            wait = if existed.is_some() { RENEW } else { RETRY };
            if existed == Some(None) || (existed.is_some() && self.missed.swap(false, Ordering::AcqRel)) {
                self.register_again();
            }
        }
    }

    /// Whether Redis took all of it.
    async fn enter(&self, devices: &[(DeviceId, ConnectionId)]) -> bool {
        let Some(shared) = &self.shared else { return true };
        let entry = |(device, connection): &(DeviceId, ConnectionId)| {
            let mut set = redis::cmd("SET");
            set.arg(self.key(shared, *device)).arg(self.word(*connection)).arg("EX").arg(ENTRY_SECONDS).arg("GET");
            set
        };
        let entries: Vec<_> = devices.iter().map(entry).collect();
        let before: Vec<Option<Option<String>>> = shared.ask_each(&entries).await;
        let elsewhere = |word: &Option<Option<String>>| {
            node_of(word.as_ref().and_then(Option::as_deref)).is_some_and(|node| node != self.node)
        };
        let moved: Vec<_> =
            devices.iter().zip(&before).filter(|(_, word)| elsewhere(word)).map(|(seat, _)| *seat).collect();
        if !moved.is_empty() {
            self.bus.publish_seated(moved).await;
        }
        before.iter().all(Option::is_some)
    }

    /// Whether Redis took it.
    async fn leave(&self, device: DeviceId, connection: ConnectionId) -> bool {
        let Some(shared) = &self.shared else { return true };
        let mut leave = redis::cmd("EVAL");
        leave.arg(LEAVE).arg(1).arg(self.key(shared, device)).arg(self.word(connection));
        shared.ask(async |mut redis| leave.query_async::<u32>(&mut redis).await).await.is_some()
    }

    /// `None` where nobody could say.
    async fn online_elsewhere(&self, shared: &Shared, devices: &[DeviceId]) -> Vec<Option<bool>> {
        let get = |key: String| redis::cmd("GET").arg(key).to_owned();
        let entries: Vec<_> = devices.iter().map(|device| get(self.key(shared, *device))).collect();
        let words: Vec<Option<Option<String>>> = shared.ask_each(&entries).await;
        let named: Vec<Uuid> = words.iter().flatten().filter_map(|word| node_of(word.as_deref())).collect();
        let leases: Vec<_> = named.iter().map(|node| get(self.lease(shared, *node))).collect();
        let live: Vec<Option<Option<String>>> = shared.ask_each(&leases).await;
        let live: HashMap<Uuid, Option<bool>> =
            named.into_iter().zip(live).map(|(node, lease)| (node, lease.map(|lease| lease.is_some()))).collect();
        let of = |word: Option<Option<String>>| match node_of(word?.as_deref()) {
            Some(node) => live.get(&node).copied().flatten(),
            None => Some(false),
        };
        words.into_iter().map(of).collect()
    }

    fn key(&self, shared: &Shared, device: DeviceId) -> String {
        shared.key(&format!("device:{device}"))
    }

    fn lease(&self, shared: &Shared, node: Uuid) -> String {
        shared.key(&format!("node:{node}"))
    }

    fn word(&self, connection: ConnectionId) -> String {
        format!("{}/{connection}", self.node)
    }
}

/// The node that an entry names.
fn node_of(word: Option<&str>) -> Option<Uuid> {
    word?.split_once('/')?.0.parse().ok()
}

impl Presence for NodePresence {
    fn online<'a>(&'a self, devices: &'a [DeviceId]) -> BoxFuture<'a, Vec<Option<bool>>> {
        Box::pin(async move {
            let here: Vec<bool> = devices.iter().map(|device| self.hub.has(*device)).collect();
            let Some(shared) = self.shared.as_ref().filter(|_| !here.iter().all(|here| *here)) else {
                return here.into_iter().map(Some).collect();
            };
            let there = self.online_elsewhere(shared, devices).await;
            here.into_iter().zip(there).map(|(here, there)| if here { Some(true) } else { there }).collect()
        })
    }
}

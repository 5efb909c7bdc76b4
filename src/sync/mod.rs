//! REALTIME: the only room that speaks to clients unasked.
//!
//! A policy is state, not a stream. Every path here compares versions and sends the newest if a device is behind:
//!
//! ```text
//! store ─Event─→ relay ─→ refresh ─→ hub ─→ session ─→ device       a change, in milliseconds
//!                  └─ bus (Redis) ─→ relay of the other nodes
//! sweep, every 2 s ──────→ relay        a lost hint, within 2.5 s
//! heartbeat of a device ─→ session      whatever Redis and this node's memory say, within 34 s
//! a gap of any kind ─────→ refresh all
//! ```
//!
//! The same nets keep fresh what the platform's servers are answered with ([`decisions`]).
//!
//! Who may enter: `api::live`, to hand over a socket or to wait for a newer policy. What never happens here: deciding what
//! anybody may set, or trusting what a hint says beyond "look again".

mod budgets;
pub mod bus;
pub mod decisions;
mod fallback;
pub mod frame;
mod guard;
mod guardian;
mod hub;
mod lane;
pub mod limits;
pub mod line;
mod losses;
mod notices;
mod offers;
pub mod presence;
mod publish;
mod refresh;
mod relay;
mod session;
mod sweep;
mod upgrade;
mod wire;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc},
};
use tokio_util::sync::CancellationToken;

pub use fallback::newer_than;
pub use publish::Published;
pub use upgrade::{Granted, upgrade};

use self::{
    budgets::Budgets,
    bus::{Bus, Losing},
    decisions::NodeDecisions,
    hub::Hub,
    losses::Losses,
    notices::Notices,
    presence::NodePresence,
    refresh::Refresh,
};
use crate::{
    auth::{
        gate::{Decisions, Presence},
        redis_servers::RedisServers,
        shared::Shared,
    },
    domain::snapshot::SnapshotKey,
    store::{Posted, Store, device_work::DeviceWork},
};

/// What a node needs to speak to clients.
pub struct Live {
    pub(crate) store: Store,
    pub(crate) work: DeviceWork,
    pub(crate) hub: Arc<Hub>,
    pub(crate) refresh: Arc<Refresh>,
    pub(crate) losses: Arc<Losses>,
    pub(crate) presence: Arc<NodePresence>,
    decisions: Arc<NodeDecisions>,
    pub(crate) connects: DefaultDirectRateLimiter,
    /// One place per socket, taken before the upgrade: also by those that have not said hello yet.
    pub(crate) places: Arc<Semaphore>,
    pub(crate) draining: CancellationToken,
    /// A client that was not heard for this long is gone.
    pub(crate) silence: Duration,
}

/// What [`Live::start`] is made of.
pub struct Parts {
    /// The truth.
    pub store: Store,
    /// Gathered questions.
    pub work: DeviceWork,
    /// What the store posts after commits.
    pub events: mpsc::Receiver<Posted>,
    /// Signs snapshots.
    pub key: SnapshotKey,
    /// Commands to Redis, if there is one.
    pub shared: Option<Arc<Shared>>,
    /// The subscription to Redis, if there is one.
    pub subscriber: Option<RedisServers>,
    /// Admission.
    pub most_sockets: usize,
    /// Admission.
    pub most_connects: u32,
    /// For tests: so many hints of a hundred go nowhere.
    pub lose_hints: u8,
    /// For tests: a client that was not heard for this long is gone.
    pub silence: Option<Duration>,
}

impl Live {
    /// Starts the room's tasks on the current runtime; they end with `stop`.
    pub fn start(parts: Parts, stop: &CancellationToken) -> Arc<Self> {
        let Parts { store, work, events, key, shared, subscriber, most_sockets, most_connects, lose_hints, silence } =
            parts;
        let node = store.world().uuid();
        let hub = Arc::new(Hub::default());
        let refresh = Arc::new(Refresh::new(store.clone(), hub.clone(), key));
        let notices = Arc::new(Notices::new(store.clone(), hub.clone()));
        let bus = Bus::new(node, shared.clone());
        let presence = NodePresence::start(node, shared, hub.clone(), bus.clone(), stop.clone());
        let runtime = Handle::current();
        runtime.spawn(refresh.clone().run(stop.clone()));
        runtime.spawn(notices.clone().run(stop.clone()));
        let losses = Arc::new(Losses::new(store.clone()));
        runtime.spawn(losses.clone().run(stop.clone()));
        let budgets = Arc::new(Budgets::new(store.clone(), hub.clone()));
        runtime.spawn(budgets.clone().run(stop.clone()));
        let decisions = NodeDecisions::start(&store);
        let relay = relay::Relay::new(hub.clone(), refresh.clone(), notices, budgets, decisions.clone(), store.clone());
        let relay = Arc::new(relay);
        runtime.spawn(relay.clone().run(events, bus.clone(), Losing::new(lose_hints), stop.clone()));
        if let Some(servers) = subscriber {
            runtime.spawn(bus.listen(servers, relay.clone(), presence.clone(), Losing::new(lose_hints), stop.clone()));
        }
        runtime.spawn(sweep::look_for_newer(store.clone(), stop.clone()));
        runtime.spawn(sweep::run(store.clone(), hub.clone(), refresh.clone(), relay, stop.clone()));
        let quota = Quota::per_second(NonZeroU32::new(most_connects).unwrap_or(NonZeroU32::MIN));
        Arc::new(Self {
            store,
            work,
            hub,
            refresh,
            losses,
            presence,
            decisions,
            connects: RateLimiter::direct(quota),
            places: Arc::new(Semaphore::new(most_sockets.min(Semaphore::MAX_PERMITS))),
            draining: CancellationToken::new(),
            silence: silence.unwrap_or(limits::SILENCE),
        })
    }

    /// Asks every client to reconnect, spread over `window`, and waits until they are gone or the window is over twice.
    pub async fn drain(&self, window: Duration) {
        self.draining.cancel();
        self.hub.drain(window);
        let deadline = tokio::time::Instant::now() + window * 2;
        while self.hub.sockets() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Who is connected, for those who may not enter here.
    pub fn presence(&self) -> Arc<dyn Presence> {
        self.presence.clone()
    }

    /// What decisions are made with, for those who may not enter here.
    pub fn decisions(&self) -> Arc<dyn Decisions> {
        self.decisions.clone()
    }

    /// Cancelled once the node is being drained.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }
}

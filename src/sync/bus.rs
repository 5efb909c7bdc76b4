//! Redis between nodes: hints out, hints in. At most once by nature, so nothing here is relied upon.
//!
//! A node speaks on one of a few channels and hears all of them. The channels are sharded ones, which a cluster spreads over
//! its members and does not copy between them; on one server they are channels like any other.
//!
//! The subscription is pinged every five seconds, because a half-open connection looks like a quiet one. Whenever it was
//! down, everybody who sits here is compared with the truth once it is back.

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use redis::{PushInfo, PushKind, Value, aio::SendError};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{presence::NodePresence, refresh::Net, relay::Relay};
use crate::{
    auth::{
        redis_servers::{RedisConnection, RedisServers},
        shared::Shared,
    },
    domain::ids::{ConnectionId, DeviceId},
    failpoint,
    store::Event,
};

/// How often the subscription is pinged.
const PING: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const PONG: Duration = Duration::from_secs(2);
/// Wait between tries to come back.
const RETRY: Duration = Duration::from_millis(500);
/// Messages that may wait here. Beyond, a message is lost, and the sweep finds what it was about.
const LANE: usize = 4_096;
/// Most events of one message.
const MOST: usize = 500;
/// Channels that nodes speak on: enough to use every member of a cluster, few enough for each node to hear all.
const CHANNELS: u128 = 16;

/// Hints of several commits of one node.
#[derive(Serialize, Deserialize)]
struct Hints {
    node: Uuid,
    #[serde(default)]
    events: Vec<Event>,
    /// Devices that sat down on this node although an entry said that they sit on another.
    #[serde(default)]
    seated: Vec<(DeviceId, ConnectionId)>,
}

/// This node's end of the bus.
#[derive(Clone)]
pub struct Bus {
    node: Uuid,
    shared: Option<Arc<Shared>>,
}

impl Bus {
    pub(super) fn new(node: Uuid, shared: Option<Arc<Shared>>) -> Self {
        Self { node, shared }
    }

    /// Tells the other nodes what comes, for as long as something may. Whether anybody heard is not asked.
    pub(super) async fn publish_all(&self, mut said: mpsc::Receiver<Event>) {
        let mut events = Vec::new();
        while said.recv_many(&mut events, MOST).await > 0 {
            failpoint::pass("hint.leaving");
            self.tell(Hints { node: self.node, events: mem::take(&mut events), seated: vec![] }).await;
            failpoint::pass("hint.left");
        }
    }

    /// Tells the other nodes that these devices have a newer socket here.
    pub(super) async fn publish_seated(&self, seated: Vec<(DeviceId, ConnectionId)>) {
        self.tell(Hints { node: self.node, events: vec![], seated }).await;
    }

    async fn tell(&self, hints: Hints) {
        let Some(shared) = &self.shared else { return };
        let Ok(text) = serde_json::to_string(&hints) else { return };
        let channel = channel(shared, self.node.as_u128() % CHANNELS);
        let told = shared
            .ask(async |mut redis| redis::cmd("SPUBLISH").arg(channel).arg(text).query_async::<u32>(&mut redis).await)
            .await;
        if told.is_none() {
            metrics::counter!("family_pairing_hints_dropped_total").increment(1);
        }
    }

    /// Listens for as long as the node lives.
    pub(super) async fn listen(
        self,
        servers: RedisServers,
        relay: Arc<Relay>,
        presence: Arc<NodePresence>,
        losing: Losing,
        stop: CancellationToken,
    ) {
        let Some(shared) = self.shared.clone() else { return };
        let channels: Vec<String> = (0..CHANNELS).map(|number| channel(&shared, number)).collect();
        let listening = async {
            loop {
                let (sender, pushed) = mpsc::channel(LANE);
                let gone = CancellationToken::new();
                match servers.subscription(&channels, into(sender, gone.clone()), PONG).await {
                    Ok(connection) => {
                        metrics::gauge!("family_pairing_bus_up").set(1);
                        // Whatever was said while nobody listened is found by looking at everybody.
                        relay.compare_everybody().await;
                        presence.register_again();
                        gone.run_until_cancelled(self.hear(connection, pushed, &relay, &losing)).await;
                        metrics::gauge!("family_pairing_bus_up").set(0);
                        tracing::warn!("the subscription to Redis was lost; the sweep goes on alone");
                    }
                    Err(error) => tracing::debug!(%error, "Redis cannot be subscribed to yet"),
                }
                tokio::time::sleep(RETRY).await;
            }
        };
        stop.run_until_cancelled(listening).await;
    }

    async fn hear(
        &self,
        mut connection: RedisConnection,
        mut pushed: mpsc::Receiver<PushInfo>,
        relay: &Relay,
        losing: &Losing,
    ) {
        let mut pings = tokio::time::interval(PING);
        loop {
            tokio::select! {
                push = pushed.recv() => match push {
                    Some(PushInfo { kind: PushKind::SMessage, data }) if !losing.loses_next() => self.heard(&data, relay).await,
                    Some(push) if !is_goodbye(&push) => {}
                    _ => return,
                },
                _ = pings.tick() => {
                    let ping = redis::cmd("PING");
                    let answered = tokio::time::timeout(PONG, ping.query_async::<Value>(&mut connection)).await;
                    if !matches!(answered, Ok(Ok(_))) {
                        return;
                    }
                }
            }
        }
    }

    /// A message: channel, then text. Whatever it says is only a reason to look.
    async fn heard(&self, data: &[Value], relay: &Relay) {
        let Some(Value::BulkString(text)) = data.last() else { return };
        match serde_json::from_slice::<Hints>(text) {
            Ok(hints) if hints.node != self.node => {
                relay.act(&hints.events, Net::Hint).await;
                relay.supersede(&hints.seated);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "a hint could not be read"),
        }
    }
}

/// The subscription's way into a lane. A message that does not fit is lost, a goodbye is not.
fn into(lane: mpsc::Sender<PushInfo>, gone: CancellationToken) -> impl Fn(PushInfo) -> Result<(), SendError> {
    move |push| {
        match lane.try_send(push) {
            Ok(()) => {}
            Err(TrySendError::Full(push) | TrySendError::Closed(push)) if is_goodbye(&push) => gone.cancel(),
            Err(_) => metrics::counter!("family_pairing_hints_dropped_total").increment(1),
        }
        Ok(())
    }
}

/// Whether nothing more comes. A cluster says so to those who hear a slot that moves to another member.
const fn is_goodbye(push: &PushInfo) -> bool {
    matches!(push.kind, PushKind::Disconnection | PushKind::SUnsubscribe)
}

/// For tests: hints that go nowhere.
pub(super) struct Losing {
    percent: u32,
    count: AtomicU32,
}

impl Losing {
    pub(super) fn new(percent: u8) -> Self {
        Self { percent: percent.into(), count: AtomicU32::default() }
    }

    /// Spread evenly: 61 and 100 have no common divisor.
    pub(super) fn loses_next(&self) -> bool {
        let loses = self.percent > 0 && self.count.fetch_add(61, Ordering::Relaxed) % 100 < self.percent;
        if loses {
            metrics::counter!("family_pairing_hints_dropped_total").increment(1);
        }
        loses
    }
}

fn channel(shared: &Shared, number: u128) -> String {
    shared.key(&format!("hints:{number}"))
}

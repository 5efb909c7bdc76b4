//! Every two seconds: what changed lately. Finds what a lost hint was about, and notices its own absence: when it was away
//! too long (a paused process, a database that was down), the window has passed and everybody here is compared instead.

use std::{collections::HashMap, mem, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    hub::Hub,
    refresh::{Net, Refresh},
    relay::Relay,
};
use crate::{
    domain::{
        ids::{GuardianId, TeenId},
        version::Version,
    },
    store::{Store, StoreError, sweep::Lately},
};

/// How often.
const EVERY: Duration = Duration::from_secs(2);
/// After this long without a good sweep, the window may have missed something, and nothing is decided from memory.
pub(super) const TOO_LONG: Duration = Duration::from_secs(10);
/// How often the epoch is read again, and which rules hold: who changes nothing would not notice.
const EPOCH_EVERY: Duration = Duration::from_secs(10);
/// How often a newer database is looked for.
const NEWER_EVERY: Duration = Duration::from_secs(10);
/// How many sessions and devices are asked about at once after a gap.
const CHUNK: usize = 1_000;

/// Looks for a newer database, apart from the sweep: a host that does not answer must not hold that up.
pub(super) async fn look_for_newer(store: Store, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(NEWER_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        store.look_for_newer().await;
    }
}

pub(super) async fn run(
    store: Store,
    hub: Arc<Hub>,
    refresh: Arc<Refresh>,
    relay: Arc<Relay>,
    stop: CancellationToken,
) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut good = Good { began: Instant::now(), read_at: None };
    let mut epoch_read = Some(Instant::now());
    let mut epoch = store.epoch();
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        // A new connection may have found another database meanwhile.
        if epoch_read.is_none_or(|at| at.elapsed() > EPOCH_EVERY) || store.epoch() != epoch {
            match read_again(&store, &refresh, &relay, &mut epoch).await {
                Ok(()) => epoch_read = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "the epoch and the rules could not be read"),
            }
        }
        refresh.forget_texts();
        let began = Instant::now();
        match sweep(&store, &hub, &relay).await {
            Ok(read_at) => {
                let last = mem::replace(&mut good, Good { began, read_at: Some(read_at) });
                if good.is_too_long_after(last) {
                    compare_everybody(&store, &hub, &refresh, &relay).await;
                }
                relay.swept(began);
            }
            Err(error) => {
                // What comes back may be another database.
                epoch_read = None;
                metrics::counter!("family_pairing_sweep_failures_total").increment(1);
                tracing::warn!(%error, "a sweep failed");
            }
        }
    }
}

/// A sweep that told everything.
#[derive(Clone, Copy)]
struct Good {
    began: Instant,
    /// When it read, by the database's clock; none before the first.
    read_at: Option<Timestamp>,
}

impl Good {
    /// Whether the windows of two sweeps may leave something out between them. By both clocks: that of this machine stands still
    /// while the machine does, and that of a database may be another's after a failover.
    fn is_too_long_after(self, last: Self) -> bool {
        let here = self.began.saturating_duration_since(last.began);
        let there = self.read_at.zip(last.read_at).map(|(this, last)| this.duration_since(last).unsigned_abs());
        here.max(there.unwrap_or_default()) > TOO_LONG
    }
}

/// Acts on what changed lately; comes back with when that was read.
async fn sweep(store: &Store, hub: &Hub, relay: &Relay) -> Result<Timestamp, StoreError> {
    let Lately { read_at, events } = store.changed_lately().await?;
    relay.act(&events, Net::Sweep).await;
    let guarded = hub.guarded();
    if !guarded.is_empty() {
        relay.about_lately(store.reported_lately(&guarded).await?);
    }
    Ok(read_at)
}

async fn read_again(store: &Store, refresh: &Refresh, relay: &Relay, known: &mut i64) -> Result<(), StoreError> {
    let epoch = store.refresh_epoch().await?;
    if mem::replace(known, epoch) != epoch {
        relay.forget_decisions();
        refresh.suspect_everybody();
    }
    store.rules().await.map(drop)
}

/// Compares everybody who sits here with the truth: policies, whom they guard, and whether they may still sit here.
pub(super) async fn compare_everybody(store: &Store, hub: &Hub, refresh: &Refresh, relay: &Relay) {
    relay.forget_decisions();
    refresh.suspect_everybody();
    compare_guardians(store, hub).await;
    let sessions = hub.sessions();
    let devices: Vec<_> = hub.devices().into_iter().map(|(device, _)| device).collect();
    let most = sessions.len().max(devices.len());
    for start in (0..most).step_by(CHUNK) {
        let end = start + CHUNK;
        let part = |len: usize| start.min(len)..end.min(len);
        let sessions = sessions.get(part(sessions.len())).unwrap_or_default();
        let devices = devices.get(part(devices.len())).unwrap_or_default();
        relay.close_gone(sessions, devices).await;
    }
}

/// A pairing that ended unheard must not keep its notices coming.
async fn compare_guardians(store: &Store, hub: &Hub) {
    let guardians: Vec<GuardianId> = hub.guardians().into_iter().collect();
    for some in guardians.chunks(CHUNK) {
        let mut read: HashMap<GuardianId, (u64, HashMap<TeenId, Option<Version>>)> =
            some.iter().map(|id| (*id, (hub.moves(*id), HashMap::new()))).collect();
        match store.guarding_now(some).await {
            Ok(pairs) => {
                for (guardian, teen) in pairs {
                    read.entry(guardian).or_default().1.insert(teen, None);
                }
                for (guardian, (moves, teens)) in read {
                    // Whatever moved meanwhile was heard of, so nothing is to be repaired.
                    hub.guard_exactly(guardian, moves, &teens);
                }
            }
            Err(error) => tracing::warn!(%error, "the full compare could not ask who guards whom"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_on_either_clock_is_one() {
        let (began, read_at) = (Instant::now(), Timestamp::UNIX_EPOCH);
        let long = TOO_LONG + Duration::from_millis(1);
        let last = Good { began, read_at: Some(read_at) };
        let good = |here, there| Good { began: began + here, read_at: Some(there) };
        let after = |here: Duration, there: Timestamp| good(here, there).is_too_long_after(last);
        assert!(!after(TOO_LONG, read_at + TOO_LONG));
        assert!(after(long, read_at + EVERY), "the node did nothing for a while");
        assert!(after(EVERY, read_at + long), "the machine slept, and its clock with it");
        assert!(after(EVERY, read_at - long), "another database, whose clock is behind");
        let start = Good { began, read_at: None };
        assert!(good(long, read_at).is_too_long_after(start) && !good(EVERY, read_at).is_too_long_after(start));
    }
}

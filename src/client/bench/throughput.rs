//! Changes as fast as the server takes them, one after the other for each of several guardians; nobody is connected.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use clap::Args;
use futures_util::{TryStreamExt, stream};
use serde::Serialize;
use serde_json::Value as Json;
use tokio::{task::JoinSet, time::Instant};

use super::{
    changes::change_once,
    measure::{Failures, Spread, Times, per_second},
    print,
    town::{Place, Resident},
};
use crate::{
    client::{
        ClientError,
        api::{Answer, Api},
    },
    domain::clock::World,
};

/// What `bench throughput` needs.
#[derive(Args, Debug)]
pub struct ThroughputArgs {
    #[command(flatten)]
    place: Place,
    /// Guardians who change something at the same time
    #[arg(long, default_value_t = 32)]
    at_once: usize,
    /// Seconds of it
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

#[derive(Serialize)]
struct Figures {
    at_once: usize,
    seconds: u64,
    changes_per_second: f64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_failure: Option<String>,
    change_to_answer: Spread,
}

/// Changes until the time is over.
pub async fn run(args: ThroughputArgs, world: World) -> Result<(), ClientError> {
    let town = args.place.town(&world).await?;
    let everybody = town.guarded();
    stream::iter(everybody.iter().map(Ok))
        .try_for_each_concurrent(args.at_once.max(1), |(household, resident)| look_up(&household.api, resident))
        .await?;
    let everybody = Arc::new(everybody);
    let (times, failures) = (Arc::new(Times::new()?), Arc::new(Failures::default()));
    let (next, time, started) = (Arc::new(AtomicUsize::new(0)), Duration::from_secs(args.seconds), Instant::now());
    let mut guardians = JoinSet::new();
    for _ in 0..args.at_once.max(1) {
        let (everybody, times, failures) = (everybody.clone(), times.clone(), failures.clone());
        let next = next.clone();
        guardians.spawn(async move {
            while started.elapsed() < time {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some((household, resident)) = everybody.get(n % everybody.len().max(1)) else { return };
                let _turn = resident.turn.lock().await;
                let begun = Instant::now();
                match change_once(household, resident).await {
                    Ok(()) => times.since(begun),
                    Err(error) => failures.add(&error),
                }
            }
        });
    }
    guardians.join_all().await;
    let count = usize::try_from(times.count()).unwrap_or(usize::MAX);
    print(
        "throughput",
        &Figures {
            at_once: args.at_once,
            seconds: args.seconds,
            changes_per_second: per_second(count, started.elapsed()),
            failed: failures.count(),
            first_failure: failures.first(),
            change_to_answer: times.spread(),
        },
    )?;
    match failures.count() {
        0 => Ok(()),
        failed => Err(ClientError::told(format!("{failed} changes were not taken."))),
    }
}

/// Learns where a teen stands.
async fn look_up(guardian: &Api, resident: &Resident) -> Result<(), ClientError> {
    let path = format!("/v1/guardian/teens/{}/settings", resident.teen);
    let read: Answer<Json> = guardian.get(&path).await?;
    let revision = read.body.get("revision").and_then(Json::as_i64);
    resident.revision.fetch_max(revision.unwrap_or_default(), Ordering::Relaxed);
    Ok(())
}

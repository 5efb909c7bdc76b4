//! Devices that tell what was used on them, each once a minute: what that costs, and how soon each knows what is left.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::{task::JoinSet, time::Instant};

use super::{
    device::connect_all,
    measure::{Spread, Times},
    print,
    process::Process,
    town::Place,
};
use crate::{
    client::ClientError,
    domain::{
        clock::World,
        usage::{SLOT_SECONDS, UsageSlot},
    },
    sync::frame::UsageFrame,
};

/// What `bench usage` needs.
#[derive(Args, Debug)]
pub struct UsageArgs {
    #[command(flatten)]
    place: Place,
    /// Seconds of telling
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Seconds between two reports of a device
    #[arg(long, default_value_t = 60)]
    every: u64,
    /// Devices that connect at the same time
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// The server's process
    #[arg(long)]
    server_pid: u32,
    /// PostgreSQL's first process, which is counted with all that it started
    #[arg(long)]
    postgres_pid: Option<u32>,
}

#[derive(Serialize)]
struct Figures {
    devices: usize,
    seconds: u64,
    reports: u64,
    core_percent: Option<f64>,
    postgres_core_percent: Option<f64>,
    core_percent_per_1000: Option<f64>,
    postgres_core_percent_per_1000: Option<f64>,
    answer: Spread,
    closed: usize,
}

/// Connects everybody, has them tell, and looks at both processes before and after.
pub async fn run(args: UsageArgs, world: World) -> Result<(), ClientError> {
    let town = args.place.town(&world).await?;
    let (server, postgres) = (Process(args.server_pid), args.postgres_pid.map(Process));
    let connected = connect_all(&town, args.at_once, &world).await?;
    let devices = connected.len();
    let database = |postgres: Option<Process>| postgres.and_then(Process::family_core_seconds);
    let (used, stored, started) = (server.core_seconds(), database(postgres), Instant::now());
    let end = started + Duration::from_secs(args.seconds);
    let every = Duration::from_secs(args.every.max(1));
    let mut telling = JoinSet::new();
    for (device, mut socket) in connected {
        let world = world.clone();
        telling.spawn(async move {
            let report = move |n: i16| UsageFrame { id: Some(format!("usage-{n}")), slots: slots(&world, n) };
            device.tell(&mut socket, every, end, report).await
        });
    }
    let (times, mut closed) = (Times::new()?, 0);
    while let Some(told) = telling.join_next().await {
        match told {
            Ok(Ok(took)) => took.into_iter().for_each(|took| times.add(took)),
            _ => closed += 1,
        }
    }
    let core_percent = Process::percent(used, server.core_seconds(), started.elapsed());
    let postgres_core_percent = Process::percent(stored, database(postgres), started.elapsed());
    let thousands = f64::from(u32::try_from(devices.max(1)).unwrap_or(u32::MAX)) / 1_000.0;
    let scale = 60.0 / every.as_secs_f64().max(1.0) * thousands;
    print(
        "usage",
        &Figures {
            devices,
            seconds: args.seconds,
            reports: times.count(),
            core_percent,
            postgres_core_percent,
            core_percent_per_1000: core_percent.map(|percent| percent / scale),
            postgres_core_percent_per_1000: postgres_core_percent.map(|percent| percent / scale),
            answer: times.spread(),
            closed,
        },
    )
}

/// Two things used in the slot of now, a minute more each time.
fn slots(world: &World, n: i16) -> Vec<UsageSlot> {
    let slot = world.now().as_second().div_euclid(SLOT_SECONDS);
    let used = |item: &str, most: i16| UsageSlot { item: item.to_owned(), slot, seconds: (n % 5 + 1) * most };
    vec![used("feed", 40), used("games/chess", 20)]
}

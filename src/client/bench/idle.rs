//! Devices that only beat: what one of them takes of memory, and all of them of a core.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    device::connect_all,
    print,
    process::{Process, each},
    town::Place,
};
use crate::{client::ClientError, domain::clock::World};

/// What `bench idle` needs.
#[derive(Args, Debug)]
pub struct IdleArgs {
    #[command(flatten)]
    place: Place,
    /// Seconds of beating, once everything that connecting needed is let go
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Seconds until then
    #[arg(long, default_value_t = 15)]
    settle: u64,
    /// Devices that connect at the same time
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// The server's process
    #[arg(long)]
    server_pid: u32,
}

#[derive(Serialize)]
struct Figures {
    devices: usize,
    seconds: u64,
    bytes_per_device: Option<u64>,
    core_percent: Option<f64>,
    core_percent_per_10000: Option<f64>,
    closed: usize,
}

/// Connects everybody and looks at the server's process before, in between and after.
pub async fn run(args: IdleArgs, world: World) -> Result<(), ClientError> {
    let town = args.place.town(&world).await?;
    let server = Process(args.server_pid);
    let before = server.bytes();
    let connected = connect_all(&town, args.at_once, &world).await?;
    let devices = connected.len();
    let mut serving = JoinSet::new();
    for (device, mut socket) in connected {
        serving.spawn(async move { device.serve(&mut socket, None).await });
    }
    sleep(Duration::from_secs(args.settle)).await;
    let after = server.bytes();
    let (used, started) = (server.core_seconds(), Instant::now());
    sleep(Duration::from_secs(args.seconds)).await;
    let core_percent = Process::percent(used, server.core_seconds(), started.elapsed());
    let mut closed = 0;
    while serving.try_join_next().is_some() {
        closed += 1;
    }
    let count = f64::from(u32::try_from(devices.max(1)).unwrap_or(u32::MAX));
    print(
        "idle",
        &Figures {
            devices,
            seconds: args.seconds,
            bytes_per_device: each(before, after, devices),
            core_percent,
            core_percent_per_10000: core_percent.map(|percent| percent * 10_000.0 / count),
            closed,
        },
    )?;
    match closed {
        0 => Ok(()),
        closed => Err(ClientError::told(format!("{closed} devices were closed while they were idle."))),
    }
}

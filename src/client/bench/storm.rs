//! Everybody connects as fast as they are let in; then all lines break at once, and everybody comes back.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    device::{Device, connect_all},
    measure::{Failures, Spread, Times, per_second},
    print,
    process::Process,
    town::{Place, Town},
};
use crate::{
    client::{ClientError, socket::Socket},
    domain::clock::World,
};

/// The server notices in this time that everybody is gone.
const GONE: Duration = Duration::from_secs(2);
/// A storm that has not settled by then never will.
const SETTLED: Duration = Duration::from_secs(180);

/// What `bench storm` needs.
#[derive(Args, Debug)]
pub struct StormArgs {
    #[command(flatten)]
    place: Place,
    /// Devices that connect at the same time, before the storm
    #[arg(long, default_value_t = 256)]
    at_once: usize,
    /// The server's process, whose use of the cores is then told
    #[arg(long)]
    server_pid: Option<u32>,
}

#[derive(Serialize)]
struct Figures {
    devices: usize,
    /// With what they hold already: upgrade, token, hello, "current".
    connects_per_second: f64,
    connect_core_microseconds: Option<f64>,
    /// All at once, and put off where the server said so.
    storm_seconds: f64,
    storm: Spread,
    put_off: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_failure: Option<String>,
}

/// Connects, connects again with what is held by then, and then all at once.
pub async fn run(args: StormArgs, world: World) -> Result<(), ClientError> {
    let town = args.place.town(&world).await?;
    // The first time everybody gets a policy and reports it; the reports are to be written before anybody comes back.
    leave(connect_all(&town, args.at_once, &world).await?);
    sleep(GONE).await;
    let server = args.server_pid.map(Process);
    let used = || server.and_then(Process::core_seconds);
    let (before, started) = (used(), Instant::now());
    let connected = connect_all(&town, args.at_once, &world).await?;
    let took = started.elapsed();
    let devices = connected.len();
    let count = f64::from(u32::try_from(devices.max(1)).unwrap_or(u32::MAX));
    let connect_core_microseconds = before.zip(used()).map(|(before, after)| (after - before) * 1e6 / count);
    leave(connected);
    sleep(GONE).await;
    let storm = storm(&town, &world).await?;
    print(
        "storm",
        &Figures {
            devices,
            connects_per_second: per_second(devices, took),
            connect_core_microseconds,
            storm_seconds: storm.took.as_secs_f64(),
            storm: storm.times.spread(),
            put_off: storm.put_off,
            failed: storm.failures.count(),
            first_failure: storm.failures.first(),
        },
    )?;
    match storm.failures.count() {
        0 => Ok(()),
        failed => Err(ClientError::told(format!("{failed} devices met something else than \"come later\"."))),
    }
}

/// Lines break without a goodbye.
fn leave(connected: Vec<(Device, Socket)>) {
    drop(connected);
}

struct Storm {
    took: Duration,
    times: Times,
    put_off: u64,
    failures: Failures,
}

async fn storm(town: &Town, world: &World) -> Result<Storm, ClientError> {
    let mut storm = Storm { took: Duration::ZERO, times: Times::new()?, put_off: 0, failures: Failures::default() };
    let started = Instant::now();
    let mut coming = JoinSet::new();
    for (n, resident) in town.residents().into_iter().enumerate() {
        let device = Device::of(town, n, resident, world)?;
        coming.spawn(async move {
            let came = timeout(SETTLED, device.insist()).await;
            (started.elapsed(), came)
        });
    }
    // All stay to the end: a line that is let go would make room for the next.
    let mut back = Vec::new();
    while let Some(ended) = coming.join_next().await {
        match ended {
            Ok((time, Ok(Ok((socket, put_off))))) => {
                storm.times.add(time);
                storm.put_off += put_off;
                back.push(socket);
            }
            Ok((_, Ok(Err(error)))) => storm.failures.add(&error),
            Ok((_, Err(late))) => storm.failures.add(&late),
            Err(error) => storm.failures.add(&error),
        }
    }
    storm.took = started.elapsed();
    Ok(storm)
}

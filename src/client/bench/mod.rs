//! Load on the real protocol: families that really signed up, devices that verify signatures and report, guardians that listen.
//!
//! Open loop: changes leave at their planned times, whether or not the server keeps up, and every time is counted from the
//! plan. Prints one line of JSON, so that two runs can be compared by a program.

mod measure;
mod town;

use std::{sync::Arc, time::Duration};

use clap::Args;
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};

use self::{
    measure::{Board, Spread},
    town::Town,
};
use super::{ClientError, api::Api, people::Server, terminal::say};
use crate::domain::clock::World;

/// What `bench` needs. The server should be started with a generous --throttle-scale.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    #[command(flatten)]
    server: Server,
    /// Devices to connect, one for each teen
    #[arg(long, default_value_t = 1_000)]
    devices: usize,
    /// Teens of one guardian
    #[arg(long, default_value_t = 10)]
    teens_each: usize,
    /// Changes per second
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Seconds of changes
    #[arg(long, default_value_t = 30)]
    seconds: u32,
    /// The server's process, whose memory is then read before and after the devices connect
    #[arg(long)]
    server_pid: Option<u32>,
}

/// What came out.
#[derive(Serialize)]
struct Figures {
    devices: usize,
    rate: u32,
    seconds: u32,
    connects_per_second: f64,
    bytes_per_device: Option<u64>,
    changes: u64,
    failed: u64,
    lost: u64,
    change_to_answer: Spread,
    change_to_device: Spread,
    change_to_enforced: Spread,
}

/// Builds a town, connects it, changes limits in it and says how long everything took.
pub async fn run(args: BenchArgs, world: World) -> Result<(), ClientError> {
    let api = Api::new(&args.server.base_url, world)?;
    say(&format!("Signing up {} families' accounts at {}", args.devices, api.base()));
    let town = Arc::new(Town::build(&api, args.devices, args.teens_each.max(1)).await?);
    let board = Arc::new(Board::default());
    let before = args.server_pid.and_then(private_bytes);
    let started = Instant::now();
    town.connect_devices(&board).await?;
    let connects_per_second = per_second(args.devices, started.elapsed());
    sleep(Duration::from_secs(3)).await;
    let after = args.server_pid.and_then(private_bytes);
    town.connect_guardians(&board).await?;
    // From rest: the guardians' first screens are not part of what is measured.
    sleep(Duration::from_secs(2)).await;
    say(&format!("{} devices are connected; changing limits for {} s", args.devices, args.seconds));
    change(&town, &board, &args).await;
    let figures = Figures {
        devices: args.devices,
        rate: args.rate,
        seconds: args.seconds,
        connects_per_second,
        bytes_per_device: before.zip(after).map(|(before, after)| grown(before, after, args.devices)),
        changes: board.answers(),
        failed: board.failures(),
        lost: board.waiting(),
        change_to_answer: board.answered.spread(),
        change_to_device: board.received.spread(),
        change_to_enforced: board.enforced.spread(),
    };
    say(&serde_json::to_string(&figures).map_err(|error| ClientError::told(error.to_string()))?);
    match figures.lost {
        0 => Ok(()),
        lost => Err(ClientError::told(format!("{lost} changes never came to be seen as enforced."))),
    }
}

/// Sends the changes at their planned times and waits for the last of them to be seen as enforced.
async fn change(town: &Arc<Town>, board: &Arc<Board>, args: &BenchArgs) {
    let total = u64::from(args.rate) * u64::from(args.seconds);
    let every = Duration::from_secs(1) / args.rate.max(1);
    let start = Instant::now();
    for n in 0..total {
        let planned = start + every * u32::try_from(n).unwrap_or(u32::MAX);
        sleep_until(planned).await;
        tokio::spawn(town.clone().change(n, planned, board.clone()));
    }
    let patience = Instant::now() + Duration::from_secs(15);
    while board.waiting() > 0 && Instant::now() < patience {
        sleep(Duration::from_millis(20)).await;
    }
}

/// Bytes that only this process has, as the kernel counts them (`Pss` of the anonymous and file pages).
fn private_bytes(pid: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn grown(before: u64, after: u64, devices: usize) -> u64 {
    after.saturating_sub(before) / u64::try_from(devices).unwrap_or(u64::MAX).max(1)
}

fn per_second(count: usize, time: Duration) -> f64 {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    (f64::from(count) / time.as_secs_f64()).round()
}

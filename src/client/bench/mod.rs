//! Load on the real protocol: families that really signed up, devices that verify signatures and report, guardians that listen.
//!
//! Every load is open: what is to happen leaves at its planned time, whether or not the server keeps up, and every time is counted
//! from the plan, so that a server that stalls cannot hide it. Each run prints one line of JSON for a program to compare.
//! `bin/bench` runs all of them against servers of its own, with the floors beside them.
//!
//! What never happens here: reaching into the server. What it costs (`--server-pid`) is read from the system.

mod changes;
mod decisions;
mod device;
mod floor;
mod idle;
mod measure;
mod plan;
mod process;
mod reads;
mod storm;
mod table;
mod throughput;
mod town;
mod usage;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{ClientError, terminal::say};
use crate::domain::clock::World;

/// `family-pairing bench`. The server should be started with a generous --throttle-scale and cheap password hashes.
#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Sign up families, and keep who they are in a file for the other measurements
    Town(town::TownArgs),
    /// Change limits at a rate: until the guardian's answer, the device's policy, and "enforced"
    Changes(changes::ChangesArgs),
    /// Connect devices as fast as they are let in, then have all of them come back at once
    Storm(storm::StormArgs),
    /// Keep devices connected that only beat: what they take of memory and of a core
    Idle(idle::IdleArgs),
    /// Ask what the platform's servers ask, at a rate
    Decisions(decisions::DecisionsArgs),
    /// Read policies over HTTP, one after the other on each connection
    Reads(reads::ReadsArgs),
    /// Tell what was used, each device once a minute: what that takes of a core
    Usage(usage::UsageArgs),
    /// Change limits as fast as they are taken
    Throughput(throughput::ThroughputArgs),
    /// Measure the bare server that stands beside (examples/floor.rs): what nobody can be faster than
    Floor(floor::FloorArgs),
    /// Reckon what so many devices need, from measured unit costs, and play a reconnect storm; nothing is connected
    Plan(plan::PlanArgs),
    /// Show the lines of a whole run as a table, with floors and targets
    Table(table::TableArgs),
}

/// Measures what was asked.
pub async fn run(args: BenchArgs, world: World) -> Result<(), ClientError> {
    match args.command {
        Command::Town(args) => town::run(args, world).await,
        Command::Changes(args) => changes::run(args, world).await,
        Command::Storm(args) => storm::run(args, world).await,
        Command::Idle(args) => idle::run(args, world).await,
        Command::Decisions(args) => decisions::run(args, world).await,
        Command::Reads(args) => reads::run(args, world).await,
        Command::Usage(args) => usage::run(args, world).await,
        Command::Throughput(args) => throughput::run(args, world).await,
        Command::Floor(args) => floor::run(args).await,
        Command::Plan(args) => plan::run(&args),
        Command::Table(args) => table::run(&args),
    }
}

/// What a measurement prints.
#[derive(Serialize)]
struct Line<'a, T> {
    bench: &'a str,
    #[serde(flatten)]
    figures: &'a T,
}

/// Prints what came out, as one line.
fn print(bench: &str, figures: &impl Serialize) -> Result<(), ClientError> {
    let line = serde_json::to_string(&Line { bench, figures }).map_err(|error| ClientError::told(error.to_string()))?;
    say(&line);
    Ok(())
}

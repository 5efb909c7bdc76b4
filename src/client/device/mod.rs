//! A teen's device: registers, pairs, and then does what every device should: hear, verify, keep, switch, report.
//!
//! It can also misbehave on purpose ([`habits`]), so that people and tests see how the server meets an honest device
//! that cannot, a slow one, a silent one, one with a wrong clock.

mod boot;
mod contact;
mod enforcer;
pub mod events;
pub mod habits;
mod line;
mod pair;
mod poll;
mod register;
mod run;
#[cfg(test)]
mod tests;
mod usage;

use clap::{Args, Subcommand};

pub use enforcer::{Device, kept_controls};
pub use line::{End, session};
pub use register::{Registration, register};
pub use run::RunArgs;

use super::ClientError;
use crate::domain::clock::World;

/// `family-pairing device`.
#[derive(Args, Debug)]
pub struct DeviceArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make this directory a device of a teen
    Register(Box<register::RegisterArgs>),
    /// Show a pairing code, and answer who asks
    Pair(pair::PairArgs),
    /// Receive limits, apply them and report back
    Run(Box<RunArgs>),
}

/// Does what was asked.
pub async fn run(args: DeviceArgs, world: World) -> Result<(), ClientError> {
    match args.command {
        Command::Register(args) => register::run(*args, world).await,
        Command::Pair(args) => pair::run(args, world).await,
        Command::Run(args) => run::run(*args, world).await,
    }
}

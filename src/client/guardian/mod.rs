//! A guardian at the terminal: pair, set limits, watch each device confirm them, see how things stand.

mod ear;
mod invite;
mod notices;
mod pair;
mod session;
mod set;
mod show;
mod teens;
mod watch;

use clap::{Args, Subcommand};

pub use ear::Ear;
pub use notices::sentence;
pub use set::{Setting, settings};

use super::ClientError;
use crate::domain::clock::World;

/// `family-pairing guardian`.
#[derive(Args, Debug)]
pub struct GuardianArgs {
    #[command(flatten)]
    who: session::Who,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Give the code that the teen shows
    Pair(pair::PairArgs),
    /// Show a code for the teen to type in
    Invite(pair::Asking),
    /// Set limits, as in: set time.daily_minutes=45 --reason "school night"
    Set(set::SetArgs),
    /// See at once what happens on the devices
    Watch,
    /// See the limits and the devices as they stand
    Show(show::ShowArgs),
}

/// Does what was asked.
pub async fn run(args: GuardianArgs, world: World) -> Result<(), ClientError> {
    match args.command {
        Command::Pair(pair) => pair::run(&args.who, pair, world).await,
        Command::Invite(invite) => invite::run(&args.who, invite, world).await,
        Command::Set(set) => set::run(&args.who.enter(world).await?, set).await,
        Command::Watch => watch::run(&args.who, world).await,
        Command::Show(show) => show::run(&args.who.enter(world).await?, show).await,
    }
}

//! `family-pairing conformance`: certifies a foreign client, or is one.

use std::{
    io::{Write, stdin, stdout},
    time::Duration,
};

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use thiserror::Error;

use super::{
    certificate::Certificate,
    certify::{Patience, certify},
    client,
    kit::{self, Group},
};
use crate::domain::clock::World;

/// Certify a client, or be one.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ConformanceArgs {
    #[command(subcommand)]
    role: Option<Role>,
    /// The client's command. Blanks separate its words; there is no shell, so no quotes and no variables: put those in a script
    #[arg(long, value_name = "COMMAND", required = true)]
    cmd: Option<String>,
    /// Ask only the cases of this group; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Write the certificate as JSON
    #[arg(long)]
    json: bool,
    /// How long one answer may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    answer_seconds: f32,
    /// How long the first answer after a start may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    start_seconds: f32,
    /// How long all answers together may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600.0, value_parser = seconds)]
    total_seconds: f32,
}

/// What else the command can be.
#[derive(Subcommand)]
enum Role {
    /// Answer cases on standard input, as a client does: the reference
    Client,
}

/// Why there is no certificate, or not the one that was hoped for.
#[derive(Debug, Error)]
pub enum ConformanceError {
    /// A case was not passed. The certificate says which.
    #[error("the client does not conform")]
    DoesNotConform,
    /// Nothing answers under this command.
    #[error("the client cannot be started: {0}")]
    Start(std::io::Error),
    /// No group of this name.
    #[error("there is no group {0:?}; there are: {1}")]
    NoSuchGroup(String, String),
    /// Standard input or output failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A case or a question that is no JSON.
    #[error("this is no question: {0}")]
    Json(#[from] serde_json::Error),
}

/// Does what the command says.
pub async fn run(args: ConformanceArgs, world: World) -> Result<(), ConformanceError> {
    match (&args.role, &args.cmd) {
        (None, Some(command)) => certificate(&args, command, &world).await,
        _ => client::serve(stdin().lock(), stdout().lock()),
    }
}

async fn certificate(args: &ConformanceArgs, command: &str, world: &World) -> Result<(), ConformanceError> {
    let groups = chosen(kit::groups()?, &args.groups)?;
    let words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    let patience = Patience {
        answer: Duration::from_secs_f32(args.answer_seconds),
        start: Duration::from_secs_f32(args.start_seconds.max(args.answer_seconds)),
        total: Duration::from_secs_f32(args.total_seconds),
    };
    let date = world.now();
    let bar = bar_over(&groups);
    let outcomes = certify(&groups, &words, patience, || bar.inc(1)).await;
    bar.finish_and_clear();
    let outcomes = outcomes.map_err(ConformanceError::Start)?;
    let certificate = Certificate::new(date, command, !args.groups.is_empty(), &groups, outcomes);
    match args.json {
        true => writeln!(stdout(), "{}", serde_json::to_string_pretty(&certificate)?)?,
        false => writeln!(stdout(), "{certificate}")?,
    }
    match certificate.conforms {
        true => Ok(()),
        false => Err(ConformanceError::DoesNotConform),
    }
}

/// The groups of these names; all of them without names.
fn chosen(groups: Vec<Group>, names: &[String]) -> Result<Vec<Group>, ConformanceError> {
    let known: Vec<&str> = groups.iter().map(|group| group.group.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(ConformanceError::NoSuchGroup(unknown.clone(), known.join(", ")));
    }
    Ok(groups.into_iter().filter(|group| names.is_empty() || names.contains(&group.group)).collect())
}

/// How far a run is; drawn only for a person at a terminal.
fn bar_over(groups: &[Group]) -> ProgressBar {
    let all: usize = groups.iter().map(|group| group.cases.len()).sum();
    ProgressBar::new(u64::try_from(all).unwrap_or_default())
}

fn seconds(text: &str) -> Result<f32, String> {
    let seconds: f32 = text.parse().map_err(|_| "must be a number of seconds".to_owned())?;
    match (0.01..=86_400.0).contains(&seconds) {
        true => Ok(seconds),
        false => Err("must be from 0.01 to 86400 seconds".to_owned()),
    }
}

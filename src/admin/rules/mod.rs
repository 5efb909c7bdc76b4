//! Law without a deploy: what sets of rules say, what another set would change, and how another set comes to hold.
//!
//! A set comes from a folder of files, from the versions that were proposed, or from the program itself. Reading and comparing
//! change nothing. Proposing takes an operator's signature, approving another's.

mod approve;
mod check;
mod diff;
mod import;
mod progress;
mod versions;

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};

use super::{AdminError, Installation};
use crate::{
    domain::{clock::World, controls::ControlId, law::LawFile},
    store::{
        Store,
        law::{Directions, Refusal, shipped},
    },
};

/// What can be done about the rules of law.
#[derive(Subcommand)]
pub enum Rules {
    /// Read a set of rules and list what a person must decide; needs no database. Exits with 1 if it cannot be read, 2 if it contradicts itself
    Check(check::Check),
    /// List every version, who proposed and approved it, and which holds
    List(Installation),
    /// Print a version's files, or write them into a folder
    Show(versions::Show),
    /// Explain one rule of the set that holds
    Rule(versions::Explain),
    /// Compare a set with the one that holds, and count the teens whom it would affect; changes nothing
    Diff(diff::Diff),
    /// Count the teens for whom the rules that hold will change something by themselves until a day; changes nothing
    Ahead(diff::Ahead),
    /// Propose a set as the next version; needs an operator's signature
    Import(import::Import),
    /// Let a proposed version hold; needs the signature of another operator than the one who proposed it
    Approve(approve::Approve),
    /// Compute what is due now, as serving nodes do anyway
    Recompute(Installation),
}

impl Rules {
    /// Does what the command says. The code is not 0 where a check found something that keeps a set from being taken.
    pub async fn run(self, world: World) -> Result<ExitCode, AdminError> {
        match self {
            Self::Check(command) => return command.run(&world),
            Self::List(installation) => versions::list(&installation, world).await?,
            Self::Show(command) => command.run(world).await?,
            Self::Rule(command) => command.run(world).await?,
            Self::Diff(command) => command.run(world).await?,
            Self::Ahead(command) => command.run(world).await?,
            Self::Import(command) => command.run(world).await?,
            Self::Approve(command) => command.run(world).await?,
            Self::Recompute(installation) => approve::recompute(&installation.open(world).await?).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Which set of rules.
#[derive(Args)]
struct Source {
    /// A folder of .toml files, or the number of a proposed version; without it, what ships with the program
    set: Option<String>,
}

impl Source {
    /// What it is called in a sentence.
    fn name(&self) -> String {
        match self.set.as_deref() {
            None => "what ships with the program".to_owned(),
            Some(set) if set.parse::<i64>().is_ok() => format!("version {set}"),
            Some(folder) => folder.to_owned(),
        }
    }

    async fn read(&self, store: &Store) -> Result<Vec<LawFile>, AdminError> {
        match self.set.as_deref().map(|set| (set, set.parse::<i64>())) {
            None => Ok(shipped()),
            Some((_, Ok(version))) => Ok(store.rule_files(version).await?.ok_or(Refusal::NoSuchVersion(version))?),
            Some((folder, Err(_))) => folder_of(folder.into()),
        }
    }
}

/// The .toml files of a folder, by name; what is in folders below is not looked at.
fn folder_of(folder: PathBuf) -> Result<Vec<LawFile>, AdminError> {
    let failed = |path: PathBuf| move |error| AdminError::File(path, error);
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failed(folder.clone()))? {
        let path = entry.map_err(failed(folder.clone()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push(LawFile { name, text: fs::read_to_string(&path).map_err(failed(path))? });
        }
    }
    files.sort();
    if files.is_empty() { Err(AdminError::NoFiles(folder)) } else { Ok(files) }
}

/// How many policies one control got or would get tighter or looser, in a line.
fn tally_line(store: &Store, control: &ControlId, counted: &Directions) -> String {
    let label = store.registry().get(control).map(|control| control.label.as_str()).unwrap_or_default();
    let parts = [(counted.tighter, "tighter"), (counted.looser, "looser"), (counted.mixed, "both ways")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, way)| format!("{count} {way}")).collect();
    format!("  {control:<32} {label:<44} {}", parts.join(", "))
}

/// `1 teen`, `2 teens`.
fn counted(count: impl TryInto<u64>, what: &str) -> String {
    match count.try_into().unwrap_or_default() {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

//! Reading a set of rules without an installation.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use jiff::tz::TimeZone;

use super::{counted, folder_of};
use crate::{
    admin::AdminError,
    app::AppError,
    client::terminal::say,
    domain::{
        clock::World,
        controls::Registry,
        law::{Finding, RuleBook, check},
    },
    store::law::shipped,
};

/// The exit code of a set that contradicts itself.
const CONTRADICTS: u8 = 2;

/// Reads a set of rules and lists what a person must decide.
#[derive(Args)]
pub struct Check {
    /// A folder of .toml files; without it, what ships with the program
    folder: Option<PathBuf>,
}

impl Check {
    pub(super) fn run(self, world: &World) -> Result<ExitCode, AdminError> {
        let registry = Registry::load().map_err(AppError::from)?;
        let files = self.folder.map_or_else(|| Ok(shipped()), folder_of)?;
        let book = RuleBook::parse(&registry, &files)?;
        let findings = check(&registry, &book, world.now().to_zoned(TimeZone::UTC).date());
        say(&summary(&book));
        tell(&findings);
        let contradictory = findings.iter().any(Finding::is_contradiction);
        Ok(if contradictory { ExitCode::from(CONTRADICTS) } else { ExitCode::SUCCESS })
    }
}

/// How much a set holds.
pub(super) fn summary(book: &RuleBook) -> String {
    let applied = book.rules.iter().filter(|rule| rule.enforce).count();
    format!("{}, {}, {applied} of them applied.", counted(book.laws.len(), "law"), counted(book.rules.len(), "rule"))
}

/// What a person must decide on, one a line.
pub(super) fn tell(findings: &[Finding]) {
    match findings.len() {
        0 => say("Nothing to decide."),
        count => say(&format!("{} to look at:", counted(count, "thing"))),
    }
    findings.iter().for_each(|finding| say(&format!("  {finding}")));
}

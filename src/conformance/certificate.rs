//! What a run came to: for people, and for programs.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

use super::{
    certify::{MOST_TROUBLES, first_difference},
    kit::{Case, DOCUMENT, Group, VERSION},
};

/// How many differences are shown to people.
const MOST_SHOWN: usize = 10;
/// How many characters of a document are shown to people.
const MOST_TEXT: usize = 300;

/// How a case went.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The very output that is expected.
    Passed,
    /// Another output, or none.
    Failed(Difference),
    /// The client does not know the operation.
    Unsupported,
    /// The client was given up before.
    NotAsked,
}

/// What was wrong.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// In a sentence.
    pub words: String,
    /// What the client answered, if it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<Json>,
}

/// The certificate of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// Whether the client passed every case that was chosen.
    pub conforms: bool,
    /// When the run began.
    pub date: Timestamp,
    /// The client's command.
    pub client: String,
    /// The version of the cases.
    pub vectors: &'static str,
    /// SHA-256 of the document with all cases, as `GET /conformance/v1.json` serves it.
    pub sha256: &'static str,
    /// The version of the program that ran it.
    pub program: &'static str,
    /// Whether only some groups were chosen.
    pub partial: bool,
    /// Group by group.
    pub groups: Vec<Tally>,
    /// Every case that was not passed although the client answered, or should have.
    pub differences: Vec<Fault>,
}

/// How a group went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Its name.
    pub group: String,
    /// Cases with the right output.
    pub passed: usize,
    /// Cases with another one, or none.
    pub failed: usize,
    /// Cases whose operation the client does not know.
    pub unsupported: usize,
    /// Cases that the client was not asked any more.
    pub not_asked: usize,
}

/// A case that was not passed.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// Which one.
    pub id: String,
    /// What was asked.
    pub op: String,
    /// The rule.
    pub why: String,
    /// What is right.
    pub expect: Json,
    /// What was wrong.
    #[serde(flatten)]
    pub difference: Difference,
}

impl Difference {
    /// Between the expected output and another one.
    pub(super) fn between(expected: &Json, got: &Json) -> Self {
        let shown = |side: Option<Json>| side.map_or_else(|| "nothing".to_owned(), |it| short(&it));
        let words = match first_difference(expected, got) {
            Some((path, a, b)) if path.is_empty() => format!("expected {}, got {}", shown(a), shown(b)),
            Some((path, a, b)) => format!("at {path}: expected {}, got {}", shown(a), shown(b)),
            None => "no difference".to_owned(),
        };
        Self { words, got: Some(got.clone()) }
    }

    /// Where there is no output to compare.
    pub(super) fn words(words: String) -> Self {
        Self { words, got: None }
    }
}

impl Certificate {
    /// Sums up a run. The outcomes are those of the groups' cases, in order.
    pub(super) fn new(date: Timestamp, client: &str, partial: bool, groups: &[Group], outcomes: Vec<Outcome>) -> Self {
        let mut tallies = Vec::new();
        let mut differences = Vec::new();
        let mut outcomes = outcomes.into_iter();
        for group in groups {
            let mut tally = Tally { group: group.group.clone(), ..Tally::default() };
            for (case, outcome) in group.cases.iter().zip(outcomes.by_ref()) {
                tally.count(&outcome);
                if let Outcome::Failed(difference) = outcome {
                    differences.push(Fault::of(case, difference));
                }
            }
            tallies.push(tally);
        }
        Self {
            conforms: tallies.iter().all(|tally| tally.passed == tally.all()) && !tallies.is_empty(),
            date,
            client: client.to_owned(),
            vectors: VERSION,
            sha256: &DOCUMENT.sha256,
            program: env!("CARGO_PKG_VERSION"),
            partial,
            groups: tallies,
            differences,
        }
    }

    /// All groups together.
    pub fn total(&self) -> Tally {
        let sum = |of: fn(&Tally) -> usize| self.groups.iter().map(of).sum();
        Tally {
            group: "all".to_owned(),
            passed: sum(|tally| tally.passed),
            failed: sum(|tally| tally.failed),
            unsupported: sum(|tally| tally.unsupported),
            not_asked: sum(|tally| tally.not_asked),
        }
    }
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Unsupported => self.unsupported += 1,
            Outcome::NotAsked => self.not_asked += 1,
        }
    }

    fn all(&self) -> usize {
        self.passed + self.failed + self.unsupported + self.not_asked
    }
}

impl Fault {
    fn of(case: &Case, difference: Difference) -> Self {
        let Case { id, op, why, expect, .. } = case.clone();
        Self { id, op, why, expect, difference }
    }
}

/// A document as people can read it; JSON escapes whatever could steer a terminal.
fn short(it: &Json) -> String {
    let text = it.to_string();
    match text.char_indices().nth(MOST_TEXT).and_then(|(end, _)| text.get(..end)) {
        Some(beginning) => format!("{beginning}…"),
        None => text,
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Family Pairing conformance, vectors {} (sha256 {})", self.vectors, self.sha256)?;
        writeln!(f, "client  {:?}", self.client)?;
        writeln!(f, "date    {:.0}", self.date)?;
        writeln!(f, "\n{:<14}{:>8}{:>8}{:>13}{:>11}", "group", "passed", "failed", "unsupported", "not asked")?;
        for tally in self.groups.iter().chain([&self.total()]) {
            let Tally { group, passed, failed, unsupported, not_asked } = tally;
            writeln!(f, "{group:<14}{passed:>8}{failed:>8}{unsupported:>13}{not_asked:>11}")?;
        }
        for Fault { id, op, why, difference, .. } in self.differences.iter().take(MOST_SHOWN) {
            writeln!(f, "\n{id} ({op}): {why}\n    {}", difference.words)?;
        }
        if let Some(more) = self.differences.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
            writeln!(f, "\n… and {more} more, all in the report of --json.")?;
        }
        if self.total().not_asked > 0 {
            let limit = MOST_TROUBLES;
            writeln!(
                f,
                "\nNot all cases were asked: the client failed to answer {limit} times, or the time was over."
            )?;
        }
        let chosen = if self.partial { " in the groups that were chosen" } else { "" };
        match self.conforms {
            true => write!(f, "\nThe client conforms{chosen}: it passed all {} cases.", self.total().passed),
            false => {
                let all = self.total();
                write!(f, "\nThe client does not conform{chosen}: it passed {} of {} cases.", all.passed, all.all())
            }
        }
    }
}

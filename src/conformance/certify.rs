//! A run: every case, one after the other, whatever the client does.

use std::time::Duration;

use serde_json::Value as Json;
use tokio::time::Instant;

use super::{
    certificate::{Difference, Outcome},
    foreign::{Foreign, Said, Trouble},
    kit::{Case, Group},
};

/// How often a client may fall silent, die or write nonsense before it is given up.
pub(super) const MOST_TROUBLES: usize = 5;

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For one answer.
    pub(super) answer: Duration,
    /// For the first one after it was started: some need a while to get going.
    pub(super) start: Duration,
    /// For all of them together.
    pub(super) total: Duration,
}

/// A run that is going on.
struct Run<'a> {
    client: &'a [String],
    patience: Patience,
    deadline: Instant,
    running: Option<Foreign>,
    troubles: usize,
}

/// Asks a client every case, and says of each how it went. An error: the client cannot be started at all.
pub(super) async fn certify(
    groups: &[Group],
    client: &[String],
    patience: Patience,
    progress: impl Fn(),
) -> std::io::Result<Vec<Outcome>> {
    let deadline = Instant::now() + patience.total;
    let running = Some(Foreign::start(client)?);
    let mut run = Run { client, patience, deadline, running, troubles: 0 };
    let mut outcomes = Vec::new();
    let mut fresh = true;
    for case in groups.iter().flat_map(|group| &group.cases) {
        outcomes.push(run.ask(case, &mut fresh).await?);
        progress();
    }
    if let Some(foreign) = run.running.take() {
        foreign.finish().await;
    }
    Ok(outcomes)
}

impl Run<'_> {
    async fn ask(&mut self, case: &Case, fresh: &mut bool) -> std::io::Result<Outcome> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if self.troubles >= MOST_TROUBLES || left.is_zero() {
            return Ok(Outcome::NotAsked);
        }
        let mut foreign = match self.running.take() {
            Some(foreign) => foreign,
            None => Foreign::start(self.client)?,
        };
        let patience = if std::mem::take(fresh) { self.patience.start } else { self.patience.answer };
        match foreign.ask(case, patience.min(left)).await {
            Ok(said) => {
                self.running = Some(foreign);
                Ok(judged(case, said))
            }
            // Dropped here, which ends it: after a line that was no answer nobody knows what the next one is about.
            Err(trouble) => {
                self.troubles += 1;
                *fresh = true;
                Ok(failed(trouble))
            }
        }
    }
}

fn judged(case: &Case, said: Said) -> Outcome {
    match said {
        Said::Output(output) if output == case.expect => Outcome::Passed,
        Said::Output(output) => Outcome::Failed(Difference::between(&case.expect, &output)),
        Said::Unsupported => Outcome::Unsupported,
        Said::Error(error) => Outcome::Failed(Difference::words(format!("the client failed: {error:?}"))),
    }
}

fn failed(trouble: Trouble) -> Outcome {
    Outcome::Failed(Difference::words(trouble.to_string()))
}

/// The first place at which two documents differ, as a path, with both sides; nothing where they are equal.
pub(super) fn first_difference(expected: &Json, got: &Json) -> Option<(String, Option<Json>, Option<Json>)> {
    let inside = |step: String, a: Option<&Json>, b: Option<&Json>| match (a, b) {
        (Some(a), Some(b)) => first_difference(a, b).map(|(path, a, b)| (format!("{step}{path}"), a, b)),
        (a, b) => Some((step, a.cloned(), b.cloned())),
    };
    match (expected, got) {
        (a, b) if a == b => None,
        (Json::Object(a), Json::Object(b)) => {
            let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
            names.filter(|name| a.get(*name) != b.get(*name)).find_map(|name| {
                let step = format!(".{name}");
                inside(step, a.get(name), b.get(name))
            })
        }
        (Json::Array(a), Json::Array(b)) => {
            let most = a.len().max(b.len());
            (0..most)
                .filter(|at| a.get(*at) != b.get(*at))
                .find_map(|at| inside(format!("[{at}]"), a.get(at), b.get(at)))
        }
        (a, b) => Some((String::new(), Some(a.clone()), Some(b.clone()))),
    }
}

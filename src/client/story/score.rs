//! Numbers the steps, times them, and remembers whether they held.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use crate::client::{ClientError, terminal::say};

/// No step takes longer.
const LONGEST: Duration = Duration::from_secs(60);

/// What a step hands on, and what it has to tell.
pub(super) type Step<T> = Result<(T, String), ClientError>;

/// The step of this title did not hold.
pub(super) struct Fallen(pub(super) String);

/// The steps so far.
pub(super) struct Score {
    pace: Duration,
    started: Instant,
    held: u32,
    fallen: u32,
}

impl Score {
    pub(super) fn new(pace: Duration) -> Self {
        Self { pace, started: Instant::now(), held: 0, fallen: 0 }
    }

    /// Plays one step and prints how it went.
    pub(super) async fn play<T>(&mut self, title: &str, step: impl Future<Output = Step<T>>) -> Result<T, Fallen> {
        let began = Instant::now();
        let outcome = match timeout(LONGEST, Box::pin(step)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ClientError::told("This took longer than a minute.")),
        };
        let number = self.held.saturating_add(self.fallen).saturating_add(1);
        let (mark, told) = match &outcome {
            Ok((_, told)) => ("✓", told.clone()),
            Err(error) => ("✗", error.to_string()),
        };
        say(&format!("{number:>2}. {mark} {title} ({} ms)", began.elapsed().as_millis()));
        told.lines().for_each(|line| say(&format!("      {line}")));
        if let Ok((value, _)) = outcome {
            self.held = self.held.saturating_add(1);
            sleep(self.pace).await;
            return Ok(value);
        }
        self.fallen = self.fallen.saturating_add(1);
        Err(Fallen(title.to_owned()))
    }

    /// The last line. `whole`: the story was played to its end.
    pub(super) fn summary(&self, whole: bool) {
        let seconds = self.started.elapsed().as_secs_f32();
        let verdict = match (self.fallen, whole) {
            (0, true) => "Every step held",
            (0, false) => "Stopped before the end",
            _ => "Not every step held",
        };
        say(&format!("\n{verdict}: {} ✓, {} ✗, {seconds:.1} s.", self.held, self.fallen));
    }
}

/// A step that only holds if this is so.
pub(super) fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), ClientError> {
    match holds {
        true => Ok(()),
        false => Err(ClientError::Told(otherwise())),
    }
}

//! What is kept, and when it may be used.
//!
//! Synchronous and without a clock of its own, so that every race can be played in a test, one step after the other.

use std::{collections::HashMap, mem, time::Duration};

use tokio::time::Instant;

use crate::{auth::gate::Ready, domain::ids::TeenId};

/// Policies by teen, in two halves: when the younger one is full, it becomes the older one, whose policies are forgotten.
pub(super) struct Memory {
    younger: Ready,
    older: Ready,
    half: usize,
    /// Everything that was committed before this instant has been heard of here.
    good: Instant,
    /// How long ago that may be.
    bound: Duration,
    reading: Option<Reading>,
}

/// What was heard since the present read began: it may have read what was before.
#[derive(Default)]
struct Reading {
    everything: bool,
    at_least: HashMap<TeenId, i64>,
}

impl Memory {
    /// Keeps at most so many, and uses them while the last good sweep is at most `bound` ago. What is read from now on counts.
    pub(super) fn new(most: usize, bound: Duration, now: Instant) -> Self {
        let (younger, older) = Default::default();
        Self { younger, older, half: most / 2, good: now, bound, reading: None }
    }

    /// Those of these teens that may be used now, and those that have to be read.
    pub(super) fn recall(&self, teens: impl IntoIterator<Item = TeenId>, now: Instant) -> (Ready, Vec<TeenId>) {
        let counts = now.saturating_duration_since(self.good) <= self.bound;
        let (mut found, mut missing) = (Ready::new(), Vec::new());
        for teen in teens {
            match self.younger.get(&teen).or_else(|| self.older.get(&teen)).filter(|_| counts) {
                Some(known) => drop(found.insert(teen, known.clone())),
                None => missing.push(teen),
            }
        }
        (found, missing)
    }

    /// A read begins. There is one at a time.
    pub(super) fn begin(&mut self) {
        self.reading = Some(Reading::default());
    }

    /// The read ended; what it brought is kept unless something newer was heard of meanwhile. What was forgotten for it comes back.
    pub(super) fn end(&mut self, read: Option<&Ready>) -> Vec<Ready> {
        let heard = self.reading.take().unwrap_or_default();
        let mut forgotten = vec![];
        for (teen, policy) in read.into_iter().flatten().filter(|_| !heard.everything) {
            if heard.at_least.get(teen).is_some_and(|newer| policy.version().revision < *newer) {
                continue;
            }
            if self.younger.len() >= self.half {
                forgotten.push(mem::replace(&mut self.older, mem::take(&mut self.younger)));
            }
            self.younger.insert(*teen, policy.clone());
        }
        forgotten
    }

    /// Somebody heard that a teen is at this revision at least.
    pub(super) fn changed(&mut self, teen: TeenId, revision: i64) {
        if let Some(reading) = &mut self.reading {
            let newest = reading.at_least.entry(teen).or_insert(revision);
            *newest = revision.max(*newest);
        }
        for half in [&mut self.younger, &mut self.older] {
            if half.get(&teen).is_some_and(|known| known.version().revision < revision) {
                half.remove(&teen);
            }
        }
    }

    /// Forgets everything, also what is being read.
    pub(super) fn forget(&mut self) -> Vec<Ready> {
        if let Some(reading) = &mut self.reading {
            reading.everything = true;
        }
        vec![mem::take(&mut self.younger), mem::take(&mut self.older)]
    }

    /// A sweep that began then has told everything. After too long a gap it may have missed something, so all is forgotten.
    pub(super) fn swept(&mut self, began: Instant) -> Vec<Ready> {
        let gap = began.saturating_duration_since(self.good);
        self.good = began.max(self.good);
        if gap > self.bound { self.forget() } else { vec![] }
    }
}

#[cfg(test)]
mod tests;

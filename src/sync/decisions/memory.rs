//! What is kept, and when it may be used.
//!
//! Synchronous and without a clock of its own, so that every race can be played in a test, one step after the other.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    auth::gate::Ready,
    domain::{decision::Compiled, ids::TeenId},
};

/// How long it is remembered that an id is no teen's. The sweep finds whoever signs up; but such ids are cheap to make up.
const NOBODY_FOR: Duration = Duration::from_secs(5);
/// Ids of nobody that are remembered at most; beyond, all of them are forgotten.
const MOST_NOBODIES: usize = 10_000;

/// What is known of teens: the policy, or that there is no such teen.
pub(super) type Known = HashMap<TeenId, Option<Arc<Compiled>>>;

/// Policies by teen, in two halves: when the younger one is full, it becomes the older one, whose policies are forgotten.
pub(super) struct Memory {
    younger: Ready,
    older: Ready,
    half: usize,
    /// Ids that no teen has, and when that was read.
    nobodies: HashMap<TeenId, Instant>,
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

impl Reading {
    /// Whether something newer was heard of than was read. Revision 0 is nobody's.
    fn overtook(&self, teen: TeenId, read: Option<&Arc<Compiled>>) -> bool {
        let revision = read.map_or(0, |policy| policy.version().revision);
        self.everything || self.at_least.get(&teen).is_some_and(|newer| revision < *newer)
    }
}

impl Memory {
    /// Keeps at most so many, and uses them while the last good sweep is at most `bound` ago. What is read from now on counts.
    pub(super) fn new(most: usize, bound: Duration, now: Instant) -> Self {
        let (younger, older, nobodies) = Default::default();
        Self { younger, older, half: most / 2, nobodies, good: now, bound, reading: None }
    }

    /// What may be used of these teens now, and those that have to be read.
    pub(super) fn recall(&self, teens: impl IntoIterator<Item = TeenId>, now: Instant) -> (Known, HashSet<TeenId>) {
        let counts = now.saturating_duration_since(self.good) <= self.bound;
        let (mut known, mut missing) = (Known::new(), HashSet::new());
        for teen in teens {
            match self.of(teen, now).filter(|_| counts) {
                Some(policy) => drop(known.insert(teen, policy)),
                None => drop(missing.insert(teen)),
            }
        }
        (known, missing)
    }

    fn of(&self, teen: TeenId, now: Instant) -> Option<Option<Arc<Compiled>>> {
        if let Some(policy) = self.younger.get(&teen).or_else(|| self.older.get(&teen)) {
            return Some(Some(policy.clone()));
        }
        let since = self.nobodies.get(&teen)?;
        (now.saturating_duration_since(*since) <= NOBODY_FOR).then_some(None)
    }

    /// A read begins. There is one at a time.
    pub(super) fn begin(&mut self) {
        self.reading = Some(Reading::default());
    }

    /// The read ended. What it brought is kept and left in `read`, unless something newer was heard of meanwhile: that is no answer
    /// for anybody. What was forgotten for it comes back.
    pub(super) fn end(&mut self, read: &mut Known, now: Instant) -> Vec<Ready> {
        let heard = self.reading.take().unwrap_or_default();
        read.retain(|teen, policy| !heard.overtook(*teen, policy.as_ref()));
        let mut forgotten = vec![];
        for (teen, policy) in read {
            match policy {
                Some(policy) => forgotten.extend(self.keep(*teen, policy.clone())),
                None => self.keep_nobody(*teen, now),
            }
        }
        forgotten
    }

    fn keep(&mut self, teen: TeenId, policy: Arc<Compiled>) -> Option<Ready> {
        let full = self.younger.len() >= self.half;
        let forgotten = full.then(|| mem::replace(&mut self.older, mem::take(&mut self.younger)));
        self.younger.insert(teen, policy);
        forgotten
    }

    fn keep_nobody(&mut self, id: TeenId, now: Instant) {
        if self.nobodies.len() >= MOST_NOBODIES {
            self.nobodies.clear();
        }
        self.nobodies.insert(id, now);
    }

    /// Somebody heard that a teen is at this revision at least.
    pub(super) fn changed(&mut self, teen: TeenId, revision: i64) {
        if let Some(reading) = &mut self.reading {
            let newest = reading.at_least.entry(teen).or_insert(revision);
            *newest = revision.max(*newest);
        }
        self.nobodies.remove(&teen);
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
        self.nobodies.clear();
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

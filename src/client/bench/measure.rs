//! Which change is on its way since when, and how long each stage took.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;
use tokio::time::Instant;

use crate::domain::ids::TeenId;

/// Times of one stage, in microseconds.
#[derive(Default)]
pub struct Stage(Mutex<Vec<u128>>);

/// What one stage looks like, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Spread {
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

/// The changes that are on their way.
#[derive(Default)]
pub struct Board {
    due: Mutex<HashMap<(TeenId, i64), Instant>>,
    /// Until the guardian has the answer.
    pub answered: Stage,
    /// Until the device has the policy.
    pub received: Stage,
    /// Until the guardian has read "enforced".
    pub enforced: Stage,
    failed: AtomicU64,
}

impl Stage {
    fn add(&self, planned: Instant) {
        self.times().push(planned.elapsed().as_micros());
    }

    /// The stage in four numbers.
    pub fn spread(&self) -> Spread {
        let mut times = self.times().clone();
        times.sort_unstable();
        let at = |percent: usize| {
            let index = times.len().saturating_mul(percent) / 100;
            let micros = times.get(index.min(times.len().saturating_sub(1))).copied().unwrap_or_default();
            f64::from(u32::try_from(micros).unwrap_or(u32::MAX)) / 1000.0
        };
        Spread { count: times.len(), p50_ms: at(50), p99_ms: at(99), max_ms: at(100) }
    }

    fn times(&self) -> MutexGuard<'_, Vec<u128>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn due(&self) -> MutexGuard<'_, HashMap<(TeenId, i64), Instant>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A change that was planned for this instant is about to be sent.
    pub fn sent(&self, teen: TeenId, revision: i64, planned: Instant) {
        self.due().insert((teen, revision), planned);
    }

    /// The server said yes.
    pub fn answer(&self, planned: Instant) {
        self.answered.add(planned);
    }

    /// The server said no, or nothing.
    pub fn failure(&self, teen: TeenId, revision: i64) {
        self.due().remove(&(teen, revision));
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// The device holds it.
    pub fn receive(&self, teen: TeenId, revision: i64) {
        let planned = self.due().get(&(teen, revision)).copied();
        if let Some(planned) = planned {
            self.received.add(planned);
        }
    }

    /// The guardian reads that it is enforced. Whatever came before it is too.
    pub fn enforce(&self, teen: TeenId, revision: i64) {
        let mut due = self.due();
        if let Some(planned) = due.remove(&(teen, revision)) {
            self.enforced.add(planned);
        }
        due.retain(|(of, earlier), _| *of != teen || *earlier > revision);
    }

    /// Changes that nobody has seen enforced yet.
    pub fn waiting(&self) -> u64 {
        u64::try_from(self.due().len()).unwrap_or(u64::MAX)
    }

    /// Changes that were answered.
    pub fn answers(&self) -> u64 {
        u64::try_from(self.answered.times().len()).unwrap_or(u64::MAX)
    }

    /// Changes that were not.
    pub fn failures(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

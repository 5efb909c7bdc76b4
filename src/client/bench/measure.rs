//! Times, as histograms with three digits that count, and the pace at which a load leaves.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use serde::Serialize;
use tokio::{sync::mpsc, time::Instant};

use crate::client::ClientError;

/// Longest time that is told apart, in microseconds: a minute.
const LONGEST: u64 = 60_000_000;

/// Times of one kind.
pub struct Times(Mutex<Histogram<u64>>);

/// What the times of one kind look like, in milliseconds.
#[derive(Debug, Serialize)]
pub struct Spread {
    count: u64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Times {
    /// No times yet.
    pub fn new() -> Result<Self, ClientError> {
        let empty = Histogram::new_with_max(LONGEST, 3).map_err(|error| ClientError::told(error.to_string()))?;
        Ok(Self(Mutex::new(empty)))
    }

    fn lock(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was planned for then, and is done now.
    pub fn since(&self, planned: Instant) {
        self.add(planned.elapsed());
    }

    /// It took so long.
    pub fn add(&self, time: Duration) {
        self.lock().saturating_record(u64::try_from(time.as_micros()).unwrap_or(LONGEST));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.lock().len()
    }

    /// What they look like.
    pub fn spread(&self) -> Spread {
        let times = self.lock();
        let at = |quantile: f64| milliseconds(times.value_at_quantile(quantile));
        Spread {
            count: times.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            max_ms: milliseconds(times.max()),
        }
    }
}

fn milliseconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1_000.0
}

/// Counts what did not work, and keeps the first words about it.
#[derive(Default)]
pub struct Failures {
    count: AtomicU64,
    first: Mutex<Option<String>>,
}

impl Failures {
    /// Another one.
    pub fn add(&self, why: &impl ToString) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.to_string());
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// What was said of the first.
    pub fn first(&self) -> Option<String> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A load that leaves at its planned times.
pub struct Pace {
    every: Duration,
    total: u32,
}

impl Pace {
    /// So many a second, for so many seconds.
    pub fn new(rate: u32, seconds: u32) -> Self {
        Self { every: Duration::from_secs(1) / rate.max(1), total: rate.saturating_mul(seconds) }
    }

    /// Does the n-th thing at its time, and waits for all of them. A bar shows how far it is.
    pub async fn keep<F: Future<Output = ()> + Send + 'static>(&self, mut thing: impl FnMut(usize, Instant) -> F) {
        let bar = ProgressBar::new(u64::from(self.total));
        let mut under_way = tokio::task::JoinSet::new();
        let mut turns = self.turns();
        while let Some((n, planned)) = turns.recv().await {
            under_way.spawn(thing(usize::try_from(n).unwrap_or(usize::MAX), planned));
            while under_way.try_join_next().is_some() {}
            bar.inc(1);
        }
        under_way.join_all().await;
        bar.finish_and_clear();
    }

    /// The planned times, each as it comes. A thread keeps them: the runtime's timer is up to a millisecond late, which is more than
    /// some of what is measured.
    fn turns(&self) -> mpsc::UnboundedReceiver<(u32, Instant)> {
        let (turn, turns) = mpsc::unbounded_channel();
        let (every, total, start) = (self.every, self.total, Instant::now());
        std::thread::spawn(move || {
            for n in 0..total {
                let planned = start + every * n;
                std::thread::sleep(planned.saturating_duration_since(Instant::now()));
                if turn.send((n, planned)).is_err() {
                    return;
                }
            }
        });
        turns
    }
}

/// A count per second.
pub fn per_second(count: usize, time: Duration) -> f64 {
    let count = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    (count / time.as_secs_f64().max(f64::EPSILON)).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_answer_does_not_hold_the_load_back() {
        let times = std::sync::Arc::new(Times::new().unwrap());
        let (kept, started) = (times.clone(), Instant::now());
        Pace::new(100, 1)
            .keep(move |_, planned| {
                let times = kept.clone();
                async move {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    times.since(planned);
                }
            })
            .await;
        let spread = times.spread();
        assert_eq!(spread.count, 100);
        assert!(spread.p50_ms >= 499.0, "{spread:?}");
        // One after the other they would take fifty seconds.
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }

    #[test]
    fn the_first_failure_is_told() {
        let failures = Failures::default();
        failures.add(&"one");
        failures.add(&"two");
        assert_eq!((failures.count(), failures.first().as_deref()), (2, Some("one")));
    }
}

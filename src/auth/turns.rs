//! Work that keeps a core busy for long: as many pieces at once as there are cores less one, some wait, the rest are told to come
//! back. So nobody can take a machine from everybody else with a few hundred requests.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use metrics::Gauge;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::{Code, Problem};

/// How many may wait for their turn.
const QUEUE: usize = 64;
/// How long one waits at most.
const WAIT: Duration = Duration::from_secs(2);

/// Turns at one sort of work.
#[derive(Clone)]
pub struct Turns {
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
    gauge: Gauge,
}

/// Why work was not done.
#[derive(Debug, Error)]
pub enum NoTurn {
    /// Too much of it at once.
    #[error("too much of this work at once")]
    Busy,
    /// It broke.
    #[error("the work broke: {0}")]
    Broken(String),
}

impl From<NoTurn> for Problem {
    fn from(error: NoTurn) -> Self {
        match error {
            NoTurn::Busy => Self::new(Code::Overloaded).retry_after(WAIT),
            NoTurn::Broken(why) => {
                tracing::error!(why, "work of a core broke");
                Code::Internal.into()
            }
        }
    }
}

impl Turns {
    /// `gauge` counts what waits or runs.
    pub fn new(gauge: Gauge) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let permits = cores.saturating_sub(1).max(1);
        let (running, places) = (Arc::new(Semaphore::new(permits)), Arc::new(Semaphore::new(permits + QUEUE)));
        Self { running, places, gauge }
    }

    /// Waits for a turn and does the work on a blocking thread. The permit goes along: a caller that leaves does not free a core
    /// that still works.
    pub async fn take<T, F>(&self, work: F) -> Result<T, NoTurn>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let _place = Place::take(self)?;
        let permit = tokio::time::timeout(WAIT, self.running.clone().acquire_owned()).await;
        let permit: OwnedSemaphorePermit = permit.map_err(|_| NoTurn::Busy)?.map_err(|_| NoTurn::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.map_err(|error| NoTurn::Broken(error.to_string()))
    }
}

/// A place in the queue, counted while it is held.
struct Place {
    gauge: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    fn take(turns: &Turns) -> Result<Self, NoTurn> {
        let permit = turns.places.clone().try_acquire_owned().map_err(|_| NoTurn::Busy)?;
        turns.gauge.increment(1);
        Ok(Self { gauge: turns.gauge.clone(), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn beyond_the_queue_there_is_an_answer_at_once() {
        let turns = Turns::new(Gauge::noop());
        let all = u32::try_from(turns.places.available_permits()).unwrap();
        let held = turns.places.clone().acquire_many_owned(all).await.unwrap();
        assert!(matches!(turns.take(|| 1).await, Err(NoTurn::Busy)));
        drop(held);
        assert_eq!(turns.take(|| 1).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn never_more_at_once_than_there_are_turns() {
        let turns = Turns::new(Gauge::noop());
        let permits = turns.running.available_permits();
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = Arc::new(std::sync::Mutex::new(wait));
        let works: Vec<_> = (0..permits + 1)
            .map(|_| {
                let (turns, begun, wait) = (turns.clone(), begun.clone(), wait.clone());
                tokio::spawn(async move {
                    let work = move || {
                        begun.send(()).unwrap();
                        wait.lock().unwrap().recv().unwrap();
                    };
                    turns.take(work).await.unwrap();
                })
            })
            .collect();
        for _ in 0..permits {
            begins.recv().await.unwrap();
        }
        let one_more = tokio::time::timeout(Duration::from_millis(100), begins.recv()).await;
        assert!(one_more.is_err(), "the last one waits for its turn");
        (0..=permits).for_each(|_| go.send(()).unwrap());
        begins.recv().await.unwrap();
        for work in works {
            work.await.unwrap();
        }
    }

    #[tokio::test]
    async fn work_that_breaks_gives_its_turn_back() {
        let turns = Turns::new(Gauge::noop());
        let broken: Result<(), _> = turns.take(|| panic!("broken on purpose")).await;
        assert!(matches!(broken, Err(NoTurn::Broken(_))));
        assert_eq!(turns.take(|| 1).await.unwrap(), 1);
    }
}

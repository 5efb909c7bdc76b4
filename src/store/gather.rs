//! Many callers, one query: what arrives while a query runs goes into the next one together.
//!
//! Under light load a caller waits for nobody; under heavy load (every device reconnecting at once) thousands of look-ups
//! become a few. A `linger` can hold the first of a batch back a little, for work that nobody waits for.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::StoreError;

/// A database that hangs must not hang every device: its own time-outs do not run while it is frozen.
const PATIENCE: Duration = Duration::from_secs(5);

type Asked<Q, A> = (Q, oneshot::Sender<Result<A, StoreError>>);

/// Collects questions `Q` and answers each with an `A`.
pub(crate) struct Gather<Q, A> {
    lane: mpsc::Sender<Asked<Q, A>>,
}

impl<Q, A> Clone for Gather<Q, A> {
    fn clone(&self) -> Self {
        Self { lane: self.lane.clone() }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Gather<Q, A> {
    /// Starts the gathering task. `answer` gets at most `most` questions and must answer them in order.
    pub(crate) fn start<F>(runtime: &Handle, most: usize, linger: Duration, answer: F) -> Self
    where
        F: Fn(Vec<Q>) -> BoxFuture<'static, Result<Vec<A>, StoreError>> + Send + 'static,
    {
        let (lane, mut asked) = mpsc::channel::<Asked<Q, A>>(4 * most);
        runtime.spawn(async move {
            let mut batch = Vec::new();
            while asked.recv_many(&mut batch, most).await > 0 {
                if !linger.is_zero() {
                    tokio::time::sleep(linger).await;
                    let room = most.saturating_sub(batch.len());
                    if room > 0 && !asked.is_empty() {
                        asked.recv_many(&mut batch, room).await;
                    }
                }
                let (questions, callers): (Vec<Q>, Vec<_>) = batch.drain(..).unzip();
                let answered = tokio::time::timeout(PATIENCE, answer(questions)).await;
                let unanswered = |_| Err(StoreError::Unavailable("no answer in time".to_owned()));
                give(callers, answered.unwrap_or_else(unanswered));
            }
        });
        Self { lane }
    }

    /// Asks and waits for the batch that this question is in.
    pub(crate) async fn ask(&self, question: Q) -> Result<A, StoreError> {
        let (caller, answer) = oneshot::channel();
        self.lane.send((question, caller)).await.map_err(|_| StoreError::Interrupted)?;
        answer.await.map_err(|_| StoreError::Interrupted)?
    }
}

fn give<A>(callers: Vec<oneshot::Sender<Result<A, StoreError>>>, answers: Result<Vec<A>, StoreError>) {
    match answers {
        Ok(answers) => {
            for (caller, answer) in callers.into_iter().zip(answers) {
                // A caller that went away does not need its answer.
                let _ = caller.send(Ok(answer));
            }
        }
        Err(error) => {
            tracing::warn!(%error, callers = callers.len(), "a gathered query failed");
            for caller in callers {
                let _ = caller.send(Err(StoreError::Unavailable(error.to_string())));
            }
        }
    }
}

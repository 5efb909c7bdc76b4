//! Redis, as far as it answers. Nothing in it is needed for correctness; every question has a bounded wait, and after a
//! failure it is left alone for a second, so that a Redis that is down costs no request more than one short wait.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use redis::{Cmd, FromRedisValue, RedisResult};
use tokio::time::{error::Elapsed, timeout};

use super::redis_servers::{RedisConnection, RedisServers};

/// Longest wait for one answer.
const WAIT: Duration = Duration::from_millis(250);
/// How long it is left alone after a failure.
const REST: Duration = Duration::from_secs(1);

/// So many questions without an answer may be about one member of a cluster.
const STRIKES: u32 = 3;

/// The command connection, cheap to use from anywhere.
pub struct Shared {
    connection: RedisConnection,
    prefix: String,
    resting: Mutex<Option<Instant>>,
    /// Questions to a cluster that had no answer in time, since one had.
    strikes: AtomicU32,
}

impl Shared {
    /// Makes the connection lazily. Must be called on the main runtime, which then drives it.
    pub fn new(servers: &RedisServers, prefix: &str) -> RedisResult<Self> {
        Ok(Self {
            connection: servers.commands(WAIT)?,
            prefix: prefix.to_owned(),
            resting: Mutex::new(None),
            strikes: AtomicU32::new(0),
        })
    }

    /// A key or channel of this installation.
    pub fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    /// Asks, unless it failed within the last second. `None`: no answer.
    pub async fn ask<T>(&self, question: impl AsyncFnOnce(RedisConnection) -> RedisResult<T>) -> Option<T> {
        if self.is_resting() {
            return None;
        }
        let answer = timeout(WAIT, question(self.connection.clone())).await;
        match answer {
            Ok(Ok(value)) => {
                self.strikes.store(0, Ordering::Relaxed);
                Some(value)
            }
            // One member of a cluster said no, at once: the others may well answer.
            Ok(Err(error)) if self.connection.is_cluster() => {
                tracing::debug!(%error, "a member of the Redis Cluster does not answer");
                None
            }
            Ok(Err(error)) => self.rest(&error),
            // One that stands still: only if nobody else answers either.
            Err(_) if self.connection.is_cluster() && self.strikes.fetch_add(1, Ordering::Relaxed) < STRIKES => None,
            Err(elapsed) => self.rest(&elapsed),
        }
    }

    /// Asks many things, all on their way at once, as in a pipeline, but each to the server that has it. `None`: no answer to that one.
    pub async fn ask_each<T: FromRedisValue>(&self, commands: &[Cmd]) -> Vec<Option<T>> {
        if self.is_resting() {
            return commands.iter().map(|_| None).collect();
        }
        let asked = commands.iter().map(|command| {
            let mut redis = self.connection.clone();
            async move { timeout(WAIT, command.query_async(&mut redis)).await }
        });
        let no = |error: &dyn std::fmt::Display| error.to_string();
        let read =
            |answer: Result<RedisResult<T>, Elapsed>| answer.map_err(|late| no(&late))?.map_err(|error| no(&error));
        let answers: Vec<Result<T, String>> = join_all(asked).await.into_iter().map(read).collect();
        if let Some(Err(error)) = answers.first()
            && answers.iter().all(Result::is_err)
        {
            self.rest::<()>(error);
        }
        answers.into_iter().map(Result::ok).collect()
    }

    fn is_resting(&self) -> bool {
        let mut resting = self.resting.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match *resting {
            Some(since) if since.elapsed() < REST => true,
            _ => {
                *resting = None;
                false
            }
        }
    }

    fn rest<T>(&self, error: &dyn std::fmt::Display) -> Option<T> {
        tracing::warn!(%error, "Redis does not answer; going on without it");
        *self.resting.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Instant::now());
        None
    }
}

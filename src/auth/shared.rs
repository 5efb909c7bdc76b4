//! Redis, as far as it answers. Nothing in it is needed for correctness; every question has a bounded wait, and after a
//! failure it is left alone for a second, so that a Redis that is down costs no request more than one short wait.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use redis::RedisResult;

use super::redis_servers::{RedisConnection, RedisServers};

/// Longest wait for one answer.
const WAIT: Duration = Duration::from_millis(250);
/// How long it is left alone after a failure.
const REST: Duration = Duration::from_secs(1);

/// The command connection, cheap to use from anywhere.
pub struct Shared {
    connection: RedisConnection,
    prefix: String,
    resting: Mutex<Option<Instant>>,
}

impl Shared {
    /// Makes the connection lazily. Must be called on the main runtime, which then drives it.
    pub fn new(servers: &RedisServers, prefix: &str) -> RedisResult<Self> {
        Ok(Self { connection: servers.commands(WAIT)?, prefix: prefix.to_owned(), resting: Mutex::new(None) })
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
        let answer = tokio::time::timeout(WAIT, question(self.connection.clone())).await;
        match answer {
            Ok(Ok(value)) => Some(value),
            Ok(Err(error)) => self.rest(&error),
            Err(elapsed) => self.rest(&elapsed),
        }
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

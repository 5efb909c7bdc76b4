//! What is used here: the time that it counts by, a minute of it, and what is left.

use std::time::Duration;

use jiff::Timestamp;
use tokio::{task::spawn_blocking, time::Instant};

use super::{Device, MINUTE, What};
use crate::{
    client::{
        api::ApiError,
        bodies::{UsageReport, UsageTold},
        device::usage::Turn,
    },
    domain::budget::DeviceBudget,
    sync::frame::UsageFrame,
};

impl Device {
    /// The server has answered a question of this device, which took so long.
    pub async fn answered(&mut self, server_time: Timestamp, took: Duration) {
        let (reading, took_ms) = (self.clock(), u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        self.usage.heard(server_time, took_ms, &reading);
        self.keep_usage().await;
        self.heard().await;
    }

    /// When the next minute of the pretend user is over, if there is one.
    pub fn minute_at(&self) -> Option<Instant> {
        (!self.usage.is_idle()).then_some(self.minute_at)
    }

    /// A minute of the pretend user went by. What it left is on disk when this comes back.
    pub async fn minute(&mut self) {
        self.minute_at = Instant::now() + MINUTE;
        let reading = self.clock();
        for Turn { item, closed } in self.usage.minute(&reading) {
            self.voice.tell(closed.map_or(What::Opened { item: item.clone() }, |closed| What::Closed { item, closed }));
        }
        self.keep_usage().await;
    }

    pub(super) async fn keep_usage(&self) {
        let (keep, kept) = self.usage.kept();
        if !matches!(spawn_blocking(move || keep.keep_usage(&kept)).await, Ok(Ok(()))) {
            self.voice.tell(What::Trouble { words: "What was used could not be written down.".to_owned() });
        }
    }

    /// The server says what is left.
    pub async fn left(&mut self, budget: DeviceBudget) {
        let reading = self.clock();
        self.usage.told(budget, &reading);
        self.keep_usage().await;
    }

    /// Tells the server over plain requests what was used, and learns what is left and what time it is.
    pub async fn tell_usage(&mut self) -> Result<(), ApiError> {
        let UsageFrame { id, slots } = self.usage.report();
        let asked = Instant::now();
        let told: UsageTold = self.api.post("/v1/teen/usage", &UsageReport { slots }).await?;
        id.into_iter().for_each(|id| self.usage.confirmed(&id));
        self.answered(told.server_time, asked.elapsed()).await;
        if let Some(budget) = told.budget {
            self.left(budget).await;
        }
        Ok(())
    }

    /// The server has answered a hello that said since when the clock was wrong.
    pub fn clock_told(&mut self, since: Option<Timestamp>) {
        since.into_iter().for_each(|since| self.usage.clock_told(since));
    }
}

//! The questions that come from thousands of devices at once, gathered into a few queries.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;

use super::{
    Store, StoreError,
    gather::Gather,
    kinship::DeviceOf,
    policies::Reading,
    reports::{Arrived, Beat, Heard, Judged, OfItself, Report},
    usage::Usage,
};
use crate::domain::{budget::Told, secret::TokenHash};

/// Most questions in one query.
const MOST: usize = 500;
/// A heartbeat's answer may wait this long for company: its client waits ten seconds.
const HEARTBEAT_LINGER: Duration = Duration::from_millis(250);

/// Gathers token look-ups, reports, heartbeats and usage.
#[derive(Clone)]
pub struct DeviceWork {
    tokens: Gather<TokenHash, Option<DeviceOf>>,
    readings: Gather<TokenHash, Result<Option<Reading>, StoreError>>,
    reports: Gather<Report, Judged>,
    arrivals: Gather<Beat, Option<Arrived>>,
    beats: Gather<Beat, Option<Heard>>,
    usage: Gather<Usage, ()>,
    told: Gather<DeviceOf, Option<Told>>,
}

impl DeviceWork {
    /// Starts the gathering tasks on the current runtime.
    pub fn start(store: &Store) -> Self {
        let runtime = Handle::current();
        let at_once = Duration::ZERO;
        let (tokens, reports, usage) = (store.clone(), store.clone(), store.clone());
        let (arrivals, beats, readings, told) = (store.clone(), store.clone(), store.clone(), store.clone());
        Self {
            tokens: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = tokens.clone();
                async move { store.devices_of(batch).await }.boxed()
            }),
            readings: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = readings.clone();
                async move { store.readings_of(batch).await }.boxed()
            }),
            reports: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = reports.clone();
                async move { store.keep_reports(batch).await }.boxed()
            }),
            arrivals: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = arrivals.clone();
                async move { hear(&store, batch, true).await }.boxed()
            }),
            beats: Gather::start(&runtime, MOST, HEARTBEAT_LINGER, move |batch| {
                let store = beats.clone();
                async move {
                    let heard = hear(&store, batch, false).await?;
                    Ok(heard.into_iter().map(|arrived| arrived.map(|arrived| arrived.heard)).collect())
                }
                .boxed()
            }),
            usage: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = usage.clone();
                async move {
                    let taken = vec![(); batch.len()];
                    store.merge_usage(batch).await.map(|()| taken)
                }
                .boxed()
            }),
            told: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = told.clone();
                async move { store.tell_and_lend(batch).await }.boxed()
            }),
        }
    }

    /// Which device shows this token, if it lives.
    pub async fn device_of(&self, token: TokenHash) -> Result<Option<DeviceOf>, StoreError> {
        self.tokens.ask(token).await
    }

    /// The same, with the newest policy of its teen.
    pub async fn reading_of(&self, token: TokenHash) -> Result<Option<Reading>, StoreError> {
        self.readings.ask(token).await?
    }

    /// Keeps a report. When this returns, it is durable.
    pub async fn report(&self, report: Report) -> Result<Judged, StoreError> {
        self.reports.ask(report).await
    }

    /// Marks a device as heard and reads what it should have; `None` if it was revoked.
    pub async fn beat(&self, device: DeviceOf, said: OfItself) -> Result<Option<Heard>, StoreError> {
        self.beats.ask(Beat { device, app_version: None, said }).await
    }

    /// A device without a socket asked or told something: it is not silent. Its answer does not wait for that; the next one says it again.
    pub fn note_heard(&self, device: DeviceOf) {
        let work = self.clone();
        tokio::spawn(async move {
            if let Err(error) = work.beat(device, OfItself::default()).await {
                tracing::debug!(%error, "that a device was heard could not be written down");
            }
        });
    }

    /// Marks a device that has just said hello as heard, at once, and reads what it should have.
    pub async fn arrive(
        &self,
        device: DeviceOf,
        app_version: Option<String>,
        said: OfItself,
    ) -> Result<Option<Arrived>, StoreError> {
        self.arrivals.ask(Beat { device, app_version, said }).await
    }

    /// Merges usage. When this returns, it is durable.
    pub async fn use_up(&self, usage: Usage) -> Result<(), StoreError> {
        self.usage.ask(usage).await
    }

    /// What is left for a device that has told what it knows, and what it is lent of it; nothing where its policy cannot be read.
    pub async fn told(&self, device: DeviceOf) -> Result<Option<Told>, StoreError> {
        self.told.ask(device).await
    }
}

async fn hear(store: &Store, batch: Vec<Beat>, arriving: bool) -> Result<Vec<Option<Arrived>>, StoreError> {
    let devices: Vec<_> = batch.iter().map(|beat| beat.device.device()).collect();
    let heard = store.hear(batch, arriving).await?;
    Ok(devices.iter().map(|device| heard.get(device).cloned()).collect())
}

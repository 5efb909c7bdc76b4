//! The questions that come from thousands of devices at once, gathered into a few queries.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;

use super::{
    Store, StoreError,
    gather::Gather,
    kinship::DeviceOf,
    reports::{Beat, Heard, Judged, Report},
    usage::Usage,
};
use crate::domain::secret::TokenHash;

/// Most questions in one query.
const MOST: usize = 500;
/// A heartbeat's answer may wait this long for company: its client waits ten seconds.
const HEARTBEAT_LINGER: Duration = Duration::from_millis(250);

/// Gathers token look-ups, reports, heartbeats and usage.
#[derive(Clone)]
pub struct DeviceWork {
    tokens: Gather<TokenHash, Option<DeviceOf>>,
    reports: Gather<Report, Judged>,
    arrivals: Gather<Beat, Option<Heard>>,
    beats: Gather<Beat, Option<Heard>>,
    usage: Gather<Usage, ()>,
}

impl DeviceWork {
    /// Starts the gathering tasks on the current runtime.
    pub fn start(store: &Store) -> Self {
        let runtime = Handle::current();
        let at_once = Duration::ZERO;
        let (tokens, reports, usage) = (store.clone(), store.clone(), store.clone());
        let heard = |linger| {
            let store = store.clone();
            Gather::start(&runtime, MOST, linger, move |batch| {
                let store = store.clone();
                async move { hear(&store, batch).await }.boxed()
            })
        };
        Self {
            tokens: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = tokens.clone();
                async move { store.devices_of(batch).await }.boxed()
            }),
            reports: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = reports.clone();
                async move { store.keep_reports(batch).await }.boxed()
            }),
            arrivals: heard(at_once),
            beats: heard(HEARTBEAT_LINGER),
            usage: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = usage.clone();
                async move {
                    let taken = vec![(); batch.len()];
                    store.merge_usage(batch).await.map(|()| taken)
                }
                .boxed()
            }),
        }
    }

    /// Which device shows this token, if it lives.
    pub async fn device_of(&self, token: TokenHash) -> Result<Option<DeviceOf>, StoreError> {
        self.tokens.ask(token).await
    }

    /// Keeps a report. When this returns, it is durable.
    pub async fn report(&self, report: Report) -> Result<Judged, StoreError> {
        self.reports.ask(report).await
    }

    /// Marks a device as heard and reads what it should have; `None` if it was revoked.
    pub async fn beat(&self, device: DeviceOf) -> Result<Option<Heard>, StoreError> {
        self.beats.ask(Beat { device, app_version: None }).await
    }

    /// The same for a device that has just said hello, at once.
    pub async fn arrive(&self, device: DeviceOf, app_version: Option<String>) -> Result<Option<Heard>, StoreError> {
        self.arrivals.ask(Beat { device, app_version }).await
    }

    /// Merges usage. When this returns, it is durable.
    pub async fn use_up(&self, usage: Usage) -> Result<(), StoreError> {
        self.usage.ask(usage).await
    }
}

async fn hear(store: &Store, batch: Vec<Beat>) -> Result<Vec<Option<Heard>>, StoreError> {
    let devices: Vec<_> = batch.iter().map(|beat| beat.device.device()).collect();
    let heard = store.hear(batch).await?;
    Ok(devices.iter().map(|device| heard.get(device).copied()).collect())
}

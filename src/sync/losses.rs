//! Devices that had a policy of an epoch before the newest one, because the database was restored or another was promoted: what of it
//! is gone is named, for many devices in one query, and again until the database has taken it, for as long as this node lives. No socket waits for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::ids::DeviceId,
    store::{Store, reports::Had},
};

/// Most devices in one query.
const MOST: usize = 500;
/// Wait after a query that failed.
const RETRY: Duration = Duration::from_secs(1);

/// What is still to be named. One entry per device, so it cannot outgrow those that were here.
pub struct Losses {
    store: Store,
    due: Mutex<HashMap<DeviceId, Had>>,
    wake: Notify,
}

impl Losses {
    pub(super) fn new(store: Store) -> Self {
        Self { store, due: Mutex::default(), wake: Notify::new() }
    }

    /// A device had this.
    pub fn had(&self, had: Had) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let rank = |had: &Had| (had.said_by, had.version);
        let known = due.entry(had.device.device()).or_insert_with(|| had.clone());
        if rank(known) < rank(&had) {
            *known = had;
        }
        drop(due);
        self.wake.notify_one();
    }

    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.wake.notified()).await.is_some() {
            loop {
                let batch = self.take();
                if batch.is_empty() {
                    break;
                }
                if let Err(error) = self.store.name_lost(&batch).await {
                    tracing::warn!(%error, devices = batch.len(), "lost revisions could not be named; trying again");
                    batch.into_iter().for_each(|had| self.had(had));
                    if stop.run_until_cancelled(tokio::time::sleep(RETRY)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    fn take(&self) -> Vec<Had> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let some: Vec<DeviceId> = due.keys().take(MOST).copied().collect();
        some.iter().filter_map(|device| due.remove(device)).collect()
    }
}

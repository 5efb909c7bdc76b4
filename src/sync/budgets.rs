//! Tells the other devices of a teen what is left when one has told what was used on it: within the second, and together with what
//! comes a moment later. Losing this costs accuracy and nothing else: each device asks for itself whenever it tells something.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{frame::ServerFrame, hub::Hub, publish::text};
use crate::{
    domain::{
        budget::DeviceBudget,
        ids::{DeviceId, TeenId},
    },
    store::{Store, StoreError},
};

/// Most teens in one read.
const MOST: usize = 200;
/// What comes meanwhile is told together, and a policy that was changed goes ahead.
const GATHER: Duration = Duration::from_millis(300);

/// Collects whom to tell and tells them.
pub struct Budgets {
    store: Store,
    hub: Arc<Hub>,
    due: Mutex<HashSet<TeenId>>,
    wake: Notify,
}

impl Budgets {
    pub(super) fn new(store: Store, hub: Arc<Hub>) -> Self {
        Self { store, hub, due: Mutex::default(), wake: Notify::new() }
    }

    /// What is left of a teen's day moved. The device that told of it knows.
    pub fn moved(&self, teen: TeenId, told_by: Option<DeviceId>) {
        if self.hub.devices_of(teen).iter().any(|device| Some(*device) != told_by) {
            self.due.lock().unwrap_or_else(PoisonError::into_inner).insert(teen);
            self.wake.notify_one();
        }
    }

    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.wake.notified()).await.is_some() {
            if stop.run_until_cancelled(tokio::time::sleep(GATHER)).await.is_none() {
                return;
            }
            let due: Vec<TeenId> = self.due.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
            for some in due.chunks(MOST) {
                if let Err(error) = self.tell(some).await {
                    tracing::warn!(%error, "what is left could not be told; devices ask for it with their next report");
                }
            }
        }
    }

    async fn tell(&self, teens: &[TeenId]) -> Result<(), StoreError> {
        let of: Vec<_> = teens.iter().map(|teen| (*teen, self.hub.devices_of(*teen))).collect();
        for (device, told) in self.store.told(&of).await? {
            self.hub.tell_device(device, &text(&ServerFrame::Budget(DeviceBudget::from(told)))?);
        }
        Ok(())
    }
}

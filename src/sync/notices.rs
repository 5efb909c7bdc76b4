//! Tells guardians how their teens' devices stand, as soon as a device has said something or something new is wanted.
//!
//! The standing is read from the device's reports when it is told, so a notice is never greener than the truth.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    frame::{DeviceNotice, Notice, ServerFrame},
    hub::Hub,
    publish::text,
};
use crate::{
    domain::{
        ids::{DeviceId, TeenId},
        report::{Issue, Standing},
        version::Version,
        words::in_words,
    },
    store::{Store, StoreError, reports::DeviceStanding},
};

/// What was last told about a device, so that the sweep's repetitions stay silent.
type Told = (Version, Standing, Vec<Issue>);

/// Collects what to tell and tells it.
pub struct Notices {
    store: Store,
    hub: Arc<Hub>,
    due: Mutex<HashMap<TeenId, HashSet<DeviceId>>>,
    told: Mutex<HashMap<DeviceId, Told>>,
    wake: Notify,
}

impl Notices {
    pub(super) fn new(store: Store, hub: Arc<Hub>) -> Self {
        Self { store, hub, due: Mutex::default(), told: Mutex::default(), wake: Notify::new() }
    }

    /// A device reported something.
    pub fn about_device(&self, teen: TeenId, device: DeviceId) {
        if self.hub.guards(teen) {
            self.due.lock().unwrap_or_else(PoisonError::into_inner).entry(teen).or_default().insert(device);
            self.wake.notify_one();
        }
    }

    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.wake.notified()).await.is_some() {
            let due = std::mem::take(&mut *self.due.lock().unwrap_or_else(PoisonError::into_inner));
            for (teen, devices) in due {
                for device in devices {
                    if let Err(error) = self.tell(teen, device).await {
                        tracing::warn!(%error, "a device's standing could not be told; guardians can read it");
                    }
                }
            }
            self.forget_absent();
        }
    }

    async fn tell(&self, teen: TeenId, device: DeviceId) -> Result<(), StoreError> {
        let Some(standing) = self.store.device_standing(teen, device).await? else { return Ok(()) };
        let now: Told = (standing.desired.version, standing.standing(), standing.issues().to_vec());
        let before = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(device, now.clone());
        if before.as_ref() != Some(&now) {
            self.hub.tell_guardians(teen, &text(&device_notice(standing))?);
        }
        Ok(())
    }

    /// Nobody here guards most teens most of the time.
    fn forget_absent(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > 10_000 {
            told.clear();
        }
    }
}

/// A standing as a frame.
pub fn device_notice(standing: DeviceStanding) -> ServerFrame {
    ServerFrame::Notice(Notice::Device(DeviceNotice {
        teen_id: standing.teen,
        device_id: standing.device,
        desired: standing.desired.version,
        state: standing.standing(),
        confirmed_at: standing.reports.applied.as_ref().map(|applied| applied.confirmed_at),
        took_ms: standing.took_ms(),
        issues: in_words(&standing.name, standing.issues()),
        device_name: standing.name,
    }))
}

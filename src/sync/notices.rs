//! Tells guardians how their teens' devices stand, as soon as a device has said something or something new is wanted.
//!
//! The standing is read from the device's reports when it is told, so a notice is never greener than the truth.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
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
    store::{
        Store, StoreError,
        reports::{ClockFault, ClockInWords, DeviceStanding, Reported},
    },
};

/// What was last told about a device, so that the sweep's repetitions stay silent and cost nothing.
struct Told {
    standing: (Version, Standing, Vec<Issue>, ClockFault),
    reported_at: Option<Timestamp>,
}

/// Collects what to tell and tells it.
pub struct Notices {
    store: Store,
    hub: Arc<Hub>,
    due: Mutex<HashSet<DeviceId>>,
    told: Mutex<HashMap<DeviceId, Told>>,
    wake: Notify,
}

/// Most devices in one read.
const MOST: usize = 500;
/// Most devices that are remembered. Beyond, all are forgotten, and some notices may come twice.
const MOST_TOLD: usize = 100_000;

impl Notices {
    pub(super) fn new(store: Store, hub: Arc<Hub>) -> Self {
        Self { store, hub, due: Mutex::default(), told: Mutex::default(), wake: Notify::new() }
    }

    /// A device reported something.
    pub fn about_device(&self, teen: TeenId, device: DeviceId) {
        if self.hub.guards(teen) {
            self.due.lock().unwrap_or_else(PoisonError::into_inner).insert(device);
            self.wake.notify_one();
        }
    }

    /// What the sweep found: only what was not told yet is looked at again.
    pub fn about_lately(&self, reported: Vec<Reported>) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let missed =
            |reported: &Reported| told.get(&reported.device).is_none_or(|told| told.reported_at < Some(reported.at));
        let missed: Vec<DeviceId> = reported.into_iter().filter(missed).map(|reported| reported.device).collect();
        drop(told);
        if !missed.is_empty() {
            self.due.lock().unwrap_or_else(PoisonError::into_inner).extend(missed);
            self.wake.notify_one();
        }
    }

    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.wake.notified()).await.is_some() {
            let due: Vec<DeviceId> = self.due.lock().unwrap_or_else(PoisonError::into_inner).drain().collect();
            for some in due.chunks(MOST) {
                if let Err(error) = self.tell(some).await {
                    tracing::warn!(%error, "devices' standings could not be told; the sweep finds them, and guardians can read them");
                }
            }
        }
    }

    async fn tell(&self, devices: &[DeviceId]) -> Result<(), StoreError> {
        for standing in self.store.standings_of(devices).await? {
            if self.is_news(&standing) {
                let teen = standing.teen;
                self.hub.tell_guardians(teen, &text(&device_notice(standing))?);
            }
        }
        Ok(())
    }

    fn is_news(&self, standing: &DeviceStanding) -> bool {
        // A clock that goes on being wrong is no news.
        let clock = ClockFault { off_seconds: standing.clock.off_seconds.signum(), ..standing.clock };
        let now = (standing.desired.version, standing.standing(), standing.issues().to_vec(), clock);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > MOST_TOLD {
            told.clear();
        }
        let news = Told { standing: now, reported_at: standing.reported_at };
        let before = told.get(&standing.device).is_some_and(|before| before.standing == news.standing);
        told.insert(standing.device, news);
        !before
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
        clock: ClockInWords::of(&standing.name, &standing.clock),
        device_name: standing.name,
    }))
}

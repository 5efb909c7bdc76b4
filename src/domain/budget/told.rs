//! What a device is told when it has told what was used on it.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Budget, DAY, Gifts, Lease, Leases, Left, Limits, lease, spent};
use crate::domain::{ids::DeviceId, usage::UsageSlot};

/// A teen's day as the server counts it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The local day.
    pub day: Date,
    /// What limits it.
    pub limits: Limits,
    /// What was given.
    pub gifts: Gifts,
    /// What every device has told of it.
    pub slots: Vec<(DeviceId, UsageSlot)>,
    /// What counts as used on the earlier days of its week.
    pub week_before: u32,
}

/// What one device is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What is left, by what all devices have told.
    pub budget: Budget,
    /// What of it is this device's own use, on the whole (`day`) and of each item with minutes of its own.
    pub own: BTreeMap<String, u32>,
    /// How far it may go on by itself; nothing: no limit.
    pub lease: Option<Lease>,
}

/// The same as it travels: the `budget` frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"day": "2026-11-27", "items": [{"item": "day", "limit_seconds": 3600, "granted_seconds": 900,
    "used_seconds": 4100, "remaining_seconds": 400, "own_seconds": 1200}], "lease": {"up_to_seconds": 1600, "until": "2026-11-27T15:00:00Z"}}))]
pub struct DeviceBudget {
    /// The local day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// The whole day (`day`), its week (`week`), then each item with minutes of its own.
    pub items: Vec<DeviceLeft>,
    /// How far this device may go on by itself; null: no limit.
    pub lease: Option<Lease>,
}

/// One limit of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceLeft {
    /// See [`Left`].
    #[serde(flatten)]
    pub left: Left,
    /// What of the use today is this device's own, as the server knows it.
    pub own_seconds: u32,
}

impl From<Told> for DeviceBudget {
    fn from(Told { budget, own, lease }: Told) -> Self {
        let item = |left: Left| DeviceLeft { own_seconds: own.get(&left.item).copied().unwrap_or_default(), left };
        Self { day: budget.day, items: budget.items.into_iter().map(item).collect(), lease }
    }
}

impl From<DeviceBudget> for Told {
    fn from(DeviceBudget { day, items, lease }: DeviceBudget) -> Self {
        let own = items.iter().map(|item| (item.left.item.clone(), item.own_seconds)).collect();
        Self { budget: Budget { day, items: items.into_iter().map(|item| item.left).collect() }, own, lease }
    }
}

impl Counted {
    /// What is left, by what all devices have told.
    pub fn budget(&self) -> Budget {
        let slots = self.slots.iter().map(|(device, slot)| (*device, slot));
        Budget::of(self.day, &self.limits, &self.gifts, &spent(slots, &self.limits), self.week_before)
    }

    /// Tells a device, and lends to it where there is a limit.
    pub fn tell(&self, device: DeviceId, leases: &mut Leases, now: Timestamp) -> Told {
        let (budget, own) = (self.budget(), self.own(device));
        let lease = budget.remaining().map(|remaining| lease(leases, device, remaining, &self.by_device(), now));
        Told { budget, own, lease }
    }

    fn own(&self, device: DeviceId) -> BTreeMap<String, u32> {
        let slots = self.slots.iter().filter(|(of, _)| *of == device);
        let own = spent(slots.map(|(of, slot)| (*of, slot)), &self.limits);
        own.items.into_iter().chain([(DAY.to_owned(), own.seconds)]).collect()
    }

    fn by_device(&self) -> BTreeMap<DeviceId, u32> {
        let mut devices: BTreeMap<DeviceId, Vec<&UsageSlot>> = BTreeMap::new();
        for (device, slot) in &self.slots {
            devices.entry(*device).or_default().push(slot);
        }
        let used = |slots: Vec<&UsageSlot>| spent(slots.into_iter().map(|slot| ((), slot)), &self.limits).seconds;
        devices.into_iter().map(|(device, slots)| (device, used(slots))).collect()
    }
}

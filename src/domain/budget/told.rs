//! What a device is told when it has told what was used on it.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Budget, DAY, Gifts, Lease, Leases, Left, Lent, Limits, Spent, WEEK, lease, spent};
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
    /// How far it may go on by itself; nothing: no limit of day or week.
    pub lease: Option<Lease>,
    /// The same of each item with minutes of its own.
    pub leases: BTreeMap<String, Lease>,
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
    /// How far this device may go on by itself; null: nothing is lent, because there is no limit or because it did not ask.
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
    /// Of an item with minutes of its own: how far this device may go on with it by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

impl From<Told> for DeviceBudget {
    fn from(Told { budget, own, lease, leases }: Told) -> Self {
        let item = |left: Left| DeviceLeft {
            own_seconds: own.get(&left.item).copied().unwrap_or_default(),
            lease: leases.get(&left.item).copied(),
            left,
        };
        Self { day: budget.day, items: budget.items.into_iter().map(item).collect(), lease }
    }
}

impl From<DeviceBudget> for Told {
    fn from(DeviceBudget { day, items, lease }: DeviceBudget) -> Self {
        let own = items.iter().map(|item| (item.left.item.clone(), item.own_seconds)).collect();
        let leases = items.iter().filter_map(|item| Some((item.left.item.clone(), item.lease?))).collect();
        Self { budget: Budget { day, items: items.into_iter().map(|item| item.left).collect() }, own, lease, leases }
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
        let (budget, by_device) = (self.budget(), self.by_device());
        let used = |item: &str| by_device.iter().map(|(of, spent)| (*of, spent.on(item))).collect();
        let lend = |lent: &mut Lent, item: &str, remaining| lease(lent, device, remaining, &used(item), now);
        let whole = budget.remaining().map(|remaining| lend(&mut leases.of, DAY, remaining));
        let of_items = budget.items.iter().filter(|left| !matches!(left.item.as_str(), DAY | WEEK));
        let mut lend_item = |left: &Left| {
            let lent = leases.items.entry(left.item.clone()).or_default();
            Some((left.item.clone(), lend(lent, &left.item, left.remaining_seconds?)))
        };
        let of_items = of_items.filter_map(&mut lend_item).collect();
        let own = by_device.get(&device).cloned().unwrap_or_default();
        let own = self.limits.items.keys().map(String::as_str).chain([DAY]).map(|item| (item.to_owned(), own.on(item)));
        Told { own: own.collect(), budget, lease: whole, leases: of_items }
    }

    /// What each device has used.
    fn by_device(&self) -> BTreeMap<DeviceId, Spent> {
        let mut devices: BTreeMap<DeviceId, Vec<&UsageSlot>> = BTreeMap::new();
        for (device, slot) in &self.slots {
            devices.entry(*device).or_default().push(slot);
        }
        let used = |slots: Vec<&UsageSlot>| spent(slots.into_iter().map(|slot| ((), slot)), &self.limits);
        devices.into_iter().map(|(device, slots)| (device, used(slots))).collect()
    }
}

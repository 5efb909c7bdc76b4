//! What a device is told when it has told what was used on it.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};

use super::{Budget, DAY, Gifts, Lease, Leases, Limits, lease, spent};
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

//! Leases: how devices share what is left without asking each other.
//!
//! Two devices that cannot hear of each other could each spend all that is left. So the server lends: each device may go on until
//! its own use of the day reaches what it was lent, ten minutes more than it has told at most. What is lent to others is not lent
//! again while they may still use it. A lease runs out after ten minutes; what was not told by then can be lent once more.
//!
//! **The bound.** At any time what devices have told, and what is lent and has not run out, is within the limit together with what
//! was given. Beyond that a device can only have used, and not told: one lease that ran out, and the minutes that the policy
//! allows it without the server (`time.offline_minutes`, A). Once it tells, nothing is left to lend to anybody. So a day's use of N
//! devices is at most `limit + granted + N · (10 minutes + A)`. The same holds of each item that has minutes of its own: they are
//! lent apart.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::ids::DeviceId;

/// The longest lease, in seconds of use and of time.
pub const LONGEST: u32 = 600;
/// What is left of a lease, in use or in time, is renewed below this: a device reports once a minute.
const RENEWED_BELOW: u32 = 300;
/// A lease counts a little longer here than on the device: its clock may be that much behind.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// How far a device may go on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"up_to_seconds": 2400, "until": "2026-11-27T15:00:00Z"}))]
pub struct Lease {
    /// The device's own counted use of this day may reach this.
    pub up_to_seconds: u32,
    /// Until when. After that it goes on without the server, if the policy allows it some minutes for that.
    pub until: Timestamp,
}

/// All leases of a teen's day, by device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leases {
    /// The local day that they are for.
    pub day: Date,
    /// Who was lent what of day and week together.
    pub of: Lent,
    /// The same of each item that has minutes of its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub items: BTreeMap<String, Lent>,
}

/// What was lent of one thing, by device.
pub type Lent = BTreeMap<DeviceId, Lease>;

impl Leases {
    /// None yet.
    pub const fn on(day: Date) -> Self {
        Self { day, of: BTreeMap::new(), items: BTreeMap::new() }
    }

    /// Those of a day: what was lent for another one is void.
    pub fn for_day(self, day: Date) -> Self {
        if self.day == day { self } else { Self::on(day) }
    }
}

impl Lease {
    /// What may be used by it beyond what was told, now.
    fn outstanding(&self, used: u32, now: Timestamp) -> u32 {
        let counts = now < self.until.saturating_add(GRACE).unwrap_or(self.until);
        if counts { self.up_to_seconds.saturating_sub(used) } else { 0 }
    }
}

/// Lends to a device. `remaining`: what is left by what all devices have told; `used`: what each device has told of
/// this day. The lease that it has stays where it is good for long enough, so that few are written.
pub fn lease(
    lent: &mut Lent,
    device: DeviceId,
    remaining: u32,
    used: &BTreeMap<DeviceId, u32>,
    now: Timestamp,
) -> Lease {
    let told = |device: &DeviceId| used.get(device).copied().unwrap_or_default();
    let others = lent.iter().filter(|(other, _)| **other != device);
    let held = others.map(|(other, lease)| lease.outstanding(told(other), now)).fold(0, u32::saturating_add);
    let free = remaining.saturating_sub(held);
    let own = told(&device);
    if let Some(lease) = lent.get(&device).copied() {
        let (left, time) = (lease.up_to_seconds.saturating_sub(own), lease.until.duration_since(now).as_secs());
        // What is lent must be there: less may be left than when it was lent.
        if left <= free && time > i64::from(RENEWED_BELOW) && (left > RENEWED_BELOW || left == free) {
            return lease;
        }
    }
    let until = now.saturating_add(SignedDuration::from_secs(LONGEST.into())).unwrap_or(now);
    let lease = Lease { up_to_seconds: own.saturating_add(free.min(LONGEST)), until };
    lent.insert(device, lease);
    lease
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn device(number: u128) -> DeviceId {
        Uuid::from_u128(number).into()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn what_is_lent_is_not_lent_twice_until_it_runs_out() {
        let mut lent = Lent::new();
        let none = BTreeMap::new();
        assert_eq!(lease(&mut lent, device(1), 900, &none, at(0)), Lease { up_to_seconds: 600, until: at(600) });
        assert_eq!(lease(&mut lent, device(2), 900, &none, at(0)).up_to_seconds, 300);
        assert_eq!(lease(&mut lent, device(3), 900, &none, at(0)).up_to_seconds, 0);
        // The first has told 600: what it was lent is used, and nothing is left but what the second holds.
        let used = [(device(1), 600)].into();
        assert_eq!(lease(&mut lent, device(1), 300, &used, at(500)).up_to_seconds, 600);
        // The second was never heard of again: a minute after its lease ran out it is lent to the first.
        assert_eq!(lease(&mut lent, device(1), 300, &used, at(659)).up_to_seconds, 600);
        assert_eq!(lease(&mut lent, device(1), 300, &used, at(661)).up_to_seconds, 900);
    }

    #[test]
    fn a_good_lease_is_kept() {
        let mut lent = Lent::new();
        let first = lease(&mut lent, device(1), 3_600, &BTreeMap::new(), at(0));
        let used = |seconds| [(device(1), seconds)].into();
        assert_eq!(lease(&mut lent, device(1), 3_540, &used(60), at(60)), first);
        assert_eq!(lease(&mut lent, device(1), 3_300, &used(300), at(200)).up_to_seconds, 900);
        let today = jiff::civil::date(2026, 11, 27);
        let leases = Leases { of: lent.clone(), ..Leases::on(today) };
        assert_eq!(leases.clone().for_day(today), leases);
        assert_eq!(leases.for_day(jiff::civil::date(2026, 11, 28)).of.len(), 0);
        // The limit was lowered: no more is lent than is left.
        assert_eq!(lease(&mut lent, device(1), 60, &used(300), at(210)).up_to_seconds, 360);
    }
}

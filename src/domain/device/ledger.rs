//! What a device has counted itself: seconds per slot and item.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::held::Today;
use crate::domain::{
    budget::{Limits, Spent, spent},
    usage::{SLOT_SECONDS, UsageSlot},
};

/// Slots older than this many seconds are forgotten: the server takes none that are older than eight days.
const REMEMBERED: i64 = 8 * 86_400;

/// Absolute seconds, as they are told to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<UsageSlot>", into = "Vec<UsageSlot>")]
pub struct Ledger {
    slots: BTreeMap<(i64, String), i16>,
}

impl Ledger {
    /// Counts the use of an item that ended at `at` and lasted so many seconds. A slot never holds more than it has seconds.
    pub fn count(&mut self, item: &str, at: Timestamp, seconds: u32) {
        let (mut end, mut left) = (at.as_second(), i64::from(seconds));
        while left > 0 {
            // The last second before `end`, and how much of the use lies in its slot.
            let slot = (end - 1).div_euclid(SLOT_SECONDS);
            let part = left.min(end - slot * SLOT_SECONDS);
            let counted = self.slots.entry((slot, item.to_owned())).or_default();
            *counted = i16::try_from(i64::from(*counted).saturating_add(part).min(SLOT_SECONDS)).unwrap_or(*counted);
            (end, left) = (slot * SLOT_SECONDS, left - part);
        }
        let oldest = (at.as_second() - REMEMBERED).div_euclid(SLOT_SECONDS);
        self.slots.retain(|(slot, _), _| *slot >= oldest);
    }

    /// All slots, as they are told.
    pub fn slots(&self) -> Vec<UsageSlot> {
        self.clone().into()
    }

    /// What counts as used on a day.
    pub fn spent(&self, day: Today, limits: &Limits) -> Spent {
        let slots = self.of(day);
        spent(slots.iter().map(|slot| ((), slot)), limits)
    }

    fn of(&self, day: Today) -> Vec<UsageSlot> {
        let edge = |at: Timestamp| (at.as_second().div_euclid(SLOT_SECONDS), String::new());
        let slots = self.slots.range(edge(day.from)..edge(day.to));
        slots.map(|((slot, item), seconds)| UsageSlot { item: item.clone(), slot: *slot, seconds: *seconds }).collect()
    }
}

impl From<Ledger> for Vec<UsageSlot> {
    fn from(ledger: Ledger) -> Self {
        ledger.slots.into_iter().map(|((slot, item), seconds)| UsageSlot { item, slot, seconds }).collect()
    }
}

impl From<Vec<UsageSlot>> for Ledger {
    fn from(slots: Vec<UsageSlot>) -> Self {
        Self { slots: slots.into_iter().map(|slot| ((slot.slot, slot.item), slot.seconds)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_is_cut_at_the_edges_of_slots() {
        let mut ledger = Ledger::default();
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        ledger.count("feed", at(60), 60);
        ledger.count("feed", at(330), 60);
        ledger.count("feed", at(360), 30);
        let told: Vec<(i64, i16)> = ledger.slots().iter().map(|slot| (slot.slot - 6_000_000, slot.seconds)).collect();
        assert_eq!(told, [(0, 90), (1, 60)]);
        ledger.count("feed", at(360), 9_999);
        assert!(ledger.slots().iter().all(|slot| slot.seconds <= 300));
        let json = serde_json::to_string(&ledger).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&json).unwrap(), ledger);
    }
}

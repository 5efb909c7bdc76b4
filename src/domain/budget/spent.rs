//! What counts as used of a day: slots of several devices, added up.

use std::collections::BTreeMap;

use super::{Counting, DAY, Limits, within};
use crate::domain::usage::{SLOT_SECONDS, UsageSlot};

/// What was used of a day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spent {
    /// What counts towards the day.
    pub seconds: u32,
    /// Of each item that has minutes of its own.
    pub items: BTreeMap<String, u32>,
}

impl Spent {
    /// Of an item that has minutes of its own.
    pub fn of(&self, item: &str) -> u32 {
        self.items.get(item).copied().unwrap_or_default()
    }

    /// Of an item, or of the whole ([`DAY`]).
    pub fn on(&self, item: &str) -> u32 {
        if item == DAY { self.seconds } else { self.of(item) }
    }
}

/// Adds up the slots of one day: within a slot no device counts for more than it has seconds, nor, by [`Counting::Union`], do all
/// of them together.
pub fn spent<'a, D: Ord + Copy>(slots: impl IntoIterator<Item = (D, &'a UsageSlot)>, limits: &Limits) -> Spent {
    let slots: Vec<(D, &UsageSlot)> = slots.into_iter().collect();
    let counted = slots.iter().copied().filter(|(_, slot)| limits.counts(&slot.item));
    let of_item = |limited: &String| {
        let items = slots.iter().copied().filter(|(_, slot)| within(&slot.item, limited));
        (limited.clone(), sum(items, limits.counting))
    };
    Spent { seconds: sum(counted, limits.counting), items: limits.items.keys().map(of_item).collect() }
}

fn sum<'a, D: Ord>(slots: impl Iterator<Item = (D, &'a UsageSlot)>, counting: Counting) -> u32 {
    let mut by_device: BTreeMap<(i64, D), u32> = BTreeMap::new();
    for (device, slot) in slots {
        let seconds = by_device.entry((slot.slot, device)).or_default();
        *seconds = at_most_a_slot(seconds.saturating_add(u32::try_from(slot.seconds).unwrap_or_default()));
    }
    if counting == Counting::Sum {
        return by_device.into_values().fold(0, u32::saturating_add);
    }
    let mut by_slot: BTreeMap<i64, u32> = BTreeMap::new();
    for ((slot, _), seconds) in by_device {
        let together = by_slot.entry(slot).or_default();
        *together = at_most_a_slot(together.saturating_add(seconds));
    }
    by_slot.into_values().fold(0, u32::saturating_add)
}

fn at_most_a_slot(seconds: u32) -> u32 {
    seconds.min(u32::try_from(SLOT_SECONDS).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(item: &str, slot: i64, seconds: i16) -> UsageSlot {
        UsageSlot { item: item.into(), slot, seconds }
    }

    fn limits(counting: Counting) -> Limits {
        let items = [("games".to_owned(), 900)].into();
        Limits { counting, items, not_counted: ["learn".to_owned()].into_iter().collect(), ..Limits::default() }
    }

    /// Edge case 22: two devices used in the same five minutes.
    #[test]
    fn two_devices_at_once_are_ten_minutes_or_five() {
        let told = [(1, slot("games", 7, 300)), (2, slot("feed", 7, 300))];
        let told = || told.iter().map(|(device, slot)| (*device, slot));
        assert_eq!(spent(told(), &limits(Counting::Sum)).seconds, 600);
        assert_eq!(spent(told(), &limits(Counting::Union)).seconds, 300);
        assert_eq!(spent(told(), &limits(Counting::Union)).of("games"), 300);
    }

    #[test]
    fn parts_count_for_the_whole_and_a_device_for_no_more_than_the_clock() {
        let told = [
            (1, slot("games/chess", 7, 200)),
            (1, slot("games", 7, 200)),
            (1, slot("learn/maths", 8, 300)),
            (1, slot("help", 9, 300)),
        ];
        let spent = spent(told.iter().map(|(device, slot)| (*device, slot)), &limits(Counting::Sum));
        assert_eq!((spent.seconds, spent.of("games")), (300, 300));
    }
}

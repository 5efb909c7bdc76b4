//! Usage as a device counts it: absolute seconds per five-minute slot, never "add some".
//!
//! A slot is `unix seconds ÷ 300`, whole. Every zone in use is a whole number of slots from UTC, so a local midnight
//! falls between two. The same report sent twice, late or shuffled changes nothing: the greater value stays.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::budget::{DAY, WEEK};

/// Seconds in a slot.
pub const SLOT_SECONDS: i64 = 300;
/// Most slots in one report.
pub const MOST_SLOTS: usize = 300;
/// A slot may start this many seconds after now (a clock a little fast); beyond, it has not happened.
const AHEAD_SECONDS: i64 = 600;
/// Slots older than this many days are not taken any more.
const OLDEST_DAYS: i64 = 8;

/// How long one item was used within one slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageSlot {
    /// What was used: an app, a category or a feature (`app:org.example`, `cat:games`, `feed`).
    pub item: String,
    /// Unix seconds ÷ 300, whole.
    pub slot: i64,
    /// Absolute seconds within the slot, 0–300.
    pub seconds: i16,
}

/// Why a slot was left out. The others of the same report still count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, Error)]
#[serde(rename_all = "snake_case")]
pub enum SlotFault {
    /// More seconds than a slot has, or fewer than none.
    #[error("seconds must be 0 to 300")]
    Seconds,
    /// The slot has not happened yet.
    #[error("the slot is in the future")]
    Future,
    /// Older than eight days.
    #[error("the slot is too old")]
    TooOld,
    /// Not 1–64 printable ASCII characters, or a name that stands for all items (`day`, `week`).
    #[error("the item is not a word")]
    Item,
}

impl UsageSlot {
    /// Whether the slot can be counted at `now`.
    pub fn check(&self, now: Timestamp) -> Result<(), SlotFault> {
        let start = self.slot.saturating_mul(SLOT_SECONDS);
        if super::text::word(&self.item).is_err() || matches!(self.item.as_str(), DAY | WEEK) {
            Err(SlotFault::Item)
        } else if !(0..=SLOT_SECONDS).contains(&i64::from(self.seconds)) {
            Err(SlotFault::Seconds)
        } else if start > now.as_second().saturating_add(AHEAD_SECONDS) {
            Err(SlotFault::Future)
        } else if start < now.as_second().saturating_sub(OLDEST_DAYS * 86_400) {
            Err(SlotFault::TooOld)
        } else {
            Ok(())
        }
    }
}

/// What is known from reports in any order, with repeats: per device, slot and item the greatest number of seconds.
///
/// The store does the same with what it has kept already (`greatest` in one statement), so a batch may be merged first.
pub fn merged<D: Ord>(reports: impl IntoIterator<Item = (D, UsageSlot)>) -> BTreeMap<(D, i64, String), i16> {
    let mut known = BTreeMap::new();
    for (device, UsageSlot { item, slot, seconds }) in reports {
        let most = known.entry((device, slot, item)).or_insert(seconds);
        *most = seconds.max(*most);
    }
    known
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn reports() -> impl Strategy<Value = Vec<(u8, UsageSlot)>> {
        let one = (0_u8..2, "[ab]", 0_i64..3, 0_i16..=300);
        vec(one.prop_map(|(device, item, slot, seconds)| (device, UsageSlot { item, slot, seconds })), 0..12)
    }

    proptest! {
        /// Repeats, another order and other batches change nothing.
        #[test]
        fn order_and_repeats_do_not_matter(
            (told, shuffled) in reports().prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = merged(told.clone());
            prop_assert_eq!(&merged(told.iter().chain(&shuffled).cloned()), &whole);
            let (early, late) = shuffled.split_at(cut.index(shuffled.len() + 1));
            let kept = |batch: &[(u8, UsageSlot)]| {
                merged(batch.to_vec()).into_iter().map(|((device, slot, item), seconds)| (device, UsageSlot { item, slot, seconds }))
            };
            prop_assert_eq!(&merged(kept(late).chain(kept(early))), &whole);
            for (device, it) in &told {
                prop_assert!(whole[&(*device, it.slot, it.item.clone())] >= it.seconds);
            }
            for ((device, slot, item), seconds) in whole {
                let known = (device, UsageSlot { item, slot, seconds });
                prop_assert!(told.contains(&known));
            }
        }
    }

    fn slot(item: &str, slot: i64, seconds: i16) -> UsageSlot {
        UsageSlot { item: item.into(), slot, seconds }
    }

    #[test]
    fn only_what_can_have_happened_counts() {
        let now = Timestamp::from_second(1_780_000_000).unwrap();
        let here = now.as_second() / SLOT_SECONDS;
        assert_eq!(slot("app:a", here, 300).check(now), Ok(()));
        assert_eq!(slot("app:a", here, 301).check(now), Err(SlotFault::Seconds));
        assert_eq!(slot("app:a", here, -1).check(now), Err(SlotFault::Seconds));
        assert_eq!(slot("app:a", here + 3, 1).check(now), Err(SlotFault::Future));
        assert_eq!(slot("app:a", i64::MAX, 1).check(now), Err(SlotFault::Future));
        assert_eq!(slot("app:a", i64::MIN, 1).check(now), Err(SlotFault::TooOld));
        assert_eq!(slot("", i64::MAX, 1).check(now), Err(SlotFault::Item), "in the order of the page");
        assert_eq!(slot("app:a", here - 9 * 288, 1).check(now), Err(SlotFault::TooOld));
        assert_eq!(slot("a b", here, 1).check(now), Err(SlotFault::Item));
    }
}

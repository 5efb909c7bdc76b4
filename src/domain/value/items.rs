//! Minutes of single items, and items that a limit does not concern.

use std::collections::{BTreeMap, BTreeSet};

use super::{DayMinutes, GivenItem, ValueError};
use crate::domain::text;

/// The most items that a client may send in one value.
pub(super) const MAX_ITEMS: usize = 100;
/// Stands for all items among exceptions.
const ALL: &str = "*";

/// Minutes a day for single items of use; fewer are stricter, item by item. An item that is not there has no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemMinutes(BTreeMap<String, DayMinutes>);

impl ItemMinutes {
    /// Each item with its minutes, sorted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&String, &DayMinutes)> {
        self.0.iter()
    }

    /// Item by item the fewer of both.
    pub(super) fn fewer(&self, other: &Self) -> Self {
        let mut all = self.0.clone();
        for (item, minutes) in &other.0 {
            all.entry(item.clone()).and_modify(|own| *own = own.fewer(*minutes)).or_insert(*minutes);
        }
        Self(all)
    }

    /// The items of both, each with the more of both.
    pub(super) fn more(&self, other: &Self) -> Self {
        let both = self.0.iter().filter_map(|(item, minutes)| Some((item.clone(), minutes.more(*other.0.get(item)?))));
        Self(both.filter(|(_, minutes)| *minutes != DayMinutes::UNLIMITED).collect())
    }

    /// Reads them; what limits nothing is left out.
    pub(super) fn from_given(given: Vec<GivenItem>) -> Result<Self, ValueError> {
        let mut items = BTreeMap::new();
        for GivenItem { item, minutes } in given {
            let item = text::word(&item).map_err(ValueError::Word)?;
            if items.insert(item, minutes.checked()?).is_some() {
                return Err(ValueError::ItemTwice);
            }
        }
        items.retain(|_, minutes| *minutes != DayMinutes::UNLIMITED);
        Ok(Self(items))
    }

    pub(super) fn to_given(&self) -> Vec<GivenItem> {
        let given =
            |(item, minutes): (&String, &DayMinutes)| GivenItem { item: item.clone(), minutes: (*minutes).into() };
        self.0.iter().map(given).collect()
    }
}

/// Exceptions: where everything is one, nothing else needs to be named.
pub(super) fn exceptions(items: BTreeSet<String>) -> BTreeSet<String> {
    if items.contains(ALL) { everything() } else { items }
}

/// The exceptions that leave nothing to limit.
pub(super) fn everything() -> BTreeSet<String> {
    [ALL.to_owned()].into()
}

/// What both let off.
pub(super) fn common(a: &BTreeSet<String>, b: &BTreeSet<String>) -> BTreeSet<String> {
    match (a.contains(ALL), b.contains(ALL)) {
        (true, _) => b.clone(),
        (_, true) => a.clone(),
        _ => a & b,
    }
}

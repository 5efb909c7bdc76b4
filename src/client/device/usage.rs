//! A pretend user: so many seconds of something per minute, counted as the protocol asks for.

use std::{collections::BTreeMap, str::FromStr};

use jiff::Timestamp;

use crate::domain::usage::{MOST_SLOTS, SLOT_SECONDS, UsageSlot};
use crate::sync::frame::UsageFrame;

/// What is used, and how many seconds of each minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    item: String,
    seconds: i16,
}

impl FromStr for Use {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let told = "is not ITEM=SECONDS with 0 to 60 seconds, as in feed=30";
        let (item, seconds) = text.rsplit_once('=').ok_or(told)?;
        let seconds = seconds.parse().ok().filter(|seconds| (0..=60).contains(seconds)).ok_or(told)?;
        match crate::domain::text::word(item) {
            Ok(item) => Ok(Self { item, seconds }),
            Err(_) => Err(told),
        }
    }
}

/// Absolute seconds per slot and item, and what of it the server does not have yet.
///
/// Counts from nothing after a restart; the server keeps the greater value, so a pretend minute may be lost.
#[derive(Debug, Default)]
pub struct Counter {
    uses: Vec<Use>,
    slots: BTreeMap<(i64, String), i16>,
    sent: Option<UsageFrame>,
    number: u64,
}

impl Counter {
    /// Counts these.
    pub fn new(uses: Vec<Use>) -> Self {
        Self { uses, ..Self::default() }
    }

    /// Whether there is anything to count.
    pub fn is_idle(&self) -> bool {
        self.uses.is_empty()
    }

    /// A minute went by.
    pub fn minute(&mut self, now: Timestamp) {
        let slot = now.as_second().div_euclid(SLOT_SECONDS);
        for used in &self.uses {
            let seconds = self.slots.entry((slot, used.item.clone())).or_default();
            *seconds = seconds.saturating_add(used.seconds).min(300);
        }
    }

    /// Everything that the server has not confirmed, newest first.
    pub fn report(&mut self) -> Option<UsageFrame> {
        if self.slots.is_empty() {
            return None;
        }
        self.number = self.number.saturating_add(1);
        let newest = self.slots.iter().rev().take(MOST_SLOTS);
        let slots =
            newest.map(|((slot, item), seconds)| UsageSlot { item: item.clone(), slot: *slot, seconds: *seconds });
        let frame = UsageFrame { id: Some(format!("usage-{}", self.number)), slots: slots.collect() };
        self.sent = Some(frame.clone());
        Some(frame)
    }

    /// The server has durably taken a report: finished slots are forgotten, the one that still grows is kept.
    pub fn confirmed(&mut self, id: &str) {
        let Some(sent) = self.sent.take_if(|sent| sent.id.as_deref() == Some(id)) else { return };
        let newest = self.slots.last_key_value().map(|((slot, _), _)| *slot);
        for used in sent.slots.iter().filter(|used| Some(used.slot) != newest) {
            self.slots.remove(&(used.slot, used.item.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_absolute_and_kept_until_confirmed() {
        let at = |minute: i64| Timestamp::from_second(1_800_000_000 + minute * 60).unwrap();
        let mut counter = Counter::new(vec!["feed=50".parse().unwrap()]);
        assert_eq!(counter.report(), None);
        (0..6).for_each(|minute| counter.minute(at(minute)));
        let report = counter.report().unwrap();
        let seconds: Vec<i16> = report.slots.iter().map(|slot| slot.seconds).collect();
        assert_eq!(seconds, [50, 250]);
        counter.confirmed("usage-0");
        assert_eq!(counter.report().unwrap().slots.len(), 2);
        counter.confirmed("usage-2");
        assert_eq!(counter.report().unwrap().slots.len(), 1);
    }

    #[test]
    fn uses_are_bounded() {
        assert!("cat:games=60".parse::<Use>().is_ok());
        for bad in ["feed", "feed=61", "feed=-1", "=3", "a b=3"] {
            assert!(bad.parse::<Use>().is_err(), "{bad}");
        }
    }
}

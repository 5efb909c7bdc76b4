//! Windows of local time: of the week, of the weeks of some months, and of single dates.

mod ahead;
mod intervals;
mod reading;
mod weeks;
mod writing;

#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

pub(super) use self::reading::named_dates;
use self::{intervals::Intervals, weeks::Weeks};
use super::{GivenEntry, GivenOnly, GivenWindow, ValueError, day::DAY};

/// The most windows in one value that a client may send, those of dates included.
pub(super) const MAX_WINDOWS: usize = 50;

/// The most dates that a client may name in one value.
pub(super) const MAX_DATES: usize = 400;

/// The most days from the first to the last date of a range, both included.
pub(super) const MAX_RANGE: usize = 100;

/// The years whose dates can be named. In all others the week alone counts.
pub(super) const YEARS: std::ops::RangeInclusive<i16> = 2000..=2200;

/// The local times at which something is off, in the teen's home zone; a superset is stricter.
///
/// Every minute of every civil day is covered or not: by the week of the day's month, or, for a date that is named, by
/// what is said of that date. Two values are equal exactly when they cover the same minutes, however they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Windows {
    weeks: Weeks,
    /// The minutes of a civil day (0..1440) where they are others than those of its week.
    dates: BTreeMap<Date, Intervals>,
}

impl Windows {
    /// The intervals `[from, to)` of covered minutes of a civil day, within 0..=1440, sorted and apart.
    pub fn on(&self, date: Date) -> impl Iterator<Item = (u16, u16)> {
        let (minutes, midnight) = self.dates.get(&date).map_or_else(|| self.weeks.day(date), |named| (named, 0));
        minutes.within(midnight, midnight + DAY)
    }

    /// Whether a minute of a civil day (0..1440) lies in a window.
    pub fn contains(&self, date: Date, minute: u16) -> bool {
        self.on(date).any(|(from, to)| (from..to).contains(&minute))
    }

    /// Whether there is no window, on no day of the calendar.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty() && self.weeks == Weeks::default()
    }

    /// What is said of the weeks alone, as it is written.
    pub fn of_the_week(&self) -> Vec<GivenWindow> {
        writing::weekly(&self.weeks)
    }

    /// The dates that are named and were not, or otherwise, in `before`; as they are written.
    pub fn dates_new_since(&self, before: &Self) -> Vec<GivenOnly> {
        let new = self.dates.iter().filter(|&(date, covered)| before.dates.get(date) != Some(covered));
        writing::dated(new)
    }

    /// The dates that are not named any more and were in `before`; as they were written.
    pub fn dates_gone_since(&self, before: &Self) -> Vec<GivenOnly> {
        writing::dated(before.dates.iter().filter(|(date, _)| !self.dates.contains_key(date)))
    }

    /// Reads windows as they are given; see [`GivenEntry`] for what they mean.
    pub(super) fn from_given(given: &[GivenEntry]) -> Result<Self, ValueError> {
        reading::read(given)
    }

    /// The one way to write these windows: those of the week first, then the dates.
    pub(super) fn to_given(&self) -> Vec<GivenEntry> {
        let dates = writing::dated(&self.dates).into_iter().map(GivenEntry::Only);
        self.of_the_week().into_iter().map(GivenEntry::Weekly).chain(dates).collect()
    }

    /// All that either of both covers.
    pub(super) fn union(&self, other: &Self) -> Self {
        self.with(other, Intervals::union)
    }

    /// What both cover.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        self.with(other, Intervals::intersection)
    }

    fn with(&self, other: &Self, both: impl Fn(&Intervals, &Intervals) -> Intervals) -> Self {
        let weeks = self.weeks.with(&other.weeks, &both);
        let mut together = Self { weeks, dates: BTreeMap::new() };
        let named: BTreeSet<&Date> = self.dates.keys().chain(other.dates.keys()).collect();
        for date in named {
            let of = |windows: &Self| windows.on(*date).collect();
            together.name(*date, both(&of(self), &of(other)));
        }
        together
    }

    /// Keeps what a date covers, unless its week says the same.
    fn name(&mut self, date: Date, covered: Intervals) {
        let (week, midnight) = self.weeks.day(date);
        if covered != week.within(midnight, midnight + DAY).collect() {
            self.dates.insert(date, covered);
        }
    }
}

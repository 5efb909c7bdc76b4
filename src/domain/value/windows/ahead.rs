//! Windows as stretches of local time, one after the other.

use std::{
    iter,
    ops::Bound::{Excluded, Unbounded},
};

use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Time},
};

use super::{
    super::day::DAY,
    Windows,
    weeks::{WEEK, Weeks},
};

impl Windows {
    /// All that is covered from the beginning of a date on, as half-open stretches `[from, to)` of local time, in order
    /// and apart. What has no end ends at [`DateTime::MAX`].
    ///
    /// Lazy, and never far from the next one: of a week that covers nothing or everything only the dates are looked at
    /// that say something else, so whatever comes at all is found within a year of the last date that is named.
    pub fn ahead(&self, from: Date) -> impl Iterator<Item = (DateTime, DateTime)> {
        let dates = iter::successors(Some(from), |date| self.next(*date));
        let mut pieces = dates.flat_map(|date| self.pieces(date)).peekable();
        iter::from_fn(move || {
            let (from, mut to) = pieces.next()?;
            while let Some((_, end)) = pieces.next_if(|(next, _)| *next == to) {
                to = end;
            }
            Some((from, to))
        })
    }

    /// What a date covers. A piece until midnight stands for all dates before the next one to look at.
    fn pieces(&self, date: Date) -> impl Iterator<Item = (DateTime, DateTime)> {
        let end = self.next(date).map_or(DateTime::MAX, midnight);
        let at = move |minute: u16| midnight(date).saturating_add(SignedDuration::from_mins(minute.into()));
        self.on(date).map(move |(from, to)| (at(from), if to == DAY { end } else { at(to) }))
    }

    /// The next date to look at: tomorrow, unless tomorrow and what follows is wholly covered, or wholly free, as this one is.
    fn next(&self, date: Date) -> Option<Date> {
        let week = self.weeks.in_month(date.month()).as_slice();
        if self.dates.contains_key(&date) || !matches!(week, [] | [(0, WEEK)]) {
            return date.tomorrow().ok();
        }
        let named = self.dates.range((Excluded(date), Unbounded)).next().map(|(named, _)| *named);
        let month = match &self.weeks {
            Weeks::Alike(_) => None,
            Weeks::ByMonth(_) => date.last_of_month().tomorrow().ok(),
        };
        named.into_iter().chain(month).min()
    }
}

fn midnight(date: Date) -> DateTime {
    date.to_datetime(Time::midnight())
}

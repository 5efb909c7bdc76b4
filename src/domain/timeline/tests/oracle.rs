//! The rule once more, slow and plain: a walk through the minutes of UTC that looks at the clock at each of them.
//!
//! Twice, by two ways of thinking. One looks at each window: the first minute of the walk at which the clock shows its
//! start, the last at which it shows its end. The other looks at each minute: which local times have been shown, and of
//! which is the end still to come. Neither asks the zone for anything but the offset at an instant.

use jiff::civil::date;

use super::*;

/// What a zone's clock shows at each minute from a first one on; local times in minutes since Monday 29 December 1969.
pub(super) struct Walk {
    first: i64,
    shown: Vec<i64>,
}

impl Walk {
    pub(super) fn new(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Self {
        let (first, last) = (from.as_second() / 60, to.as_second() / 60);
        let shown = (first..last).map(|minute| {
            let offset = i64::from(zone.to_offset(Timestamp::from_second(minute * 60).unwrap()).seconds());
            assert_eq!(offset % 60, 0, "whole minutes");
            minute + offset / 60 + 3 * 1440
        });
        Self { first, shown: shown.collect() }
    }

    /// The minute of the walk at which an instant lies.
    pub(super) fn index(&self, at: Timestamp) -> usize {
        usize::try_from(at.as_second().div_euclid(60) - self.first).unwrap()
    }

    pub(super) fn instant(&self, index: usize) -> Timestamp {
        Timestamp::from_second((self.first + i64::try_from(index).unwrap()) * 60).unwrap()
    }

    pub(super) fn minutes(&self) -> usize {
        self.shown.len()
    }

    /// Window by window. One that began before the walk begins with it, and one that goes on after it ends with it.
    pub(super) fn blocked_by_windows(&self, windows: &Windows) -> Vec<bool> {
        let covered = Covered::of(windows, &self.shown);
        let (least, most) = (*self.shown.iter().min().unwrap(), *self.shown.iter().max().unwrap());
        let mut blocked = vec![false; self.shown.len()];
        let begins = |local: i64| covered.has(local) && (local == least || !covered.has(local - 1));
        for start in (least..=most).filter(|local| begins(*local)) {
            let end = (start + 1..=most).find(|local| !covered.has(*local));
            let from = self.first_time(start).unwrap();
            let to = end.and_then(|end| self.last_time(end)).unwrap_or(self.shown.len());
            blocked[from..to.max(from)].fill(true);
        }
        blocked
    }

    fn first_time(&self, local: i64) -> Option<usize> {
        self.shown.iter().position(|it| *it == local).or_else(|| self.end_of_gap(local))
    }

    fn last_time(&self, local: i64) -> Option<usize> {
        self.shown.iter().rposition(|it| *it == local).or_else(|| self.end_of_gap(local))
    }

    fn end_of_gap(&self, local: i64) -> Option<usize> {
        self.shown.iter().position(|it| *it > local)
    }

    /// Minute by minute, as the rule is written.
    pub(super) fn blocked_by_minutes(&self, windows: &Windows) -> Vec<bool> {
        let covered = Covered::of(windows, &self.shown);
        let spans = self.earliest().into_iter().zip(self.latest());
        spans.map(|(from, to)| (from..=to).any(|local| covered.has(local))).collect()
    }

    /// For each minute the number of its day, counted from 29 December 1969.
    pub(super) fn days(&self, day_start_minute: i64) -> Vec<i64> {
        self.latest().into_iter().map(|local| (local - day_start_minute).div_euclid(1440)).collect()
    }

    /// For each minute the latest local one that has been shown.
    fn latest(&self) -> Vec<i64> {
        self.shown.iter().scan(i64::MIN, |latest, it| Some(*it.max(latest)).inspect(|it| *latest = *it)).collect()
    }

    /// For each minute the earliest local one whose end, the minute after it, is still to come; before a gap, where that
    /// is not shown, the one on the clock.
    fn earliest(&self) -> Vec<i64> {
        let mut least_to_come = i64::MAX;
        let back = self.shown.iter().rev().map(|it| {
            let earliest = *it.min(&(least_to_come - 1));
            least_to_come = *it.min(&least_to_come);
            earliest
        });
        let mut earliest: Vec<i64> = back.collect();
        earliest.reverse();
        earliest
    }
}

/// Which local minutes lie in a window, day by day.
struct Covered {
    first: i64,
    minutes: Vec<bool>,
}

impl Covered {
    /// Of all dates that are shown, and a day around.
    fn of(windows: &Windows, shown: &[i64]) -> Self {
        let day = |local: &i64| local.div_euclid(1440);
        let days = shown.iter().map(day).min().unwrap() - 1..=shown.iter().map(day).max().unwrap() + 1;
        let first = days.start() * 1440;
        let minutes = days.flat_map(|day| {
            let date = date(1969, 12, 29) + SignedDuration::from_hours(day * 24);
            let mut minutes = [false; 1440];
            for (from, to) in windows.on(date) {
                minutes[usize::from(from)..usize::from(to)].fill(true);
            }
            minutes
        });
        Self { first, minutes: minutes.collect() }
    }

    fn has(&self, local: i64) -> bool {
        self.minutes[usize::try_from(local - self.first).unwrap()]
    }
}

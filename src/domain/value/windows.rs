//! Windows of the local week.

use std::collections::{BTreeMap, BTreeSet};

use super::{Day, GivenWindow, ValueError, day::DAY};

/// The most windows in one value that a client may send.
pub(super) const MAX_WINDOWS: usize = 50;

/// Minutes from Monday 00:00 to the next.
const WEEK: u16 = 7 * DAY;

/// The times of the week at which something is off, in the teen's home zone; a superset is stricter.
///
/// Held as sorted half-open intervals of minutes counted from Monday 00:00, none overlapping or touching, all within
/// 0..10080. A night from Sunday to Monday is therefore two of them, one at each end. Two values are equal exactly
/// when they cover the same minutes, however they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Windows(Vec<(u16, u16)>);

impl Windows {
    /// The intervals `[from, to)` in minutes of the week, sorted and apart.
    pub fn intervals(&self) -> &[(u16, u16)] {
        &self.0
    }

    /// Whether a minute of a day (0..1440) lies in a window.
    pub fn contains(&self, day: Day, minute: u16) -> bool {
        let at = day.start().saturating_add(minute);
        self.0.iter().any(|&(from, to)| (from..to).contains(&at))
    }

    /// Whether there is no minute outside the windows, so that what is off never comes on.
    pub fn cover_the_week(&self) -> bool {
        matches!(self.0.as_slice(), [(0, WEEK)])
    }

    /// The intervals week after week and without end, from the first one that ends after `minute`. All minutes are
    /// counted from Monday 00:00 of the same week, on into the following weeks.
    pub fn after(&self, minute: i64) -> impl Iterator<Item = (i64, i64)> {
        let weeks = (0_i64..).take_while(|_| !self.0.is_empty()).map(|week| week * i64::from(WEEK));
        let endless =
            weeks.flat_map(|week| self.0.iter().map(move |&(from, to)| (week + i64::from(from), week + i64::from(to))));
        endless.skip_while(move |&(_, to)| to <= minute)
    }

    /// All that either of both covers.
    pub(super) fn union(&self, other: &Self) -> Self {
        merged(self.0.iter().chain(&other.0).copied().collect())
    }

    /// What both cover.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let both = |&(a, b): &(u16, u16)| {
            other.0.iter().map(move |&(c, d)| (a.max(c), b.min(d))).filter(|(from, to)| from < to)
        };
        merged(self.0.iter().flat_map(both).collect())
    }

    /// Reads windows with days, from and to; see [`GivenWindow`] for what they mean.
    pub(super) fn from_given(given: &[GivenWindow]) -> Result<Self, ValueError> {
        let mut intervals = Vec::new();
        for window in given {
            let (from, length) = span(window)?;
            for day in &window.days {
                let start = day.start() + from;
                let end = start + length;
                intervals.push((start, end.min(WEEK)));
                if end > WEEK {
                    intervals.push((0, end - WEEK));
                }
            }
        }
        Ok(merged(intervals))
    }

    /// The one way to write these windows: those with equal times share a line, ordered by their times.
    pub(super) fn to_given(&self) -> Vec<GivenWindow> {
        let mut days_of: BTreeMap<(u16, u16), BTreeSet<Day>> = BTreeMap::new();
        for (start, end) in self.within_a_day_each() {
            let from = start % DAY;
            let to = if from + (end - start) <= DAY { from + (end - start) } else { end % DAY };
            days_of.entry((from, to)).or_default().insert(Day::of_minute(start));
        }
        days_of.into_iter().map(|((from, to), days)| GivenWindow { days, from: clock(from), to: clock(to) }).collect()
    }

    /// The intervals joined over the end of the week, then those longer than 24 hours cut at midnights, as a window
    /// cannot say more than a day.
    fn within_a_day_each(&self) -> Vec<(u16, u16)> {
        let mut pieces = Vec::new();
        for (mut start, end) in self.joined_over_sunday() {
            while end - start > DAY {
                let midnight = (start / DAY + 1) * DAY;
                pieces.push((start, midnight));
                start = midnight;
            }
            pieces.push((start, end));
        }
        pieces
    }

    fn joined_over_sunday(&self) -> Vec<(u16, u16)> {
        match self.0.as_slice() {
            [(0, morning), middle @ .., (evening, WEEK)] => {
                middle.iter().copied().chain([(*evening, WEEK + morning)]).collect()
            }
            apart => apart.to_vec(),
        }
    }
}

/// Sorts, and joins what overlaps or touches.
fn merged(mut intervals: Vec<(u16, u16)>) -> Windows {
    intervals.sort_unstable();
    let mut apart: Vec<(u16, u16)> = Vec::with_capacity(intervals.len());
    for (from, to) in intervals {
        match apart.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => apart.push((from, to)),
        }
    }
    Windows(apart)
}

/// First minute of the day and length in minutes.
fn span(window: &GivenWindow) -> Result<(u16, u16), ValueError> {
    if window.days.is_empty() {
        return Err(ValueError::WindowDays);
    }
    let from = minute_of_day(&window.from).filter(|minute| *minute < DAY).ok_or(ValueError::WindowTime)?;
    let to = minute_of_day(&window.to).ok_or(ValueError::WindowTime)?;
    Ok((from, if to > from { to - from } else { DAY - from + to }))
}

/// Reads `HH:MM` from 00:00 to 24:00, and nothing else that a number parser would take (`+1:05`).
fn minute_of_day(text: &str) -> Option<u16> {
    let &[h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let (hour, minute) = (two_digits(h1, h2)?, two_digits(m1, m2)?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY).then_some(at)
}

fn two_digits(tens: u8, ones: u8) -> Option<u16> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

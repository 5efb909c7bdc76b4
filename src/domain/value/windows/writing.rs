//! Windows in their one form.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{
    super::{Day, GivenDates, GivenOnly, GivenSpan, GivenWindow, day::DAY},
    Intervals, MAX_RANGE,
    weeks::{MONTHS, WEEK, Weeks},
};

/// The times of a line, its end maybe on the next day.
type Times = (u16, u16);

/// Windows with equal times and months share a line; ordered by their times, those of all months first.
pub(super) fn weekly(weeks: &Weeks) -> Vec<GivenWindow> {
    let mut days_of: BTreeMap<(Times, Option<BTreeSet<i64>>), BTreeSet<Day>> = BTreeMap::new();
    for ((times, day), months) in months_of(weeks) {
        let months = (months.len() < MONTHS.len()).then_some(months);
        days_of.entry((times, months)).or_default().insert(day);
    }
    let line = |(((from, to), months), days)| GivenWindow { days, from: clock(from), to: clock(to), months };
    days_of.into_iter().map(line).collect()
}

/// Each window that begins on a day of the week, with the months in whose weeks it is.
fn months_of(weeks: &Weeks) -> BTreeMap<(Times, Day), BTreeSet<i64>> {
    let mut months_of: BTreeMap<(Times, Day), BTreeSet<i64>> = BTreeMap::new();
    let every = BTreeSet::from(MONTHS.map(i64::from));
    let by_month: Vec<(&Intervals, BTreeSet<i64>)> = match weeks {
        Weeks::Alike(week) => vec![(week, every)],
        Weeks::ByMonth(months) => {
            months.iter().zip(MONTHS).map(|(week, it)| (week, BTreeSet::from([it.into()]))).collect()
        }
    };
    for (week, months) in by_month {
        for window in within_a_day_each(week.as_slice()) {
            months_of.entry(begun(window)).or_default().extend(&months);
        }
    }
    months_of
}

/// The times of a window of the week, and the day on which it begins.
fn begun((start, end): (u16, u16)) -> (Times, Day) {
    let from = start % DAY;
    let to = if from + (end - start) <= DAY { from + (end - start) } else { end % DAY };
    ((from, to), Day::of_minute(start))
}

/// The intervals joined over the end of the week, then those longer than 24 hours cut at midnights, as a window
/// cannot say more than a day.
fn within_a_day_each(week: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut pieces = Vec::new();
    for (mut start, end) in joined_over_sunday(week) {
        while end - start > DAY {
            let midnight = (start / DAY + 1) * DAY;
            pieces.push((start, midnight));
            start = midnight;
        }
        pieces.push((start, end));
    }
    pieces
}

fn joined_over_sunday(week: &[(u16, u16)]) -> Vec<(u16, u16)> {
    match week {
        [(0, morning), middle @ .., (evening, WEEK)] => {
            middle.iter().copied().chain([(*evening, WEEK + morning)]).collect()
        }
        apart => apart.to_vec(),
    }
}

/// Dates that cover the same share an entry; ordered by their first dates.
pub(super) fn dated<'a>(dates: impl IntoIterator<Item = (&'a Date, &'a Intervals)>) -> Vec<GivenOnly> {
    let mut alike: BTreeMap<&Intervals, Vec<Date>> = BTreeMap::new();
    for (date, covered) in dates {
        alike.entry(covered).or_default().push(*date);
    }
    let mut groups: Vec<(Vec<Date>, &Intervals)> = alike.into_iter().map(|(covered, dates)| (dates, covered)).collect();
    groups.sort_unstable();
    let times = |covered: &Intervals| {
        covered.as_slice().iter().map(|(from, to)| GivenSpan { from: clock(*from), to: clock(*to) }).collect()
    };
    groups.into_iter().map(|(dates, covered)| GivenOnly { on: ranges(&dates), only: times(covered) }).collect()
}

/// Sorted dates, those in a row as one range; what is longer than a range may be is cut.
fn ranges(dates: &[Date]) -> Vec<GivenDates> {
    let in_a_row = dates.chunk_by(|date, next| date.tomorrow().is_ok_and(|tomorrow| tomorrow == *next));
    let said = |dates: &[Date]| match dates {
        [first, .., last] => Some(GivenDates::Range { first: first.to_string(), last: last.to_string() }),
        [date] => Some(GivenDates::Date(date.to_string())),
        [] => None,
    };
    in_a_row.flat_map(|row| row.chunks(MAX_RANGE)).filter_map(said).collect()
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

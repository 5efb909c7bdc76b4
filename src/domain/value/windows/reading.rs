//! What was given, as the minutes that it covers.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use jiff::civil::Date;

use super::{
    super::{Day, GivenDated, GivenDates, GivenEntry, GivenOnly, GivenSpan, GivenWindow, ValueError, day::DAY},
    Intervals, MAX_RANGE, Windows, YEARS,
    weeks::{MONTHS, WEEK, Weeks},
};

/// A window of the week.
struct Weekly {
    days: BTreeSet<Day>,
    span: (u16, u16),
    /// Of which months its minutes count; `None` is all.
    months: Option<BTreeSet<i8>>,
}

/// All that is said of one date.
#[derive(Default)]
struct Named {
    /// Whether the windows of the week do not begin on it.
    instead: bool,
    /// What begins on it, in minutes from its midnight, into the next day.
    windows: Vec<(u16, u16)>,
    /// What counts of this civil day in place of the week.
    only: Option<Vec<(u16, u16)>>,
}

#[derive(Default)]
struct Plan {
    weekly: Vec<Weekly>,
    dates: BTreeMap<Date, Named>,
}

pub(super) fn read(given: &[GivenEntry]) -> Result<Windows, ValueError> {
    let mut plan = Plan::default();
    for entry in given {
        match entry {
            GivenEntry::Weekly(window) => plan.weekly.push(weekly(window)?),
            GivenEntry::Dated(dated) => plan.add_dated(dated)?,
            GivenEntry::Only(only) => plan.add_only(only)?,
        }
    }
    Ok(plan.windows())
}

/// How many dates an entry names; what is no date counts as one.
pub(in super::super) fn named_dates(given: &GivenEntry) -> usize {
    let on = match given {
        GivenEntry::Weekly(_) => return 0,
        GivenEntry::Dated(GivenDated { on, .. }) | GivenEntry::Only(GivenOnly { on, .. }) => on,
    };
    on.iter().map(|dates| dates_of(dates).map_or(1, |dates| dates.len())).sum()
}

impl Plan {
    fn add_dated(&mut self, GivenDated { on, windows, also }: &GivenDated) -> Result<(), ValueError> {
        let dates = all_dates(on)?;
        let spans = windows.iter().map(begun).collect::<Result<Vec<_>, _>>()?;
        for date in dates {
            let named = self.dates.entry(date).or_default();
            named.instead |= !also;
            named.windows.extend(&spans);
        }
        Ok(())
    }

    fn add_only(&mut self, GivenOnly { on, only }: &GivenOnly) -> Result<(), ValueError> {
        let dates = all_dates(on)?;
        let spans = only.iter().map(within_the_day).collect::<Result<Vec<_>, _>>()?;
        for date in dates {
            self.dates.entry(date).or_default().only.get_or_insert_default().extend(&spans);
        }
        Ok(())
    }

    fn windows(&self) -> Windows {
        let weeks = match self.weekly.iter().all(|window| window.months.is_none()) {
            true => Weeks::Alike(self.week(1)),
            false => Weeks::by_month(|month| self.week(month)),
        };
        let mut windows = Windows { weeks, dates: BTreeMap::new() };
        // What begins on a date, or does not, is felt until the end of the next one.
        let tomorrows = self.dates.keys().filter_map(|date| date.tomorrow().ok());
        let touched: BTreeSet<Date> = self.dates.keys().copied().chain(tomorrows).collect();
        for date in touched.into_iter().filter(|date| YEARS.contains(&date.year())) {
            windows.name(date, self.covered(date));
        }
        windows
    }

    /// The minutes of the week in a month.
    fn week(&self, month: i8) -> Intervals {
        let windows = self.weekly.iter().filter(|window| window.counts_in(month));
        let begun = windows.flat_map(|window| window.days.iter().map(|day| (day.start(), window.span)));
        let over_sunday = begun.flat_map(|(day, (from, to))| {
            let (from, to) = (day + from, day + to);
            [(from, to.min(WEEK)), (from.max(WEEK) - WEEK, to.max(WEEK) - WEEK)]
        });
        over_sunday.collect()
    }

    /// The minutes of a civil day.
    fn covered(&self, date: Date) -> Intervals {
        let only = self.dates.get(&date).and_then(|named| named.only.as_ref());
        let begins = [Some((date, 0)), date.yesterday().ok().map(|eve| (eve, DAY))];
        let begun = begins.into_iter().flatten().flat_map(|(begin, from)| {
            let own = self.dates.get(&begin).into_iter().flat_map(|named| named.windows.iter().copied());
            let week = self.weekly_begun(begin, date.month()).filter(|_| only.is_none());
            let all: Intervals = own.chain(week).collect();
            all.within(from, from + DAY).collect::<Vec<_>>()
        });
        begun.chain(only.into_iter().flatten().copied()).collect()
    }

    /// The windows of the week that begin on a date and whose minutes count in a month.
    fn weekly_begun(&self, begin: Date, month: i8) -> impl Iterator<Item = (u16, u16)> {
        let instead = self.dates.get(&begin).is_some_and(|named| named.instead);
        let day = Day::from(begin.weekday());
        let windows = self.weekly.iter().filter(move |_| !instead);
        windows.filter(move |it| it.days.contains(&day) && it.counts_in(month)).map(|it| it.span)
    }
}

impl Weekly {
    fn counts_in(&self, month: i8) -> bool {
        self.months.as_ref().is_none_or(|months| months.contains(&month))
    }
}

fn weekly(GivenWindow { days, from, to, months }: &GivenWindow) -> Result<Weekly, ValueError> {
    if days.is_empty() {
        return Err(ValueError::WindowDays);
    }
    let months = months.as_ref().map(months_of).transpose()?;
    Ok(Weekly { days: days.clone(), span: span(from, to)?, months })
}

fn months_of(given: &BTreeSet<i64>) -> Result<BTreeSet<i8>, ValueError> {
    let known = |month: &i64| i8::try_from(*month).ok().filter(|month| MONTHS.contains(month));
    let months: Option<BTreeSet<i8>> = given.iter().map(known).collect();
    months.filter(|months| !months.is_empty()).ok_or(ValueError::WindowMonths)
}

fn begun(GivenSpan { from, to }: &GivenSpan) -> Result<(u16, u16), ValueError> {
    span(from, to)
}

fn within_the_day(GivenSpan { from, to }: &GivenSpan) -> Result<(u16, u16), ValueError> {
    let (from, to) = times(from, to)?;
    (from < to).then_some((from, to)).ok_or(ValueError::WindowOverMidnight)
}

/// First minute and first minute after, counted from the midnight before; an end not after the start is on the next day.
fn span(from: &str, to: &str) -> Result<(u16, u16), ValueError> {
    let (from, to) = times(from, to)?;
    Ok((from, if to > from { to } else { DAY + to }))
}

fn times(from: &str, to: &str) -> Result<(u16, u16), ValueError> {
    let from = minute_of_day(from).filter(|minute| *minute < DAY).ok_or(ValueError::WindowTime)?;
    Ok((from, minute_of_day(to).ok_or(ValueError::WindowTime)?))
}

/// Reads `HH:MM` from 00:00 to 24:00, and nothing else that a number parser would take (`+1:05`).
fn minute_of_day(text: &str) -> Option<u16> {
    let &[h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let (hour, minute) = (digits(&[h1, h2])?, digits(&[m1, m2])?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY).then_some(at)
}

fn all_dates(on: &[GivenDates]) -> Result<Vec<Date>, ValueError> {
    let dates = on.iter().map(dates_of).collect::<Result<Vec<_>, _>>()?.concat();
    if dates.is_empty() { Err(ValueError::WindowDates) } else { Ok(dates) }
}

fn dates_of(given: &GivenDates) -> Result<Vec<Date>, ValueError> {
    let date = |text: &str| date(text).ok_or(ValueError::WindowDate);
    match given {
        GivenDates::Date(text) => Ok(vec![date(text)?]),
        GivenDates::Range { first, last } => {
            let (first, last) = (date(first)?, date(last)?);
            let days = iter::successors(Some(first), |date| date.tomorrow().ok()).take_while(|date| *date <= last);
            let dates: Vec<Date> = days.take(MAX_RANGE + 1).collect();
            if (1..=MAX_RANGE).contains(&dates.len()) { Ok(dates) } else { Err(ValueError::WindowDates) }
        }
    }
}

/// Reads `YYYY-MM-DD`, and no other form that a parser of dates would take.
fn date(text: &str) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let (month, day) = (digits(&[m1, m2])?, digits(&[d1, d2])?);
    let year = i16::try_from(digits(&[y1, y2, y3, y4])?).ok().filter(|year| YEARS.contains(year))?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// At most four of them.
fn digits(ascii: &[u8]) -> Option<u16> {
    ascii.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u16::from(byte - b'0')))
}

//! When somebody was born, as far as it is known: an interval of days.
//!
//! Everything said about an age is turned into one at once. An interval of births ages with the person, so a statement
//! from last year stays exact today; an age does not.

use std::fmt;

use jiff::{ToSpan, civil::Date};
use thiserror::Error;

use super::{AgeBand, age_on, birthday::birthday};
use crate::domain::account::ADULT_AGE;

/// The greatest age that is believed, in completed years, and the bound that "18 or over" gets.
pub const OLDEST: i16 = 120;

/// Ages that somebody says a person is of, in completed years, both ends included. Without an upper end: "18 or over".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AgeSpan {
    lo: i16,
    hi: Option<i16>,
}

/// Numbers that are no ages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be whole years from 0 to {OLDEST}, the lower age not above the upper one")]
pub struct NotAges;

impl AgeSpan {
    /// 18 or over: all that a payment card or an adult's proof can say.
    pub const ADULT: Self = Self { lo: ADULT_AGE, hi: None };
    /// Under 18.
    pub const MINOR: Self = Self { lo: 0, hi: Some(ADULT_AGE - 1) };

    /// From `lo` to `hi`, both included.
    pub fn new(lo: i16, hi: Option<i16>) -> Result<Self, NotAges> {
        let sound = lo >= 0 && lo <= hi.unwrap_or(OLDEST) && hi.unwrap_or(OLDEST) <= OLDEST;
        sound.then_some(Self { lo, hi }).ok_or(NotAges)
    }

    /// The lowest of the ages.
    pub const fn lo(self) -> i16 {
        self.lo
    }

    /// The highest of the ages; none for "or over".
    pub const fn hi(self) -> Option<i16> {
        self.hi
    }

    /// Whether only adults are of these ages.
    pub const fn is_adult(self) -> bool {
        self.lo >= ADULT_AGE
    }

    /// Wider by this many years at both ends, as far as there are ages.
    pub(super) fn widened(self, years: i16) -> Self {
        let years = years.clamp(0, OLDEST);
        Self { lo: (self.lo - years).max(0), hi: self.hi.map(|hi| (hi + years).min(OLDEST)) }
    }

    /// The bands of the lowest and of the highest age.
    pub(super) fn bands(self) -> (AgeBand, AgeBand) {
        (AgeBand::of_age(self.lo), AgeBand::of_age(self.hi.unwrap_or(OLDEST)))
    }
}

/// The youngest and the oldest age that somebody can be of, in completed years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ages {
    /// The youngest; 0 also for who is not born yet.
    pub from: i16,
    /// The oldest.
    pub to: i16,
}

/// The days on which somebody can have been born, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Birth {
    earliest: Date,
    latest: Date,
}

impl Birth {
    /// On this very day.
    pub const fn on(date: Date) -> Self {
        Self { earliest: date, latest: date }
    }

    /// On one of these days; none if they are in the wrong order.
    pub fn between(earliest: Date, latest: Date) -> Option<Self> {
        (earliest <= latest).then_some(Self { earliest, latest })
    }

    /// The birth of a person who is of one of these ages on `day`.
    ///
    /// "13 to 15 on 22 November 2026" is born after 22 November 2010 and on or before 22 November 2013.
    pub fn of(ages: AgeSpan, day: Date) -> Self {
        Self::of_dated(ages, day, day)
    }

    /// As [`Birth::of`], where the upper age is only known to be right for `since`, a day not after `day`: who keeps an
    /// old answer says no wrong lower age, for nobody gets younger, but perhaps a wrong upper one.
    pub(super) fn of_dated(ages: AgeSpan, day: Date, since: Date) -> Self {
        Self { earliest: earliest_up_to_age(ages.hi.unwrap_or(OLDEST), since), latest: latest_of_age(ages.lo, day) }
    }

    /// The first of the days: the person is at most as old as somebody born then.
    pub const fn earliest(self) -> Date {
        self.earliest
    }

    /// The last of the days: the person is at least as old as somebody born then.
    pub const fn latest(self) -> Date {
        self.latest
    }

    /// The days in both; none if the two contradict each other.
    pub fn meet(self, other: Self) -> Option<Self> {
        Self::between(self.earliest.max(other.earliest), self.latest.min(other.latest))
    }

    /// The ages that the person can be of on a day.
    pub fn ages_on(self, day: Date) -> Ages {
        let age = |birth| age_on(birth, day).unwrap_or(0);
        Ages { from: age(self.latest), to: age(self.earliest) }
    }

    /// The band on a day: that of the youngest possible age, because a doubt must not loosen anything.
    pub fn band_on(self, day: Date) -> AgeBand {
        AgeBand::on(self.latest, day)
    }

    /// The first day after `day` on which the youngest or the oldest possible age grows.
    pub fn next_birthday(self, day: Date) -> Option<Date> {
        let next = |birth| birthday(birth, age_on(birth, day).unwrap_or(0) + 1);
        next(self.earliest).into_iter().chain(next(self.latest)).min()
    }

    /// Orders births by how young the person is taken to be: first by the youngest possible age, then by the oldest.
    pub(super) const fn youth(self) -> (Date, Date) {
        (self.latest, self.earliest)
    }

    /// The same person, taken to be no older than 17 on a day.
    pub(super) fn held_under_18(self, day: Date) -> Self {
        let first = earliest_up_to_age(ADULT_AGE - 1, day);
        Self { earliest: self.earliest.max(first), latest: self.latest.max(first) }
    }
}

/// Keeps birth dates out of logs: with a declared one, the interval is the date.
impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Birth(…)")
    }
}

/// The last day on which somebody can be born who has completed `years` by `day`.
///
/// From 29 February this leads to 28 February of a common year, which is right: who was born on the 1 March after it has
/// not had the birthday yet.
fn latest_of_age(years: i16, day: Date) -> Date {
    day.saturating_sub(years.years())
}

/// The first day on which somebody can be born who has completed no more than `years` by `day`.
fn earliest_up_to_age(years: i16, day: Date) -> Date {
    let one_more = latest_of_age(years.saturating_add(1), day);
    one_more.tomorrow().unwrap_or(one_more)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    pub fn any_day() -> impl Strategy<Value = Date> {
        let leap_days = (480_i16..=520).prop_map(|four| date(four * 4, 2, 29));
        let days =
            (1950_i16..2090, 1_i8..=12, 1_i8..=31).prop_filter_map("no such day", |(y, m, d)| Date::new(y, m, d).ok());
        prop_oneof![1 => leap_days, 3 => days]
    }

    fn span(lo: i16, hi: i16) -> AgeSpan {
        AgeSpan::new(lo, Some(hi)).unwrap()
    }

    #[test]
    fn thirteen_to_fifteen_is_born_within_three_years() {
        let birth = Birth::of(span(13, 15), date(2026, 11, 22));
        assert_eq!((birth.earliest(), birth.latest()), (date(2010, 11, 23), date(2013, 11, 22)));
        assert_eq!(birth.ages_on(date(2026, 11, 22)), Ages { from: 13, to: 15 });
        assert_eq!(birth.ages_on(date(2026, 11, 23)), Ages { from: 13, to: 16 });
        assert_eq!(birth.band_on(date(2029, 11, 21)), AgeBand::From13To15);
        assert_eq!(birth.band_on(date(2029, 11, 22)), AgeBand::From16To17);
        assert_eq!(birth.next_birthday(date(2026, 11, 22)), Some(date(2026, 11, 23)));
        assert_eq!(birth.next_birthday(date(2026, 11, 23)), Some(date(2027, 11, 22)));
    }

    #[test]
    fn eighteen_or_over_ends_at_the_oldest_age() {
        let birth = Birth::of(AgeSpan::ADULT, date(2026, 11, 22));
        assert_eq!(birth.ages_on(date(2026, 11, 22)), Ages { from: 18, to: OLDEST });
    }

    #[test]
    fn a_statement_that_may_be_old_is_wider_above_and_not_below() {
        let birth = Birth::of_dated(span(13, 15), date(2026, 11, 22), date(2025, 11, 22));
        assert_eq!(birth.ages_on(date(2026, 11, 22)), Ages { from: 13, to: 16 });
    }

    #[test]
    fn what_is_no_age_is_refused() {
        for (lo, hi) in [(-1, None), (16, Some(15)), (13, Some(121)), (121, None)] {
            assert_eq!(AgeSpan::new(lo, hi), Err(NotAges));
        }
        assert!(AgeSpan::new(0, Some(0)).is_ok() && AgeSpan::new(120, None).is_ok());
    }

    #[test]
    fn a_birth_stays_out_of_logs() {
        assert_eq!(format!("{:?}", Birth::on(date(2012, 2, 29))), "Birth(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Against the slow truth: every day on which the person can be born for the statement to be right, and no other.
        #[test]
        fn an_interval_holds_exactly_the_births_of_these_ages(day in any_day(), lo in 0_i16..22, more in 0_i16..5) {
            let birth = Birth::of(span(lo, lo + more), day);
            let mut born = day.saturating_sub((lo + more + 2).years());
            while born <= day.tomorrow().unwrap() {
                let said = age_on(born, day).is_some_and(|age| (lo..=lo + more).contains(&age));
                prop_assert_eq!((birth.earliest()..=birth.latest()).contains(&born), said, "{} on {}", born, day);
                born = born.tomorrow().unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn nobody_gets_younger_by_a_birthday(a in any_day(), b in any_day(), day in any_day()) {
            let birth = Birth::between(a.min(b), a.max(b)).unwrap();
            let (today, tomorrow) = (birth.ages_on(day), birth.ages_on(day.tomorrow().unwrap()));
            prop_assert!(today.from <= tomorrow.from && today.to <= tomorrow.to);
            prop_assert!(birth.band_on(day) <= birth.band_on(day.tomorrow().unwrap()));
            prop_assert!(today.from <= today.to);
        }

        #[test]
        fn ages_change_on_the_next_birthday_and_not_before(a in any_day(), b in any_day(), day in any_day()) {
            let birth = Birth::between(a.min(b), a.max(b)).unwrap();
            let next = birth.next_birthday(day).unwrap();
            prop_assert!(next > day);
            prop_assert_eq!(birth.ages_on(next.yesterday().unwrap()), birth.ages_on(day));
            prop_assert_ne!(birth.ages_on(next), birth.ages_on(day));
        }

        #[test]
        fn who_is_held_under_18_is_at_most_17(a in any_day(), b in any_day(), day in any_day()) {
            let birth = Birth::between(a.min(b), a.max(b)).unwrap();
            let (free, held) = (birth.ages_on(day), birth.held_under_18(day).ages_on(day));
            prop_assert_eq!(held, Ages { from: free.from.min(17), to: free.to.min(17) });
        }
    }
}

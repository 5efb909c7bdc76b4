//! Ages as the rules see them: four bands, counted in completed years on the teen's local calendar.
//!
//! A birth date is a personal fact; a band is all that most of the house needs to know.

use std::{fmt, str::FromStr};

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// The age bands that defaults and floors are written for, younger first.
///
/// The borders are those of COPPA (13), of the platforms' own 13–15 and 16–17 rules, and of majority (18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum AgeBand {
    /// 0 to 12 completed years.
    #[serde(rename = "under_13")]
    Under13,
    /// 13 to 15 completed years.
    #[serde(rename = "13_15")]
    From13To15,
    /// 16 or 17 completed years.
    #[serde(rename = "16_17")]
    From16To17,
    /// 18 completed years or more: supervision ends.
    #[serde(rename = "adult")]
    Adult,
}

/// A text that names no age band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not an age band")]
pub struct UnknownBand;

impl AgeBand {
    /// Every band, younger first.
    pub const ALL: [Self; 4] = [Self::Under13, Self::From13To15, Self::From16To17, Self::Adult];

    /// The ages, in completed years, at which a person enters the next band.
    pub const BORDERS: [i16; 3] = [13, 16, 18];

    /// The band of somebody who has completed this many years.
    pub const fn of_age(years: i16) -> Self {
        match years {
            ..13 => Self::Under13,
            13..16 => Self::From13To15,
            16..18 => Self::From16To17,
            18.. => Self::Adult,
        }
    }

    /// The band on a day, both dates on the teen's local calendar.
    ///
    /// A birth date in the future is a mistake somewhere, so it counts as the most protected band.
    pub fn on(birth: Date, today: Date) -> Self {
        age_on(birth, today).map_or(Self::Under13, Self::of_age)
    }

    /// The name in JSON, in the catalogue and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Under13 => "under_13",
            Self::From13To15 => "13_15",
            Self::From16To17 => "16_17",
            Self::Adult => "adult",
        }
    }
}

impl FromStr for AgeBand {
    type Err = UnknownBand;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|band| band.as_str() == text).ok_or(UnknownBand)
    }
}

impl fmt::Display for AgeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Completed years on `today`; `None` while the birth lies in the future.
///
/// Who was born on 29 February completes a year on 1 March of a common year: nobody gets older a day early.
pub fn age_on(birth: Date, today: Date) -> Option<i16> {
    if birth > today {
        return None;
    }
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    Some(today.year() - birth.year() - i16::from(!had_birthday))
}

/// The first day after `today` on which the band changes; `None` for an adult.
pub fn next_transition(birth: Date, today: Date) -> Option<Date> {
    AgeBand::BORDERS.into_iter().filter_map(|years| birthday(birth, years)).find(|day| *day > today)
}

/// The day on which somebody completes `years`; `None` beyond the calendar (year 9999).
fn birthday(birth: Date, years: i16) -> Option<Date> {
    let same_day_or_28_february = birth.checked_add(years.years()).ok()?;
    if same_day_or_28_february.day() == birth.day() {
        return Some(same_day_or_28_february);
    }
    same_day_or_28_february.tomorrow().ok()
}

/// How old somebody may be, in completed years, both ends included: one age where it is known exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Ages {
    /// The youngest possible.
    pub from: i16,
    /// The oldest possible.
    pub to: i16,
}

/// One thing for each band; total, so a missing band cannot exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerBand<T> {
    /// For [`AgeBand::Under13`].
    pub under_13: T,
    /// For [`AgeBand::From13To15`].
    #[serde(rename = "13_15")]
    pub from_13_to_15: T,
    /// For [`AgeBand::From16To17`].
    #[serde(rename = "16_17")]
    pub from_16_to_17: T,
    /// For [`AgeBand::Adult`].
    pub adult: T,
}

impl<T> PerBand<T> {
    /// What is meant for this band.
    pub const fn get(&self, band: AgeBand) -> &T {
        match band {
            AgeBand::Under13 => &self.under_13,
            AgeBand::From13To15 => &self.from_13_to_15,
            AgeBand::From16To17 => &self.from_16_to_17,
            AgeBand::Adult => &self.adult,
        }
    }

    /// Makes another thing of each, and stops at the first that fails.
    pub fn try_map<U, E>(self, mut make: impl FnMut(AgeBand, T) -> Result<U, E>) -> Result<PerBand<U>, E> {
        Ok(PerBand {
            under_13: make(AgeBand::Under13, self.under_13)?,
            from_13_to_15: make(AgeBand::From13To15, self.from_13_to_15)?,
            from_16_to_17: make(AgeBand::From16To17, self.from_16_to_17)?,
            adult: make(AgeBand::Adult, self.adult)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn any_date() -> impl Strategy<Value = Date> {
        (1900_i16..2100, 1_i8..=12, 1_i8..=31).prop_filter_map("no such day", |(y, m, d)| Date::new(y, m, d).ok())
    }

    #[test]
    fn bands_change_on_the_birthday_itself() {
        let birth = date(2010, 6, 15);
        for (day, band) in [
            (date(2023, 6, 14), AgeBand::Under13),
            (date(2023, 6, 15), AgeBand::From13To15),
            (date(2026, 6, 14), AgeBand::From13To15),
            (date(2026, 6, 15), AgeBand::From16To17),
            (date(2028, 6, 14), AgeBand::From16To17),
            (date(2028, 6, 15), AgeBand::Adult),
        ] {
            assert_eq!(AgeBand::on(birth, day), band, "{day}");
        }
    }

    #[test]
    fn a_leap_day_child_gets_older_on_the_first_of_march() {
        let birth = date(2012, 2, 29);
        assert_eq!(age_on(birth, date(2025, 2, 28)), Some(12));
        assert_eq!(age_on(birth, date(2025, 3, 1)), Some(13));
        assert_eq!(age_on(birth, date(2028, 2, 29)), Some(16));
        assert_eq!(next_transition(birth, date(2025, 1, 1)), Some(date(2025, 3, 1)));
        assert_eq!(next_transition(birth, date(2025, 3, 1)), Some(date(2028, 2, 29)));
        assert_eq!(next_transition(birth, date(2028, 2, 29)), Some(date(2030, 3, 1)));
        assert_eq!(next_transition(birth, date(2030, 3, 1)), None);
    }

    #[test]
    fn a_birth_in_the_future_is_the_most_protected_band() {
        let (birth, today) = (date(2030, 1, 1), date(2026, 1, 1));
        assert_eq!(age_on(birth, today), None);
        assert_eq!(AgeBand::on(birth, today), AgeBand::Under13);
        assert_eq!(next_transition(birth, today), Some(date(2043, 1, 1)));
    }

    #[test]
    fn names_are_the_same_everywhere() {
        for band in AgeBand::ALL {
            assert_eq!(band.as_str().parse(), Ok(band));
            assert_eq!(serde_json::to_value(band).unwrap(), band.as_str());
            assert_eq!(*PerBand { under_13: 0, from_13_to_15: 1, from_16_to_17: 2, adult: 3 }.get(band), {
                AgeBand::ALL.iter().position(|b| *b == band).unwrap()
            });
        }
        assert_eq!("teen".parse::<AgeBand>(), Err(UnknownBand));
    }

    proptest! {
        #[test]
        fn nobody_gets_younger(birth in any_date(), today in any_date()) {
            let tomorrow = today.tomorrow().unwrap();
            prop_assert!(age_on(birth, today) <= age_on(birth, tomorrow));
            prop_assert!(AgeBand::on(birth, today) <= AgeBand::on(birth, tomorrow));
        }

        #[test]
        fn the_band_changes_on_the_transition_and_not_before(birth in any_date(), today in any_date()) {
            let Some(day) = next_transition(birth, today) else {
                prop_assert_eq!(AgeBand::on(birth, today), AgeBand::Adult);
                return Ok(());
            };
            prop_assert_eq!(AgeBand::on(birth, day.yesterday().unwrap()), AgeBand::on(birth, today));
            prop_assert!(AgeBand::on(birth, day) > AgeBand::on(birth, today));
        }
    }
}

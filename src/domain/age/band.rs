//! The four bands that defaults, floors and laws are written for.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::age_on;

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

    /// The lowest and the highest age of the band, in completed years; no highest one for adults.
    pub(super) const fn ages(self) -> (i16, Option<i16>) {
        match self {
            Self::Under13 => (0, Some(12)),
            Self::From13To15 => (13, Some(15)),
            Self::From16To17 => (16, Some(17)),
            Self::Adult => (18, None),
        }
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

    use super::*;

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
    fn a_band_holds_its_own_ages() {
        for band in AgeBand::ALL {
            let (lo, hi) = band.ages();
            let last = hi.unwrap_or(lo);
            assert!(AgeBand::of_age(lo) == band && AgeBand::of_age(last) == band, "{band}");
            assert!(hi.is_none_or(|hi| AgeBand::of_age(hi + 1) > band) && AgeBand::of_age(lo - 1) <= band);
        }
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
}

//! A budget of minutes for each day of the week.

use super::{Day, GivenWeek, ValueError, day::DAY};

/// Minutes allowed on each local day, Monday first, each 0..=1440; fewer are stricter.
///
/// 1440 is a whole day, so it means no limit, also on a day of 25 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayMinutes([u16; 7]);

impl DayMinutes {
    /// The value that limits nothing.
    pub const NO_LIMIT: u16 = DAY;
    /// No limit on any day.
    pub const UNLIMITED: Self = Self([Self::NO_LIMIT; 7]);
    /// Not a minute on any day.
    pub const NONE: Self = Self([0; 7]);

    /// The same minutes every day.
    pub fn every_day(minutes: i64) -> Result<Self, ValueError> {
        Ok(Self([checked(minutes)?; 7]))
    }

    /// Each day its own.
    pub(super) fn from_week(week: GivenWeek) -> Result<Self, ValueError> {
        let GivenWeek { mon, tue, wed, thu, fri, sat, sun } = week;
        let mut days = [0; 7];
        for (day, minutes) in days.iter_mut().zip([mon, tue, wed, thu, fri, sat, sun]) {
            *day = checked(minutes)?;
        }
        Ok(Self(days))
    }

    /// The minutes of one day; [`Self::NO_LIMIT`] where there is none.
    pub const fn on(self, day: Day) -> u16 {
        let [mon, tue, wed, thu, fri, sat, sun] = self.0;
        match day {
            Day::Mon => mon,
            Day::Tue => tue,
            Day::Wed => wed,
            Day::Thu => thu,
            Day::Fri => fri,
            Day::Sat => sat,
            Day::Sun => sun,
        }
    }

    /// Whether there is a day without a minute.
    pub fn leaves_a_day_out(self) -> bool {
        self.0.contains(&0)
    }

    /// The minutes that all days share, if they do.
    pub(super) fn same_every_day(self) -> Option<u16> {
        let [first, rest @ ..] = self.0;
        rest.iter().all(|minutes| *minutes == first).then_some(first)
    }

    /// Day by day the fewer of both.
    pub(super) fn fewer(self, other: Self) -> Self {
        self.by_day(other, u16::min)
    }

    /// Day by day the more of both.
    pub(super) fn more(self, other: Self) -> Self {
        self.by_day(other, u16::max)
    }

    fn by_day(self, other: Self, pick: fn(u16, u16) -> u16) -> Self {
        let mut days = self.0;
        for (day, minutes) in days.iter_mut().zip(other.0) {
            *day = pick(*day, minutes);
        }
        Self(days)
    }
}

fn checked(minutes: i64) -> Result<u16, ValueError> {
    u16::try_from(minutes).ok().filter(|m| *m <= DayMinutes::NO_LIMIT).ok_or(ValueError::MinutesRange)
}

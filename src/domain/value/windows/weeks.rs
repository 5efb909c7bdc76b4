//! The minutes of the week, for each month.

use jiff::civil::Date;

use super::{
    super::{Day, day::DAY},
    intervals::{Intervals, NONE},
};

/// Minutes from Monday 00:00 to the next.
pub(super) const WEEK: u16 = 7 * DAY;

/// The months of the civil year, as dates have them.
pub(super) const MONTHS: [i8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

/// What the week covers, in minutes from Monday 00:00 (0..10080). A night from Sunday to Monday is therefore in two
/// pieces, one at each end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Weeks {
    /// In all months the same.
    Alike(Intervals),
    /// January first; not all of them the same.
    ByMonth(Box<[Intervals; 12]>),
}

impl Weeks {
    pub(super) fn by_month(of: impl Fn(i8) -> Intervals) -> Self {
        let months = MONTHS.map(of);
        match months.split_first() {
            Some((first, rest)) if rest.iter().all(|month| month == first) => Self::Alike(first.clone()),
            _ => Self::ByMonth(Box::new(months)),
        }
    }

    /// The week of a month, 1 to 12.
    pub(super) fn in_month(&self, month: i8) -> &Intervals {
        match self {
            Self::Alike(week) => week,
            Self::ByMonth(months) => {
                MONTHS.into_iter().zip(months.iter()).find(|(it, _)| *it == month).map_or(&NONE, |(_, week)| week)
            }
        }
    }

    /// The week to which a civil day belongs, and the minute of it at which the day begins.
    pub(super) fn day(&self, date: Date) -> (&Intervals, u16) {
        (self.in_month(date.month()), Day::from(date.weekday()).start())
    }

    /// Month by month what becomes of both.
    pub(super) fn with(&self, other: &Self, both: impl Fn(&Intervals, &Intervals) -> Intervals) -> Self {
        match (self, other) {
            (Self::Alike(a), Self::Alike(b)) => Self::Alike(both(a, b)),
            _ => Self::by_month(|month| both(self.in_month(month), other.in_month(month))),
        }
    }
}

impl Default for Weeks {
    fn default() -> Self {
        Self::Alike(NONE.clone())
    }
}

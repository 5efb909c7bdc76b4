//! The days of the week, Monday first, as in ISO 8601.

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Minutes in a day of the week. The 23 and 25 hour days are the timeline's business, not the schedule's.
pub(super) const DAY: u16 = 1440;

/// A day of the local week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// All seven, in week order.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The minute of the week, counted from Monday 00:00, at which this day begins.
    pub const fn start(self) -> u16 {
        match self {
            Self::Mon => 0,
            Self::Tue => DAY,
            Self::Wed => 2 * DAY,
            Self::Thu => 3 * DAY,
            Self::Fri => 4 * DAY,
            Self::Sat => 5 * DAY,
            Self::Sun => 6 * DAY,
        }
    }

    /// The day that holds a minute counted from Monday 00:00; the count may run into the next week.
    pub const fn of_minute(minute: u16) -> Self {
        match minute / DAY % 7 {
            0 => Self::Mon,
            1 => Self::Tue,
            2 => Self::Wed,
            3 => Self::Thu,
            4 => Self::Fri,
            5 => Self::Sat,
            _ => Self::Sun,
        }
    }
}

impl From<Weekday> for Day {
    fn from(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

//! What is left of a day: one formula, for the server, every device and every report.
//!
//! `remaining = limit + granted − used`, never below zero, for the day, for the week and for each item that has minutes of its
//! own. An item can be used while all that concern it have something left. What was used is told per device, five-minute slot and
//! item; how that adds up is [`spent()`]'s to say. How several devices share what is left without asking each other is [`lease()`]'s.
//!
//! An item is a path: `games` limits `games/chess` too. A device tells each second under one item, the most exact one it knows.

mod lease;
mod limits;
mod report;
mod spent;
mod told;

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    lease::{LONGEST, Lease, Leases, Lent, lease},
    limits::{Counting, Exceptions, Limits, within},
    report::{DayTold, DayUsed, ItemUsed, Summary, rolled_up},
    spent::{Spent, spent},
    told::{Counted, DeviceBudget, DeviceLeft, Told},
};

/// The name of the whole day in a budget. No item is called so.
pub const DAY: &str = "day";
/// The name of the whole week, Monday to Sunday, in a budget. No item is called so.
pub const WEEK: &str = "week";

/// What was given beyond a limit, for a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Granted {
    /// All that was given, added up.
    pub seconds: u32,
    /// No limit for the rest of the day.
    pub rest_of_day: bool,
}

/// One limit and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"item": "day", "limit_seconds": 3600, "granted_seconds": 900, "used_seconds": 4100, "remaining_seconds": 400}))]
pub struct Left {
    /// `day`, `week`, or the item with minutes of its own.
    pub item: String,
    /// What the policy allows; null: no limit.
    pub limit_seconds: Option<u32>,
    /// What was given on top, for today or within this week.
    pub granted_seconds: u32,
    /// What counts as used.
    pub used_seconds: u32,
    /// What is left; null: no limit.
    pub remaining_seconds: Option<u32>,
}

/// What is left for a teen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// The local day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// The day, the week, then each item with minutes of its own.
    pub items: Vec<Left>,
}

/// All that was given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gifts {
    /// For the day.
    pub today: Granted,
    /// For the day, of single items.
    pub items: BTreeMap<String, Granted>,
    /// For the days of the week up to this one.
    pub week: Granted,
}

/// One gift: an item or the whole, the day that it is for, and how many minutes; none: the rest of the day.
pub type Gift<'a> = (Option<&'a str>, Date, Option<u16>);

impl Granted {
    /// With one more.
    #[must_use]
    pub fn and(self, minutes: Option<u16>) -> Self {
        let seconds = minutes.map_or(0, |minutes| u32::from(minutes).saturating_mul(60));
        Self { seconds: self.seconds.saturating_add(seconds), rest_of_day: self.rest_of_day || minutes.is_none() }
    }
}

impl Gifts {
    /// Those that count on a day, added up. What was given for the whole of a day of this week counts for the week too.
    pub fn on<'a>(day: Date, gifts: impl IntoIterator<Item = Gift<'a>>) -> Self {
        let monday =
            day.saturating_sub(SignedDuration::from_hours(24 * i64::from(day.weekday().to_monday_zero_offset())));
        let mut all = Self::default();
        for (item, of, minutes) in gifts {
            match item {
                None if (monday..=day).contains(&of) => {
                    // The rest of an earlier day is over.
                    let week =
                        if of == day { all.week.and(minutes) } else { all.week.and(Some(minutes.unwrap_or_default())) };
                    all.week = week;
                    if of == day {
                        all.today = all.today.and(minutes);
                    }
                }
                Some(item) if of == day => {
                    let granted = all.items.entry(item.to_owned()).or_default();
                    *granted = granted.and(minutes);
                }
                _ => {}
            }
        }
        all
    }

    fn of(&self, item: &str) -> Granted {
        self.items.get(item).copied().unwrap_or_default()
    }
}

impl Left {
    /// The formula.
    pub fn of(item: &str, limit_seconds: Option<u32>, granted: Granted, used_seconds: u32) -> Self {
        let limited = limit_seconds.filter(|_| !granted.rest_of_day);
        let remaining = limited.map(|limit| limit.saturating_add(granted.seconds).saturating_sub(used_seconds));
        Self {
            item: item.to_owned(),
            limit_seconds,
            granted_seconds: granted.seconds,
            used_seconds,
            remaining_seconds: remaining,
        }
    }

    /// Whether nothing is left.
    pub fn is_used_up(&self) -> bool {
        self.remaining_seconds == Some(0)
    }
}

impl Budget {
    /// What is left after so much was used. `week`: what was used on the days of this week before today, which is added.
    pub fn of(day: Date, limits: &Limits, gifts: &Gifts, today: &Spent, week_before: u32) -> Self {
        let week = week_before.saturating_add(today.seconds);
        let whole =
            [Left::of(DAY, limits.day, gifts.today, today.seconds), Left::of(WEEK, limits.week, gifts.week, week)];
        let items =
            limits.items.iter().map(|(item, limit)| Left::of(item, Some(*limit), gifts.of(item), today.of(item)));
        Self { day, items: whole.into_iter().chain(items).collect() }
    }

    /// What is left of day and week together; nothing: no limit.
    pub fn remaining(&self) -> Option<u32> {
        let whole = self.items.iter().filter(|left| matches!(left.item.as_str(), DAY | WEEK));
        whole.filter_map(|left| left.remaining_seconds).min()
    }

    /// The limits that concern an item, the whole ones included where it counts.
    pub fn concerning<'a>(&'a self, item: &'a str, counts: bool) -> impl Iterator<Item = &'a Left> {
        self.items.iter().filter(move |left| match left.item.as_str() {
            DAY | WEEK => counts,
            limited => within(item, limited),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// R4: what was given adds to the limit and does not replace it.
    #[test]
    fn what_is_left_is_limit_and_gifts_without_what_was_used() {
        let given = |minutes: u32| Granted { seconds: minutes * 60, rest_of_day: false };
        let left = |limit: Option<u32>, given, used| Left::of(DAY, limit, given, used).remaining_seconds;
        assert_eq!(left(Some(3_600), given(0), 1_200), Some(2_400));
        assert_eq!(left(Some(3_600), given(30), 1_200), Some(4_200));
        assert_eq!(left(Some(3_600), given(15), 9_999), Some(0), "never below zero");
        assert_eq!(left(None, given(15), 9_999), None);
        assert_eq!(left(Some(0), Granted { seconds: 0, rest_of_day: true }, 9_999), None);
    }

    /// R3: gifts add up. Those of other days count for the week at most, and no rest of a day outlives it.
    #[test]
    fn gifts_add_up_day_by_day() {
        let (wednesday, thursday, next) = (date(2026, 11, 25), date(2026, 11, 26), date(2026, 11, 30));
        let gifts = [
            (None, thursday, Some(30)),
            (None, thursday, Some(30)),
            (None, wednesday, Some(15)),
            (None, wednesday, None),
            (None, next, Some(60)),
            (Some("games"), thursday, Some(10)),
            (Some("games"), wednesday, Some(10)),
        ];
        let on = Gifts::on(thursday, gifts);
        assert_eq!(on.today, Granted { seconds: 3_600, rest_of_day: false });
        assert_eq!(on.week, Granted { seconds: 4_500, rest_of_day: false });
        assert_eq!(on.of("games").seconds, 600);
        assert!(Gifts::on(wednesday, gifts).today.rest_of_day && Gifts::on(wednesday, gifts).week.rest_of_day);
    }
}

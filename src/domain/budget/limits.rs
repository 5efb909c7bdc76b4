//! The limits of one local day, read off a policy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::domain::value::{Day, DayMinutes, Given, Kind, Value};

/// What no limit and no block ever closes, beside what a family lists: calls for help, help pages, reporting, and the app that
/// enforces all this. A device tells their use under these names, if at all.
const ALWAYS: [&str; 4] = ["emergency", "help", "reporting", "family"];
/// Everything.
const ALL: &str = "*";

/// How the use of several devices at the same time adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counting {
    /// As the minutes of the clock: of five minutes no more than five count.
    #[default]
    Union,
    /// Each device's own.
    Sum,
}

/// Items that a limit does not concern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exceptions(BTreeSet<String>);

/// What limits a local day. Without a number there is no limit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits {
    /// Seconds of the day.
    pub day: Option<u32>,
    /// Seconds of its week.
    pub week: Option<u32>,
    /// Seconds of the day for single items.
    pub items: BTreeMap<String, u32>,
    /// How several devices count.
    pub counting: Counting,
    /// What is never closed.
    pub always: Exceptions,
    /// What does not count towards day and week.
    pub not_counted: Exceptions,
    /// Seconds of the day that a device may go on without the server.
    pub offline: u32,
}

#[derive(Deserialize)]
struct ItemMinutes {
    item: String,
    minutes: Given,
}

impl Limits {
    /// Reads them off the values that hold; `value` has a control's. One that is missing or that this program cannot read limits
    /// nothing: whoever cannot enforce a control says so in its report.
    pub fn read(date: Date, value: impl Fn(&str) -> Option<Json>) -> Self {
        let day = Day::from(date.weekday());
        let number = |id: &str| value(id).and_then(|json| u32::try_from(json.as_u64()?).ok());
        let week = number("time.weekly_minutes").filter(|minutes| *minutes < 7 * u32::from(DayMinutes::NO_LIMIT));
        let items: Vec<ItemMinutes> = read(value("time.item_minutes")).unwrap_or_default();
        Self {
            day: read(value("time.daily_minutes")).and_then(|given| seconds_on(day, given)),
            week: week.map(|minutes| minutes.saturating_mul(60)),
            items: items.into_iter().filter_map(|it| Some((it.item, seconds_on(day, it.minutes)?))).collect(),
            counting: match value("time.counting").as_ref().and_then(Json::as_str) {
                Some("sum") => Counting::Sum,
                _ => Counting::Union,
            },
            always: Exceptions(read(value("time.always_allowed")).unwrap_or_default()),
            not_counted: Exceptions(read(value("time.not_counted")).unwrap_or_default()),
            offline: number("time.offline_minutes").unwrap_or_default().saturating_mul(60),
        }
    }

    /// Whether an item can be used whatever else holds.
    pub fn never_closes(&self, item: &str) -> bool {
        ALWAYS.iter().any(|always| within(item, always)) || self.always.hold(item)
    }

    /// Whether use of an item counts towards day and week.
    pub fn counts(&self, item: &str) -> bool {
        !self.never_closes(item) && !self.not_counted.hold(item)
    }
}

impl Exceptions {
    /// Whether an item, or what it is a part of, is among them.
    pub fn hold(&self, item: &str) -> bool {
        self.0.iter().any(|listed| listed == ALL || within(item, listed))
    }
}

impl FromIterator<String> for Exceptions {
    fn from_iter<I: IntoIterator<Item = String>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

/// Whether an item is another one or a part of it: `games/chess` is within `games`, and `games2` is not.
pub fn within(item: &str, whole: &str) -> bool {
    item.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn read<T: serde::de::DeserializeOwned>(json: Option<Json>) -> Option<T> {
    serde_json::from_value(json?).ok()
}

fn seconds_on(day: Day, given: Given) -> Option<u32> {
    let Ok(Value::Minutes(minutes)) = Kind::Minutes.restore(given) else { return None };
    let minutes = minutes.on(day);
    (minutes < DayMinutes::NO_LIMIT).then(|| u32::from(minutes).saturating_mul(60))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;

    /// Edge case 1: the day on which the clock turns has an hour less, and the limit of its weekday.
    #[test]
    fn a_day_of_23_hours_has_its_whole_limit() {
        let week = json!({"mon": 30, "tue": 30, "wed": 30, "thu": 30, "fri": 60, "sat": 90, "sun": 120});
        let held = json!({"time.daily_minutes": week});
        let on = |day| Limits::read(day, |id| held.get(id).cloned()).day;
        assert_eq!((on(date(2026, 3, 8)), on(date(2026, 3, 15))), (Some(7_200), Some(7_200)));
    }

    #[test]
    fn limits_are_those_of_the_weekday() {
        let week = json!({"mon": 30, "tue": 30, "wed": 30, "thu": 30, "fri": 60, "sat": 1440, "sun": 1440});
        let held = json!({
            "time.daily_minutes": week, "time.weekly_minutes": 300, "time.counting": "sum", "time.offline_minutes": 20,
            "time.item_minutes": [{"item": "games", "minutes": 15}, {"item": "feed", "minutes": week}],
            "time.always_allowed": ["school"], "time.not_counted": ["games/chess"],
        });
        let on = |day| Limits::read(date(2026, 11, day), |id| held.get(id).cloned());
        let (friday, sunday) = (on(27), on(29));
        assert_eq!((friday.day, sunday.day, friday.week), (Some(3_600), None, Some(18_000)));
        assert_eq!((friday.items.get("feed"), sunday.items.get("feed")), (Some(&3_600), None));
        assert_eq!((friday.offline, friday.counting), (1_200, Counting::Sum));
        assert!(
            friday.never_closes("school/maths") && friday.never_closes("emergency") && !friday.never_closes("schools")
        );
        assert!(!friday.counts("games/chess") && friday.counts("games") && !friday.counts("help"));
        assert_eq!(Limits::read(date(2026, 11, 27), |_| None), Limits::default());
        assert!(Exceptions::from_iter(["*".to_owned()]).hold("anything"));
    }
}

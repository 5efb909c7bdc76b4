//! Until when something lasts, as people say it.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::Policy;
use crate::domain::{
    timeline::{Calendar, blocked},
    value::Value,
};

/// The end of something that lasts for a time. In JSON an instant, `end_of_day` or `morning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until this instant.
    Time(Timestamp),
    /// So many minutes from now on.
    Minutes(u16),
    /// The end of the teen's day.
    EndOfDay,
    /// The end of the sleep hours that are on or come next within a day; seven in the morning where there are none.
    Morning,
}

impl Until {
    /// The instant that is meant, for a teen with this calendar and policy.
    pub fn instant(self, calendar: &Calendar, policy: &Policy, now: Timestamp) -> Timestamp {
        match self {
            Self::Time(at) => at,
            Self::Minutes(minutes) => later(now, SignedDuration::from_mins(minutes.into())),
            Self::EndOfDay => calendar.day_of(now).to,
            Self::Morning => night_ends(calendar, policy, now).unwrap_or_else(|| seven(calendar, now)),
        }
    }
}

fn night_ends(calendar: &Calendar, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let Value::Windows(windows) = &policy.get("time.sleep_windows")?.value else { return None };
    let tomorrow = later(now, SignedDuration::from_hours(24));
    let nights = blocked(windows, calendar.zone(), now, tomorrow);
    // What the look ahead cut off has no end in sight.
    nights.first().map(|night| night.to).filter(|end| *end < tomorrow)
}

/// The next seven o'clock.
fn seven(calendar: &Calendar, now: Timestamp) -> Timestamp {
    let zone = calendar.zone();
    let local: DateTime = zone.to_datetime(now);
    let days = [local.date(), local.date().tomorrow().unwrap_or(local.date())];
    let at_seven = days.iter().filter_map(|day| zone.to_timestamp(day.at(7, 0, 0, 0)).ok()).find(|at| *at > now);
    at_seven.unwrap_or_else(|| later(now, SignedDuration::from_hours(24)))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

impl<'de> Deserialize<'de> for Until {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "end_of_day" => Ok(Self::EndOfDay),
            "morning" => Ok(Self::Morning),
            time => time.parse().map(Self::Time).map_err(|_| D::Error::custom("an instant, end_of_day or morning")),
        }
    }
}

impl Serialize for Until {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Time(at) => at.serialize(serializer),
            Self::Minutes(minutes) => minutes.serialize(serializer),
            Self::EndOfDay => "end_of_day".serialize(serializer),
            Self::Morning => "morning".serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::domain::controls::Registry;

    #[test]
    fn morning_is_when_the_night_ends_or_seven() {
        let calendar = Calendar::new(TimeZone::get("Europe/Berlin").unwrap(), 0);
        let registry = Registry::load().unwrap();
        let nights =
            json!([{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "21:00", "to": "06:30"}]);
        let with = |windows| {
            Policy::from_json(
                &registry,
                &json!({"time.sleep_windows": {"value": windows, "source": "guardian"}}).to_string(),
            )
            .unwrap()
        };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let morning = |windows, now| Until::Morning.instant(&calendar, &with(windows), at(now));
        assert_eq!(morning(nights.clone(), "2026-11-27T17:00:00Z"), at("2026-11-28T05:30:00Z"));
        assert_eq!(morning(nights.clone(), "2026-11-27T23:00:00Z"), at("2026-11-28T05:30:00Z"));
        assert_eq!(morning(json!([]), "2026-11-27T17:00:00Z"), at("2026-11-28T06:00:00Z"));
        assert_eq!(morning(json!([]), "2026-11-27T03:00:00Z"), at("2026-11-27T06:00:00Z"));
        let end = Until::EndOfDay.instant(&calendar, &with(json!([])), at("2026-11-27T17:00:00Z"));
        assert_eq!(end, at("2026-11-27T23:00:00Z"));
        for (text, until) in [
            ("\"end_of_day\"", Until::EndOfDay),
            ("\"morning\"", Until::Morning),
            ("\"2026-11-27T17:00:00Z\"", Until::Time(at("2026-11-27T17:00:00Z"))),
        ] {
            assert_eq!(serde_json::from_str::<Until>(text).unwrap(), until);
            assert_eq!(serde_json::to_string(&until).unwrap(), text);
        }
        assert!(serde_json::from_str::<Until>("\"soon\"").is_err());
    }
}

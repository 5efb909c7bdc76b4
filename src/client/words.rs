//! Policies, changes and times in plain words. Short ones, and none that blame.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{
    controls::{ControlId, Registry},
    policy::Change,
    receiver::Entry,
    report::{RejectCode, Standing},
};

/// One control that a new policy changed on a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// Which one.
    pub control: ControlId,
    /// Before; null if there was none.
    #[serde(default)]
    pub from: Value,
    /// Now; null if there is none.
    #[serde(default)]
    pub to: Value,
    /// Why, if somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The controls whose value differs between two policies.
pub fn shifts(old: &BTreeMap<ControlId, Entry>, new: &BTreeMap<ControlId, Entry>) -> Vec<Shift> {
    let value = |entries: &BTreeMap<ControlId, Entry>, control: &ControlId| {
        entries.get(control).map_or(Value::Null, |entry| entry.value.clone())
    };
    let mut controls: Vec<&ControlId> = old.keys().chain(new.keys()).collect();
    controls.sort();
    controls.dedup();
    controls
        .into_iter()
        .map(|control| Shift {
            control: control.clone(),
            from: value(old, control),
            to: value(new, control),
            reason: new.get(control).and_then(|entry| entry.reason.clone()),
        })
        .filter(|shift| shift.from != shift.to)
        .collect()
}

/// What a change did to one control, in words.
pub fn change(change: &Change) -> String {
    let told = serde_json::to_value(change).and_then(serde_json::from_value::<Shift>);
    told.map_or_else(|_| control(&change.control), |told| shift(&told))
}

/// `time.daily_minutes: 60 → 45 ("school night")`.
pub fn shift(shift: &Shift) -> String {
    let control = control(&shift.control);
    let to = value(&shift.to);
    let why = shift.reason.as_ref().map(|reason| format!(" (“{reason}”)")).unwrap_or_default();
    match shift.from {
        Value::Null => format!("{control}: {to}{why}"),
        _ => format!("{control}: {} → {to}{why}", value(&shift.from)),
    }
}

/// What people call a control; its id, if this program is older than the control.
pub fn control(control: &ControlId) -> String {
    static CATALOGUE: LazyLock<Option<Registry>> = LazyLock::new(|| Registry::load().ok());
    let known = CATALOGUE.as_ref().and_then(|catalogue| catalogue.get(control));
    known.map_or_else(|| control.to_string(), |known| known.label.clone())
}

/// A value as people say it.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::String(word) => word.replace('_', " "),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.contains_key("from") && fields.contains_key("to") => window(fields),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(name, field)| format!("{} {}", name.replace('_', " "), self::value(field)));
            pairs.collect::<Vec<_>>().join(" ")
        }
        Value::Number(number) => number.to_string(),
    }
}

/// `mon, tue 21:00–06:00`.
fn window(fields: &Map<String, Value>) -> String {
    let word = |name: &str| fields.get(name).map(value).unwrap_or_default();
    let days = match fields.get("days") {
        Some(Value::Array(days)) if days.len() == 7 => "every day".to_owned(),
        _ => word("days"),
    };
    format!("{days} {}–{}", word("from"), word("to"))
}

/// How a device stands, in words that follow its name.
pub fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Sending => "has not confirmed this yet",
        Standing::Delivered => "has it and will switch in a moment",
        Standing::Enforced => "enforces it",
        Standing::PartlyEnforced => "enforces it in part",
        Standing::Refused => "did not take it",
    }
}

/// Why a device did not take a policy.
pub fn refusal(code: RejectCode) -> &'static str {
    match code {
        RejectCode::BadSignature => "they are not signed by the server",
        RejectCode::WrongTeen => "they are for somebody else",
        RejectCode::NotNewer => "they are not newer than the ones here",
        RejectCode::Unreadable => "they cannot be read",
        RejectCode::Storage => "there is no room to keep them",
        RejectCode::NotNow => "not now, but soon",
        RejectCode::Other => "for a reason of its own",
    }
}

/// `4 minutes ago`, for a time not after `now`.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(at.as_second()).max(0);
    let (count, unit) = match seconds {
        0..=1 => return "just now".to_owned(),
        2..=119 => (seconds, "seconds"),
        120..=7199 => (seconds / 60, "minutes"),
        7200..=172_799 => (seconds / 3600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{count} {unit} ago")
}

/// `1 change`, `3 changes`.
pub fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entries(value: Value) -> BTreeMap<ControlId, Entry> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_what_changed_is_told() {
        let old = entries(json!({"a.b": {"value": 60}, "time.daily_minutes": {"value": 9}, "gone": {"value": true}}));
        let new = entries(
            json!({"a.b": {"value": 45, "reason": "school night"}, "time.daily_minutes": {"value": 8, "source": "law"}}),
        );
        let told: Vec<String> = shifts(&old, &new).iter().map(shift).collect();
        assert_eq!(told, ["a.b: 60 → 45 (“school night”)", "gone: on → not set", "Daily screen time: 9 → 8"]);
    }

    #[test]
    fn values_and_times_read_well() {
        assert_eq!(value(&json!([{"days": ["mon", "tue"], "from": "22:00", "to": "07:00"}])), "mon, tue 22:00–07:00");
        assert_eq!(value(&json!("people_i_follow")), "people i follow");
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(ago(at(0), at(1)), "just now");
        assert_eq!(ago(at(0), at(125)), "2 minutes ago");
        assert_eq!(ago(at(9), at(3)), "just now");
        assert_eq!(count(1, "change") + &count(2, "change"), "1 change2 changes");
    }
}

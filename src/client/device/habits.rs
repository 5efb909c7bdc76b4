//! Bad days on purpose: everything that real devices do and that the server must meet well.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::{
    controls::ControlId,
    receiver::Entry,
    report::{Issue, IssueCode, RejectCode},
};

/// How this device misbehaves. By default it does not.
#[derive(Args, Clone, Debug, Default)]
pub struct Habits {
    /// Go offline for this many seconds, once.
    #[arg(long, value_name = "SECONDS")]
    pub offline_for: Option<u64>,
    /// Go offline after this many applied changes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub offline_after: u32,
    /// Take no policy and give this reason (not_now, storage, …).
    #[arg(long, value_name = "CODE", value_parser = word::<RejectCode>)]
    pub refuse: Option<RejectCode>,
    /// Cannot enforce this control. May be given again.
    #[arg(long, value_name = "CONTROL", value_parser = word::<ControlId>)]
    pub unsupported: Vec<ControlId>,
    /// The clock is this many seconds ahead (or, negative, behind).
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_skew: i64,
    /// Apply, but never report.
    #[arg(long)]
    pub deaf: bool,
    /// Take this long to apply a change.
    #[arg(long, value_name = "MS")]
    pub slow: Option<u64>,
}

impl Habits {
    /// What the device's own clock shows.
    pub fn wall(&self, now: Timestamp) -> Timestamp {
        now.checked_add(SignedDuration::from_secs(self.clock_skew)).unwrap_or(now)
    }

    /// The controls of the policy that this device was told not to master.
    pub fn issues(&self, controls: &BTreeMap<ControlId, Entry>) -> impl Iterator<Item = Issue> {
        let lacking = self.unsupported.iter().filter(|control| controls.contains_key(*control));
        lacking.map(|control| Issue { control: control.clone(), code: IssueCode::Unsupported })
    }

    /// How long to be gone now, if it is time. Happens once.
    pub fn leave(&mut self, applied: u32) -> Option<Duration> {
        match applied >= self.offline_after {
            true => self.offline_for.take().map(Duration::from_secs),
            false => None,
        }
    }
}

/// Reads a word as JSON would have it.
pub fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|_| "is not a known word".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_leaves_once_and_only_when_due() {
        let mut habits = Habits { offline_for: Some(3), offline_after: 2, ..Habits::default() };
        assert_eq!(habits.leave(1), None);
        assert_eq!(habits.leave(2), Some(Duration::from_secs(3)));
        assert_eq!(habits.leave(3), None);
        assert_eq!(Habits::default().leave(9), None);
    }

    #[test]
    fn a_wrong_clock_is_wrong_by_that_much() {
        let habits = Habits { clock_skew: -90, ..Habits::default() };
        assert_eq!(habits.wall(Timestamp::UNIX_EPOCH).as_second(), -90);
        assert_eq!(word::<RejectCode>("not_now"), Ok(RejectCode::NotNow));
    }
}

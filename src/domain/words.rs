//! Sentences for guardians about devices: plain, short, never blaming, never greener than the truth.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    report::{Issue, SaidBy, Standing},
    silence::SilenceReason,
};

/// A control that a device cannot enforce, and why, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssueInWords {
    /// The issue.
    #[serde(flatten)]
    pub issue: Issue,
    /// The same in plain English.
    pub sentence: String,
}

/// Says each issue of a device in a sentence.
pub fn in_words(device: &str, issues: &[Issue]) -> Vec<IssueInWords> {
    let sentence = |issue: &Issue| format!("{device} cannot apply {}: {}.", issue.control, issue.code.in_words());
    issues.iter().map(|issue| IssueInWords { issue: issue.clone(), sentence: sentence(issue) }).collect()
}

/// Says in a sentence how a device stands to the newest limits.
pub fn summary(device: &str, standing: Standing, confirmed_at: Option<Timestamp>, now: Timestamp) -> String {
    let ago = confirmed_at.map(|at| ago(at, now));
    match (standing, ago) {
        (Standing::Enforced, Some(ago)) => format!("{device} applies your limits. It confirmed them {ago}."),
        (Standing::Enforced, None) => format!("{device} applies your limits."),
        (Standing::PartlyEnforced, _) => format!("{device} applies your limits, but not all of them."),
        (Standing::Delivered, _) => format!("{device} has your newest limits and will switch to them in a moment."),
        (Standing::Refused, _) => {
            format!("{device} could not take your newest limits. The earlier ones still count on it.")
        }
        (Standing::Sending, Some(ago)) => {
            format!(
                "{device} has not confirmed your newest limits. It confirmed earlier ones {ago}; those still count on it."
            )
        }
        (Standing::Sending, None) => format!("{device} has not confirmed any limits yet."),
    }
}

/// Says in a sentence that changes were lost which a device had.
pub fn lost(device: &str, said_by: SaidBy) -> String {
    let gone = match said_by {
        SaidBy::Node => format!("Some changes of limits that we had sent to {device} are gone."),
        SaidBy::Device => format!("{device} says that it had changes of limits which are gone."),
    };
    format!(
        "We had to go back to an earlier copy of our data. {gone} Please look whether the limits are as you want them."
    )
}

/// Says in a sentence that a device confirms nothing any more, or did not for a while.
pub fn silence(
    device: &str,
    reason: SilenceReason,
    since: Timestamp,
    cleared_at: Option<Timestamp>,
    battery_percent: Option<u8>,
    now: Timestamp,
) -> String {
    let lasted = lasted(since, cleared_at.unwrap_or(now));
    let battery = battery_percent.map(|percent| format!(" Its battery was at {percent} % then.")).unwrap_or_default();
    match (reason, cleared_at) {
        (SilenceReason::Removed, _) => {
            format!("{device} was taken off the list of devices. Your limits do not reach it any more.")
        }
        // It may be heard again, but also gone, or its hours were changed: how it stands now is said elsewhere.
        (SilenceReason::NotHeard | SilenceReason::NotConfirmed, Some(_)) => {
            format!("{device} counted as silent for {lasted}, and does not any more.")
        }
        (SilenceReason::NotHeard, None) => {
            format!("{device} has not been heard for {lasted}.{battery} We cannot say whether your limits count on it.")
        }
        (SilenceReason::NotConfirmed, None) => {
            format!("{device} is there, but has not confirmed your newest limits for {lasted}.")
        }
    }
}

/// Says in a sentence that a device's clock is not right, or set to another local time than the teen's home.
pub fn clock(device: &str, off_seconds: i64, other_zone: bool, was_wrong: bool) -> String {
    let off = match off_seconds {
        0 => String::new(),
        off => {
            // To the minute: what the line took is no part of it.
            let by = off.saturating_abs().saturating_add(30) / 60 * 60;
            let by = lasted(Timestamp::UNIX_EPOCH, Timestamp::from_second(by).unwrap_or(Timestamp::MAX));
            format!("The clock of {device} is {by} {}.", if off > 0 { "ahead" } else { "behind" })
        }
    };
    let zone = other_zone.then(|| format!("{device} is set to another time zone than home."));
    let was = was_wrong.then(|| format!("The clock of {device} was wrong while it was away, and is right now."));
    let off = Some(off).filter(|off| !off.is_empty());
    let told: Vec<String> = [off, was, zone].into_iter().flatten().collect();
    format!("{} Your limits count by our time all the same.", told.join(" "))
}

/// What is said of a device that came back in an earlier state.
pub fn went_back(device: &str) -> String {
    format!(
        "{device} came back without limits that it had. The app was installed again, or {device} is a copy of an earlier state."
    )
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    match now.duration_since(at).as_secs() {
        ..=0 => "just now".to_owned(),
        _ => format!("{} ago", lasted(at, now)),
    }
}

/// From one instant to another, in the greatest unit that fits.
fn lasted(from: Timestamp, to: Timestamp) -> String {
    let some = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match to.duration_since(from).as_secs().max(0) {
        seconds @ 0..60 => some(seconds, "second"),
        seconds @ 60..3_600 => some(seconds / 60, "minute"),
        seconds @ 3_600..172_800 => some(seconds / 3_600, "hour"),
        seconds => some(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn silence_is_shown_as_silence() {
        let now = Timestamp::UNIX_EPOCH;
        let hour_ago = now - SignedDuration::from_mins(61);
        assert_eq!(
            summary("Mia's phone", Standing::Sending, None, now),
            "Mia's phone has not confirmed any limits yet."
        );
        let waiting = summary("Mia's phone", Standing::Sending, Some(hour_ago), now);
        assert!(
            waiting.contains("has not confirmed your newest limits") && waiting.contains("1 hour ago"),
            "{waiting}"
        );
        assert!(summary("Mia's phone", Standing::Enforced, Some(now), now).ends_with("just now."));
    }

    /// A silence may end because the device is heard, and also because it is gone or other hours were set.
    #[test]
    fn the_end_of_a_silence_claims_nothing_of_the_device() {
        let (since, now) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + SignedDuration::from_hours(30));
        for reason in [SilenceReason::NotHeard, SilenceReason::NotConfirmed] {
            let said = silence("Mia's phone", reason, since, Some(now), Some(4), now);
            assert_eq!(said, "Mia's phone counted as silent for 30 hours, and does not any more.");
        }
    }
}

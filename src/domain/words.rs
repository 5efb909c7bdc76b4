//! Sentences for guardians about devices: plain, short, never blaming, never greener than the truth.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::report::{Issue, SaidBy, Standing};

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

fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    let some = |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match seconds {
        0 => "just now".to_owned(),
        1..60 => some(seconds, "second"),
        60..3_600 => some(seconds / 60, "minute"),
        3_600..86_400 => some(seconds / 3_600, "hour"),
        _ => some(seconds / 86_400, "day"),
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
}

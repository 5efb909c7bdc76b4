//! Notices as sentences.

use crate::client::words;
use crate::domain::{
    age::AgeBand,
    report::Standing,
    request::{RequestKind, RequestState, Wish},
};
use crate::sync::frame::{DeviceNotice, Notice, RequestView};

/// What a notice says to a guardian; `name_of` names a teen. None for what this client does not know.
pub fn sentence(notice: &Notice, name_of: impl Fn(&str) -> String) -> Option<String> {
    match notice {
        Notice::Device(device) => Some(device_sentence(device)),
        Notice::Pairing { state, with, .. } => Some(format!("Your pairing with {with} is {} now.", state.as_str())),
        Notice::Change { teen_id, version, reason, changed, .. } => {
            let name = name_of(&teen_id.to_string());
            let why = reason.as_ref().map(|reason| format!(" (“{reason}”)")).unwrap_or_default();
            let lines: String = changed.iter().map(|change| format!("\n    {}", words::change(change))).collect();
            Some(format!("Limits of {name} are {version} now{why}:{lines}"))
        }
        Notice::Reply { teen_id, revision, reply } => {
            Some(format!("{} says to change {revision}: “{}”", name_of(&teen_id.to_string()), reply.text))
        }
        Notice::Transition { teen_id, on, to_band, changes, .. } => {
            let name = name_of(&teen_id.to_string());
            let lines: String = changes.iter().map(|change| format!("\n    {}", words::change(change))).collect();
            let end = if *to_band == AgeBand::Adult { " Your pairing ends then." } else { "" };
            Some(format!("The limits of {name} follow another age from {on}.{end}{lines}"))
        }
        Notice::Age { teen_id, waiting: None, .. } => {
            Some(format!("What is known of the age of {} changed.", name_of(&teen_id.to_string())))
        }
        Notice::Age { teen_id, waiting: Some(waiting), .. } => {
            let name = name_of(&teen_id.to_string());
            Some(format!(
                "Somebody says that {name} is older. It counts from {:.0}, unless one of you objects.",
                waiting.until
            ))
        }
        Notice::AgeAppeal { teen_id, appeal } => {
            let name = name_of(&teen_id.to_string());
            let why = appeal.reason.as_deref().unwrap_or_default();
            Some(format!("The objection to the age of {name} was answered: {}. “{why}”", appeal.state.as_str()))
        }
        Notice::Request { teen_id, request } => Some(request_sentence(&name_of(&teen_id.to_string()), request)),
        Notice::Silence { silence, .. } => Some(silence.sentence.clone()),
        Notice::Unknown => None,
    }
}

fn request_sentence(name: &str, request: &RequestView) -> String {
    let what = match (request.asks_for, &request.wish) {
        (RequestKind::Time, Wish { minutes: Some(minutes), .. }) => format!("{minutes} minutes more"),
        (RequestKind::Time, _) => "the rest of the day".to_owned(),
        (RequestKind::Setting, _) => format!("another value for {}", request.subject),
        (RequestKind::Unblock, _) => format!("{} to be unblocked", request.subject),
    };
    let note = request.note.as_ref().map(|note| format!(" (“{note}”)")).unwrap_or_default();
    match request.state {
        RequestState::Pending => format!("{name} asks for {what}{note}."),
        RequestState::Granted => format!("{name} asked for {what}: given."),
        RequestState::Denied => format!("{name} asked for {what}: not this time."),
        RequestState::Cancelled => format!("{name} does not ask for {what} any more."),
        RequestState::Expired => format!("{name} asked for {what}, and nobody answered in time."),
    }
}

fn device_sentence(device: &DeviceNotice) -> String {
    let name = &device.device_name;
    let after = device.took_ms.map(|ms| format!(", {} after you saved", span(ms))).unwrap_or_default();
    let issues: String = device.issues.iter().map(|issue| format!("\n    {}", issue.sentence)).collect();
    let clock = device.clock.as_ref().map(|clock| format!(" {}", clock.sentence)).unwrap_or_default();
    let standing = match device.state {
        Standing::Enforced => format!("Enforced on {name}{after}."),
        Standing::PartlyEnforced => format!("Enforced in part on {name}{after}:{issues}"),
        standing => format!("{name} {}.", words::standing(standing)),
    };
    standing + &clock
}

fn span(ms: i64) -> String {
    match ms {
        ..10_000 => format!("{ms} ms"),
        10_000..120_000 => format!("{} s", ms / 1000),
        _ => format!("{} minutes", ms / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(json: serde_json::Value) -> String {
        let notice: Notice = serde_json::from_value(json).unwrap();
        sentence(&notice, |_| "Mia".to_owned()).unwrap_or_default()
    }

    #[test]
    fn a_device_speaks_for_itself() {
        let device = |state: &str, took: Option<i64>| {
            notice(serde_json::json!({
                "kind": "device", "teen_id": "00000000-0000-0000-0000-000000000001",
                "device_id": "00000000-0000-0000-0000-000000000002", "device_name": "Mia's phone",
                "desired": {"epoch": 1, "revision": 2}, "state": state, "confirmed_at": null, "took_ms": took,
                "issues": [{"control": "dm.from", "code": "unsupported", "sentence": "It cannot do this."}],
            }))
        };
        assert_eq!(device("enforced", Some(38)), "Enforced on Mia's phone, 38 ms after you saved.");
        assert_eq!(device("partly_enforced", None), "Enforced in part on Mia's phone:\n    It cannot do this.");
        assert_eq!(device("sending", None), "Mia's phone has not confirmed this yet.");
        assert_eq!(notice(serde_json::json!({"kind": "dream"})), "");
    }
}

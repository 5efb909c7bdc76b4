//! What happens on a device, told to a person in sentences or to a program in lines of JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::client::{terminal::say, words};
use crate::domain::{
    clock::World,
    device::{Closed, Why},
    ids::{ConnectionId, DeviceId},
    report::{Issue, RejectCode},
    version::Version,
};

/// One line of `device run --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    #[serde(flatten)]
    pub what: What,
    /// When, by the machine's clock, in milliseconds since 1970.
    pub at_unix_ms: i64,
}

/// What happened on a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The program started.
    Started {
        /// Which device.
        device_id: DeviceId,
        /// What it is called.
        name: String,
        /// The policy that it kept from before.
        held: Option<Version>,
    },
    /// The server welcomed the socket.
    Connected {
        /// For support.
        connection_id: ConnectionId,
        /// The newest policy.
        desired: Option<Version>,
    },
    /// A policy came.
    Received(Version),
    /// A policy is on disk and counts now.
    Applied {
        /// Which one.
        #[serde(flatten)]
        version: Version,
        /// Hash of its bytes.
        sha256: String,
        /// What it changed.
        shifts: Vec<words::Shift>,
        /// What of it this device cannot enforce.
        issues: Vec<Issue>,
    },
    /// Something changed by itself: a grant or a hold began or ended.
    Moved {
        /// What changed.
        shifts: Vec<words::Shift>,
    },
    /// The server was not heard for long.
    Silent {
        /// For this many hours at least.
        hours: u16,
        /// What else changed at that time.
        shifts: Vec<words::Shift>,
    },
    /// The server was not heard for so long that the stricter side counts.
    Safe {
        /// For this many hours at least.
        hours: u16,
        /// What got stricter.
        shifts: Vec<words::Shift>,
    },
    /// The server was heard again.
    HeardAgain {
        /// What is as it was set again.
        shifts: Vec<words::Shift>,
    },
    /// A policy was not taken.
    Refused {
        /// Which one.
        #[serde(flatten)]
        version: Version,
        /// Why.
        code: RejectCode,
    },
    /// A late or second copy was left out.
    Skipped(Version),
    /// The server was told what counts.
    Reported(Version),
    /// The server has durably taken the report.
    Confirmed(Version),
    /// Seconds of use were sent.
    Used {
        /// How many five-minute slots.
        slots: usize,
    },
    /// A code that was read out gave minutes.
    CodeTaken {
        /// How many.
        minutes: u16,
    },
    /// Something may be used.
    Opened {
        /// What.
        item: String,
    },
    /// Something may not be used.
    Closed {
        /// What.
        item: String,
        /// Why, and until when.
        #[serde(flatten)]
        closed: Closed,
    },
    /// Gone on purpose.
    Offline {
        /// For how long.
        seconds: u64,
    },
    /// The connection ended.
    Disconnected {
        /// The close code; 1006 if the line broke without one.
        code: u16,
        /// The server's word.
        reason: String,
        /// Whether and when the device comes back.
        retry_after_ms: Option<u64>,
    },
    /// Something did not work; the device goes on.
    Trouble {
        /// In a sentence.
        words: String,
    },
    /// The program ends.
    Stopped,
    /// A kind newer than the reader.
    #[serde(other)]
    Unknown,
}

/// Tells what happens.
#[derive(Clone)]
pub struct Voice {
    manner: Manner,
    world: World,
}

#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Words,
    Json,
    Silent,
}

impl Voice {
    /// Speaks JSON to programs, sentences to people.
    pub fn new(json: bool, world: World) -> Self {
        Self { manner: if json { Manner::Json } else { Manner::Words }, world }
    }

    /// Says nothing: for thousands of devices at once.
    pub fn silent(world: World) -> Self {
        Self { manner: Manner::Silent, world }
    }

    /// Tells one thing.
    pub fn tell(&self, what: What) {
        let now = self.world.now();
        let line = match self.manner {
            Manner::Silent => None,
            Manner::Words => sentence(&what).map(|words| format!("{}  {words}", clock_face(now))),
            Manner::Json => serde_json::to_string(&Event { what, at_unix_ms: now.as_millisecond() }).ok(),
        };
        if let Some(line) = line {
            say(&line);
        }
    }
}

fn clock_face(at: Timestamp) -> String {
    at.strftime("%H:%M:%S%.3f").to_string()
}

fn sentence(what: &What) -> Option<String> {
    Some(match what {
        What::Started { name, held: Some(held), .. } => {
            format!("{name} starts. Limits {held} are in force from before.")
        }
        What::Started { name, held: None, .. } => format!("{name} starts. It has no limits yet."),
        What::Connected { .. } => "Connected.".to_owned(),
        What::Applied { version, shifts, issues, .. } => applied(*version, shifts, issues),
        What::Moved { shifts } => listed("Some limits changed by themselves", shifts),
        What::Silent { hours, shifts } => listed(&format!("No contact for {hours} h. The limits still count"), shifts),
        What::Safe { hours, shifts } => {
            listed(&format!("No contact for {hours} h: stricter limits count until there is contact"), shifts)
        }
        What::HeardAgain { shifts } => listed("In contact again. The limits count as they were set", shifts),
        What::Refused { version, code } => format!("Did not take limits {version}: {}.", words::refusal(*code)),
        What::Skipped(version) => format!("Limits {version} came again or late; nothing to do."),
        What::Confirmed(version) => format!("The server knows that limits {version} count here."),
        What::Used { slots } => format!("Sent the time used ({}).", words::count(*slots, "slot")),
        What::CodeTaken { minutes } => format!("The code gives {minutes} minutes more today, on this device."),
        What::Opened { item } => format!("{item} is open."),
        What::Closed { item, closed } => closed_in_words(item, closed),
        What::Offline { seconds } => format!("Offline on purpose, for {seconds} s. The limits still count."),
        What::Disconnected { retry_after_ms: Some(wait), reason, .. } => {
            format!("Not connected ({reason}). The limits still count. Next try in {wait} ms.")
        }
        What::Disconnected { retry_after_ms: None, reason, .. } => {
            format!("Not connected ({reason}). The limits still count.")
        }
        What::Trouble { words } => words.clone(),
        What::Stopped => "Goodbye.".to_owned(),
        What::Received(_) | What::Reported(_) | What::Unknown => return None,
    })
}

fn closed_in_words(item: &str, closed: &Closed) -> String {
    let why = match closed.why {
        Why::NoPolicy => "no limits have come yet",
        Why::Paused => "everything is paused",
        Why::OffHours => "it is off at this time",
        Why::BudgetUsed => "its minutes are used up",
        Why::Offline => "without contact no more than this is allowed",
    };
    match closed.until {
        Some(until) => {
            format!("{item} is closed: {why}. It opens by itself at {}.", until.strftime("%Y-%m-%d %H:%M UTC"))
        }
        None => format!("{item} is closed: {why}."),
    }
}

fn applied(version: Version, shifts: &[words::Shift], issues: &[Issue]) -> String {
    let mut text = listed(&format!("Limits {version} count now"), shifts);
    for issue in issues {
        text.push_str("\n                cannot do here: ");
        text.push_str(&format!("{}, because {}", words::control(&issue.control), issue.code.in_words()));
    }
    text
}

fn listed(head: &str, shifts: &[words::Shift]) -> String {
    let mut text = match shifts.len() {
        0 => format!("{head}."),
        some => format!("{head} ({}):", words::count(some, "change")),
    };
    for shift in shifts {
        text.push_str("\n                ");
        text.push_str(&words::shift(shift));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_told_with_its_hours_and_what_it_changes() {
        let shift =
            words::Shift { control: "time.daily_minutes".into(), from: 120.into(), to: 60.into(), reason: None };
        let told = sentence(&What::Safe { hours: 72, shifts: vec![shift] }).unwrap();
        assert_eq!(
            told,
            "No contact for 72 h: stricter limits count until there is contact (1 change):\n                Daily screen time: 120 → 60"
        );
        let warned = sentence(&What::Silent { hours: 24, shifts: vec![] }).unwrap();
        assert_eq!(warned, "No contact for 24 h. The limits still count.");
    }

    #[test]
    fn a_line_is_flat_and_reads_back() {
        let version = Version { epoch: 2, revision: 7 };
        let what = What::Applied { version, sha256: "ab".into(), shifts: vec![], issues: vec![] };
        let event = Event { what, at_unix_ms: 5 };
        let line = serde_json::to_string(&event).unwrap();
        assert_eq!(
            line,
            r#"{"event":"applied","epoch":2,"revision":7,"sha256":"ab","shifts":[],"issues":[],"at_unix_ms":5}"#
        );
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
        let newer = serde_json::from_str::<Event>(r#"{"event":"dreamt","of":"sheep","at_unix_ms":1}"#).unwrap();
        assert_eq!(newer.what, What::Unknown);
        assert_eq!(
            serde_json::to_string(&Event { what: What::Received(version), at_unix_ms: 1 }).unwrap(),
            r#"{"event":"received","epoch":2,"revision":7,"at_unix_ms":1}"#
        );
    }
}

//! What a device says it did, and what a guardian may conclude from it.
//!
//! Promise 3: "enforced" is the device's word. Nothing here knows about sockets or writes; a standing is computed from
//! the last reports and the policy that is wanted now, each time somebody looks, and stored nowhere.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{controls::ControlId, version::Version};

/// Most issues that one report may name.
pub const MOST_ISSUES: usize = 64;

/// One control that a device could not enforce as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Issue {
    /// The control meant.
    pub control: ControlId,
    /// Why not.
    pub code: IssueCode,
}

/// Why a device could not enforce a control. Words after the reasons that mobile management systems report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IssueCode {
    /// This app version does not know the control.
    Unsupported,
    /// The phone's system is too old for it.
    OsVersion,
    /// A permission was not given or was taken away.
    PermissionMissing,
    /// Somebody must do something on the device first.
    UserAction,
    /// The value made no sense to the device.
    InvalidValue,
    /// The app that it concerns is not there.
    AppMissing,
    /// Not yet; the device is still working on it.
    Pending,
    /// Somebody changed what enforces it.
    Tampered,
    /// No room to keep it.
    Storage,
    /// The device's clock cannot be trusted.
    ClockUntrusted,
    /// A reason newer than this server.
    #[serde(other)]
    Other,
}

impl IssueCode {
    /// The reason in plain words, to follow "Mia's phone cannot enforce direct messages:".
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Unsupported => "the app on it is too old for this",
            Self::OsVersion => "its system is too old for this",
            Self::PermissionMissing => "a permission is switched off on it",
            Self::UserAction => "somebody has to confirm something on it",
            Self::InvalidValue => "it did not understand the value",
            Self::AppMissing => "the app that this is about is not on it",
            Self::Pending => "it is still working on this",
            Self::Tampered => "something that enforces this was changed on it",
            Self::Storage => "it has no storage left",
            Self::ClockUntrusted => "its clock cannot be trusted",
            Self::Other => "it gave a reason that this server does not know yet",
        }
    }
}

/// Why a device did not take a policy at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectCode {
    /// The signature did not verify under any known key.
    BadSignature,
    /// The policy is for somebody else.
    WrongTeen,
    /// Not greater than what the device holds.
    NotNewer,
    /// The bytes could not be read.
    Unreadable,
    /// No room to keep it.
    Storage,
    /// The device has the policy but cannot switch now (a call, an emergency). It will.
    NotNow,
    /// A reason newer than this server.
    #[serde(other)]
    Other,
}

/// A policy that a device reported as applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Which one.
    pub version: Version,
    /// Hash of the exact bytes, lower-case hex.
    pub sha256: String,
    /// What it could not enforce of it.
    pub issues: Vec<Issue>,
    /// When the report reached us, by our clock.
    pub confirmed_at: Timestamp,
}

/// A policy that a device said it did not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Which one.
    pub version: Version,
    /// Why not.
    pub code: RejectCode,
    /// When the report reached us, by our clock.
    pub at: Timestamp,
}

/// Revisions that a device had and that are gone, because the database is a restored or promoted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lost {
    /// The epoch that they were of.
    pub epoch: i64,
    /// The first of them.
    pub from_revision: i64,
    /// The last that the device had.
    pub to_revision: i64,
    /// When that was found.
    pub found_at: Timestamp,
    /// Whose word it is that the device had them.
    pub said_by: SaidBy,
}

/// Whose word it is that a device had a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaidBy {
    /// Only the device's own: it may be wrong.
    Device,
    /// The server's, which had sent them to it.
    Node,
}

impl SaidBy {
    /// As it is stored.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Node => "node",
        }
    }

    /// What a stored word means.
    pub fn from_word(word: &str) -> Self {
        if word == Self::Node.word() { Self::Node } else { Self::Device }
    }
}

/// Everything one device has said that still counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reports {
    /// The newest policy it applied.
    pub applied: Option<Applied>,
    /// The newest policy it did not take.
    pub rejected: Option<Rejected>,
}

/// How a device stands to the policy that is wanted now: the only words that a guardian is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No word from the device about this policy yet.
    Sending,
    /// The device has it and says that it will switch in a moment.
    Delivered,
    /// The device reported this very policy, with the same hash and no issues.
    Enforced,
    /// As enforced, but for the controls that it named.
    PartlyEnforced,
    /// The device would not take it.
    Refused,
}

/// The policy that a device should have: its version and the hash of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// Which one.
    pub version: Version,
    /// Hash of the exact bytes, lower-case hex.
    pub sha256: String,
}

impl Reports {
    /// What may be concluded from these reports about the wanted policy.
    pub fn standing(&self, desired: &Desired) -> Standing {
        let said_no = self.rejected.filter(|rejected| rejected.version == desired.version);
        let later = |applied: &Applied| said_no.is_some_and(|rejected| rejected.at > applied.confirmed_at);
        // The device's latest word counts: a "no" after a "yes" is a no.
        if let Some(applied) = self.applied.as_ref().filter(|applied| !later(applied))
            && applied.version == desired.version
            && applied.sha256 == desired.sha256
        {
            return match applied.issues.is_empty() {
                true => Standing::Enforced,
                false => Standing::PartlyEnforced,
            };
        }
        match said_no.map(|rejected| rejected.code) {
            Some(RejectCode::NotNow) => Standing::Delivered,
            Some(_) => Standing::Refused,
            None => Standing::Sending,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WANTED: Version = Version { epoch: 2, revision: 7 };

    fn desired() -> Desired {
        Desired { version: WANTED, sha256: "aa".into() }
    }

    fn applied(version: Version, sha256: &str, issues: Vec<Issue>) -> Reports {
        let applied = Applied { version, sha256: sha256.into(), issues, confirmed_at: Timestamp::UNIX_EPOCH };
        Reports { applied: Some(applied), rejected: None }
    }

    #[test]
    fn silence_is_sending_and_a_reason_is_in_words() {
        assert_eq!(Reports::default().standing(&desired()), Standing::Sending);
        let no = |code| Rejected { version: WANTED, code, at: Timestamp::UNIX_EPOCH };
        let mut reports = Reports { applied: None, rejected: Some(no(RejectCode::NotNow)) };
        assert_eq!(reports.standing(&desired()), Standing::Delivered);
        reports.rejected = Some(no(RejectCode::BadSignature));
        assert_eq!(reports.standing(&desired()), Standing::Refused);
    }

    #[test]
    fn the_latest_word_counts() {
        let mut reports = applied(WANTED, "aa", vec![]);
        let later = Timestamp::from_second(5).unwrap();
        reports.rejected = Some(Rejected { version: WANTED, code: RejectCode::Storage, at: later });
        assert_eq!(reports.standing(&desired()), Standing::Refused);
        reports.applied.as_mut().unwrap().confirmed_at = Timestamp::from_second(6).unwrap();
        assert_eq!(reports.standing(&desired()), Standing::Enforced);
    }

    proptest! {
        /// Promise 3: only this revision with this hash is ever called enforced.
        #[test]
        fn enforced_is_the_devices_word(epoch in 1i64..4, revision in 5i64..9, same_hash: bool) {
            let version = Version { epoch, revision };
            let reports = applied(version, if same_hash { "aa" } else { "bb" }, vec![]);
            let enforced = reports.standing(&desired()) == Standing::Enforced;
            prop_assert_eq!(enforced, version == WANTED && same_hash);
        }
    }
}

//! What a refusal of the store is on the wire.

use std::time::Duration;

use super::{Code, Problem};
use crate::{domain::policy::PatchError, store::StoreError};

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::NotFound => Code::NotFound,
            StoreError::Stale(_) => Code::Stale,
            StoreError::Patch(patch) => return patch.into(),
            StoreError::Impossible(_) => Code::PairingState,
            StoreError::PasswordChanged => Code::WrongCredentials,
            StoreError::EmailTaken => Code::EmailTaken,
            StoreError::TooManyUntold => Code::TooManyUntold,
            StoreError::TooManyDevices => Code::TooManyDevices,
            StoreError::GuardianAgreementNeeded => Code::GuardianAgreementNeeded,
            StoreError::AlreadyPaired => Code::AlreadyPaired,
            StoreError::AskedTooSoon(at) => return Self::new(Code::AskedTooSoon).with("ask_again_at", at),
            StoreError::TeenIsAdult => Code::TeenIsAdult,
            StoreError::TooManyOffers => Code::TooManyCodes,
            StoreError::NotUndoable => Code::NotUndoable,
            StoreError::NotShown => Code::NotShown,
            StoreError::NobodyToAsk => Code::NobodyToAsk,
            StoreError::NotThat => return Self::field("/answer", "must give what was asked for, or no"),
            StoreError::RequestOver(request) => return Self::new(Code::RequestOver).with("request", request),
            StoreError::AlreadyAsked(request) => return Self::new(Code::AlreadyAsked).with("request", request),
            StoreError::KeyReused => Code::KeyReused,
            StoreError::TakenBefore => return Self::field("/transaction", "was reported for somebody else"),
            StoreError::Unavailable(_) | StoreError::Interrupted => {
                tracing::warn!(%error, "the database does not answer");
                return Self::new(Code::Unavailable).retry_after(Duration::from_secs(1));
            }
            // Another program approved them, and this one waits for an operator or for its own end.
            StoreError::UnreadableRules { .. } => {
                tracing::error!(%error, "no policy can be computed");
                return Self::new(Code::Unavailable).retry_after(Duration::from_secs(30));
            }
            // Appeals are answered by command; over HTTP none comes.
            StoreError::Corrupt(_) | StoreError::Query(_) | StoreError::Appeal(_) => {
                tracing::error!(%error, "a query failed");
                Code::Internal
            }
        };
        code.into()
    }
}

/// Why a wish adds nothing where only a grant makes it looser.
const GIVE_BACK: &str = "Your guardian allowed more for a while. Give that back, and your limit is stricter again: \
    DELETE /v1/teen/grants/{grant_id} for each of grants.";

impl From<&PatchError> for Problem {
    fn from(error: &PatchError) -> Self {
        match error {
            PatchError::UnknownControl(_) => Code::UnknownControl.into(),
            PatchError::Invalid { control, why } => Self::field(&format!("/settings/{control}"), why),
            PatchError::NotYours(control) => Self::new(Code::NotYours).with("control", control),
            PatchError::BelowFloor { control, floor, rules } => {
                Self::new(Code::BelowFloor).with("control", control).with("bound", floor).with("rules", rules)
            }
            PatchError::TimeRange(_) => Self::field("/minutes", error),
            PatchError::TimeItem => Self::field("/item", "must be 1-64 printable ASCII characters without blanks"),
            PatchError::BeyondBound { possible_minutes, rules } => {
                Self::new(Code::BelowFloor).with("possible_minutes", possible_minutes).with("rules", rules)
            }
            PatchError::NotNow => Code::NotNow.into(),
            PatchError::AddsNothing { control, grants } => {
                let problem = Self::new(Code::AddsNothing).with("control", control);
                if grants.is_empty() { problem } else { problem.with("grants", grants).with("detail", GIVE_BACK) }
            }
            PatchError::TooManyTimed(control) => Self::new(Code::TooManyGrants).with("control", control),
            PatchError::TooBig => Code::PolicyTooBig.into(),
        }
    }
}

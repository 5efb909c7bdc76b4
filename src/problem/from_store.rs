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
            StoreError::TooManyDevices => Code::TooManyDevices,
            StoreError::GuardianAgreementNeeded => Code::GuardianAgreementNeeded,
            StoreError::AlreadyPaired => Code::AlreadyPaired,
            StoreError::TeenIsAdult => Code::TeenIsAdult,
            StoreError::TooManyOffers => Code::TooManyCodes,
            StoreError::NotUndoable => Code::NotUndoable,
            StoreError::KeyReused => Code::KeyReused,
            StoreError::TakenBefore => return Self::field("/transaction", "was reported for somebody else"),
            StoreError::Unavailable(_) | StoreError::Interrupted => {
                tracing::warn!(%error, "the database does not answer");
                return Self::new(Code::Unavailable).retry_after(Duration::from_secs(1));
            }
            // Appeals are answered by command; over HTTP none comes.
            StoreError::Corrupt(_)
            | StoreError::UnreadableRules { .. }
            | StoreError::Query(_)
            | StoreError::Appeal(_) => {
                tracing::error!(%error, "a query failed");
                Code::Internal
            }
        };
        code.into()
    }
}

impl From<&PatchError> for Problem {
    fn from(error: &PatchError) -> Self {
        match error {
            PatchError::UnknownControl(_) => Code::UnknownControl.into(),
            PatchError::Invalid { control, why } => Self::field(&format!("/settings/{control}"), why),
            PatchError::NotYours(control) => Self::new(Code::NotYours).with("control", control),
            PatchError::BelowFloor { control, floor, rules } => {
                Self::new(Code::BelowFloor).with("control", control).with("bound", floor).with("rules", rules)
            }
            PatchError::NotNow => Code::NotNow.into(),
            PatchError::AddsNothing { control } => Self::new(Code::AddsNothing).with("control", control),
        }
    }
}

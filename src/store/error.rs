//! What can go wrong below, as a closed set. `problem` maps each to an answer; nothing here knows about HTTP.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use jiff::Timestamp;
use thiserror::Error;

use super::requests::RequestView;
use crate::domain::{age::AppealError, pairing::Impossible, policy::PatchError, vault::Broken, version::Version};

/// Why the store did not do it. Nothing was changed, unless said otherwise.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No such thing, or none that the caller may know of.
    #[error("there is no such thing")]
    NotFound,
    /// The settings moved on: this is where they are now.
    #[error("the settings are at {0} now")]
    Stale(Version),
    /// The patch breaks a rule.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The pairing cannot make this move.
    #[error(transparent)]
    Impossible(#[from] Impossible),
    /// The password is another one by now.
    #[error("the password was changed in between")]
    PasswordChanged,
    /// The e-mail has an account.
    #[error("the e-mail is taken")]
    EmailTaken,
    /// The teen has a guardian, whose yes would be needed.
    #[error("an existing guardian has to agree")]
    GuardianAgreementNeeded,
    /// The teen has said no to this guardian, who may ask again from then on.
    #[error("the teen has said no; not before {0}")]
    AskedTooSoon(Timestamp),
    /// These two are paired already.
    #[error("already paired")]
    AlreadyPaired,
    /// Nobody guards an adult.
    #[error("the teen is an adult by now")]
    TeenIsAdult,
    /// Three codes are open; one must be used, cancelled or run out first.
    #[error("too many open codes")]
    TooManyOffers,
    /// The teen has as many devices as one teen may have.
    #[error("too many devices")]
    TooManyDevices,
    /// A device has not told of fifty codes that were made for it.
    #[error("fifty codes of this device are open")]
    TooManyUntold,
    /// The revision cannot be undone by this guardian.
    #[error("this revision cannot be undone")]
    NotUndoable,
    /// The teen's policy does not show this to guardians.
    #[error("guardians do not see this of the teen")]
    NotShown,
    /// The request is not pending any more: answered, taken back or too old.
    #[error("the request has come to its end")]
    RequestOver(Box<RequestView>),
    /// What is given is not what was asked for, or not the guardian's to give.
    #[error("the answer does not go with the request")]
    NotThat,
    /// Another wish for the same thing waits already.
    #[error("the same was asked for already")]
    AlreadyAsked(Box<RequestView>),
    /// The teen has no guardian.
    #[error("there is no guardian to ask")]
    NobodyToAsk,
    /// The key was used with another body.
    #[error("the idempotency key was used for something else")]
    KeyReused,
    /// The outcome of one check of an age, reported for a second person.
    #[error("this check was reported for somebody else")]
    TakenBefore,
    /// The appeal cannot be answered so.
    #[error(transparent)]
    Appeal(#[from] AppealError),
    /// No connection in time, or the database went away. Trying again later may help.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// The task was stopped at shutdown.
    #[error("interrupted by shutdown")]
    Interrupted,
    /// A row that cannot be: a sealed value that does not open, a word that is not in its set.
    #[error("a stored value is broken: {0}")]
    Corrupt(String),
    /// The set of rules that holds is not one of this program. Commands about rules go on: they are how it is replaced.
    #[error(
        "the rules that hold, version {version}, cannot be read: {why}. To replace them: `family-pairing rules import` with a set that \
         can be read, and `family-pairing rules approve` by another operator; neither reads the set that holds"
    )]
    UnreadableRules {
        /// Its number.
        version: i64,
        /// What is wrong with it.
        why: String,
    },
    /// A query failed in a way that is our fault.
    #[error(transparent)]
    Query(DieselError),
}

impl StoreError {
    /// Whether running the same transaction again may succeed: a deadlock or a serialisation failure.
    pub(crate) fn may_retry(&self) -> bool {
        match self {
            Self::Query(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
            Self::Query(DieselError::DatabaseError(_, info)) => info.message().contains("deadlock detected"),
            _ => false,
        }
    }

    /// The database of this epoch is not the newest any more.
    pub(super) fn left_behind(epoch: i64) -> Self {
        Self::Unavailable(format!("a database of epoch {epoch} answered, which was left behind"))
    }

    /// Whether this broke a unique index or constraint of that name.
    pub(crate) fn breaks(&self, constraint: &str) -> bool {
        matches!(self, Self::Query(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info))
            if info.constraint_name() == Some(constraint))
    }
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::NotFound => Self::NotFound,
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, info) => {
                Self::Unavailable(info.message().to_owned())
            }
            DieselError::BrokenTransactionManager => Self::Unavailable("a transaction was cut off".to_owned()),
            DieselError::DatabaseError(_, ref info) if is_outage(info.message()) => {
                Self::Unavailable(info.message().to_owned())
            }
            other => Self::Query(other),
        }
    }
}

/// Messages of a server that is going away, coming up, overloaded or too slow. Diesel gives no SQLSTATE for them.
fn is_outage(message: &str) -> bool {
    [
        "terminating connection",
        "the database system is",
        "connection closed",
        "closed the connection",
        "error communicating with the server",
        "statement timeout",
        "lock timeout",
        "idle-in-transaction timeout",
        "too many clients",
        "remaining connection slots",
        "Connection reset",
        "Broken pipe",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

impl From<Broken> for StoreError {
    fn from(broken: Broken) -> Self {
        Self::Corrupt(broken.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

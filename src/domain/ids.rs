//! Typed identifiers: a teen's id can never be passed where a device's is meant.
//!
//! Every id is a UUIDv7 (time-ordered, so index pages stay warm) and travels as its usual text form.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An identifier of one kind of thing. `K` exists only at compile time.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id<K>(Uuid, #[serde(skip)] PhantomData<fn() -> K>);

/// Marks the ids of [`AccountId`].
pub enum Account {}
/// Marks the ids of [`SessionId`].
pub enum Session {}
/// Marks the ids of [`DeviceId`].
pub enum Device {}
/// Marks the ids of [`PairingId`].
pub enum Pairing {}
/// Marks the ids of [`InvitationId`].
pub enum Invitation {}
/// Marks the ids of [`ConnectionId`].
pub enum Connection {}
/// Marks the ids of [`OperatorId`].
pub enum Operator {}
/// Marks the ids of [`PlatformKeyId`].
pub enum PlatformKey {}
/// Marks the ids of [`AgeSignalId`].
pub enum AgeSignal {}
/// Marks the ids of [`AgeDecisionId`].
pub enum AgeDecision {}
/// Marks the ids of [`RequestId`].
pub enum Request {}
/// Marks the ids of [`SilenceId`].
pub enum Silence {}
/// Marks the ids of [`AgeAppealId`].
pub enum AgeAppeal {}

/// Anybody who can sign in: guardian, teen or support agent.
pub type AccountId = Id<Account>;
/// The account of a teen. The proofs in `store::kinship` say who may act on one.
pub type TeenId = AccountId;
/// The account of a guardian.
pub type GuardianId = AccountId;
/// One sign-in and all the tokens that were rotated from it.
pub type SessionId = Id<Session>;
/// One installation of the teen app.
pub type DeviceId = Id<Device>;
/// The relation of one teen to one guardian, from the code that was shown to the end. The offer and the pairing are one thing in two states.
pub type PairingId = Id<Pairing>;
/// A code that a guardian shows for a teen to use.
pub type InvitationId = Id<Invitation>;
/// One open socket. A late close of an old socket must never unregister the new one, so registry entries are compared by it.
pub type ConnectionId = Id<Connection>;
/// Somebody who runs the installation. Not an account: nobody signs in as one.
pub type OperatorId = Id<Operator>;
/// A key of the platform's own servers.
pub type PlatformKeyId = Id<PlatformKey>;
/// One thing that somebody said about a person's age.
pub type AgeSignalId = Id<AgeSignal>;
/// What was concluded from all that was said, as it was recorded.
pub type AgeDecisionId = Id<AgeDecision>;
/// Something that a teen asked for.
pub type RequestId = Id<Request>;
/// One time that a device was silent for too long.
pub type SilenceId = Id<Silence>;
/// One objection to such a conclusion.
pub type AgeAppealId = Id<AgeAppeal>;

impl<K> Id<K> {
    /// Wraps a UUID read from a trusted place (a row, a parsed path).
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The bare UUID, for a bind parameter.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<K> FromStr for Id<K> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::from_uuid)
    }
}

impl<K> From<Uuid> for Id<K> {
    fn from(uuid: Uuid) -> Self {
        Self::from_uuid(uuid)
    }
}

impl<K> From<Id<K>> for Uuid {
    fn from(id: Id<K>) -> Self {
        id.0
    }
}

// Derives would demand the same traits of the marker type, which has no values.
impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<K> utoipa::PartialSchema for Id<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let uuid = SchemaFormat::KnownFormat(KnownFormat::Uuid);
        ObjectBuilder::new().schema_type(Type::String).format(Some(uuid)).into()
    }
}
impl<K> utoipa::ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

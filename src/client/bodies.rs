//! The bodies of the public API as this client reads and writes them. What it does not know, it ignores.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{
    budget::DeviceBudget,
    controls::ControlId,
    device::code::Redeemed,
    ids::{AccountId, DeviceId, PairingId, TeenId},
    pairing::PairingState,
    policy::Change,
    report::Standing,
    snapshot::PublicKey,
    usage::UsageSlot,
    version::Version,
    words::IssueInWords,
};

/// Which kind of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sets limits.
    Guardian,
    /// Has limits.
    Teen,
}

/// `POST /v1/accounts`.
#[derive(Clone, Debug, Serialize)]
pub struct NewAccount {
    /// Which kind.
    pub role: Role,
    /// To sign in with.
    pub email: String,
    /// At least 15 characters.
    pub password: String,
    /// What others call them.
    pub display_name: String,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// `en`, `de-AT`…
    pub locale: String,
    /// IANA name.
    pub time_zone: String,
    /// `DE`, `US-CA`…
    pub region: String,
}

/// `POST /v1/sessions`.
#[derive(Clone, Debug, Serialize)]
pub struct Credentials {
    /// As at sign-up.
    pub email: String,
    /// As at sign-up.
    pub password: String,
}

/// `POST /v1/sessions/refresh`.
#[derive(Clone, Debug, Serialize)]
pub struct Renewal {
    /// Works once.
    pub refresh_token: String,
}

/// Who signed in, and what opens the API for them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub account: Account,
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Renews the session, once.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: Timestamp,
}

/// An account as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Names it.
    pub account_id: AccountId,
    /// Which kind.
    pub role: Role,
    /// What others call them.
    pub display_name: String,
}

/// `POST /v1/teen/devices`.
#[derive(Clone, Debug, Serialize)]
pub struct NewDevice {
    /// What it is called.
    pub name: String,
    /// `android-16`, `linux`…
    pub platform: String,
    /// Changes with each installation.
    pub install_id: String,
    /// The app's own version.
    pub app_version: String,
}

/// A device that was just registered. Its token is shown only here.
#[derive(Clone, Debug, Deserialize)]
pub struct RegisteredDevice {
    /// Names it.
    pub device_id: DeviceId,
    /// Opens the teen's API on this device until it is revoked.
    pub device_token: String,
    /// Checks codes that a guardian reads out, in base64.
    #[serde(default)]
    pub code_key: Option<String>,
}

/// A pairing code to show.
#[derive(Clone, Debug, Deserialize)]
pub struct Offer {
    /// The pairing that it may become.
    pub offer_id: PairingId,
    /// To type: `LLLL-SSSS-SSSS`.
    pub code: String,
    /// To scan or send.
    pub link: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// `POST /v1/guardian/pairing-claims`.
#[derive(Clone, Debug, Serialize)]
pub struct Claim {
    /// As typed, or the link.
    pub code: String,
    /// `parent`, `grandparent`…
    pub relationship: String,
}

/// `POST /v1/guardian/invitations`.
#[derive(Clone, Debug, Serialize)]
pub struct Invite {
    /// `parent`, `grandparent`…
    pub relationship: String,
}

/// Its answer: a code to show.
#[derive(Clone, Debug, Deserialize)]
pub struct Invitation {
    /// To type: `LLLL-SSSS-SSSS`.
    pub code: String,
    /// To scan or send.
    pub link: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// `POST /v1/teen/invitation-claims`.
#[derive(Clone, Debug, Serialize)]
pub struct InvitationClaim {
    /// As typed, or the link.
    pub code: String,
}

/// A pairing, from either side: each sees the other.
#[derive(Clone, Debug, Deserialize)]
pub struct Pairing {
    /// Names it.
    pub pairing_id: PairingId,
    /// Where it stands.
    pub state: PairingState,
    /// Three words that both sides see.
    #[serde(default)]
    pub words: String,
    /// To the teen: who asks.
    #[serde(default)]
    pub guardian: Option<Asker>,
    /// To the guardian: whom they asked.
    #[serde(default)]
    pub teen: Option<Asked>,
    /// Until when the teen may answer.
    #[serde(default)]
    pub answer_by: Option<Timestamp>,
    /// What the guardian will see.
    #[serde(default)]
    pub will_see: Vec<Sentence>,
    /// What the guardian may set.
    #[serde(default)]
    pub may_set: Vec<Sentence>,
}

/// Who asks a teen.
#[derive(Clone, Debug, Deserialize)]
pub struct Asker {
    /// What they are called.
    pub display_name: String,
    /// What they say they are to the teen.
    #[serde(default)]
    pub relationship: Option<String>,
    /// Since when they have an account.
    #[serde(default)]
    pub account_since: Option<Timestamp>,
}

/// Whom a guardian asked.
#[derive(Clone, Debug, Deserialize)]
pub struct Asked {
    /// What they are called.
    pub display_name: String,
}

/// One thing that a guardian sees or may set.
#[derive(Clone, Debug, Deserialize)]
pub struct Sentence {
    /// In plain English.
    pub sentence: String,
}

/// `POST /v1/teen/unlink-requests`.
#[derive(Clone, Debug, Serialize)]
pub struct UnlinkFrom {
    /// Which pairing to end.
    pub pairing_id: PairingId,
}

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
}

/// A teen as their guardian sees them.
#[derive(Clone, Debug, Deserialize)]
pub struct Teen {
    /// Names them.
    pub teen_id: TeenId,
    /// What they are called.
    pub display_name: String,
    /// `13_15`…
    #[serde(default)]
    pub age_band: String,
    /// Where their days are counted.
    #[serde(default)]
    pub home_zone: String,
}

/// What a guardian set.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// The policy that they belong to.
    #[serde(flatten)]
    pub version: Version,
    /// Only the controls that were set.
    pub settings: BTreeMap<ControlId, Value>,
}

/// `PATCH …/settings`. A null sets a control back to its default.
#[derive(Clone, Debug, Serialize)]
pub struct SettingsPatch {
    /// Which controls, to what.
    pub settings: BTreeMap<String, Value>,
    /// Shown to the teen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a change did.
#[derive(Clone, Debug, Deserialize)]
pub struct Changed {
    /// The policy that it made.
    #[serde(flatten)]
    pub version: Version,
    /// Each control, and in which direction. Empty: nothing changed.
    #[serde(default)]
    pub changed: Vec<Change>,
}

/// How one device stands.
#[derive(Clone, Debug, Deserialize)]
pub struct DeviceStatus {
    /// Names it.
    pub device_id: DeviceId,
    /// What it is called.
    pub name: String,
    /// What its own reports say.
    pub state: Standing,
    /// Connected now; unknown while the server cannot tell.
    #[serde(default)]
    pub online: Option<bool>,
    /// When it was last heard.
    #[serde(default)]
    pub last_seen_at: Option<Timestamp>,
    /// What it cannot enforce.
    #[serde(default)]
    pub issues: Vec<IssueInWords>,
    /// What is wrong with its clock.
    #[serde(default)]
    pub clock: Option<Told>,
    /// For how long it confirmed nothing, if that is too long.
    #[serde(default)]
    pub silence: Option<Told>,
    /// All of it in one sentence.
    pub summary: String,
}

/// Something with a sentence for people.
#[derive(Clone, Debug, Deserialize)]
pub struct Told {
    /// The sentence.
    pub sentence: String,
}

/// `GET /v1/keys`.
#[derive(Clone, Debug, Deserialize)]
pub struct Keys {
    /// Those that sign snapshots now, and those that lately did.
    pub keys: Vec<PublicKey>,
}

/// An empty JSON object, for verbs that need no words.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Nothing {}

/// `POST /v1/teen/usage`.
#[derive(Clone, Debug, Serialize)]
pub struct UsageReport {
    /// What was used, in absolute seconds.
    pub slots: Vec<UsageSlot>,
}

/// Its answer.
#[derive(Clone, Debug, Deserialize)]
pub struct UsageTold {
    /// The server's clock.
    pub server_time: Timestamp,
    /// What is left.
    pub budget: Option<DeviceBudget>,
}

/// A code that was typed in, as the server is told of it.
#[derive(Clone, Debug, Serialize)]
pub struct TypedCode {
    /// Counted on this device, from 1.
    pub number: u32,
    /// How many minutes it gave.
    pub minutes: u16,
    /// The local day that they were for.
    pub day: Date,
}

/// `POST /v1/teen/offline-codes`.
#[derive(Clone, Debug, Serialize)]
pub struct TypedCodes {
    /// All of which the server does not know yet.
    pub codes: Vec<TypedCode>,
}

/// Its answer.
#[derive(Clone, Debug, Deserialize)]
pub struct ToldCodes {
    /// Those that it knows now, and how many minutes each gives.
    pub told: Vec<Redeemed>,
}

//! Every message of `family-pairing.v1`, every close code, every limit of the wire.
//!
//! Text frames, one JSON object each; `t` names the kind. Both sides ignore fields and kinds that they do not know.
//! `docs/PROTOCOL.md` has them with traces; the tests there and here read the same types.

mod close;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

pub use self::close::{Close, Next};
use crate::{
    domain::{
        age::{AgeBand, Stage},
        budget::DeviceBudget,
        controls::ControlId,
        ids::{AccountId, ConnectionId, DeviceId, PairingId, TeenId},
        pairing::PairingState,
        policy::Change,
        report::{Issue, RejectCode, Standing},
        silence::DeviceStatus,
        snapshot::SignedSnapshot,
        usage::UsageSlot,
        version::Version,
        words::IssueInWords,
    },
    store::{
        ages::{AppealView, WaitingView},
        replies::Reply,
    },
};
pub use crate::{
    domain::{device::ClockReading, receiver::Held},
    store::{reports::ClockInWords, requests::RequestView, silences::SilenceView},
};

/// The subprotocol that both sides must name.
pub const SUBPROTOCOL: &str = "family-pairing.v1";
/// A browser's ticket travels as a second subprotocol with this prefix, never in the URL.
pub const TICKET_PREFIX: &str = "ticket.";
/// Largest message that a client may send, in bytes.
pub const MOST_IN: usize = 16 * 1024;
/// Largest message that the server sends, in bytes.
pub const MOST_OUT: usize = 64 * 1024;
/// Seconds between a device's heartbeats.
pub const HEARTBEAT_SECONDS: u16 = 30;

/// What a client says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame, within five seconds.
    Hello(Box<Hello>),
    /// The device switched to a policy.
    Applied(AppliedFrame),
    /// The device did not take a policy.
    Rejected(RejectedFrame),
    /// What was used, and how long.
    Usage(UsageFrame),
    /// Still here, still at this policy.
    Heartbeat(HeartbeatFrame),
    /// A kind newer than this server: counted and ignored.
    #[serde(other)]
    Unknown,
}

/// Who a client is and what it holds. A guardian's hello has only `protocol`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hello {
    /// Always 1 here.
    pub protocol: u16,
    /// Changes with each installation of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install_id: Option<String>,
    /// The app's own version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// `android-16`, `ios-26`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Which controls the app can enforce, and in which version of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capabilities: BTreeMap<ControlId, u32>,
    /// The policy that is enforced now, or null.
    #[serde(default)]
    pub applied: Option<Held>,
    /// What the device's clocks say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockReading>,
    /// Since when its wall clock is known to have been wrong, if the server does not know yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_wrong_since: Option<Timestamp>,
}

/// The device persisted and switched to a policy. Issues present: partly enforced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedFrame {
    /// Echoed in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which one.
    #[serde(flatten)]
    pub version: Version,
    /// Hash of the exact bytes, lower-case hex.
    pub sha256: String,
    /// When, by the device's clock.
    pub applied_at: Timestamp,
    /// What it could not enforce.
    #[serde(default)]
    pub issues: Vec<Issue>,
}

/// The device did not take a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedFrame {
    /// Echoed in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which one.
    #[serde(flatten)]
    pub version: Version,
    /// Why not.
    pub code: RejectCode,
}

/// Seconds used, absolute per slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageFrame {
    /// Echoed in the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// See [`UsageSlot`].
    pub slots: Vec<UsageSlot>,
}

/// Sent every [`HEARTBEAT_SECONDS`] ± 10 %.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatFrame {
    /// Grows by one; echoed.
    pub n: u64,
    /// The policy that is enforced now.
    #[serde(default)]
    pub applied: Option<Version>,
    /// What the device's clocks say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockReading>,
    /// Battery and network, for guardians to read should the device fall silent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DeviceStatus>,
}

/// What the server says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Answer to hello.
    Welcome(Welcome),
    /// The newest policy, whole and signed.
    Policy(SignedSnapshot),
    /// The server has durably taken a frame.
    Ack {
        /// The frame's own id, or null if it had none.
        r#ref: Option<String>,
    },
    /// Answer to a heartbeat.
    Heartbeat {
        /// As sent.
        n: u64,
        /// The server's clock.
        server_time: Timestamp,
        /// The newest policy; a device that is behind is about to get it. Absent for guardians.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        desired: Option<Version>,
    },
    /// What is left, after a device of the teen has told what was used.
    Budget(DeviceBudget),
    /// Something that a person may want to know.
    Notice(Notice),
    /// This node is going away; come back, to another one, after this time.
    Drain {
        /// Wait this long, then reconnect.
        reconnect_after_ms: u64,
    },
    /// A frame was not taken; the connection goes on.
    Error {
        /// See [`FrameFault`].
        code: FrameFault,
        /// When to try again, if that helps.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// A kind newer than this client: ignored.
    #[serde(other)]
    Unknown,
}

/// Answer to hello.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// Names this socket in logs and support cases.
    pub connection_id: ConnectionId,
    /// The server's clock.
    pub server_time: Timestamp,
    /// How often to send heartbeats.
    pub heartbeat_seconds: u16,
    /// The newest policy. Absent for guardians.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<Version>,
    /// Whether a snapshot follows. Absent for guardians.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// What a device gets after its hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// It holds the newest policy; nothing follows.
    Current,
    /// The newest snapshot follows.
    Snapshot,
}

/// Something that a person may want to know now. A lost one costs nothing: the same is always there to read over HTTP.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// To guardians: how a device stands to the newest policy.
    Device(DeviceNotice),
    /// To both sides: a pairing moved.
    Pairing {
        /// Which one.
        pairing_id: PairingId,
        /// The teen's account.
        teen_id: TeenId,
        /// Where it stands now.
        state: PairingState,
        /// To the teen: who asks. To the guardian: whom.
        with: String,
    },
    /// To both sides: the teen gets into another age band, soon or today.
    Transition {
        /// Whose band.
        teen_id: TeenId,
        /// The day, on the calendar of the teen's home.
        on: Date,
        /// The band from then. `adult`: supervision ends.
        to_band: AgeBand,
        /// Which announcement this is.
        stage: Stage,
        /// What will be different.
        changes: Vec<Change>,
    },
    /// To both sides: what is known of the teen's age changed, or an older age waits.
    Age {
        /// Whose.
        teen_id: TeenId,
        /// The band that counts now.
        band: AgeBand,
        /// The next day on which it changes.
        next_transition_on: Option<Date>,
        /// An older age that counts later, if nobody says anything else.
        waiting: Option<WaitingView>,
    },
    /// To both sides: an objection to the teen's age was answered.
    AgeAppeal {
        /// Whose age.
        teen_id: TeenId,
        /// The objection, its answer and the reason.
        #[serde(flatten)]
        appeal: AppealView,
    },
    /// To both sides: the teen asked for something, or that was answered, taken back or came to its end.
    Request {
        /// Who asks.
        teen_id: TeenId,
        /// What, and where it stands.
        #[serde(flatten)]
        request: Box<RequestView>,
    },
    /// To both sides: a device was silent for too long, or is heard again.
    Silence {
        /// Whose device.
        teen_id: TeenId,
        /// Which, since when, and what is known.
        #[serde(flatten)]
        silence: Box<SilenceView>,
    },
    /// To guardians: the teen answered a change.
    Reply {
        /// Who answered.
        teen_id: TeenId,
        /// Which change.
        revision: i64,
        /// What they said.
        #[serde(flatten)]
        reply: Reply,
    },
    /// To both sides: the limits changed.
    Change {
        /// Whose limits.
        teen_id: TeenId,
        /// Which policy this made.
        #[serde(flatten)]
        version: Version,
        /// Who did it; null for the system.
        by: Option<AccountId>,
        /// Why, if they said so.
        reason: Option<String>,
        /// What changed, and in which direction.
        changed: Vec<Change>,
    },
    /// A kind newer than this client: ignored.
    #[serde(other)]
    Unknown,
}

/// How a device stands to the newest policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceNotice {
    /// Whose device.
    pub teen_id: TeenId,
    /// Which device.
    pub device_id: DeviceId,
    /// What it is called.
    pub device_name: String,
    /// The newest policy.
    pub desired: Version,
    /// What the device's own reports say about it.
    pub state: Standing,
    /// When the device last confirmed a policy, by our clock.
    pub confirmed_at: Option<Timestamp>,
    /// From the change to the device's word, if it has spoken about this policy.
    pub took_ms: Option<i64>,
    /// What it cannot enforce, in words.
    pub issues: Vec<IssueInWords>,
    /// What is wrong with its clock, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockInWords>,
}

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameFault {
    /// Not a JSON object with a known shape.
    Unreadable,
    /// A value is outside its bounds.
    Invalid,
    /// This kind is not for this client (a guardian reporting a policy, a second hello).
    NotForYou,
    /// A report about a policy that was never made.
    NeverIssued,
    /// A report with another hash than the policy has.
    HashMismatch,
    /// The database did not answer; send it again.
    Unavailable,
    /// A fault newer than this client.
    #[serde(other)]
    Other,
}

//! The signed snapshot: exact bytes, their hash and an Ed25519 signature.
//!
//! The bytes are signed as they are, so no two programs need to agree on a canonical JSON. Everything in them is a
//! function of the stored revision and the epoch: any node encodes the same bytes, and a device's hash can be compared.

mod carried;
mod timeline;

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use thiserror::Error;
use utoipa::ToSchema;

pub use self::{
    carried::{carried, fallback},
    timeline::{Compiling, RENEWED_AFTER, Timeline, made_with},
};
use super::{ids::TeenId, report::Desired, version::Version};

/// What is signed. Devices must ignore fields that they do not know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Payload {
    /// Whose policy it is. A device refuses any other teen's.
    pub teen_id: TeenId,
    /// See [`Version`].
    pub epoch: i64,
    /// See [`Version`].
    pub revision: i64,
    /// When this revision was made.
    pub issued_at: Timestamp,
    /// The zone in which windows and days are meant.
    pub home_zone: String,
    /// Minutes after midnight at which the teen's day starts.
    pub day_start_minute: i16,
    /// Every control: `{value, source, by, since, reason, rules, until, after, safe}`; what does not apply is left out.
    pub controls: Box<RawValue>,
    /// Days and schedules in UTC: a [`Timeline`]. An empty list where the revision was made by a program that compiled none: then,
    /// as beyond its end, a device enforces the windows of `controls` in `home_zone`.
    pub timeline: Box<RawValue>,
    /// Minutes before a limit at which the teen is warned.
    pub warnings: Vec<u16>,
    /// What to do when the server has not been heard for long.
    pub staleness: Staleness,
}

/// A stored revision, as far as a snapshot is made of it.
#[derive(Clone, Debug)]
pub struct PolicyRecord {
    /// Whose.
    pub teen: TeenId,
    /// Which.
    pub revision: i64,
    /// The effective controls, exactly as stored: what [`carried()`] wrote when the revision was made.
    pub controls: String,
    /// See [`Payload`].
    pub home_zone: String,
    /// See [`Payload`].
    pub day_start_minute: i16,
    /// The [`Timeline`], exactly as stored; nothing where the revision has none.
    pub timeline: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
}

impl Payload {
    /// The timeline, if there is one.
    pub fn timeline(&self) -> Option<Timeline> {
        serde_json::from_str(self.timeline.get()).ok()
    }

    /// Whether there is one, or the list that stands for none.
    fn has_readable_timeline(&self) -> bool {
        self.timeline().is_some() || serde_json::from_str::<Vec<IgnoredAny>>(self.timeline.get()).is_ok()
    }
}

impl PolicyRecord {
    /// The exact bytes that are signed for this revision in this epoch: the same on every node, at any time.
    pub fn payload(&self, epoch: i64) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Payload {
            teen_id: self.teen,
            epoch,
            revision: self.revision,
            issued_at: self.made_at,
            home_zone: self.home_zone.clone(),
            day_start_minute: self.day_start_minute,
            controls: RawValue::from_string(self.controls.clone())?,
            timeline: RawValue::from_string(self.timeline.clone().unwrap_or_else(|| "[]".to_owned()))?,
            warnings: vec![10, 2],
            staleness: Staleness::default(),
        })
    }

    /// Version and hash of those bytes: what a device must report to count as enforcing.
    pub fn desired(&self, epoch: i64) -> Result<Desired, serde_json::Error> {
        Ok(Desired { version: Version { epoch, revision: self.revision }, sha256: sha256_hex(&self.payload(epoch)?) })
    }
}

/// What a device does that hears nothing from the server: it says so, then it falls back to the stricter side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Staleness {
    /// Hours without contact from which on the device says so.
    pub warn_hours: u16,
    /// Hours without contact from which on each control's `safe` counts.
    pub safe_hours: u16,
}

impl Default for Staleness {
    fn default() -> Self {
        Self { warn_hours: 24, safe_hours: 72 }
    }
}

/// How long a device has heard nothing, as far as it matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// Not long.
    #[default]
    Short,
    /// Long enough to say so.
    Warn,
    /// Too long to trust what was loosened.
    Safe,
}

impl Staleness {
    /// How silent it has been at an instant. A clock that shows a time before the last contact says nothing of how long that is.
    pub fn silence(&self, heard_at: Timestamp, at: Timestamp) -> Silence {
        let silent = at.duration_since(heard_at);
        let over = |hours: u16| silent >= SignedDuration::from_hours(hours.into());
        match (over(self.warn_hours), over(self.safe_hours)) {
            (_, true) => Silence::Safe,
            (true, false) => Silence::Warn,
            (false, false) => Silence::Short,
        }
    }
}

/// A snapshot as it travels: the `policy` frame without its `t`, and the body of `GET /v1/teen/policy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedSnapshot {
    /// See [`Version`].
    pub epoch: i64,
    /// See [`Version`].
    pub revision: i64,
    /// Which key of `GET /v1/keys` signed it.
    pub key_id: String,
    /// The exact signed bytes, base64. JSON inside.
    pub payload: String,
    /// Ed25519 over the same bytes, base64.
    pub signature: String,
    /// SHA-256 of the same bytes, lower-case hex.
    pub sha256: String,
}

impl SignedSnapshot {
    /// Which policy it is.
    pub fn version(&self) -> Version {
        Version { epoch: self.epoch, revision: self.revision }
    }
}

/// Why a snapshot was not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Disbelief {
    /// Not signed by a known key, or changed on the way.
    #[error("the signature does not verify")]
    BadSignature,
    /// Meant for somebody else.
    #[error("the policy is for another teen")]
    WrongTeen,
    /// The bytes are not a policy, or the frame around them says other things than they do.
    #[error("the policy cannot be read")]
    Unreadable,
}

/// One of the server's public keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicKey {
    /// First 16 hex digits of the key's SHA-256.
    pub key_id: String,
    /// Always `ed25519`.
    pub algorithm: String,
    /// 32 bytes, base64.
    pub public_key: String,
    /// Nothing before this was signed with it.
    pub not_before: Timestamp,
}

/// The private key that signs snapshots.
pub struct SnapshotKey {
    key: SigningKey,
    id: String,
}

impl SnapshotKey {
    /// Makes the key from its 32 secret bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let id = key_id(&key.verifying_key());
        Self { key, id }
    }

    /// What anyone may know of it.
    pub fn public(&self, not_before: Timestamp) -> PublicKey {
        PublicKey {
            key_id: self.id.clone(),
            algorithm: "ed25519".to_owned(),
            public_key: STANDARD.encode(self.key.verifying_key().as_bytes()),
            not_before,
        }
    }

    /// Signs a payload's exact bytes.
    pub fn sign(&self, version: Version, bytes: &[u8]) -> SignedSnapshot {
        SignedSnapshot {
            epoch: version.epoch,
            revision: version.revision,
            key_id: self.id.clone(),
            payload: STANDARD.encode(bytes),
            signature: STANDARD.encode(self.key.sign(bytes).to_bytes()),
            sha256: sha256_hex(bytes),
        }
    }
}

/// The keys that a device trusts, by id.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(BTreeMap<String, VerifyingKey>);

impl KeyRing {
    /// Takes the keys of `GET /v1/keys`; entries that are not sound Ed25519 keys are left out.
    pub fn new(keys: &[PublicKey]) -> Self {
        let sound = keys.iter().filter_map(|key| {
            let bytes: [u8; 32] = STANDARD.decode(&key.public_key).ok()?.try_into().ok()?;
            Some((key.key_id.clone(), VerifyingKey::from_bytes(&bytes).ok()?))
        });
        Self(sound.collect())
    }

    /// Whether this key is known; if not, the keys should be fetched again.
    pub fn knows(&self, key_id: &str) -> bool {
        self.0.contains_key(key_id)
    }

    /// Checks signature, hash, addressee and that frame and payload agree. What comes back may be believed.
    pub fn open(&self, snapshot: &SignedSnapshot, teen: TeenId) -> Result<Payload, Disbelief> {
        let key = self.0.get(&snapshot.key_id).ok_or(Disbelief::BadSignature)?;
        let bytes = STANDARD.decode(&snapshot.payload).map_err(|_| Disbelief::Unreadable)?;
        let signature = STANDARD
            .decode(&snapshot.signature)
            .ok()
            .and_then(|raw| Signature::from_slice(&raw).ok())
            .ok_or(Disbelief::BadSignature)?;
        key.verify_strict(&bytes, &signature).map_err(|_| Disbelief::BadSignature)?;
        let payload: Payload = serde_json::from_slice(&bytes).map_err(|_| Disbelief::Unreadable)?;
        let named = Version { epoch: payload.epoch, revision: payload.revision };
        if named != snapshot.version() || sha256_hex(&bytes) != snapshot.sha256 || !payload.has_readable_timeline() {
            return Err(Disbelief::Unreadable);
        }
        if payload.teen_id != teen {
            return Err(Disbelief::WrongTeen);
        }
        Ok(payload)
    }
}

/// SHA-256 as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn key_id(key: &VerifyingKey) -> String {
    hex(Sha256::digest(key.as_bytes()).get(..8).unwrap_or_default())
}

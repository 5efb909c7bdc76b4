//! A snapshot ready to be sent: encoded and signed once, shared by every socket that sends it.
//!
//! Its text is kept for some seconds only. By then whoever is here has it, and most devices sit here for hours without needing it
//! again; whoever does has it read and encoded anew ([`Net::Again`](super::refresh::Net)). A device that comes back with what it
//! has confirmed before needs no text at all: then only the version and the hash are here.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytestring::ByteString;
use serde_json::value::RawValue;

use super::frame::{Notice, ServerFrame};
use crate::{
    domain::{
        policy::Change,
        snapshot::{SignedSnapshot, SnapshotKey},
        version::Version,
    },
    store::{StoreError, policies::Newest},
};

/// The newest policy of a teen, as it travels.
pub struct Published {
    /// Which one.
    pub version: Version,
    now: Mutex<Now>,
}

struct Now {
    sha256: String,
    text: Option<Text>,
}

/// What is sent of it.
#[derive(Clone)]
pub struct Text {
    /// The `policy` frame.
    pub frame: ByteString,
    /// The `notice` that tells the teen what changed; `None` where nothing did.
    pub notice: Option<ByteString>,
    /// The same for guardians, as far as they see it.
    pub guardians_notice: Option<ByteString>,
    /// When the revision was made, by the database's committer.
    pub made_at: jiff::Timestamp,
    encoded_at: Instant,
}

impl Published {
    /// Encodes and signs a stored policy for the present epoch.
    pub fn new(newest: Newest, epoch: i64, key: &SnapshotKey) -> Result<Self, StoreError> {
        let version = Version { epoch, revision: newest.record.revision };
        let snapshot = signed(&newest, epoch, key)?;
        let sha256 = snapshot.sha256.clone();
        let (teen_id, made_at) = (newest.record.teen, newest.record.made_at);
        let told = |reason: Option<String>, changed: Vec<Change>| {
            (!changed.is_empty())
                .then_some(Notice::Change { teen_id, version, by: newest.by, reason, changed })
                .map(|notice| text(&ServerFrame::Notice(notice)))
                .transpose()
        };
        let notice = told(newest.reason.clone(), newest.changes)?;
        let guardians_notice = match newest.seen {
            Some(seen) => told(newest.reason.filter(|_| !seen.hides_reason), seen.changes)?,
            None => notice.clone(),
        };
        let frame = text(&ServerFrame::Policy(snapshot))?;
        let text = Text { frame, notice, guardians_notice, made_at, encoded_at: Instant::now() };
        Ok(Self { version, now: Mutex::new(Now { sha256, text: Some(text) }) })
    }

    /// What a device has confirmed before: nobody needs its text, yet.
    pub fn confirmed(version: Version, sha256: String) -> Self {
        Self { version, now: Mutex::new(Now { sha256, text: None }) }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is the hash of the signed bytes.
    pub fn is(&self, sha256: &str) -> bool {
        self.lock().sha256 == sha256
    }

    /// Its text, if it is still kept.
    pub fn text(&self) -> Option<Text> {
        self.lock().text.clone()
    }

    /// Takes the text of another one of the same version, and its hash: an earlier program may have encoded what a device confirmed.
    pub fn take_text(&self, again: Self) {
        *self.lock() = again.now.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    /// Forgets a text that is older than this. `false`: it is not, yet.
    pub fn forget_text(&self, kept: Duration) -> bool {
        let mut now = self.lock();
        let old = now.text.as_ref().is_none_or(|text| text.encoded_at.elapsed() >= kept);
        if old {
            now.text = None;
        }
        old
    }
}

/// Encodes and signs a stored policy for an epoch.
pub fn signed(newest: &Newest, epoch: i64, key: &SnapshotKey) -> Result<SignedSnapshot, StoreError> {
    let version = Version { epoch, revision: newest.record.revision };
    Ok(key.sign(version, &newest.record.payload(epoch)?))
}

/// A frame's text.
pub fn text(frame: &ServerFrame) -> Result<ByteString, serde_json::Error> {
    let json: Box<RawValue> = serde_json::value::to_raw_value(frame)?;
    Ok(ByteString::from(String::from(Box::<str>::from(json))))
}

//! A snapshot ready to be sent: encoded and signed once, shared by every socket that sends it.
//!
//! Its text is kept for some seconds only. By then whoever is here has it, and most devices sit here for hours without needing it
//! again; whoever does has it read and encoded anew ([`Net::Again`](super::refresh::Net)).

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytestring::ByteString;
use serde_json::value::RawValue;

use super::frame::{Notice, ServerFrame};
use crate::{
    domain::{policy::Change, snapshot::SnapshotKey, version::Version},
    store::{StoreError, policies::Newest},
};

/// The newest policy of a teen, as it travels.
pub struct Published {
    /// Which one.
    pub version: Version,
    /// Hash of the signed bytes.
    pub sha256: String,
    /// When the revision was made, by the database's committer.
    pub made_at: jiff::Timestamp,
    text: Mutex<Option<Text>>,
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
    encoded_at: Instant,
}

impl Published {
    /// Encodes and signs a stored policy for the present epoch.
    pub fn new(newest: Newest, epoch: i64, key: &SnapshotKey) -> Result<Self, StoreError> {
        let version = Version { epoch, revision: newest.record.revision };
        let payload = newest.record.payload(epoch)?;
        let snapshot = key.sign(version, &payload);
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
        let text = Text { frame, notice, guardians_notice, encoded_at: Instant::now() };
        Ok(Self { version, sha256, made_at, text: Mutex::new(Some(text)) })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Text>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its text, if it is still kept.
    pub fn text(&self) -> Option<Text> {
        self.lock().clone()
    }

    /// Takes the text of another one of the same version.
    pub fn take_text(&self, again: Self) {
        *self.lock() = again.text.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    /// Forgets a text that is older than this. `false`: it is not, yet.
    pub fn forget_text(&self, kept: Duration) -> bool {
        let mut text = self.lock();
        let old = text.as_ref().is_none_or(|text| text.encoded_at.elapsed() >= kept);
        if old {
            *text = None;
        }
        old
    }
}

/// A frame's text.
pub fn text(frame: &ServerFrame) -> Result<ByteString, serde_json::Error> {
    let json: Box<RawValue> = serde_json::value::to_raw_value(frame)?;
    Ok(ByteString::from(String::from(Box::<str>::from(json))))
}

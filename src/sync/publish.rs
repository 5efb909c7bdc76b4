//! A snapshot ready to be sent: encoded and signed once, shared by every socket that sends it.

use std::time::Instant;

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
    /// The `policy` frame.
    pub frame: ByteString,
    /// The `notice` that tells the teen what changed; `None` where nothing did.
    pub notice: Option<ByteString>,
    /// The same for guardians, as far as they see it.
    pub guardians_notice: Option<ByteString>,
    /// When the revision was made, by the database's committer.
    pub made_at: jiff::Timestamp,
    /// When it was encoded here.
    pub encoded_at: Instant,
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
        Ok(Self { version, sha256, frame, notice, guardians_notice, made_at, encoded_at: Instant::now() })
    }
}

/// A frame's text.
pub fn text(frame: &ServerFrame) -> Result<ByteString, serde_json::Error> {
    let json: Box<RawValue> = serde_json::value::to_raw_value(frame)?;
    Ok(ByteString::from(String::from(Box::<str>::from(json))))
}

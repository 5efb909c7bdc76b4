//! The device's half of the protocol: what to believe, what to apply, when to speak.
//!
//! No sockets, files, clocks or randomness: a driver hands in what came and what it did, and asks what to do next.
//! Every client in every language must decide as this one does; `conformance/v1/receiving.json` and `traces.json` say so by example.
//!
//! Promise 2 lives here on the device's side: what is held only grows, and only what verified is ever applied.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    controls::{ControlId, IfUnsupported},
    ids::TeenId,
    report::{Issue, IssueCode, MOST_ISSUES, RejectCode},
    snapshot::{Disbelief, KeyRing, Payload, SignedSnapshot, Silence},
    version::Version,
};

/// Least time between two reports of applied policies, in milliseconds. Under rapid change only the newest is reported.
pub const REPORT_EVERY_MS: u64 = 1_000;

/// A policy that a device holds, by version and hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which one.
    #[serde(flatten)]
    pub version: Version,
    /// Hash of its exact bytes, lower-case hex.
    pub sha256: String,
}

/// What to do with a snapshot that came.
#[derive(Debug)]
pub enum Verdict {
    /// Verified and newer: persist it, switch to it, then call [`Receiver::applied`].
    Apply(Box<Payload>),
    /// The very policy that is held. The server may have missed the report, so it is owed again.
    AlreadyHeld,
    /// Older than what is held: a late copy. Nothing to do.
    NotNewer,
    /// Signed by a key that is not known: fetch the keys, call [`Receiver::trust`], hand it in again.
    UnknownKey,
    /// Not taken; tell the server why.
    Refuse(RejectCode),
}

/// One control as the payload has it. Fields that are not listed are ignored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Entry {
    /// What counts now.
    pub value: Value,
    /// Which layer decided it.
    #[serde(default)]
    pub source: Value,
    /// Why, if somebody said so.
    #[serde(default)]
    pub reason: Option<String>,
    /// Until when it counts, where a grant or a hold has a say.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// What counts from then on, without hearing from the server again.
    #[serde(default)]
    pub after: Option<Value>,
    /// What counts instead when nothing was heard for too long. Absent: the same.
    #[serde(default)]
    pub safe: Option<Value>,
    /// What to do where it cannot be enforced. Absent: say so.
    #[serde(default)]
    pub if_unsupported: Option<IfUnsupported>,
}

impl Entry {
    /// What counts at an instant on a device that has heard nothing new since it got this, and nothing at all for so long.
    pub fn value_at(&self, at: Timestamp, silence: Silence) -> &Value {
        match (self, silence) {
            (Self { safe: Some(safe), .. }, Silence::Safe) => safe,
            (Self { until: Some(until), after: Some(after), .. }, _) if *until <= at => after,
            _ => &self.value,
        }
    }
}

/// Reads the controls of a payload.
pub fn entries(payload: &Payload) -> Result<BTreeMap<ControlId, Entry>, serde_json::Error> {
    serde_json::from_str(payload.controls.get())
}

/// What a device knows and owes. One per teen and installation.
#[derive(Debug)]
pub struct Receiver {
    teen: TeenId,
    keys: KeyRing,
    keys_are_fresh: bool,
    held: Option<Held>,
    capabilities: BTreeMap<ControlId, u32>,
    contradictions: u64,
    /// The server does not know what is held.
    disowned: bool,
    owed: bool,
    last_report_ms: Option<u64>,
    confirmed: Option<Version>,
}

impl Receiver {
    /// A device of this teen that holds this policy. Empty capabilities: it can enforce everything.
    ///
    /// A policy that is held from before is owed a report: an app that was restarted may have gained or lost abilities.
    pub fn new(teen: TeenId, keys: KeyRing, capabilities: BTreeMap<ControlId, u32>, held: Option<Held>) -> Self {
        Self {
            teen,
            keys,
            keys_are_fresh: false,
            owed: held.is_some(),
            held,
            capabilities,
            contradictions: 0,
            disowned: false,
            last_report_ms: None,
            confirmed: None,
        }
    }

    /// The policy that is enforced now.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// Which controls the app can enforce, for the hello.
    pub fn capabilities(&self) -> &BTreeMap<ControlId, u32> {
        &self.capabilities
    }

    /// How often one version came with two hashes. Never happens with a sound server.
    pub fn contradictions(&self) -> u64 {
        self.contradictions
    }

    /// Replaces the trusted keys by freshly fetched ones.
    pub fn trust(&mut self, keys: KeyRing) {
        self.keys = keys;
        self.keys_are_fresh = true;
    }

    /// Judges a snapshot. Changes nothing that is held.
    pub fn receive(&mut self, snapshot: &SignedSnapshot) -> Verdict {
        if let Some(held) = self.held.as_ref().filter(|_| !self.disowned) {
            let version = snapshot.version();
            if version < held.version {
                return Verdict::NotNewer;
            }
            if version == held.version {
                return self.same_version(snapshot.sha256 == held.sha256);
            }
        }
        if !self.keys.knows(&snapshot.key_id) && !std::mem::take(&mut self.keys_are_fresh) {
            return Verdict::UnknownKey;
        }
        self.keys_are_fresh = false;
        match self.keys.open(snapshot, self.teen) {
            Ok(payload) if entries(&payload).is_ok() => Verdict::Apply(Box::new(payload)),
            Ok(_) => Verdict::Refuse(RejectCode::Unreadable),
            Err(disbelief) => Verdict::Refuse(reject_code(disbelief)),
        }
    }

    // One version has one content for ever, so another hash can only be a fault or a forgery.
    fn same_version(&mut self, same_hash: bool) -> Verdict {
        if same_hash {
            self.owed = true;
            Verdict::AlreadyHeld
        } else {
            self.contradictions = self.contradictions.saturating_add(1);
            Verdict::Refuse(RejectCode::NotNewer)
        }
    }

    /// The driver has persisted this policy and switched to it. Anything not newer is left out, whatever the driver says.
    pub fn applied(&mut self, version: Version, sha256: String) {
        if self.disowned || self.held.as_ref().is_none_or(|held| version > held.version) {
            self.disowned = false;
            self.held = Some(Held { version, sha256 });
            self.owed = true;
        }
    }

    /// The server says that it never made what is held, or made it otherwise (`never_issued`, `hash_mismatch`). It stays in force, and the
    /// next policy that verifies takes its place, whatever its number.
    pub fn disowned(&mut self) {
        self.disowned = self.held.is_some();
    }

    /// The controls of a policy that this device cannot enforce.
    pub fn issues(&self, controls: &BTreeMap<ControlId, Entry>) -> Vec<Issue> {
        if self.capabilities.is_empty() {
            return Vec::new();
        }
        controls
            .keys()
            .filter(|control| !self.capabilities.contains_key(*control))
            .take(MOST_ISSUES)
            .map(|control| Issue { control: control.clone(), code: IssueCode::Unsupported })
            .collect()
    }

    /// Whether a device with these issues must fall back to the safe side of everything: one of the controls that it lacks may not be missing.
    pub fn must_fall_back(controls: &BTreeMap<ControlId, Entry>, issues: &[Issue]) -> bool {
        let is_strict = |issue: &&Issue| {
            let entry = controls.get(&issue.control);
            issue.code == IssueCode::Unsupported
                && entry.is_some_and(|entry| entry.if_unsupported == Some(IfUnsupported::SafeMode))
        };
        issues.iter().any(|issue| is_strict(&issue))
    }

    /// What to report now, if anything; asking counts as reporting. `now_ms` is a clock that only grows.
    pub fn report_due(&mut self, now_ms: u64) -> Option<Held> {
        if self.report_wait_ms(now_ms)? > 0 {
            return None;
        }
        self.owed = false;
        self.last_report_ms = Some(now_ms);
        self.held.clone()
    }

    /// Milliseconds until a report is due; none if none is owed.
    pub fn report_wait_ms(&self, now_ms: u64) -> Option<u64> {
        let last = self.last_report_ms.map_or(0, |last| last.saturating_add(REPORT_EVERY_MS));
        (self.owed && self.held.is_some()).then(|| last.saturating_sub(now_ms))
    }

    /// The server has durably taken the report of this version.
    pub fn confirmed(&mut self, version: Version) {
        self.confirmed = self.confirmed.max(Some(version));
    }

    /// The connection ended: a report that was never confirmed is owed again.
    pub fn disconnected(&mut self) {
        let held = self.held.as_ref().map(|held| held.version);
        self.owed |= held.is_some() && self.confirmed < held;
    }
}

fn reject_code(disbelief: Disbelief) -> RejectCode {
    match disbelief {
        Disbelief::BadSignature => RejectCode::BadSignature,
        Disbelief::WrongTeen => RejectCode::WrongTeen,
        Disbelief::Unreadable => RejectCode::Unreadable,
    }
}

//! What a device is to be sent and told, decided without a socket, a database or a clock: those are the session's.
//!
//! Policy is state, not a stream: there is one newest policy, and the question is always only whether the device has it. Everything
//! that may go wrong around it (lost hints, cut lines, dead nodes, restored databases) is played against this in
//! `histories`, with the device's own half ([`Receiver`](crate::domain::receiver::Receiver)).

#[cfg(test)]
mod histories;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    domain::version::Version,
    store::reports::{Arrived, Heard},
    sync::{
        frame::{FrameFault, Held, Resume},
        limits::PACE,
        publish::{Published, Text},
    },
};

/// One device's side of what this node knows.
#[derive(Default)]
pub struct Conversation {
    /// The newest policy that was sent here, or that the device holds anyway.
    sent: Option<Arc<Published>>,
    /// The newest is to be sent as soon as its text is there again.
    wants_text: bool,
    /// Since when the device owes a word about it; meanwhile the next one waits, so that only the newest is sent.
    waiting_since: Option<Instant>,
    /// Reports that came here.
    reports: u64,
    /// When the newest that was sent was made, if it was a change and not an answer to a hello or a heartbeat.
    sent_live: Option<Timestamp>,
}

/// What a hello comes to.
pub struct Greeting {
    /// The device lost what it had confirmed. Until it confirms again, nothing is enforced on it.
    pub lost: bool,
    /// What it holds, if that is what is wanted and it has said so here before.
    pub current: Option<Held>,
}

/// What follows from a heartbeat, its answer aside.
pub struct Beat {
    /// The device says itself that it does not hold what it had confirmed.
    pub lost: bool,
    /// And then.
    pub then: Then,
}

/// What to do about the newest policy.
pub enum Then {
    /// Nothing: the device has it, or owes a word about it.
    Rest,
    /// There is something newer than what is known on this node.
    Look,
    /// It is to be sent.
    Send(Arc<Published>),
}

impl Conversation {
    /// Compares what a device says that it holds with what it has confirmed.
    pub fn greeted(applied: Option<Held>, arrived: &Arrived) -> Greeting {
        let lost = applied.as_ref().map(|held| held.version) < arrived.heard.confirmed;
        Greeting { lost, current: applied.filter(|held| arrived.is_current(held.version, &held.sha256)) }
    }

    /// How the device goes on from the newest policy. Current is who holds it and has said so here before; anybody else gets the
    /// snapshot, and is heard about it (again).
    pub fn resumed(&mut self, newest: &Arc<Published>, current: Option<&Held>) -> Resume {
        match current.is_some_and(|held| held.version == newest.version) {
            true => {
                self.sent = Some(newest.clone());
                Resume::Current
            }
            false => Resume::Snapshot,
        }
    }

    /// What the device had here of an epoch before this policy's: the database may have lost it.
    pub fn left_behind(&self, newest: &Published) -> Option<Version> {
        self.sent.as_ref().map(|sent| sent.version).filter(|had| had.epoch < newest.version.epoch)
    }

    /// Whether the newest policy is to be sent: the device has not had it here, or needs it again. `live`: as a change.
    pub fn wants(&self, newest: &Published, live: bool) -> Option<bool> {
        let had = self.sent.as_ref().is_some_and(|sent| sent.version >= newest.version);
        (!had || self.wants_text).then_some(live && !self.wants_text)
    }

    /// The text to send now; none where it has to be made again first, which is remembered.
    pub fn sends(&mut self, policy: Arc<Published>, live: bool, now: Instant) -> Option<Text> {
        let text = policy.text();
        self.wants_text = text.is_none();
        if let Some(text) = &text {
            self.sent = Some(policy);
            self.sent_live = live.then_some(text.made_at);
            self.waiting_since = Some(now);
        }
        text
    }

    /// Until when the next policy waits for the device's word about the one before.
    pub fn owes_until(&self) -> Option<Instant> {
        self.waiting_since.map(|since| since + PACE)
    }

    /// The device had its time: the next policy may go out without its word.
    pub const fn waited(&mut self) {
        self.waiting_since = None;
    }

    /// Looks at a report. Whether it is about what was sent here, so that its hash need not be computed again.
    pub fn reported(&mut self, version: Version, sha256: Option<&str>) -> Result<bool, FrameFault> {
        let sent = self.sent.as_ref().filter(|sent| sent.version == version);
        if sent.zip(sha256).is_some_and(|(sent, sha256)| !sent.is(sha256)) {
            return Err(FrameFault::HashMismatch);
        }
        let vouched = sent.is_some();
        self.reports += 1;
        Ok(vouched)
    }

    /// Reports that came so far.
    pub const fn reports(&self) -> u64 {
        self.reports
    }

    /// The device's word about a policy is durably kept: the next one may go out. When the policy was made, if this is the first time
    /// that a change is known to be enforced.
    pub fn settled(&mut self, about: Option<Version>, enforced: bool) -> Option<Timestamp> {
        let (version, sent) = about.zip(self.sent.as_ref())?;
        if version < sent.version {
            return None;
        }
        let is_it = version == sent.version;
        self.waiting_since = None;
        if enforced && is_it { self.sent_live.take() } else { None }
    }

    /// What a heartbeat says, in the light of what the database knows. `after_reports`: how many had come before it; a report that came
    /// after it knows better. `known`: the newest policy on this node.
    pub fn beaten(
        &self,
        applied: Option<Version>,
        heard: Heard,
        after_reports: u64,
        known: Option<Arc<Published>>,
    ) -> Beat {
        let lost = after_reports == self.reports && applied.is_some() && applied < heard.confirmed;
        let then = match known {
            Some(known) if known.version >= heard.desired => {
                // Behind, or ahead of what its reports say here: once more, and its word about it is heard again.
                let settled = applied == Some(heard.desired) && heard.confirmed == Some(heard.desired);
                if settled || self.waiting_since.is_some() { Then::Rest } else { Then::Send(known) }
            }
            _ => Then::Look,
        };
        Beat { lost, then }
    }
}

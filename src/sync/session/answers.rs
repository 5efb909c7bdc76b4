//! Frames that need the database: asked without holding up the session, answered when the answer is there.

use std::{future::Future, pin::Pin};

use jiff::{Timestamp, tz::TimeZone};

use super::Session;
use crate::{
    domain::{
        budget::DeviceBudget,
        device::ClockReading,
        report::{Issue, MOST_ISSUES},
        silence::{DeviceStatus, clock_off_seconds},
        text,
        usage::MOST_SLOTS,
        version::Version,
    },
    store::{
        StoreError,
        reports::{Heard, Judged, OfItself, Report, Said, Status},
        usage::Usage,
    },
    sync::frame::{AppliedFrame, ClientFrame, FrameFault, HeartbeatFrame, RejectedFrame, UsageFrame},
};

/// A question on its way.
pub type Question = Pin<Box<dyn Future<Output = Answer>>>;

/// What came back.
pub enum Answer {
    /// Durably taken.
    Taken {
        /// The frame's id.
        id: Option<String>,
        /// The policy that it was about.
        about: Option<Version>,
        /// It said that the policy is enforced.
        enforced: bool,
        /// What is left, for a device that told what was used.
        budget: Option<Box<DeviceBudget>>,
    },
    /// Not taken.
    Fault(FrameFault),
    /// What a heartbeat is answered with.
    Heard {
        /// As sent.
        n: u64,
        /// What the device says it enforces.
        applied: Option<Version>,
        /// What the database says.
        heard: Heard,
        /// How many reports had come on this socket before it.
        after_reports: u64,
    },
    /// The device does not count any more.
    Revoked,
}

/// The longest id of a frame that is echoed.
const LONGEST_ID: usize = 64;

impl Session<'_> {
    /// Starts whatever a frame asks for.
    pub(super) fn ask(&mut self, frame: ClientFrame) -> Result<(), FrameFault> {
        match frame {
            ClientFrame::Applied(frame) => self.applied(frame),
            ClientFrame::Rejected(frame) => self.rejected(frame),
            ClientFrame::Usage(frame) => self.usage(frame),
            ClientFrame::Heartbeat(frame) => {
                self.beat(frame);
                Ok(())
            }
            ClientFrame::Hello(_) => Err(FrameFault::NotForYou),
            ClientFrame::Unknown => Ok(()),
        }
    }

    fn applied(&mut self, frame: AppliedFrame) -> Result<(), FrameFault> {
        let AppliedFrame { id, version, sha256, issues, .. } = frame;
        check_id(id.as_ref())?;
        if issues.len() > MOST_ISSUES || !is_hash(&sha256) || !issues.iter().all(names_a_control) {
            return Err(FrameFault::Invalid);
        }
        let vouched = self.conversation.reported(version, Some(&sha256))?;
        self.report(id, version, Said::Applied { sha256, issues }, vouched);
        Ok(())
    }

    fn rejected(&mut self, frame: RejectedFrame) -> Result<(), FrameFault> {
        check_id(frame.id.as_ref())?;
        let vouched = self.conversation.reported(frame.version, None)?;
        self.report(frame.id, frame.version, Said::Rejected(frame.code), vouched);
        Ok(())
    }

    fn report(&mut self, id: Option<String>, version: Version, said: Said, vouched: bool) {
        let (work, device) = (self.socket.live.work.clone(), self.socket.device.clone());
        let enforced = matches!(said, Said::Applied { .. });
        self.open.push(Box::pin(async move {
            match work.report(Report { device, version, said, vouched }).await {
                Ok(Judged::Taken) => Answer::Taken { id, about: Some(version), enforced, budget: None },
                Ok(Judged::NeverIssued) => Answer::Fault(FrameFault::NeverIssued),
                Ok(Judged::HashMismatch) => Answer::Fault(FrameFault::HashMismatch),
                Err(error) => unavailable(&error),
            }
        }));
    }

    fn usage(&mut self, frame: UsageFrame) -> Result<(), FrameFault> {
        check_id(frame.id.as_ref())?;
        if frame.slots.len() > MOST_SLOTS {
            return Err(FrameFault::Invalid);
        }
        let now = self.socket.live.store.world().now();
        // A slot that cannot have happened is left out; the others of the frame still count.
        let slots = frame.slots.into_iter().filter(|slot| slot.check(now).is_ok()).collect();
        let (work, device, id) = (self.socket.live.work.clone(), self.socket.device.clone(), frame.id);
        let teller = device.clone();
        self.open.push(Box::pin(async move {
            match work.use_up(Usage { device, slots }).await {
                Ok(()) => {
                    // It is taken in any case; what is left comes with the next one.
                    let told = work
                        .told(teller)
                        .await
                        .inspect_err(|error| tracing::debug!(%error, "what is left is not known"));
                    let budget = told.ok().flatten().map(|told| Box::new(DeviceBudget::from(told)));
                    Answer::Taken { id, about: None, enforced: false, budget }
                }
                Err(error) => unavailable(&error),
            }
        }));
        Ok(())
    }

    fn beat(&mut self, frame: HeartbeatFrame) {
        let (work, device) = (self.socket.live.work.clone(), self.socket.device.clone());
        let HeartbeatFrame { n, applied, clock, status } = frame;
        let said = self.of_itself(clock, status);
        let after_reports = self.conversation.reports();
        self.open.push(Box::pin(async move {
            match work.beat(device, said).await {
                Ok(Some(heard)) => Answer::Heard { n, applied, heard, after_reports },
                Ok(None) => Answer::Revoked,
                Err(error) => unavailable(&error),
            }
        }));
    }
}

impl Session<'_> {
    /// What a device says of itself, as far as it can be: nobody's heartbeat goes unanswered for the rest.
    pub(super) fn of_itself(&self, clock: Option<ClockReading>, status: Option<DeviceStatus>) -> OfItself {
        let now = self.now();
        let offset = |zone: &str| TimeZone::get(zone).ok().map(|zone| zone.to_offset(now).seconds() / 60);
        let utc_offset_minutes = clock.as_ref().and_then(|clock| offset(&clock.zone));
        OfItself {
            clock_off_seconds: clock.map(|clock| clock_off_seconds(clock.wall, now)),
            status: Status {
                device: status.filter(DeviceStatus::is_sound).unwrap_or_default(),
                utc_offset_minutes,
                offset_read_at: utc_offset_minutes.map(|_| now),
                ..Status::default()
            },
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.socket.live.store.world().now()
    }
}

fn check_id(id: Option<&String>) -> Result<(), FrameFault> {
    match id.is_none_or(|id| id.len() <= LONGEST_ID) {
        true => Ok(()),
        false => Err(FrameFault::Invalid),
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Reports of many devices are written together: what Postgres would refuse (a NUL) must not get that far.
fn names_a_control(issue: &Issue) -> bool {
    text::word(issue.control.as_ref()).is_ok()
}

fn unavailable(error: &StoreError) -> Answer {
    tracing::debug!(%error, "a frame could not be taken");
    Answer::Fault(FrameFault::Unavailable)
}

//! A device between two connections: what it holds, what it makes of a snapshot, what it says about itself.

mod codes;
mod using;

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use tokio::{task::spawn_blocking, time::Instant, time::sleep};

use super::{
    boot::Boot,
    contact::Contact,
    events::{Voice, What},
    habits::Habits,
    usage::Counter,
};
use crate::client::{
    ClientError,
    api::Api,
    keep::{Identity, Keep},
    words::{self, Shift},
};
use crate::domain::{
    controls::ControlId,
    device::Time,
    receiver::{self, Entry, Receiver, Verdict, entries},
    report::{Issue, MOST_ISSUES, RejectCode},
    snapshot::{KeyRing, Payload, SignedSnapshot, Silence, Staleness},
    version::Version,
};
use crate::sync::frame::{AppliedFrame, ClientFrame, ClockReading, HeartbeatFrame, Held, Hello, RejectedFrame};

/// Between two counts of the time used.
const MINUTE: Duration = Duration::from_secs(60);

/// A device that enforces a teen's policy.
pub struct Device {
    /// The server, spoken to as this device.
    pub api: Api,
    /// Tells what happens.
    pub voice: Voice,
    /// How it misbehaves.
    pub habits: Habits,
    /// What was used.
    pub usage: Counter,
    /// No answer to a hello or a heartbeat for this long: the line is dead, whatever the system says.
    pub patience: Duration,
    identity: Identity,
    keep: Keep,
    receiver: Receiver,
    controls: BTreeMap<ControlId, Entry>,
    /// What of the controls counts at this time.
    in_force: BTreeMap<ControlId, Entry>,
    contact: Contact,
    silence: Silence,
    applied_at: Timestamp,
    changes: u32,
    beats: u64,
    started: Instant,
    /// When the next minute of the pretend user is over.
    minute_at: Instant,
    boot: Boot,
}

impl Device {
    /// Wakes the device that lives in a directory. It starts with the policy that it kept.
    pub fn wake(identity: Identity, keep: Keep, api: Api, voice: Voice, habits: Habits) -> Result<Self, ClientError> {
        let now = habits.wall(api.now());
        let kept = keep.policy()?.and_then(|policy| Some((kept_payload(&policy)?, policy)));
        // Without a note of the last contact it is the policy itself that tells of one.
        let heard_at = keep.contact()?.or(kept.as_ref().map(|((payload, _), _)| payload.issued_at)).unwrap_or(now);
        let staleness = kept.as_ref().map_or_else(Staleness::default, |((payload, _), _)| payload.staleness);
        let payload = kept.as_ref().map(|((payload, _), _)| payload.clone());
        let (controls, held) = kept.map_or_else(Default::default, |((_, controls), policy)| {
            (controls, Some(receiver::Held { version: policy.version(), sha256: policy.sha256 }))
        });
        // Keys are fetched when the first policy comes: a device that starts offline enforces what it has.
        let usage = Counter::wake(keep.clone(), payload.as_ref())?;
        let receiver = Receiver::new(identity.teen_id, KeyRing::default(), BTreeMap::new(), held);
        let boot = Boot::look(api.world());
        let started = Instant::now();
        let patience = Duration::from_secs(10);
        Ok(Self {
            api,
            voice,
            habits,
            usage,
            patience,
            identity,
            keep,
            receiver,
            in_force: in_force(&controls, Time { least: now, most: now, tampered: false }, Silence::Short),
            controls,
            contact: Contact::new(heard_at, staleness),
            silence: Silence::Short,
            applied_at: now,
            changes: 0,
            beats: 0,
            started,
            minute_at: started + MINUTE,
            boot,
        })
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The policy that counts now.
    pub fn version(&self) -> Option<Version> {
        self.receiver.held().map(|held| held.version)
    }

    /// How long to be gone now, if this device has the habit.
    pub fn leaves(&mut self) -> Option<Duration> {
        self.habits.leave(self.changes)
    }

    /// Judges a snapshot and does what the verdict asks. What comes back is to be sent.
    pub async fn take(&mut self, snapshot: SignedSnapshot) -> Option<ClientFrame> {
        let version = snapshot.version();
        self.voice.tell(What::Received(version));
        if let Some(pause) = self.habits.slow {
            sleep(Duration::from_millis(pause)).await;
        }
        let verdict = match self.habits.refuse {
            Some(code) => Verdict::Refuse(code),
            None => self.judge(&snapshot).await,
        };
        let refusal = match verdict {
            Verdict::Apply(payload) => self.apply(snapshot, *payload).await.err()?,
            Verdict::Refuse(code) => code,
            Verdict::AlreadyHeld | Verdict::NotNewer => {
                self.voice.tell(What::Skipped(version));
                return None;
            }
            // The keys could not be fetched. The server sends again as long as this device is behind.
            Verdict::UnknownKey => return None,
        };
        self.voice.tell(What::Refused { version, code: refusal });
        let id = Some(format!("rejected-{version}"));
        (!self.habits.deaf).then_some(ClientFrame::Rejected(RejectedFrame { id, version, code: refusal }))
    }

    async fn judge(&mut self, snapshot: &SignedSnapshot) -> Verdict {
        let verdict = self.receiver.receive(snapshot);
        if !matches!(verdict, Verdict::UnknownKey) {
            return verdict;
        }
        match self.api.keys().await {
            Ok(keys) => {
                self.receiver.trust(keys);
                self.receiver.receive(snapshot)
            }
            Err(error) => {
                self.voice.tell(What::Trouble { words: error.to_string() });
                Verdict::UnknownKey
            }
        }
    }

    /// On disk first, then in force, then told.
    async fn apply(&mut self, snapshot: SignedSnapshot, payload: Payload) -> Result<(), RejectCode> {
        let controls = entries(&payload).map_err(|_| RejectCode::Unreadable)?;
        let (version, sha256) = (snapshot.version(), snapshot.sha256.clone());
        let keep = self.keep.clone();
        match spawn_blocking(move || keep.keep_policy(&snapshot)).await {
            Ok(Ok(())) => {}
            _ => return Err(RejectCode::Storage),
        }
        self.controls = controls;
        self.contact.staleness = payload.staleness;
        let reading = self.clock();
        self.usage.applied(&payload, &reading);
        self.keep_usage().await;
        let shifts = self.switch();
        self.receiver.applied(version, sha256.clone());
        self.applied_at = self.wall();
        self.changes = self.changes.saturating_add(1);
        self.told(version, sha256, shifts);
        Ok(())
    }

    /// Switches to what counts now, and says what that changes.
    fn switch(&mut self) -> Vec<Shift> {
        let lacking = Receiver::must_fall_back(&self.controls, &self.issues());
        self.usage.lacks(lacking);
        let silence = if lacking { Silence::Safe } else { self.silence };
        let in_force = in_force(&self.controls, self.time(), silence);
        let shifts = words::shifts(&self.in_force, &in_force);
        self.in_force = in_force;
        shifts
    }

    /// Lets count what counts by now without another word of the server: what follows a grant or a hold, and after long
    /// silence the stricter side.
    pub fn look(&mut self) {
        let silence = self.time().instants().map(|at| self.contact.silence(at)).max().unwrap_or_default();
        let before = std::mem::replace(&mut self.silence, silence);
        let shifts = self.switch();
        let Staleness { warn_hours, safe_hours } = self.contact.staleness;
        match silence {
            _ if silence == before && shifts.is_empty() => {}
            _ if silence == before => self.voice.tell(What::Moved { shifts }),
            Silence::Short => self.voice.tell(What::HeardAgain { shifts }),
            Silence::Warn => self.voice.tell(What::Silent { hours: warn_hours, shifts }),
            Silence::Safe => self.voice.tell(What::Safe { hours: safe_hours, shifts }),
        }
    }

    /// The server was heard.
    pub async fn heard(&mut self) {
        let now = self.time().least;
        if self.contact.heard(now) {
            let keep = self.keep.clone();
            let kept = spawn_blocking(move || keep.keep_contact(now)).await;
            if !matches!(kept, Ok(Ok(()))) {
                let words = "The time of this contact could not be written down.".to_owned();
                self.voice.tell(What::Trouble { words });
            }
        }
        self.look();
    }

    /// What a control is set to at this time.
    #[cfg(test)]
    pub fn value(&self, control: &str) -> Option<&serde_json::Value> {
        self.in_force.get(control).map(|entry| &entry.value)
    }

    fn told(&self, version: Version, sha256: String, shifts: Vec<Shift>) {
        self.voice.tell(What::Applied { version, sha256, shifts, issues: self.issues() });
    }

    /// Everything in force that this device cannot do.
    fn issues(&self) -> Vec<Issue> {
        let mut issues = self.receiver.issues(&self.controls);
        issues.extend(self.habits.issues(&self.controls));
        issues.truncate(MOST_ISSUES);
        issues
    }

    /// The report that is due now, if any.
    pub fn report(&mut self) -> Option<ClientFrame> {
        if self.habits.deaf {
            return None;
        }
        let held = self.receiver.report_due(self.uptime_ms())?;
        self.voice.tell(What::Reported(held.version));
        let id = Some(format!("applied-{}", held.version));
        let (version, sha256) = (held.version, held.sha256);
        Some(ClientFrame::Applied(AppliedFrame {
            id,
            version,
            sha256,
            applied_at: self.applied_at,
            issues: self.issues(),
        }))
    }

    /// When a report is due.
    pub fn report_at(&self) -> Option<Instant> {
        let wait = self.receiver.report_wait_ms(self.uptime_ms())?;
        (!self.habits.deaf).then(|| Instant::now() + Duration::from_millis(wait))
    }

    /// The server has durably taken the frame with this id.
    pub fn acknowledged(&mut self, id: &str) {
        match id.strip_prefix("applied-").map(str::parse::<Version>) {
            Some(Ok(version)) => {
                self.receiver.confirmed(version);
                self.voice.tell(What::Confirmed(version));
            }
            _ => self.usage.confirmed(id),
        }
    }

    /// The server does not know the policy that this device holds.
    pub fn disowned(&mut self) {
        self.receiver.disowned();
    }

    /// The connection ended.
    pub fn disconnected(&mut self) {
        self.receiver.disconnected();
    }

    /// Goes by a clock that a test moves by hand.
    #[cfg(test)]
    pub(super) fn goes_by(&mut self, boot: Boot) {
        self.boot = boot;
    }

    /// The first frame.
    pub fn hello(&self) -> ClientFrame {
        let held = self.receiver.held();
        ClientFrame::Hello(Box::new(Hello {
            protocol: 1,
            install_id: Some(self.identity.install_id.clone()),
            app_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            platform: Some(std::env::consts::OS.to_owned()),
            capabilities: self.receiver.capabilities().clone(),
            applied: held.map(|held| Held { version: held.version, sha256: held.sha256.clone() }),
            clock: Some(self.clock()),
            clock_wrong_since: self.usage.wrong_since(),
        }))
    }

    /// The next heartbeat.
    pub fn heartbeat(&mut self) -> ClientFrame {
        self.beats = self.beats.saturating_add(1);
        ClientFrame::Heartbeat(HeartbeatFrame {
            n: self.beats,
            applied: self.version(),
            clock: Some(self.clock()),
            status: None,
        })
    }

    /// The number of the last heartbeat.
    pub fn beats(&self) -> u64 {
        self.beats
    }

    fn clock(&self) -> ClockReading {
        ClockReading {
            wall: self.wall(),
            monotonic_ms: self.boot.uptime_ms(),
            boot_id: self.boot.id.clone(),
            // Empty: not known.
            zone: std::env::var("TZ").unwrap_or_default(),
        }
    }

    /// What time it is, as far as it is known; see [`device`](crate::domain::device).
    fn time(&self) -> Time {
        self.usage.time(&self.clock())
    }

    fn wall(&self) -> Timestamp {
        self.habits.wall(self.api.now())
    }

    fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The controls of a policy from this device's own disk. It was verified before it was kept, perhaps by a key that is gone.
pub fn kept_controls(policy: &SignedSnapshot) -> Option<BTreeMap<ControlId, Entry>> {
    kept_payload(policy).map(|(_, controls)| controls)
}

fn kept_payload(policy: &SignedSnapshot) -> Option<(Payload, BTreeMap<ControlId, Entry>)> {
    let payload: Payload = serde_json::from_slice(&STANDARD.decode(&policy.payload).ok()?).ok()?;
    let controls = entries(&payload).ok()?;
    Some((payload, controls))
}

/// What counts of each; where the time is not known, and it makes a difference, the stricter side.
fn in_force(controls: &BTreeMap<ControlId, Entry>, time: Time, silence: Silence) -> BTreeMap<ControlId, Entry> {
    let now = |entry: &Entry| {
        let (least, most) = (entry.value_at(time.least, silence), entry.value_at(time.most, silence));
        let value = if least == most { least } else { entry.safe.as_ref().unwrap_or(least) };
        Entry { value: value.clone(), ..entry.clone() }
    };
    controls.iter().map(|(id, entry)| (id.clone(), now(entry))).collect()
}

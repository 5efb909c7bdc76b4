//! A device between two connections: what it holds, what it makes of a snapshot, what it says about itself.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use tokio::{task::spawn_blocking, time::Instant, time::sleep};

use super::{
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
    receiver::{self, Entry, Receiver, Verdict, entries},
    report::{Issue, MOST_ISSUES, RejectCode},
    snapshot::{KeyRing, Payload, SignedSnapshot},
    version::Version,
};
use crate::sync::frame::{AppliedFrame, ClientFrame, ClockReading, HeartbeatFrame, Held, Hello, RejectedFrame};

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
    applied_at: Timestamp,
    changes: u32,
    beats: u64,
    started: Instant,
    boot_id: String,
}

impl Device {
    /// Wakes the device that lives in a directory. It starts with the policy that it kept.
    pub fn wake(identity: Identity, keep: Keep, api: Api, voice: Voice, habits: Habits) -> Result<Self, ClientError> {
        let kept = keep.policy()?.and_then(|policy| Some((kept_controls(&policy)?, policy)));
        let (controls, held) = kept.map_or_else(Default::default, |(controls, policy)| {
            (controls, Some(receiver::Held { version: policy.version(), sha256: policy.sha256 }))
        });
        // Keys are fetched when the first policy comes: a device that starts offline enforces what it has.
        let receiver = Receiver::new(identity.teen_id, KeyRing::default(), BTreeMap::new(), held);
        let boot_id = api.world().uuid().to_string();
        let applied_at = habits.wall(api.now());
        let started = Instant::now();
        let (usage, patience) = (Counter::default(), Duration::from_secs(10));
        Ok(Self {
            api,
            voice,
            habits,
            usage,
            patience,
            identity,
            keep,
            receiver,
            controls,
            applied_at,
            changes: 0,
            beats: 0,
            started,
            boot_id,
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
        let shifts = words::shifts(&self.controls, &controls);
        self.controls = controls;
        self.receiver.applied(version, sha256.clone());
        self.applied_at = self.habits.wall(self.api.now());
        self.changes = self.changes.saturating_add(1);
        self.told(version, sha256, shifts);
        Ok(())
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

    /// The connection ended.
    pub fn disconnected(&mut self) {
        self.receiver.disconnected();
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
        }))
    }

    /// The next heartbeat.
    pub fn heartbeat(&mut self) -> ClientFrame {
        self.beats = self.beats.saturating_add(1);
        ClientFrame::Heartbeat(HeartbeatFrame { n: self.beats, applied: self.version(), clock: Some(self.clock()) })
    }

    /// The number of the last heartbeat.
    pub fn beats(&self) -> u64 {
        self.beats
    }

    fn clock(&self) -> ClockReading {
        ClockReading {
            wall: self.habits.wall(self.api.now()),
            monotonic_ms: self.uptime_ms(),
            boot_id: self.boot_id.clone(),
            zone: std::env::var("TZ").ok().filter(|zone| !zone.is_empty()).unwrap_or_else(|| "UTC".to_owned()),
        }
    }

    fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// The controls of a policy from this device's own disk. It was verified before it was kept, perhaps by a key that is gone.
pub fn kept_controls(policy: &SignedSnapshot) -> Option<BTreeMap<ControlId, Entry>> {
    let payload: Payload = serde_json::from_slice(&STANDARD.decode(&policy.payload).ok()?).ok()?;
    entries(&payload).ok()
}

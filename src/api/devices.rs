//! A teen's device as both sides see it: which of them really enforces what was set, by its own word, and since when.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::gate::Gate,
    domain::{
        ids::DeviceId,
        report::{Lost, Standing},
        words::{self, IssueInWords, in_words, summary},
    },
    store::{
        reports::{ClockInWords, DeviceStanding, WentBack},
        silences::SilenceView,
    },
};

/// One device of a teen, the same for both sides.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "name": "Mia's phone", "platform": "android-16",
    "app_version": "3.2.1", "state": "enforced", "summary": "Mia's phone applies your limits. It confirmed them 12 seconds ago.",
    "desired_epoch": 1, "desired_revision": 5, "epoch": 1, "revision": 5, "confirmed_at": "2026-11-22T13:41:07Z", "took_ms": 38,
    "online": true, "last_seen_at": "2026-11-22T13:41:07Z", "issues": [], "lost": null, "clock": null, "silence": null, "went_back": null}))]
pub struct DeviceShown {
    /// Names it.
    pub device_id: DeviceId,
    name: String,
    platform: String,
    app_version: String,
    /// How it stands to the newest policy, concluded from its own reports.
    state: Standing,
    /// The same in a sentence.
    summary: String,
    /// The newest policy.
    desired_epoch: i64,
    desired_revision: i64,
    /// The newest policy that the device confirmed; null: none yet.
    epoch: Option<i64>,
    revision: Option<i64>,
    /// When it last confirmed a policy, by our clock.
    confirmed_at: Option<Timestamp>,
    /// From the newest change to the device's word about it, in milliseconds; null while it has not spoken.
    took_ms: Option<i64>,
    /// Whether it is connected now; null: not known at the moment.
    online: Option<bool>,
    /// When it was last heard.
    last_seen_at: Option<Timestamp>,
    /// What it cannot enforce.
    issues: Vec<IssueInWords>,
    /// Changes that it had and that were lost, because the service had to go back to an earlier copy of its data; null: none, or a
    /// guardian has read of them and then set limits.
    lost: Option<LostInWords>,
    /// What is wrong with its clock; null: nothing.
    clock: Option<ClockInWords>,
    /// Since when it confirms nothing any more, if that is longer than `devices.quiet_hours`; null: it is not.
    silence: Option<SilenceView>,
    /// It came back without what it had confirmed, within the last week; null: it did not.
    went_back: Option<WentBack>,
}

/// Changes of limits that were lost.
#[derive(Serialize, ToSchema)]
struct LostInWords {
    /// Which.
    #[serde(flatten)]
    lost: Lost,
    /// The same in a sentence.
    sentence: String,
}

impl DeviceShown {
    fn new(standing: DeviceStanding, online: Option<bool>, silence: Option<SilenceView>, now: Timestamp) -> Self {
        let applied = standing.reports.applied.as_ref();
        Self {
            state: standing.standing(),
            summary: summary(&standing.name, standing.standing(), applied.map(|applied| applied.confirmed_at), now),
            desired_epoch: standing.desired.version.epoch,
            desired_revision: standing.desired.version.revision,
            epoch: applied.map(|applied| applied.version.epoch),
            revision: applied.map(|applied| applied.version.revision),
            confirmed_at: applied.map(|applied| applied.confirmed_at),
            took_ms: standing.took_ms(),
            online,
            last_seen_at: standing.last_seen_at,
            lost: standing.lost.map(|lost| LostInWords { lost, sentence: words::lost(&standing.name, lost.said_by) }),
            issues: in_words(&standing.name, standing.issues()),
            clock: ClockInWords::of(&standing.name, &standing.clock),
            silence,
            went_back: standing.went_back(),
            device_id: standing.device,
            name: standing.name,
            platform: standing.platform,
            app_version: standing.app_version,
        }
    }
}

/// All devices of a teen, with who is connected and who is silent.
pub async fn shown(gate: &Gate, standings: Vec<DeviceStanding>, silences: Vec<SilenceView>) -> Vec<DeviceShown> {
    let ids: Vec<DeviceId> = standings.iter().map(|standing| standing.device).collect();
    let online = gate.presence.online(&ids).await;
    let now = gate.store.world().now();
    let open = silences.into_iter().filter(|silence| silence.cleared_at.is_none());
    let mut open: HashMap<DeviceId, SilenceView> = open.map(|silence| (silence.device_id, silence)).collect();
    let devices = standings.into_iter().zip(online).map(|(standing, online)| {
        let silence = open.remove(&standing.device);
        DeviceShown::new(standing, online, silence, now)
    });
    devices.collect()
}

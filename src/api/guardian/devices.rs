//! The guardian's truth: which device really enforces what was set, by its own word, and since when.

use std::collections::HashMap;

use actix_web::{HttpResponse, get};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::shape::{Page, ok},
    auth::who::GuardianOfTeen,
    domain::{
        ids::{DeviceId, TeenId},
        report::{Lost, Standing},
        words::{self, IssueInWords, in_words, summary},
    },
    problem::Problem,
    store::{
        reports::{ClockInWords, DeviceStanding, WentBack},
        silences::SilenceView,
    },
};

/// One device of a teen.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "name": "Mia's phone", "platform": "android-16",
    "app_version": "3.2.1", "state": "enforced", "summary": "Mia's phone applies your limits. It confirmed them 12 seconds ago.",
    "desired_epoch": 1, "desired_revision": 5, "epoch": 1, "revision": 5, "confirmed_at": "2026-11-22T13:41:07Z", "took_ms": 38,
    "online": true, "last_seen_at": "2026-11-22T13:41:07Z", "issues": [], "lost": null, "clock": null, "silence": null, "went_back": null}))]
pub struct GuardianDevice {
    device_id: DeviceId,
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

impl GuardianDevice {
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

/// See whether the limits are really enforced
///
/// `enforced` is said only when that very device reported this very revision with the same hash. Silence is shown as silence.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "Every device", body = Page<GuardianDevice>)))]
#[get("/v1/guardian/teens/{teen_id}/devices")]
pub async fn guardian_devices(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    let standings = who.store().device_standings(&who.proof).await?;
    let ids: Vec<DeviceId> = standings.iter().map(|standing| standing.device).collect();
    let online = who.gate.presence.online(&ids).await;
    let now = who.store().world().now();
    let mut silences: HashMap<DeviceId, SilenceView> =
        who.store().silences(&who.proof).await?.into_iter().filter(is_open).map(|it| (it.device_id, it)).collect();
    let devices = standings.into_iter().zip(online).map(|(standing, online)| {
        let silence = silences.remove(&standing.device);
        GuardianDevice::new(standing, online, silence, now)
    });
    Ok(ok(Page::whole(devices.collect())))
}

fn is_open(silence: &SilenceView) -> bool {
    silence.cleared_at.is_none()
}

/// See when a device was silent for too long
///
/// After as many hours as `devices.quiet_hours` says, or when the teen took a device off the list. Each ends by itself, and is told
/// as a notice when it begins and when it ends.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "The newest hundred since you are paired, newest first", body = Page<SilenceView>)))]
#[get("/v1/guardian/teens/{teen_id}/silences")]
pub async fn guardian_silences(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().silences(&who.proof).await?)))
}

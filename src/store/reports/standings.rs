//! How each device of a teen stands to the newest policy. Computed from its reports, stored nowhere.

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, Queryable};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{DeviceId, Id, TeenId},
        pairing::PairingState,
        report::{Applied, Desired, Issue, Lost, Rejected, Reports, SaidBy, Standing},
        version::Version,
        words,
    },
    store::{
        Store, StoreError,
        kinship::{GuardianOf, TeenSelf},
        policies::{RECORD, RecordRow, record},
        reports::{ClockFault, Status, is_lately},
        schema::{device_reports, devices, lost_revisions, pairings, policy_revisions, teens},
    },
};

/// A device that came back in an earlier state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WentBack {
    /// When.
    pub at: Timestamp,
    /// The same in a sentence.
    pub sentence: String,
}

/// One device, what it should have and what it said.
#[derive(Clone, Debug)]
pub struct DeviceStanding {
    /// Which device.
    pub device: DeviceId,
    /// Whose.
    pub teen: TeenId,
    /// "Mia's phone".
    pub name: String,
    /// `android-16`, …
    pub platform: String,
    /// The app's own version.
    pub app_version: String,
    /// The newest policy and its hash.
    pub desired: Desired,
    /// When the newest policy was made.
    pub desired_since: Timestamp,
    /// What the device said.
    pub reports: Reports,
    /// When it first confirmed what it holds.
    pub first_confirmed_at: Option<Timestamp>,
    /// When it was last heard.
    pub last_seen_at: Option<Timestamp>,
    /// What it had and the installation lost.
    pub lost: Option<Lost>,
    /// What is wrong with its clock.
    pub clock: ClockFault,
    /// When it came back without what it had confirmed. Told for a week.
    pub went_back_at: Option<Timestamp>,
    /// When its last report was recorded, by the database's clock.
    pub reported_at: Option<Timestamp>,
}

impl DeviceStanding {
    /// The one word.
    pub fn standing(&self) -> Standing {
        self.reports.standing(&self.desired)
    }

    /// From the change to the device's word about it, by our clock; `None` while it has not spoken.
    pub fn took_ms(&self) -> Option<i64> {
        let spoken = matches!(self.standing(), Standing::Enforced | Standing::PartlyEnforced);
        let at = self.first_confirmed_at.filter(|_| spoken)?;
        i64::try_from(at.duration_since(self.desired_since).as_millis()).ok()
    }

    /// That it came back without what it had confirmed, in words.
    pub fn went_back(&self) -> Option<WentBack> {
        self.went_back_at.map(|at| WentBack { at, sentence: words::went_back(&self.name) })
    }

    /// What it cannot enforce of what it holds.
    pub fn issues(&self) -> &[Issue] {
        self.reports.applied.as_ref().map_or(&[], |applied| &applied.issues)
    }
}

type AppliedColumns =
    (Option<i64>, Option<i64>, Option<String>, Json, Option<jiff_diesel::Timestamp>, Option<jiff_diesel::Timestamp>);

#[derive(Queryable)]
struct DeviceRow {
    id: Uuid,
    name: String,
    platform: String,
    app_version: String,
    last_seen_at: Option<jiff_diesel::Timestamp>,
    reported_recorded_at: Option<jiff_diesel::Timestamp>,
    applied: AppliedColumns,
    rejected: (Option<i64>, Option<i64>, Option<String>, Option<jiff_diesel::Timestamp>),
    lost: Option<(i64, i64, i64, jiff_diesel::Timestamp, String)>,
    clock: (Option<i64>, Json),
    forgot_at: Option<jiff_diesel::Timestamp>,
    guarded_since: Option<jiff_diesel::Timestamp>,
}

/// Whose devices.
enum Of<'a> {
    Teens(&'a [TeenId]),
    Devices(&'a [DeviceId]),
}

fn uuids<K>(ids: &[Id<K>]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}

impl Store {
    /// Every live device of a guarded teen, oldest first.
    pub async fn device_standings(&self, proof: &GuardianOf) -> Result<Vec<DeviceStanding>, StoreError> {
        let standings = self.standings(Of::Teens(&[proof.teen()])).await?;
        let mut standings: Vec<DeviceStanding> = standings.into_iter().collect::<Result<_, _>>()?;
        for standing in &mut standings {
            if let Some(lost) = &standing.lost
                && !self.matters_still(proof, standing.device, lost).await?
            {
                standing.lost = None;
            }
        }
        Ok(standings)
    }

    /// The same for the teen: what guardians see, they see too.
    pub async fn own_standings(&self, teen: &TeenSelf) -> Result<Vec<DeviceStanding>, StoreError> {
        self.standings(Of::Teens(&[teen.teen()])).await?.into_iter().collect()
    }

    /// Every live device of teens whose guardian has a socket here, to say how everything stands.
    pub async fn standings_for_notices(&self, of: &[TeenId]) -> Result<Vec<DeviceStanding>, StoreError> {
        Ok(readable(self.standings(Of::Teens(of)).await?))
    }

    /// These devices' standings, for notices to the guardians' sockets.
    pub async fn standings_of(&self, devices: &[DeviceId]) -> Result<Vec<DeviceStanding>, StoreError> {
        Ok(readable(self.standings(Of::Devices(devices)).await?))
    }

    async fn standings(&self, of: Of<'_>) -> Result<Vec<Result<DeviceStanding, StoreError>>, StoreError> {
        let mut conn = self.pool.get().await?;
        let mut query = teens::table
            .inner_join(policy_revisions::table.on(
                policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision)),
            ))
            .inner_join(devices::table.on(devices::teen_id.eq(teens::account_id).and(devices::revoked_at.is_null())))
            .inner_join(device_reports::table.on(device_reports::device_id.eq(devices::id)))
            .left_join(lost_revisions::table.on(lost_revisions::device_id.eq(devices::id)))
            .order(devices::id)
            .select((
                (
                    devices::id,
                    devices::name,
                    devices::platform,
                    devices::app_version,
                    device_reports::last_seen_at,
                    device_reports::reported_recorded_at,
                    (
                        device_reports::applied_epoch,
                        device_reports::applied_revision,
                        device_reports::applied_sha256,
                        device_reports::applied_issues,
                        device_reports::confirmed_at,
                        device_reports::first_confirmed_at,
                    ),
                    (
                        device_reports::rejected_epoch,
                        device_reports::rejected_revision,
                        device_reports::rejected_code,
                        device_reports::rejected_at,
                    ),
                    (
                        lost_revisions::epoch,
                        lost_revisions::from_revision,
                        lost_revisions::to_revision,
                        lost_revisions::found_at,
                        lost_revisions::said_by,
                    )
                        .nullable(),
                    (device_reports::clock_off_seconds, device_reports::status),
                    device_reports::forgot_at,
                    guarded_since(),
                ),
                RECORD,
            ))
            .into_boxed();
        query = match of {
            Of::Teens(teens) => query.filter(teens::account_id.eq_any(uuids(teens))),
            Of::Devices(devices) => query.filter(devices::id.eq_any(uuids(devices))),
        };
        let rows: Vec<(DeviceRow, RecordRow)> = query.load(&mut conn).await?;
        let (epoch, now) = (conn.epoch(), self.world.now());
        Ok(rows.into_iter().map(|(device, policy)| standing(device, policy, epoch, now)).collect())
    }
}

/// Since when the newest of a teen's guardians is there.
#[diesel::dsl::auto_type(no_type_alias)]
fn guarded_since() -> _ {
    let active: &'static str = PairingState::Active.as_str();
    pairings::table
        .filter(pairings::teen_id.eq(teens::account_id))
        .filter(pairings::state.eq(active))
        .order(pairings::answered_at.desc())
        .select(pairings::answered_at)
        .limit(1_i64)
        .single_value()
}

/// The notices of others must not wait for a row that nobody can read.
fn readable(standings: Vec<Result<DeviceStanding, StoreError>>) -> Vec<DeviceStanding> {
    let read = |standing: Result<DeviceStanding, StoreError>| {
        standing.map_err(|error| tracing::error!(%error, "how a device stands cannot be read")).ok()
    };
    standings.into_iter().filter_map(read).collect()
}

fn standing(device: DeviceRow, policy: RecordRow, epoch: i64, now: Timestamp) -> Result<DeviceStanding, StoreError> {
    let record = record(policy);
    let (teen, made_at) = (record.teen, record.made_at);
    let (epoch_said, revision_said, sha256, issues, confirmed_at, first) = device.applied;
    let applied = match (epoch_said.zip(revision_said), sha256, confirmed_at) {
        (Some((epoch, revision)), Some(sha256), Some(at)) => Some(Applied {
            version: Version { epoch, revision },
            sha256,
            issues: serde_json::from_value(issues)?,
            confirmed_at: at.to_jiff(),
        }),
        _ => None,
    };
    let (rejected_epoch, rejected_revision, code, at) = device.rejected;
    let rejected = match (rejected_epoch.zip(rejected_revision), code.zip(at)) {
        (Some((epoch, revision)), Some((code, at))) => Some(Rejected {
            version: Version { epoch, revision },
            code: serde_json::from_value(Json::String(code))?,
            at: at.to_jiff(),
        }),
        _ => None,
    };
    let status: Status = serde_json::from_value(device.clock.1)?;
    let seen_at = device.last_seen_at.map_or(made_at, |at| at.to_jiff());
    let off_seconds = device.clock.0.unwrap_or_default();
    // What was before the newest guardian's time is nobody's any more.
    let since = device.guarded_since.map(|at| at.to_jiff());
    let is_of_now = |at: &Timestamp| since.is_none_or(|since| *at >= since);
    let clock = ClockFault::of(off_seconds, &status, &record.home_zone, seen_at, now);
    Ok(DeviceStanding {
        device: device.id.into(),
        teen,
        name: device.name,
        platform: device.platform,
        app_version: device.app_version,
        desired: record.desired(epoch)?,
        desired_since: made_at,
        reports: Reports { applied, rejected },
        first_confirmed_at: first.map(|at| at.to_jiff()),
        last_seen_at: device.last_seen_at.map(|at| at.to_jiff()),
        lost: device.lost.map(|(epoch, from_revision, to_revision, found_at, said_by)| Lost {
            epoch,
            from_revision,
            to_revision,
            found_at: found_at.to_jiff(),
            said_by: SaidBy::from_word(&said_by),
        }),
        clock: ClockFault { was_wrong_since: clock.was_wrong_since.filter(is_of_now), ..clock },
        went_back_at: device.forgot_at.map(|at| at.to_jiff()).filter(|at| is_lately(*at, now) && is_of_now(at)),
        reported_at: device.reported_recorded_at.map(|at| at.to_jiff()),
    })
}

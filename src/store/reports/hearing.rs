//! Devices that say hello or beat, many at a time: what they have confirmed, and what is wanted of them.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, QueryDsl, QueryableByName,
    dsl::sql,
    sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::{
    domain::{ids::DeviceId, silence::DeviceStatus, version::Version},
    store::{Event, Store, StoreError, kinship::DeviceOf, prepared::Prepared, schema::device_reports},
};

/// A device that was just heard.
#[derive(Clone, Debug)]
pub struct Beat {
    /// Which.
    pub device: DeviceOf,
    /// The app's version, where the device just said it.
    pub app_version: Option<String>,
    /// What it says of itself.
    pub said: OfItself,
}

/// What a device says of itself beside its policy. What it does not say stays as it was.
#[derive(Clone, Debug, Default)]
pub struct OfItself {
    /// Battery, network and offset.
    pub status: Status,
    /// How far its wall clock is off; 0: it is right.
    pub clock_off_seconds: Option<i64>,
}

/// What is kept of it as one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Status {
    /// Battery and network.
    #[serde(flatten)]
    pub device: DeviceStatus,
    /// How far its local time is from UTC. Not its zone: that would tell where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_minutes: Option<i32>,
    /// When that was: at home the clock may have turned since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset_read_at: Option<Timestamp>,
    /// Since when its wall clock was wrong before it was put right, by its own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_wrong_since: Option<Timestamp>,
    /// When it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_told_at: Option<Timestamp>,
}

impl OfItself {
    /// A device tells that its clock was wrong while nobody could see it.
    #[must_use]
    pub fn with_wrong_clock(mut self, since: Option<Timestamp>, now: Timestamp) -> Self {
        self.status.clock_wrong_since = since.map(|since| since.min(now));
        self.status.clock_told_at = since.map(|_| now);
        self
    }
}

/// What a heartbeat is answered from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The newest policy.
    pub desired: Version,
    /// The newest policy that the device's reports confirm.
    pub confirmed: Option<Version>,
}

/// A device that has just said hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// What is wanted of it, and what it has confirmed.
    pub heard: Heard,
    /// The hash of what it has confirmed, which was compared with the true one when it did.
    pub sha256: Option<String>,
    /// Somebody has used a code of the teen and waits for the teen's answer.
    pub is_asked: bool,
}

impl Arrived {
    /// Whether it holds what is wanted, going by what it has confirmed before. It then needs no policy, and none is read for it.
    pub fn is_current(&self, version: Version, sha256: &str) -> bool {
        version == self.heard.desired && self.heard.confirmed == Some(version) && self.sha256.as_deref() == Some(sha256)
    }
}

impl Store {
    /// Marks devices as heard and reads what they should have. A device that is missing from the answer was revoked.
    /// `arriving`: they said hello just now, and more is looked up for them.
    pub async fn hear(&self, batch: Vec<Beat>, arriving: bool) -> Result<HashMap<DeviceId, Arrived>, StoreError> {
        let Columns { ids, versions, statuses, clocks } = Columns::of(batch)?;
        let mut conn = self.pool.get().await?;
        let epoch = conn.epoch();
        #[expect(
            clippy::disallowed_methods,
            reason = "one round trip for a whole batch; every value is a bind parameter; sub-selects as in `prepared::among`"
        )]
        let statement = diesel::sql_query(
            "with locked as materialized (select device_id from device_reports where device_id = any(coalesce((select $1::uuid[]))) order by device_id for no key update), \
             beat as (select id, max(app_version) as app_version, (array_agg(status))[1] as status, max(clock) as clock \
               from unnest((select $1::uuid[]), (select $3::text[]), (select $5::jsonb[]), (select $6::bigint[])) as b(id, app_version, status, clock) group by id), \
             named as (update devices d set app_version = beat.app_version from beat where d.id = beat.id and d.app_version <> beat.app_version), \
             seen as (update device_reports r set last_seen_at = $2, status = r.status || beat.status, \
               clock_off_seconds = coalesce(beat.clock, r.clock_off_seconds), \
               reported_recorded_at = case when coalesce(sign(beat.clock) <> sign(coalesce(r.clock_off_seconds, 0)), false) \
                 or coalesce(beat.status ->> 'utc_offset_minutes' <> r.status ->> 'utc_offset_minutes', false) \
                 or beat.status ->> 'clock_wrong_since' is not null then clock_timestamp() else r.reported_recorded_at end \
               from locked join beat on beat.id = locked.device_id where r.device_id = locked.device_id) \
             select d.id as device, t.revision as revision, r.applied_epoch as applied_epoch, r.applied_revision as applied_revision, \
               case when $4 then r.applied_sha256 end as applied_sha256, $4 and exists (select from pairings p \
                 where p.teen_id = t.account_id and p.state = 'claimed' and p.deadline > $2) as is_asked \
             from beat join devices d on d.id = beat.id and d.revoked_at is null \
             join teens t on t.account_id = d.teen_id join device_reports r on r.device_id = d.id",
        );
        let bound = statement
            .bind::<Array<SqlUuid>, _>(ids)
            .bind::<Timestamptz, _>(self.world.now().to_diesel())
            .bind::<Array<Nullable<Text>>, _>(versions)
            .bind::<Bool, _>(arriving)
            .bind::<Array<Jsonb>, _>(statuses)
            .bind::<Array<Nullable<BigInt>>, _>(clocks);
        let rows: Vec<HeardRow> = Prepared(bound).load(&mut conn).await?;
        Ok(rows.into_iter().map(|row| row.arrived(epoch)).collect())
    }

    /// Forgets what a device said, because it says itself that it does not hold that any more (a reinstallation, a restored
    /// image). Until it confirms again, nobody is told that anything is enforced.
    pub async fn forget_confirmed(&self, device: &DeviceOf) -> Result<(), StoreError> {
        let (teen, device, now) = (device.teen(), device.device(), self.world.now().to_diesel());
        let mut conn = self.pool.get().await?;
        diesel::update(device_reports::table.find(device.uuid()))
            .set((
                device_reports::applied_epoch.eq(None::<i64>),
                device_reports::applied_revision.eq(None::<i64>),
                device_reports::applied_sha256.eq(None::<String>),
                device_reports::applied_issues.eq(json!([])),
                device_reports::rejected_epoch.eq(None::<i64>),
                device_reports::rejected_revision.eq(None::<i64>),
                device_reports::rejected_code.eq(None::<String>),
                device_reports::forgot_at.eq(now),
                device_reports::reported_recorded_at.eq(sql::<Nullable<Timestamptz>>("clock_timestamp()")),
            ))
            .execute(&mut conn)
            .await?;
        self.post(Event::DeviceReported { teen, device });
        Ok(())
    }
}

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    versions: Vec<Option<String>>,
    statuses: Vec<Json>,
    clocks: Vec<Option<i64>>,
}

impl Columns {
    fn of(batch: Vec<Beat>) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        for Beat { device, app_version, said } in batch {
            columns.ids.push(device.device().uuid());
            columns.versions.push(app_version);
            columns.clocks.push(said.clock_off_seconds);
            columns.statuses.push(serde_json::to_value(said.status)?);
        }
        Ok(columns)
    }
}

#[derive(QueryableByName)]
struct HeardRow {
    #[diesel(sql_type = SqlUuid)]
    device: Uuid,
    #[diesel(sql_type = BigInt)]
    revision: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    applied_epoch: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    applied_revision: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    applied_sha256: Option<String>,
    #[diesel(sql_type = Bool)]
    is_asked: bool,
}

impl HeardRow {
    fn arrived(self, epoch: i64) -> (DeviceId, Arrived) {
        let confirmed =
            self.applied_epoch.zip(self.applied_revision).map(|(epoch, revision)| Version { epoch, revision });
        let desired = Version { epoch, revision: self.revision };
        let heard = Heard { desired, confirmed };
        (self.device.into(), Arrived { heard, sha256: self.applied_sha256, is_asked: self.is_asked })
    }
}

//! Silences as both sides see them.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, Queryable};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{DeviceId, SilenceId, TeenId},
        silence::{Network, SilenceReason},
        words,
    },
    store::{
        Store, StoreError,
        history::since,
        kinship::{GuardianOf, TeenSelf},
        schema::{devices, silences},
    },
};

/// Most silences in one list.
const LISTED: i64 = 100;

/// A time in which a device confirmed nothing, as both sides see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"silence_id": "01932c07-6666-7c3a-9a1e-3f1d2b4c5d6e", "device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e",
    "device_name": "Mia's phone", "reason": "not_heard", "since": "2026-11-26T07:10:00Z", "raised_at": "2026-11-27T07:10:30Z",
    "cleared_at": null, "last_seen_at": "2026-11-26T07:10:00Z", "battery_percent": 4, "network": "mobile", "signed_out": false,
    "sentence": "Mia's phone has not been heard for 24 hours. Its battery was at 4 % then. We cannot say whether your limits count on it."}))]
pub struct SilenceView {
    /// Names it.
    pub silence_id: SilenceId,
    /// Which device.
    pub device_id: DeviceId,
    /// What it is called.
    pub device_name: String,
    /// Why nothing is confirmed.
    pub reason: SilenceReason,
    /// Since when.
    pub since: Timestamp,
    /// When that was told.
    pub raised_at: Timestamp,
    /// When it ended; null: it goes on.
    pub cleared_at: Option<Timestamp>,
    /// When the device was last heard before that.
    pub last_seen_at: Option<Timestamp>,
    /// How full its battery was then, if it had said so.
    pub battery_percent: Option<u8>,
    /// How it was connected then, if it had said so.
    pub network: Option<Network>,
    /// Nobody was signed in with the teen's account when it was told.
    pub signed_out: bool,
    /// The same in a sentence.
    pub sentence: String,
}

#[derive(Queryable)]
struct Row {
    id: Uuid,
    device_id: Uuid,
    device_name: String,
    reason: String,
    since: jiff_diesel::Timestamp,
    raised_at: jiff_diesel::Timestamp,
    cleared_at: Option<jiff_diesel::Timestamp>,
    last_seen_at: Option<jiff_diesel::Timestamp>,
    battery_percent: Option<i16>,
    network: Option<String>,
    signed_out: bool,
}

impl Row {
    fn view(self, now: Timestamp) -> Result<SilenceView, StoreError> {
        let reason = SilenceReason::from_word(&self.reason)
            .ok_or_else(|| StoreError::Corrupt("why a device is silent".to_owned()))?;
        let (since, cleared_at) = (self.since.to_jiff(), self.cleared_at.map(|at| at.to_jiff()));
        let battery_percent = self.battery_percent.and_then(|percent| u8::try_from(percent).ok());
        let sentence = words::silence(&self.device_name, reason, since, cleared_at, battery_percent, now);
        Ok(SilenceView {
            silence_id: self.id.into(),
            device_id: self.device_id.into(),
            device_name: self.device_name,
            reason,
            since,
            raised_at: self.raised_at.to_jiff(),
            cleared_at,
            last_seen_at: self.last_seen_at.map(|at| at.to_jiff()),
            battery_percent,
            network: self.network.as_deref().map(Network::from_word),
            signed_out: self.signed_out,
            sentence,
        })
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn query(teen: TeenId) -> _ {
    let id: Uuid = teen.uuid();
    silences::table.inner_join(devices::table).filter(silences::teen_id.eq(id)).select((
        silences::id,
        silences::device_id,
        devices::name,
        silences::reason,
        silences::since,
        silences::raised_at,
        silences::cleared_at,
        silences::last_seen_at,
        silences::battery_percent,
        silences::network,
        silences::signed_out,
    ))
}

impl Store {
    /// The newest silences of a guarded teen's devices since the pairing began, newest first.
    pub async fn silences(&self, proof: &GuardianOf) -> Result<Vec<SilenceView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let from = since(&mut conn, proof).await?;
        let rows: Vec<Row> = query(proof.teen())
            .filter(silences::raised_at.ge(from).or(silences::cleared_at.is_null()))
            .order(silences::raised_at.desc())
            .limit(LISTED)
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| row.view(self.world.now())).collect()
    }

    /// The newest silences of the teen's own devices, newest first.
    pub async fn own_silences(&self, teen: &TeenSelf) -> Result<Vec<SilenceView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = query(teen.teen()).order(silences::raised_at.desc()).limit(LISTED).load(&mut conn).await?;
        rows.into_iter().map(|row| row.view(self.world.now())).collect()
    }

    /// One silence, for a notice.
    pub async fn silence_of(&self, teen: TeenId, silence: SilenceId) -> Result<SilenceView, StoreError> {
        let mut conn = self.pool.get().await?;
        let row: Row = query(teen).filter(silences::id.eq(silence.uuid())).first(&mut conn).await?;
        row.view(self.world.now())
    }
}

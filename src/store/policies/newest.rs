//! The newest revisions, for snapshots and notices.

use std::collections::{BTreeMap, HashMap};

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl};
use diesel_async::RunQueryDsl;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{AccountId, TeenId},
        policy::Change,
        secret::TokenHash,
        snapshot::PolicyRecord,
        supervision::seen::Seen,
        version::Version,
    },
    store::{
        Store, StoreError,
        kinship::DeviceOf,
        pool::Connection,
        prepared::among,
        schema::{devices, policy_revisions, teens},
    },
};

/// What the newest revision of a teen is made of, with who made it: for snapshots and change notices.
#[derive(Clone, Debug)]
pub struct Newest {
    /// What is wanted.
    pub record: PolicyRecord,
    /// Who made it.
    pub by: Option<AccountId>,
    /// Why.
    pub reason: Option<String>,
    /// What changed with it.
    pub changes: Vec<Change>,
    /// What guardians see of it, where that is less.
    pub seen: Option<Seen>,
}

/// A device and the newest policy of its teen.
#[derive(Clone, Debug)]
pub struct Reading {
    /// By its own token.
    pub device: DeviceOf,
    /// The epoch of the database that the policy was read from.
    pub epoch: i64,
    /// What is wanted.
    pub newest: Newest,
}

/// What a snapshot is made of, as it is stored.
pub(crate) type RecordRow = (Uuid, i64, String, String, i16, Option<String>, jiff_diesel::Timestamp);
type NewestRow = (RecordRow, Option<Uuid>, Option<String>, Json, Option<Json>);

impl Store {
    /// The newest policies of these teens, in one query. `sync` may read any: it has no proofs, only sockets that had them.
    /// With the epoch of the database that they were read from: another one may take its place meanwhile.
    pub async fn newest_policies(&self, of: &[TeenId]) -> Result<(i64, Vec<Newest>), StoreError> {
        let ids: Vec<Uuid> = of.iter().map(|teen| teen.uuid()).collect();
        let mut conn = self.pool.get().await?;
        let epoch = conn.epoch();
        let rows: Vec<NewestRow> = newest_query().filter(among(teens::account_id, ids)).load(&mut conn).await?;
        let readable = |row: NewestRow| {
            let teen = TeenId::from(row.0.0);
            // Others must not wait for a row that nobody can read.
            newest(row).map_err(|error| tracing::error!(%error, %teen, "a policy cannot be read")).ok()
        };
        Ok((epoch, rows.into_iter().filter_map(readable).collect()))
    }

    /// Which devices show these tokens, with the newest policies of their teens, in one query.
    pub(crate) async fn readings_of(
        &self,
        tokens: Vec<TokenHash>,
    ) -> Result<Vec<Result<Option<Reading>, StoreError>>, StoreError> {
        let hashes: Vec<Vec<u8>> = tokens.iter().map(|token| token.as_bytes().to_vec()).collect();
        let mut conn = self.pool.get().await?;
        let of = reading_query().filter(among(devices::token_hash, &hashes));
        let rows: Vec<(Vec<u8>, Uuid, NewestRow)> = of.load(&mut conn).await?;
        let epoch = conn.epoch();
        let mut read = HashMap::new();
        for (hash, device, row) in rows {
            let device = DeviceOf::shown(row.0.0.into(), device.into());
            read.insert(hash, newest(row).map(|newest| Reading { device, epoch, newest }));
        }
        let one = |hash: &Vec<u8>| match read.get(hash) {
            Some(Err(error)) => Err(StoreError::Corrupt(error.to_string())),
            Some(Ok(reading)) => Ok(Some(reading.clone())),
            None => Ok(None),
        };
        Ok(hashes.iter().map(one).collect())
    }

    /// The newest versions of these teens' policies: what a long poll and a full compare need to know.
    pub async fn newest_versions(&self, of: &[TeenId]) -> Result<BTreeMap<TeenId, Version>, StoreError> {
        let mut conn = self.pool.get().await?;
        newest_versions(&mut conn, of).await
    }
}

/// The same on a connection.
pub(crate) async fn newest_versions(
    conn: &mut Connection,
    of: &[TeenId],
) -> Result<BTreeMap<TeenId, Version>, StoreError> {
    let ids: Vec<Uuid> = of.iter().map(|teen| teen.uuid()).collect();
    let rows: Vec<(Uuid, i64)> = teens::table
        .filter(among(teens::account_id, ids))
        .select((teens::account_id, teens::revision))
        .load(&mut **conn)
        .await?;
    let epoch = conn.epoch();
    Ok(rows.into_iter().map(|(teen, revision)| (teen.into(), Version { epoch, revision })).collect())
}

/// A teen's newest revision is the one that the teen's row names.
pub(super) type Same = diesel::dsl::And<
    diesel::dsl::Eq<policy_revisions::teen_id, teens::account_id>,
    diesel::dsl::Eq<policy_revisions::revision, teens::revision>,
>;

pub(crate) type RecordColumns = (
    policy_revisions::teen_id,
    policy_revisions::revision,
    policy_revisions::controls,
    policy_revisions::home_zone,
    policy_revisions::day_start_minute,
    policy_revisions::timeline,
    policy_revisions::made_at,
);
/// The columns of a [`RecordRow`].
pub(crate) const RECORD: RecordColumns = (
    policy_revisions::teen_id,
    policy_revisions::revision,
    policy_revisions::controls,
    policy_revisions::home_zone,
    policy_revisions::day_start_minute,
    policy_revisions::timeline,
    policy_revisions::made_at,
);

type Columns = (
    RecordColumns,
    policy_revisions::made_by,
    policy_revisions::reason,
    policy_revisions::changes,
    policy_revisions::seen,
);
const COLUMNS: Columns =
    (RECORD, policy_revisions::made_by, policy_revisions::reason, policy_revisions::changes, policy_revisions::seen);

#[diesel::dsl::auto_type(no_type_alias)]
fn newest_query() -> _ {
    let same: Same =
        policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision));
    let columns: Columns = COLUMNS;
    teens::table.inner_join(policy_revisions::table.on(same)).select(columns)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn reading_query() -> _ {
    let same: Same =
        policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision));
    let columns: Columns = COLUMNS;
    let devices = devices::table.inner_join(teens::table.inner_join(policy_revisions::table.on(same)));
    devices.filter(devices::revoked_at.is_null()).select((devices::token_hash, devices::id, columns))
}

fn newest((row, by, reason, changes, seen): NewestRow) -> Result<Newest, StoreError> {
    Ok(Newest {
        record: record(row),
        by: by.map(AccountId::from),
        reason,
        changes: serde_json::from_value(changes)?,
        seen: seen.map(serde_json::from_value).transpose()?,
    })
}

/// A revision as far as a snapshot is made of it.
pub(crate) fn record(
    (teen, revision, controls, home_zone, day_start_minute, timeline, made_at): RecordRow,
) -> PolicyRecord {
    let (teen, made_at) = (teen.into(), made_at.to_jiff());
    PolicyRecord { teen, revision, controls, home_zone, day_start_minute, timeline, made_at }
}

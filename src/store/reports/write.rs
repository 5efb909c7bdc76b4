//! Reports, many at a time.

use std::collections::BTreeMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl,
    sql_types::{Array, BigInt, Jsonb, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff_diesel::ToDiesel;
use serde_json::json;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{DeviceId, TeenId},
        report::{Issue, RejectCode},
        version::Version,
    },
    failpoint,
    store::{
        Event, Store, StoreError,
        kinship::DeviceOf,
        policies::{self, RECORD, RecordRow, record},
        prepared::Prepared,
        schema::{policy_revisions, teens},
    },
};

/// One report of one device.
#[derive(Clone, Debug)]
pub struct Report {
    /// Who says it.
    pub device: DeviceOf,
    /// About which policy.
    pub version: Version,
    /// What.
    pub said: Said,
    /// The hash was compared with the very snapshot that was sent on this socket, so it need not be computed again.
    pub vouched: bool,
}

/// What a device says about a policy.
#[derive(Clone, Debug)]
pub enum Said {
    /// It is enforced, but for these.
    Applied {
        /// Hash of the exact bytes.
        sha256: String,
        /// What is not enforced.
        issues: Vec<Issue>,
    },
    /// It was not taken.
    Rejected(RejectCode),
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Kept, or known already.
    Taken,
    /// There is no such revision.
    NeverIssued,
    /// The revision has another hash.
    HashMismatch,
}

/// A device that reported something lately.
#[derive(Clone, Copy, Debug)]
pub struct Reported {
    /// Which.
    pub device: DeviceId,
    /// When, by the database's clock.
    pub at: jiff::Timestamp,
}

type Key = (Uuid, i64);

impl Store {
    /// Judges and keeps a batch of reports. The answers are in the order of the batch.
    pub async fn keep_reports(&self, batch: Vec<Report>) -> Result<Vec<Judged>, StoreError> {
        let hashes = self.hashes(&batch).await?;
        let judged: Vec<Judged> = batch.iter().map(|report| judge(report, &hashes)).collect();
        let taken: Vec<Report> = batch
            .into_iter()
            .zip(&judged)
            .filter_map(|(report, judged)| (*judged == Judged::Taken).then_some(report))
            .collect();
        let events: Vec<Event> = taken
            .iter()
            .map(|report| Event::DeviceReported { teen: report.device.teen(), device: report.device.device() })
            .collect();
        let (applied, rejected) = newest_per_device(taken);
        failpoint::pass("report.judged");
        self.alone(move |conn, tools| {
            let (applied, rejected, now) = (applied.clone(), rejected.clone(), tools.world.now().to_diesel());
            async move {
                keep_applied(conn, applied, now).await?;
                keep_rejected(conn, rejected, now).await
            }
            .boxed()
        })
        .await?;
        failpoint::pass("report.written");
        for event in events {
            self.post(event);
        }
        Ok(judged)
    }

    /// The newest version per teen of the batch and the hash of each unvouched one that it names.
    async fn hashes(&self, batch: &[Report]) -> Result<Hashes, StoreError> {
        let unvouched: Vec<&Report> = batch.iter().filter(|report| !report.vouched).collect();
        if unvouched.is_empty() {
            return Ok(Hashes::default());
        }
        let teens: Vec<TeenId> = unvouched.iter().map(|report| report.device.teen()).collect();
        let revisions: Vec<i64> = unvouched.iter().map(|report| report.version.revision).collect();
        let mut conn = self.pool.get().await?;
        let newest = policies::newest_versions(&mut conn, &teens).await?;
        let wanted: Vec<Key> = teens.iter().map(|teen| teen.uuid()).zip(revisions.iter().copied()).collect();
        let rows: Vec<RecordRow> = policy_revisions::table
            .inner_join(teens::table.on(teens::account_id.eq(policy_revisions::teen_id)))
            .filter(
                policy_revisions::teen_id
                    .eq_any(wanted.iter().map(|key| key.0).collect::<Vec<_>>())
                    .and(policy_revisions::revision.eq_any(revisions)),
            )
            .select(RECORD)
            .load(&mut conn)
            .await?;
        let epoch = conn.epoch();
        let mut hashes = BTreeMap::new();
        for row in rows {
            let key = (row.0, row.1);
            if wanted.contains(&key) {
                hashes.insert(key, record(row).desired(epoch)?.sha256);
            }
        }
        Ok(Hashes { newest, hashes })
    }
}

#[derive(Default)]
struct Hashes {
    newest: BTreeMap<TeenId, Version>,
    hashes: BTreeMap<Key, String>,
}

fn judge(report: &Report, known: &Hashes) -> Judged {
    if report.vouched {
        return Judged::Taken;
    }
    let teen = report.device.teen();
    let Version { epoch, revision } = report.version;
    let Some(newest) = known.newest.get(&teen).filter(|newest| report.version <= **newest) else {
        return Judged::NeverIssued;
    };
    if epoch < 1 || revision < 1 {
        return Judged::NeverIssued;
    }
    match &report.said {
        // Bytes of an earlier epoch cannot be made again; the report can only say that the device is behind.
        Said::Applied { .. } if epoch < newest.epoch => Judged::Taken,
        Said::Applied { sha256, .. } if known.hashes.get(&(teen.uuid(), revision)) != Some(sha256) => {
            Judged::HashMismatch
        }
        _ => Judged::Taken,
    }
}

/// One statement may not touch a row twice: of several reports of one device the newest stays.
fn newest_per_device(batch: Vec<Report>) -> (Vec<Report>, Vec<Report>) {
    let mut applied: BTreeMap<DeviceId, Report> = BTreeMap::new();
    let mut rejected: BTreeMap<DeviceId, Report> = BTreeMap::new();
    for report in batch {
        let newest = match report.said {
            Said::Applied { .. } => &mut applied,
            Said::Rejected(_) => &mut rejected,
        };
        let device = report.device.device();
        if newest.get(&device).is_none_or(|known| known.version <= report.version) {
            newest.insert(device, report);
        }
    }
    (applied.into_values().collect(), rejected.into_values().collect())
}

async fn keep_applied(
    conn: &mut AsyncPgConnection,
    reports: Vec<Report>,
    now: jiff_diesel::Timestamp,
) -> Result<(), StoreError> {
    if reports.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(&reports);
    let (hashes, issues): (Vec<&str>, Vec<serde_json::Value>) = reports
        .iter()
        .filter_map(|report| match &report.said {
            Said::Applied { sha256, issues } => Some((sha256.as_str(), json!(issues))),
            Said::Rejected(_) => None,
        })
        .unzip();
    #[expect(
        clippy::disallowed_methods,
        reason = "one round trip for a whole batch; every value is a bind parameter; sub-selects as in `prepared::among`"
    )]
    let statement = diesel::sql_query(
        "with locked as materialized (select device_id from device_reports where device_id = any(coalesce((select $1::uuid[]))) order by device_id for no key update) \
         update device_reports r set applied_epoch = n.epoch, applied_revision = n.revision, applied_sha256 = n.sha256, \
         applied_issues = n.issues, confirmed_at = $6, last_seen_at = $6, reported_recorded_at = clock_timestamp(), \
         first_confirmed_at = case when (r.applied_epoch, r.applied_revision) = (n.epoch, n.revision) then r.first_confirmed_at else $6 end \
         from unnest((select $1::uuid[]), (select $2::bigint[]), (select $3::bigint[]), (select $4::text[]), (select $5::jsonb[])) as n(device, epoch, revision, sha256, issues), locked \
         where r.device_id = n.device and locked.device_id = n.device and (n.epoch, n.revision) >= (coalesce(r.applied_epoch, 0), coalesce(r.applied_revision, 0))",
    );
    let bound = statement
        .bind::<Array<SqlUuid>, _>(columns.devices)
        .bind::<Array<BigInt>, _>(columns.epochs)
        .bind::<Array<BigInt>, _>(columns.revisions)
        .bind::<Array<Text>, _>(hashes)
        .bind::<Array<Jsonb>, _>(issues)
        .bind::<Timestamptz, _>(now);
    Prepared(bound).execute(conn).await?;
    Ok(())
}

async fn keep_rejected(
    conn: &mut AsyncPgConnection,
    reports: Vec<Report>,
    now: jiff_diesel::Timestamp,
) -> Result<(), StoreError> {
    if reports.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(&reports);
    let codes: Vec<String> = reports
        .iter()
        .map(|report| match &report.said {
            Said::Rejected(code) => word(*code),
            Said::Applied { .. } => word(RejectCode::Other),
        })
        .collect();
    #[expect(
        clippy::disallowed_methods,
        reason = "one round trip for a whole batch; every value is a bind parameter; sub-selects as in `prepared::among`"
    )]
    let statement = diesel::sql_query(
        "with locked as materialized (select device_id from device_reports where device_id = any(coalesce((select $1::uuid[]))) order by device_id for no key update) \
         update device_reports r set rejected_epoch = n.epoch, rejected_revision = n.revision, rejected_code = n.code, \
         rejected_at = $5, last_seen_at = $5, reported_recorded_at = clock_timestamp() \
         from unnest((select $1::uuid[]), (select $2::bigint[]), (select $3::bigint[]), (select $4::text[])) as n(device, epoch, revision, code), locked \
         where r.device_id = n.device and locked.device_id = n.device and (n.epoch, n.revision) >= (coalesce(r.rejected_epoch, 0), coalesce(r.rejected_revision, 0))",
    );
    let bound = statement
        .bind::<Array<SqlUuid>, _>(columns.devices)
        .bind::<Array<BigInt>, _>(columns.epochs)
        .bind::<Array<BigInt>, _>(columns.revisions)
        .bind::<Array<Text>, _>(codes)
        .bind::<Timestamptz, _>(now);
    Prepared(bound).execute(conn).await?;
    Ok(())
}

struct Columns {
    devices: Vec<Uuid>,
    epochs: Vec<i64>,
    revisions: Vec<i64>,
}

impl Columns {
    fn of(reports: &[Report]) -> Self {
        Self {
            devices: reports.iter().map(|report| report.device.device().uuid()).collect(),
            epochs: reports.iter().map(|report| report.version.epoch).collect(),
            revisions: reports.iter().map(|report| report.version.revision).collect(),
        }
    }
}

/// The word of a code, as it travels.
fn word(code: RejectCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(word)) => word,
        _ => "other".to_owned(),
    }
}

//! Revisions that were acknowledged and are gone, because the database is a restored or promoted one. Nothing can bring them back;
//! they are named, so that nobody believes in a limit that is not there.

use diesel::{
    ExpressionMethods, QueryDsl, QueryableByName,
    dsl::exists,
    sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{DeviceId, TeenId},
        report::{Lost, SaidBy},
        version::Version,
    },
    store::{
        Event, Store, StoreError,
        kinship::{DeviceOf, GuardianOf},
        policies::RevisionKind,
        schema::{lost_revisions, pairings, policy_revisions},
    },
};

/// A device had a policy of an epoch before the newest one.
#[derive(Clone, Debug)]
pub struct Had {
    /// Which device.
    pub device: DeviceOf,
    /// What it had.
    pub version: Version,
    /// Whose word that is.
    pub said_by: SaidBy,
}

/// Beyond it JSON numbers are not exact, and no revision was ever made.
const GREATEST: i64 = 1 << 53;

#[derive(QueryableByName)]
struct LostRow {
    #[diesel(sql_type = SqlUuid)]
    device_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    teen_id: Uuid,
    #[diesel(sql_type = BigInt)]
    epoch: i64,
    #[diesel(sql_type = BigInt)]
    from_revision: i64,
    #[diesel(sql_type = BigInt)]
    to_revision: i64,
    #[diesel(sql_type = Text)]
    said_by: String,
}

impl Store {
    /// Names those revisions up to what each device had that this database does not have: to the guardians, in the log, and (those that
    /// a node had sent, which a device cannot make up) in the metrics. Once for each device and epoch. Asked again, it changes nothing.
    ///
    /// Kept is what was recorded in the device's epoch or before.
    pub async fn name_lost(&self, had: &[Had]) -> Result<(), StoreError> {
        let known = |had: &&Had| had.version.epoch >= 1 && (1..=GREATEST).contains(&had.version.revision);
        let had: Vec<&Had> = had.iter().filter(known).collect();
        if had.is_empty() {
            return Ok(());
        }
        let mut conn = self.pool.get().await?;
        #[expect(
            clippy::disallowed_methods,
            reason = "an insert from a query, for which the query builder has no words; every value is a bind parameter"
        )]
        let statement = diesel::sql_query(
            "insert into lost_revisions as l (device_id, epoch, from_revision, to_revision, found_at, said_by, into_epoch) \
             select d.id, h.epoch, coalesce(kept.revision, 0) + 1, h.revision, $5, h.said_by, $6 \
             from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[]) as h(device, epoch, revision, said_by) \
             join devices d on d.id = h.device \
             left join lateral (select r.revision from policy_revisions r where r.teen_id = d.teen_id \
               and coalesce(r.recorded_epoch, 0) <= h.epoch order by r.revision desc limit 1) kept on true \
             where h.epoch < $6 and h.revision > coalesce(kept.revision, 0) \
             order by d.id on conflict (device_id) do update set epoch = excluded.epoch, \
               from_revision = excluded.from_revision, to_revision = excluded.to_revision, found_at = excluded.found_at, \
               said_by = excluded.said_by, into_epoch = excluded.into_epoch, seen_at = null \
             where l.into_epoch < excluded.into_epoch or (l.said_by = 'device' and excluded.said_by = 'node') \
             returning device_id, (select teen_id from devices where id = device_id) as teen_id, epoch, from_revision, to_revision, said_by",
        );
        let named: Vec<LostRow> = statement
            .bind::<Array<SqlUuid>, _>(had.iter().map(|had| had.device.device().uuid()).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(had.iter().map(|had| had.version.epoch).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(had.iter().map(|had| had.version.revision).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(had.iter().map(|had| had.said_by.word()).collect::<Vec<_>>())
            .bind::<Timestamptz, _>(self.world.now().to_diesel())
            .bind::<BigInt, _>(conn.epoch())
            .load(&mut conn)
            .await?;
        named.iter().for_each(|lost| self.tell_of(lost));
        Ok(())
    }

    fn tell_of(&self, lost: &LostRow) {
        let (teen, device) = (TeenId::from(lost.teen_id), DeviceId::from(lost.device_id));
        let LostRow { epoch, from_revision, to_revision, said_by, .. } = lost;
        if SaidBy::from_word(said_by) == SaidBy::Node {
            tracing::error!(%teen, %device, epoch, from_revision, to_revision, "acknowledged revisions were lost");
            metrics::counter!("family_pairing_lost_revisions_total").increment(1);
        } else {
            tracing::warn!(%teen, %device, epoch, from_revision, to_revision, "a device says that it had revisions which are not here");
        }
        self.post(Event::DeviceReported { teen, device });
    }

    /// Whether a guardian is still to be told of a loss: it was while they guarded the teen, and no guardian has set anything since one
    /// read of it. This counts as reading.
    pub(super) async fn matters_still(
        &self,
        proof: &GuardianOf,
        device: DeviceId,
        lost: &Lost,
    ) -> Result<bool, StoreError> {
        let mut conn = self.pool.get().await?;
        let since: Option<jiff_diesel::Timestamp> =
            pairings::table.find(proof.pairing().uuid()).select(pairings::answered_at).first(&mut conn).await?;
        if since.is_none_or(|since| since.to_jiff() > lost.found_at) {
            return Ok(false);
        }
        let row = lost_revisions::table.find(device.uuid());
        let Some(seen_at) =
            row.select(lost_revisions::seen_at).first::<Option<jiff_diesel::Timestamp>>(&mut conn).await?
        else {
            let now = self.world.now().to_diesel();
            let first = diesel::update(row).filter(lost_revisions::seen_at.is_null());
            first.set(lost_revisions::seen_at.eq(now)).execute(&mut conn).await?;
            return Ok(true);
        };
        let kinds = [RevisionKind::Guardian.as_str(), RevisionKind::Undo.as_str()];
        let set = policy_revisions::table
            .filter(policy_revisions::teen_id.eq(proof.teen().uuid()))
            .filter(policy_revisions::kind.eq_any(kinds))
            .filter(policy_revisions::made_at.gt(seen_at));
        Ok(!diesel::select(exists(set)).get_result::<bool>(&mut conn).await?)
    }
}

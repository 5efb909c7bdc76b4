//! Revisions that were acknowledged and are gone, because the database is a restored or promoted one. Nothing can bring them back;
//! they are named, so that nobody believes in a limit that is not there.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff_diesel::ToDiesel;

use crate::{
    domain::version::Version,
    store::{Event, Store, StoreError, kinship::DeviceOf},
};

#[derive(QueryableByName)]
struct LostRow {
    #[diesel(sql_type = BigInt)]
    from_revision: i64,
    #[diesel(sql_type = BigInt)]
    to_revision: i64,
}

impl Store {
    /// A device had a policy of an earlier epoch. Names those revisions up to it that this database does not have: in the log, in
    /// the metrics, and to the guardians, once for each device.
    ///
    /// Kept is what was recorded before the next epoch began, by the database's clock.
    pub async fn name_lost(&self, device: &DeviceOf, had: Version) -> Result<(), StoreError> {
        // Epochs begin with 1: anything else was never said to anybody.
        if had.epoch < 1 {
            return Ok(());
        }
        let mut conn = self.pool.get().await?;
        #[expect(
            clippy::disallowed_methods,
            reason = "an insert from an aggregate, which the query builder has no words for; every value is a bind parameter"
        )]
        let statement = diesel::sql_query(
            "insert into lost_revisions as l (device_id, epoch, from_revision, to_revision, found_at) \
             select $1, $3, kept.revision + 1, $4, $5 from (select coalesce(max(r.revision), 0) as revision \
               from (select since from epochs where epoch > $3 order by epoch limit 1) e \
               left join policy_revisions r on r.teen_id = $2 and r.recorded_at < e.since group by e.since) kept \
             where $4 > kept.revision on conflict (device_id) do update set epoch = excluded.epoch, \
               from_revision = excluded.from_revision, to_revision = excluded.to_revision, found_at = excluded.found_at \
             where (l.epoch, l.to_revision) is distinct from (excluded.epoch, excluded.to_revision) \
             returning from_revision, to_revision",
        );
        let (teen, id) = (device.teen(), device.device());
        let named: Vec<LostRow> = statement
            .bind::<SqlUuid, _>(id.uuid())
            .bind::<SqlUuid, _>(teen.uuid())
            .bind::<BigInt, _>(had.epoch)
            .bind::<BigInt, _>(had.revision)
            .bind::<Timestamptz, _>(self.world.now().to_diesel())
            .load(&mut conn)
            .await?;
        for LostRow { from_revision, to_revision } in named {
            tracing::error!(%teen, device = %id, epoch = had.epoch, from_revision, to_revision, "acknowledged revisions were lost");
            metrics::counter!("family_pairing_lost_revisions_total").increment(1);
            self.post(Event::DeviceReported { teen, device: id });
        }
        Ok(())
    }
}

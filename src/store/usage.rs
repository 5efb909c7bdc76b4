//! Usage slots: absolute seconds, merged by the greater value, so that repeats and reorderings change nothing.

use diesel::{
    ExpressionMethods,
    dsl::sql,
    sql_types::{BigInt, SmallInt},
};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;

use super::{Store, StoreError, kinship::DeviceOf, schema::usage_slots};
use crate::domain::usage::{UsageSlot, merged};

/// Usage of one device. The slots are checked.
#[derive(Clone)]
pub struct Usage {
    /// Whose.
    pub device: DeviceOf,
    /// What.
    pub slots: Vec<UsageSlot>,
}

impl Store {
    /// Merges the usage of many devices in one transaction.
    pub async fn merge_usage(&self, batch: Vec<Usage>) -> Result<(), StoreError> {
        // One statement may not touch a row twice, so the greatest of the batch is found first.
        let told = batch.into_iter().flat_map(|Usage { device, slots }| {
            let device = device.device();
            slots.into_iter().map(move |slot| (device, slot))
        });
        let rows: Vec<_> = merged(told)
            .into_iter()
            .map(|((device, slot, item), seconds)| {
                (
                    usage_slots::device_id.eq(device.uuid()),
                    usage_slots::slot.eq(slot),
                    usage_slots::item.eq(item),
                    usage_slots::seconds.eq(seconds),
                )
            })
            .collect();
        self.write(move |conn, _| {
            let rows = rows.clone();
            async move {
                // Postgres takes at most 65,535 parameters in a statement; four a row.
                for rows in rows.chunks(10_000) {
                    diesel::insert_into(usage_slots::table)
                        .values(rows)
                        .on_conflict((usage_slots::device_id, usage_slots::slot, usage_slots::item))
                        .do_update()
                        .set(
                            usage_slots::seconds.eq(sql::<SmallInt>("greatest(usage_slots.seconds, excluded.seconds)")),
                        )
                        .execute(conn)
                        .await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Deletes what is older than each teen's policy lets it be kept (`retention.usage_days`), and says how many slots.
    pub async fn forget_old_usage(&self) -> Result<usize, StoreError> {
        let now = self.world.now().as_second();
        let mut conn = self.pool.get().await?;
        #[expect(clippy::disallowed_methods, reason = "a delete with joins; the one value is a bind parameter")]
        let delete = diesel::sql_query(
            "delete from usage_slots u using devices d, teens t, policy_revisions p \
             where d.id = u.device_id and t.account_id = d.teen_id and p.teen_id = t.account_id and p.revision = t.revision \
             and u.slot < ($1 - 86400 * (p.controls::jsonb -> 'retention.usage_days' ->> 'value')::bigint) / 300",
        );
        Ok(delete.bind::<BigInt, _>(now).execute(&mut conn).await?)
    }
}

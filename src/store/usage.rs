//! Usage slots: absolute seconds, merged by the greater value, so that repeats and reorderings change nothing.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, dsl::sql, sql_types::SmallInt};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;

use super::{Store, StoreError, kinship::DeviceOf, schema::usage_slots};
use crate::domain::usage::UsageSlot;

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
        let mut greatest = BTreeMap::new();
        for usage in batch {
            for slot in usage.slots {
                let seconds = greatest.entry((usage.device.device(), slot.slot, slot.item)).or_insert(slot.seconds);
                *seconds = slot.seconds.max(*seconds);
            }
        }
        let rows: Vec<_> = greatest
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
}

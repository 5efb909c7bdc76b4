//! Usage slots: absolute seconds, merged by the greater value, so that repeats and reorderings change nothing.
//!
//! **How many rows.** A device has at most sixteen items a slot, so at most 4,608 rows a day; somebody who uses three things for two
//! hours makes some 70, and each hour in which a device tells anything one more. After nine days they are rolled up: one row a
//! day and item for all devices of the teen together, kept as long as the teen's policy lets it be kept.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{
    ExpressionMethods, QueryDsl,
    sql_types::{Array, BigInt, Date as SqlDate, Integer, SmallInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use super::{
    Event, Store, StoreError, Tools,
    budgets::{Ground, Slots, grounds, of_day, slots_within},
    kinship::DeviceOf,
    prepared::Prepared,
    schema::teens,
    usage_report::policies_then,
};
use crate::domain::{
    budget::rolled_up,
    ids::TeenId,
    timeline::{LocalDay, Span},
    usage::{SLOT_SECONDS, UsageSlot, merged},
};

/// Most items of one slot and device. Of more, those that came first count, and go on counting.
const MOST_ITEMS: i64 = 16;
/// A device that tells anything is heard of, whatever it tells: once an hour under this item, which never counts.
const HEARD: &str = "family";
const SLOTS_PER_HOUR: i64 = 12;
/// Slots of days that ended longer ago are rolled up. A device is refused what is older than eight days.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(9 * 24);
/// Teens that are looked at in one transaction.
const AT_ONCE: i64 = 200;

/// Usage of one device. The slots are checked.
#[derive(Clone)]
pub struct Usage {
    /// Whose.
    pub device: DeviceOf,
    /// What.
    pub slots: Vec<UsageSlot>,
}

impl Store {
    /// Merges the usage of many devices in one statement.
    pub async fn merge_usage(&self, batch: Vec<Usage>) -> Result<(), StoreError> {
        let told =
            |usage: &Usage| Event::BudgetMoved { teen: usage.device.teen(), told_by: Some(usage.device.device()) };
        let events: Vec<Event> = batch.iter().map(told).collect();
        let hour = self.world.now().as_second().div_euclid(SLOT_SECONDS).div_euclid(SLOTS_PER_HOUR) * SLOTS_PER_HOUR;
        // One statement may not touch a row twice, so the greatest of the batch is found first.
        let slots = batch.into_iter().flat_map(|Usage { device, slots }| {
            let device = device.device();
            let heard = UsageSlot { item: HEARD.to_owned(), slot: hour, seconds: 0 };
            slots.into_iter().chain([heard]).map(move |slot| (device, slot))
        });
        let columns = Columns::of(
            merged(slots).into_iter().map(|((device, slot, item), seconds)| (device.uuid(), slot, item, seconds)),
        );
        self.alone(move |conn, _| {
            let Columns { devices, slots, items, seconds } = columns.clone();
            async move {
                #[expect(clippy::disallowed_methods, reason = "one round trip for a whole batch; every value is a bind parameter")]
                let statement = diesel::sql_query(
                    "with n as (select * from unnest((select $1::uuid[]), (select $2::bigint[]), (select $3::text[]), (select $4::smallint[])) \
                       as n(device, slot, item, seconds)), \
                     fresh as (select n.device, n.slot, n.item, row_number() over (partition by n.device, n.slot order by n.item) as place from n \
                       where n.item <> $6 and not exists (select from usage_slots u where u.device_id = n.device and u.slot = n.slot and u.item = n.item)) \
                     insert into usage_slots (device_id, slot, item, seconds) \
                     select n.device, n.slot, n.item, n.seconds from n left join fresh on fresh.device = n.device and fresh.slot = n.slot and fresh.item = n.item \
                     where fresh.place is null or fresh.place + (select count(*) from usage_slots u \
                       where u.device_id = n.device and u.slot = n.slot and u.item <> $6) <= $5 \
                     order by n.device, n.slot, n.item \
                     on conflict (device_id, slot, item) do update set seconds = excluded.seconds where usage_slots.seconds < excluded.seconds",
                );
                let bound = statement
                    .bind::<Array<SqlUuid>, _>(devices)
                    .bind::<Array<BigInt>, _>(slots)
                    .bind::<Array<Text>, _>(items)
                    .bind::<Array<SmallInt>, _>(seconds)
                    .bind::<BigInt, _>(MOST_ITEMS)
                    .bind::<Text, _>(HEARD);
                Prepared(bound).execute(conn).await?;
                Ok(())
            }
            .boxed()
        })
        .await?;
        events.into_iter().for_each(|event| self.post(event));
        Ok(())
    }

    /// Rolls up the slots of days that are long over, and says of how many days. Any number of nodes may do so at once.
    pub async fn roll_up_usage(&self) -> Result<usize, StoreError> {
        let (mut last, mut days) = (Uuid::nil(), 0);
        while let Some(page) = self.teens_after(last).await? {
            last = page.last;
            let rolled = self.write(move |conn, tools| {
                let teens = page.teens.clone();
                async move { roll_up(conn, &tools, teens).await }.boxed()
            });
            days += rolled.await?;
        }
        Ok(days)
    }

    /// Deletes what is older than each teen's policy lets it be kept (`retention.usage_days`), and says how many rows. Slots are what the
    /// limits of a week count by: they stay until they are rolled up, whatever the policy says, and are shown to nobody beyond its days.
    pub async fn forget_old_usage(&self) -> Result<usize, StoreError> {
        let (mut last, mut rows) = (Uuid::nil(), 0);
        while let Some(page) = self.teens_after(last).await? {
            last = page.last;
            let now = self.world.now().as_second();
            let mut conn = self.pool.get().await?;
            #[expect(clippy::disallowed_methods, reason = "a delete with joins; every value is a bind parameter")]
            let days = diesel::sql_query(
                "delete from usage_days u using teens t, policy_revisions p \
                 where t.account_id = any($2) and t.account_id = u.teen_id and p.teen_id = t.account_id and p.revision = t.revision \
                 and u.day < (to_timestamp($1) at time zone 'UTC')::date - (p.controls::jsonb -> 'retention.usage_days' ->> 'value')::int",
            );
            let bound = days.bind::<BigInt, _>(now).bind::<Array<SqlUuid>, _>(page.teens);
            rows += bound.execute(&mut conn).await?;
        }
        Ok(rows)
    }

    /// Some teens, in the order of their ids: one statement does not look at everybody, or it would run out of its time.
    async fn teens_after(&self, last: Uuid) -> Result<Option<Page>, StoreError> {
        let mut conn = self.pool.get().await?;
        let next = teens::table.filter(teens::account_id.gt(last)).order(teens::account_id).limit(AT_ONCE);
        let teens: Vec<Uuid> = next.select(teens::account_id).load(&mut conn).await?;
        Ok(teens.as_slice().last().copied().map(|last| Page { last, teens }))
    }
}

struct Page {
    teens: Vec<Uuid>,
    last: Uuid,
}

#[derive(Clone, Default)]
struct Columns {
    devices: Vec<Uuid>,
    slots: Vec<i64>,
    items: Vec<String>,
    seconds: Vec<i16>,
}

impl Columns {
    fn of(rows: impl Iterator<Item = (Uuid, i64, String, i16)>) -> Self {
        rows.fold(Self::default(), |mut columns, (device, slot, item, seconds)| {
            columns.devices.push(device);
            columns.slots.push(slot);
            columns.items.push(item);
            columns.seconds.push(seconds);
            columns
        })
    }
}

async fn roll_up(conn: &mut AsyncPgConnection, tools: &Tools, some: Vec<Uuid>) -> Result<usize, StoreError> {
    let before = tools.world.now().saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let of: BTreeSet<TeenId> = some.into_iter().map(TeenId::from).collect();
    let old: BTreeMap<TeenId, Span> =
        of.iter().map(|teen| (*teen, Span { from: Timestamp::UNIX_EPOCH, to: before })).collect();
    let slots = slots_within(conn, old).await?;
    let mut rolled = 0;
    let with_slots: BTreeSet<TeenId> = slots.keys().copied().collect();
    let grounds = grounds(conn, tools, &with_slots).await?;
    for (teen, slots) in slots {
        let Some(ground) = grounds.get(&teen) else { continue };
        let days = days_before(ground, &slots, before);
        let then = policies_then(conn, tools, teen, &days, before).await?;
        for day in days {
            let of_the_day = of_day(&slots, &day);
            let limits = ground.as_of(then.get(&day.date)).limits(day.date, day.last_instant());
            keep(conn, teen, &day, rolled_up(&of_the_day, &limits)).await?;
            rolled += 1;
        }
    }
    Ok(rolled)
}

/// The days of these slots that ended before an instant.
fn days_before(ground: &Ground, slots: &Slots, before: Timestamp) -> Vec<LocalDay> {
    let begins =
        slots.iter().filter_map(|(_, slot)| Timestamp::from_second(slot.slot.saturating_mul(SLOT_SECONDS)).ok());
    let Some(first) = begins.min() else { return vec![] };
    ground
        .calendar
        .days(first, before)
        .into_iter()
        .filter(|day| day.to <= before && !of_day(slots, day).is_empty())
        .collect()
}

async fn keep(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    day: &LocalDay,
    kept: Vec<(String, u32)>,
) -> Result<(), StoreError> {
    let (items, seconds): (Vec<String>, Vec<i32>) =
        kept.into_iter().map(|(item, seconds)| (item, i32::try_from(seconds).unwrap_or(i32::MAX))).unzip();
    #[expect(clippy::disallowed_methods, reason = "a delete and an insert as one; every value is a bind parameter")]
    let statement = diesel::sql_query(
        "with gone as (delete from usage_slots u using devices d where d.id = u.device_id and d.teen_id = $1 and u.slot >= $5 and u.slot < $6) \
         insert into usage_days (teen_id, day, item, seconds) select $1, $2, n.item, n.seconds \
         from unnest($3::text[], $4::int[]) as n(item, seconds) on conflict do nothing",
    );
    let edge = |at: Timestamp| at.as_second().div_euclid(SLOT_SECONDS);
    statement
        .bind::<SqlUuid, _>(teen.uuid())
        .bind::<SqlDate, _>(day.date.to_diesel())
        .bind::<Array<Text>, _>(items)
        .bind::<Array<Integer>, _>(seconds)
        .bind::<BigInt, _>(edge(day.from))
        .bind::<BigInt, _>(edge(day.to))
        .execute(conn)
        .await?;
    Ok(())
}

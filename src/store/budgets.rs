//! What is left for teens, and what their devices are lent of it: many teens in a few queries.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, QueryableByName,
    sql_types::{Array, BigInt, Date as SqlDate, Jsonb, SmallInt, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp, civil::Date};
use jiff_diesel::ToDiesel;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Store, StoreError, Tools,
    kinship::DeviceOf,
    policies,
    prepared::{Prepared, among},
    schema::{budget_leases, policy_revisions, teens, time_grants},
};
use crate::domain::{
    budget::{Counted, Gift, Gifts, Leases, Limits, Told, spent},
    ids::{DeviceId, TeenId},
    policy::Policy,
    timeline::{Calendar, LocalDay, Span},
    usage::{SLOT_SECONDS, UsageSlot},
    value::Value,
};

/// A teen's newest policy, as far as time is concerned.
pub(crate) struct Ground {
    pub(crate) policy: Policy,
    pub(crate) calendar: Calendar,
}

impl Ground {
    /// The same home with the policy of another time, as far as it is known.
    pub(crate) fn as_of(&self, policy: Option<&Policy>) -> Self {
        Self { policy: policy.unwrap_or(&self.policy).clone(), calendar: self.calendar.clone() }
    }

    /// What limits a day, by what holds at an instant.
    pub(crate) fn limits(&self, day: Date, at: Timestamp) -> Limits {
        Limits::read(day, |id| {
            let held = self.policy.get(id)?;
            let value = match (held.until, &held.after) {
                (Some(until), Some(after)) if until <= at => after,
                _ => &held.value,
            };
            serde_json::to_value(value).ok()
        })
    }

    /// Since when use may be shown: `retention.usage_days`.
    pub(crate) fn kept_since(&self, now: Timestamp) -> Timestamp {
        let Some(Value::Number(days)) = self.policy.get("retention.usage_days").map(|held| &held.value) else {
            return Timestamp::MIN;
        };
        now.saturating_sub(SignedDuration::from_hours(24 * i64::from(*days))).unwrap_or(Timestamp::MIN)
    }

    /// The days of the week of an instant up to its own, which comes last.
    pub(crate) fn week(&self, at: Timestamp) -> Vec<LocalDay> {
        let today = self.calendar.day_of(at);
        let since_monday = i64::from(today.date.weekday().to_monday_zero_offset());
        let monday = today.date.saturating_sub(SignedDuration::from_hours(24 * since_monday));
        // A day has 25 hours at most, but for the one after a move.
        let from = at.saturating_sub(SignedDuration::from_hours(25 * since_monday + 48)).unwrap_or(Timestamp::MIN);
        let end = at.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(at);
        self.calendar.days(from, end).into_iter().filter(|day| (monday..=today.date).contains(&day.date)).collect()
    }
}

#[derive(QueryableByName)]
struct SlotRow {
    #[diesel(sql_type = SqlUuid)]
    teen: Uuid,
    #[diesel(sql_type = SqlUuid)]
    device: Uuid,
    #[diesel(sql_type = BigInt)]
    slot: i64,
    #[diesel(sql_type = Text)]
    item: String,
    #[diesel(sql_type = SmallInt)]
    seconds: i16,
}

/// What a device has told.
pub(crate) type Slots = Vec<(DeviceId, UsageSlot)>;

impl Store {
    /// Tells devices what is left, and lends to them. The answers are in the order of the batch; none: the teen's policy cannot be read.
    pub(crate) async fn tell_and_lend(&self, batch: Vec<DeviceOf>) -> Result<Vec<Option<Told>>, StoreError> {
        self.write(move |conn, tools| {
            let batch = batch.clone();
            async move { tell_and_lend(conn, &tools, &batch).await }.boxed()
        })
        .await
    }

    /// What is left for these teens, for devices that did not ask: nothing more is lent to them. `sync` may read any: it has no proofs,
    /// only sockets that had them.
    pub async fn told(&self, of: &[(TeenId, Vec<DeviceId>)]) -> Result<Vec<(DeviceId, Told)>, StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        let teens: BTreeSet<TeenId> = of.iter().map(|(teen, _)| *teen).collect();
        let counted = counted(&mut conn, &tools, &teens).await?;
        let rows: Vec<(Uuid, Json)> =
            budget_leases::table.filter(among(budget_leases::teen_id, uuids(&teens))).load(&mut conn).await?;
        let mut leases = read(rows)?;
        let now = self.world.now();
        let mut told = Vec::new();
        for (teen, devices) in of {
            let Some(counted) = counted.get(teen) else { continue };
            let leases = leases.remove(teen).unwrap_or(Leases::on(counted.day)).for_day(counted.day);
            // What it has been lent stays as it is: looked up in a copy that nobody keeps.
            let tell = |device: &DeviceId| {
                let mut told = counted.tell(*device, &mut leases.clone(), now);
                told.lease = told.lease.and(leases.of.get(device).copied());
                let lent = |item: &String| leases.items.get(item).and_then(|lent| lent.get(device)).copied();
                told.leases = told.leases.keys().filter_map(|item| Some((item.clone(), lent(item)?))).collect();
                (*device, told)
            };
            told.extend(devices.iter().map(tell));
        }
        Ok(told)
    }
}

async fn tell_and_lend(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    batch: &[DeviceOf],
) -> Result<Vec<Option<Told>>, StoreError> {
    let teens: BTreeSet<TeenId> = batch.iter().map(DeviceOf::teen).collect();
    let mut leases = lock(conn, tools, &teens).await?;
    let counted = counted(conn, tools, &teens).await?;
    let now = tools.world.now();
    let mut lent: BTreeMap<TeenId, Leases> = BTreeMap::new();
    let mut told = Vec::with_capacity(batch.len());
    for device in batch {
        let teen = device.teen();
        told.push(counted.get(&teen).map(|counted| {
            let leases = lent
                .entry(teen)
                .or_insert_with(|| leases.get(&teen).cloned().unwrap_or(Leases::on(counted.day)).for_day(counted.day));
            counted.tell(device.device(), leases, now)
        }));
    }
    lent.retain(|teen, lent| leases.remove(teen).as_ref() != Some(lent));
    keep(conn, lent).await?;
    Ok(told)
}

/// The leases of these teens, which nobody else changes until this transaction ends.
async fn lock(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    of: &BTreeSet<TeenId>,
) -> Result<HashMap<TeenId, Leases>, StoreError> {
    let today = tools.world.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    #[expect(clippy::disallowed_methods, reason = "one statement for a whole batch; every value is a bind parameter")]
    let missing = diesel::sql_query(
        "insert into budget_leases (teen_id, leases) \
         select teen, jsonb_build_object('day', $2, 'of', '{}'::jsonb) from unnest((select $1::uuid[])) as t(teen) \
         where not exists (select 1 from budget_leases b where b.teen_id = t.teen) order by teen on conflict do nothing",
    );
    let bound = missing.bind::<Array<SqlUuid>, _>(uuids(of)).bind::<SqlDate, _>(today.to_diesel());
    Prepared(bound).execute(conn).await?;
    let mine = budget_leases::table
        .filter(among(budget_leases::teen_id, uuids(of)))
        .order(budget_leases::teen_id)
        .for_no_key_update();
    read(mine.load(conn).await?)
}

fn read(rows: Vec<(Uuid, Json)>) -> Result<HashMap<TeenId, Leases>, StoreError> {
    rows.into_iter().map(|(teen, leases)| Ok((teen.into(), serde_json::from_value(leases)?))).collect()
}

async fn keep(conn: &mut AsyncPgConnection, lent: BTreeMap<TeenId, Leases>) -> Result<(), StoreError> {
    if lent.is_empty() {
        return Ok(());
    }
    let teens: Vec<Uuid> = lent.keys().map(|teen| teen.uuid()).collect();
    let leases: Vec<Json> = lent.values().map(serde_json::to_value).collect::<Result<_, _>>()?;
    #[expect(clippy::disallowed_methods, reason = "one statement for a whole batch; every value is a bind parameter")]
    let statement = diesel::sql_query(
        "update budget_leases b set leases = n.leases \
         from unnest((select $1::uuid[]), (select $2::jsonb[])) as n(teen, leases) where b.teen_id = n.teen",
    );
    let bound = statement.bind::<Array<SqlUuid>, _>(teens).bind::<Array<Jsonb>, _>(leases);
    Prepared(bound).execute(conn).await?;
    Ok(())
}

/// The open day of each of these teens, with all that was told of it.
pub(super) async fn counted(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    of: &BTreeSet<TeenId>,
) -> Result<HashMap<TeenId, Counted>, StoreError> {
    let now = tools.world.now();
    let grounds = grounds(conn, tools, of).await?;
    let weeks: HashMap<TeenId, Vec<LocalDay>> = grounds.iter().map(|(teen, it)| (*teen, it.week(now))).collect();
    let span = |week: &[LocalDay]| Some(Span { from: week.first()?.from, to: week.last()?.to });
    let spans = weeks.iter().filter_map(|(teen, week)| Some((*teen, span(week)?))).collect();
    let mut slots = slots_within(conn, spans).await?;
    let given = given_since(conn, of, now).await?;
    let mut counted = HashMap::new();
    for (teen, ground) in grounds {
        let (Some(week), slots) = (weeks.get(&teen), slots.remove(&teen).unwrap_or_default()) else { continue };
        let Some((today, before)) = week.split_last() else { continue };
        let limits = ground.limits(today.date, now);
        let used = |day: &LocalDay| {
            let slots = of_day(&slots, day);
            spent(slots.iter().map(|(device, slot)| (*device, slot)), &limits).seconds
        };
        let week_before = before.iter().map(used).fold(0, u32::saturating_add);
        let slots = of_day(&slots, today);
        let gifts = Gifts::on(today.date, given.get(&teen).into_iter().flatten().map(Given::gift));
        counted.insert(teen, Counted { day: today.date, limits, gifts, slots, week_before });
    }
    Ok(counted)
}

/// The slots that begin on a day.
pub(crate) fn of_day(slots: &Slots, day: &LocalDay) -> Slots {
    let within = |slot: &UsageSlot| {
        let begins = slot.slot.saturating_mul(SLOT_SECONDS);
        (day.from.as_second()..day.to.as_second()).contains(&begins)
    };
    slots.iter().filter(|(_, slot)| within(slot)).cloned().collect()
}

/// The newest policies of these teens. One that cannot be read must not take the answers of others along.
pub(crate) async fn grounds(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    of: &BTreeSet<TeenId>,
) -> Result<HashMap<TeenId, Ground>, StoreError> {
    let same = policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision));
    let rows: Vec<(Uuid, String, String, i16, Json)> = teens::table
        .inner_join(policy_revisions::table.on(same))
        .filter(among(teens::account_id, uuids(of)))
        .select((
            teens::account_id,
            policy_revisions::controls,
            teens::home_zone,
            teens::day_start_minute,
            teens::former_homes,
        ))
        .load(conn)
        .await?;
    let mut grounds = HashMap::new();
    for (teen, controls, home_zone, day_start_minute, former) in rows {
        match Policy::from_json(&tools.registry, &controls) {
            Ok(policy) => {
                let calendar = policies::calendar(&home_zone, day_start_minute, former);
                grounds.insert(teen.into(), Ground { policy, calendar });
            }
            Err(error) => tracing::error!(%error, %teen, "a policy cannot be read"),
        }
    }
    Ok(grounds)
}

/// Minutes that were given, as they are kept.
pub(crate) struct Given {
    day: Date,
    item: Option<String>,
    minutes: Option<u16>,
}

impl Given {
    pub(crate) fn gift(&self) -> Gift<'_> {
        (self.item.as_deref(), self.day, self.minutes)
    }
}

/// Minutes that were given to these teens and not taken back, for days that ended no earlier than a week before an instant.
pub(crate) async fn given_since(
    conn: &mut AsyncPgConnection,
    of: &BTreeSet<TeenId>,
    at: Timestamp,
) -> Result<HashMap<TeenId, Vec<Given>>, StoreError> {
    let since = at.saturating_sub(SignedDuration::from_hours(24 * 8)).unwrap_or(Timestamp::MIN);
    let rows: Vec<(Uuid, jiff_diesel::Date, Option<String>, Option<i16>)> = time_grants::table
        .filter(among(time_grants::teen_id, uuids(of)))
        .filter(time_grants::until.gt(since.to_diesel()).and(time_grants::revoked_at.is_null()))
        .select((time_grants::teen_id, time_grants::day, time_grants::item, time_grants::minutes))
        .load(conn)
        .await?;
    let mut given: HashMap<TeenId, Vec<Given>> = HashMap::new();
    for (teen, day, item, minutes) in rows {
        let minutes = minutes.map(|minutes| u16::try_from(minutes).unwrap_or_default());
        given.entry(teen.into()).or_default().push(Given { day: day.to_jiff(), item, minutes });
    }
    Ok(given)
}

/// What the devices of these teens have told of a stretch of time, revoked ones included: the slots that begin in it.
pub(crate) async fn slots_within(
    conn: &mut AsyncPgConnection,
    of: BTreeMap<TeenId, Span>,
) -> Result<HashMap<TeenId, Slots>, StoreError> {
    let teens: Vec<Uuid> = of.keys().map(|teen| teen.uuid()).collect();
    let slot = |at: Timestamp| at.as_second().div_euclid(SLOT_SECONDS);
    let from: Vec<i64> = of.values().map(|span| slot(span.from)).collect();
    let to: Vec<i64> = of.values().map(|span| slot(span.to)).collect();
    #[expect(clippy::disallowed_methods, reason = "one question for a whole batch; every value is a bind parameter")]
    let question = diesel::sql_query(
        "select d.teen_id as teen, u.device_id as device, u.slot as slot, u.item as item, u.seconds as seconds \
         from unnest((select $1::uuid[]), (select $2::bigint[]), (select $3::bigint[])) as n(teen, first, after) \
         join devices d on d.teen_id = n.teen join usage_slots u on u.device_id = d.id and u.slot >= n.first and u.slot < n.after",
    );
    let bound = question.bind::<Array<SqlUuid>, _>(teens).bind::<Array<BigInt>, _>(from).bind::<Array<BigInt>, _>(to);
    let rows: Vec<SlotRow> = Prepared(bound).load(conn).await?;
    let mut slots: HashMap<TeenId, Slots> = HashMap::new();
    for SlotRow { teen, device, slot, item, seconds } in rows {
        slots.entry(teen.into()).or_default().push((device.into(), UsageSlot { item, slot, seconds }));
    }
    Ok(slots)
}

fn uuids(of: &BTreeSet<TeenId>) -> Vec<Uuid> {
    of.iter().map(|teen| teen.uuid()).collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::controls::Registry;

    /// The dates and hours of a week up to an instant.
    fn week(zone: &str, at: &str) -> Vec<(String, i64)> {
        let policy = Policy::from_json(&Registry::load().unwrap(), "{}").unwrap();
        let ground = Ground { policy, calendar: Calendar::new(TimeZone::get(zone).unwrap(), 0) };
        let days = ground.week(at.parse().unwrap()).into_iter();
        days.map(|day| (day.date.to_string(), day.to.duration_since(day.from).as_hours())).collect()
    }

    /// Edge case 47: seven days by the calendar, one of them an hour longer.
    #[test]
    fn a_week_in_which_the_clock_turns_has_seven_days() {
        let days = week("Europe/Berlin", "2026-10-25T22:00:00Z");
        assert_eq!(days.len(), 7);
        assert_eq!(days.as_slice().first().map(|(date, hours)| (date.as_str(), *hours)), Some(("2026-10-19", 24)));
        assert_eq!(days.as_slice().last().map(|(date, hours)| (date.as_str(), *hours)), Some(("2026-10-25", 25)));
        assert_eq!(week("Europe/Berlin", "2026-10-26T12:00:00Z").len(), 1, "Monday begins a new one");
    }

    /// Edge case 8: the week in which Samoa had no Friday.
    #[test]
    fn a_date_that_was_skipped_is_in_no_week() {
        let dates: Vec<String> =
            week("Pacific/Apia", "2011-12-31T12:00:00Z").into_iter().map(|(date, _)| date).collect();
        assert_eq!(dates, ["2011-12-26", "2011-12-27", "2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]);
    }
}

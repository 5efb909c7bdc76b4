//! How days were used: for a guardian whom the policy lets see it, and for the teen always. The same numbers for both.

use std::collections::{BTreeMap, HashMap};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryableByName,
    dsl::count_star,
    sql_types::{Array, Date as SqlDate, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp, civil::Date};
use jiff_diesel::ToDiesel;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Store, StoreError, Tools,
    budgets::{Given, Ground, given_since, grounds, of_day, slots_within},
    history::since,
    kinship::{GuardianOf, TeenSelf},
    schema::{requests, usage_days},
};
use crate::domain::{
    budget::{DayTold, DayUsed, Gifts, Summary},
    ids::TeenId,
    policy::Policy,
    request::RequestState,
    timeline::{LocalDay, Span, blocked},
    value::Value,
};

/// The most days of one answer.
pub const MOST_DAYS: usize = 31;
/// What lets guardians see it.
pub(super) const SHOWN: &str = "guardian.visibility.usage_totals";

/// How some days were used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageDays {
    /// When this was worked out.
    pub as_of: Timestamp,
    /// Every day that was asked for and has begun, in order.
    pub days: Vec<DayUsed>,
    /// The same in a few numbers.
    pub summary: Summary,
    /// What the teen asked for in these days.
    pub requests: RequestsThen,
}

/// How many requests were made in some days, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RequestsThen {
    /// How many there were.
    asked: i64,
    /// A guardian gave it, or something else instead.
    granted: i64,
    /// A guardian said no.
    denied: i64,
    /// Nobody answered in time.
    expired: i64,
}

#[derive(QueryableByName)]
struct ThenRow {
    #[diesel(sql_type = SqlDate)]
    day: jiff_diesel::Date,
    #[diesel(sql_type = Text)]
    controls: String,
}

impl Store {
    /// How days were used, for a guardian; refused where the teen's policy does not show it.
    pub async fn usage(
        &self,
        proof: &GuardianOf,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<UsageDays, StoreError> {
        self.report(proof.teen(), Some(proof), from, to).await
    }

    /// The same for the teen.
    pub async fn own_usage(
        &self,
        teen: &TeenSelf,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<UsageDays, StoreError> {
        self.report(teen.teen(), None, from, to).await
    }

    async fn report(
        &self,
        teen: TeenId,
        guardian: Option<&GuardianOf>,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<UsageDays, StoreError> {
        let mut conn = self.pool.get().await?;
        let (tools, now) = (self.tools(&conn), self.world.now());
        let ground = grounds(&mut conn, &tools, &[teen].into()).await?.remove(&teen).ok_or(StoreError::NotFound)?;
        if guardian.is_some() && ground.policy.get(SHOWN).is_none_or(|held| held.value != Value::Flag(true)) {
            return Err(StoreError::NotShown);
        }
        let mut days = asked(&ground, from, to, now);
        // What was before a guardian's time is not theirs to see; of the day on which it began they see the use, which is counted by days.
        let since = match guardian {
            Some(proof) => since(&mut conn, proof).await?.to_jiff(),
            None => Timestamp::UNIX_EPOCH,
        };
        days.retain(|day| day.to > since);
        let requests = requests_then(&mut conn, teen, &days, since).await?;
        let days = used(&mut conn, &tools, teen, &ground, days, now).await?;
        Ok(UsageDays { as_of: now, summary: Summary::of(&days), days, requests })
    }
}

/// The days from one date to another that have begun; the last seven without a word.
fn asked(ground: &Ground, from: Option<Date>, to: Option<Date>, now: Timestamp) -> Vec<LocalDay> {
    let today = ground.calendar.day_of(now).date;
    let back = |date: Date, days: i64| date.saturating_sub(SignedDuration::from_hours(24 * days));
    let to = to.unwrap_or(today).min(today);
    let from = from.unwrap_or_else(|| back(to, 6));
    let earliest = now.saturating_sub(SignedDuration::from_hours(24 * 400)).unwrap_or(Timestamp::MIN);
    let since_from = today.duration_since(from).as_hours() / 24;
    let begin = now.saturating_sub(SignedDuration::from_hours(24 * (since_from + 3))).unwrap_or(Timestamp::MIN);
    let end = now.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(now);
    let days = ground.calendar.days(begin.max(earliest), end).into_iter();
    let kept = ground.kept_since(now);
    days.filter(|day| (from..=to).contains(&day.date) && day.to > kept).take(MOST_DAYS).collect()
}

async fn used(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    ground: &Ground,
    days: Vec<LocalDay>,
    now: Timestamp,
) -> Result<Vec<DayUsed>, StoreError> {
    let ends = days.as_slice().first().zip(days.as_slice().last());
    let Some((first, last)) = ends else { return Ok(vec![]) };
    let slots = slots_within(conn, [(teen, Span { from: first.from, to: last.to })].into())
        .await?
        .remove(&teen)
        .unwrap_or_default();
    let then = policies_then(conn, tools, teen, &days, now).await?;
    let mut rolled = rolled(conn, teen, &days).await?;
    let given = given_since(conn, &[teen].into(), first.from).await?.remove(&teen).unwrap_or_default();
    let used = |day: LocalDay| {
        let of_then = ground.as_of(then.get(&day.date));
        let (limits, sleep) = (of_then.limits(day.date, day.last_instant().min(now)), sleep(&of_then, &day));
        let slots = of_day(&slots, &day);
        let gifts = Gifts::on(day.date, given.iter().map(Given::gift));
        let told = DayTold { day, slots: &slots, limits, gifts, sleep, now };
        match rolled.remove(&day.date) {
            Some(rolled) => told.used_by_numbers(rolled),
            None => told.used(),
        }
    };
    Ok(days.into_iter().map(used).collect())
}

async fn requests_then(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    days: &[LocalDay],
    since: Timestamp,
) -> Result<RequestsThen, StoreError> {
    let Some((first, last)) = days.first().zip(days.last()) else { return Ok(RequestsThen::default()) };
    let rows: Vec<(String, i64)> = requests::table
        .filter(requests::teen_id.eq(teen.uuid()))
        .filter(
            requests::asked_at.ge(first.from.max(since).to_diesel()).and(requests::asked_at.lt(last.to.to_diesel())),
        )
        .group_by(requests::state)
        .select((requests::state, count_star()))
        .load(conn)
        .await?;
    let of = |state: RequestState| rows.iter().filter(|(word, _)| word == state.as_str()).map(|(_, count)| count).sum();
    Ok(RequestsThen {
        asked: rows.iter().map(|(_, count)| count).sum(),
        granted: of(RequestState::Granted),
        denied: of(RequestState::Denied),
        expired: of(RequestState::Expired),
    })
}

/// The sleep hours of a day.
fn sleep(ground: &Ground, day: &LocalDay) -> Vec<Span> {
    match ground.policy.get("time.sleep_windows").map(|held| &held.value) {
        Some(Value::Windows(windows)) => blocked(windows, ground.calendar.zone(), day.from, day.to),
        _ => vec![],
    }
}

/// The policies that held at the end of each day.
pub(crate) async fn policies_then(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    days: &[LocalDay],
    now: Timestamp,
) -> Result<HashMap<Date, Policy>, StoreError> {
    #[expect(clippy::disallowed_methods, reason = "one question for all days; every value is a bind parameter")]
    let question = diesel::sql_query(
        "select n.day as day, p.controls as controls from unnest($2::date[], $3::timestamptz[]) as n(day, ends) \
         join lateral (select controls from policy_revisions where teen_id = $1 and made_at < n.ends order by revision desc limit 1) p on true",
    );
    let rows: Vec<ThenRow> = question
        .bind::<SqlUuid, _>(teen.uuid())
        .bind::<Array<SqlDate>, _>(days.iter().map(|day| day.date.to_diesel()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(days.iter().map(|day| day.to.min(now).to_diesel()).collect::<Vec<_>>())
        .load(conn)
        .await?;
    // What another program wrote and this one cannot read: the newest policy stands in.
    let read = |row: ThenRow| Some((row.day.to_jiff(), Policy::from_json(&tools.registry, &row.controls).ok()?));
    Ok(rows.into_iter().filter_map(read).collect())
}

/// What is left of days whose slots are gone.
async fn rolled(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    days: &[LocalDay],
) -> Result<HashMap<Date, BTreeMap<String, u32>>, StoreError> {
    let dates: Vec<jiff_diesel::Date> = days.iter().map(|day| day.date.to_diesel()).collect();
    let rows: Vec<(jiff_diesel::Date, String, i32)> = usage_days::table
        .filter(usage_days::teen_id.eq(teen.uuid()))
        .filter(usage_days::day.eq_any(dates))
        .select((usage_days::day, usage_days::item, usage_days::seconds))
        .load(conn)
        .await?;
    let mut rolled: HashMap<Date, BTreeMap<String, u32>> = HashMap::new();
    for (day, item, seconds) in rows {
        rolled.entry(day.to_jiff()).or_default().insert(item, u32::try_from(seconds).unwrap_or_default());
    }
    Ok(rolled)
}

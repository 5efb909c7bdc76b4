//! Devices that confirm nothing any more: looked for once a minute in the whole installation, told of once, cleared by themselves.
//!
//! All of it comes from what is written down here of each device's own word. Whether a socket is open has no say: a node that lost its
//! list, or a device that keeps a line open and applies nothing, would look well.

mod views;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName,
    dsl::sql,
    sql_types::{BigInt, Bool, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use uuid::Uuid;

pub use self::views::SilenceView;
use super::{
    Event, Store, StoreError, Tools,
    pairings::active_of,
    schema::{device_reports, installation, silences},
    sweep::WINDOW,
};
use crate::domain::{
    ids::{DeviceId, TeenId},
    silence::{LastWord, SilenceReason, removal_is_old},
};

/// How often the whole installation is looked at, whichever node does it.
const EVERY: SignedDuration = SignedDuration::from_secs(55);
/// Most silent devices of one statement.
const MOST: i64 = 1_000;
/// Open silences that are looked at in one statement.
const OPEN: i64 = 5_000;
/// Devices that one statement looks at.
const PAGE: i64 = 50_000;

/// What there is to know of a device, for both looks.
const WORD: &str = "d.id as device_id, d.teen_id, d.created_at as registered_at, r.last_seen_at, r.forgot_at, \
    r.applied_revision is not null as has_confirmed, (r.status ->> 'battery_percent')::smallint as battery_percent, r.status ->> 'network' as network, coalesce(t.quiet_hours, 0::smallint) as quiet_hours, \
    case when r.applied_epoch < i.epoch then i.epoch_since \
      else (select b.made_at from policy_revisions b where b.teen_id = t.account_id and b.revision > r.applied_revision order by b.revision limit 1) \
    end as behind_since, \
    exists (select from pairings p where p.teen_id = t.account_id and p.state = 'active') as is_guarded, \
    not exists (select from sessions s where s.account_id = t.account_id and s.ended_at is null and s.expires_at > $1) as signed_out";

impl Store {
    /// Looks for devices that fell silent and for those that are heard again, unless another node has just done so. How many there were.
    pub async fn look_for_silences(&self) -> Result<usize, StoreError> {
        if !self.is_my_turn().await? {
            return Ok(0);
        }
        let (mut moved, mut after) = (0, Some(Uuid::nil()));
        while let Some(last) = after {
            let (next, cleared) = self.write(move |conn, tools| clear(conn, tools, last).boxed()).await?;
            moved += self.post_silences(&cleared);
            after = next;
        }
        let mut after = Uuid::nil();
        loop {
            let page = self.page(after).await?;
            let (from, to) = (after, page.unwrap_or(Uuid::max()));
            loop {
                let (looked, raised) = self.write(move |conn, tools| raise(conn, tools, (from, to)).boxed()).await?;
                moved += self.post_silences(&raised);
                if raised.is_empty() || looked < usize::try_from(MOST).unwrap_or(usize::MAX) {
                    break;
                }
            }
            match page {
                Some(last) => after = last,
                None => return Ok(moved),
            }
        }
    }

    /// The last device of the page after one; nothing: that page ends with the last of all. One statement does not look at everybody, or it would
    /// run out of its time in a great installation.
    async fn page(&self, after: Uuid) -> Result<Option<Uuid>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rest = device_reports::table.filter(device_reports::device_id.gt(after)).order(device_reports::device_id);
        Ok(rest.offset(PAGE - 1).select(device_reports::device_id).first(&mut conn).await.optional()?)
    }

    async fn is_my_turn(&self) -> Result<bool, StoreError> {
        let now = self.world.now();
        let before = now.saturating_sub(EVERY).unwrap_or(now).to_diesel();
        let due = installation::silences_looked_at.is_null().or(installation::silences_looked_at.le(before));
        let mut conn = self.pool.get().await?;
        let mine = diesel::update(installation::table.filter(due))
            .set(installation::silences_looked_at.eq(now.to_diesel()))
            .execute(&mut conn)
            .await?;
        Ok(mine > 0)
    }

    fn post_silences(&self, moved: &[Moved]) -> usize {
        for Moved { teen, silence, cleared } in moved {
            self.post(Event::SilenceMoved { teen: (*teen).into(), silence: (*silence).into(), cleared: *cleared });
        }
        moved.len()
    }
}

/// A silence that began or ended.
#[derive(Clone, Copy, Debug)]
struct Moved {
    teen: Uuid,
    silence: Uuid,
    cleared: bool,
}

#[derive(QueryableByName)]
struct WordRow {
    #[diesel(sql_type = SqlUuid)]
    device_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    teen_id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    registered_at: jiff_diesel::Timestamp,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_seen_at: Option<jiff_diesel::Timestamp>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    forgot_at: Option<jiff_diesel::Timestamp>,
    #[diesel(sql_type = Bool)]
    has_confirmed: bool,
    #[diesel(sql_type = Nullable<SmallInt>)]
    battery_percent: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    network: Option<String>,
    #[diesel(sql_type = SmallInt)]
    quiet_hours: i16,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    behind_since: Option<jiff_diesel::Timestamp>,
    #[diesel(sql_type = Bool)]
    is_guarded: bool,
    #[diesel(sql_type = Bool)]
    signed_out: bool,
}

impl WordRow {
    fn silence(&self, now: Timestamp) -> Option<(SilenceReason, Timestamp)> {
        let last = LastWord {
            registered_at: self.registered_at.to_jiff(),
            last_seen_at: self.last_seen_at.map(|at| at.to_jiff()),
            has_confirmed: self.has_confirmed,
            forgot_at: self.forgot_at.map(|at| at.to_jiff()),
            behind_since: self.behind_since.map(|at| at.to_jiff()),
        };
        last.silence(u16::try_from(self.quiet_hours).unwrap_or_default(), now).filter(|_| self.is_guarded)
    }
}

/// Tells of devices that fell silent. With how many were looked at.
async fn raise(
    conn: &mut AsyncPgConnection,
    tools: Tools,
    (from, to): (Uuid, Uuid),
) -> Result<(usize, Vec<Moved>), StoreError> {
    let now = tools.world.now();
    #[expect(clippy::disallowed_methods, reason = "one look at every device; every value is a bind parameter")]
    let query = diesel::sql_query(format!(
        "select * from (select {WORD} \
         from device_reports r join devices d on d.id = r.device_id and d.revoked_at is null \
         join teens t on t.account_id = d.teen_id and t.quiet_hours is not null cross join installation i \
         where r.device_id > $3 and r.device_id <= $4 and (r.applied_revision is distinct from t.revision or r.applied_epoch is distinct from i.epoch \
             or coalesce(r.last_seen_at, d.created_at) <= $1 - make_interval(hours => t.quiet_hours)) \
           and not exists (select from silences s where s.device_id = d.id and s.cleared_at is null)) w \
         where w.is_guarded and (least(coalesce(w.last_seen_at, w.registered_at), \
             case when w.has_confirmed then w.behind_since else coalesce(w.forgot_at, w.registered_at) end) \
           <= $1 - make_interval(hours => w.quiet_hours)) limit $2"
    ));
    let rows: Vec<WordRow> = query
        .bind::<Timestamptz, _>(now.to_diesel())
        .bind::<BigInt, _>(MOST)
        .bind::<SqlUuid, _>(from)
        .bind::<SqlUuid, _>(to)
        .load(conn)
        .await?;
    let mut raised = Vec::new();
    for row in &rows {
        let Some((reason, since)) = row.silence(now) else { continue };
        raised.extend(insert(conn, &tools, row, reason, since).await?);
    }
    Ok((rows.len(), raised))
}

async fn insert(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    row: &WordRow,
    reason: SilenceReason,
    since: Timestamp,
) -> Result<Option<Moved>, StoreError> {
    let id = tools.world.uuid();
    let written = diesel::insert_into(silences::table)
        .values((
            silences::id.eq(id),
            silences::teen_id.eq(row.teen_id),
            silences::device_id.eq(row.device_id),
            silences::reason.eq(reason.as_str()),
            silences::since.eq(since.to_diesel()),
            silences::raised_at.eq(tools.world.now().to_diesel()),
            silences::quiet_hours.eq(row.quiet_hours),
            silences::last_seen_at.eq(row.last_seen_at),
            silences::battery_percent.eq(row.battery_percent),
            silences::network.eq(&row.network),
            silences::signed_out.eq(row.signed_out),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok((written > 0).then_some(Moved { teen: row.teen_id, silence: id, cleared: false }))
}

/// Clears what is true no more: the device is heard and confirms, the hours were changed, nobody guards, or a removal is old.
/// Looks at the devices after one; with the last that was looked at, if there may be more.
async fn clear(
    conn: &mut AsyncPgConnection,
    tools: Tools,
    after: Uuid,
) -> Result<(Option<Uuid>, Vec<Moved>), StoreError> {
    let now = tools.world.now();
    #[expect(clippy::disallowed_methods, reason = "one look at every open row; every value is a bind parameter")]
    let query = diesel::sql_query(format!(
        "select o.id as silence_id, o.reason, o.raised_at, d.revoked_at is not null as is_revoked, {WORD} \
         from silences o join devices d on d.id = o.device_id join device_reports r on r.device_id = d.id \
         join teens t on t.account_id = d.teen_id cross join installation i where o.cleared_at is null and o.device_id > $2 order by o.device_id limit $3"
    ));
    let query = query.bind::<Timestamptz, _>(now.to_diesel()).bind::<SqlUuid, _>(after).bind::<BigInt, _>(OPEN);
    let open: Vec<OpenRow> = query.load(conn).await?;
    let is_full = i64::try_from(open.len()).is_ok_and(|looked| looked >= OPEN);
    let next = open.as_slice().last().map(|row| row.word.device_id).filter(|_| is_full);
    let over: Vec<Uuid> = open.iter().filter(|row| row.is_over(now)).map(|row| row.silence_id).collect();
    let cleared = diesel::update(silences::table.filter(silences::id.eq_any(over)))
        .set((
            silences::cleared_at.eq(now.to_diesel()),
            silences::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .returning((silences::teen_id, silences::id))
        .get_results::<(Uuid, Uuid)>(conn)
        .await?;
    Ok((next, cleared.into_iter().map(|(teen, silence)| Moved { teen, silence, cleared: true }).collect()))
}

#[derive(QueryableByName)]
struct OpenRow {
    #[diesel(sql_type = SqlUuid)]
    silence_id: Uuid,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Timestamptz)]
    raised_at: jiff_diesel::Timestamp,
    #[diesel(sql_type = Bool)]
    is_revoked: bool,
    #[diesel(embed)]
    word: WordRow,
}

impl OpenRow {
    fn is_over(&self, now: Timestamp) -> bool {
        if self.reason == SilenceReason::Removed.as_str() {
            return !self.word.is_guarded || removal_is_old(self.raised_at.to_jiff(), now);
        }
        // One that is heard by now and still confirms nothing is told of anew, as that.
        let was_not_heard = self.reason == SilenceReason::NotHeard.as_str();
        let goes_on = |(reason, _)| !(was_not_heard && reason == SilenceReason::NotConfirmed);
        self.is_revoked || !self.word.silence(now).is_some_and(goes_on)
    }
}

/// The teen took a device off the list: whoever guards them is told, and an open silence of it becomes this one.
pub(super) async fn removed(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    device: DeviceId,
) -> Result<Option<Event>, StoreError> {
    if active_of(conn, teen).await? == 0 {
        return Ok(None);
    }
    let now = tools.world.now().to_diesel();
    let moved = silences::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()"));
    let open = silences::table.filter(silences::device_id.eq(device.uuid()).and(silences::cleared_at.is_null()));
    diesel::update(open).set((silences::cleared_at.eq(now), moved)).execute(conn).await?;
    let id = tools.world.uuid();
    #[expect(
        clippy::disallowed_methods,
        reason = "an insert from a look at the device; every value is a bind parameter"
    )]
    let query = diesel::sql_query(
        "insert into silences (id, teen_id, device_id, reason, since, raised_at, quiet_hours, last_seen_at, battery_percent, network, signed_out) \
         select $1, t.account_id, r.device_id, 'removed', $2, $2, coalesce(t.quiet_hours, 0), r.last_seen_at, (r.status ->> 'battery_percent')::smallint, r.status ->> 'network', false \
         from device_reports r, teens t where r.device_id = $3 and t.account_id = $4 \
         on conflict (device_id) where cleared_at is null do update set reason = excluded.reason, since = excluded.since, \
           raised_at = excluded.raised_at, moved_recorded_at = clock_timestamp() returning id",
    );
    // The look at all devices may have told of it in between: then that row becomes this one.
    let made: Made = query
        .bind::<SqlUuid, _>(id)
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(device.uuid())
        .bind::<SqlUuid, _>(teen.uuid())
        .get_result(conn)
        .await?;
    Ok(Some(Event::SilenceMoved { teen, silence: made.id.into(), cleared: false }))
}

#[derive(QueryableByName)]
struct Made {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// What moved in the last thirty seconds, for the sweep.
pub(crate) async fn moved_lately(conn: &mut AsyncPgConnection) -> Result<Vec<Event>, StoreError> {
    let rows: Vec<(Uuid, Uuid, Option<jiff_diesel::Timestamp>)> = silences::table
        .filter(silences::moved_recorded_at.gt(sql::<Timestamptz>(WINDOW)))
        .select((silences::teen_id, silences::id, silences::cleared_at))
        .load(conn)
        .await?;
    let event = |(teen, silence, cleared): (Uuid, Uuid, Option<_>)| Event::SilenceMoved {
        teen: teen.into(),
        silence: silence.into(),
        cleared: cleared.is_some(),
    };
    Ok(rows.into_iter().map(event).collect())
}

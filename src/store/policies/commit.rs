//! Writes a revision: one statement for all of its rows.

use diesel::{
    ExpressionMethods, QueryDsl,
    sql_types::{BigInt, Bytea, Date as SqlDate, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel;
use serde_json::json;

use super::{Entry, Newest, Next, Standing, quiet_hours};
use crate::{
    domain::{
        clock::whole_micros,
        controls::ControlId,
        ids::AccountId,
        policy::Change,
        snapshot::{PolicyRecord, carried},
        supervision::seen::Seen,
    },
    store::{StoreError, Tools, kinship::GuardianOf, once::Sealed, prepared::Prepared, schema::teens},
};

/// Writes the next revision, if the teen still stands at the one that it was planned from, no law has come in between, and the
/// guardian's pairing, where there is one, still lives. `None`: something moved, and nothing was written. What was written is handed back
/// as whoever reads it will find it, so that the sockets here need not read it.
pub(crate) async fn commit(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    next: &Next,
    guardian: Option<&GuardianOf>,
    answer: Option<Sealed>,
) -> Result<Option<Newest>, StoreError> {
    let revision = standing.revision + 1;
    let made_at = whole_micros(tools.world.now());
    let now = made_at.to_diesel();
    let controls = carried(&tools.registry, next.band, &next.policy)?;
    let timeline = next.timeline(tools, made_at, controls.len())?;
    let seen = for_guardians(next);
    let (given, taken_back) = match &next.ledger {
        Some(Entry::Given(grant)) => (Some(grant), None),
        Some(Entry::TakenBack(id)) => (None, Some(*id)),
        None => (None, None),
    };
    let minutes = given.and_then(|grant| grant.minutes).map(i16::try_from).transpose().unwrap_or(Some(i16::MAX));
    let (request, sealed) = answer.map(|kept| ((kept.scope, kept.body), kept.answer)).unzip();
    let (scope, body) = request.unzip();
    #[expect(clippy::disallowed_methods, reason = "one round trip for four rows; every value is a bind parameter")]
    let statement = diesel::sql_query(
        "with moved as (update teens set revision = $2, settings = $3, home_zone = $4, day_start_minute = $5, \
             age_band = $19, due_at = $20, former_homes = $26, quiet_hours = $37 \
           where account_id = $1 and revision = $2 - 1 and due_at is not distinct from $21 and looks = $24 \
           and ($15::uuid is null or exists (select 1 from pairings where id = $15 and state = 'active')) \
           and ($34::uuid is null or exists (select 1 from requests where id = $34 and teen_id = $1 and state = 'pending')) returning account_id), \
         noted as (insert into audit (id, at, actor_id, action, teen_id, detail) \
           select $6, $7, $8, 'policy.' || $9, account_id, $10 from moved), \
         kept as (insert into idempotency (scope, body_hash, answer_sealed, created_at) \
           select $16, $17, $18, $7 from moved where $16::bytea is not null), \
         lent as (insert into time_grants (id, teen_id, day, item, minutes, given_by, given_at, until, reason) \
           select $28, account_id, $29, $30, $31, $8, $7, $32, $14 from moved where $28::uuid is not null), \
         taken as (update time_grants g set revoked_at = $7, revoked_by = $8 from moved where g.id = $33 and g.teen_id = moved.account_id), \
         said as (update requests r set state = 'granted', answered_by = $8, answered_at = $7, answer = $35, answer_note = $36, \
           moved_recorded_at = clock_timestamp() from moved where r.id = $34 and r.teen_id = moved.account_id) \
         insert into policy_revisions (teen_id, revision, kind, controls, home_zone, day_start_minute, changes, undo, made_by, reason, made_at, origin, seen, recorded_epoch, timeline) \
         select account_id, $2, $9, $11, $4, $5, $12, $13, $8, $14, $7, $22, $23, $25, $27 from moved",
    );
    let bound = statement
        .bind::<SqlUuid, _>(standing.teen.uuid())
        .bind::<BigInt, _>(revision)
        .bind::<Jsonb, _>(serde_json::to_value(&next.layers)?)
        .bind::<Text, _>(&next.home_zone)
        .bind::<SmallInt, _>(next.day_start_minute)
        .bind::<SqlUuid, _>(tools.world.uuid())
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<SqlUuid>, _>(next.by.map(AccountId::uuid))
        .bind::<Text, _>(next.kind.as_str())
        .bind::<Jsonb, _>(json!({ "revision": revision, "controls": names(&next.changes) }))
        .bind::<Text, _>(&controls)
        .bind::<Jsonb, _>(serde_json::to_value(&next.changes)?)
        .bind::<Nullable<Jsonb>, _>(next.undo.as_ref().map(serde_json::to_value).transpose()?)
        .bind::<Nullable<Text>, _>(next.reason.as_deref())
        .bind::<Nullable<SqlUuid>, _>(guardian.map(|proof| proof.pairing().uuid()))
        .bind::<Nullable<Bytea>, _>(scope)
        .bind::<Nullable<Bytea>, _>(body)
        .bind::<Nullable<Bytea>, _>(sealed)
        .bind::<Text, _>(next.band.as_str())
        .bind::<Nullable<Timestamptz>, _>(next.due_at.map(ToDiesel::to_diesel))
        .bind::<Nullable<Timestamptz>, _>(standing.due_at)
        .bind::<Jsonb, _>(serde_json::to_value(next.origin)?)
        .bind::<Nullable<Jsonb>, _>(seen.map(serde_json::to_value).transpose()?)
        .bind::<BigInt, _>(standing.looks)
        .bind::<BigInt, _>(tools.epoch)
        .bind::<Jsonb, _>(serde_json::to_value(next.calendar.former())?)
        .bind::<Text, _>(&timeline)
        .bind::<Nullable<SqlUuid>, _>(given.map(|grant| grant.id))
        .bind::<Nullable<SqlDate>, _>(given.map(|grant| grant.day.to_diesel()))
        .bind::<Nullable<Text>, _>(given.and_then(|grant| grant.item.as_deref()))
        .bind::<Nullable<SmallInt>, _>(minutes)
        .bind::<Nullable<Timestamptz>, _>(given.map(|grant| grant.until.to_diesel()))
        .bind::<Nullable<SqlUuid>, _>(taken_back)
        .bind::<Nullable<SqlUuid>, _>(next.request.as_ref().map(|request| request.id.uuid()))
        .bind::<Nullable<Jsonb>, _>(next.request.as_ref().map(|request| &request.given))
        .bind::<Nullable<Text>, _>(next.request.as_ref().and_then(|request| request.note.as_deref()))
        .bind::<Nullable<SmallInt>, _>(quiet_hours(&next.policy));
    let written = Prepared(bound).execute(conn).await?;
    let (teen, home_zone, day_start_minute) = (standing.teen, next.home_zone.clone(), next.day_start_minute);
    Ok((written == 1).then(|| Newest {
        record: PolicyRecord {
            teen,
            revision,
            controls,
            home_zone,
            day_start_minute,
            timeline: Some(timeline),
            made_at,
        },
        by: next.by,
        reason: next.reason.clone(),
        changes: next.changes.clone(),
        seen: seen.cloned(),
    }))
}

/// What guardians see, where that is less than everything.
fn for_guardians(next: &Next) -> Option<&Seen> {
    (next.seen.hides_reason || next.seen.changes != next.changes).then_some(&next.seen)
}

fn names(changes: &[Change]) -> Vec<&ControlId> {
    changes.iter().map(|change| &change.control).collect()
}

/// Writes only when to look again: nothing else has changed. Counted, or a change that was planned before this look, by laws that hold no
/// more, would find everything as it was.
pub(crate) async fn look_later(
    conn: &mut AsyncPgConnection,
    standing: &Standing,
    next: &Next,
) -> Result<(), StoreError> {
    diesel::update(teens::table.find(standing.teen.uuid()))
        .set((
            teens::age_band.eq(next.band.as_str()),
            teens::due_at.eq(next.due_at.map(ToDiesel::to_diesel)),
            teens::looks.eq(teens::looks + 1),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

//! Every change of a teen's limits: what, when, who and why. Newest first.

use std::collections::BTreeMap;

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, Queryable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::Serialize;
use serde_json::{Value as Json, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Store, StoreError, Tools,
    audit::{self, Deed},
    kinship::{GuardianOf, TeenSelf},
    policies::{Origin, RevisionKind},
    schema::{accounts, pairings, policy_revisions, revision_replies},
};
use crate::domain::{
    account::Role,
    ids::{AccountId, TeenId},
    policy::Change,
};

/// One revision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// Its number.
    pub revision: i64,
    /// When it was made.
    pub at: Timestamp,
    /// How it came to be.
    pub kind: RevisionKind,
    /// Who made it; null for the system or an account that is gone.
    pub by: Option<Person>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// What changed, and in which direction.
    pub changed: Vec<Change>,
    /// The zone in which windows and days are meant since then.
    pub home_zone: String,
    /// Minutes after midnight at which the day starts since then.
    pub day_start_minute: i16,
    /// Where it came from.
    pub origin: Origin,
    /// What the teen answered.
    pub reply: Option<Reply>,
    /// Whether the guardian who reads this can take it back.
    pub undoable: bool,
}

/// What a teen answers to a change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Reply {
    /// In their words.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody, as others see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    /// Their account.
    pub account_id: AccountId,
    /// What they are called.
    pub display_name: String,
    /// What their account may be.
    pub role: Role,
}

#[derive(Queryable)]
struct Row {
    revision: i64,
    made_at: jiff_diesel::Timestamp,
    kind: String,
    by: Option<(Uuid, String, String)>,
    reason: Option<String>,
    changes: Json,
    home_zone: String,
    day_start_minute: i16,
    undo: Option<Json>,
    origin: Json,
    reply: Option<(String, jiff_diesel::Timestamp)>,
}

impl Store {
    /// At most `limit` revisions below `before`, newest first, since this guardian's pairing began.
    pub async fn history(&self, proof: &GuardianOf, before: i64, limit: i64) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut conn = self.pool.get().await?;
        // What an earlier guardian and the teen said to each other is not for the next one.
        let since: Option<jiff_diesel::Timestamp> =
            pairings::table.find(proof.pairing().uuid()).select(pairings::answered_at).first(&mut conn).await?;
        let since = since.ok_or(StoreError::NotFound)?;
        let rows: Vec<Row> = query(proof.teen(), before)
            .filter(policy_revisions::made_at.ge(since))
            .limit(limit)
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| entry(row, proof.guardian())).collect()
    }

    /// The same for the teen: all there ever was.
    pub async fn own_history(&self, teen: &TeenSelf, before: i64, limit: i64) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = query(teen.teen(), before).limit(limit).load(&mut conn).await?;
        rows.into_iter().map(|row| entry(row, teen.teen())).collect()
    }

    /// Puts the teen's answer beside a change, instead of an earlier one.
    pub async fn reply(&self, teen: TeenSelf, revision: i64, text: String) -> Result<Reply, StoreError> {
        let reply = Reply { text, at: self.world.now() };
        let written = reply.clone();
        self.write(move |conn, tools| {
            let (teen, written) = (teen.clone(), written.clone());
            async move { write(conn, &tools, &teen, revision, written).await }.boxed()
        })
        .await?;
        Ok(reply)
    }
}

async fn write(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    revision: i64,
    Reply { text, at }: Reply,
) -> Result<(), StoreError> {
    policy_revisions::table
        .find((teen.teen().uuid(), revision))
        .select(policy_revisions::revision)
        .first::<i64>(conn)
        .await?;
    let row = (revision_replies::text.eq(text), revision_replies::made_at.eq(at.to_diesel()));
    diesel::insert_into(revision_replies::table)
        .values((
            revision_replies::teen_id.eq(teen.teen().uuid()),
            revision_replies::revision.eq(revision),
            row.0.clone(),
            row.1,
        ))
        .on_conflict((revision_replies::teen_id, revision_replies::revision))
        .do_update()
        .set(row)
        .execute(conn)
        .await?;
    let deed = Deed::new(teen.teen(), "policy.reply").teen(teen.teen()).detail(json!({ "revision": revision }));
    audit::record(conn, tools, deed).await
}

#[diesel::dsl::auto_type(no_type_alias)]
fn query(teen: TeenId, before: i64) -> _ {
    let id: Uuid = teen.uuid();
    let replied: Replied = revision_replies::teen_id
        .eq(policy_revisions::teen_id)
        .and(revision_replies::revision.eq(policy_revisions::revision));
    policy_revisions::table
        .left_join(accounts::table.on(policy_revisions::made_by.eq(accounts::id.nullable())))
        .left_join(revision_replies::table.on(replied))
        .filter(policy_revisions::teen_id.eq(id))
        .filter(policy_revisions::revision.lt(before))
        .order(policy_revisions::revision.desc())
        .select((
            policy_revisions::revision,
            policy_revisions::made_at,
            policy_revisions::kind,
            (accounts::id, accounts::display_name, accounts::role).nullable(),
            policy_revisions::reason,
            policy_revisions::changes,
            policy_revisions::home_zone,
            policy_revisions::day_start_minute,
            policy_revisions::undo,
            policy_revisions::origin,
            (revision_replies::text, revision_replies::made_at).nullable(),
        ))
}

type Replied = diesel::dsl::And<
    diesel::dsl::Eq<revision_replies::teen_id, policy_revisions::teen_id>,
    diesel::dsl::Eq<revision_replies::revision, policy_revisions::revision>,
>;

fn entry(row: Row, reader: AccountId) -> Result<HistoryEntry, StoreError> {
    Ok(HistoryEntry {
        revision: row.revision,
        at: row.made_at.to_jiff(),
        kind: RevisionKind::from_word(&row.kind).ok_or_else(|| StoreError::Corrupt("an unknown kind".to_owned()))?,
        by: row.by.map(person).transpose()?,
        reason: row.reason,
        changed: serde_json::from_value(row.changes)?,
        home_zone: row.home_zone,
        day_start_minute: row.day_start_minute,
        origin: serde_json::from_value(row.origin)?,
        reply: row.reply.map(|(text, at)| Reply { text, at: at.to_jiff() }),
        undoable: row.undo.map(guardian_of_undo).transpose()?.flatten() == Some(reader),
    })
}

fn guardian_of_undo(undo: Json) -> Result<Option<AccountId>, StoreError> {
    let mut fields: BTreeMap<String, Json> = serde_json::from_value(undo)?;
    Ok(fields.remove("guardian").map(serde_json::from_value).transpose()?)
}

fn person((id, display_name, role): (Uuid, String, String)) -> Result<Person, StoreError> {
    let role = Role::from_word(&role).ok_or_else(|| StoreError::Corrupt("an unknown role".to_owned()))?;
    Ok(Person { account_id: id.into(), display_name, role })
}

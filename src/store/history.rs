//! Every change of a teen's limits: what, when, who and why. Newest first.

use std::collections::BTreeMap;

use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, Queryable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Store, StoreError,
    kinship::{GuardianOf, TeenSelf},
    policies::{Origin, RevisionKind},
    replies::{Reply, ReplyRow},
    schema::{accounts, pairings, policy_revisions, revision_replies},
};
use crate::domain::{
    account::Role,
    ids::{AccountId, TeenId},
    policy::Change,
    supervision::seen::Seen,
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
    seen: Option<Json>,
    reply: Option<ReplyRow>,
}

impl Store {
    /// At most `limit` revisions below `before`, newest first, since this guardian's pairing began.
    pub async fn history(&self, proof: &GuardianOf, before: i64, limit: i64) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut conn = self.pool.get().await?;
        let since = since(&mut conn, proof).await?;
        let rows: Vec<Row> = query(proof.teen(), before)
            .filter(policy_revisions::made_at.ge(since))
            .limit(limit)
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| row.seen_by_guardians()?.entry(proof.guardian())).collect()
    }

    /// The same for the teen: all there ever was.
    pub async fn own_history(&self, teen: &TeenSelf, before: i64, limit: i64) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = query(teen.teen(), before).limit(limit).load(&mut conn).await?;
        rows.into_iter().map(|row| row.entry(teen.teen())).collect()
    }
}

/// When a guardian's history begins: with their pairing. What an earlier guardian and the teen said to each other is not for the
/// next one, nor is what they themselves did in a pairing that has ended.
pub(super) async fn since(
    conn: &mut AsyncPgConnection,
    proof: &GuardianOf,
) -> Result<jiff_diesel::Timestamp, StoreError> {
    let since: Option<jiff_diesel::Timestamp> =
        pairings::table.find(proof.pairing().uuid()).select(pairings::answered_at).first(conn).await?;
    since.ok_or(StoreError::NotFound)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn query(teen: TeenId, before: i64) -> _ {
    let id: Uuid = teen.uuid();
    // Nothing that anybody set, and nothing that anybody would notice.
    let unseen: &'static str = RevisionKind::Timeline.as_str();
    let replied: Replied = revision_replies::teen_id
        .eq(policy_revisions::teen_id)
        .and(revision_replies::revision.eq(policy_revisions::revision));
    policy_revisions::table
        .left_join(accounts::table.on(policy_revisions::made_by.eq(accounts::id.nullable())))
        .left_join(revision_replies::table.on(replied))
        .filter(policy_revisions::teen_id.eq(id))
        .filter(policy_revisions::revision.lt(before))
        .filter(policy_revisions::kind.ne(unseen))
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
            policy_revisions::seen,
            (revision_replies::text, revision_replies::made_at, revision_replies::edited).nullable(),
        ))
}

type Replied = diesel::dsl::And<
    diesel::dsl::Eq<revision_replies::teen_id, policy_revisions::teen_id>,
    diesel::dsl::Eq<revision_replies::revision, policy_revisions::revision>,
>;

impl Row {
    /// What is left of it for guardians.
    fn seen_by_guardians(mut self) -> Result<Self, StoreError> {
        if let Some(seen) = self.seen.take() {
            let Seen { changes, hides_reason } = serde_json::from_value(seen)?;
            self.changes = serde_json::to_value(changes)?;
            self.reason = self.reason.filter(|_| !hides_reason);
        }
        Ok(self)
    }

    fn entry(self, reader: AccountId) -> Result<HistoryEntry, StoreError> {
        let kind =
            RevisionKind::from_word(&self.kind).ok_or_else(|| StoreError::Corrupt("an unknown kind".to_owned()))?;
        Ok(HistoryEntry {
            revision: self.revision,
            at: self.made_at.to_jiff(),
            kind,
            by: self.by.map(person).transpose()?,
            reason: self.reason,
            changed: serde_json::from_value(self.changes)?,
            home_zone: self.home_zone,
            day_start_minute: self.day_start_minute,
            origin: serde_json::from_value(self.origin)?,
            reply: self.reply.map(Reply::from),
            undoable: self.undo.map(guardian_of_undo).transpose()?.flatten() == Some(reader),
        })
    }
}

fn guardian_of_undo(undo: Json) -> Result<Option<AccountId>, StoreError> {
    let mut fields: BTreeMap<String, Json> = serde_json::from_value(undo)?;
    Ok(fields.remove("guardian").map(serde_json::from_value).transpose()?)
}

fn person((id, display_name, role): (Uuid, String, String)) -> Result<Person, StoreError> {
    let role = Role::from_word(&role).ok_or_else(|| StoreError::Corrupt("an unknown role".to_owned()))?;
    Ok(Person { account_id: id.into(), display_name, role })
}

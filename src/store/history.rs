//! Every change of a teen's limits: what, when, who and why. Newest first.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Store, StoreError,
    kinship::GuardianOf,
    policies::RevisionKind,
    schema::{accounts, pairings, policy_revisions},
};
use crate::domain::{account::Role, ids::AccountId, policy::Change};

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

type Row = (
    i64,
    jiff_diesel::Timestamp,
    String,
    Option<(Uuid, String, String)>,
    Option<String>,
    Json,
    String,
    i16,
    Option<Json>,
);

impl Store {
    /// At most `limit` revisions below `before`, newest first, since this guardian's pairing began.
    pub async fn history(&self, proof: &GuardianOf, before: i64, limit: i64) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut conn = self.pool.get().await?;
        // What an earlier guardian and the teen said to each other is not for the next one.
        let since: Option<jiff_diesel::Timestamp> =
            pairings::table.find(proof.pairing().uuid()).select(pairings::answered_at).first(&mut conn).await?;
        let since = since.ok_or(StoreError::NotFound)?;
        let rows: Vec<Row> = policy_revisions::table
            .left_join(accounts::table.on(policy_revisions::made_by.eq(accounts::id.nullable())))
            .filter(policy_revisions::teen_id.eq(proof.teen().uuid()))
            .filter(policy_revisions::revision.lt(before))
            .filter(policy_revisions::made_at.ge(since))
            .order(policy_revisions::revision.desc())
            .limit(limit)
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
            ))
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| entry(row, proof.guardian())).collect()
    }
}

fn entry(row: Row, reader: AccountId) -> Result<HistoryEntry, StoreError> {
    let (revision, at, kind, by, reason, changes, home_zone, day_start_minute, undo) = row;
    Ok(HistoryEntry {
        revision,
        at: at.to_jiff(),
        kind: RevisionKind::from_word(&kind).ok_or_else(|| StoreError::Corrupt("an unknown kind".to_owned()))?,
        by: by.map(person).transpose()?,
        reason,
        changed: serde_json::from_value(changes)?,
        home_zone,
        day_start_minute,
        undoable: undo.map(guardian_of_undo).transpose()?.flatten() == Some(reader),
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

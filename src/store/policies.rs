//! A teen's policy: the row that is locked, the revision that is written, the newest that is read.
//!
//! One revision is one statement: it moves the teen's row on, keeps what is wanted now as exact text, and writes the
//! audit row and the answer of an idempotency key. Round trips, not the disk, are the price of a change.

use std::collections::BTreeMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl,
    sql_types::{BigInt, Bytea, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Store, StoreError, Tools, accounts,
    kinship::GuardianOf,
    once::Sealed,
    schema::{accounts as accounts_table, pairings, policy_revisions, teens},
};
use crate::domain::{
    account::band_at,
    age::AgeBand,
    controls::ControlId,
    ids::{AccountId, TeenId},
    pairing::PairingState,
    policy::{Change, Layers, Policy, diff, effective},
    snapshot::PolicyRecord,
    value::Value,
    version::Version,
};

/// How a revision came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevisionKind {
    /// The teen's account was made.
    Created,
    /// A guardian changed settings.
    Guardian,
    /// The teen tightened or took back their own.
    Teen,
    /// A guardian took an earlier revision back.
    Undo,
    /// A pairing ended.
    Unlinked,
    /// A guardian set the home zone or the start of the day.
    Home,
}

impl RevisionKind {
    const ALL: [Self; 6] = [Self::Created, Self::Guardian, Self::Teen, Self::Undo, Self::Unlinked, Self::Home];

    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Guardian => "guardian",
            Self::Teen => "teen",
            Self::Undo => "undo",
            Self::Unlinked => "unlinked",
            Self::Home => "home",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What would set a guardian's layer back to how it was before a revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) guardian: AccountId,
    /// Control → the value before, or null for the default.
    pub(crate) settings: BTreeMap<ControlId, Option<Json>>,
}

/// How a teen's policy stands: everything that a change needs to know.
pub(crate) struct Standing {
    teen: TeenId,
    revision: i64,
    pub(crate) home_zone: String,
    pub(crate) day_start_minute: i16,
    pub(crate) band: AgeBand,
    pub(crate) layers: Layers,
    pub(crate) policy: Policy,
}

/// The next revision, ready to be written.
pub(crate) struct Next {
    pub(crate) kind: RevisionKind,
    pub(crate) layers: Layers,
    pub(crate) policy: Policy,
    pub(crate) changes: Vec<Change>,
    pub(crate) undo: Option<Undo>,
    pub(crate) by: Option<AccountId>,
    pub(crate) reason: Option<String>,
    pub(crate) home_zone: String,
    pub(crate) day_start_minute: i16,
}

impl Standing {
    /// The version before the change.
    pub(crate) fn version(&self, tools: &Tools) -> Version {
        Version { epoch: tools.epoch, revision: self.revision }
    }

    /// What follows from new layers: the effective policy and how it differs from the last revision's.
    pub(crate) fn with_layers(&self, tools: &Tools, kind: RevisionKind, by: AccountId, layers: Layers) -> Next {
        let policy = effective(&tools.registry, self.band, &layers);
        let changes = diff(&tools.registry, &self.policy, &policy);
        Next {
            kind,
            layers,
            policy,
            changes,
            undo: None,
            by: Some(by),
            reason: None,
            home_zone: self.home_zone.clone(),
            day_start_minute: self.day_start_minute,
        }
    }
}

/// Writes revision 1 of a new teen: the defaults of the age band. A teen without a guardian has a policy too.
pub(crate) async fn begin(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    band: AgeBand,
    home_zone: &str,
) -> Result<(), StoreError> {
    let layers = Layers::default();
    diesel::insert_into(teens::table)
        .values((
            teens::account_id.eq(teen.uuid()),
            teens::revision.eq(1),
            teens::home_zone.eq(home_zone),
            teens::settings.eq(serde_json::to_value(&layers)?),
        ))
        .execute(conn)
        .await?;
    let policy = effective(&tools.registry, band, &layers);
    diesel::insert_into(policy_revisions::table)
        .values((
            policy_revisions::teen_id.eq(teen.uuid()),
            policy_revisions::revision.eq(1),
            policy_revisions::kind.eq(RevisionKind::Created.as_str()),
            policy_revisions::controls.eq(serde_json::to_string(&policy)?),
            policy_revisions::home_zone.eq(home_zone),
            policy_revisions::day_start_minute.eq(0),
            policy_revisions::changes.eq(json!([])),
            policy_revisions::made_by.eq(teen.uuid()),
            policy_revisions::made_at.eq(tools.world.now().to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Locks the teen's row, which puts all changes of one teen in order.
///
/// Lock first, then read: a join that waits for the lock would look for the newest revision with the number that it saw
/// before it waited, and find nothing.
pub(crate) async fn lock(conn: &mut AsyncPgConnection, tools: &Tools, teen: TeenId) -> Result<Standing, StoreError> {
    teens::table.find(teen.uuid()).select(teens::revision).for_no_key_update().first::<i64>(conn).await?;
    read(conn, tools, teen, None).await
}

/// Reads how a teen's policy stands. With a guardian's proof the pairing is looked at again, in the same question: one that
/// has ended in between gives no power.
pub(crate) async fn read(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    guardian: Option<&GuardianOf>,
) -> Result<Standing, StoreError> {
    let pairing = guardian.map(|proof| proof.pairing().uuid()).unwrap_or_default();
    let (row, paired): (TeenRow, Option<Uuid>) = teen_query(teen, pairing).first(conn).await?;
    if guardian.is_some() && paired.is_none() {
        return Err(StoreError::NotFound);
    }
    known(tools, teen, row)
}

type TeenRow = (i64, String, i16, Json, String, Option<Vec<u8>>, String);

#[diesel::dsl::auto_type(no_type_alias)]
fn teen_query(teen: TeenId, pairing: Uuid) -> _ {
    let id: Uuid = teen.uuid();
    let active: &'static str = PairingState::Active.as_str();
    let same: Same =
        policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision));
    teens::table
        .inner_join(accounts_table::table)
        .inner_join(policy_revisions::table.on(same))
        .left_join(pairings::table.on(pairings::id.eq(pairing).and(pairings::state.eq(active))))
        .filter(teens::account_id.eq(id))
        .select((
            (
                teens::revision,
                teens::home_zone,
                teens::day_start_minute,
                teens::settings,
                accounts_table::time_zone,
                accounts_table::birth_date_sealed,
                policy_revisions::controls,
            ),
            pairings::id.nullable(),
        ))
}

/// Makes sense of a teen's row.
fn known(tools: &Tools, teen: TeenId, row: TeenRow) -> Result<Standing, StoreError> {
    let (revision, home_zone, day_start_minute, settings, zone, birth, controls) = row;
    let birth = accounts::birth_date(&tools.vault, teen, birth.as_deref())?
        .ok_or_else(|| StoreError::Corrupt("a teen without a birth date".to_owned()))?;
    let (layers, dropped) = Layers::from_json(&tools.registry, settings).map_err(broken)?;
    if !dropped.is_empty() {
        tracing::warn!(controls = ?dropped, "settings of controls that are not in the registry any more were left out");
    }
    Ok(Standing {
        teen,
        revision,
        home_zone,
        day_start_minute,
        band: band_at(birth, &zone, tools.world.now()),
        layers,
        policy: Policy::from_json(&tools.registry, &controls).map_err(broken)?,
    })
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

/// Writes the next revision, if the teen still stands at the one that it was planned from and the guardian's pairing, where
/// there is one, still lives. `false`: something moved, and nothing was written.
pub(crate) async fn commit(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    next: &Next,
    guardian: Option<&GuardianOf>,
    answer: Option<Sealed>,
) -> Result<bool, StoreError> {
    let revision = standing.revision + 1;
    let now = tools.world.now().to_diesel();
    let (request, sealed) = answer.map(|kept| ((kept.scope, kept.body), kept.answer)).unzip();
    let (scope, body) = request.unzip();
    #[expect(clippy::disallowed_methods, reason = "one round trip for four rows; every value is a bind parameter")]
    let statement = diesel::sql_query(
        "with moved as (update teens set revision = $2, settings = $3, home_zone = $4, day_start_minute = $5 \
           where account_id = $1 and revision = $2 - 1 \
           and ($15::uuid is null or exists (select 1 from pairings where id = $15 and state = 'active')) returning account_id), \
         noted as (insert into audit (id, at, actor_id, action, teen_id, detail) \
           select $6, $7, $8, 'policy.' || $9, account_id, $10 from moved), \
         kept as (insert into idempotency (scope, body_hash, answer_sealed, created_at) \
           select $16, $17, $18, $7 from moved where $16::bytea is not null) \
         insert into policy_revisions (teen_id, revision, kind, controls, home_zone, day_start_minute, changes, undo, made_by, reason, made_at) \
         select account_id, $2, $9, $11, $4, $5, $12, $13, $8, $14, $7 from moved",
    );
    let written = statement
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
        .bind::<Text, _>(serde_json::to_string(&next.policy)?)
        .bind::<Jsonb, _>(serde_json::to_value(&next.changes)?)
        .bind::<Nullable<Jsonb>, _>(next.undo.as_ref().map(serde_json::to_value).transpose()?)
        .bind::<Nullable<Text>, _>(next.reason.as_deref())
        .bind::<Nullable<SqlUuid>, _>(guardian.map(|proof| proof.pairing().uuid()))
        .bind::<Nullable<Bytea>, _>(scope)
        .bind::<Nullable<Bytea>, _>(body)
        .bind::<Nullable<Bytea>, _>(sealed)
        .execute(conn)
        .await?;
    Ok(written == 1)
}

fn names(changes: &[Change]) -> Vec<&ControlId> {
    changes.iter().map(|change| &change.control).collect()
}

/// A value of a guardian's layer as JSON, for [`Undo`].
pub(crate) fn undo_of(guardian: AccountId, values: BTreeMap<ControlId, Option<Value>>) -> Result<Undo, StoreError> {
    let settings = values
        .into_iter()
        .map(|(control, value)| Ok((control, value.map(serde_json::to_value).transpose()?)))
        .collect::<Result<_, serde_json::Error>>()?;
    Ok(Undo { guardian, settings })
}

/// What the newest revision of a teen is made of, with who made it: for snapshots and change notices.
#[derive(Clone, Debug)]
pub struct Newest {
    /// What is wanted.
    pub record: PolicyRecord,
    /// Who made it.
    pub by: Option<AccountId>,
    /// Why.
    pub reason: Option<String>,
    /// What changed with it, as stored.
    pub changes: Json,
}

type NewestRow = (Uuid, i64, String, String, i16, jiff_diesel::Timestamp, Option<Uuid>, Option<String>, Json);

impl Store {
    /// The newest policies of these teens, in one query. `sync` may read any: it has no proofs, only sockets that had them.
    pub async fn newest_policies(&self, of: &[TeenId]) -> Result<Vec<Newest>, StoreError> {
        let ids: Vec<Uuid> = of.iter().map(|teen| teen.uuid()).collect();
        let mut conn = self.pool.get().await?;
        let rows: Vec<NewestRow> = newest_query().filter(teens::account_id.eq_any(ids)).load(&mut conn).await?;
        Ok(rows.into_iter().map(newest).collect())
    }

    /// The newest revision numbers of these teens: what a heartbeat and a full compare need to know.
    pub async fn newest_revisions(&self, of: &[TeenId]) -> Result<BTreeMap<TeenId, i64>, StoreError> {
        let ids: Vec<Uuid> = of.iter().map(|teen| teen.uuid()).collect();
        let mut conn = self.pool.get().await?;
        let rows: Vec<(Uuid, i64)> = teens::table
            .filter(teens::account_id.eq_any(ids))
            .select((teens::account_id, teens::revision))
            .load(&mut conn)
            .await?;
        Ok(rows.into_iter().map(|(teen, revision)| (teen.into(), revision)).collect())
    }
}

/// A teen's newest revision is the one that the teen's row names.
type Same = diesel::dsl::And<
    diesel::dsl::Eq<policy_revisions::teen_id, teens::account_id>,
    diesel::dsl::Eq<policy_revisions::revision, teens::revision>,
>;

#[diesel::dsl::auto_type(no_type_alias)]
fn newest_query() -> _ {
    let same: Same =
        policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision));
    teens::table.inner_join(policy_revisions::table.on(same)).select((
        policy_revisions::teen_id,
        policy_revisions::revision,
        policy_revisions::controls,
        policy_revisions::home_zone,
        policy_revisions::day_start_minute,
        policy_revisions::made_at,
        policy_revisions::made_by,
        policy_revisions::reason,
        policy_revisions::changes,
    ))
}

fn newest((teen, revision, controls, home_zone, day_start_minute, made_at, by, reason, changes): NewestRow) -> Newest {
    Newest {
        record: PolicyRecord {
            teen: teen.into(),
            revision,
            controls,
            home_zone,
            day_start_minute,
            made_at: made_at.to_jiff(),
        },
        by: by.map(AccountId::from),
        reason,
        changes,
    }
}

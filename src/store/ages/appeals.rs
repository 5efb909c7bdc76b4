//! Objections to an age: opened and taken back by the teen or a guardian, answered by an operator who signs, with reasons.

mod answer;
mod waiting;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::{answer::Objection, waiting::WaitingAppeal};
use super::{band_of, note};
use crate::{
    domain::{
        age::{AgeBand, Answer, Appeal, AppealMove, AppealState, Route, Side},
        ids::{AccountId, AgeAppealId, AgeSignalId, OperatorId, TeenId},
    },
    store::{
        Store, StoreError, Tools,
        audit::{self, Deed},
        kinship::{GuardianOf, TeenSelf},
        policies,
        schema::{age_appeals, teens},
    },
};

/// An objection to an age, as both sides see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"appeal_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e", "side": "teen", "claims": "16_17", "state": "open",
    "opened_at": "2026-11-22T13:40:00Z", "due_at": "2026-11-29T13:40:00Z",
    "routes": ["provider_estimation", "guardian_attestation", "trusted_adult", "identity_document"], "reason": null}))]
pub struct AppealView {
    /// Names it.
    pub appeal_id: AgeAppealId,
    /// As what it was opened.
    pub side: Side,
    /// The band that they say is right.
    pub claims: AgeBand,
    /// Where it stands.
    pub state: AppealState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the answer is due.
    pub due_at: Timestamp,
    /// The ways to show an age, in the order in which to offer them; none of them is needed.
    pub routes: Vec<Route>,
    /// Why it was answered so.
    pub reason: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    by: OperatorId,
    reason: String,
    wrong: Vec<AgeSignalId>,
}

#[derive(Queryable)]
struct Row {
    id: Uuid,
    teen: Uuid,
    against: Uuid,
    side: String,
    opened_by: Uuid,
    opened_at: jiff_diesel::Timestamp,
    claims: String,
    state: String,
    answer: Option<Json>,
    _answered_at: Option<jiff_diesel::Timestamp>,
    _answered_recorded_at: Option<jiff_diesel::Timestamp>,
}

impl Store {
    /// The teen objects to the age that they are taken to be of. Who has an open objection gets that one.
    pub async fn appeal_age(&self, teen: TeenSelf, claims: AgeBand) -> Result<AppealView, StoreError> {
        let of = teen.teen();
        self.write(move |conn, tools| async move { open(conn, &tools, of, Side::Teen, of, claims, None).await }.boxed())
            .await
    }

    /// A guardian objects.
    pub async fn appeal_age_by_guardian(&self, proof: GuardianOf, claims: AgeBand) -> Result<AppealView, StoreError> {
        self.write(move |conn, tools| {
            let proof = proof.clone();
            async move {
                open(conn, &tools, proof.teen(), Side::Guardian, proof.guardian(), claims, Some(&proof)).await
            }
            .boxed()
        })
        .await
    }

    /// A teen's objections and their guardians', newest first.
    pub async fn age_appeals(&self, teen: &TeenSelf) -> Result<Vec<AppealView>, StoreError> {
        self.list_appeals(teen.teen(), None).await
    }

    /// The guardian's own objections to the age of a teen whom they guard, newest first.
    pub async fn age_appeals_by_guardian(&self, proof: &GuardianOf) -> Result<Vec<AppealView>, StoreError> {
        self.list_appeals(proof.teen(), Some(proof.guardian())).await
    }

    /// The teen takes an open objection of their own back.
    pub async fn withdraw_age_appeal(&self, teen: TeenSelf, id: AgeAppealId) -> Result<(), StoreError> {
        let of = teen.teen();
        self.write(move |conn, tools| async move { take_back(conn, &tools, of, of, id).await }.boxed()).await
    }

    /// A guardian takes an open objection of their own back.
    pub async fn withdraw_age_appeal_by_guardian(&self, proof: GuardianOf, id: AgeAppealId) -> Result<(), StoreError> {
        let (teen, by) = (proof.teen(), proof.guardian());
        self.write(move |conn, tools| async move { take_back(conn, &tools, teen, by, id).await }.boxed()).await
    }

    async fn list_appeals(&self, teen: TeenId, only: Option<AccountId>) -> Result<Vec<AppealView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let mut query = age_appeals::table.filter(age_appeals::teen_id.eq(teen.uuid())).into_boxed();
        if let Some(by) = only {
            query = query.filter(age_appeals::opened_by.eq(by.uuid()));
        }
        let rows: Vec<Row> = query.order(age_appeals::id.desc()).limit(100).load(&mut conn).await?;
        rows.into_iter().map(|row| Ok(view(row.id.into(), &appeal(row)?))).collect()
    }
}

async fn open(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    side: Side,
    by: AccountId,
    claims: AgeBand,
    proof: Option<&GuardianOf>,
) -> Result<AppealView, StoreError> {
    lock(conn, teen).await?;
    let standing = policies::read(conn, tools, teen, proof).await?;
    let known: Option<Row> = age_appeals::table
        .filter(age_appeals::teen_id.eq(teen.uuid()))
        .filter(age_appeals::opened_by.eq(by.uuid()))
        .filter(age_appeals::state.eq(AppealState::Open.as_str()))
        .first(conn)
        .await
        .optional()?;
    if let Some(row) = known {
        return Ok(view(row.id.into(), &appeal(row)?));
    }
    let against = note(conn, tools, teen, &standing.facts).await?;
    let (id, opened): (AgeAppealId, _) = (tools.world.id(), Appeal::open(against, side, by, claims, tools.world.now()));
    diesel::insert_into(age_appeals::table)
        .values((
            age_appeals::id.eq(id.uuid()),
            age_appeals::teen_id.eq(teen.uuid()),
            age_appeals::against.eq(against.uuid()),
            age_appeals::side.eq(side.as_str()),
            age_appeals::opened_by.eq(by.uuid()),
            age_appeals::opened_at.eq(opened.opened_at.to_diesel()),
            age_appeals::claims.eq(claims.as_str()),
            age_appeals::state.eq(opened.state.as_str()),
        ))
        .execute(conn)
        .await?;
    audit::record(conn, tools, Deed::new(by, "age.appealed").teen(teen).subject(id.uuid())).await?;
    Ok(view(id, &opened))
}

/// Whoever opened an objection takes it back; of anybody else's, and of one that was answered, nobody hears more than that it is not here.
async fn take_back(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    by: AccountId,
    id: AgeAppealId,
) -> Result<(), StoreError> {
    lock(conn, teen).await?;
    let of_teen = age_appeals::table.find(id.uuid()).filter(age_appeals::teen_id.eq(teen.uuid()));
    let opened = appeal(of_teen.first(conn).await?)?;
    let withdrawn = opened.after(AppealMove::Withdraw { by }).map_err(|_| StoreError::NotFound)?;
    diesel::update(age_appeals::table.find(id.uuid()))
        .set(age_appeals::state.eq(withdrawn.state.as_str()))
        .execute(conn)
        .await?;
    audit::record(conn, tools, Deed::new(by, "age.appeal_withdrawn").teen(teen).subject(id.uuid())).await
}

async fn lock(conn: &mut AsyncPgConnection, teen: TeenId) -> Result<(), StoreError> {
    teens::table.find(teen.uuid()).select(teens::account_id).for_no_key_update().first::<Uuid>(conn).await?;
    Ok(())
}

fn appeal(row: Row) -> Result<Appeal, StoreError> {
    let broken = || StoreError::Corrupt("an appeal".to_owned());
    let kept = row.answer.map(serde_json::from_value::<KeptAnswer>).transpose()?;
    Ok(Appeal {
        against: row.against.into(),
        side: Side::from_word(&row.side).ok_or_else(broken)?,
        opened_by: row.opened_by.into(),
        opened_at: row.opened_at.to_jiff(),
        claims: band_of(&row.claims)?,
        state: AppealState::from_word(&row.state).ok_or_else(broken)?,
        answer: kept.map(|KeptAnswer { by, reason, wrong }| Answer { by, reason, wrong }),
    })
}

fn view(id: AgeAppealId, appeal: &Appeal) -> AppealView {
    AppealView {
        appeal_id: id,
        side: appeal.side,
        claims: appeal.claims,
        state: appeal.state,
        opened_at: appeal.opened_at,
        due_at: appeal.due_at(),
        routes: appeal.routes().to_vec(),
        reason: appeal.answer.as_ref().map(|answer| answer.reason.clone()),
    }
}

//! Objections to an age: opened by the teen or a guardian, answered by an operator who signs, with reasons.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{AgeView, band_of, note, signals};
use crate::{
    domain::{
        age::{AgeBand, AgeSignal, Answer, Appeal, AppealMove, AppealState, Judge, Route, Side},
        ids::{AccountId, AgeAppealId, AgeSignalId, TeenId},
    },
    store::{
        Store, StoreError, Tools,
        audit::{self, Deed},
        due::{self, Done},
        kinship::{GuardianOf, TeenSelf},
        operators::Operator,
        policies::{self, Origin, Standing},
        schema::{age_appeals, teens},
    },
};

/// An objection to an age, as both sides see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
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

/// How an operator answers.
#[derive(Clone, Debug)]
pub enum Objection {
    /// It was right: these signals count no more. None named: all that put the teen on the wrong side of the band that is claimed.
    Corrected(Vec<AgeSignalId>),
    /// It was not.
    Upheld,
}

#[derive(Serialize, Deserialize)]
struct KeptAnswer {
    by: Judge,
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
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = age_appeals::table
            .filter(age_appeals::teen_id.eq(teen.teen().uuid()))
            .order(age_appeals::id.desc())
            .limit(100)
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| Ok(view(row.id.into(), &appeal(row)?))).collect()
    }

    /// The objections that wait for an answer, the one that is due first in front.
    pub async fn open_age_appeals(&self) -> Result<Vec<AppealView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = age_appeals::table
            .filter(age_appeals::state.eq(AppealState::Open.as_str()))
            .order(age_appeals::opened_at)
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| Ok(view(row.id.into(), &appeal(row)?))).collect()
    }

    /// An operator answers, and what follows from it happens in the same instant.
    pub async fn answer_age_appeal(
        &self,
        id: AgeAppealId,
        answer: Objection,
        reason: String,
        by: Operator,
    ) -> Result<AppealView, StoreError> {
        let (teen, view, done) = self
            .write(move |conn, tools| {
                let (answer, reason, by) = (answer.clone(), reason.clone(), by.clone());
                async move { decide(conn, &tools, id, answer, reason, &by).await }.boxed()
            })
            .await?;
        if let Some(done) = done {
            self.tell(teen, &done);
        }
        Ok(view)
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

async fn decide(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    id: AgeAppealId,
    answer: Objection,
    reason: String,
    by: &Operator,
) -> Result<(TeenId, AppealView, Option<Done>), StoreError> {
    let row: Row = age_appeals::table.find(id.uuid()).for_update().first(conn).await?;
    let (teen, opened) = (TeenId::from(row.teen), appeal(row)?);
    lock(conn, teen).await?;
    let standing = policies::read(conn, tools, teen, None).await?;
    let agent = AccountId::from(by.operator().uuid());
    let answered = opened.clone().after(match answer {
        Objection::Upheld => AppealMove::Uphold { agent, reason },
        Objection::Corrected(named) => {
            let wrong = if named.is_empty() { in_the_way(tools, &standing, opened.claims) } else { named };
            AppealMove::Correct { by: Judge::Agent(agent), wrong, reason }
        }
    })?;
    write_answer(conn, tools, id, &answered).await?;
    let deed = Deed::command(Some(by), "age.appeal_answered").teen(teen).subject(id.uuid());
    audit::record(conn, tools, deed).await?;
    let done = withdraw(conn, tools, &standing, &answered).await?;
    Ok((teen, view(id, &answered), done))
}

/// The signals that count and by themselves put the teen into a band on the far side of the one that is claimed: with those that
/// agree with the claim, they led to the age that it objects to.
fn in_the_way(tools: &Tools, standing: &Standing, claims: AgeBand) -> Vec<AgeSignalId> {
    let (now, facts) = (tools.world.now(), &standing.facts);
    let side = facts.band(now).cmp(&claims);
    let misleads = |signal: &&AgeSignal| {
        let says = signal.birth(&facts.zone).band_on(facts.day(now));
        signal.is_live(now) && says != claims && says.cmp(&claims) == side
    };
    facts.signals.iter().filter(misleads).map(|signal| signal.id).collect()
}

/// Has the signals that were found wrong count no more, and brings what follows.
async fn withdraw(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    answered: &Appeal,
) -> Result<Option<Done>, StoreError> {
    let Some(Answer { wrong, .. }) = answered.answer.as_ref().filter(|it| !it.wrong.is_empty()) else {
        return Ok(None);
    };
    let (now, facts) = (tools.world.now(), &standing.facts);
    let before = AgeView::of(facts, now);
    for id in wrong {
        let signal = facts.signals.iter().find(|it| it.id == *id).ok_or(StoreError::NotFound)?;
        if signal.withdrawn_at.is_none() {
            signals::withdraw(conn, standing.teen, signal, now).await?;
        }
    }
    let standing = policies::read(conn, tools, standing.teen, None).await?;
    due::settle(conn, tools, &standing, &before, Origin::Operator).await.map(Some)
}

async fn write_answer(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    id: AgeAppealId,
    answered: &Appeal,
) -> Result<(), StoreError> {
    let kept = answered.answer.clone().map(|Answer { by, reason, wrong }| KeptAnswer { by, reason, wrong });
    diesel::update(age_appeals::table.find(id.uuid()))
        .set((
            age_appeals::state.eq(answered.state.as_str()),
            age_appeals::answer.eq(kept.map(serde_json::to_value).transpose()?),
            age_appeals::answered_at.eq(tools.world.now().to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(())
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

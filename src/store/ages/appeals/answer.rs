//! An operator answers and signs, and what follows from the answer happens in the same instant.

use diesel::{
    ExpressionMethods, QueryDsl,
    dsl::sql,
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;

use super::{AppealView, KeptAnswer, Row, appeal, lock, view};
use crate::{
    domain::{
        age::{AgeSignal, Answer, Appeal, AppealMove, AppealState, Correction},
        ids::{AgeAppealId, AgeSignalId, TeenId},
    },
    store::{
        Event, Store, StoreError, Tools,
        ages::signals,
        audit::{self, Deed},
        due::{self, Done},
        operators::Operator,
        policies::{self, Origin, Standing},
        schema::age_appeals,
    },
};

/// How an operator answers.
#[derive(Clone, Debug)]
pub enum Objection {
    /// It was right: these signals count no more. None named: all that put the teen on the wrong side of the band that is claimed.
    Corrected(Vec<AgeSignalId>),
    /// It was not.
    Upheld,
}

impl Store {
    /// An operator answers. A correction that would not bring the claimed band is refused.
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
        self.post(Event::AppealAnswered { teen, appeal: id });
        if let Some(done) = done {
            self.tell(teen, &done);
        }
        Ok(view)
    }

    /// One answered objection, for the notices of `sync`: it goes to sockets of this family only.
    pub async fn appeal_answered(&self, id: AgeAppealId) -> Result<AppealView, StoreError> {
        let mut conn = self.pool.get().await?;
        let row: Row =
            age_appeals::table.find(id.uuid()).filter(age_appeals::answer.is_not_null()).first(&mut conn).await?;
        Ok(view(id, &appeal(row)?))
    }
}

async fn decide(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    id: AgeAppealId,
    answer: Objection,
    reason: String,
    by: &Operator,
) -> Result<(TeenId, AppealView, Option<Done>), StoreError> {
    let of: Row = age_appeals::table.find(id.uuid()).first(conn).await?;
    let teen = TeenId::from(of.teen);
    // The teen's row first, as in every change of a teen.
    lock(conn, teen).await?;
    let opened = appeal(age_appeals::table.find(id.uuid()).for_update().first(conn).await?)?;
    let standing = policies::read(conn, tools, teen, None).await?;
    let by_id = by.operator();
    let (answered, instead) = match answer {
        Objection::Upheld => (opened.after(AppealMove::Uphold { by: by_id, reason })?, None),
        Objection::Corrected(named) => {
            let Correction { wrong, instead } = correction(tools, &standing, &opened, named)?;
            (opened.after(AppealMove::Correct { by: by_id, wrong, reason })?, instead)
        }
    };
    write(conn, tools, id, &answered).await?;
    let deed = Deed::command(Some(by), "age.appeal_answered").teen(teen).subject(id.uuid());
    audit::record(conn, tools, deed).await?;
    let done = match answered.state {
        AppealState::Corrected => Some(correct(conn, tools, &standing, &answered, instead).await?),
        _ => None,
    };
    Ok((teen, view(id, &answered), done))
}

/// What brings the band that is claimed. An objection that is closed needs none.
fn correction(
    tools: &Tools,
    standing: &Standing,
    opened: &Appeal,
    named: Vec<AgeSignalId>,
) -> Result<Correction, StoreError> {
    let (now, facts) = (tools.world.now(), &standing.facts);
    if opened.state != AppealState::Open {
        return Ok(Correction { wrong: named, instead: None });
    }
    if named.iter().any(|id| facts.signals.iter().all(|signal| signal.id != *id)) {
        return Err(StoreError::NotFound);
    }
    Ok(Correction::of(&facts.signals, opened.claims, named, tools.world.id(), (now, &facts.zone))?)
}

/// Has the signals that were found wrong count no more, keeps the new one, and brings what follows. What was kept from a band that
/// the teen never was in goes too.
async fn correct(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    answered: &Appeal,
    instead: Option<AgeSignal>,
) -> Result<Done, StoreError> {
    let (now, before) = (tools.world.now(), &standing.facts);
    let named = answered.answer.iter().flat_map(|Answer { wrong, .. }| wrong);
    let wrong: Vec<&AgeSignal> = named.filter_map(|id| before.signals.iter().find(|it| it.id == *id)).collect();
    for signal in wrong.iter().filter(|it| it.withdrawn_at.is_none()) {
        signals::withdraw(conn, standing.teen, signal, now).await?;
    }
    if let Some(signal) = instead {
        signals::keep(conn, standing.teen, &signal).await?;
    }
    let since: Timestamp = wrong.iter().map(|it| it.received_at).min().unwrap_or(now);
    let standing = policies::read(conn, tools, standing.teen, None).await?;
    due::settle(conn, tools, &standing, before, Origin::Operator, Some(since)).await
}

async fn write(
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
            age_appeals::answered_recorded_at.eq(sql::<Nullable<Timestamptz>>("clock_timestamp()")),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

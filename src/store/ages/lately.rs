//! What both sides should have been told of lately: for the sweep, because a hint can be lost and an operator's command gives none.

use diesel::{
    ExpressionMethods, NullableExpressionMethods, QueryDsl,
    dsl::sql,
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    domain::age::Stage,
    store::{
        Event, StoreError,
        schema::{age_appeals, teens, transition_notices},
        sweep::WINDOW,
    },
};

/// The events of the last thirty seconds, by the database's own clock.
pub(crate) async fn told_lately(conn: &mut AsyncPgConnection) -> Result<Vec<Event>, StoreError> {
    let since_or_null = || sql::<Nullable<Timestamptz>>(WINDOW);
    let announced: Vec<(Uuid, jiff_diesel::Date, String)> = transition_notices::table
        .filter(transition_notices::made_recorded_at.gt(sql::<Timestamptz>(WINDOW)))
        .select((transition_notices::teen_id, transition_notices::on_date, transition_notices::stage))
        .load(conn)
        .await?;
    let moved: Vec<(Uuid, jiff_diesel::Timestamp)> = teens::table
        .filter(teens::age_moved_recorded_at.gt(since_or_null()))
        .select((teens::account_id, teens::age_moved_recorded_at.assume_not_null()))
        .load(conn)
        .await?;
    let answered: Vec<(Uuid, Uuid)> = age_appeals::table
        .filter(age_appeals::answered_recorded_at.gt(since_or_null()))
        .select((age_appeals::teen_id, age_appeals::id))
        .load(conn)
        .await?;
    let mut events = Vec::with_capacity(announced.len() + moved.len() + answered.len());
    for (teen, on, stage) in announced {
        let stage = Stage::from_word(&stage).ok_or_else(|| StoreError::Corrupt("an unknown stage".to_owned()))?;
        events.push(Event::TransitionAnnounced { teen: teen.into(), on: on.to_jiff(), stage });
    }
    let answered =
        answered.into_iter().map(|(teen, id)| Event::AppealAnswered { teen: teen.into(), appeal: id.into() });
    events.extend(answered);
    events.extend(moved.into_iter().map(|(teen, at)| Event::AgeMoved { teen: teen.into(), at: at.to_jiff() }));
    Ok(events)
}

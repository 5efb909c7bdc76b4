//! What is known of a teen's age: what was said, what was decided, what was announced, what was objected to.
//!
//! The rules are `domain::age`'s. A decision is made anew each time from all that was said, so nothing here has to be kept
//! in step; the log of decisions is for people. The declared birth date stays sealed in `accounts` and becomes a signal when it
//! is read. No evidence ever comes this far. One thing here is as exact as a birth date: the day of a band change, in
//! `transition_notices.on_date` and, as an instant, in `teens.due_at`. Whoever reads those two can tell a birthday; scheduling and
//! announcing once need them, so the disk and the backups are to be encrypted like those of any personal data.

mod appeals;
mod forecast;
mod lately;
mod notices;
mod said;
mod signals;
mod views;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel;
use uuid::Uuid;

pub use self::{
    appeals::{AppealView, Objection, WaitingAppeal},
    forecast::Forecast,
    notices::{Announced, Told, TransitionView},
    said::{Said, Settled},
    views::{AgeView, SignalView, WaitingView},
};
pub(crate) use self::{
    lately::told_lately,
    notices::announce,
    signals::{declared, end_words_of, of_teen},
};
use super::{StoreError, Tools, schema::age_decisions};
use crate::domain::{
    age::{AgeBand, Level},
    ids::{AgeDecisionId, TeenId},
    policy::Facts,
};

/// The reason of a decision without any signal.
const NOTHING_KNOWN: &str = "nothing_known";

/// Notes what is decided now, if it is not what was noted last. The id is that of the newest decision.
pub(crate) async fn note(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    facts: &Facts,
) -> Result<AgeDecisionId, StoreError> {
    let now = tools.world.now();
    let decision = facts.age(now);
    let (band, level) = (facts.band(now), decision.as_ref().map_or(Level::Asserted, |it| it.level));
    let last: Option<(Uuid, String, String)> = age_decisions::table
        .filter(age_decisions::teen_id.eq(teen.uuid()))
        .order((age_decisions::decided_at.desc(), age_decisions::id.desc()))
        .select((age_decisions::id, age_decisions::band, age_decisions::level))
        .first(conn)
        .await
        .optional()?;
    if let Some((id, was_band, was_level)) = last
        && (was_band.as_str(), was_level.as_str()) == (band.as_str(), level.as_str())
    {
        return Ok(id.into());
    }
    let id: AgeDecisionId = tools.world.id();
    diesel::insert_into(age_decisions::table)
        .values((
            age_decisions::id.eq(id.uuid()),
            age_decisions::teen_id.eq(teen.uuid()),
            age_decisions::band.eq(band.as_str()),
            age_decisions::level.eq(level.as_str()),
            age_decisions::reason.eq(decision.map_or(NOTHING_KNOWN, |it| it.reason.as_str())),
            age_decisions::decided_at.eq(now.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(id)
}

/// A band's word from a table.
fn band_of(word: &str) -> Result<AgeBand, StoreError> {
    word.parse().map_err(|_| StoreError::Corrupt("an unknown age band".to_owned()))
}

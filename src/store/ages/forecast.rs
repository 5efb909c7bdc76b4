//! For operators: what birthdays until a day will do, without doing it.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use uuid::Uuid;

use crate::{
    domain::{
        age::AgeBand,
        controls::ControlId,
        ids::TeenId,
        policy::{at_age, diff, effective},
        value::Direction,
    },
    store::{
        Store, StoreError, Tools,
        policies::{self, Standing},
        schema::teens,
    },
};

/// Teens that are asked for at once.
const AT_ONCE: i64 = 1_000;

/// How many teens get into another band on a day, and what that changes for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// All teens that were looked at.
    pub teens: usize,
    /// Those of them whose policy could not be computed. The log says why.
    pub failed: usize,
    /// How many go from which band to which.
    pub moves: BTreeMap<(AgeBand, AgeBand), usize>,
    /// For how many a control changes, and in which direction.
    pub changes: BTreeMap<(ControlId, Direction), usize>,
}

impl Store {
    /// Computes every teen's policy at the last instant before a day and at its first, and counts how those differ who are in another
    /// band by then. So what else happens until that day is no effect of it.
    pub async fn forecast_ages(&self, on: Date) -> Result<Forecast, StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        let (mut forecast, mut last) = (Forecast::default(), Uuid::nil());
        loop {
            let some = teens::table.filter(teens::account_id.gt(last)).order(teens::account_id).limit(AT_ONCE);
            let ids: Vec<Uuid> = some.select(teens::account_id).load(&mut conn).await?;
            let Some(newest) = ids.last() else { return Ok(forecast) };
            last = *newest;
            for teen in ids {
                forecast.teens += 1;
                match policies::read(&mut conn, &tools, TeenId::from(teen), None).await {
                    Ok(standing) => forecast.count(&tools, &standing, on),
                    Err(error @ (StoreError::Unavailable(_) | StoreError::Interrupted)) => return Err(error),
                    Err(error) => {
                        tracing::error!(%error, %teen, "a policy could not be computed; the forecast goes on without it");
                        forecast.failed += 1;
                    }
                }
            }
        }
    }
}

impl Forecast {
    fn count(&mut self, tools: &Tools, standing: &Standing, on: Date) {
        let (registry, rules, facts) = (&tools.registry, &standing.book.rules, &standing.facts);
        let Some((eve, start)) = facts.midnight(on) else { return };
        let (before, after) = (facts.band(eve), facts.band(start));
        if before == after {
            return;
        }
        *self.moves.entry((before, after)).or_default() += 1;
        let held = at_age(registry, &standing.layers, standing.computed_for.unwrap_or(before), before, eve);
        let comes = at_age(registry, &held, before, after, start);
        let of = |layers, at| effective(&facts.at(registry, rules, layers, at));
        for change in diff(registry, &of(&held, eve), &of(&comes, start)) {
            *self.changes.entry((change.control, change.direction)).or_default() += 1;
        }
    }
}

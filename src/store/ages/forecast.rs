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
    store::{Store, StoreError, policies, schema::teens},
};

/// Teens that are asked for at once.
const AT_ONCE: i64 = 1_000;

/// How many teens are in another band on a day than now, and what is different for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    /// All teens that were looked at.
    pub teens: usize,
    /// How many go from which band to which.
    pub moves: BTreeMap<(AgeBand, AgeBand), usize>,
    /// For how many a control changes, and in which direction.
    pub changes: BTreeMap<(ControlId, Direction), usize>,
}

impl Store {
    /// Computes every teen's policy now and at the first instant of a day, and counts how those differ who are in another band.
    pub async fn forecast_ages(&self, on: Date) -> Result<Forecast, StoreError> {
        let (tools, now) = (self.tools(), self.world.now());
        let mut conn = self.pool.get().await?;
        let (mut forecast, mut last) = (Forecast::default(), Uuid::nil());
        loop {
            let some = teens::table.filter(teens::account_id.gt(last)).order(teens::account_id).limit(AT_ONCE);
            let ids: Vec<Uuid> = some.select(teens::account_id).load(&mut conn).await?;
            let Some(newest) = ids.last() else { return Ok(forecast) };
            last = *newest;
            for teen in ids {
                let standing = policies::read(&mut conn, &tools, TeenId::from(teen), None).await?;
                let (facts, rules) = (&standing.facts, &standing.book.rules);
                forecast.teens += 1;
                let Some(then) = facts.start_of(on).filter(|then| *then > now) else { continue };
                let (before, after) = (facts.band(now), facts.band(then));
                if before == after {
                    continue;
                }
                *forecast.moves.entry((before, after)).or_default() += 1;
                let layers = at_age(&tools.registry, &standing.layers, before, after, then);
                let held = effective(&standing.situation(&tools, now));
                let comes = effective(&facts.at(&tools.registry, rules, &layers, then));
                for change in diff(&tools.registry, &held, &comes) {
                    *forecast.changes.entry((change.control, change.direction)).or_default() += 1;
                }
            }
        }
    }
}

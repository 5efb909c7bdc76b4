//! Rounds: everybody in some places is to be looked at again, because other rules hold or the program has other controls.
//!
//! A round makes teens due in batches, in the order of their ids, and only when nobody is due otherwise: a grant that ends or a
//! birthday never waits for more than one batch, however many an import reaches, and nobody waits for a lock on all of them. How far
//! it has come is a row, so whoever comes next goes on from there. Who signs up after the round began follows the new rules already,
//! and is looked at once for nothing.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff_diesel::ToDiesel;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{patient, within};
use crate::{
    domain::law::Reach,
    store::{
        Store, StoreError, Tools,
        schema::{accounts, rounds, teens},
    },
};

/// Starts a round, in the transaction of what it follows from.
pub(in crate::store) async fn begin_round(conn: &mut AsyncPgConnection, reach: &Reach) -> Result<(), StoreError> {
    if !reach.is_nowhere() {
        let round = (rounds::reach.eq(serde_json::to_value(reach)?), rounds::after.eq(Uuid::nil()));
        diesel::insert_into(rounds::table).values(round).execute(conn).await?;
    }
    Ok(())
}

/// How many teens the rounds have still to make due.
pub(in crate::store) async fn not_yet_due(
    conn: &mut AsyncPgConnection,
    now: jiff_diesel::Timestamp,
) -> Result<i64, StoreError> {
    let mut count = 0;
    for (_, reach, after) in rounds::table.load::<(i64, Json, Uuid)>(conn).await? {
        let reach: Reach = serde_json::from_value(reach)?;
        let there = teens::table.inner_join(accounts::table).filter(within(&reach)).filter(teens::account_id.gt(after));
        let there = there.filter(teens::due_at.is_null().or(teens::due_at.gt(now)));
        count += there.count().get_result::<i64>(conn).await?;
    }
    Ok(count)
}

impl Store {
    /// Makes the next teens of the oldest round due, at most `most`; 0 where there is no round, or another node is at it.
    pub(in crate::store) async fn go_round(&self, most: i64) -> Result<usize, StoreError> {
        self.write(move |conn, tools| async move { go_round(conn, &tools, most).await }.boxed()).await
    }
}

async fn go_round(conn: &mut AsyncPgConnection, tools: &Tools, most: i64) -> Result<usize, StoreError> {
    let oldest = rounds::table.order(rounds::id).limit(1).for_update().skip_locked();
    let Some((round, reach, after)) = oldest.first::<(i64, Json, Uuid)>(conn).await.optional()? else { return Ok(0) };
    patient(conn).await?;
    let reach: Reach = serde_json::from_value(reach)?;
    let there = teens::table.inner_join(accounts::table).filter(within(&reach)).filter(teens::account_id.gt(after));
    let next: Vec<Uuid> = there.order(teens::account_id).limit(most).select(teens::account_id).load(conn).await?;
    match next.last() {
        Some(last) if i64::try_from(next.len()) == Ok(most) => {
            diesel::update(rounds::table.find(round)).set(rounds::after.eq(last)).execute(conn).await?
        }
        _ => diesel::delete(rounds::table.find(round)).execute(conn).await?,
    };
    let due = teens::due_at.eq(tools.world.now().to_diesel());
    Ok(diesel::update(teens::table.filter(teens::account_id.eq_any(&next))).set(due).execute(conn).await?)
}

//! What decisions about teens are made on: the newest revision, and what is known of the teen beside it.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl,
    dsl::{exists, sql},
    expression::SqlLiteral,
    sql_types::{Bool, Jsonb},
};
use diesel_async::RunQueryDsl;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{
    Store, StoreError, policies,
    prepared::{Prepared, among},
    schema::{pairings, policy_revisions, teens},
};
use crate::domain::{
    decision::Grounds,
    ids::TeenId,
    pairing::PairingState,
    policy::{Policy, TimeGrant},
};

type GroundsRow = (Uuid, i64, String, String, i16, Json, Json, bool, bool);

impl Store {
    /// The grounds of these teens, in one query. Whoever is no teen is left out. `sync` may read any: it keeps them for those
    /// who have the proof that decisions ask for.
    pub async fn grounds(&self, of: &[TeenId]) -> Result<Vec<(TeenId, Grounds)>, StoreError> {
        let ids: Vec<Uuid> = of.iter().map(|teen| teen.uuid()).collect();
        let mut conn = self.pool.get().await?;
        let of = grounds_query().filter(among(teens::account_id, ids));
        let rows: Vec<GroundsRow> = Prepared(of).load(&mut conn).await?;
        Ok(rows.into_iter().map(|row| self.made_of(row)).collect())
    }

    fn made_of(&self, row: GroundsRow) -> (TeenId, Grounds) {
        let (teen, revision, controls, home_zone, day_start_minute, former, given, paired, consented) = row;
        let teen = TeenId::from(teen);
        // One row that cannot be read must not take the answers of others along; for this teen it means no.
        let unreadable = |error| tracing::error!(%error, %teen, revision, "a policy cannot be read");
        let policy = Policy::from_json(&self.registry, &controls).map_err(unreadable).ok();
        let calendar = policies::calendar(&home_zone, day_start_minute, former);
        let given: Vec<TimeGrant> = serde_json::from_value(given)
            .inspect_err(|error| tracing::error!(%error, %teen, "minutes that were given cannot be read"))
            .unwrap_or_default();
        let gifts = given.into_iter().filter(|it| it.item.is_none()).map(|it| (it.day, it.minutes)).collect();
        (teen, Grounds { revision, policy, calendar, gifts, paired, consented })
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn grounds_query() -> _ {
    let newest = policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision));
    let active: &'static str = PairingState::Active.as_str();
    let of_teen = pairings::table.filter(pairings::teen_id.eq(teens::account_id)).filter(pairings::state.eq(active));
    let consented: SqlLiteral<Bool> = sql::<Bool>("coalesce(jsonb_array_length(teens.settings -> 'verified'), 0) > 0");
    let given: SqlLiteral<Jsonb> = sql::<Jsonb>("coalesce(teens.settings -> 'time_grants', '[]')");
    teens::table.inner_join(policy_revisions::table.on(newest)).select((
        teens::account_id,
        teens::revision,
        policy_revisions::controls,
        policy_revisions::home_zone,
        policy_revisions::day_start_minute,
        teens::former_homes,
        given,
        exists(of_teen),
        consented,
    ))
}

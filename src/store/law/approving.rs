//! Approving a set of rules: from then on it holds, and everybody whom it can touch is looked at again.
//!
//! It is one transaction. First it says which version holds, which waits for everybody who is making a teen by the version
//! before; then it has the teens looked at. Where a guardian's change was planned by the version before and is committed later, it
//! finds its teen due at another time than it read (`policies::commit`) and is planned again.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, dsl::max};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Refusal, digest, of_version, patient, proposing::lives, within};
use crate::{
    domain::law::{Comparison, LawFile, RuleBook, compare},
    store::{
        Store, StoreError, Tools,
        audit::{self, Deed},
        operators::Operator,
        schema::{accounts, installation, rule_sets, teens},
    },
};

/// What an approval set going.
#[derive(Debug)]
pub struct Approved {
    /// The version that holds from now on.
    pub version: i64,
    /// What differs from the version that held before.
    pub comparison: Comparison,
    /// How many teens are looked at again.
    pub teens: usize,
    /// Since when, by the database's clock: what they get is recorded later.
    pub since: Timestamp,
}

#[derive(Queryable)]
struct Waiting {
    files: Json,
    sha256: String,
    based_on: i64,
    proposed_by: Option<Uuid>,
    approved_at: Option<jiff_diesel::Timestamp>,
}

impl Store {
    /// Lets a proposed set hold. Whoever approves it must be another operator than the one who proposed it.
    pub async fn approve_rules(&self, version: i64, by: Operator) -> Result<Result<Approved, Refusal>, StoreError> {
        self.write(move |conn, tools| {
            let by = by.clone();
            async move { approve(conn, &tools, version, &by).await }.boxed()
        })
        .await
    }
}

async fn approve(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    version: i64,
    by: &Operator,
) -> Result<Result<Approved, Refusal>, StoreError> {
    patient(conn).await?;
    let holds: i64 = installation::table.select(installation::rules_version).for_update().first(conn).await?;
    let files = match fit(conn, version, holds, by).await? {
        Ok(files) => files,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let book = match RuleBook::parse(&tools.registry, &files) {
        Ok(book) => book,
        Err(error) => return Ok(Err(error.into())),
    };
    let comparison = compare(&tools.registry, &of_version(conn, tools, holds).await?.rules, &book);
    let now = tools.world.now().to_diesel();
    diesel::update(installation::table).set(installation::rules_version.eq(version)).execute(conn).await?;
    diesel::update(rule_sets::table.find(version))
        .set((rule_sets::approved_by.eq(by.operator().uuid()), rule_sets::approved_at.eq(now)))
        .execute(conn)
        .await?;
    let since = diesel::select(clock_timestamp()).get_result::<jiff_diesel::Timestamp>(conn).await?;
    let reached = accounts::table.filter(within(&comparison.reach()));
    let teens = diesel::update(teens::table.filter(teens::account_id.eq_any(reached.select(accounts::id))))
        .set(teens::due_at.eq(now))
        .execute(conn)
        .await?;
    let detail = json!({"version": version, "instead_of": holds, "touched": comparison.touched, "teens": teens});
    audit::record(conn, tools, Deed::command(Some(by), "rules.approved").detail(detail)).await?;
    Ok(Ok(Approved { version, comparison, teens, since: since.to_jiff() }))
}

diesel::define_sql_function! {
    /// The database's clock, which goes on within a transaction.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

/// The files of a version, if this operator may approve it now.
async fn fit(
    conn: &mut AsyncPgConnection,
    version: i64,
    holds: i64,
    by: &Operator,
) -> Result<Result<Vec<LawFile>, Refusal>, StoreError> {
    let columns =
        (rule_sets::files, rule_sets::sha256, rule_sets::based_on, rule_sets::proposed_by, rule_sets::approved_at);
    let row = rule_sets::table.find(version).select(columns).first::<Waiting>(conn).await.optional()?;
    let Some(waiting) = row else { return Ok(Err(Refusal::NoSuchVersion(version))) };
    let newest: i64 = rule_sets::table.select(max(rule_sets::version)).first::<Option<i64>>(conn).await?.unwrap_or(0);
    let files: Vec<LawFile> = serde_json::from_value(waiting.files)?;
    let based_on = waiting.based_on;
    let refusals = [
        (waiting.approved_at.is_some(), Refusal::ApprovedBefore(version)),
        (!lives(conn, by).await?, Refusal::Revoked),
        (waiting.proposed_by == Some(by.operator().uuid()), Refusal::SamePerson),
        (based_on != holds, Refusal::Overtaken { version, based_on, holds }),
        (newest != version, Refusal::NotNewest { version, newest }),
        (digest(&files)? != waiting.sha256, Refusal::Altered(version)),
    ];
    let refusal = refusals.into_iter().find_map(|(refused, why)| refused.then_some(why));
    Ok(refusal.map_or(Ok(files), Err))
}

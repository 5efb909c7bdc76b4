//! Approving a set of rules: from then on it holds, and everybody whom it can touch is looked at again.
//!
//! What it will do is worked out before. Then one short transaction says which version holds, which waits for everybody who is
//! making a teen by the version before, and starts a round. Where a guardian's change was planned by the version before and is
//! committed later, either the round comes after it, or it finds its teen due at another time than it read (`policies::commit`) and
//! is planned again.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable, dsl::max};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{Refusal, begin_round, digest, proposing::lives};
use crate::{
    domain::law::{Comparison, LawFile, RuleBook, compare},
    store::{
        Store, StoreError, Tools,
        audit::{self, Deed},
        operators::Operator,
        schema::{installation, rule_sets},
    },
};

/// What an approval set going.
#[derive(Debug)]
pub struct Approved {
    /// The version that holds from now on.
    pub version: i64,
    /// What differs from the version that held before.
    pub comparison: Comparison,
    /// How many teens are looked at again, counted a moment before.
    pub teens: i64,
    /// Since when, by the database's clock: what they get is recorded later.
    pub since: Timestamp,
}

#[derive(Queryable)]
struct Waiting {
    files: Json,
    sha256: String,
    based_on: i64,
    proposed_by: Option<Uuid>,
    proposed_at: jiff_diesel::Timestamp,
    approved_at: Option<jiff_diesel::Timestamp>,
}

/// An approval that was worked out, for the version that held then.
#[derive(Clone)]
struct Worked {
    version: i64,
    comparison: Comparison,
    teens: i64,
}

impl Store {
    /// Lets a proposed set hold. Whoever approves it must be another operator than the one who proposed it, in office since before.
    pub async fn approve_rules(&self, version: i64, by: Operator) -> Result<Result<Approved, Refusal>, StoreError> {
        let comparison = match self.compared(version).await? {
            Ok(comparison) => comparison,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let teens = self.count_within(&comparison.reach()).await?;
        let worked = Worked { version, comparison, teens };
        self.write(move |conn, tools| {
            let (by, worked) = (by.clone(), worked.clone());
            async move { approve(conn, &tools, worked, &by).await }.boxed()
        })
        .await
    }

    /// How a version differs from the one that holds.
    async fn compared(&self, version: i64) -> Result<Result<Comparison, Refusal>, StoreError> {
        let Some(files) = self.rule_files(version).await? else { return Ok(Err(Refusal::NoSuchVersion(version))) };
        Ok(match RuleBook::parse(&self.registry, &files) {
            Ok(book) => Ok(self.compare_with_holding(&book).await?),
            Err(error) => Err(error.into()),
        })
    }

    /// How a set differs from the one that holds, and whom that reaches: everybody, where nobody can read what holds.
    pub async fn compare_with_holding(&self, book: &RuleBook) -> Result<Comparison, StoreError> {
        let holding = match self.rules().await {
            Err(StoreError::UnreadableRules { .. }) => {
                let touched = ["*".to_owned()].into();
                return Ok(Comparison { touched, ..compare(&self.registry, &RuleBook::default(), book) });
            }
            holding => holding?,
        };
        let mut comparison = compare(&self.registry, &holding.rules, book);
        comparison.touched.extend(holding.left_out.iter().map(|rule| rule.jurisdiction.clone()));
        Ok(comparison)
    }
}

async fn approve(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    Worked { version, comparison, teens }: Worked,
    by: &Operator,
) -> Result<Result<Approved, Refusal>, StoreError> {
    let holds: Option<i64> = installation::table.select(installation::rules_version).for_update().first(conn).await?;
    let holds = holds.ok_or(StoreError::NotFound)?;
    if let Err(refusal) = fit(conn, version, holds, by).await? {
        return Ok(Err(refusal));
    }
    diesel::update(rule_sets::table.find(version))
        .set((
            rule_sets::approved_by.eq(by.operator().uuid()),
            rule_sets::approved_at.eq(tools.world.now().to_diesel()),
        ))
        .execute(conn)
        .await?;
    diesel::update(installation::table).set(installation::rules_version.eq(version)).execute(conn).await?;
    let since = diesel::select(clock_timestamp()).get_result::<jiff_diesel::Timestamp>(conn).await?;
    begin_round(conn, &comparison.reach()).await?;
    let detail = json!({"version": version, "instead_of": holds, "touched": comparison.touched, "teens": teens});
    audit::record(conn, tools, Deed::command(Some(by), "rules.approved").detail(detail)).await?;
    Ok(Ok(Approved { version, comparison, teens, since: since.to_jiff() }))
}

diesel::define_sql_function! {
    /// The database's clock, which goes on within a transaction.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

/// Whether this operator may approve a version now.
async fn fit(
    conn: &mut AsyncPgConnection,
    version: i64,
    holds: i64,
    by: &Operator,
) -> Result<Result<(), Refusal>, StoreError> {
    let columns = (
        rule_sets::files,
        rule_sets::sha256,
        rule_sets::based_on,
        rule_sets::proposed_by,
        rule_sets::proposed_at,
        rule_sets::approved_at,
    );
    let row = rule_sets::table.find(version).select(columns).first::<Waiting>(conn).await.optional()?;
    let Some(waiting) = row else { return Ok(Err(Refusal::NoSuchVersion(version))) };
    let newest: i64 = rule_sets::table.select(max(rule_sets::version)).first::<Option<i64>>(conn).await?.unwrap_or(0);
    let files: Vec<LawFile> = serde_json::from_value(waiting.files)?;
    let based_on = waiting.based_on;
    let refusals = [
        (waiting.approved_at.is_some(), Refusal::ApprovedBefore(version)),
        (!lives(conn, by).await?, Refusal::Revoked),
        (waiting.proposed_by == Some(by.operator().uuid()), Refusal::SamePerson),
        (by.took_office_at() >= waiting.proposed_at.to_jiff(), Refusal::NewerThanProposal(version)),
        (based_on != holds, Refusal::Overtaken { version, based_on, holds }),
        (newest != version, Refusal::NotNewest { version, newest }),
        (digest(&files)? != waiting.sha256, Refusal::Altered(version)),
    ];
    let refusal = refusals.into_iter().find_map(|(refused, why)| refused.then_some(why));
    Ok(refusal.map_or(Ok(()), Err))
}

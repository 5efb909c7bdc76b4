//! Proposing a set of rules, and every reason why one is not taken.

use diesel::{
    ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, PgExpressionMethods, QueryDsl,
    dsl::{exists, max},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::tz::TimeZone;
use jiff_diesel::ToDiesel;
use serde_json::json;
use thiserror::Error;

use super::digest;
use crate::{
    domain::law::{Finding, LawError, LawFile, RuleBook, check},
    store::{
        Store, StoreError, Tools,
        audit::{self, Deed},
        operators::Operator,
        schema::{installation, operators, rule_sets},
    },
};

/// A set of rules that an operator wants to hold.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The files, by name.
    pub files: Vec<LawFile>,
    /// Why, for whoever approves it and for later.
    pub note: String,
    /// Whether it is proposed although it contradicts itself; for every contradiction the stricter rule counts.
    pub accept_contradictions: bool,
}

/// A set of rules that waits for another operator.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// Its number.
    pub version: i64,
    /// SHA-256 over its files, lower-case hex.
    pub sha256: String,
    /// What held when it was proposed.
    pub based_on: i64,
}

/// Why a set of rules was neither proposed nor approved. The words are for operators.
#[derive(Debug, Error)]
pub enum Refusal {
    /// Not rules, or not rules of this program.
    #[error("the rules cannot be read: {0}")]
    Unreadable(#[from] LawError),
    /// Nothing would change.
    #[error("this is version {0}, which holds")]
    Holds(i64),
    /// It was proposed before.
    #[error("this is version {0}, which waits for another operator: family-pairing rules approve {0}")]
    Waits(i64),
    /// One rule demands what another forbids.
    #[error("the rules contradict each other:\n{}\nwith --accept-contradictions the stricter rule counts", lines(.0))]
    Contradicts(Vec<Finding>),
    /// Nobody proposed it.
    #[error("there is no version {0}")]
    NoSuchVersion(i64),
    /// Somebody was faster.
    #[error("version {0} was approved before")]
    ApprovedBefore(i64),
    /// It was written against rules that do not hold any more.
    #[error("version {version} was written against version {based_on}, but version {holds} holds now: import it again")]
    Overtaken {
        /// What was to be approved.
        version: i64,
        /// What held then.
        based_on: i64,
        /// What holds now.
        holds: i64,
    },
    /// Another set was proposed later.
    #[error("version {newest} was proposed after version {version}; only the newest proposal can be approved")]
    NotNewest {
        /// What was to be approved.
        version: i64,
        /// What was proposed last.
        newest: i64,
    },
    /// Two people look at the law, not one twice.
    #[error("whoever proposed a set cannot approve it: another operator must")]
    SamePerson,
    /// Somebody who proposes a set could make an operator to approve it.
    #[error(
        "whoever approves a set was in office before it was proposed; you took office after version {0} was: it has to be proposed again"
    )]
    NewerThanProposal(i64),
    /// The operator was revoked in between.
    #[error("the operator was revoked")]
    Revoked,
    /// The stored files are not those that were proposed.
    #[error("the stored files of version {0} are not those that were proposed; do not approve it")]
    Altered(i64),
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("  {finding}")).collect::<Vec<_>>().join("\n")
}

impl Store {
    /// Proposes a set of rules as the next version. Nothing changes for anybody until another operator approves it.
    pub async fn propose_rules(
        &self,
        proposal: Proposal,
        by: Operator,
    ) -> Result<Result<Proposed, Refusal>, StoreError> {
        let book = match RuleBook::parse(&self.registry, &proposal.files) {
            Ok(book) => book,
            Err(error) => return Ok(Err(error.into())),
        };
        let today = self.world.now().to_zoned(TimeZone::UTC).date();
        let findings = check(&self.registry, &book, today);
        let contradictions: Vec<Finding> = findings.into_iter().filter(Finding::is_contradiction).collect();
        if !contradictions.is_empty() && !proposal.accept_contradictions {
            return Ok(Err(Refusal::Contradicts(contradictions)));
        }
        let draft = Draft::new(proposal, &contradictions)?;
        self.write(move |conn, tools| {
            let (draft, by) = (draft.clone(), by.clone());
            async move { draft.propose(conn, &tools, &by).await }.boxed()
        })
        .await
    }
}

/// A proposal that was read and judged.
#[derive(Clone)]
struct Draft {
    files: Vec<LawFile>,
    sha256: String,
    note: String,
    accepted: Vec<String>,
}

impl Draft {
    fn new(proposal: Proposal, contradictions: &[Finding]) -> Result<Self, StoreError> {
        let Proposal { mut files, note, .. } = proposal;
        files.sort();
        let accepted: Vec<String> = contradictions.iter().map(ToString::to_string).collect();
        let note = match accepted.as_slice() {
            [] => note,
            some => format!("{note} (accepted {})", some.join("; ")),
        };
        Ok(Self { sha256: digest(&files)?, files, note, accepted })
    }

    async fn propose(
        self,
        conn: &mut AsyncPgConnection,
        tools: &Tools,
        by: &Operator,
    ) -> Result<Result<Proposed, Refusal>, StoreError> {
        let holds = installation::table.select(installation::rules_version).for_update();
        let based_on = holds.first::<Option<i64>>(conn).await?.ok_or(StoreError::NotFound)?;
        if !lives(conn, by).await? {
            return Ok(Err(Refusal::Revoked));
        }
        let newest: i64 =
            rule_sets::table.select(max(rule_sets::version)).first::<Option<i64>>(conn).await?.unwrap_or(0);
        if digest_of(conn, based_on, based_on).await?.is_some_and(|sha256| sha256 == self.sha256) {
            return Ok(Err(Refusal::Holds(based_on)));
        }
        let same = digest_of(conn, newest, based_on).await?.is_some_and(|sha256| sha256 == self.sha256);
        if same && somebody_can_approve(conn, newest).await? {
            return Ok(Err(Refusal::Waits(newest)));
        }
        let version = newest + 1;
        diesel::insert_into(rule_sets::table)
            .values((
                rule_sets::version.eq(version),
                rule_sets::files.eq(serde_json::to_value(&self.files)?),
                rule_sets::sha256.eq(&self.sha256),
                rule_sets::note.eq(&self.note),
                rule_sets::based_on.eq(based_on),
                rule_sets::proposed_by.eq(by.operator().uuid()),
                rule_sets::proposed_at.eq(tools.world.now().to_diesel()),
            ))
            .execute(conn)
            .await?;
        let detail =
            json!({"version": version, "sha256": self.sha256, "based_on": based_on, "accepted": self.accepted});
        audit::record(conn, tools, Deed::command(Some(by), "rules.proposed").detail(detail)).await?;
        Ok(Ok(Proposed { version, sha256: self.sha256, based_on }))
    }
}

/// The digest of the version that holds, or of one that was written against it.
async fn digest_of(conn: &mut AsyncPgConnection, version: i64, holds: i64) -> Result<Option<String>, StoreError> {
    let row: Option<(String, i64)> =
        rule_sets::table.find(version).select((rule_sets::sha256, rule_sets::based_on)).first(conn).await.optional()?;
    Ok(row.filter(|(_, based_on)| version == holds || *based_on == holds).map(|(sha256, _)| sha256))
}

/// Whether anybody may approve a version: not its proposer, and in office since before it was proposed. Otherwise it has to be
/// proposed again.
async fn somebody_can_approve(conn: &mut AsyncPgConnection, version: i64) -> Result<bool, StoreError> {
    let before = rule_sets::table
        .find(version)
        .inner_join(operators::table.on(operators::took_office_at.lt(rule_sets::proposed_at.nullable())))
        .filter(operators::revoked_at.is_null())
        .filter(operators::id.nullable().is_distinct_from(rule_sets::proposed_by));
    Ok(diesel::select(exists(before)).get_result(conn).await?)
}

/// Whether an operator was not revoked; nobody can be until this transaction ends.
pub(in crate::store) async fn lives(conn: &mut AsyncPgConnection, operator: &Operator) -> Result<bool, StoreError> {
    let row = operators::table.find(operator.operator().uuid()).filter(operators::revoked_at.is_null());
    Ok(row.select(operators::name).for_share().first::<String>(conn).await.optional()?.is_some())
}

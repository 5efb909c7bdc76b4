//! Every set of rules that was ever proposed, and who signed for it.

use std::collections::BTreeMap;

use diesel::{OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    domain::law::LawFile,
    store::{
        Store, StoreError,
        schema::{installation, operators, rule_sets},
    },
};

/// A set of rules as it is listed.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// Its number.
    pub version: i64,
    /// Whether it is the one that holds.
    pub holds: bool,
    /// SHA-256 over its files, lower-case hex.
    pub sha256: String,
    /// Why it was proposed.
    pub note: String,
    /// What held when it was proposed; 0: nothing did.
    pub based_on: i64,
    /// Who proposed it.
    pub proposed: Signature,
    /// Who approved it, if anybody did.
    pub approved: Option<Signature>,
}

/// Who signed, and when.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The operator's name; nobody signs for what ships with the program.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
}

type Row =
    (i64, String, String, i64, Option<Uuid>, jiff_diesel::Timestamp, Option<Uuid>, Option<jiff_diesel::Timestamp>);

impl Store {
    /// Every set of rules, the oldest first.
    pub async fn rule_sets(&self) -> Result<Vec<RuleSet>, StoreError> {
        let mut conn = self.pool.get().await?;
        let names: Vec<(Uuid, String)> =
            operators::table.select((operators::id, operators::name)).load(&mut conn).await?;
        let names: BTreeMap<Uuid, String> = names.into_iter().collect();
        let holds: Option<i64> = installation::table.select(installation::rules_version).first(&mut conn).await?;
        let rows: Vec<Row> = rule_sets::table
            .order(rule_sets::version)
            .select((
                rule_sets::version,
                rule_sets::sha256,
                rule_sets::note,
                rule_sets::based_on,
                rule_sets::proposed_by,
                rule_sets::proposed_at,
                rule_sets::approved_by,
                rule_sets::approved_at,
            ))
            .load(&mut conn)
            .await?;
        let signature = |by: Option<Uuid>, at: jiff_diesel::Timestamp| {
            let by = by.and_then(|id| names.get(&id).cloned());
            Signature { by, at: at.to_jiff() }
        };
        let set = |(version, sha256, note, based_on, proposer, proposed_at, approver, approved_at): Row| RuleSet {
            version,
            holds: Some(version) == holds,
            sha256,
            note,
            based_on,
            proposed: signature(proposer, proposed_at),
            approved: approved_at.map(|at| signature(approver, at)),
        };
        Ok(rows.into_iter().map(set).collect())
    }

    /// The files of a version as they were proposed, if there is such a version.
    pub async fn rule_files(&self, version: i64) -> Result<Option<Vec<LawFile>>, StoreError> {
        let mut conn = self.pool.get().await?;
        let files: Option<Json> =
            rule_sets::table.find(version).select(rule_sets::files).first(&mut conn).await.optional()?;
        Ok(files.map(serde_json::from_value).transpose()?)
    }
}

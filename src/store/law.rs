//! Sets of rules: every one that was ever proposed, and which of them holds.
//!
//! The version that holds is one number in `installation`. Whoever reads a teen's standing reads it along, with the set's digest, so no
//! policy is ever planned by rules that do not hold any more; the parsed book is kept in memory.
//!
//! A new version takes two operators: one proposes it, another approves it. The approval is one short transaction that says which
//! version holds and starts a round (`rounds`), which has every teen whom it can touch looked at again. So a crash at any instant leaves
//! either nothing done or all of it to do, for whichever process comes next.

mod approving;
mod dry_run;
mod proposing;
mod rounds;
mod tally;
mod versions;

use std::sync::{Arc, PoisonError, RwLock};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, NullableExpressionMethods, QueryDsl, define_sql_function,
    sql_types,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff_diesel::ToDiesel;
use rust_embed::RustEmbed;
use serde_json::Value as Json;

pub(in crate::store) use self::proposing::lives;
pub(in crate::store) use self::rounds::{begin_round, not_yet_due};
pub use self::{
    approving::Approved,
    dry_run::{Directions, DryRun, Foreseen, InRegion, Question},
    proposing::{Proposal, Proposed, Refusal},
    versions::{RuleSet, Signature},
};
use super::{
    Store, StoreError, Tools,
    schema::{accounts, installation, rule_sets},
};
use crate::domain::{
    law::{LawFile, LeftOut, Reach, RuleBook},
    snapshot::sha256_hex,
};

define_sql_function! {
    /// The n-th part of a text between separators, counted from 1.
    fn split_part(text: sql_types::Text, separator: sql_types::Text, part: sql_types::Integer) -> sql_types::Text;
}
define_sql_function! {
    /// Sets a setting of the database, for this transaction alone if `local`.
    fn set_config(name: sql_types::Text, value: sql_types::Text, local: sql_types::Bool) -> sql_types::Text;
}

/// How long a statement about many teens may take, in milliseconds.
const LONG_MS: &str = "600000";

/// The rules that ship with the program: version 1 of every installation.
#[derive(RustEmbed)]
#[folder = "rules/"]
#[include = "*.toml"]
struct Shipped;

/// A set of rules and what names it: its number alone does not, for after a restore the same number may be given again.
#[derive(Debug, Default)]
pub struct Book {
    /// Its number; 0: none yet.
    pub version: i64,
    /// SHA-256 over its files, lower-case hex.
    pub sha256: String,
    /// The rules.
    pub rules: RuleBook,
    /// Those that are not among them, for this program has no such control.
    pub left_out: Vec<LeftOut>,
}

/// The book that was last read, shared by all of a process.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<RwLock<Arc<Book>>>);

impl Shelf {
    /// The book that was last read.
    pub(crate) fn book(&self) -> Arc<Book> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, book: Arc<Book>) {
        metrics::gauge!("family_pairing_rules_version").set(gauged(book.version));
        metrics::gauge!("family_pairing_rules_left_out").set(gauged(book.left_out.len()));
        for LeftOut { rule, control, .. } in &book.left_out {
            tracing::error!(%rule, %control, version = book.version, "a rule is left out, for this program has no such control");
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = book;
    }
}

impl Store {
    /// Makes the shipped rules version 1 in a new installation. The set that holds is not read: whoever has to replace one that
    /// cannot be read comes this way too.
    pub(crate) async fn begin_rules(&self) -> Result<(), StoreError> {
        self.write(|conn, tools| async move { begin(conn, &tools).await }.boxed()).await
    }

    /// The rules that hold.
    pub async fn rules(&self) -> Result<Arc<Book>, StoreError> {
        let mut conn = self.pool.get().await?;
        let holds = installation::table.inner_join(rule_sets::table).select((rule_sets::version, rule_sets::sha256));
        let (version, sha256): (i64, String) = holds.first(&mut conn).await?;
        let tools = self.tools(&conn);
        edition(&mut conn, &tools, version, &sha256).await
    }

    /// The number of the rules that hold, which may be such that nobody can read them.
    pub async fn rules_version(&self) -> Result<i64, StoreError> {
        let mut conn = self.pool.get().await?;
        let version: Option<i64> = installation::table.select(installation::rules_version).first(&mut conn).await?;
        version.ok_or(StoreError::NotFound)
    }
}

fn gauged(number: impl TryInto<u32>) -> f64 {
    number.try_into().map_or(f64::MAX, f64::from)
}

/// The book that holds now and goes on to hold until this transaction ends: an approval waits for it. For whoever makes a
/// teen, whom an approval that does not wait could neither see nor have looked at again.
pub(crate) async fn holding_on(conn: &mut AsyncPgConnection, tools: &Tools) -> Result<Arc<Book>, StoreError> {
    // Lock first, then read: a join that waits would look for the set with the number that it saw before it waited.
    let version: Option<i64> = installation::table.select(installation::rules_version).for_share().first(conn).await?;
    let set = rule_sets::table.filter(rule_sets::version.nullable().eq(version));
    let (version, sha256): (i64, String) = set.select((rule_sets::version, rule_sets::sha256)).first(conn).await?;
    edition(conn, tools, version, &sha256).await
}

/// Whether an account is where a set of jurisdictions reaches: [`Reach::covers`], asked of the database.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn within(reach: &Reach) -> _ {
    let (countries, parts): (Vec<String>, Vec<String>) =
        (reach.countries.iter().cloned().collect(), reach.parts.iter().cloned().collect());
    let everywhere: bool = reach.everywhere;
    let country: split_part<accounts::region, &'static str, i32> = split_part(accounts::region, "-", 1);
    country.eq_any(countries).or(accounts::region.eq_any(parts)).or(everywhere.into_sql::<sql_types::Bool>())
}

/// Gives this transaction more time than a request has: it touches many rows, and nobody waits at a screen for it.
async fn patient(conn: &mut AsyncPgConnection) -> Result<(), StoreError> {
    for limit in ["statement_timeout", "lock_timeout"] {
        diesel::select(set_config(limit, LONG_MS, true)).execute(conn).await?;
    }
    Ok(())
}

/// A set by number and digest, from memory where it is the one that was last read.
pub(crate) async fn edition(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    version: i64,
    sha256: &str,
) -> Result<Arc<Book>, StoreError> {
    let known = tools.shelf.book();
    if known.version == version && known.sha256 == sha256 {
        return Ok(known);
    }
    let files: Json = rule_sets::table.find(version).select(rule_sets::files).first(conn).await?;
    let unreadable = |why: String| StoreError::UnreadableRules { version, why };
    let files: Vec<LawFile> = serde_json::from_value(files).map_err(|error| unreadable(error.to_string()))?;
    let (rules, left_out) =
        RuleBook::parse_stored(&tools.registry, &files).map_err(|error| unreadable(error.to_string()))?;
    let book = Arc::new(Book { version, sha256: sha256.to_owned(), rules, left_out });
    tools.shelf.put(book.clone());
    Ok(book)
}

/// Makes the shipped rules version 1, once.
async fn begin(conn: &mut AsyncPgConnection, tools: &Tools) -> Result<(), StoreError> {
    let known: Option<i64> = installation::table.select(installation::rules_version).for_update().first(conn).await?;
    if known.is_some() {
        return Ok(());
    }
    let files = shipped();
    RuleBook::parse(&tools.registry, &files).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let now = tools.world.now().to_diesel();
    diesel::insert_into(rule_sets::table)
        .values((
            rule_sets::version.eq(1),
            rule_sets::files.eq(serde_json::to_value(&files)?),
            rule_sets::sha256.eq(digest(&files)?),
            rule_sets::note.eq("shipped with the program"),
            rule_sets::based_on.eq(0),
            rule_sets::proposed_at.eq(now),
            rule_sets::approved_at.eq(now),
        ))
        .execute(conn)
        .await?;
    diesel::update(installation::table).set(installation::rules_version.eq(1)).execute(conn).await?;
    Ok(())
}

/// The files that ship with the program, by name.
pub fn shipped() -> Vec<LawFile> {
    let mut names: Vec<_> = Shipped::iter().collect();
    names.sort();
    let read = |name: std::borrow::Cow<'static, str>| {
        let file = Shipped::get(&name)?;
        Some(LawFile { text: String::from_utf8_lossy(&file.data).into_owned(), name: name.into_owned() })
    };
    names.into_iter().filter_map(read).collect()
}

/// SHA-256 over the files as they are stored, lower-case hex.
pub(crate) fn digest(files: &[LawFile]) -> Result<String, StoreError> {
    Ok(sha256_hex(&serde_json::to_vec(files)?))
}

//! Sets of rules: every one that was ever proposed, and which of them holds.
//!
//! The version that holds is one number in `installation`. Whoever reads a teen's standing reads it along, so no policy is ever
//! planned by rules that do not hold any more; the parsed book of that version is kept in memory.

use std::sync::{Arc, PoisonError, RwLock};

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff_diesel::ToDiesel;
use rust_embed::RustEmbed;
use serde_json::Value as Json;

use super::{
    Store, StoreError, Tools,
    schema::{installation, rule_sets},
};
use crate::domain::{
    law::{LawFile, RuleBook},
    snapshot::sha256_hex,
};

/// The rules that ship with the program: version 1 of every installation.
#[derive(RustEmbed)]
#[folder = "rules/"]
#[include = "*.toml"]
struct Shipped;

/// A set of rules and its number.
#[derive(Debug, Default)]
pub struct Book {
    /// Its number; 0: none yet.
    pub version: i64,
    /// The rules.
    pub rules: RuleBook,
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
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if shelf.version < book.version {
            *shelf = book;
        }
    }
}

impl Store {
    /// Reads the rules that hold, after making the shipped ones version 1 in a new installation.
    pub(crate) async fn take_up_rules(&self) -> Result<(), StoreError> {
        self.write(|conn, tools| {
            async move {
                begin(conn, &tools).await?;
                current(conn, &tools).await.map(drop)
            }
            .boxed()
        })
        .await
    }

    /// The rules that held when this process last looked.
    pub fn book(&self) -> Arc<Book> {
        self.shelf.book()
    }
}

/// The book that holds now.
pub(crate) async fn current(conn: &mut AsyncPgConnection, tools: &Tools) -> Result<Arc<Book>, StoreError> {
    let version: i64 = installation::table.select(installation::rules_version).first(conn).await?;
    of_version(conn, tools, version).await
}

/// The book of a version, from memory where it is the one that was last read.
pub(crate) async fn of_version(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    version: i64,
) -> Result<Arc<Book>, StoreError> {
    let known = tools.shelf.book();
    if known.version == version {
        return Ok(known);
    }
    let files: Json = rule_sets::table.find(version).select(rule_sets::files).first(conn).await?;
    let book = Arc::new(Book { version, rules: parse(tools, &serde_json::from_value::<Vec<LawFile>>(files)?)? });
    tools.shelf.put(book.clone());
    Ok(book)
}

/// Makes the shipped rules version 1, once.
pub(crate) async fn begin(conn: &mut AsyncPgConnection, tools: &Tools) -> Result<(), StoreError> {
    let version: i64 = installation::table.select(installation::rules_version).for_update().first(conn).await?;
    if version > 0 {
        return Ok(());
    }
    let files = shipped();
    parse(tools, &files)?;
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

pub(crate) fn parse(tools: &Tools, files: &[LawFile]) -> Result<RuleBook, StoreError> {
    RuleBook::parse(&tools.registry, files).map_err(|error| StoreError::Corrupt(error.to_string()))
}

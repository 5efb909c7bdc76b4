//! The tables as diesel sees them are the tables as they are, and every migration can be taken back.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use family_pairing::store::migrate;
use secrecy::SecretString;

use super::{Source, sources};
use crate::house::{database::Database, services::postgres_admin};

/// What Postgres calls diesel's types.
const TYPES: &[(&str, &str)] = &[
    ("Bool", "boolean"),
    ("BigInt", "bigint"),
    ("SmallInt", "smallint"),
    ("Integer", "integer"),
    ("Text", "text"),
    ("Array<Text>", "ARRAY"),
    ("Binary", "bytea"),
    ("Date", "date"),
    ("Timestamptz", "timestamp with time zone"),
    ("Uuid", "uuid"),
    ("Jsonb", "jsonb"),
];

/// `table.column type null?` for each column of schema.rs.
fn on_paper() -> BTreeSet<String> {
    let files: Vec<Source> = sources("src/store").into_iter().filter(|file| file.path.contains("/schema")).collect();
    let mut columns = BTreeSet::new();
    let mut table = String::new();
    for line in files.iter().flat_map(|file| file.code.lines()).map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name.to_owned();
        }
        let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ").filter(|_| !line.contains('!')) else {
            continue;
        };
        let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
        let (_, name) = TYPES.iter().find(|(name, _)| *name == inner.unwrap_or(kind)).expect(kind);
        columns.insert(format!("{table}.{column} {name} {}", if inner.is_some() { "null" } else { "not null" }));
    }
    columns
}

/// The schema file and a migrated database agree in every column.
#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_what_the_migrations_make() {
    let database = Database::fresh(&postgres_admin()).await;
    let rows = database
        .client()
        .await
        .query(
            "select table_name || '.' || column_name || ' ' || data_type || case is_nullable when 'YES' then ' null' else ' not null' end
             from information_schema.columns where table_schema = 'public' and table_name not like '\\_\\_diesel%'",
            &[],
        )
        .await
        .expect("columns");
    let real: BTreeSet<String> = rows.iter().map(|row| row.get::<_, String>(0)).collect();
    assert_eq!(on_paper(), real);
}

/// Every migration can be taken back and run again, and leaves the same tables.
#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_up_and_down_and_up() {
    let database = Database::bare(&postgres_admin()).await;
    let url = SecretString::from(database.url.clone());
    let ran = migrate::up(&url).await.expect("up");
    assert!(!ran.is_empty());
    let first = dump(&database.url);
    assert_eq!(migrate::down(&url).await.expect("down"), ran.len());
    let left = "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relname not like '\\_\\_diesel%'";
    assert_eq!(database.count(left, &[]).await, 0, "nothing is left of the tables");
    let functions =
        "select count(*) from pg_proc where pronamespace = 'public'::regnamespace and proname not like 'diesel%'";
    assert_eq!(database.count(functions, &[]).await, 0, "nor of the functions");
    migrate::up(&url).await.expect("up again");
    assert_eq!(dump(&database.url), first);
    assert_eq!(migrate::pending(&url).await.expect("pending"), 0);
}

/// The definitions of everything in a database.
fn dump(url: &str) -> String {
    let output = Command::new(pg_dump()).args(["--schema-only", "--no-owner", url]).output().expect("pg_dump runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    // Each dump has a random word of its own against injected commands.
    let lines = text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The newest installed pg_dump; the one on the path may be older than the server.
fn pg_dump() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        installed.map(|entry| entry.path().join("bin/pg_dump")).filter(|p| p.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from("pg_dump"))
}

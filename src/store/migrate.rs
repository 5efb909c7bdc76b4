//! The tables: brought to where this program needs them, by command and never by a serving node.

use diesel::migration::{Migration, MigrationSource};
use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::{ExposeSecret, SecretString};

use super::StoreError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// How many migrations the database still lacks.
pub async fn pending(url: &SecretString) -> Result<usize, StoreError> {
    with_harness(url, |harness| Ok(harness.pending_migrations(MIGRATIONS).map_err(broken)?.len())).await
}

/// Runs what is lacking and says what it was.
pub async fn up(url: &SecretString) -> Result<Vec<String>, StoreError> {
    with_harness(url, |harness| {
        let ran = harness.run_pending_migrations(MIGRATIONS).map_err(broken)?;
        Ok(ran.iter().map(ToString::to_string).collect())
    })
    .await
}

/// Takes every migration back, newest first. For the test that `down.sql` is right.
pub async fn down(url: &SecretString) -> Result<usize, StoreError> {
    with_harness(url, |harness| Ok(harness.revert_all_migrations(MIGRATIONS).map_err(broken)?.len())).await
}

/// A name that changes with any migration, for template databases of tests.
pub fn fingerprint() -> Result<String, StoreError> {
    let all: Vec<Box<dyn Migration<diesel::pg::Pg>>> = MIGRATIONS.migrations().map_err(broken)?;
    let names: Vec<String> = all.iter().map(|migration| migration.name().to_string()).collect();
    Ok(names.join(","))
}

async fn with_harness<T>(
    url: &SecretString,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let connection = AsyncPgConnection::establish(url.expose_secret())
        .await
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let mut harness = AsyncMigrationHarness::new(connection);
    work(&mut harness)
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

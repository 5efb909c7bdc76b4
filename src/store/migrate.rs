//! The tables: brought to where this program needs them, by command and never by a serving node.

use diesel::migration::{Migration, MigrationSource};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::SecretString;

use super::{StoreError, pool::primaries};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// How many migrations the database still lacks; of several that take writes, the one that lacks most.
pub async fn pending(url: &SecretString) -> Result<usize, StoreError> {
    let mut most = 0;
    for connection in primaries(url).await? {
        let lacking = AsyncMigrationHarness::new(connection).pending_migrations(MIGRATIONS).map_err(broken)?;
        most = most.max(lacking.len());
    }
    Ok(most)
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
    let mut primaries = primaries(url).await?;
    let (Some(connection), true) = (primaries.pop(), primaries.is_empty()) else {
        let why = "several of the hosts take writes: stop the one that was left behind, then migrate";
        return Err(StoreError::Unavailable(why.to_owned()));
    };
    let mut harness = AsyncMigrationHarness::new(connection);
    work(&mut harness)
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

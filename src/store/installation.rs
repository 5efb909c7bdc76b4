//! What is true of the whole installation: its epoch and its signing keys.
//!
//! The epoch is how a device can tell that the database went back in time. It grows by itself when the database's
//! identity changes: another system identifier or database (a dump restored elsewhere, or beside) or another timeline
//! (point-in-time recovery, promotion). It is never stored with a revision but attached when a snapshot is encoded: otherwise a writer that read the
//! old epoch just before it grew would commit a revision that devices must ignore.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;

use super::{
    Store, StoreError, Tools,
    schema::{installation, signing_keys},
};
use crate::domain::{
    clock::World,
    snapshot::{PublicKey, SnapshotKey},
    vault::Place,
};

const SEED: &str = "signing_keys.seed_sealed";

#[derive(QueryableByName)]
struct Identity {
    #[diesel(sql_type = Text)]
    system_identifier: String,
    #[diesel(sql_type = BigInt)]
    timeline: i64,
}

/// The installation's epoch as this process knows it. Looked at on every new connection.
#[derive(Clone)]
pub(super) struct Epoch {
    known: Arc<AtomicI64>,
    world: World,
}

impl Epoch {
    /// Not known yet.
    pub(super) fn new(world: World) -> Self {
        Self { known: Arc::default(), world }
    }

    /// As last read; 0 before that.
    pub(super) fn get(&self) -> i64 {
        AtomicI64::load(&self.known, Ordering::Acquire)
    }

    /// Reads it, letting it grow if this database is not the one that it was. A database that was left behind is refused: a primary
    /// that comes back after its replica was promoted would take changes that nobody else has.
    pub(super) async fn look(&self, conn: &mut AsyncPgConnection) -> Result<i64, StoreError> {
        let epoch = current_epoch(conn, &self.world, self.get()).await?;
        let before = self.known.fetch_max(epoch, Ordering::AcqRel);
        if epoch < before {
            tracing::error!(before, epoch, "a database answers that was left behind; it is not used");
            return Err(StoreError::left_behind(epoch));
        }
        if before != 0 && before < epoch {
            tracing::warn!(
                before,
                epoch,
                "the database came back from elsewhere: epoch grew, every device will get a snapshot"
            );
        }
        Ok(epoch)
    }
}

/// The key that signs snapshots, and what the world may know of it.
pub struct SigningKey {
    /// Signs.
    pub key: SnapshotKey,
    public: PublicKey,
}

impl Store {
    /// Looks for a newer database at every host that `DATABASE_URL` names. Connections that are open lead to an old primary for as long as
    /// that lives; once a newer one is known, they are used no more.
    pub async fn look_for_newer(&self) {
        self.pool.look_everywhere().await;
    }

    /// The epoch, grown if the database is not the one that it was.
    pub async fn refresh_epoch(&self) -> Result<i64, StoreError> {
        let mut conn = self.pool.get().await?;
        self.epoch.look(&mut conn).await
    }

    /// Every public key, newest first: snapshots of an earlier key may still be on their way.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        public_keys(&mut conn, &tools).await
    }

    /// The installation's signing key: from `seed` if the operator gave one, else the stored one, else a new one.
    /// Nodes that start at once agree, because the first insert wins and all read it back.
    pub async fn signing_key(&self, seed: Option<[u8; 32]>) -> Result<SigningKey, StoreError> {
        self.write(move |conn, tools| async move { signing_key(conn, &tools, seed).await }.boxed()).await
    }
}

async fn public_keys(conn: &mut AsyncPgConnection, tools: &Tools) -> Result<Vec<PublicKey>, StoreError> {
    let seeds = seeds(conn, tools).await?;
    Ok(seeds.iter().map(|(seed, not_before)| with_public(seed, *not_before).public).collect())
}

/// `known`: the newest that this process has seen. A database that is new takes a greater one, or it would be refused for ever.
async fn current_epoch(conn: &mut AsyncPgConnection, world: &World, known: i64) -> Result<i64, StoreError> {
    let now = identity(conn).await?;
    let stored: Option<(i64, String, i64)> = installation::table
        .select((installation::epoch, installation::system_identifier, installation::timeline))
        .first(conn)
        .await
        .optional()?;
    match stored {
        Some((epoch, system, timeline)) if now.system_identifier == system && now.timeline == timeline => Ok(epoch),
        // Two restores of one backup must not reuse a number, so the clock has a say.
        Some((epoch, ..)) => grow(conn, world, &now, epoch, (epoch.max(known) + 1).max(world.now().as_second())).await,
        None => begin(conn, &now).await,
    }
}

async fn identity(conn: &mut AsyncPgConnection) -> Result<Identity, StoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a fixed statement without parameters; no table stands behind these functions"
    )]
    let query = diesel::sql_query(
        // A promoted replica names its new timeline as the end of its recovery until its first checkpoint is done, which may take minutes.
        "select s.system_identifier || '/' || d.oid as system_identifier, \
           greatest(c.timeline_id, r.min_recovery_end_timeline)::bigint as timeline \
         from pg_control_system() s, pg_control_checkpoint() c, pg_control_recovery() r, pg_database d \
         where d.datname = current_database()",
    );
    Ok(query.get_result(conn).await?)
}

async fn grow(
    conn: &mut AsyncPgConnection,
    world: &World,
    now: &Identity,
    from: i64,
    to: i64,
) -> Result<i64, StoreError> {
    diesel::update(installation::table.filter(installation::epoch.eq(from)))
        .set((
            installation::epoch.eq(to),
            installation::epoch_since.eq(world.now().to_diesel()),
            installation::system_identifier.eq(&now.system_identifier),
            installation::timeline.eq(now.timeline),
        ))
        .execute(conn)
        .await?;
    Ok(installation::table.select(installation::epoch).first(conn).await?)
}

async fn begin(conn: &mut AsyncPgConnection, now: &Identity) -> Result<i64, StoreError> {
    diesel::insert_into(installation::table)
        .values((
            installation::only_row.eq(true),
            installation::epoch.eq(1),
            installation::system_identifier.eq(&now.system_identifier),
            installation::timeline.eq(now.timeline),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(installation::table.select(installation::epoch).first(conn).await?)
}

async fn signing_key(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    given: Option<[u8; 32]>,
) -> Result<SigningKey, StoreError> {
    // One node at a time: two that start first together must not make two keys.
    installation::table.select(installation::epoch).for_update().first::<i64>(conn).await?;
    if let Some((seed, not_before)) = seeds(conn, tools).await?.into_iter().next()
        && given.is_none_or(|given| given == seed)
    {
        return Ok(with_public(&seed, not_before));
    }
    let seed = given.unwrap_or_else(|| tools.world.bytes());
    let now = tools.world.now();
    let SigningKey { public, .. } = with_public(&seed, now);
    let place = Place { column: SEED, row: public.key_id.as_bytes() };
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::key_id.eq(&public.key_id),
            signing_keys::seed_sealed.eq(tools.vault.seal(place, tools.world.bytes(), &seed)?),
            signing_keys::not_before.eq(now.to_diesel()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(with_public(&seed, now))
}

/// Every key that was ever signed with, newest first.
async fn seeds(conn: &mut AsyncPgConnection, tools: &Tools) -> Result<Vec<([u8; 32], Timestamp)>, StoreError> {
    let rows: Vec<(String, Vec<u8>, jiff_diesel::Timestamp)> =
        signing_keys::table.order(signing_keys::not_before.desc()).load(conn).await?;
    let open = |(key_id, sealed, not_before): (String, Vec<u8>, jiff_diesel::Timestamp)| {
        let seed = tools.vault.open(Place { column: SEED, row: key_id.as_bytes() }, &sealed)?;
        let seed = seed.try_into().map_err(|_| StoreError::Corrupt("a signing key".to_owned()))?;
        Ok((seed, not_before.to_jiff()))
    };
    rows.into_iter().map(open).collect()
}

fn with_public(seed: &[u8; 32], not_before: Timestamp) -> SigningKey {
    let key = SnapshotKey::from_seed(seed);
    let public = key.public(not_before);
    SigningKey { key, public }
}

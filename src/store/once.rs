//! Idempotency keys: a request repeated with the same key and body gets the first one's answer, within the transaction.
//!
//! The answer is sealed, because some carry tokens. A second request that arrives while the first is running waits for it
//! on the primary key. Only successes are kept: a refused request may be tried again with the same key.

use std::time::Duration;

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Serialize, de::DeserializeOwned};

use super::{Store, StoreError, Tools, schema::idempotency};
use crate::domain::vault::Place;

/// Answers are kept this long.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Names one request: who, where and which key; and a hash of what it said.
#[derive(Clone, Debug)]
pub struct Once {
    /// MAC of principal, operation and key.
    pub scope: [u8; 32],
    /// Hash of the body.
    pub body: [u8; 32],
}

const COLUMN: &str = "idempotency.answer_sealed";

/// An answer that was given before, and when.
pub(crate) struct Before<T> {
    pub(crate) answer: T,
    pub(crate) at: Timestamp,
}

/// Claims the key. `None`: this is the first time (or there is no key), go on and call [`keep`] with the answer.
pub(crate) async fn claim<T: DeserializeOwned>(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    once: Option<&Once>,
) -> Result<Option<Before<T>>, StoreError> {
    let Some(once) = once else { return Ok(None) };
    let claimed = diesel::insert_into(idempotency::table)
        .values((
            idempotency::scope.eq(once.scope.as_slice()),
            idempotency::body_hash.eq(once.body.as_slice()),
            idempotency::created_at.eq(tools.world.now().to_diesel()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if claimed == 1 {
        return Ok(None);
    }
    match look(conn, tools, Some(once)).await? {
        Some(before) => Ok(Some(before)),
        // The other request was rolled back between our insert and our look.
        None => Err(StoreError::Unavailable("the first request with this key did not finish".to_owned())),
    }
}

/// The answer kept under the key, without claiming it.
pub(crate) async fn look<T: DeserializeOwned>(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    once: Option<&Once>,
) -> Result<Option<Before<T>>, StoreError> {
    let Some(once) = once else { return Ok(None) };
    let row: Option<(Vec<u8>, Option<Vec<u8>>, jiff_diesel::Timestamp)> = idempotency::table
        .find(once.scope.as_slice())
        .select((idempotency::body_hash, idempotency::answer_sealed, idempotency::created_at))
        .first(conn)
        .await
        .optional()?;
    let Some((body, sealed, at)) = row else { return Ok(None) };
    if body != once.body {
        return Err(StoreError::KeyReused);
    }
    let sealed = sealed.ok_or_else(|| StoreError::Corrupt("an answer was not kept".to_owned()))?;
    let answer = tools.vault.open(Place { column: COLUMN, row: &once.scope }, &sealed)?;
    Ok(Some(Before { answer: serde_json::from_slice(&answer)?, at: at.to_jiff() }))
}

/// An answer ready to be kept within a statement.
pub(crate) struct Sealed {
    pub(crate) scope: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) answer: Vec<u8>,
}

/// Seals an answer, if the request has a key.
pub(crate) fn sealed<T: Serialize>(
    tools: &Tools,
    once: Option<&Once>,
    answer: &T,
) -> Result<Option<Sealed>, StoreError> {
    let Some(once) = once else { return Ok(None) };
    let place = Place { column: COLUMN, row: &once.scope };
    let answer = tools.vault.seal(place, tools.world.bytes(), &serde_json::to_vec(answer)?)?;
    Ok(Some(Sealed { scope: once.scope.to_vec(), body: once.body.to_vec(), answer }))
}

/// Keeps the answer for whoever asks again with the same key.
pub(crate) async fn keep<T: Serialize>(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    once: Option<&Once>,
    answer: &T,
) -> Result<(), StoreError> {
    let Some(sealed) = sealed(tools, once, answer)? else { return Ok(()) };
    diesel::update(idempotency::table.find(sealed.scope))
        .set(idempotency::answer_sealed.eq(sealed.answer))
        .execute(conn)
        .await?;
    Ok(())
}

impl Store {
    /// Forgets answers older than [`KEPT`], and says how many.
    pub async fn forget_old_answers(&self) -> Result<usize, StoreError> {
        let before = self.world.now().checked_sub(KEPT).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        let mut conn = self.pool.get().await?;
        Ok(diesel::delete(idempotency::table.filter(idempotency::created_at.lt(before.to_diesel())))
            .execute(&mut conn)
            .await?)
    }
}

//! Which platform key a token shows: asked of Postgres at most every two seconds per key and node, not at every request.
//!
//! An answer counts for [`TRUSTED`] from the moment of the question, so a key that was revoked opens nothing on any node
//! after that time, whatever becomes of Redis or of the sweep. While Postgres does not answer, nobody is let in on older
//! knowledge. Only keys that live are kept; an invented token is asked about each time, many of them in one query.

use std::{
    collections::HashMap,
    marker::PhantomData,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use tokio::{runtime::Handle, time::Instant};
use uuid::Uuid;

use super::{Store, StoreError, gather::Gather, prepared::among, schema::platform_keys, sessions::after};
use crate::domain::{
    ids::PlatformKeyId,
    platform::{Scoped, Scopes},
    secret::TokenHash,
};

/// How long the answer about a key counts, from the moment of the question. Part of promise 7: out within 2.5 s.
pub const TRUSTED: Duration = Duration::from_secs(2);
/// Keys that a node remembers at most, some 200 bytes each. Beyond, each request is a question.
const MOST: usize = 1_000;
/// Most questions in one query.
const MOST_AT_ONCE: usize = 500;
/// How exactly the last use of a key is known.
const USE_NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A proof: one of the platform's own servers, by a key that was not revoked. Says nothing about what the key is for:
/// that is what [`KeyFor`] says.
#[derive(Clone, Debug)]
pub struct PlatformKey {
    key: PlatformKeyId,
    name: Arc<str>,
    scopes: Scopes,
    created_at: Timestamp,
}

impl PlatformKey {
    /// Which key.
    pub fn key(&self) -> PlatformKeyId {
        self.key
    }
    /// What it is called; another key may be called the same.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// What it may be used for.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }
    /// When it was made.
    pub fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

/// A proof: a platform key that has this scope. Whatever a scope opens takes this, never a bare [`PlatformKey`].
#[derive(Clone, Debug)]
pub struct KeyFor<S> {
    key: PlatformKey,
    scope: PhantomData<fn() -> S>,
}

impl<S: Scoped> KeyFor<S> {
    /// The key, if it has the scope.
    pub fn of(key: PlatformKey) -> Option<Self> {
        key.scopes.allow(S::SCOPE).then_some(Self { key, scope: PhantomData })
    }

    /// Which key.
    pub fn key(&self) -> PlatformKeyId {
        self.key.key
    }
}

/// The keys that this node has lately seen living.
#[derive(Clone)]
pub struct KeyRing {
    questions: Gather<TokenHash, Option<PlatformKey>>,
    seen: Arc<RwLock<HashMap<TokenHash, Seen>>>,
}

struct Seen {
    key: PlatformKey,
    asked: Instant,
}

impl Seen {
    fn counts(&self) -> bool {
        self.asked.elapsed() < TRUSTED
    }
}

impl KeyRing {
    /// Starts the gathering task on the current runtime.
    pub fn start(store: &Store) -> Self {
        let store = store.clone();
        let questions = Gather::start(&Handle::current(), MOST_AT_ONCE, Duration::ZERO, move |batch| {
            let store = store.clone();
            async move { store.platform_keys_of(batch).await }.boxed()
        });
        Self { questions, seen: Arc::default() }
    }

    /// Which key shows this token, if it lives.
    pub async fn key_of(&self, token: TokenHash) -> Result<Option<PlatformKey>, StoreError> {
        if let Some(key) = self.recall(&token) {
            return Ok(Some(key));
        }
        let asked = Instant::now();
        // An answer that took longer than it counts would be no answer.
        let answer = tokio::time::timeout(TRUSTED, self.questions.ask(token)).await;
        let key = answer.map_err(|_| StoreError::Unavailable("no answer about a key in time".to_owned()))??;
        if let Some(key) = &key {
            self.remember(token, Seen { key: key.clone(), asked });
        }
        Ok(key)
    }

    fn recall(&self, token: &TokenHash) -> Option<PlatformKey> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.get(token).filter(|seen| seen.counts()).map(|seen| seen.key.clone())
    }

    fn remember(&self, token: TokenHash, now_seen: Seen) {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, seen| seen.counts());
        if seen.len() < MOST {
            seen.insert(token, now_seen);
        }
    }
}

type KeyRow = (Vec<u8>, Uuid, String, Vec<String>, jiff_diesel::Timestamp, Option<jiff_diesel::Timestamp>);

impl Store {
    /// Which living keys show these tokens, in one query. Notes that they were used.
    async fn platform_keys_of(&self, tokens: Vec<TokenHash>) -> Result<Vec<Option<PlatformKey>>, StoreError> {
        let hashes: Vec<Vec<u8>> = tokens.iter().map(|token| token.as_bytes().to_vec()).collect();
        let mut conn = self.pool.get().await?;
        let rows: Vec<KeyRow> = platform_keys::table
            .filter(among(platform_keys::token_hash, &hashes))
            .filter(platform_keys::revoked_at.is_null())
            .select((
                platform_keys::token_hash,
                platform_keys::id,
                platform_keys::name,
                platform_keys::scopes,
                platform_keys::created_at,
                platform_keys::last_used_at,
            ))
            .load(&mut conn)
            .await?;
        let noted_before = after(self.world.now(), -USE_NOTED_EVERY)?;
        let unnoted = rows.iter().filter(|(.., last)| last.is_none_or(|at| at.to_jiff() <= noted_before));
        self.note_use(unnoted.map(|(_, id, ..)| *id).collect(), noted_before);
        let keys: HashMap<Vec<u8>, PlatformKey> =
            rows.into_iter().filter_map(|row| Some((row.0.clone(), platform_key(row)?))).collect();
        Ok(hashes.iter().map(|hash| keys.get(hash).cloned()).collect())
    }

    /// Writes down that keys are in use, beside the requests that use them: nobody waits for it, and losing one is harmless.
    fn note_use(&self, keys: Vec<Uuid>, noted_before: Timestamp) {
        if keys.is_empty() {
            return;
        }
        let (pool, now) = (self.pool.clone(), self.world.now());
        self.runtime.spawn(async move {
            let noted = async {
                let last = platform_keys::last_used_at;
                // Asked again, for another node may have noted it meanwhile.
                let unnoted = platform_keys::table
                    .filter(platform_keys::id.eq_any(keys))
                    .filter(last.is_null().or(last.le(noted_before.to_diesel())));
                let mut conn = pool.get().await?;
                Ok::<_, StoreError>(diesel::update(unnoted).set(last.eq(now.to_diesel())).execute(&mut conn).await?)
            };
            if let Err(error) = noted.await {
                tracing::warn!(%error, "the use of a platform key was not noted");
            }
        });
    }
}

fn platform_key((_, id, name, scopes, created_at, _): KeyRow) -> Option<PlatformKey> {
    let scopes = Scopes::from_words(&scopes)?;
    Some(PlatformKey { key: id.into(), name: name.into(), scopes, created_at: created_at.to_jiff() })
}

//! The newest policies of the teens that platforms ask about, kept ready: after the first read a decision costs no query.
//!
//! What is kept is dropped by the same hints, sweep and full compares that send policies to devices. So a change made on this
//! node counts within milliseconds, one on another node too, and within 2.5 seconds where every hint is lost. Once the
//! last good sweep is `TOO_LONG` ago, nothing that is kept is used: each question is then read from Postgres, and where that
//! does not answer there is no answer. An old yes is never given silently.
//!
//! A miss is read together with all others of its moment, in one query at a time, so the same teen is never read twice at once.
//! Reading may take a while, so what is kept of the others is looked up only when nothing has to be read any more: every
//! answer is as of its end.

mod memory;

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};

use self::memory::{Known, Memory};
use super::sweep::TOO_LONG;
use crate::{
    auth::gate::{Decisions, Ready},
    domain::{decision::Deciders, ids::TeenId, platform::Decide},
    store::{Store, StoreError, gather::Gather, key_ring::KeyFor},
};

/// Teens that a node keeps at most; some 3 KB each, more with long lists. Beyond, the half that was read first is forgotten.
const MOST: usize = 100_000;
/// Most requests whose misses are read together, of up to a hundred teens each.
const MOST_AT_ONCE: usize = 10;
/// Longest wait for one read, and for one answer.
const WAIT: Duration = Duration::from_secs(2);
/// How often an answer is read at most. What is heard of while it waits for one read, it waits for again.
const MOST_READS: usize = 3;

/// This node's policies for decisions.
pub struct NodeDecisions {
    deciders: Deciders,
    memory: Arc<Shelf>,
    reads: Gather<HashSet<TeenId>, Known>,
}

/// Reads the policies of these teens, in one query; whoever is no teen is left out.
type Read = dyn Fn(Vec<TeenId>) -> BoxFuture<'static, Result<Ready, StoreError>> + Send + Sync;

/// The memory and its lock. Nothing is awaited under it.
struct Shelf(RwLock<Memory>);

impl Shelf {
    fn look(&self) -> RwLockReadGuard<'_, Memory> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, Memory> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NodeDecisions {
    /// Starts the reading task on the current runtime.
    pub(super) fn start(store: &Store) -> Arc<Self> {
        let deciders = Deciders::of(store.registry());
        let (store, known) = (store.clone(), deciders.clone());
        let fresh = move |teens: Vec<TeenId>| {
            let (store, deciders) = (store.clone(), known.clone());
            async move { fresh(&store, &deciders, &teens).await }.boxed()
        };
        Self::reading(deciders, Arc::new(fresh))
    }

    fn reading(deciders: Deciders, fresh: Arc<Read>) -> Arc<Self> {
        let memory = Arc::new(Shelf(RwLock::new(Memory::new(MOST, TOO_LONG, Instant::now()))));
        let shelf = memory.clone();
        let reads = Gather::start(&Handle::current(), MOST_AT_ONCE, Duration::ZERO, move |batch| {
            let (fresh, memory) = (fresh.clone(), shelf.clone());
            async move { read(&*fresh, &memory, batch).await }.boxed()
        });
        Arc::new(Self { deciders, memory, reads })
    }

    /// A teen has at least this revision now.
    pub fn changed(&self, teen: TeenId, revision: i64) {
        self.memory.change().changed(teen, revision);
    }

    /// A pairing of a teen moved, which has no revision of its own.
    pub fn moved(&self, teen: TeenId) {
        self.memory.change().changed(teen, i64::MAX);
    }

    /// Something may have happened unheard: nothing that is kept counts any more.
    pub fn forget(&self) {
        let forgotten = self.memory.change().forget();
        drop_aside(forgotten);
    }

    /// All that was committed before this instant has been heard of.
    pub fn swept(&self, began: Instant) {
        let forgotten = self.memory.change().swept(began);
        drop_aside(forgotten);
    }

    /// What is newest of these teens, or an error where that is not found out in time.
    async fn find(&self, of: &[TeenId]) -> Result<Ready, StoreError> {
        let found = timeout(WAIT, self.found(of)).await;
        let known = found.map_err(|_| StoreError::Unavailable("no policies in time".to_owned()))??;
        Ok(known.into_iter().filter_map(|(teen, policy)| Some((teen, policy?))).collect())
    }

    async fn found(&self, of: &[TeenId]) -> Result<Known, StoreError> {
        let mut read = Known::new();
        for _ in 0..MOST_READS {
            match self.settled(of, read) {
                Ok(known) => return Ok(known),
                Err(missing) => {
                    count("database", missing.len());
                    read = self.reads.ask(missing).await?;
                }
            }
        }
        let restless = |_| StoreError::Unavailable("policies change faster than they are read".to_owned());
        self.settled(of, read).map_err(restless)
    }

    /// What was just read, and of all others what is known this instant; or those that have to be read.
    fn settled(&self, of: &[TeenId], read: Known) -> Result<Known, HashSet<TeenId>> {
        let others = of.iter().copied().filter(|teen| !read.contains_key(teen));
        let (mut known, missing) = self.memory.look().recall(others, Instant::now());
        if !missing.is_empty() {
            return Err(missing);
        }
        count("memory", known.len());
        known.extend(read);
        Ok(known)
    }
}

impl Decisions for NodeDecisions {
    fn deciders(&self) -> &Deciders {
        &self.deciders
    }

    fn newest<'a>(&'a self, _: &'a KeyFor<Decide>, of: &'a [TeenId]) -> BoxFuture<'a, Result<Ready, StoreError>> {
        self.find(of).boxed()
    }
}

/// Reads what several requests miss, in one query, and keeps it unless it has changed meanwhile. What is left out of an answer has
/// to be looked for again.
async fn read(fresh: &Read, memory: &Shelf, batch: Vec<HashSet<TeenId>>) -> Result<Vec<Known>, StoreError> {
    // Some of it may have been read for others since it was missed.
    let (_, missing) = memory.look().recall(batch.iter().flatten().copied(), Instant::now());
    let mut known = Known::new();
    if !missing.is_empty() {
        memory.change().begin();
        let read = fresh(missing.iter().copied().collect()).await;
        if let Ok(found) = &read {
            known = missing.into_iter().map(|teen| (teen, found.get(&teen).cloned())).collect();
        }
        let forgotten = memory.change().end(&mut known, Instant::now());
        drop_aside(forgotten);
        read?;
    }
    let of_one =
        |teens: &HashSet<TeenId>| teens.iter().filter_map(|teen| Some((*teen, known.get(teen)?.clone()))).collect();
    Ok(batch.iter().map(of_one).collect())
}

async fn fresh(store: &Store, deciders: &Deciders, teens: &[TeenId]) -> Result<Ready, StoreError> {
    // Before the read: whoever learns of a new epoch forgets all that was made with the old one.
    let epoch = store.epoch();
    let read = timeout(WAIT, store.grounds(teens)).await;
    let read = read.map_err(|_| StoreError::Unavailable("no answer about policies in time".to_owned()))??;
    Ok(read.into_iter().map(|(teen, grounds)| (teen, Arc::new(deciders.compile(epoch, grounds)))).collect())
}

/// Freeing many thousand policies takes a while, and somebody else's core.
fn drop_aside(forgotten: Vec<Ready>) {
    if forgotten.iter().any(|some| !some.is_empty()) {
        tokio::task::spawn_blocking(move || drop(forgotten));
    }
}

fn count(from: &'static str, teens: usize) {
    let teens = u64::try_from(teens).unwrap_or_default();
    metrics::counter!("family_pairing_decision_policies_total", "from" => from).increment(teens);
}

#[cfg(test)]
mod tests;

//! The newest policies of the teens that platforms ask about, kept ready: after the first read a decision costs no query.
//!
//! What is kept is dropped by the same hints, sweep and full compares that send policies to devices. So a change made on this
//! node counts within milliseconds, one on another node too, and within 2.5 seconds where every hint is lost. Once the
//! last good sweep is `TOO_LONG` ago, nothing that is kept is used: each question is then read from Postgres, and where that
//! does not answer there is no answer. An old yes is never given silently.
//!
//! A miss is read together with all others of its moment, in one query at a time, so the same teen is never read twice at once.

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

use self::memory::Memory;
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
/// Longest wait for one read.
const WAIT: Duration = Duration::from_secs(2);

/// This node's policies for decisions.
pub struct NodeDecisions {
    deciders: Deciders,
    memory: Arc<Shelf>,
    reads: Gather<Vec<TeenId>, Ready>,
}

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
        let memory = Arc::new(Shelf(RwLock::new(Memory::new(MOST, TOO_LONG, Instant::now()))));
        let (store, known, shelf) = (store.clone(), deciders.clone(), memory.clone());
        let reads = Gather::start(&Handle::current(), MOST_AT_ONCE, Duration::ZERO, move |batch| {
            let (store, deciders, memory) = (store.clone(), known.clone(), shelf.clone());
            async move { read(&store, &deciders, &memory, batch).await }.boxed()
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

    async fn find(&self, of: &[TeenId]) -> Result<Ready, StoreError> {
        let (mut found, missing) = self.memory.look().recall(of.iter().copied(), Instant::now());
        count("memory", found.len());
        if !missing.is_empty() {
            count("database", missing.len());
            found.extend(self.reads.ask(missing).await?);
        }
        Ok(found)
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

/// Reads what several requests miss, in one query, and keeps it unless it has changed meanwhile.
async fn read(
    store: &Store,
    deciders: &Deciders,
    memory: &Shelf,
    batch: Vec<Vec<TeenId>>,
) -> Result<Vec<Ready>, StoreError> {
    let wanted: HashSet<TeenId> = batch.iter().flatten().copied().collect();
    // Some of it may have been read for others since it was missed.
    let (mut found, missing) = memory.look().recall(wanted, Instant::now());
    if !missing.is_empty() {
        memory.change().begin();
        let read = fresh(store, deciders, &missing).await;
        let forgotten = memory.change().end(read.as_ref().ok());
        drop_aside(forgotten);
        found.extend(read?);
    }
    let of_one =
        |teens: &Vec<TeenId>| teens.iter().filter_map(|teen| Some((*teen, found.get(teen)?.clone()))).collect();
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

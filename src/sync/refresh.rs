//! Teens whose newest policy should be looked at, read from Postgres many at a time, signed once and offered.
//!
//! Hints, sweeps, heartbeats and hellos all end here: somebody suspects that a teen has something newer. What arrives while
//! a read runs is read next, together, so a hundred changes in a second are a few reads and each device gets the newest.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytestring::ByteString;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;

use super::{hub::Hub, offers::Offers};
use crate::{
    domain::{ids::TeenId, snapshot::SnapshotKey, version::Version},
    store::{Store, StoreError, policies::Newest},
};

/// Who suspected it. The nets below the hint count what they had to repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Net {
    /// A device needs a text that is not kept any more.
    Again,
    /// A device joined and must see the newest.
    Join,
    /// A hint, from here or from another node.
    Hint,
    /// The two-second sweep.
    Sweep,
    /// A heartbeat of a device that is behind.
    Heartbeat,
    /// The full compare after a gap.
    Gap,
}

impl Net {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::Join => "join",
            Self::Hint => "hint",
            Self::Sweep => "sweep",
            Self::Heartbeat => "heartbeat",
            Self::Gap => "gap",
        }
    }
}

/// Most teens in one read.
const MOST: usize = 1_000;
/// Reads, signs and offers.
pub struct Refresh {
    store: Store,
    hub: Arc<Hub>,
    offers: Offers,
    suspects: Mutex<Suspects>,
    wake: Notify,
}

type Suspects = HashMap<TeenId, Suspect>;

/// Why a teen is looked at, and who waits for it.
struct Suspect {
    net: Net,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Suspect {
    fn join(&mut self, other: Self) {
        if other.net == Net::Again {
            self.net = other.net;
        }
        self.waiting.extend(other.waiting);
    }
}

impl Refresh {
    pub(super) fn new(store: Store, hub: Arc<Hub>, key: SnapshotKey) -> Self {
        let offers = Offers::new(hub.clone(), key);
        Self { store, hub, offers, suspects: Mutex::default(), wake: Notify::new() }
    }

    /// Has a teen looked at soon.
    pub fn suspect(&self, teen: TeenId, net: Net) {
        self.suspect_all([teen], net);
    }

    /// Has many teens looked at soon.
    pub fn suspect_all(&self, teens: impl IntoIterator<Item = TeenId>, net: Net) {
        self.add(teens.into_iter().map(|teen| (teen, Suspect { net, waiting: vec![] })));
    }

    /// Has a teen looked at, and comes back when that is done.
    pub async fn look_at(&self, teen: TeenId, net: Net) {
        let (done, looked) = oneshot::channel();
        self.add([(teen, Suspect { net, waiting: vec![done] })]);
        // Broken off at shutdown only.
        let _ = looked.await;
    }

    fn add(&self, some: impl IntoIterator<Item = (TeenId, Suspect)>) {
        let mut suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        for (teen, suspect) in some {
            match suspects.entry(teen) {
                Entry::Occupied(mut known) => known.get_mut().join(suspect),
                Entry::Vacant(free) => drop(free.insert(suspect)),
            }
        }
        drop(suspects);
        self.wake.notify_one();
    }

    /// Has everybody who sits here looked at: after any gap in what this node could hear.
    pub fn suspect_everybody(&self) {
        self.suspect_all(self.hub.teens(), Net::Gap);
    }

    /// Offers a policy that was just committed on this node: what a read would find, or something older than that.
    pub(super) fn take_in(&self, epoch: i64, newest: Newest) {
        let teen = newest.record.teen;
        if self.hub.wants(teen)
            && let Err(error) = self.offers.offer(epoch, newest, Net::Hint)
        {
            tracing::warn!(%error, "a policy could not be made ready; it is read again");
            self.suspect(teen, Net::Hint);
        }
    }

    /// A policy that was read for one device alone, as it travels.
    pub(super) fn signed(&self, epoch: i64, newest: &Newest) -> Result<ByteString, StoreError> {
        self.offers.signed(epoch, newest)
    }

    /// Forgets the texts that everybody here has had time to send.
    pub fn forget_texts(&self) {
        self.offers.forget_texts();
    }

    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.wake.notified()).await.is_some() {
            loop {
                let mut batch = self.take();
                if batch.is_empty() {
                    break;
                }
                match self.look(&batch).await {
                    // Whoever has stopped waiting does not need to know.
                    Ok(()) => batch.into_values().flat_map(|it| it.waiting).for_each(|done| {
                        let _ = done.send(());
                    }),
                    Err(error) => {
                        tracing::warn!(%error, teens = batch.len(), "the newest policies could not be read; trying again");
                        batch.values_mut().for_each(|suspect| suspect.waiting.retain(|done| !done.is_closed()));
                        self.add(batch);
                        tokio::time::sleep(Duration::from_millis(250)).await;
                    }
                }
            }
        }
    }

    fn take(&self) -> Suspects {
        let mut suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
        if suspects.len() <= MOST {
            return std::mem::take(&mut suspects);
        }
        let some: Vec<TeenId> = suspects.keys().take(MOST).copied().collect();
        some.into_iter().filter_map(|teen| suspects.remove_entry(&teen)).collect()
    }

    async fn look(&self, batch: &Suspects) -> Result<(), StoreError> {
        let (compared, mut wanted): (Vec<TeenId>, Vec<TeenId>) = batch
            .keys()
            .copied()
            .filter(|teen| self.hub.wants(*teen))
            .partition(|teen| batch.get(teen).is_some_and(|suspect| suspect.net == Net::Gap));
        if !compared.is_empty() {
            wanted.extend(self.behind(&compared).await?);
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let (epoch, newest) = self.store.newest_policies(&wanted).await?;
        for newest in newest {
            let net = batch.get(&newest.record.teen).map_or(Net::Hint, |suspect| suspect.net);
            self.offers.offer(epoch, newest, net)?;
        }
        Ok(())
    }

    /// Those of whom there is something newer than what is known here. After a gap everybody is looked at, and hardly anybody's
    /// policy has to be read for it.
    async fn behind(&self, teens: &[TeenId]) -> Result<Vec<TeenId>, StoreError> {
        let newest = self.store.newest_versions(teens).await?;
        let is_behind = |teen: TeenId, newest: Version| self.hub.seen(teen).is_none_or(|seen| seen < newest);
        Ok(newest.into_iter().filter_map(|(teen, newest)| is_behind(teen, newest).then_some(teen)).collect())
    }
}

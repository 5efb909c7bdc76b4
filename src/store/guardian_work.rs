//! What every request of a guardian asks, gathered: who it is, whom they guard, and, for those who want to change something, how that
//! teen's policy stands.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use tokio::runtime::Handle;

use super::{
    Store, StoreError,
    gather::Gather,
    kinship::{GuardianOf, SignedIn},
    policies::{TeenRow, rows_of},
};
use crate::domain::{ids::TeenId, secret::TokenHash};

/// Most questions in one query.
const MOST: usize = 200;

/// Somebody signed in, and their pairing with the teen that they ask about.
pub type Kin = (SignedIn, Option<GuardianOf>);

/// Gathers look-ups of sessions with pairings, and of teens.
#[derive(Clone)]
pub struct GuardianWork {
    kin: Gather<(TokenHash, TeenId), Result<Option<Kin>, StoreError>>,
    teens: Gather<TeenId, Option<ReadAhead>>,
}

/// How a teen stood when it was looked who asks: used once, and only on the database that it came from.
#[derive(Clone, Default)]
pub(crate) struct Ahead(Arc<Mutex<Option<ReadAhead>>>);

struct ReadAhead {
    epoch: i64,
    row: TeenRow,
}

/// A guardian of a teen who wants to change something.
#[derive(Clone)]
pub struct Changing {
    proof: GuardianOf,
    pub(super) ahead: Ahead,
}

impl GuardianWork {
    /// Starts the gathering tasks on the current runtime.
    pub fn start(store: &Store) -> Self {
        let (runtime, at_once) = (Handle::current(), Duration::ZERO);
        let (kin, teens) = (store.clone(), store.clone());
        Self {
            kin: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = kin.clone();
                async move { store.kin_of(batch).await }.boxed()
            }),
            teens: Gather::start(&runtime, MOST, at_once, move |batch| {
                let store = teens.clone();
                async move { store.read_ahead(batch).await }.boxed()
            }),
        }
    }

    /// Who shows this session token, and their pairing with that teen. The second is `None` for strangers, for pairings that ended and
    /// for teens that do not exist: nobody can tell which.
    pub async fn guardian_of(&self, token: TokenHash, teen: TeenId) -> Result<Option<Kin>, StoreError> {
        self.kin.ask((token, teen)).await?
    }

    /// The same, while how the teen stands is read beside it: a change needs both, and nobody else is given it.
    pub async fn changing(
        &self,
        token: TokenHash,
        teen: TeenId,
    ) -> Result<Option<(SignedIn, Option<Changing>)>, StoreError> {
        let (kin, read) = tokio::join!(self.kin.ask((token, teen)), self.teens.ask(teen));
        let Some((who, kin)) = kin?? else { return Ok(None) };
        let ahead = Ahead(Arc::new(Mutex::new(read?)));
        Ok(Some((who, kin.map(|proof| Changing { proof, ahead }))))
    }
}

impl Ahead {
    /// What was read, for a statement on a database of this epoch.
    pub(crate) fn take(&self, epoch: i64) -> Option<TeenRow> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        read.filter(|read| read.epoch == epoch).map(|read| read.row)
    }
}

impl Deref for Changing {
    type Target = GuardianOf;

    fn deref(&self) -> &GuardianOf {
        &self.proof
    }
}

impl Store {
    async fn read_ahead(&self, teens: Vec<TeenId>) -> Result<Vec<Option<ReadAhead>>, StoreError> {
        let mut conn = self.pool.get().await?;
        let mut rows = rows_of(&mut conn, &teens).await?;
        let epoch = conn.epoch();
        // Two changes of one teen at once: the second reads for itself.
        Ok(teens.iter().map(|teen| rows.remove(teen).map(|row| ReadAhead { epoch, row })).collect())
    }
}

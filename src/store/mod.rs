//! Postgres, the truth. The only room with diesel; queries stand beside their row types.
//!
//! Who may enter: `auth` and `sync`. What never happens here: HTTP, Redis, rules (they are in `domain`).
//!
//! - **Proofs.** A function that touches a family takes a proof from [`kinship`], minted from the row that proves it,
//!   never a bare id. A forgotten check does not compile, and a foreign id is `None`, which becomes a 404.
//! - **Writes** run in a task of their own (`Store::write`): a client that resets its connection cannot leave half a
//!   transaction behind. After the commit the store posts an [`Event`] into a channel that `sync` reads: no room calls upwards.
//! - **Time** comes from the caller's [`World`]; only `recorded_at` columns, which the sweep compares with the
//!   database's own `now()`, come from the database's clock.

pub mod accounts;
pub mod ages;
pub mod assurance;
pub mod audit;
pub mod budgets;
pub mod decisions;
pub mod device_work;
pub mod devices;
pub mod due;
mod error;
pub(crate) mod gather;
pub mod guardian_work;
pub mod history;
pub mod installation;
pub mod key_ring;
pub mod kinship;
pub mod law;
pub mod migrate;
pub mod offline_codes;
pub mod once;
pub mod operators;
pub mod pairings;
pub mod platform;
pub mod policies;
mod pool;
mod prepared;
pub mod replies;
pub mod reports;
pub mod requests;
pub mod schema;
pub mod sessions;
pub mod settings;
pub mod silences;
mod standing_now;
pub mod sweep;
pub mod tickets;
pub mod usage;
pub mod usage_report;

use std::sync::Arc;

use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::future::BoxFuture;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, sync::mpsc};

pub use error::StoreError;
pub use pool::{Pool, PoolSettings};

use self::{installation::Epoch, policies::Newest, pool::Connection};
use crate::domain::{
    age::Stage,
    clock::World,
    controls::Registry,
    ids::{AgeAppealId, DeviceId, GuardianId, PairingId, RequestId, SessionId, SilenceId, TeenId},
    pairing::PairingState,
    request::RequestState,
    vault::Vault,
};

/// An event, as it is posted on the node where it happened.
#[derive(Debug)]
pub struct Posted {
    /// What happened.
    pub event: Event,
    /// The policy that was committed with it and the epoch in which that was, so that this node need not read it.
    pub policy: Option<(i64, Box<Newest>)>,
}

/// Something was committed that open sockets may have to hear about. Only a hint: losing one costs 2.5 seconds, never a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The teen has a new policy revision.
    PolicyChanged {
        /// Whose.
        teen: TeenId,
        /// At least this one.
        revision: i64,
    },
    /// A device reported something.
    DeviceReported {
        /// Whose device.
        teen: TeenId,
        /// Which.
        device: DeviceId,
    },
    /// What is left of a teen's day moved: a device told what was used on it, or somebody changed what limits it.
    BudgetMoved {
        /// Whose.
        teen: TeenId,
        /// The device that told, and knows what is left.
        told_by: Option<DeviceId>,
    },
    /// A pairing moved.
    PairingMoved {
        /// Which one.
        pairing: PairingId,
        /// Where to.
        state: PairingState,
        /// Whose.
        teen: TeenId,
        /// By or with whom, once claimed.
        guardian: Option<GuardianId>,
    },
    /// A band change of a teen was announced.
    TransitionAnnounced {
        /// Whose.
        teen: TeenId,
        /// The day of the change.
        on: Date,
        /// Which announcement.
        stage: Stage,
    },
    /// What is known of a teen's age changed, or an older age waits.
    AgeMoved {
        /// Whose.
        teen: TeenId,
        /// When that was recorded, by the database's clock: it tells two moves apart.
        at: Timestamp,
    },
    /// An objection to an age was answered.
    AppealAnswered {
        /// Whose age it is about.
        teen: TeenId,
        /// Which objection.
        appeal: AgeAppealId,
    },
    /// A request was made, or answered, or came to its end.
    RequestMoved {
        /// Whose.
        teen: TeenId,
        /// Which.
        request: RequestId,
        /// Where to.
        state: RequestState,
    },
    /// A device was silent for too long, or is heard again.
    SilenceMoved {
        /// Whose device.
        teen: TeenId,
        /// Which silence.
        silence: SilenceId,
        /// Whether it ended.
        cleared: bool,
    },
    /// A teen answered a change.
    Replied {
        /// Who.
        teen: TeenId,
        /// Whose history shows it.
        guardian: GuardianId,
        /// Which change.
        revision: i64,
    },
    /// A session ended: its sockets must close.
    SessionEnded(SessionId),
    /// A device was revoked: its socket must close.
    DeviceRevoked(DeviceId),
}

/// The door to the database: cheap to clone, shared by all.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    runtime: Handle,
    events: mpsc::Sender<Posted>,
    epoch: Epoch,
    world: World,
    vault: Arc<Vault>,
    registry: Arc<Registry>,
    shelf: law::Shelf,
}

/// How often a transaction that lost a deadlock or a serialisation race is run again.
const TRIES: u32 = 4;

/// What a transaction may use beside its connection.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) world: World,
    pub(crate) vault: Arc<Vault>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) shelf: law::Shelf,
    /// Of the database that the connection leads to.
    pub(crate) epoch: i64,
}

impl Store {
    /// Opens the pool on the runtime that this is called on, which must be the main one: a pooled connection is driven
    /// by the runtime that opened it, and a blocked worker must not stall everybody's queries.
    pub async fn open(
        settings: PoolSettings,
        world: World,
        vault: Arc<Vault>,
        registry: Arc<Registry>,
        events: mpsc::Sender<Posted>,
    ) -> Result<Self, StoreError> {
        let runtime = Handle::current();
        let (epoch, shelf) = (Epoch::new(world.clone()), law::Shelf::default());
        let pool = Pool::open(settings, runtime.clone(), epoch.clone())?;
        let store = Self { pool, runtime, events, epoch, world, vault, registry, shelf };
        store.look_for_newer().await;
        store.refresh_epoch().await?;
        store.begin_rules().await?;
        store.take_up_catalogue().await?;
        Ok(store)
    }

    /// The installation's epoch, as last read.
    pub fn epoch(&self) -> i64 {
        self.epoch.get()
    }

    /// The controls that policies are made of.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Clock and randomness.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Connections in use and open, for the metrics.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        use diesel_async::RunQueryDsl;
        let mut conn = self.pool.get().await?;
        diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1")).get_result::<i32>(&mut conn).await?;
        Ok(())
    }

    /// Tells `sync`, without ever waiting for it: a full channel loses a hint, and the sweep finds what it was about.
    pub(crate) fn post(&self, event: Event) {
        self.post_with(event, None);
    }

    /// The same, with the policy that was written: it has been committed.
    pub(crate) fn post_with(&self, event: Event, policy: Option<(i64, Box<Newest>)>) {
        if self.events.try_send(Posted { event, policy }).is_err() {
            metrics::counter!("family_pairing_hints_dropped_total").increment(1);
        }
    }

    /// Runs a transaction to its end, whatever becomes of the caller, and again if it lost a race inside Postgres.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AsyncPgConnection, Tools) -> BoxFuture<'c, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let work = Arc::new(work);
        self.alone(move |conn, tools| {
            let work = work.clone();
            Box::pin(async move { conn.transaction(async |conn| work(conn, tools).await).await })
        })
        .await
    }

    /// The same without a transaction around it: for work whose every statement stands alone.
    pub(crate) async fn alone<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> Fn(&'c mut AsyncPgConnection, Tools) -> BoxFuture<'c, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let store = self.clone();
        let task = self.runtime.spawn(async move {
            let mut tries = 1;
            loop {
                let mut conn = store.pool.get().await?;
                let tools = store.tools(&conn);
                match work(&mut conn, tools).await {
                    Err(error) if error.may_retry() && tries < TRIES => tries += 1,
                    // Nobody may count on what a database took that was left behind meanwhile.
                    Ok(_) if conn.epoch() < store.epoch() => return Err(StoreError::left_behind(conn.epoch())),
                    other => return other,
                }
            }
        });
        task.await.map_err(|_| StoreError::Interrupted)?
    }

    fn tools(&self, conn: &Connection) -> Tools {
        Tools {
            world: self.world.clone(),
            vault: self.vault.clone(),
            registry: self.registry.clone(),
            shelf: self.shelf.clone(),
            epoch: conn.epoch(),
        }
    }
}

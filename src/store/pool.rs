//! Connections: opened on the main runtime, bounded in number, in waiting time and in what a statement may take.
//!
//! `DATABASE_URL` may name several hosts, of which one is the primary. Each connection knows the epoch of the database that it
//! leads to, and is thrown away once this node has seen a newer one: a primary that lives on after its replica was promoted
//! would take changes that nobody else has.

use std::{
    ops::{Deref, DerefMut},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use deadpool::managed::{self, Metrics, Object, RecycleError, RecycleResult};
use diesel_async::{AsyncPgConnection, pooled_connection::PoolableConnection};
use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use tokio::{runtime::Handle, time::timeout};
use tokio_postgres::{Config, NoTls, config::TargetSessionAttrs};

use super::{StoreError, installation::Epoch};
use crate::domain::text::each_host;

/// How long migrations wait for a host.
const MIGRATING: Duration = Duration::from_secs(10);

/// Every host that takes writes; more than one is a primary that was left behind and its successor. For migrations, which take their
/// time, so without the limits of the pool's connections.
pub(super) async fn primaries(url: &SecretString) -> Result<Vec<AsyncPgConnection>, StoreError> {
    let hosts = configs(url)?;
    let opened = join_all(hosts.iter().map(|host| within(MIGRATING, connect(host)))).await;
    let (mut open, mut refused) = (vec![], StoreError::Unavailable("no host is named".to_owned()));
    for host in opened {
        match host {
            Ok(connection) => open.push(connection),
            Err(error) => refused = error,
        }
    }
    if open.is_empty() { Err(refused) } else { Ok(open) }
}

/// How the pool is made.
#[derive(Clone)]
pub struct PoolSettings {
    /// `postgres://…`.
    pub url: SecretString,
    /// Most connections of this process.
    pub size: usize,
    /// Longest wait for a free or new connection.
    pub wait: Duration,
}

/// A bounded set of connections. The pool crate would wait for ever by default; here every wait has an end.
#[derive(Clone)]
pub struct Pool(managed::Pool<Connector>);

/// A connection from the pool, which it goes back to.
pub(crate) type Lent = Object<Connector>;

/// A connection, and the epoch of the database that it leads to.
pub(crate) struct Connection {
    inner: AsyncPgConnection,
    epoch: i64,
}

/// Opens connections, and looks at each before it is lent out again.
pub(crate) struct Connector {
    hosts: Arc<Hosts>,
    runtime: Handle,
    epoch: Epoch,
}

/// Where the database may be.
struct Hosts {
    each: Vec<Config>,
    /// Where the last connection led; the next one is tried there first.
    last: AtomicUsize,
    /// How long one of them may take: a machine that is gone does not even refuse, and the next one must have its turn.
    share: Duration,
}

/// What every connection is told at its start. A transaction cannot outlive about ten seconds, which is what the
/// sweep's thirty-second window relies on.
const SESSION: &str = "-c statement_timeout=3000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=5000 \
                       -c jit=off -c synchronous_commit=on -c timezone=UTC";

impl Pool {
    pub(super) fn open(settings: PoolSettings, runtime: Handle, epoch: Epoch) -> Result<Self, StoreError> {
        let hosts = Arc::new(Hosts::of(&settings)?);
        managed::Pool::builder(Connector { hosts, runtime, epoch })
            .max_size(settings.size)
            .wait_timeout(Some(settings.wait))
            .create_timeout(Some(settings.wait))
            .recycle_timeout(Some(settings.wait))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map(Self)
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// A connection to the newest database that is known, within the configured wait.
    pub(crate) async fn get(&self) -> Result<Lent, StoreError> {
        self.0.get().await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Looks for a newer database at every host: connections that are open lead to an old primary for as long as it lives.
    pub(super) async fn look_everywhere(&self) {
        let Connector { hosts, epoch, .. } = self.0.manager();
        if hosts.each.len() < 2 {
            return;
        }
        let looks = hosts.each.iter().map(async |host| {
            if let Err(error) = within(hosts.share, open(host, epoch)).await {
                tracing::debug!(%error, "a host of the database is not the primary");
            }
        });
        join_all(looks).await;
    }

    /// `(open, idle, waiting)`, for the metrics and the leak test.
    pub fn status(&self) -> (usize, usize, usize) {
        let status = self.0.status();
        (status.size, status.available, status.waiting)
    }
}

impl Connection {
    /// Of the database that this leads to.
    pub(crate) const fn epoch(&self) -> i64 {
        self.epoch
    }
}

impl Deref for Connection {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.inner
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.inner
    }
}

impl managed::Manager for Connector {
    type Type = Connection;
    type Error = StoreError;

    async fn create(&self) -> Result<Connection, StoreError> {
        let (hosts, epoch) = (self.hosts.clone(), self.epoch.clone());
        let opening = self.runtime.spawn(async move { hosts.connect(&epoch).await });
        opening.await.map_err(|_| StoreError::Interrupted)?
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<StoreError> {
        if std::thread::panicking() || connection.is_broken() {
            return Err(RecycleError::message("broken"));
        }
        match connection.epoch < self.epoch.get() {
            true => Err(RecycleError::message("leads to a database that was left behind")),
            false => Ok(()),
        }
    }
}

impl Hosts {
    fn of(settings: &PoolSettings) -> Result<Self, StoreError> {
        let mut each = configs(&settings.url)?;
        for host in &mut each {
            host.options(SESSION);
        }
        let count = u32::try_from(each.len()).unwrap_or(u32::MAX).max(1);
        // All of them within the wait, with a tenth of it to spare.
        let share = settings.wait.saturating_sub(settings.wait / 10) / count;
        Ok(Self { each, last: AtomicUsize::default(), share })
    }

    /// The first host that is the primary of the newest database.
    async fn connect(&self, epoch: &Epoch) -> Result<Connection, StoreError> {
        let first = self.last.load(Ordering::Relaxed);
        let mut refused = StoreError::Unavailable("no host is named".to_owned());
        for (at, host) in self.each.iter().enumerate().cycle().skip(first).take(self.each.len()) {
            match within(self.share, open(host, epoch)).await {
                Ok(connection) => {
                    self.last.store(at, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }
}

async fn within<T>(wait: Duration, opening: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::Unavailable("a host of the database does not answer".to_owned()));
    timeout(wait, opening).await.unwrap_or_else(late)
}

/// How each host is connected to.
fn configs(url: &SecretString) -> Result<Vec<Config>, StoreError> {
    let urls = each_host(url.expose_secret());
    let one = |url: &String| {
        let mut config = Config::from_str(url).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        config
            .application_name("family-pairing")
            .keepalives_idle(Duration::from_secs(15))
            .tcp_user_timeout(Duration::from_secs(10));
        if urls.len() > 1 {
            // The others are replicas, whatever the URL says.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Ok(config)
    };
    urls.iter().map(one).collect()
}

async fn connect(host: &Config) -> Result<AsyncPgConnection, StoreError> {
    let bad = |error: &dyn std::fmt::Display| StoreError::Unavailable(error.to_string());
    let (client, connection) = host.connect(NoTls).await.map_err(|error| bad(&error))?;
    AsyncPgConnection::try_from_client_and_connection(client, connection).await.map_err(|error| bad(&error))
}

async fn open(host: &Config, epoch: &Epoch) -> Result<Connection, StoreError> {
    let mut inner = connect(host).await?;
    // It may lead to another database than the last one did (a failover): known before anything is read or written on it.
    let epoch = epoch.look(&mut inner).await?;
    Ok(Connection { inner, epoch })
}

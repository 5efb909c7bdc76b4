//! Connections: opened on the main runtime, bounded in number, in waiting time and in what a statement may take.

use std::{str::FromStr, time::Duration};

use diesel::ConnectionError;
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{self, Object},
    },
};
use futures_util::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio_postgres::NoTls;

use super::{StoreError, installation::Epoch};

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
pub struct Pool(deadpool::Pool<AsyncPgConnection>);

/// What every connection is told at its start. A transaction cannot outlive about ten seconds, which is what the
/// sweep's thirty-second window relies on.
const SESSION: &str = "-c statement_timeout=3000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=5000 \
                       -c jit=off -c synchronous_commit=on -c timezone=UTC";

/// How long connecting may take, all hosts together.
const CONNECT: Duration = Duration::from_secs(2);

impl Pool {
    pub(super) fn open(settings: PoolSettings, runtime: Handle, epoch: Epoch) -> Result<Self, StoreError> {
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| {
            let (runtime, url, epoch) = (runtime.clone(), url.to_owned(), epoch.clone());
            async move {
                runtime
                    .spawn(connect(url, epoch))
                    .await
                    .map_err(|_| ConnectionError::BadConnection("shutting down".to_owned()))?
            }
            .boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(settings.url.expose_secret(), config);
        deadpool::Pool::builder(manager)
            .max_size(settings.size)
            .wait_timeout(Some(settings.wait))
            .create_timeout(Some(settings.wait))
            .recycle_timeout(Some(settings.wait))
            .runtime(::deadpool::Runtime::Tokio1)
            .build()
            .map(Self)
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// A connection, within the configured wait.
    pub(crate) async fn get(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        self.0.get().await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// `(open, idle, waiting)`, for the metrics and the leak test.
    pub fn status(&self) -> (usize, usize, usize) {
        let status = self.0.status();
        (status.size, status.available, status.waiting)
    }
}

async fn connect(url: String, epoch: Epoch) -> Result<AsyncPgConnection, ConnectionError> {
    let bad = |error: &dyn std::fmt::Display| ConnectionError::BadConnection(error.to_string());
    let mut config = tokio_postgres::Config::from_str(&url).map_err(|error| bad(&error))?;
    // A machine that is gone does not even refuse; the next one must have its turn.
    let hosts = u32::try_from(config.get_hosts().len()).unwrap_or(u32::MAX).max(1);
    config
        .application_name("family-pairing")
        .options(SESSION)
        .connect_timeout(CONNECT / hosts)
        .keepalives_idle(Duration::from_secs(15))
        .tcp_user_timeout(Duration::from_secs(10));
    let (client, connection) = config.connect(NoTls).await.map_err(|error| bad(&error))?;
    let mut conn = AsyncPgConnection::try_from_client_and_connection(client, connection).await?;
    // It may lead to another database than the last one did (a failover): known before anything is read or written on it.
    if epoch.is_known() {
        epoch.look(&mut conn).await.map_err(|error| bad(&error))?;
    }
    Ok(conn)
}

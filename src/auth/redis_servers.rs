//! Where Redis is: one server, or the members of a cluster. Everything above speaks to both with the same commands.
//!
//! Keys lie on the member that owns their slot, so nobody here asks for two keys in one pipeline or script.

use std::time::Duration;

use crate::domain::text::each_host;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, IntoConnectionInfo, Pipeline, ProtocolVersion, PushInfo,
    RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection, SendError},
    cluster::{ClusterClient, ClusterClientBuilder, ClusterConfig},
    cluster_async::ClusterConnection,
};

/// How often a cluster's command is sent again when its slot has just moved.
const TRIES: u32 = 2;

/// The servers that `REDIS_URL` names.
#[derive(Clone)]
pub struct RedisServers(Vec<ConnectionInfo>);

/// A connection to all of them; cheap to clone.
#[derive(Clone)]
pub enum RedisConnection {
    /// One server; comes back by itself.
    Managed(ConnectionManager),
    /// One server; ends when it is lost.
    Plain(MultiplexedConnection),
    /// A cluster; comes back by itself.
    Cluster(ClusterConnection),
}

impl RedisServers {
    /// Reads `redis://user:password@host:port,host:port/`. Several hosts are members of one cluster.
    pub fn parse(url: &str) -> RedisResult<Self> {
        Ok(Self(each_host(url).iter().map(|url| resp3(url)).collect::<RedisResult<_>>()?))
    }

    /// A connection for commands, made when it is first needed. `wait` bounds connecting and each answer.
    /// Must be called on the runtime that is to drive it.
    pub fn commands(&self, wait: Duration) -> RedisResult<RedisConnection> {
        if let [one] = self.0.as_slice() {
            let config = ConnectionManagerConfig::new()
                .set_number_of_retries(1)
                .set_connection_timeout(Some(wait))
                .set_response_timeout(Some(wait));
            let client = Client::open(one.clone())?;
            return Ok(RedisConnection::Managed(ConnectionManager::new_lazy_with_config(client, config)?));
        }
        let client = self.cluster(wait).build()?;
        Ok(RedisConnection::Cluster(client.get_pending_async_connection_with_config(ClusterConfig::new())))
    }

    /// A connection that hears these channels and hands on what comes.
    pub async fn subscription(
        &self,
        channels: &[String],
        push: impl Fn(PushInfo) -> Result<(), SendError> + Send + Sync + 'static,
        wait: Duration,
    ) -> RedisResult<RedisConnection> {
        let mut connection = if let [one] = self.0.as_slice() {
            let config = AsyncConnectionConfig::new().set_push_sender(push).set_connection_timeout(Some(wait));
            let client = Client::open(one.clone())?;
            RedisConnection::Plain(client.get_multiplexed_async_connection_with_config(&config).await?)
        } else {
            let client = self.cluster(wait).push_sender(push).build()?;
            RedisConnection::Cluster(client.get_async_connection().await?)
        };
        for channel in channels {
            redis::cmd("SSUBSCRIBE").arg(channel).exec_async(&mut connection).await?;
        }
        Ok(connection)
    }

    fn cluster(&self, wait: Duration) -> ClusterClientBuilder {
        ClusterClient::builder(self.0.iter().cloned())
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(wait)
            .response_timeout(wait)
            .retries(TRIES)
    }
}

/// Pushes need RESP3, whatever the URL says.
fn resp3(url: &str) -> RedisResult<ConnectionInfo> {
    let info = url.into_connection_info()?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

impl RedisConnection {
    /// Whether one of several servers may be away while the others answer.
    pub const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    fn inner(&mut self) -> &mut (dyn ConnectionLike + Send) {
        match self {
            Self::Managed(connection) => connection,
            Self::Plain(connection) => connection,
            Self::Cluster(connection) => connection,
        }
    }
}

impl ConnectionLike for RedisConnection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        self.inner().req_packed_command(cmd)
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        cmd: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        self.inner().req_packed_commands(cmd, offset, count)
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Managed(connection) => connection.get_db(),
            Self::Plain(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

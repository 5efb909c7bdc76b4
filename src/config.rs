//! Every setting of the server: flag, environment name, default, unit and reason. `docs/CONFIGURATION.md` is tested against it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use secrecy::SecretString;

/// Where Postgres is.
#[derive(Args, Clone)]
pub struct DatabaseConfig {
    /// Postgres, the only truth: postgres://user:password@host:port/database; several hosts (host:port,host:port): a primary and its replicas, of which the primary is found
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,
    /// Most database connections of this process
    #[arg(long, env = "FAMILY_PAIRING_DATABASE_CONNECTIONS", default_value_t = 16)]
    pub database_connections: usize,
    /// Longest wait for a database connection, in milliseconds; then 503
    #[arg(long, env = "FAMILY_PAIRING_DATABASE_WAIT_MS", default_value_t = 2_000)]
    pub database_wait_ms: u64,
}

/// What personal fields are sealed with.
#[derive(Args, Clone)]
pub struct SecretConfig {
    /// File with the installation's secret (64 hex digits); made at first start. All nodes need the same; back it up apart from the database
    #[arg(long, env = "FAMILY_PAIRING_SECRET_FILE", default_value = "family-pairing.secret")]
    pub secret_file: PathBuf,
}

/// What a node needs to serve.
#[derive(Args, Clone)]
pub struct ServeConfig {
    /// Postgres.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// The installation's secret.
    #[command(flatten)]
    pub secret: SecretConfig,
    /// Redis for hints, presence and shared throttles: redis://:password@host:port; several hosts (host:port,host:port) are a Redis Cluster. Without it: a single node
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<SecretString>,
    /// Prefix of every Redis key and channel, so that installations can share one Redis
    #[arg(long, env = "FAMILY_PAIRING_REDIS_PREFIX", default_value = "fp")]
    pub redis_prefix: String,
    /// Address and port to listen on
    #[arg(long, env = "FAMILY_PAIRING_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where clients reach this installation; pairing links start with it
    #[arg(long, env = "FAMILY_PAIRING_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
    pub public_url: String,
    /// Origins of pages that may open a socket with a ticket; exact, comma separated. The public URL's own is always among them
    #[arg(long, env = "FAMILY_PAIRING_ORIGINS", value_delimiter = ',')]
    pub origins: Vec<String>,
    /// Proxies whose X-Forwarded-For is believed; exact addresses, comma separated
    #[arg(long, env = "FAMILY_PAIRING_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// File with the seed of the signing key (64 hex digits). Without it the key is made at first start and kept sealed in Postgres
    #[arg(long, env = "FAMILY_PAIRING_SIGNING_KEY_FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// Memory of one password hash, in KiB (argon2id)
    #[arg(long, env = "FAMILY_PAIRING_HASH_MEMORY_KIB", default_value_t = 19_456)]
    pub hash_memory_kib: u32,
    /// Passes of one password hash (argon2id)
    #[arg(long, env = "FAMILY_PAIRING_HASH_PASSES", default_value_t = 2)]
    pub hash_passes: u32,
    /// Scales every throttle: 2 allows twice as much. For load tests and large households behind one address
    #[arg(long, env = "FAMILY_PAIRING_THROTTLE_SCALE", default_value_t = 1)]
    pub throttle_scale: u32,
    /// Sockets that this node takes at most; beyond, 503 before the upgrade
    #[arg(long, env = "FAMILY_PAIRING_MOST_SOCKETS", default_value_t = 15_000)]
    pub most_sockets: usize,
    /// New sockets per second that this node takes at most; beyond, 503 before the upgrade
    #[arg(long, env = "FAMILY_PAIRING_MOST_CONNECTS", default_value_t = 1_000)]
    pub most_connects: u32,
    /// Time over which a stopping node spreads the closes of its sockets, in milliseconds
    #[arg(long, env = "FAMILY_PAIRING_DRAIN_MS", default_value_t = 5_000)]
    pub drain_ms: u64,
    /// Worker threads for HTTP and sockets; 0: one per core
    #[arg(long, env = "FAMILY_PAIRING_WORKERS", default_value_t = 0)]
    pub workers: usize,
    /// For tests only: so many hints of a hundred are neither sent to other nodes nor delivered here, so that the other nets must work
    #[arg(long, env = "FAMILY_PAIRING_LOSE_HINTS", default_value_t = 0, hide = true, value_parser = clap::value_parser!(u8).range(..=100))]
    pub lose_hints: u8,
    /// For tests only: silence after which a client is closed, in milliseconds, where 75 seconds are too long to wait for
    #[arg(long, env = "FAMILY_PAIRING_SILENCE_MS", hide = true)]
    pub silence_ms: Option<u64>,
}

impl DatabaseConfig {
    /// Longest wait for a database connection.
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.database_wait_ms)
    }
}

impl ServeConfig {
    /// Time over which closes are spread.
    pub fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }

    /// Silence after which a client is closed, where it is another than the protocol's.
    pub fn silence(&self) -> Option<Duration> {
        self.silence_ms.map(Duration::from_millis)
    }
}

//! The shared parts of a node, built once on the main runtime.
//!
//! Everything that talks to Postgres or Redis is opened here: a connection is driven by the runtime that opened it, and a
//! blocked worker must not stall everybody's queries.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use metrics_exporter_prometheus::PrometheusHandle;
use rand::TryRng;
use secrecy::ExposeSecret;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Scrape, controls::Catalogues, openapi::Document},
    auth::{
        Gate,
        password::{BadCost, Hasher},
        redis_servers::RedisServers,
        shared::Shared,
        throttle::Throttle,
        turns::Turns,
    },
    config::{DatabaseConfig, SecretConfig, ServeConfig},
    domain::{
        clock::{Clock, Entropy, World, whole_micros},
        controls::{Registry, RegistryError},
        presets::{PresetError, Presets},
        snapshot::hex,
        vault::Vault,
    },
    store::{
        PoolSettings, Posted, Store, StoreError, device_work::DeviceWork, guardian_work::GuardianWork,
        key_ring::KeyRing, migrate,
    },
    sync::{Live, Parts},
};

/// Events that may wait for the relay. Beyond, hints are lost and the sweep finds what they were about.
const EVENTS: usize = 10_000;

/// Why a node could not be built.
#[derive(Debug, Error)]
pub enum AppError {
    /// Postgres is not there, or not as it should be.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The tables are not those of this program.
    #[error("the database has {0} migrations to run: start `family-pairing migrate` first")]
    NotMigrated(usize),
    /// The registry of controls contradicts itself.
    #[error("the controls: {0}")]
    Registry(#[from] RegistryError),
    /// The presets do not fit the controls.
    #[error("the presets: {0}")]
    Presets(#[from] PresetError),
    /// A secret or key file cannot be read or made.
    #[error("the file {path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A setting that cannot be.
    #[error("the settings: {0}")]
    Setting(String),
    /// The Redis URL is none.
    #[error("REDIS_URL: {0}")]
    Redis(#[from] redis::RedisError),
    /// The cost of password hashes is out of range.
    #[error(transparent)]
    Cost(#[from] BadCost),
    /// The API document or the catalogue could not be written as JSON.
    #[error("the OpenAPI document or the catalogue: {0}")]
    Document(#[from] serde_json::Error),
}

/// The system's clock and randomness: the only place that reads them.
struct SystemWorld;

impl Clock for SystemWorld {
    #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    fn now(&self) -> Timestamp {
        whole_micros(Timestamp::now())
    }
}

impl Entropy for SystemWorld {
    fn fill(&self, bytes: &mut [u8]) {
        // A system without randomness can make no token: better to stop than to make guessable ones.
        if rand::rngs::SysRng.try_fill_bytes(bytes).is_err() {
            tracing::error!("the operating system gave no randomness");
            std::process::abort();
        }
    }
}

/// The system's clock and randomness.
pub fn system_world() -> World {
    World::new(Arc::new(SystemWorld), Arc::new(SystemWorld))
}

/// A node, ready to be served.
pub struct App {
    /// For the extractors.
    pub gate: Gate,
    /// The realtime room.
    pub live: Arc<Live>,
    /// The API document.
    pub document: Document,
    /// The controls in every language.
    pub catalogues: Catalogues,
    /// Settings that go together.
    pub presets: Presets,
    /// For metrics and readiness.
    pub scrape: Scrape,
    /// Ends the node's tasks.
    pub stop: CancellationToken,
}

/// Opens the store alone, for commands that do not serve.
pub async fn open_store(
    database: &DatabaseConfig,
    secret: &SecretConfig,
    world: World,
) -> Result<(Store, mpsc::Receiver<Posted>), AppError> {
    open_store_with(database, secret, world, Registry::load()?).await
}

/// The same with a catalogue of one's own.
pub async fn open_store_with(
    database: &DatabaseConfig,
    secret: &SecretConfig,
    world: World,
    registry: Registry,
) -> Result<(Store, mpsc::Receiver<Posted>), AppError> {
    let (events, posted) = mpsc::channel(EVENTS);
    let vault = Arc::new(Vault::new(&secret_of(&secret.secret_file, &world)?));
    let registry = Arc::new(registry);
    match migrate::pending(&database.database_url).await? {
        0 => {}
        missing => return Err(AppError::NotMigrated(missing)),
    }
    let settings =
        PoolSettings { url: database.database_url.clone(), size: database.database_connections, wait: database.wait() };
    Ok((Store::open(settings, world, vault, registry, events).await?, posted))
}

impl App {
    /// Builds a node from its settings.
    pub async fn build(config: &ServeConfig, world: World, metrics: PrometheusHandle) -> Result<Self, AppError> {
        let (store, events) = open_store(&config.database, &config.secret, world.clone()).await?;
        // Every request needs them, so a node that cannot read them says so here and not to a family.
        store.rules().await?;
        let vault = Arc::new(Vault::new(&secret_of(&config.secret.secret_file, &world)?));
        let seed = config.signing_key_file.as_deref().map(seed_of).transpose()?;
        let signing = store.signing_key(seed).await?;
        let redis = config.redis_url.as_ref().map(|url| RedisServers::parse(url.expose_secret())).transpose()?;
        let shared =
            redis.as_ref().map(|servers| Shared::new(servers, &config.redis_prefix)).transpose()?.map(Arc::new);
        let work = DeviceWork::start(&store);
        let stop = CancellationToken::new();
        let parts = Parts {
            store: store.clone(),
            work: work.clone(),
            events,
            key: signing.key,
            shared: shared.clone(),
            subscriber: redis,
            most_sockets: config.most_sockets,
            most_connects: config.most_connects,
            lose_hints: config.lose_hints,
            silence: config.silence(),
        };
        let live = Live::start(parts, &stop);
        let public_url = config.public_url.trim_end_matches('/').to_owned();
        let catalogues = Catalogues::of(store.registry())?;
        let presets = Presets::load(store.registry())?;
        let mut origins = config.origins.clone();
        origins.push(origin_of(&public_url)?);
        let gate = Gate {
            keys: KeyRing::start(&store),
            guardians: GuardianWork::start(&store),
            store,
            devices: work,
            hasher: Hasher::new(config.hash_memory_kib, config.hash_passes)?,
            simulations: Turns::new(metrics::gauge!("family_pairing_simulation_queue")),
            throttle: Throttle::new(shared.clone(), vault.clone(), config.throttle_scale),
            vault,
            origins,
            trusted_proxies: config.trusted_proxies.clone(),
            public_url,
            presence: live.presence(),
            decisions: live.decisions(),
        };
        Ok(Self {
            gate,
            scrape: Scrape { metrics, redis: shared, draining: live.draining() },
            live,
            document: Document::new()?,
            catalogues,
            presets,
            stop,
        })
    }
}

fn origin_of(url: &str) -> Result<String, AppError> {
    let bad = || AppError::Setting(format!("the public URL {url} is not http:// or https:// with a host"));
    let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
    let host = rest.split('/').next().filter(|host| !host.is_empty()).ok_or_else(bad)?;
    match scheme {
        "http" | "https" => Ok(format!("{scheme}://{host}")),
        _ => Err(bad()),
    }
}

/// Reads the installation's secret, or makes it at first start. Two processes that start at once agree: only one can make the file.
fn secret_of(path: &Path, world: &World) -> Result<[u8; 32], AppError> {
    if !path.exists() {
        make_secret(path, world).map_err(|error| in_file(path, error))?;
    }
    seed_of(path)
}

fn make_secret(path: &Path, world: &World) -> io::Result<()> {
    let secret: [u8; 32] = world.bytes();
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", hex(&secret))?;
    file.sync_all()?;
    // A hard link fails if the file is there by now, and readers never see half a file.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Reads 64 hex digits.
fn seed_of(path: &Path) -> Result<[u8; 32], AppError> {
    let text = fs::read_to_string(path).map_err(|error| in_file(path, error))?;
    let digits: Option<Vec<u8>> = text
        .trim()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let seed = digits.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    seed.ok_or_else(|| in_file(path, io::Error::new(io::ErrorKind::InvalidData, "must hold 64 hex digits")))
}

fn in_file(path: &Path, error: io::Error) -> AppError {
    AppError::File { path: path.to_owned(), error }
}

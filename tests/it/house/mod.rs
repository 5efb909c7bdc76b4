//! A house for one test: a node with its own database, Redis prefix and clock, and verbs for the people in it.

pub mod admin;
pub mod database;
pub mod fleet;
pub mod line;
pub mod link;
pub mod people;
pub mod process;
pub mod raw;
pub mod services;
pub mod wire;

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use clap::Parser;
use family_pairing::{
    app::{self, App},
    client::api::Api,
    config::ServeConfig,
    domain::{
        clock::{Clock, Entropy, World},
        controls::Registry,
    },
    serve::Node,
    store::Store,
    telemetry,
};
use jiff::{SignedDuration, Timestamp};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::{
    database::Database,
    services::{postgres_admin, redis_url},
};

/// The system's clock, moved on by hand.
pub struct HouseClock {
    real: World,
    ahead_seconds: AtomicI64,
}

impl Clock for HouseClock {
    fn now(&self) -> Timestamp {
        self.real.now() + SignedDuration::from_secs(self.ahead_seconds.load(Ordering::SeqCst))
    }
}

impl Entropy for HouseClock {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            chunk.copy_from_slice(&self.real.bytes::<32>()[..chunk.len()]);
        }
    }
}

/// One or more nodes on one database and one Redis.
pub struct House {
    pub database: Database,
    pub clock: Arc<HouseClock>,
    pub nodes: Vec<RunningNode>,
    arguments: Vec<String>,
    secret: PathBuf,
    first_operator: OnceLock<String>,
}

/// A node inside this process.
pub struct RunningNode {
    pub url: String,
    pub metrics: PrometheusHandle,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// What every test server gets: cheap hashes, lenient throttles, a short drain.
const ARGUMENTS: [&str; 10] =
    ["--hash-memory-kib", "8", "--hash-passes", "1", "--throttle-scale", "1000", "--drain-ms", "50", "--workers", "2"];

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    serve: ServeConfig,
}

impl House {
    /// A house with one node.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A house in which it is a minute past ten in the morning where its families live: no night and no other five minutes come in between.
    pub async fn in_the_morning() -> Self {
        let house = Self::new().await;
        let now = house.world().now().in_tz("Europe/Berlin").expect("a zone");
        let today = now.date().to_zoned(now.time_zone().clone()).expect("a day");
        let ten = [today.clone(), today.tomorrow().expect("a day")]
            .map(|day| day.with().hour(10).minute(1).build().expect("an hour"));
        let next = ten.iter().find(|ten| **ten > now).expect("one of both");
        house.pass(next.duration_since(&now).unsigned_abs());
        house
    }

    /// A house whose nodes get more arguments; a later one overrides an earlier.
    pub async fn with(arguments: &[&str]) -> Self {
        let mut house = Self::empty(arguments).await;
        house.add_node(&[]).await;
        house
    }

    /// A house without a node: for tests that run the program itself.
    pub async fn empty(arguments: &[&str]) -> Self {
        let database = Database::fresh(&postgres_admin()).await;
        let secret = std::env::temp_dir().join(format!("{}.secret", database.name));
        Self {
            clock: Arc::new(HouseClock { real: app::system_world(), ahead_seconds: AtomicI64::new(0) }),
            database,
            nodes: vec![],
            arguments: arguments.iter().map(ToString::to_string).collect(),
            secret,
            first_operator: OnceLock::new(),
        }
    }

    /// The command line of a node of this house, without the program's name and `serve`.
    pub fn command_line(&self, more: &[&str]) -> Vec<String> {
        let own = [
            "--database-url",
            &self.database.url,
            "--redis-prefix",
            &self.database.name,
            "--listen",
            "127.0.0.1:0",
            "--secret-file",
            &self.secret.to_string_lossy(),
            "--redis-url",
            &redis_url(),
        ];
        let mut line: Vec<String> = Vec::new();
        let all = own
            .iter()
            .copied()
            .chain(ARGUMENTS)
            .chain(self.arguments.iter().map(String::as_str))
            .chain(more.iter().copied());
        let all: Vec<&str> = all.collect();
        for pair in all.chunks(2) {
            let [flag, value] = pair else { panic!("arguments come in pairs: {pair:?}") };
            // The last word on a flag counts; clap would refuse it twice. `none` takes a flag away.
            if let Some(at) = line.iter().position(|known| known == flag) {
                line.drain(at..at + 2);
            }
            if *value != "none" {
                line.extend([flag.to_string(), value.to_string()]);
            }
        }
        line
    }

    /// Starts one more node on the same database and Redis.
    pub async fn add_node(&mut self, more: &[&str]) -> &RunningNode {
        let (app, config) = self.app(more).await;
        let node = Node::start(app, &config).expect("a node can be started");
        let (url, stop) = (format!("http://{}", node.address), CancellationToken::new());
        let task = tokio::spawn(node.run_until(stop.clone()));
        self.nodes.push(RunningNode { url, metrics: metrics(), stop, task });
        self.nodes.last().expect("just pushed")
    }

    /// A node's parts, put together but not served.
    pub async fn app(&self, more: &[&str]) -> (App, ServeConfig) {
        let line = self.command_line(more);
        let settings =
            Settings::try_parse_from(std::iter::once("node".to_owned()).chain(line)).expect("sound arguments");
        let app = App::build(&settings.serve, self.world(), metrics()).await.expect("a node can be built");
        (app, settings.serve)
    }

    /// The database alone, as a command opens it.
    pub async fn store(&self) -> Store {
        let line = std::iter::once("command".to_owned()).chain(self.command_line(&[]));
        let Settings { serve } = Settings::try_parse_from(line).expect("sound arguments");
        app::open_store(&serve.database, &serve.secret, self.world()).await.expect("a store").0
    }

    /// The same as a program with another catalogue opens it.
    pub async fn store_with(&self, registry: Registry) -> Store {
        let line = std::iter::once("command".to_owned()).chain(self.command_line(&[]));
        let Settings { serve } = Settings::try_parse_from(line).expect("sound arguments");
        app::open_store_with(&serve.database, &serve.secret, self.world(), registry).await.expect("a store").0
    }

    /// The first node's address.
    pub fn url(&self) -> &str {
        &self.nodes[0].url
    }

    /// A client of the first node, signed in as nobody.
    pub fn api(&self) -> Api {
        self.api_of(0)
    }

    /// A client of one node, signed in as nobody.
    pub fn api_of(&self, node: usize) -> Api {
        Api::new(&self.nodes[node].url, self.world()).expect("a client")
    }

    /// The house's clock and randomness.
    pub fn world(&self) -> World {
        World::new(self.clock.clone(), self.clock.clone())
    }

    /// Lets time pass for the server's rules (not for its timers).
    pub fn pass(&self, time: Duration) {
        self.clock.ahead_seconds.fetch_add(i64::try_from(time.as_secs()).expect("a short time"), Ordering::SeqCst);
    }
}

impl RunningNode {
    /// Drains and stops the node.
    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the node ends well");
    }
}

impl Drop for House {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.stop.cancel();
            node.task.abort();
        }
        // Left behind where a test did not start a node.
        let _ = std::fs::remove_file(&self.secret);
    }
}

/// The process's metrics; several nodes in one process share them.
fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS
        .get_or_init(|| {
            telemetry::start_logging(&std::env::var("TEST_LOG").unwrap_or_else(|_| "error".to_owned()));
            telemetry::start_metrics().expect("metrics")
        })
        .clone()
}

/// Waits until something is so, looking every few milliseconds, and says how long it took. Panics after `limit`.
pub async fn until<F: Future<Output = bool>>(limit: Duration, what: &str, mut so: impl FnMut() -> F) -> Duration {
    let started = tokio::time::Instant::now();
    while !so().await {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    started.elapsed()
}

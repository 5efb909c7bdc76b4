//! A node's life: start, serve, drain, stop — in that order, because open sockets would otherwise hold the stop up to its limit.

use std::{io, net::TcpListener, os::fd::AsFd, sync::Arc, time::Duration};

use actix_web::{
    App as ActixApp, HttpServer,
    dev::{Extensions, Server},
    middleware::from_fn,
    rt::net::TcpStream,
    web::Data,
};
use thiserror::Error;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

use crate::{
    api::{
        self,
        edge::{RequestSpan, edge},
    },
    app::{App, AppError},
    auth::Gate,
    config::ServeConfig,
    store::{Store, StoreError},
    sync::Live,
};

/// A request's headers must be here within this time.
const HEADERS: Duration = Duration::from_secs(5);
/// What a peer does not acknowledge for this long is lost: a client that stopped reading must not keep its buffers here.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// How often a node looks for policies that change by themselves.
const DUE: Duration = Duration::from_secs(1);
/// Most of them in one round.
const DUE_AT_ONCE: i64 = 100;
/// How often use beyond its time is deleted.
const USAGE_UPKEEP: Duration = Duration::from_secs(3_600);
/// How often housekeeping runs.
const HOUSEKEEPING: Duration = Duration::from_secs(60);

/// Why serving ended early.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The node could not be built.
    #[error(transparent)]
    App(#[from] AppError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(std::net::SocketAddr, io::Error),
    /// The server stopped by itself.
    #[error("the server stopped: {0}")]
    Server(#[from] io::Error),
}

/// A started node.
pub struct Node {
    /// Where it listens.
    pub address: std::net::SocketAddr,
    server: Server,
    live: Arc<Live>,
    stop: CancellationToken,
    drain: Duration,
}

impl Node {
    /// Starts serving an app that was built.
    pub fn start(app: App, config: &ServeConfig) -> Result<Self, ServeError> {
        let listener = TcpListener::bind(config.listen).map_err(|error| ServeError::Listen(config.listen, error))?;
        let address = listener.local_addr()?;
        let App { gate, live, document, catalogues, presets, scrape, stop } = app;
        let gate = Data::new(gate);
        let (document, scrape) = (Data::new(document), Data::new(scrape));
        let (catalogues, presets) = (Data::new(catalogues), Data::new(presets));
        tokio::spawn(housekeeping(gate.clone(), stop.clone()));
        tokio::spawn(due(gate.store.clone(), stop.clone()));
        let shared_live = Data::from(live.clone());
        let workers = match config.workers {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            workers => workers,
        };
        let server = HttpServer::new(move || {
            ActixApp::new()
                .app_data(gate.clone())
                .app_data(shared_live.clone())
                .app_data(document.clone())
                .app_data(catalogues.clone())
                .app_data(presets.clone())
                .app_data(scrape.clone())
                .wrap(from_fn(edge))
                .wrap(TracingLogger::<RequestSpan>::new())
                .configure(api::routes)
        })
        .on_connect(on_connect)
        .tcp_nodelay(true)
        .client_request_timeout(HEADERS)
        .shutdown_timeout(2)
        .workers(workers)
        .disable_signals()
        .listen(listener)?
        .run();
        Ok(Self { address, server, live, stop, drain: config.drain() })
    }

    /// Serves until SIGTERM or SIGINT, then drains and stops. A second signal stops at once.
    pub async fn run(self) -> Result<(), ServeError> {
        let handle = self.server.handle();
        let serving = tokio::spawn(self.server);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            ended = serving => return Ok(ended.map_err(io::Error::other)??),
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: clients are asked to reconnect elsewhere");
        tokio::select! {
            () = self.live.drain(self.drain) => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        handle.stop(true).await;
        self.stop.cancel();
        tracing::info!("stopped");
        Ok(())
    }

    /// Serves until `until`, then drains and stops. For tests.
    pub async fn run_until(self, until: CancellationToken) {
        let handle = self.server.handle();
        let serving = tokio::spawn(self.server);
        until.cancelled().await;
        self.live.drain(self.drain).await;
        handle.stop(true).await;
        self.stop.cancel();
        serving.abort();
    }
}

/// Has the kernel give up on peers that acknowledge nothing: the frame parser cannot see them.
fn on_connect(connection: &dyn std::any::Any, _: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = socket2::SockRef::from(&stream.as_fd()).set_tcp_user_timeout(Some(UNACKNOWLEDGED))
    {
        tracing::warn!(%error, "a connection's timeout could not be set");
    }
}

/// Forgets what is old: answers to repeated requests, throttle counters, use beyond its time; keeps the histograms small.
async fn housekeeping(gate: Data<Gate>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(HOUSEKEEPING);
    let mut forgot_usage: Option<tokio::time::Instant> = None;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        gate.throttle.forget_idle();
        forgotten("answers", gate.store.forget_old_answers().await);
        if forgot_usage.is_none_or(|at| at.elapsed() >= USAGE_UPKEEP) {
            forgot_usage = Some(tokio::time::Instant::now());
            forgotten("usage", gate.store.forget_old_usage().await);
        }
    }
}

fn forgotten(what: &str, outcome: Result<usize, StoreError>) {
    match outcome {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, what, "what was too old was forgotten"),
        Err(error) => tracing::warn!(%error, what, "what is too old could not be forgotten"),
    }
}

/// Looks at policies that change by themselves, on every node: whoever comes first does it.
async fn due(store: Store, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(DUE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        loop {
            match store.work_due(DUE_AT_ONCE).await {
                Ok(worked) if worked.looked > 0 && !stop.is_cancelled() => {
                    metrics::counter!("family_pairing_due_total")
                        .increment(u64::try_from(worked.looked).unwrap_or_default());
                }
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "policies that are due could not be looked at; trying again");
                    break;
                }
            }
        }
    }
}

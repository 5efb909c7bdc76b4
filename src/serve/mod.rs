//! A node's life: start, serve, drain, stop — in that order, because open sockets would otherwise hold the stop up to its limit.
//!
//! What never happens here: deciding or answering anything. `upgrades` hands connections over to `sync`, once the app has said 101.

mod upgrades;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    os::fd::AsFd,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_http::HttpService;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_factory, map_config};
use actix_web::{
    App as ActixApp, Error,
    body::MessageBody,
    dev::{AppConfig, Extensions, Server, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    rt::net::TcpStream,
    web::Data,
};
use jiff::SignedDuration;
use thiserror::Error;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

use self::upgrades::Upgrades;
use crate::{
    api::{
        self, Scrape,
        controls::Catalogues,
        edge::{RequestSpan, edge},
        openapi::Document,
    },
    app::{App, AppError},
    auth::Gate,
    config::ServeConfig,
    domain::presets::Presets,
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
/// How often a node looks whether it is its turn to look for silent devices.
const SILENCES: SignedDuration = SignedDuration::from_mins(1);
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
    Listen(SocketAddr, io::Error),
    /// The server stopped by itself.
    #[error("the server stopped: {0}")]
    Server(#[from] io::Error),
}

/// A started node.
pub struct Node {
    /// Where it listens.
    pub address: SocketAddr,
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
        tokio::spawn(housekeeping(gate.clone(), stop.clone()));
        tokio::spawn(due(gate.store.clone(), stop.clone()));
        tokio::spawn(passing(gate.store.clone(), stop.clone()));
        let shared = Shared {
            gate,
            live: Data::from(live.clone()),
            document: Data::new(document),
            scrape: Data::new(scrape),
            catalogues: Data::new(catalogues),
            presets: Data::new(presets),
        };
        let workers = match config.workers {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
            workers => workers,
        };
        let server = listen(shared, listener, address, workers)?;
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

/// What every worker's app shares.
#[derive(Clone)]
struct Shared {
    gate: Data<Gate>,
    live: Data<Live>,
    document: Data<Document>,
    scrape: Data<Scrape>,
    catalogues: Data<Catalogues>,
    presets: Data<Presets>,
}

impl Shared {
    fn app(
        &self,
    ) -> ActixApp<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        ActixApp::new()
            .app_data(self.gate.clone())
            .app_data(self.live.clone())
            .app_data(self.document.clone())
            .app_data(self.catalogues.clone())
            .app_data(self.presets.clone())
            .app_data(self.scrape.clone())
            .wrap(from_fn(edge))
            .wrap(TracingLogger::<RequestSpan>::new())
            .configure(api::routes)
    }
}

/// The server itself: what `actix_web::HttpServer` does, with a door for sockets beside the one for requests.
fn listen(shared: Shared, listener: TcpListener, address: SocketAddr, workers: usize) -> io::Result<Server> {
    let server = Server::build().workers(workers).shutdown_timeout(2).disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let answer = move || {
        let (shared, stopping) = (shared.clone(), stopping.clone());
        let app = shared.app().into_factory().map_err(|error: Error| error.error_response());
        HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .client_request_timeout(HEADERS)
            .tcp_nodelay(true)
            .local_addr(address)
            .on_connect_ext(|connection: &TcpStream, _: &mut Extensions| on_connect(connection))
            .upgrade(fn_factory(move || {
                let app = shared.app().into_factory();
                async move { app.new_service(AppConfig::default()).await.map(|app| Upgrades(Rc::new(app))) }
            }))
            .finish(map_config(app, |()| AppConfig::default()))
            .tcp()
    };
    Ok(server.listen("http", listener, answer)?.run())
}

/// Has the kernel give up on peers that acknowledge nothing: the frame parser cannot see them.
fn on_connect(connection: &TcpStream) {
    if let Err(error) = socket2::SockRef::from(&connection.as_fd()).set_tcp_user_timeout(Some(UNACKNOWLEDGED)) {
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
            forgotten("usage slots", gate.store.roll_up_usage().await);
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

/// Looks at what ends or begins by itself, on every node: whoever comes first does it. Apart from policies that are due, of which there may
/// be a million after a law: an alarm must not wait for them.
async fn passing(store: Store, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(DUE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looked_at = None;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = store.expire_requests().await {
            tracing::warn!(%error, "requests that are too old could not be ended; trying again");
        }
        let now = store.world().now();
        if looked_at.is_none_or(|at| now.duration_since(at) >= SILENCES) {
            looked_at = Some(now);
            if let Err(error) = store.look_for_silences().await {
                tracing::warn!(%error, "silent devices could not be looked for; trying again in a minute");
            }
        }
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

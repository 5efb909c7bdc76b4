//! Reading over HTTP, one request after the other on each of several connections.

use std::{
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
    time::Duration,
};

use clap::Args;
use serde::Serialize;
use tokio::{task::JoinSet, time::Instant};

use super::{
    measure::{Failures, Spread, Times, per_second},
    print,
    town::Place,
};
use crate::{client::ClientError, domain::clock::World};

/// What `bench reads` needs.
#[derive(Args, Debug)]
pub struct ReadsArgs {
    #[command(flatten)]
    place: Place,
    /// Connections that read
    #[arg(long, default_value_t = 16)]
    at_once: usize,
    /// Seconds of it
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

/// What came out, also of the floor.
#[derive(Serialize)]
pub struct ReadFigures {
    reads_per_second: f64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_failure: Option<String>,
    read: Spread,
}

/// Reads the policies of everybody in turn, each with their own device's token.
pub async fn run(args: ReadsArgs, world: World) -> Result<(), ClientError> {
    let town = args.place.town(&world).await?;
    let server = town.server(0).ok_or_else(|| ClientError::told("There is no server."))?;
    let residents = town.residents();
    let urls = residents.iter().map(|_| format!("{}/v1/teen/policy", server.base())).collect();
    let tokens = residents.iter().map(|resident| Some(resident.device_token.clone())).collect();
    let figures = read(urls, tokens, args.at_once, Duration::from_secs(args.seconds)).await?;
    print("reads", &figures)?;
    figures.all_came()
}

impl ReadFigures {
    /// Whether every read was answered; if not, these are no figures.
    pub fn all_came(&self) -> Result<(), ClientError> {
        match self.failed {
            0 => Ok(()),
            failed => Err(ClientError::told(format!("{failed} reads were not answered."))),
        }
    }
}

/// Reads from all of these in turn.
pub async fn read(
    urls: Vec<String>,
    tokens: Vec<Option<String>>,
    at_once: usize,
    time: Duration,
) -> Result<ReadFigures, ClientError> {
    let what: Arc<Vec<_>> = Arc::new(urls.into_iter().zip(tokens).collect());
    let (times, failures) = (Arc::new(Times::new()?), Arc::new(Failures::default()));
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut readers = JoinSet::new();
    for _ in 0..at_once.max(1) {
        let (what, times, failures, next) = (what.clone(), times.clone(), failures.clone(), next.clone());
        readers.spawn(async move {
            // A client each, so a connection each.
            let http = reqwest::Client::new();
            while started.elapsed() < time {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let Some((url, token)) = what.get(n % what.len().max(1)) else { return };
                let begun = Instant::now();
                match once(&http, url, token.as_deref()).await {
                    Ok(()) => times.since(begun),
                    Err(error) => failures.add(&error),
                }
            }
        });
    }
    readers.join_all().await;
    let count = usize::try_from(times.count()).unwrap_or(usize::MAX);
    Ok(ReadFigures {
        reads_per_second: per_second(count, started.elapsed()),
        failed: failures.count(),
        first_failure: failures.first(),
        read: times.spread(),
    })
}

async fn once(http: &reqwest::Client, url: &str, token: Option<&str>) -> Result<(), reqwest::Error> {
    let request = http.get(url);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await?.error_for_status()?.bytes().await.map(drop)
}

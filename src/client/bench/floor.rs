//! The bare server beside ours (`examples/floor.rs`): the same libraries without anything that we add. What it costs there, nobody gets
//! for less here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config, tungstenite::protocol::WebSocketConfig,
};

use super::{
    measure::{Failures, Pace, Spread, Times, per_second},
    print,
    process::{Process, each},
    reads::{ReadFigures, read},
};
use crate::client::ClientError;

/// What `bench floor` needs.
#[derive(Args, Debug)]
pub struct FloorArgs {
    /// Where it is
    #[arg(long)]
    url: String,
    /// Its process
    #[arg(long)]
    server_pid: u32,
    /// Sockets
    #[arg(long, default_value_t = 1_000)]
    devices: usize,
    /// Sockets that are opened at the same time
    #[arg(long, default_value_t = 256)]
    at_once: usize,
    /// Pushes per second, each to one of them
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// Seconds of them
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Bytes of a push: those of a policy frame
    #[arg(long, default_value_t = 6_000)]
    bytes: usize,
    /// Connections that read
    #[arg(long, default_value_t = 16)]
    readers: usize,
}

#[derive(Serialize)]
struct Figures {
    devices: usize,
    connects_per_second: f64,
    bytes_per_device: Option<u64>,
    push: Spread,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_failure: Option<String>,
    reads: ReadFigures,
}

type Line = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// When which push was planned.
type Planned = Arc<Mutex<HashMap<usize, Instant>>>;

/// Connects, pushes through it, and reads from it.
pub async fn run(args: FloorArgs) -> Result<(), ClientError> {
    let server = Process(args.server_pid);
    let before = server.bytes();
    let started = Instant::now();
    let base = args.url.replacen("http", "ws", 1);
    let lines: Vec<(usize, Line)> = stream::iter(0..args.devices)
        .map(|n| connect(format!("{base}/ws/{n}"), n))
        .buffer_unordered(args.at_once.max(1))
        .try_collect()
        .await?;
    let connects_per_second = per_second(args.devices, started.elapsed());
    sleep(Duration::from_secs(5)).await;
    let bytes_per_device = each(before, server.bytes(), args.devices);
    let (times, failures, planned) = (Arc::new(Times::new()?), Arc::new(Failures::default()), Planned::default());
    for (n, line) in lines {
        tokio::spawn(listen(line, n, planned.clone(), times.clone()));
    }
    let (http, text) = (reqwest::Client::new(), "x".repeat(args.bytes));
    Pace::new(args.rate, args.seconds)
        .keep(|turn, at| {
            let n = turn % args.devices.max(1);
            planned.lock().unwrap_or_else(PoisonError::into_inner).insert(n, at);
            let pushing = http.post(format!("{}/push/{n}", args.url)).body(text.clone()).send();
            let failures = failures.clone();
            async move {
                if let Err(error) = pushing.await.and_then(reqwest::Response::error_for_status) {
                    failures.add(&error);
                }
            }
        })
        .await;
    sleep(Duration::from_secs(1)).await;
    let urls: Vec<String> = (0..args.devices).map(|n| format!("{}/row/{n}", args.url)).collect();
    let tokens = vec![None; urls.len()];
    let reads = read(urls, tokens, args.readers, Duration::from_secs(args.seconds.into())).await?;
    let (failed, first_failure) = (failures.count(), failures.first());
    let push = times.spread();
    let devices = args.devices;
    let figures = Figures { devices, connects_per_second, bytes_per_device, push, failed, first_failure, reads };
    print("floor", &figures)?;
    match failed {
        0 => figures.reads.all_came(),
        failed => Err(ClientError::told(format!("{failed} pushes were not taken."))),
    }
}

async fn connect(url: String, n: usize) -> Result<(usize, Line), ClientError> {
    // As small as our own client's, so that the client costs the same on both sides.
    let config = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0);
    let opened = connect_async_with_config(url, Some(config), true).await;
    let opened = opened.map_err(|error| ClientError::told(error.to_string()))?;
    Ok((n, opened.0))
}

async fn listen(mut line: Line, n: usize, planned: Planned, times: Arc<Times>) {
    while let Some(Ok(message)) = line.next().await {
        let at = planned.lock().unwrap_or_else(PoisonError::into_inner).remove(&n);
        if let Some(at) = at.filter(|_| message.is_text()) {
            times.since(at);
        }
    }
}

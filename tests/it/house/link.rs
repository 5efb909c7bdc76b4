//! A bad line between devices and a server: it delays, cuts messages in two, stands still, breaks or carries nothing any more, and counts what it did.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use proptest::{
    prelude::RngExt,
    test_runner::{RngAlgorithm, TestRng},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// How long it stands still.
const STALL: Duration = Duration::from_millis(400);

/// What a line did.
#[derive(Default, Debug)]
pub struct Faults {
    pub cuts: AtomicU64,
    pub stalls: AtomicU64,
    pub splits: AtomicU64,
    pub delays: AtomicU64,
    pub deaf: AtomicU64,
}

impl Faults {
    /// All of them.
    pub fn count(&self) -> u64 {
        [&self.cuts, &self.stalls, &self.splits, &self.delays, &self.deaf]
            .map(|faults| faults.load(Ordering::Relaxed))
            .iter()
            .sum()
    }
}

/// The line. Broken off when dropped.
pub struct FaultyLink {
    pub url: String,
    pub faults: Arc<Faults>,
    healed: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl FaultyLink {
    /// Leads to the server at `url`.
    pub async fn to(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let target = url.strip_prefix("http://").expect("an address").to_owned();
        let own = format!("http://{}", listener.local_addr().expect("an address"));
        let faults = Arc::new(Faults::default());
        let (counted, healed) = (faults.clone(), Arc::new(AtomicBool::new(false)));
        let well = healed.clone();
        let task = tokio::spawn(async move {
            for number in 0_u64.. {
                let Ok((near, _)) = listener.accept().await else { return };
                let Ok(far) = TcpStream::connect(&target).await else { continue };
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                let cut = CancellationToken::new();
                tokio::spawn(carry(near_in, far_out, number * 2, (counted.clone(), well.clone()), cut.clone()));
                tokio::spawn(carry(far_in, near_out, number * 2 + 1, (counted.clone(), well.clone()), cut));
            }
        });
        Self { url: own, faults, healed, task }
    }

    /// Carries whatever comes from now on as a good line does. What is deaf stays so.
    pub fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
    }
}

impl Drop for FaultyLink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries one direction until it breaks; then both do.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    number: u64,
    (faults, healed): (Arc<Faults>, Arc<AtomicBool>),
    cut: CancellationToken,
) {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let mut dice = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut bytes = [0; 4096];
    let carrying = async {
        while let Ok(count @ 1..) = from.read(&mut bytes).await {
            let mut part = &bytes[..count];
            match dice.random_range(0..100) {
                _ if healed.load(Ordering::Relaxed) => {}
                0 | 1 => {
                    faults.cuts.fetch_add(1, Ordering::Relaxed);
                    // Half of it still arrives.
                    let _ = to.write_all(&part[..count / 2]).await;
                    return;
                }
                2 | 3 => {
                    faults.stalls.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(STALL).await;
                }
                4..24 if count > 1 => {
                    faults.splits.fetch_add(1, Ordering::Relaxed);
                    let at = dice.random_range(1..count);
                    if to.write_all(&part[..at]).await.is_err() {
                        return;
                    }
                    part = &part[at..];
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                44 => {
                    faults.deaf.fetch_add(1, Ordering::Relaxed);
                    // The connection stays, and what is sent into it fills up.
                    return std::future::pending().await;
                }
                24..44 => {
                    faults.delays.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(dice.random_range(1..40))).await;
                }
                _ => {}
            }
            if to.write_all(part).await.is_err() {
                return;
            }
        }
    };
    cut.run_until_cancelled(carrying).await;
    cut.cancel();
}

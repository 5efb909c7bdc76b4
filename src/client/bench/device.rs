//! A device as a load needs it: it verifies, reports and beats like any other, and keeps nothing on disk.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{
    changes::Board,
    town::{Resident, Town},
};
use crate::{
    client::{
        ClientError,
        socket::{Heard, Socket, SocketError},
    },
    domain::{
        clock::World,
        snapshot::{KeyRing, SignedSnapshot},
    },
    sync::frame::{
        AppliedFrame, ClientFrame, HEARTBEAT_SECONDS, HeartbeatFrame, Held, Hello, Resume, ServerFrame, UsageFrame,
    },
};

/// A device, connected or not.
#[derive(Clone)]
pub struct Device {
    base: String,
    resident: Arc<Resident>,
    keys: KeyRing,
    world: World,
}

impl Device {
    /// The device of the n-th resident.
    pub fn of(town: &Town, n: usize, resident: Arc<Resident>, world: &World) -> Result<Self, ClientError> {
        let server = town.server(n).ok_or_else(|| ClientError::told("There is no server."))?;
        Ok(Self { base: server.base().to_owned(), resident, keys: town.keys.clone(), world: world.clone() })
    }

    /// Connects once. It is connected when it has heard that what it holds is current, or when it has reported what it was sent.
    pub async fn connect(&self) -> Result<Socket, ClientError> {
        let mut socket = Socket::open(&self.base, &self.resident.device_token).await?;
        let hello = Hello { protocol: 1, applied: self.resident.holds(), ..Hello::default() };
        socket.send(&ClientFrame::Hello(Box::new(hello))).await?;
        loop {
            match self.hear(&mut socket).await? {
                ServerFrame::Welcome(welcome) if welcome.resume == Some(Resume::Current) => return Ok(socket),
                ServerFrame::Policy(policy) => {
                    self.apply(&mut socket, &policy).await?;
                    return Ok(socket);
                }
                _ => {}
            }
        }
    }

    /// Connects, as often as the server asks to come later. Says how often that was.
    pub async fn insist(&self) -> Result<(Socket, u64), ClientError> {
        let mut put_off = 0;
        loop {
            match self.connect().await {
                Err(ClientError::Socket(SocketError::Refused { status: 503, retry_after: Some(after) })) => {
                    put_off += 1;
                    // Full jitter over what was asked, as every client of ours does.
                    tokio::time::sleep(self.jitter(after + Duration::from_secs(1))).await;
                }
                other => return Ok((other?, put_off)),
            }
        }
    }

    /// Serves until the end of the connection.
    pub async fn serve(&self, socket: &mut Socket, board: Option<&Board>) -> Result<(), ClientError> {
        let every = Duration::from_secs(HEARTBEAT_SECONDS.into());
        let mut beats = interval_at(Instant::now() + self.jitter(every), every);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut n = 0;
        loop {
            tokio::select! {
                frame = self.hear(socket) => if let ServerFrame::Policy(policy) = frame? {
                    if let Some(board) = board {
                        board.receive(self.resident.teen, policy.revision);
                    }
                    self.apply(socket, &policy).await?;
                },
                _ = beats.tick() => {
                    n += 1;
                    let applied = self.resident.holds().map(|held| held.version);
                    socket.send(&ClientFrame::Heartbeat(HeartbeatFrame { n, applied, clock: None, status: None })).await?;
                }
            }
        }
    }

    /// Tells what was used, once in `every` from a random moment of it on, until `end`. How long each answer took, down to what is left.
    pub async fn tell(
        &self,
        socket: &mut Socket,
        every: Duration,
        end: Instant,
        report: impl Fn(i16) -> UsageFrame,
    ) -> Result<Vec<Duration>, ClientError> {
        let mut took = Vec::new();
        let mut n = 0;
        let mut at = Instant::now() + self.jitter(every);
        while at < end {
            tokio::time::sleep_until(at).await;
            socket.send(&ClientFrame::Usage(report(n))).await?;
            while !matches!(self.hear(socket).await?, ServerFrame::Budget(_)) {}
            took.push(at.elapsed());
            (n, at) = (n.wrapping_add(1), at + every);
        }
        Ok(took)
    }

    async fn hear(&self, socket: &mut Socket) -> Result<ServerFrame, ClientError> {
        match socket.recv().await {
            Heard::Frame(frame) => Ok(*frame),
            Heard::Closed(close) => Err(ClientError::told(format!("A device was closed: {close:?}"))),
        }
    }

    async fn apply(&self, socket: &mut Socket, policy: &SignedSnapshot) -> Result<(), ClientError> {
        self.keys.open(policy, self.resident.teen).map_err(|error| ClientError::told(error.to_string()))?;
        let (version, sha256) = (policy.version(), policy.sha256.clone());
        self.resident.hold(Held { version, sha256: sha256.clone() });
        let applied_at: Timestamp = self.world.now();
        let report = AppliedFrame { id: None, version, sha256, applied_at, issues: vec![] };
        Ok(socket.send(&ClientFrame::Applied(report)).await?)
    }

    fn jitter(&self, most: Duration) -> Duration {
        let [byte, other] = self.world.bytes::<2>();
        most.mul_f64(f64::from(u16::from_be_bytes([byte, other])) / f64::from(u16::MAX))
    }
}

/// Connects everybody, so many at the same time. A bar shows how far it is.
pub async fn connect_all(town: &Town, at_once: usize, world: &World) -> Result<Vec<(Device, Socket)>, ClientError> {
    let residents = town.residents();
    let bar = ProgressBar::new(u64::try_from(residents.len()).unwrap_or_default());
    let connected = stream::iter(residents.into_iter().enumerate())
        .map(|(n, resident)| async move {
            let device = Device::of(town, n, resident, world)?;
            let (socket, _) = device.insist().await?;
            Ok((device, socket))
        })
        .buffer_unordered(at_once.max(1))
        .inspect(|_| bar.inc(1))
        .try_collect()
        .await;
    bar.finish_and_clear();
    connected
}

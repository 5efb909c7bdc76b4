//! Many devices that behave as a device should: they hold, apply, report and come back, and keep a diary of what they saw.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use family_pairing::{
    client::socket::{Heard, Socket},
    domain::version::Version,
    sync::frame::{AppliedFrame, ClientFrame, HeartbeatFrame, Held, Hello, Resume, ServerFrame},
};
use tokio::{task::JoinHandle, time::Instant};

use super::people::TestDevice;

/// How often a device speaks, and how long it waits to hear something before it tries another socket.
const BEAT: Duration = Duration::from_secs(1);
const SILENCE: Duration = Duration::from_secs(3);

/// What a device saw.
#[derive(Default)]
pub struct Diary {
    /// What it holds.
    pub held: Option<Held>,
    /// When it took each.
    pub took: Vec<(Version, Instant)>,
    /// From the end of a socket until the next one had told it that it is current, or what is.
    pub gaps: Vec<Duration>,
    /// How sockets ended; 1006: without a word.
    pub ends: Vec<u16>,
    /// Policies older than what it held.
    pub backwards: u32,
}

/// One of them; gone when dropped.
pub struct FleetDevice {
    diary: Arc<Mutex<Diary>>,
    task: JoinHandle<()>,
}

impl FleetDevice {
    /// Lives at a node, or at what leads to one.
    pub fn start(url: &str, device: &TestDevice) -> Self {
        let diary = Arc::new(Mutex::new(Diary::default()));
        let life = Life { url: url.to_owned(), token: device.token.clone(), diary: diary.clone(), left: None };
        Self { diary, task: tokio::spawn(life.live()) }
    }

    /// What it saw so far.
    pub fn diary(&self) -> MutexGuard<'_, Diary> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it holds.
    pub fn version(&self) -> Option<Version> {
        self.diary().held.as_ref().map(|held| held.version)
    }
}

impl Drop for FleetDevice {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Life {
    url: String,
    token: String,
    diary: Arc<Mutex<Diary>>,
    /// When the last socket ended.
    left: Option<Instant>,
}

impl Life {
    fn diary(&self) -> MutexGuard<'_, Diary> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn live(mut self) {
        for number in 0_u64.. {
            if let Ok(socket) = Socket::open(&self.url, &self.token).await {
                let code = self.sits(socket).await;
                self.diary().ends.push(code);
                self.left.get_or_insert_with(Instant::now);
            }
            tokio::time::sleep(Duration::from_millis(50 + 37 * (number % 5))).await;
        }
    }

    /// Until the socket ends; how it did.
    async fn sits(&mut self, mut socket: Socket) -> u16 {
        const BROKEN: u16 = 1006;
        let applied = self.diary().held.clone();
        let hello = Hello { protocol: 1, applied, ..Hello::default() };
        if socket.send(&ClientFrame::Hello(Box::new(hello))).await.is_err() {
            return BROKEN;
        }
        let (mut beats, mut n, mut heard_at) = (tokio::time::interval(BEAT), 0, Instant::now());
        loop {
            let answer = tokio::select! {
                heard = socket.recv() => match heard {
                    Heard::Closed(close) => return close.code,
                    Heard::Frame(frame) => {
                        heard_at = Instant::now();
                        self.hears(*frame)
                    }
                },
                _ = beats.tick() => {
                    if heard_at.elapsed() > SILENCE {
                        return BROKEN;
                    }
                    n += 1;
                    let applied = self.diary().held.as_ref().map(|held| held.version);
                    (n > 1).then_some(ClientFrame::Heartbeat(HeartbeatFrame { n, applied, clock: None, status: None }))
                }
            };
            if let Some(answer) = answer
                && socket.send(&answer).await.is_err()
            {
                return BROKEN;
            }
        }
    }

    fn hears(&mut self, frame: ServerFrame) -> Option<ClientFrame> {
        match frame {
            ServerFrame::Welcome(welcome) if welcome.resume == Some(Resume::Current) => {
                self.is_back();
                None
            }
            ServerFrame::Policy(policy) => {
                self.is_back();
                let version = policy.version();
                let mut diary = self.diary();
                if diary.held.as_ref().is_some_and(|held| version < held.version) {
                    diary.backwards += 1;
                    return None;
                }
                diary.held = Some(Held { version, sha256: policy.sha256.clone() });
                diary.took.push((version, Instant::now()));
                let applied_at = "2026-11-22T12:00:00Z".parse().expect("a time");
                let id = Some("a".to_owned());
                Some(ClientFrame::Applied(AppliedFrame {
                    id,
                    version,
                    sha256: policy.sha256,
                    applied_at,
                    issues: vec![],
                }))
            }
            _ => None,
        }
    }

    fn is_back(&mut self) {
        if let Some(left) = self.left.take() {
            self.diary().gaps.push(left.elapsed());
        }
    }
}

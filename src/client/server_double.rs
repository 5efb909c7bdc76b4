//! Stand-ins for tests: a world, a scratch directory, a signed policy, a server that answers one way, one that syncs.

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use futures_util::{SinkExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderValue,
    },
};
use uuid::Uuid;

use crate::domain::{
    clock::{Clock, Entropy, World},
    ids::TeenId,
    snapshot::{Payload, SignedSnapshot, SnapshotKey},
    version::Version,
};
use crate::sync::frame::{ClientFrame, SUBPROTOCOL, ServerFrame};

static COUNT: AtomicU64 = AtomicU64::new(0);

struct TestClock;
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        static START: OnceLock<Instant> = OnceLock::new();
        let passed = SignedDuration::try_from(START.get_or_init(Instant::now).elapsed()).unwrap();
        Timestamp::from_second(1_780_000_000).unwrap() + passed
    }
}

/// A clock that a test moves on.
#[derive(Default)]
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn pass_hours(&self, hours: u64) {
        self.0.fetch_add(hours, Ordering::Relaxed);
    }

    /// A world that goes by this clock.
    pub(crate) fn world(self: &Arc<Self>) -> World {
        World::new(self.clone(), Arc::new(TestEntropy))
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        let passed = SignedDuration::from_hours(self.0.load(Ordering::Relaxed).cast_signed());
        Timestamp::from_second(1_780_000_000).unwrap() + passed
    }
}

struct TestEntropy;
impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let hash = Sha256::digest(COUNT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
            chunk.copy_from_slice(&hash[..chunk.len()]);
        }
    }
}

pub(crate) fn world() -> World {
    World::new(Arc::new(TestClock), Arc::new(TestEntropy))
}

pub(crate) fn scratch() -> PathBuf {
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("family-pairing-test-{}-{n}", std::process::id()))
}

pub(crate) fn teen() -> TeenId {
    TeenId::from_uuid(Uuid::from_u128(1))
}

fn key() -> SnapshotKey {
    SnapshotKey::from_seed(&[1; 32])
}

pub(crate) fn signed(revision: i64, minutes: u32) -> SignedSnapshot {
    signed_with(revision, serde_json::json!({"time.daily_minutes": {"value": minutes, "source": "guardian"}}))
}

pub(crate) fn signed_with(revision: i64, controls: serde_json::Value) -> SignedSnapshot {
    let payload = payload(revision, &controls);
    key().sign(Version { epoch: 1, revision }, payload.to_string().as_bytes())
}

pub(crate) fn payload_with(controls: serde_json::Value) -> Payload {
    serde_json::from_value(payload(1, &controls)).unwrap()
}

fn payload(revision: i64, controls: &serde_json::Value) -> serde_json::Value {
    serde_json::json!({
        "teen_id": teen(), "epoch": 1, "revision": revision, "issued_at": Timestamp::UNIX_EPOCH,
        "home_zone": "Europe/Berlin", "day_start_minute": 0, "timeline": [], "warnings": [],
        "controls": controls,
        "staleness": {"warn_hours": 24, "safe_hours": 72},
    })
}

/// A server that answers every request with this status line (and headers) and body.
pub(crate) async fn answering(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            answer(stream, status, body).await;
        }
    });
    base
}

async fn answer(mut stream: TcpStream, status: &str, body: &str) {
    let mut heard = vec![0; 4096];
    let _ = stream.read(&mut heard).await;
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    let _ = stream.write_all(text.as_bytes()).await;
}

/// A server with the public key and a sync socket; the test plays its part on each socket by hand.
pub(crate) struct SyncDouble {
    pub(crate) base: String,
    listener: TcpListener,
}

impl SyncDouble {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { base: format!("http://{}", listener.local_addr().unwrap()), listener }
    }

    /// Waits for the next socket, answering questions for keys meanwhile.
    pub(crate) async fn socket(&self) -> Played {
        loop {
            let (stream, _) = self.listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut start = [0; 16];
            stream.peek(&mut start).await.unwrap();
            if start.starts_with(b"GET /v1/sync") {
                return Played(accept_hdr_async(stream, subprotocol).await.unwrap());
            }
            self.tell_keys(stream).await;
        }
    }

    pub(crate) async fn answer_keys(&self) {
        let (stream, _) = self.listener.accept().await.unwrap();
        self.tell_keys(stream).await;
    }

    async fn tell_keys(&self, stream: TcpStream) {
        let keys = serde_json::json!({"keys": [key().public(Timestamp::UNIX_EPOCH)]});
        answer(stream, "200 OK", &keys.to_string()).await;
    }
}

#[expect(clippy::result_large_err, reason = "the library's own signature")]
fn subprotocol(
    asked: &Request,
    mut answer: Response,
) -> Result<Response, tokio_tungstenite::tungstenite::handshake::server::ErrorResponse> {
    assert_eq!(asked.headers()["Sec-WebSocket-Protocol"], SUBPROTOCOL);
    assert!(asked.headers()["Authorization"].to_str().unwrap().starts_with("Bearer "));
    answer.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(answer)
}

/// The server's end of a socket.
pub(crate) struct Played(WebSocketStream<TcpStream>);

impl Played {
    pub(crate) async fn say(&mut self, frame: &ServerFrame) {
        self.0.send(Message::text(serde_json::to_string(frame).unwrap())).await.unwrap();
    }

    pub(crate) async fn hear(&mut self) -> ClientFrame {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(why) => panic!("closed: {why:?}"),
                _ => {}
            }
        }
    }

    pub(crate) async fn close(mut self, code: u16) {
        let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame { code: code.into(), reason: "test".into() };
        let _ = self.0.close(Some(frame)).await;
        while let Some(Ok(_)) = self.0.next().await {}
    }
}

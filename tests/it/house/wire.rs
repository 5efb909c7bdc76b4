//! Sockets of devices and guardians, frame by frame, so that a test can do what a real client would never do.

use std::time::Duration;

use family_pairing::{
    client::socket::{CloseInfo, Heard, Socket},
    domain::{ids::TeenId, report::Issue, snapshot::SignedSnapshot, version::Version},
    sync::frame::{AppliedFrame, ClientFrame, HeartbeatFrame, Held, Hello, Notice, ServerFrame, Welcome},
};

use super::{
    House,
    people::{Person, TestDevice},
};

/// Nothing that should come takes longer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A device's open socket.
pub struct DeviceWire {
    pub socket: Socket,
    pub welcome: Welcome,
}

impl TestDevice {
    /// Connects and says hello, holding nothing.
    pub async fn connects(&self, house: &House) -> DeviceWire {
        self.connects_to(house.url(), None).await
    }

    /// Connects to a node, applies the newest policy and says so.
    pub async fn settles_at(&self, url: &str) -> (DeviceWire, SignedSnapshot) {
        let mut wire = self.connects_to(url, None).await;
        let policy = wire.policy().await;
        wire.applies(&policy, vec![]).await;
        (wire, policy)
    }

    /// Connects to a node, holding a policy.
    pub async fn connects_to(&self, url: &str, holds: Option<Held>) -> DeviceWire {
        let mut socket = Socket::open(url, &self.token).await.expect("a socket");
        let hello = Hello { protocol: 1, applied: holds, app_version: Some("1.0".to_owned()), ..Hello::default() };
        socket.send(&ClientFrame::Hello(Box::new(hello))).await.expect("a hello");
        match frame(&mut socket).await {
            ServerFrame::Welcome(welcome) => DeviceWire { socket, welcome },
            other => panic!("expected a welcome, not {other:?}"),
        }
    }
}

impl DeviceWire {
    /// The next policy; notices in between are skipped.
    pub async fn policy(&mut self) -> SignedSnapshot {
        loop {
            match frame(&mut self.socket).await {
                ServerFrame::Policy(policy) => return policy,
                ServerFrame::Notice(_) | ServerFrame::Heartbeat { .. } | ServerFrame::Ack { .. } => {}
                other => panic!("expected a policy, not {other:?}"),
            }
        }
    }

    /// Says that a policy is applied and waits for the ack.
    pub async fn applies(&mut self, policy: &SignedSnapshot, issues: Vec<Issue>) {
        self.says_applied(policy.version(), &policy.sha256, issues).await;
        self.acked("a").await;
    }

    /// Says that a policy is applied.
    pub async fn says_applied(&mut self, version: Version, sha256: &str, issues: Vec<Issue>) {
        let applied_at = "2026-11-22T12:00:00Z".parse().expect("a time");
        let frame = AppliedFrame { id: Some("a".to_owned()), version, sha256: sha256.to_owned(), applied_at, issues };
        self.socket.send(&ClientFrame::Applied(frame)).await.expect("a report");
    }

    /// Waits for the ack of a frame; policies and notices in between are skipped.
    pub async fn acked(&mut self, id: &str) {
        loop {
            match frame(&mut self.socket).await {
                ServerFrame::Ack { r#ref } => return assert_eq!(r#ref.as_deref(), Some(id)),
                ServerFrame::Policy(_) | ServerFrame::Notice(_) => {}
                other => panic!("expected an ack, not {other:?}"),
            }
        }
    }

    /// Sends a heartbeat.
    pub async fn beats(&mut self, n: u64, applied: Option<Version>) {
        self.socket
            .send(&ClientFrame::Heartbeat(HeartbeatFrame { n, applied, clock: None, status: None }))
            .await
            .expect("a heartbeat");
    }
}

/// A guardian's socket after its welcome.
pub async fn listens(person: &Person, url: &str) -> Socket {
    let mut socket = Socket::open(url, &person.access).await.expect("a socket");
    socket.send(&ClientFrame::Hello(Box::new(Hello { protocol: 1, ..Hello::default() }))).await.expect("a hello");
    assert!(matches!(frame(&mut socket).await, ServerFrame::Welcome(_)));
    socket
}

/// The next device notice for a teen that `wanted` likes.
pub async fn device_notice(
    socket: &mut Socket,
    teen: TeenId,
    wanted: impl Fn(&family_pairing::sync::frame::DeviceNotice) -> bool,
) -> family_pairing::sync::frame::DeviceNotice {
    loop {
        if let ServerFrame::Notice(Notice::Device(notice)) = frame(socket).await
            && notice.teen_id == teen
            && wanted(&notice)
        {
            return notice;
        }
    }
}

/// The next frame. Panics if none comes, or if the socket closes.
pub async fn frame(socket: &mut Socket) -> ServerFrame {
    match heard(socket).await {
        Heard::Frame(frame) => *frame,
        Heard::Closed(close) => panic!("the socket was closed: {close:?}"),
    }
}

/// How the socket ends; frames before that are skipped.
pub async fn closed(socket: &mut Socket) -> CloseInfo {
    loop {
        if let Heard::Closed(close) = heard(socket).await {
            return close;
        }
    }
}

/// Whether nothing comes within this time.
pub async fn silent(socket: &mut Socket, time: Duration) -> bool {
    tokio::time::timeout(time, socket.recv()).await.is_err()
}

async fn heard(socket: &mut Socket) -> Heard {
    tokio::time::timeout(PATIENCE, socket.recv()).await.expect("something came in time")
}

/// What a device holds that has this policy.
pub fn held(policy: &SignedSnapshot) -> Held {
    Held { version: policy.version(), sha256: policy.sha256.clone() }
}

/// What a snapshot says, unchecked.
pub fn payload(snapshot: &SignedSnapshot) -> serde_json::Value {
    use base64::{Engine, engine::general_purpose::STANDARD};
    serde_json::from_slice(&STANDARD.decode(&snapshot.payload).expect("base64")).expect("json")
}

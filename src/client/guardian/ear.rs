//! A guardian's open socket: hears notices and keeps the line alive.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::client::{
    api::Api,
    socket::{CloseInfo, Heard, Socket, SocketError},
};
use crate::sync::frame::{ClientFrame, HEARTBEAT_SECONDS, HeartbeatFrame, Hello};

/// A guardian's socket.
pub struct Ear {
    socket: Socket,
    beat_at: Instant,
    beats: u64,
}

impl Ear {
    /// Connects and says hello.
    pub async fn open(api: &Api) -> Result<Self, SocketError> {
        let mut socket = Socket::open(api.base(), api.token()).await?;
        socket.send(&ClientFrame::Hello(Box::new(Hello { protocol: 1, ..Hello::default() }))).await?;
        Ok(Self { socket, beat_at: next_beat(), beats: 0 })
    }

    /// Waits for the next frame or the end.
    pub async fn next(&mut self) -> Heard {
        loop {
            tokio::select! {
                heard = self.socket.recv() => return heard,
                () = sleep_until(self.beat_at) => {}
            }
            self.beat_at = next_beat();
            self.beats = self.beats.saturating_add(1);
            let beat = HeartbeatFrame { n: self.beats, applied: None, clock: None, status: None };
            if self.socket.send(&ClientFrame::Heartbeat(beat)).await.is_err() {
                return Heard::Closed(CloseInfo::broken());
            }
        }
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.socket.close().await;
    }
}

fn next_beat() -> Instant {
    Instant::now() + Duration::from_secs(HEARTBEAT_SECONDS.into())
}

//! One connection of a device, from hello to the end.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use super::{Device, events::What};
use crate::client::{
    backoff::{about, up_to},
    quit::Quit,
    socket::{CloseInfo, Heard, Socket, SocketError},
};
use crate::sync::frame::{ClientFrame, FrameFault, HEARTBEAT_SECONDS, ServerFrame, Welcome};

/// How a connection ended.
#[derive(Debug)]
pub enum End {
    /// The server closed, or the line broke.
    Closed(CloseInfo),
    /// The socket could not be opened or written.
    Failed(SocketError),
    /// No answer in time.
    Zombie,
    /// The server goes away and asks to come back after this time.
    Drained(Duration),
    /// Gone on purpose for this long.
    Left(Duration),
    /// The person at the terminal has had enough.
    Quit,
}

/// Connects and enforces until the connection ends.
pub async fn session(device: &mut Device, quit: &mut Quit) -> End {
    let (base, token) = (device.api.base().to_owned(), device.api.token().to_owned());
    let opened = tokio::select! {
        opened = Socket::open(&base, &token) => opened,
        () = quit.asked() => return End::Quit,
    };
    let mut line = match opened {
        Ok(socket) => Line::new(socket, device.patience),
        Err(error) => return End::Failed(error),
    };
    line.wrong_since = device.usage.wrong_since();
    let end = match line.say(device.hello()).await {
        Ok(()) => line.until_end(device, quit).await,
        Err(end) => end,
    };
    if matches!(end, End::Drained(_) | End::Left(_) | End::Quit) {
        line.socket.close().await;
    }
    end
}

struct Line {
    socket: Socket,
    welcome: bool,
    beat_every: Duration,
    beat_at: Option<Instant>,
    answer_by: Option<Instant>,
    /// When the question was asked that is to be answered.
    asked_at: Instant,
    /// What its hello says of the clock.
    wrong_since: Option<Timestamp>,
}

impl Line {
    fn new(socket: Socket, patience: Duration) -> Self {
        Self {
            socket,
            welcome: false,
            beat_every: Duration::from_secs(HEARTBEAT_SECONDS.into()),
            beat_at: None,
            answer_by: Some(Instant::now() + patience),
            asked_at: Instant::now(),
            wrong_since: None,
        }
    }

    async fn until_end(&mut self, device: &mut Device, quit: &mut Quit) -> End {
        loop {
            match self.step(device, quit).await {
                Ok(()) => {}
                Err(end) => return end,
            }
            if let Some(pause) = device.leaves() {
                return End::Left(pause);
            }
        }
    }

    // In this order: what is due goes out before what came is read, and a late answer is still an answer.
    async fn step(&mut self, device: &mut Device, quit: &mut Quit) -> Result<(), End> {
        let report_at = device.report_at().filter(|_| self.welcome);
        let minute_at = device.minute_at();
        tokio::select! {
            biased;
            () = quit.asked() => Err(End::Quit),
            () = until(self.beat_at) => self.beat(device).await,
            () = until(report_at) => self.report(device).await,
            () = until(minute_at) => self.minute(device).await,
            heard = self.socket.recv() => match heard {
                Heard::Frame(frame) => self.heard(device, *frame).await,
                Heard::Closed(info) => Err(End::Closed(info)),
            },
            () = until(self.answer_by) => Err(End::Zombie),
        }
    }

    // Only an answer to this device's own question is contact: anything else could be an old frame that somebody plays again.
    async fn heard(&mut self, device: &mut Device, frame: ServerFrame) -> Result<(), End> {
        match frame {
            // Once: one that comes again is an old one.
            ServerFrame::Welcome(welcome) if !self.welcome => self.welcomed(device, welcome).await?,
            ServerFrame::Policy(snapshot) => {
                let before = device.version();
                if let Some(refusal) = device.take(snapshot).await {
                    self.say(refusal).await?;
                }
                self.report(device).await?;
                // So that something is lent of what is new.
                if self.welcome && device.version() != before {
                    self.tell_usage(device).await?;
                }
            }
            // Once: an answer that comes again is an old one.
            ServerFrame::Heartbeat { n, server_time, .. } if n == device.beats() && self.awaits_beat() => {
                self.answer_by = None;
                device.answered(server_time, self.asked_at.elapsed()).await;
            }
            ServerFrame::Budget(budget) => device.left(budget).await,
            ServerFrame::Ack { r#ref: Some(id) } => device.acknowledged(&id),
            ServerFrame::Drain { reconnect_after_ms } => {
                return Err(End::Drained(Duration::from_millis(reconnect_after_ms)));
            }
            ServerFrame::Error { code, .. } => {
                if matches!(code, FrameFault::NeverIssued | FrameFault::HashMismatch) {
                    device.disowned();
                }
                device.voice.tell(What::Trouble { words: format!("The server did not take a message: {code:?}.") });
            }
            _ => {}
        }
        Ok(())
    }

    async fn welcomed(&mut self, device: &mut Device, welcome: Welcome) -> Result<(), End> {
        self.welcome = true;
        self.answer_by = None;
        self.beat_every = Duration::from_secs(welcome.heartbeat_seconds.max(1).into());
        self.beat_at = Some(Instant::now() + up_to(device.api.world(), self.beat_every));
        device.voice.tell(What::Connected { connection_id: welcome.connection_id, desired: welcome.desired });
        device.clock_told(self.wrong_since.take());
        device.answered(welcome.server_time, self.asked_at.elapsed()).await;
        device.tell_codes().await;
        // What was used while nobody heard of it; the answer says what is left.
        self.tell_usage(device).await
    }

    async fn tell_usage(&mut self, device: &mut Device) -> Result<(), End> {
        match device.usage.is_idle() {
            true => Ok(()),
            false => self.say(ClientFrame::Usage(device.usage.report())).await,
        }
    }

    /// Whether a heartbeat of this connection waits for its answer.
    fn awaits_beat(&self) -> bool {
        self.welcome && self.answer_by.is_some()
    }

    async fn beat(&mut self, device: &mut Device) -> Result<(), End> {
        self.say(device.heartbeat()).await?;
        self.beat_at = Some(Instant::now() + about(device.api.world(), self.beat_every));
        self.answer_by = Some(Instant::now() + device.patience);
        self.asked_at = Instant::now();
        Ok(())
    }

    async fn report(&mut self, device: &mut Device) -> Result<(), End> {
        match device.report() {
            Some(report) => self.say(report).await,
            None => Ok(()),
        }
    }

    async fn minute(&mut self, device: &mut Device) -> Result<(), End> {
        device.minute().await;
        if !self.welcome {
            return Ok(());
        }
        let report = device.usage.report();
        device.voice.tell(What::Used { slots: report.slots.len() });
        self.say(ClientFrame::Usage(report)).await
    }

    async fn say(&mut self, frame: ClientFrame) -> Result<(), End> {
        self.socket.send(&frame).await.map_err(End::Failed)
    }
}

pub(super) async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

//! One connection of a device, from hello to the end.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Device, events::What};
use crate::client::{
    backoff::{about, up_to},
    quit::Quit,
    socket::{CloseInfo, Heard, Socket, SocketError},
};
use crate::sync::frame::{ClientFrame, HEARTBEAT_SECONDS, ServerFrame, Welcome};

/// Between two counts of the time used.
const MINUTE: Duration = Duration::from_secs(60);

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
    minute_at: Option<Instant>,
}

impl Line {
    fn new(socket: Socket, patience: Duration) -> Self {
        Self {
            socket,
            welcome: false,
            beat_every: Duration::from_secs(HEARTBEAT_SECONDS.into()),
            beat_at: None,
            answer_by: Some(Instant::now() + patience),
            minute_at: None,
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
        tokio::select! {
            biased;
            () = quit.asked() => Err(End::Quit),
            () = until(self.beat_at) => self.beat(device).await,
            () = until(report_at) => self.report(device).await,
            () = until(self.minute_at) => self.minute(device).await,
            heard = self.socket.recv() => match heard {
                Heard::Frame(frame) => self.heard(device, *frame).await,
                Heard::Closed(info) => Err(End::Closed(info)),
            },
            () = until(self.answer_by) => Err(End::Zombie),
        }
    }

    async fn heard(&mut self, device: &mut Device, frame: ServerFrame) -> Result<(), End> {
        device.heard().await;
        match frame {
            ServerFrame::Welcome(welcome) => self.welcomed(device, welcome),
            ServerFrame::Policy(snapshot) => {
                if let Some(refusal) = device.take(snapshot).await {
                    self.say(refusal).await?;
                }
                self.report(device).await?;
            }
            ServerFrame::Heartbeat { n, .. } if n == device.beats() => self.answer_by = None,
            ServerFrame::Ack { r#ref: Some(id) } => device.acknowledged(&id),
            ServerFrame::Drain { reconnect_after_ms } => {
                return Err(End::Drained(Duration::from_millis(reconnect_after_ms)));
            }
            ServerFrame::Error { code, .. } => {
                device.voice.tell(What::Trouble { words: format!("The server did not take a message: {code:?}.") });
            }
            _ => {}
        }
        Ok(())
    }

    fn welcomed(&mut self, device: &Device, welcome: Welcome) {
        self.welcome = true;
        self.answer_by = None;
        self.beat_every = Duration::from_secs(welcome.heartbeat_seconds.max(1).into());
        self.beat_at = Some(Instant::now() + up_to(device.api.world(), self.beat_every));
        self.minute_at = (!device.usage.is_idle()).then(|| Instant::now() + MINUTE);
        device.voice.tell(What::Connected { connection_id: welcome.connection_id, desired: welcome.desired });
    }

    async fn beat(&mut self, device: &mut Device) -> Result<(), End> {
        self.say(device.heartbeat()).await?;
        self.beat_at = Some(Instant::now() + about(device.api.world(), self.beat_every));
        self.answer_by = Some(Instant::now() + device.patience);
        Ok(())
    }

    async fn report(&mut self, device: &mut Device) -> Result<(), End> {
        match device.report() {
            Some(report) => self.say(report).await,
            None => Ok(()),
        }
    }

    async fn minute(&mut self, device: &mut Device) -> Result<(), End> {
        self.minute_at = Some(Instant::now() + MINUTE);
        device.usage.minute(device.habits.wall(device.api.now()));
        let Some(report) = device.usage.report() else { return Ok(()) };
        device.voice.tell(What::Used { slots: report.slots.len() });
        self.say(ClientFrame::Usage(report)).await
    }

    async fn say(&mut self, frame: ClientFrame) -> Result<(), End> {
        self.socket.send(&frame).await.map_err(End::Failed)
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

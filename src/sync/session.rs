//! One task per device socket: hello, then whatever comes first — an order, a newer policy, an answer from the database, a
//! deadline, a frame. Frames come last, so that a chatty device cannot keep its own policy waiting.

mod answers;
mod hello;

use std::sync::Arc;

use actix_ws::{AggregatedMessage, AggregatedMessageStream};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until},
};

use self::answers::{Answer, Question};
use super::{
    Live, Published,
    frame::{ClientFrame, Close, FrameFault, Hello, ServerFrame},
    guard::Verdict,
    hub::{DeviceSeat, Order},
    limits::{HELLO, OPEN_QUESTIONS, PACE, SILENCE},
    outbox::{Gone, Outbox},
    refresh::Net,
};
use crate::{
    domain::{ids::ConnectionId, version::Version},
    store::kinship::DeviceOf,
};

/// What a device's task is made of.
pub struct DeviceSocket {
    /// The room.
    pub live: Arc<Live>,
    /// Whose socket.
    pub device: DeviceOf,
    /// Names it.
    pub connection: ConnectionId,
    /// Why the guard cut the stream, if it did.
    pub verdict: Verdict,
    /// Its place among the sockets that this node takes.
    pub _place: OwnedSemaphorePermit,
}

/// How a session ends.
pub enum End {
    /// With a reason that the client is told.
    Close(Close),
    /// The client is gone or cannot be reached.
    Gone,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Serves a device until its end.
pub async fn run(socket: DeviceSocket, mut outbox: Outbox, mut messages: AggregatedMessageStream) {
    let end = serve(&socket, &mut outbox, &mut messages).await;
    socket.live.presence.went(socket.device.device(), socket.connection);
    if let End::Close(why) = end {
        outbox.close(why).await;
    }
}

async fn serve(socket: &DeviceSocket, outbox: &mut Outbox, messages: &mut AggregatedMessageStream) -> End {
    let hello = match tokio::time::timeout(HELLO, read_hello(socket, outbox, messages)).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(end)) => return end,
        Err(_) => return End::Close(Close::NoHello),
    };
    let live = &socket.live;
    // Join first, then read: the other way round a change in between would be missed.
    if live.draining.is_cancelled() {
        return End::Close(Close::Drain);
    }
    let seat = live.hub.join_device(socket.device.teen(), socket.device.device(), socket.connection);
    live.presence.came(socket.device.device(), socket.connection);
    let mut session = Session {
        socket,
        outbox,
        seat,
        sent: None,
        waiting_since: None,
        leave_at: None,
        open: FuturesUnordered::new(),
        reports: 0,
        sent_live: false,
    };
    match session.welcome(*hello).await {
        Ok(()) => session.attend(messages).await,
        Err(end) => end,
    }
}

/// Waits for the hello, answering pings meanwhile.
async fn read_hello(
    socket: &DeviceSocket,
    outbox: &mut Outbox,
    messages: &mut AggregatedMessageStream,
) -> Result<Box<Hello>, End> {
    loop {
        match next(messages, &socket.verdict).await? {
            Heard::Ping(bytes) => outbox.pong(&bytes).await?,
            // A kind from the future, which a newer client may send first.
            Heard::Pong | Heard::Frame(Ok(ClientFrame::Unknown)) => {}
            Heard::Frame(Ok(ClientFrame::Hello(hello))) if hello.protocol == 1 => return Ok(hello),
            Heard::Frame(_) => return Err(End::Close(Close::Protocol)),
        }
    }
}

/// What came from a client.
pub enum Heard {
    /// A ping, to be answered.
    Ping(actix_web::web::Bytes),
    /// A pong: a sign of life.
    Pong,
    /// A text message, read as a frame or not readable.
    Frame(Result<ClientFrame, FrameFault>),
}

/// The next message, or how the connection ended.
pub async fn next(messages: &mut AggregatedMessageStream, verdict: &Verdict) -> Result<Heard, End> {
    let message = messages.next().await;
    if let Some(close) = verdict.get() {
        return Err(End::Close(close));
    }
    match message {
        Some(Ok(AggregatedMessage::Text(text))) => Ok(Heard::Frame(read(&text))),
        Some(Ok(AggregatedMessage::Ping(bytes))) => Ok(Heard::Ping(bytes)),
        Some(Ok(AggregatedMessage::Pong(_))) => Ok(Heard::Pong),
        Some(Ok(AggregatedMessage::Binary(_))) => Err(End::Close(Close::Protocol)),
        // After an error the stream would go on; we do not.
        Some(Err(actix_ws::ProtocolError::Overflow)) => Err(End::Close(Close::FrameTooBig)),
        Some(Err(_)) => Err(End::Close(Close::Protocol)),
        Some(Ok(AggregatedMessage::Close(_))) | None => Err(End::Gone),
    }
}

fn read(text: &str) -> Result<ClientFrame, FrameFault> {
    let frame = serde_json::from_str(text).map_err(|_| FrameFault::Unreadable);
    let kind = match &frame {
        Ok(ClientFrame::Hello(_)) => "hello",
        Ok(ClientFrame::Applied(_)) => "applied",
        Ok(ClientFrame::Rejected(_)) => "rejected",
        Ok(ClientFrame::Usage(_)) => "usage",
        Ok(ClientFrame::Heartbeat(_)) => "heartbeat",
        Ok(ClientFrame::Unknown) => "unknown",
        Err(_) => "unreadable",
    };
    metrics::counter!("family_pairing_frames_in_total", "kind" => kind).increment(1);
    frame
}

/// A device that has said hello.
struct Session<'a> {
    socket: &'a DeviceSocket,
    outbox: &'a mut Outbox,
    seat: DeviceSeat,
    /// The newest policy that was sent here.
    sent: Option<Arc<Published>>,
    /// Since when the device owes a word about it; meanwhile the next one waits, so that only the newest is sent.
    waiting_since: Option<Instant>,
    /// When this node, which is going away, sends the device off. Until then it serves as ever.
    leave_at: Option<Instant>,
    open: FuturesUnordered<Question>,
    /// Reports that came on this socket.
    reports: u64,
    /// The newest that was sent was a change, not an answer to a hello or a heartbeat.
    sent_live: bool,
}

impl Session<'_> {
    async fn attend(&mut self, messages: &mut AggregatedMessageStream) -> End {
        let mut heard_at = Instant::now();
        loop {
            let owes = self.waiting_since.map(|since| since + PACE);
            let deadline = [owes, self.leave_at].into_iter().flatten().fold(heard_at + SILENCE, Instant::min);
            let room = self.open.len() < OPEN_QUESTIONS;
            let step = tokio::select! {
                biased;
                order = self.seat.orders.recv() => self.obey(order).await,
                answer = self.open.select_next_some(), if !self.open.is_empty() => self.deliver(answer).await,
                changed = self.seat.newest.changed(), if self.waiting_since.is_none() => match changed {
                    Ok(()) => self.send_newest(true).await,
                    Err(_) => Err(End::Gone),
                },
                () = sleep_until(deadline) => self.due(heard_at).await,
                heard = next(messages, &self.socket.verdict), if room => {
                    heard_at = Instant::now();
                    match heard {
                        Ok(heard) => self.answer(heard).await,
                        Err(end) => Err(end),
                    }
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    /// The nearest deadline has come: which one?
    async fn due(&mut self, heard_at: Instant) -> Result<(), End> {
        let now = Instant::now();
        if self.leave_at.is_some_and(|at| at <= now) {
            self.outbox.send(&ServerFrame::Drain { reconnect_after_ms: 0 }).await?;
            return Err(End::Close(Close::Drain));
        }
        if heard_at + SILENCE <= now {
            return Err(End::Close(Close::Heartbeat));
        }
        self.waiting_since = None;
        Ok(())
    }

    async fn obey(&mut self, order: Option<Box<Order>>) -> Result<(), End> {
        match order.map(|order| *order) {
            Some(Order::Say(text)) => Ok(self.outbox.text(text).await?),
            Some(Order::Close(why)) => Err(End::Close(why)),
            Some(Order::Drain(after)) => {
                self.leave_at = Some(Instant::now() + after);
                Ok(())
            }
            None => Err(End::Gone),
        }
    }

    /// Sends the newest policy, if the device has not had it here.
    async fn send_newest(&mut self, live: bool) -> Result<(), End> {
        let Some(newest) = self.seat.newest.borrow_and_update().clone() else { return Ok(()) };
        if self.sent.as_ref().is_some_and(|sent| sent.version >= newest.version) {
            return Ok(());
        }
        self.send(newest, live).await
    }

    async fn send(&mut self, policy: Arc<Published>, live: bool) -> Result<(), End> {
        self.outbox.text(policy.frame.clone()).await?;
        metrics::counter!("family_pairing_policies_sent_total").increment(1);
        if live {
            let now = self.socket.live.store.world().now();
            let seconds = now.duration_since(policy.made_at).as_secs_f64().max(0.0);
            metrics::histogram!("family_pairing_change_to_sent_seconds").record(seconds);
            if let Some(notice) = policy.notice.clone() {
                self.outbox.text(notice).await?;
            }
        }
        self.sent = Some(policy);
        self.sent_live = live;
        self.waiting_since = Some(Instant::now());
        Ok(())
    }

    async fn answer(&mut self, heard: Heard) -> Result<(), End> {
        match heard {
            Heard::Ping(bytes) => Ok(self.outbox.pong(&bytes).await?),
            Heard::Pong => Ok(()),
            Heard::Frame(Ok(frame)) => match self.ask(frame) {
                Ok(()) => Ok(()),
                Err(fault) => self.fault(fault).await,
            },
            Heard::Frame(Err(fault)) => self.fault(fault).await,
        }
    }

    async fn deliver(&mut self, answer: Answer) -> Result<(), End> {
        match answer {
            Answer::Taken { id, about, enforced } => {
                self.settled(about, enforced);
                Ok(self.outbox.send(&ServerFrame::Ack { r#ref: id }).await?)
            }
            Answer::Fault(fault) => self.fault(fault).await,
            Answer::Heard { n, applied, heard, after_reports } => {
                // A report that came after the heartbeat knows better than it.
                if after_reports == self.reports && applied.is_some() && applied < heard.confirmed {
                    self.forget_confirmed().await?;
                }
                self.heartbeat(n, applied, heard).await
            }
            Answer::Revoked => Err(End::Close(Close::DeviceRevoked)),
        }
    }

    /// The device has spoken about a policy: the next one may go out.
    fn settled(&mut self, about: Option<Version>, enforced: bool) {
        let (Some(version), Some(sent)) = (about, &self.sent) else { return };
        if version < sent.version {
            return;
        }
        self.waiting_since = None;
        if enforced && version == sent.version && std::mem::take(&mut self.sent_live) {
            let now = self.socket.live.store.world().now();
            let seconds = now.duration_since(sent.made_at).as_secs_f64().max(0.0);
            metrics::histogram!("family_pairing_change_to_enforced_seconds").record(seconds);
        }
    }

    async fn heartbeat(
        &mut self,
        n: u64,
        applied: Option<Version>,
        heard: crate::store::reports::Heard,
    ) -> Result<(), End> {
        let server_time = self.socket.live.store.world().now();
        self.outbox.send(&ServerFrame::Heartbeat { n, server_time, desired: Some(heard.desired) }).await?;
        let known = self.seat.newest.borrow().as_ref().map(|published| published.version);
        if known.is_none_or(|known| known < heard.desired) {
            self.socket.live.refresh.suspect(self.socket.device.teen(), Net::Heartbeat);
            return Ok(());
        }
        // Behind, or ahead of what its reports say here: once more, and its word about it is heard again.
        let settled = applied == Some(heard.desired) && heard.confirmed == Some(heard.desired);
        let newest = self.seat.newest.borrow().clone();
        match newest {
            Some(newest) if !settled && self.waiting_since.is_none() => self.send(newest, false).await,
            _ => Ok(()),
        }
    }

    async fn fault(&mut self, code: FrameFault) -> Result<(), End> {
        let word = format!("{code:?}");
        metrics::counter!("family_pairing_frames_refused_total", "code" => word).increment(1);
        let retry_after_ms = (code == FrameFault::Unavailable).then_some(2_000);
        Ok(self.outbox.send(&ServerFrame::Error { code, retry_after_ms }).await?)
    }
}

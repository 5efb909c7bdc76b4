//! One task per device socket: hello, then whatever comes first — an order, a newer policy, an answer from the database, a
//! deadline, a frame. Frames come last, so that a chatty device cannot keep its own policy waiting.

mod answers;
mod conversation;
mod end;
mod hello;

use std::sync::Arc;

use actix_web::web::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until},
};

pub use self::end::End;
use self::{
    answers::{Answer, Question},
    conversation::{Beat, Conversation, Then},
};
use super::{
    Live, Published,
    frame::{ClientFrame, Close, FrameFault, Hello, ServerFrame},
    hub::DeviceSeat,
    lane::Order,
    limits::{HELLO, OPEN_QUESTIONS},
    line::Inbound,
    refresh::Net,
    wire::Wire,
};
use crate::{
    domain::{ids::ConnectionId, report::SaidBy},
    failpoint,
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
    /// Its place among the sockets that this node takes.
    pub _place: OwnedSemaphorePermit,
}

/// Serves a device until its end.
pub async fn run(socket: DeviceSocket, mut wire: Wire) {
    let end = serve(&socket, &mut wire).await;
    socket.live.presence.went(socket.device.device(), socket.connection);
    Box::pin(end.of(wire)).await;
}

async fn serve(socket: &DeviceSocket, wire: &mut Wire) -> End {
    let hello = match Box::pin(tokio::time::timeout(HELLO, read_hello(wire))).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(end)) => return end,
        Err(_) => return End::Close(Close::NoHello),
    };
    let live = &socket.live;
    // Join first, then read: the other way round a change in between would be missed, or that this node is going away.
    let seat = live.hub.join_device(socket.device.teen(), socket.device.device(), socket.connection);
    if live.draining.is_cancelled() {
        return End::Close(Close::Drain);
    }
    live.presence.came(socket.device.device(), socket.connection);
    let mut session = Session {
        socket,
        wire,
        seat,
        conversation: Conversation::default(),
        leave_at: None,
        open: FuturesUnordered::new(),
    };
    // Boxed, like all that is not done most of the time: what a task may need once would be held by it for ever.
    match Box::pin(session.welcome(*hello)).await {
        Ok(()) => session.attend().await,
        Err(end) => end,
    }
}

/// Waits for the hello, answering pings meanwhile.
pub async fn read_hello(wire: &mut Wire) -> Result<Box<Hello>, End> {
    loop {
        match next(wire).await? {
            Heard::Ping(bytes) => wire.pong(bytes).await?,
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
    Ping(Bytes),
    /// A pong: a sign of life.
    Pong,
    /// A text message, read as a frame or not readable.
    Frame(Result<ClientFrame, FrameFault>),
}

/// The next message, or how the connection ended.
pub async fn next(wire: &mut Wire) -> Result<Heard, End> {
    match wire.next().await? {
        Inbound::Text(text) => Ok(Heard::Frame(read(&text))),
        Inbound::Ping(bytes) => Ok(Heard::Ping(bytes)),
        Inbound::Pong => Ok(Heard::Pong),
        Inbound::Binary(_) => Err(End::Close(Close::Protocol)),
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
    wire: &'a mut Wire,
    seat: DeviceSeat,
    /// What is decided of it all.
    conversation: Conversation,
    /// When this node, which is going away, sends the device off. Until then it serves as ever.
    leave_at: Option<Instant>,
    open: FuturesUnordered<Question>,
}

/// What comes first.
enum Step {
    Order(Option<Box<Order>>),
    Answer(Answer),
    /// A newer policy; `false`: there is nobody any more who would bring one.
    Newer(bool),
    Deadline,
    Heard(Result<Heard, End>),
}

impl Session<'_> {
    async fn attend(&mut self) -> End {
        let mut heard_at = Instant::now();
        loop {
            let owes = self.conversation.owes_until();
            let deadline =
                [owes, self.leave_at].into_iter().flatten().fold(heard_at + self.socket.live.silence, Instant::min);
            let room = self.open.len() < OPEN_QUESTIONS;
            let step = tokio::select! {
                biased;
                order = self.seat.orders.recv() => Step::Order(order),
                answer = self.open.select_next_some(), if !self.open.is_empty() => Step::Answer(answer),
                changed = self.seat.newest.changed(), if owes.is_none() => Step::Newer(changed.is_ok()),
                () = sleep_until(deadline) => Step::Deadline,
                heard = next(self.wire), if room => {
                    heard_at = Instant::now();
                    Step::Heard(heard)
                }
            };
            if let Err(end) = Box::pin(self.take(step, heard_at)).await {
                return end;
            }
        }
    }

    async fn take(&mut self, step: Step, heard_at: Instant) -> Result<(), End> {
        match step {
            Step::Order(order) => self.obey(order).await,
            Step::Answer(answer) => self.deliver(answer).await,
            Step::Newer(true) => self.send_newest(true).await,
            Step::Newer(false) => Err(End::Gone),
            Step::Deadline => self.due(heard_at).await,
            Step::Heard(heard) => self.answer(heard?).await,
        }
    }

    /// The nearest deadline has come: which one?
    async fn due(&mut self, heard_at: Instant) -> Result<(), End> {
        let now = Instant::now();
        if self.leave_at.is_some_and(|at| at <= now) {
            self.wire.send(&ServerFrame::Drain { reconnect_after_ms: 0 }).await?;
            return Err(End::Close(Close::Drain));
        }
        if heard_at + self.socket.live.silence <= now {
            return Err(End::Close(Close::Heartbeat));
        }
        self.conversation.waited();
        Ok(())
    }

    async fn obey(&mut self, order: Option<Box<Order>>) -> Result<(), End> {
        match order.map(|order| *order) {
            Some(Order::Say(text)) => Ok(self.wire.text(text).await?),
            Some(Order::Close(why)) => Err(End::Close(why)),
            Some(Order::Drain(after)) => {
                self.leave_at = Some(Instant::now() + after);
                Ok(())
            }
            None => Err(End::Gone),
        }
    }

    /// Sends the newest policy, if the device has not had it here or needs it again.
    async fn send_newest(&mut self, live: bool) -> Result<(), End> {
        let Some(newest) = self.seat.newest.borrow_and_update().clone() else { return Ok(()) };
        match self.conversation.wants(&newest, live) {
            Some(live) => self.send(newest, live).await,
            None => Ok(()),
        }
    }

    async fn send(&mut self, policy: Arc<Published>, live: bool) -> Result<(), End> {
        // Before it is sent: a line that breaks under it takes nothing back.
        if let Some(had) = self.conversation.left_behind(&policy) {
            self.had(had, SaidBy::Node);
        }
        let Some(text) = self.conversation.sends(policy, live, Instant::now()) else {
            // It comes with the next look at the newest.
            self.socket.live.refresh.suspect(self.socket.device.teen(), Net::Again);
            return Ok(());
        };
        failpoint::pass("policy.leaving");
        self.wire.policy(text.frame).await?;
        failpoint::pass("policy.sent");
        metrics::counter!("family_pairing_policies_sent_total").increment(1);
        if live {
            metrics::histogram!("family_pairing_change_to_sent_seconds").record(self.seconds_since(text.made_at));
            if let Some(notice) = text.notice {
                self.wire.text(notice).await?;
            }
        }
        Ok(())
    }

    async fn answer(&mut self, heard: Heard) -> Result<(), End> {
        match heard {
            Heard::Ping(bytes) => Ok(self.wire.pong(bytes).await?),
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
            Answer::Taken { id, about, enforced, budget } => {
                if let Some(made_at) = self.conversation.settled(about, enforced) {
                    metrics::histogram!("family_pairing_change_to_enforced_seconds")
                        .record(self.seconds_since(made_at));
                }
                failpoint::pass("report.acking");
                self.wire.send(&ServerFrame::Ack { r#ref: id }).await?;
                failpoint::pass("report.acked");
                match budget {
                    Some(budget) => Ok(self.wire.send(&ServerFrame::Budget(*budget)).await?),
                    None => Ok(()),
                }
            }
            Answer::Fault(fault) => self.fault(fault).await,
            Answer::Heard { n, applied, heard, after_reports } => {
                let known = self.seat.newest.borrow().clone();
                let Beat { lost, then } = self.conversation.beaten(applied, heard, after_reports, known);
                if lost {
                    self.forget_confirmed().await?;
                }
                let server_time = self.socket.live.store.world().now();
                self.wire.send(&ServerFrame::Heartbeat { n, server_time, desired: Some(heard.desired) }).await?;
                match then {
                    Then::Rest => Ok(()),
                    Then::Look => {
                        self.socket.live.refresh.suspect(self.socket.device.teen(), Net::Heartbeat);
                        Ok(())
                    }
                    Then::Send(newest) => self.send(newest, false).await,
                }
            }
            Answer::Revoked => Err(End::Close(Close::DeviceRevoked)),
        }
    }

    fn seconds_since(&self, made_at: Timestamp) -> f64 {
        self.socket.live.store.world().now().duration_since(made_at).as_secs_f64().max(0.0)
    }

    async fn fault(&mut self, code: FrameFault) -> Result<(), End> {
        let word = format!("{code:?}");
        metrics::counter!("family_pairing_frames_refused_total", "code" => word).increment(1);
        let retry_after_ms = (code == FrameFault::Unavailable).then_some(2_000);
        Ok(self.wire.send(&ServerFrame::Error { code, retry_after_ms }).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_task<A, B, F>(_: impl FnOnce(A, B) -> F) -> usize {
        size_of::<F>()
    }

    /// A node holds one of these per device. What is needed once (a hello, an answer, a goodbye) is boxed while it lasts.
    #[test]
    fn an_idle_devices_task_is_small() {
        let (device, guardian) = (size_of_task(run), size_of_task(crate::sync::guardian::run));
        println!("bytes of a task: device {device}, guardian {guardian}");
        assert!(device <= 1_400 && guardian <= 1_400, "device {device}, guardian {guardian}");
    }
}

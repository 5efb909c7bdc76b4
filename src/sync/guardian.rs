//! One task per guardian socket: how the devices stand now, and then every notice.

use std::sync::Arc;

use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until},
};

use super::{
    Live,
    frame::{ClientFrame, Close, FrameFault, HEARTBEAT_SECONDS, ServerFrame, Welcome},
    hub::GuardianSeat,
    lane::Order,
    limits::HELLO,
    notices::device_notice,
    session::{End, Heard, next, read_hello},
    wire::Wire,
};
use crate::{
    domain::ids::{ConnectionId, TeenId},
    store::{
        StoreError,
        kinship::{GuardianSelf, SignedIn},
    },
};

/// How often the teens are read again because a pairing moved meanwhile.
const TRIES: usize = 5;

/// What a guardian's task is made of.
pub struct GuardianSocket {
    /// The room.
    pub live: Arc<Live>,
    /// Who.
    pub guardian: GuardianSelf,
    /// By which sign-in.
    pub session: SignedIn,
    /// Names the socket.
    pub connection: ConnectionId,
    /// Its place among the sockets that this node takes.
    pub _place: OwnedSemaphorePermit,
}

/// Serves a guardian until the end.
pub async fn run(socket: GuardianSocket, mut wire: Wire) {
    let end = serve(&socket, &mut wire).await;
    Box::pin(end.of(wire)).await;
}

async fn serve(socket: &GuardianSocket, wire: &mut Wire) -> End {
    match Box::pin(tokio::time::timeout(HELLO, read_hello(wire))).await {
        Ok(Ok(_)) => {}
        Ok(Err(end)) => return end,
        Err(_) => return End::Close(Close::NoHello),
    }
    match Box::pin(begin(socket, wire)).await {
        Ok(seat) => attend(socket, seat, wire).await,
        Err(end) => end,
    }
}

/// Takes a seat, then says how everything stands: whatever happens in between comes as a notice.
async fn begin(socket: &GuardianSocket, wire: &mut Wire) -> Result<GuardianSeat, End> {
    let store = &socket.live.store;
    let guardian = socket.guardian.guardian();
    // Join first, then read: the other way round a pairing that ends in between would go on being told, or nobody would say that this
    // node is going away.
    let seat = socket.live.hub.join_guardian(guardian, socket.session.session(), socket.connection);
    if socket.live.draining.is_cancelled() {
        return Err(End::Close(Close::Drain));
    }
    let teens = Box::pin(guards(socket)).await?;
    let welcome = Welcome {
        connection_id: socket.connection,
        server_time: store.world().now(),
        heartbeat_seconds: HEARTBEAT_SECONDS,
        desired: None,
        resume: None,
    };
    wire.send(&ServerFrame::Welcome(welcome)).await?;
    for standing in store.standings_for_notices(&teens).await.map_err(|error| away(&error))? {
        wire.send(&device_notice(standing)).await?;
    }
    Ok(seat)
}

/// Whom the guardian guards, read and entered as one: a pairing that moves in between has it read again.
async fn guards(socket: &GuardianSocket) -> Result<Vec<TeenId>, End> {
    let (hub, guardian) = (&socket.live.hub, socket.guardian.guardian());
    for _ in 0..TRIES {
        let moves = hub.moves(guardian);
        let teens = socket.live.store.guarded(&socket.guardian).await.map_err(|error| away(&error))?;
        let teens = teens.into_iter().map(|(teen, version)| (teen, Some(version))).collect();
        if hub.guard_exactly(guardian, moves, &teens) {
            return Ok(teens.into_keys().collect());
        }
    }
    Err(End::Close(Close::Overloaded))
}

async fn attend(socket: &GuardianSocket, mut seat: GuardianSeat, wire: &mut Wire) -> End {
    let mut heard_at = Instant::now();
    let left = socket.session.expires_at().duration_since(socket.live.store.world().now());
    let token_ends = Instant::now() + left.try_into().unwrap_or_default();
    // When this node, which is going away, sends the guardian off.
    let mut leave_at: Option<Instant> = None;
    loop {
        let deadline = leave_at.into_iter().fold(token_ends.min(heard_at + socket.live.silence), Instant::min);
        let step = tokio::select! {
            biased;
            order = seat.orders.recv() => Box::pin(obey(order, wire, &mut leave_at)).await,
            () = sleep_until(deadline) => Err(match deadline {
                at if at == token_ends => End::Close(Close::TokenExpired),
                at if Some(at) == leave_at => Box::pin(say_goodbye(wire)).await,
                _ => End::Close(Close::Heartbeat),
            }),
            heard = next(wire) => {
                heard_at = Instant::now();
                match heard {
                    Ok(heard) => Box::pin(answer(socket, heard, wire)).await,
                    Err(end) => Err(end),
                }
            }
        };
        if let Err(end) = step {
            return end;
        }
    }
}

async fn obey(order: Option<Box<Order>>, wire: &mut Wire, leave_at: &mut Option<Instant>) -> Result<(), End> {
    match order.map(|order| *order) {
        Some(Order::Say(text)) => Ok(wire.text(text).await?),
        Some(Order::Close(why)) => Err(End::Close(why)),
        Some(Order::Drain(after)) => {
            *leave_at = Some(Instant::now() + after);
            Ok(())
        }
        None => Err(End::Gone),
    }
}

async fn say_goodbye(wire: &mut Wire) -> End {
    match wire.send(&ServerFrame::Drain { reconnect_after_ms: 0 }).await {
        Ok(()) => End::Close(Close::Drain),
        Err(gone) => gone.into(),
    }
}

async fn answer(socket: &GuardianSocket, heard: Heard, wire: &mut Wire) -> Result<(), End> {
    let fault = match heard {
        Heard::Ping(bytes) => return Ok(wire.pong(bytes).await?),
        Heard::Pong | Heard::Frame(Ok(ClientFrame::Unknown)) => return Ok(()),
        Heard::Frame(Ok(ClientFrame::Heartbeat(beat))) => {
            let server_time = socket.live.store.world().now();
            return Ok(wire.send(&ServerFrame::Heartbeat { n: beat.n, server_time, desired: None }).await?);
        }
        Heard::Frame(Ok(_)) => FrameFault::NotForYou,
        Heard::Frame(Err(fault)) => fault,
    };
    Ok(wire.send(&ServerFrame::Error { code: fault, retry_after_ms: None }).await?)
}

fn away(error: &StoreError) -> End {
    tracing::warn!(%error, "a guardian's hello could not be answered");
    End::Close(Close::Overloaded)
}

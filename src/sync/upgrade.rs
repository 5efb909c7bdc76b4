//! From a request to a socket: admission, identity, origin, limits; only then the 101, and with it the connection.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::header::{self, HeaderMap},
    rt::net::TcpStream,
    web::Data,
};
use tokio::sync::OwnedSemaphorePermit;

use super::{
    Live,
    frame::{SUBPROTOCOL, TICKET_PREFIX},
    guardian::{self, GuardianSocket},
    limits::INBOUND,
    line::Line,
    session::{self, DeviceSocket},
    wire::Wire,
};
use crate::{
    auth::{
        Gate,
        throttle::Limit,
        who::{Party, Prove, any_bearer},
    },
    domain::secret::{Token, TokenKind},
    problem::{Code, Problem},
    store::tickets::Holder,
};

/// A socket that was granted. It travels in the request until the 101 is on its way; then it gets the connection.
pub struct Granted {
    live: Arc<Live>,
    party: Party,
    place: OwnedSemaphorePermit,
}

impl Granted {
    /// Begins the socket's session on the connection. `early`: what the client sent without waiting for the 101.
    pub fn begin(self, connection: TcpStream, early: &[u8]) {
        let Self { live, party, place } = self;
        let wire = Wire::new(Line::new(connection, early, &INBOUND));
        let connection = live.store.world().id();
        match party {
            Party::Device(device) => {
                let socket = DeviceSocket { live, device, connection, _place: place };
                actix_web::rt::spawn(session::run(socket, wire));
            }
            Party::Guardian(guardian, session) => {
                let socket = GuardianSocket { live, guardian, session, connection, _place: place };
                actix_web::rt::spawn(guardian::run(socket, wire));
            }
        }
    }
}

/// Upgrades a request, or says why not. Nobody gets a socket before they have shown who they are.
pub async fn upgrade(request: HttpRequest, live: Arc<Live>) -> Result<HttpResponse, Problem> {
    let offered = subprotocols(request.headers());
    if !is_upgrade(request.headers()) {
        return Err(Code::UpgradeRequired.into());
    }
    // A request with a body stays HTTP whatever is answered: nobody would take its connection over.
    if let Some(header) = body_of(request.headers()) {
        return Err(Problem::new(Code::BadRequest).with("header", header));
    }
    if !offered.iter().any(|name| name == SUBPROTOCOL) {
        return Err(Problem::new(Code::BadRequest).with("header", "Sec-WebSocket-Protocol"));
    }
    shows_something(&request, &offered)?;
    // Who shows nothing spends nothing of what is there for others.
    admit(&live)?;
    let gate = request.app_data::<Data<Gate>>().cloned().ok_or(Code::Internal)?;
    let party = identify(&gate, &request, &offered).await?;
    let name = match &party {
        Party::Device(device) => device.device().to_string(),
        Party::Guardian(_, session) => session.session().to_string(),
    };
    gate.throttle.count(Limit::Connect, &name).await?;
    grant(&request, live, party)
}

fn grant(request: &HttpRequest, live: Arc<Live>, party: Party) -> Result<HttpResponse, Problem> {
    let place = live.places.clone().try_acquire_owned().map_err(|_| overloaded())?;
    let mut switched = actix_http::ws::handshake(request.head()).map_err(|_| Code::UpgradeRequired)?;
    let switched = switched.insert_header((header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)).finish().map_into_boxed_body();
    request.extensions_mut().insert(Granted { live, party, place });
    Ok(switched.into())
}

/// Cheaper than closing afterwards: over the node's limits there is no upgrade at all.
fn admit(live: &Live) -> Result<(), Problem> {
    let full = live.places.available_permits() == 0;
    if full || live.draining.is_cancelled() || live.connects.check().is_err() {
        return Err(overloaded());
    }
    Ok(())
}

fn overloaded() -> Problem {
    metrics::counter!("family_pairing_upgrades_refused_total").increment(1);
    Problem::new(Code::Overloaded).retry_after(Duration::from_secs(2))
}

/// Native clients show a bearer token and come from no page; browsers show a ticket and come from an allowed one.
async fn identify(gate: &Gate, request: &HttpRequest, offered: &[String]) -> Result<Party, Problem> {
    let origin = request.headers().get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"));
    let ticket = offered.iter().find_map(|name| name.strip_prefix(TICKET_PREFIX));
    let has_bearer = request.headers().contains_key(header::AUTHORIZATION);
    match (has_bearer, ticket) {
        (true, None) if origin.is_none() => Party::prove(gate, request).await,
        (true, None) => Err(Code::OriginRefused.into()),
        (false, Some(ticket)) if origin.is_some_and(|origin| gate.origins.iter().any(|known| known == origin)) => {
            redeem(gate, ticket).await
        }
        (false, Some(_)) => Err(Code::OriginRefused.into()),
        (true, Some(_)) => Err(Code::BadRequest.into()),
        (false, None) => Err(Code::NotSignedIn.into()),
    }
}

/// A token or a ticket of the right shape. Their checksums refuse inventions without a look-up.
fn shows_something(request: &HttpRequest, offered: &[String]) -> Result<(), Problem> {
    let ticket = offered.iter().find_map(|name| name.strip_prefix(TICKET_PREFIX)).and_then(Token::parse);
    match ticket {
        Some(_) => Ok(()),
        None => any_bearer(request).map(|_| ()),
    }
}

async fn redeem(gate: &Gate, ticket: &str) -> Result<Party, Problem> {
    let ticket = Token::parse(ticket).filter(|token| token.kind() == TokenKind::Ticket).ok_or(Code::NotSignedIn)?;
    match gate.store.use_ticket(ticket.hash()).await?.ok_or(Code::NotSignedIn)? {
        Holder::Device(device) => Ok(Party::Device(device)),
        Holder::Session(session) => {
            let guardian = session.guardian().ok_or(Code::WrongRole)?;
            Ok(Party::Guardian(guardian, session))
        }
    }
}

fn subprotocols(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_owned())
        .collect()
}

/// The header that announces a body, if there is one.
fn body_of(headers: &HeaderMap) -> Option<&'static str> {
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    let chunked = headers.contains_key(header::TRANSFER_ENCODING);
    if chunked { Some("Transfer-Encoding") } else { length.then_some("Content-Length") }
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

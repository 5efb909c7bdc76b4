//! The way to the realtime side: a ticket for browsers, the socket itself, and its fallback. The only file here that knows `sync`.

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, get, post,
    web::{Data, Query},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shape::{Body, Nothing, created};
use crate::{
    auth::{
        throttle::Limit,
        who::{Party, SyncParty, Teen, TeenWhoReads},
    },
    domain::{snapshot::SignedSnapshot, version::Version},
    problem::Problem,
    store::tickets::Holder,
    sync::{self, Live},
};

/// A browser's way to a socket.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"ticket": "fpt_…", "expires_at": "2026-11-22T13:40:30Z"}))]
pub struct Ticket {
    /// Goes into the second subprotocol: `ticket.<value>`. Works once.
    ticket: String,
    /// Thirty seconds from now.
    expires_at: Timestamp,
}

/// Get a ticket for a socket
///
/// Browsers cannot send headers with a WebSocket. Native clients do not need this.
#[utoipa::path(tag = "sync", request_body = Nothing, responses((status = 201, description = "Connect within thirty seconds", body = Ticket)))]
#[post("/v1/sync-tickets")]
pub async fn sync_ticket(who: SyncParty, _body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let (holder, name) = match who.proof.clone() {
        Party::Device(device) => {
            let name = device.device().to_string();
            (Holder::Device(device), name)
        }
        Party::Guardian(guardian, session) => (Holder::Session(session), guardian.guardian().to_string()),
    };
    who.gate.throttle.count(Limit::Ticket, &name).await?;
    let (ticket, expires_at) = who.store().make_ticket(holder).await?;
    Ok(created(Ticket { ticket: ticket.reveal().to_owned(), expires_at }))
}

/// Open a socket
///
/// A WebSocket with the subprotocol `family-pairing.v1`; `asyncapi.yaml` and `docs/PROTOCOL.md` describe its frames. Native clients
/// send `Authorization: Bearer`; browsers offer `ticket.<value>` as a second subprotocol, from an allowed origin.
#[utoipa::path(tag = "sync", params(("Sec-WebSocket-Protocol" = String, Header, description = "family-pairing.v1, and for browsers ticket.<value>",
    example = "family-pairing.v1")), responses((status = 101, description = "Switched; the client says hello within five seconds")))]
#[get("/v1/sync")]
pub async fn open_sync(request: HttpRequest, live: Data<Live>) -> Result<HttpResponse, Problem> {
    sync::upgrade(request, live.into_inner()).await
}

/// What the device holds and how long it will wait.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PolicyQuery {
    /// `epoch.revision` that the device holds; absent: none.
    #[param(example = "1.4")]
    have: Option<String>,
    /// Seconds to wait for something newer, 0–25.
    #[param(minimum = 0, maximum = 25)]
    wait: Option<u64>,
}

/// Read the newest policy, signed
///
/// The fallback of a device without a socket: the same bytes as the `policy` frame. With `have` and `wait` it answers as soon as
/// something newer is there.
#[utoipa::path(tag = "teen", params(PolicyQuery), responses(
    (status = 200, description = "The newest policy", body = SignedSnapshot,
        example = json!({"epoch": 1, "revision": 5, "key_id": "9f86d081884c7d65", "payload": "eyJ0ZWVuX2lkIjoi…", "signature": "MEUCIQD…",
            "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"})),
    (status = 204, description = "Nothing newer came in time")))]
#[get("/v1/teen/policy")]
pub async fn teen_policy(
    request: HttpRequest,
    who: TeenWhoReads,
    query: Query<PolicyQuery>,
    live: Data<Live>,
) -> Result<HttpResponse, Problem> {
    let wait = query.wait.unwrap_or(0);
    if wait > 25 {
        return Err(Problem::field("wait", "must be 0 to 25 seconds"));
    }
    let have =
        query.have.as_deref().map(str::parse::<Version>).transpose().map_err(|error| Problem::field("have", error))?;
    let newest = sync::newer_than(&live, who.proof, have, std::time::Duration::from_secs(wait)).await?;
    if wait > 0 && newest.is_some() {
        // The wait may have outlived the token.
        Teen::extract(&request).await?;
    }
    Ok(match newest {
        Some(frame) => HttpResponse::Ok().content_type("application/json").body(frame.into_bytes()),
        None => HttpResponse::NoContent().finish(),
    })
}

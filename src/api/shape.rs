//! Shapes that many requests and answers share: bodies, versions, pages.

use std::time::Duration;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
    web::BytesMut,
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::gate::{Gate, LONGEST_KEY},
    domain::version::Version,
    problem::{Code, Problem},
    store::once::Once,
};

/// Largest body, in bytes.
pub const MOST_BODY: usize = 32 * 1024;
/// A body must be here within this time: actix has a limit for headers but none for bodies.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// A JSON body, with what is needed to recognise the same request again.
pub struct Body<T> {
    /// The parsed body.
    pub value: T,
    bytes: actix_web::web::Bytes,
    key: Option<String>,
    operation: String,
}

impl<T> Body<T> {
    /// Names this request for the store, if it came with an `Idempotency-Key`.
    pub fn once(&self, gate: &Gate, principal: impl ToString) -> Option<Once> {
        gate.once(&principal.to_string(), &self.operation, self.key.as_deref(), &self.bytes)
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            check_headers(&request)?;
            let read = tokio::time::timeout(BODY_DEADLINE, collect(payload));
            let bytes = read.await.map_err(|_| Code::BodyTimeout)??;
            // A verb without fields may come without a body.
            let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
            let value = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
            let key = idempotency_key(&request)?;
            let operation = format!("{} {}", request.method(), request.path());
            Ok(Self { value, bytes, key, operation })
        })
    }
}

fn check_headers(request: &HttpRequest) -> Result<(), Problem> {
    let headers = request.headers();
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|coding| coding == "identity");
    let empty = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    let json = match headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str()) {
        Some(Ok(kind)) => {
            kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        }
        Some(Err(_)) => false,
        None => {
            empty || !headers.contains_key(header::TRANSFER_ENCODING) && !headers.contains_key(header::CONTENT_LENGTH)
        }
    };
    match plain && json {
        true => Ok(()),
        false => Err(Code::UnsupportedMediaType.into()),
    }
}

async fn collect(mut payload: Payload) -> Result<actix_web::web::Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Code::BadRequest)?;
        if bytes.len() + chunk.len() > MOST_BODY {
            return Err(Code::BodyTooLarge.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Says where the JSON is wrong, never what it holds or what our types are called.
fn unreadable(error: &serde_json::Error) -> Problem {
    Problem::new(Code::BadJson).with("line", error.line()).with("column", error.column())
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(key) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=LONGEST_KEY).contains(&key.len()));
    key.map(|key| Some(key.to_owned())).ok_or_else(|| Problem::new(Code::BadRequest).with("header", "Idempotency-Key"))
}

/// The version that a change is about.
pub struct IfMatch(
    /// As the client saw it.
    pub Version,
);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(given) = request.headers().get(header::IF_MATCH) else {
            return std::future::ready(Err(Code::IfMatchRequired.into()));
        };
        // A tag that is not one of ours cannot be the current one: revision 0 never exists.
        let never = Version { epoch: 0, revision: 0 };
        let version = given.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        std::future::ready(Ok(Self(version.unwrap_or(never))))
    }
}

/// An answer with a body.
pub fn answer(status: StatusCode, body: impl Serialize) -> HttpResponse {
    HttpResponse::build(status).json(body)
}

/// 200 with a body.
pub fn ok(body: impl Serialize) -> HttpResponse {
    answer(StatusCode::OK, body)
}

/// 201 with a body.
pub fn created(body: impl Serialize) -> HttpResponse {
    answer(StatusCode::CREATED, body)
}

/// 200 with a body and its version as a strong entity tag.
pub fn versioned(version: Version, body: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, version.etag())).json(body)
}

/// A list, whole or a page of it.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Goes into `cursor` for the next page; null: this was the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// All there is.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next_cursor: None }
    }
}

/// Which part of a list is wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many entries at most, 1–100. Default 50.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u8>,
    /// `next_cursor` of the page before.
    pub cursor: Option<i64>,
}

impl PageQuery {
    /// The limit within its bounds.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=100 => Ok(limit.into()),
            _ => Err(Problem::field("limit", "must be 1 to 100")),
        }
    }
}

/// A body without fields.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct Nothing {}

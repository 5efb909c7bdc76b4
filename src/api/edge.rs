//! The edge of the server: security headers on every answer, one shape for every error, and the request metrics.

use std::time::{Duration, Instant};

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};

use crate::problem::{Code, Problem};

/// On every answer of the API. Pages bring their own policy.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::PERMISSIONS_POLICY, "interest-cohort=()"),
];

/// The pages of the documentation bring scripts and styles of their own, from here and nowhere else.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/// What the logs know of a request: never an address, a name, a query or a body.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
        let request_id = request.extensions().get::<RequestId>().map(ToString::to_string);
        tracing::info_span!("request", method = %request.method(), route, request_id)
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = outcome.as_ref().map_or(500, |response| response.status().as_u16());
        tracing::debug!(status, "answered");
    }
}

/// Longest path and query, in bytes.
const LONGEST_URI: usize = 4096;

/// Wraps every request.
pub async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<actix_web::body::BoxBody>, Error> {
    let started = Instant::now();
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    if request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > LONGEST_URI) {
        let refused = Problem::from(Code::UriTooLong).response(id.as_deref());
        return Ok(with_headers(request.into_response(refused), id.as_deref()));
    }
    let method = method_label(request.method());
    let called = tokio::time::timeout(patience(request.path()), next.call(request)).await;
    let response = called.map_err(|_| too_long())??.map_into_boxed_body();
    let is_docs = response.request().path().starts_with("/docs/");
    let pattern = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    let status = response.status().as_u16().to_string();
    metrics::counter!("family_pairing_http_requests_total", "route" => pattern.clone(), "method" => method, "status" => status)
        .increment(1);
    metrics::histogram!("family_pairing_http_seconds", "route" => pattern).record(started.elapsed().as_secs_f64());
    let mut response = shaped(response, id.as_deref());
    if is_docs {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(DOCS_POLICY));
    }
    Ok(with_headers(response, id.as_deref()))
}

/// A client can invent methods without end; the metrics know a few.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// How long a request may take in all. A database that hangs keeps its own time-outs from running; nobody may wait for ever.
fn patience(path: &str) -> Duration {
    match path {
        "/readyz" => Duration::from_secs(2),
        "/v1/teen/policy" => Duration::from_secs(35),
        _ => Duration::from_secs(10),
    }
}

fn too_long() -> Problem {
    tracing::warn!("a request was given up: something that it needs does not answer");
    Problem::new(Code::Unavailable).retry_after(Duration::from_secs(1))
}

/// Gives errors their shape: ours get the request id, those that something below made by itself become ours.
fn shaped(response: ServiceResponse, id: Option<&str>) -> ServiceResponse {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let body = match response.response().error().and_then(|error| error.as_error::<Problem>()) {
        Some(problem) => problem.response(id),
        None if has_problem_body(&response) => return response,
        None => Problem::from(Code::of_status(status)).response(id),
    };
    let mut shaped = body;
    // An allowed-methods list is worth keeping.
    if let Some(allow) = response.headers().get(header::ALLOW) {
        shaped.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response.into_response(shaped)
}

fn has_problem_body(response: &ServiceResponse) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}

fn with_headers(mut response: ServiceResponse, id: Option<&str>) -> ServiceResponse {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

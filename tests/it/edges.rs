//! Everything that a well-behaved client would not send, and what every answer has in common.

mod bodies;
mod operations;
mod resets;
mod tcp;

use serde_json::json;

use crate::house::{
    House,
    raw::{self, Raw},
};

/// Every error has one shape (RFC 9457): a stable code, the status, what to do, and the id under which the logs know it.
pub fn assert_problem(answer: &Raw) {
    let text = &answer.text;
    assert_eq!(answer.header("content-type"), "application/problem+json", "{text}");
    assert_eq!(answer.body["status"], answer.status, "{text}");
    let code = answer.code();
    assert!(!code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{text}");
    assert_eq!(answer.body["type"], format!("urn:family-pairing:problem:{code}"));
    assert!(answer.body["title"].is_string() && answer.body["detail"].is_string(), "{text}");
    let id = answer.body["request_id"].as_str().unwrap_or_default();
    assert!(id.parse::<uuid::Uuid>().is_ok() && id == answer.header("x-request-id"), "{text}");
    assert_safe_headers(answer);
    for word in ["serde", "expected `", "struct ", "panicked", "diesel", "Option<", "::", "src/"] {
        assert!(!text.replace("urn:family-pairing", "").contains(word), "says {word}: {text}");
    }
}

/// What every answer carries, good or bad: nothing is cached, framed, sniffed or sent on.
fn assert_safe_headers(answer: &Raw) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), value, "{name}: {}", answer.text);
    }
    assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    assert!(answer.header("server").is_empty() && answer.header("x-powered-by").is_empty());
}

/// What the server answers by itself, before any handler, has the same shape as what handlers answer.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_handler_sees_is_a_problem_too() {
    let house = House::new().await;
    let long = format!("/v1/keys?{}", "x".repeat(5000));
    let teen = format!("/v1/guardian/teens/{}/settings", uuid::Uuid::now_v7());
    let json = ("content-type", "application/json");
    let big = format!("{{\"email\": \"{}\"}}", "x".repeat(40_000));
    let cases = [
        ("GET", "/nowhere", vec![], None, 404, "not_found"),
        ("GET", "/v1/accounts/", vec![], None, 404, "not_found"),
        ("GET", "/%ff%00", vec![], None, 404, "not_found"),
        ("DELETE", "/v1/accounts", vec![], None, 405, "method_not_allowed"),
        ("PUT", &teen, vec![json], Some("{}"), 405, "method_not_allowed"),
        ("BREW", "/v1/keys", vec![], None, 405, "method_not_allowed"),
        ("GET", &long, vec![], None, 414, "uri_too_long"),
        ("POST", "/v1/sessions", vec![json], Some(&big), 413, "body_too_large"),
        ("POST", "/v1/sessions", vec![("content-type", "text/plain")], Some("{}"), 415, "unsupported_media_type"),
        ("POST", "/v1/sessions", vec![], Some("{}"), 415, "unsupported_media_type"),
        ("POST", "/v1/sessions", vec![json, ("content-encoding", "gzip")], Some("{}"), 415, "unsupported_media_type"),
        ("POST", "/v1/sessions", vec![json], Some("{"), 400, "bad_json"),
        ("GET", "/v1/sync", vec![], None, 426, "upgrade_required"),
    ];
    for (method, path, headers, body, status, code) in cases {
        let url = format!("{}{path}", house.url());
        let answer = raw::send_text(method, &url, None, &headers, body.map(str::to_owned)).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {path}: {}", answer.text);
        assert_problem(&answer);
    }
    let answer = raw::send("PUT", &format!("{}{teen}", house.url()), None, &[], None).await;
    assert_eq!(answer.header("allow"), "GET, PATCH", "a wrong method is told the right ones");
}

/// Good answers carry the same headers as bad ones.
#[tokio::test(flavor = "multi_thread")]
async fn good_answers_have_safe_headers_too() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let gone = json!({});
    for (method, path, body) in [
        ("GET", "/healthz", None),
        ("GET", "/metrics", None),
        ("GET", "/openapi.json", None),
        ("GET", "/docs/", None),
        ("GET", "/v1/keys", None),
        ("GET", "/v1/guardian/teens", None),
        ("PATCH", "/v1/account", Some(gone)),
        ("DELETE", "/v1/sessions/current", None),
    ] {
        let answer = raw::send(method, &format!("{}{path}", house.url()), Some(&dana.access), &[], body).await;
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.status);
        assert_safe_headers(&answer);
    }
}

/// The request id is the server's own: a client cannot put its words into the logs.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_does_not_choose_the_request_id() {
    let house = House::new().await;
    let headers = [("x-request-id", "canary"), ("request-id", "canary")];
    let answer = raw::send("GET", &format!("{}/v1/account", house.url()), None, &headers, None).await;
    assert_problem(&answer);
    assert!(!answer.text.contains("canary"));
}

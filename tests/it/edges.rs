//! Everything that a well-behaved client would not send, and what every answer has in common.

use crate::house::raw::Raw;

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
    for word in ["serde", "expected `", "struct ", "panicked", "diesel", "Option<", "::", "src/"] {
        assert!(!text.replace("urn:family-pairing", "").contains(word), "says {word}: {text}");
    }
}

//! Plain HTTP requests, for everything that a well-behaved client would not send.

use reqwest::{Method, header::HeaderMap};
use serde_json::Value as Json;

/// An answer as it came.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Json,
}

impl Raw {
    /// The problem's code, or nothing.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// One header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Sends a request with JSON, a token and any headers.
pub async fn send(method: &str, url: &str, token: Option<&str>, headers: &[(&str, &str)], body: Option<Json>) -> Raw {
    let text = body.map(|body| body.to_string());
    let mut all = headers.to_vec();
    if text.is_some() {
        all.push(("content-type", "application/json"));
    }
    send_text(method, url, token, &all, text).await
}

/// Sends a request with any body.
pub async fn send_text(
    method: &str,
    url: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
    body: Option<String>,
) -> Raw {
    tries(method, url, token, headers, body).await.expect("an answer")
}

/// Sends a request to a server that may die over it.
pub async fn tries(
    method: &str,
    url: &str,
    token: Option<&str>,
    headers: &[(&str, &str)],
    body: Option<String>,
) -> Result<Raw, reqwest::Error> {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = reqwest::Client::new().request(method, url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body);
    }
    let answer = request.send().await?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await?;
    let body = serde_json::from_str(&text).unwrap_or_default();
    Ok(Raw { status, headers, text, body })
}

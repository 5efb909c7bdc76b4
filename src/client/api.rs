//! HTTP calls to the public API: one path for every request, typed bodies in and out, one kind of error.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

use super::bodies::Keys;
use crate::domain::{
    clock::World,
    snapshot::{KeyRing, SignedSnapshot},
    version::Version,
};

/// No answer within this time counts as no answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A server, and who is speaking to it. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    world: World,
}

/// An answer and the entity tag that came with it.
#[derive(Debug)]
pub struct Answer<T> {
    /// The body.
    pub body: T,
    /// For `If-Match` in the next change.
    pub etag: Option<String>,
}

/// The body of every error (RFC 9457).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ProblemBody {
    /// HTTP status.
    pub status: u16,
    /// Stable word for programs.
    pub code: String,
    /// What happened, in a few words.
    pub title: String,
    /// What to do about it.
    pub detail: Option<String>,
    /// To give to support.
    pub request_id: Option<String>,
    /// Whatever else came, such as the current document with a 412.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// Why a call did not work.
#[derive(Debug, Error)]
pub enum ApiError {
    /// The server said no.
    #[error("{}", sentence(.0))]
    Problem(Box<ProblemBody>),
    /// Nobody answered, or not in time.
    #[error("The server does not answer at the moment. Is the address right, and is it running? ({0})")]
    Unreachable(String),
    /// The answer was not what this client knows.
    #[error("The server's answer could not be read ({0}). Is this the right server and version?")]
    Unreadable(String),
}

impl ApiError {
    /// The stable code of a problem.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// HTTP status of a problem.
    pub fn status(&self) -> Option<u16> {
        self.problem().map(|problem| problem.status)
    }

    fn problem(&self) -> Option<&ProblemBody> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }
}

fn sentence(problem: &ProblemBody) -> String {
    let detail = problem.detail.as_deref().filter(|detail| !detail.is_empty());
    let words = detail.map_or_else(|| problem.title.clone(), |detail| format!("{}: {detail}", problem.title));
    match &problem.request_id {
        Some(id) => format!("{words} ({}, {}, request {id})", problem.status, problem.code),
        None => format!("{words} ({}, {})", problem.status, problem.code),
    }
}

impl Api {
    /// A server by its base URL, without a token. Plain HTTP only: this client is for use beside the server.
    pub fn new(base: &str, world: World) -> Result<Self, ApiError> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("family-pairing/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ApiError::Unreachable(error.to_string()))?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), token: None, world })
    }

    /// The same server, spoken to with this token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The server's base URL, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The token, or nothing before signing in.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// Time and randomness.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Reads something.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, ApiError> {
        read(self.request(Method::GET, path)).await
    }

    /// Creates something. Every call has its own `Idempotency-Key`.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, ApiError> {
        Ok(read(self.posting(path, body)).await?.body)
    }

    /// Creates something, if nothing changed since `etag`.
    pub async fn post_if_match<T: DeserializeOwned>(
        &self,
        path: &str,
        etag: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        Ok(read(self.posting(path, body).header(header::IF_MATCH, etag)).await?.body)
    }

    /// Changes something, if nothing changed since `etag`.
    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        etag: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        let request = self.request(Method::PATCH, path).header(header::IF_MATCH, etag).json(body);
        Ok(read(request).await?.body)
    }

    /// Ends something.
    pub async fn delete(&self, path: &str) -> Result<(), ApiError> {
        read::<Option<serde_json::Value>>(self.request(Method::DELETE, path)).await.map(|_| ())
    }

    /// The server's public keys.
    pub async fn keys(&self) -> Result<KeyRing, ApiError> {
        Ok(KeyRing::new(&self.get::<Keys>("/v1/keys").await?.body.keys))
    }

    /// Waits up to `wait` for a policy newer than `have`; none if none came.
    pub async fn poll_policy(&self, have: Option<Version>, wait: Duration) -> Result<Option<SignedSnapshot>, ApiError> {
        let have = have.unwrap_or(Version { epoch: 0, revision: 0 });
        let path = format!("/v1/teen/policy?have={have}&wait={}", wait.as_secs());
        Ok(read(self.request(Method::GET, &path).timeout(wait.saturating_add(TIMEOUT))).await?.body)
    }

    fn posting(&self, path: &str, body: &impl Serialize) -> RequestBuilder {
        self.request(Method::POST, path).header("Idempotency-Key", self.world.uuid().to_string()).json(body)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).timeout(TIMEOUT);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

async fn read<T: DeserializeOwned>(request: RequestBuilder) -> Result<Answer<T>, ApiError> {
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    if !status.is_success() {
        return Err(problem(response).await);
    }
    let etag = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    let bytes = response.bytes().await.map_err(unreachable)?;
    // Nothing reads as null, so a caller who expects that nothing may come asks for an `Option`.
    let text = if bytes.is_empty() { b"null".as_slice() } else { &bytes };
    let body = serde_json::from_slice(text).map_err(|error| ApiError::Unreadable(error.to_string()))?;
    Ok(Answer { body, etag })
}

async fn problem(response: Response) -> ApiError {
    let status = response.status();
    match response.json::<ProblemBody>().await {
        Ok(body) if body.status == status.as_u16() => ApiError::Problem(Box::new(body)),
        _ => ApiError::Problem(Box::new(bare(status))),
    }
}

// Something between us and the server answered, such as a proxy.
fn bare(status: StatusCode) -> ProblemBody {
    let title = status.canonical_reason().unwrap_or("The request failed").to_owned();
    ProblemBody { status: status.as_u16(), code: "unknown".to_owned(), title, ..ProblemBody::default() }
}

fn unreachable(error: reqwest::Error) -> ApiError {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(next) = cause {
        words = next.to_string();
        cause = next.source();
    }
    ApiError::Unreachable(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::server_double::{self, world};

    #[tokio::test]
    async fn a_problem_is_told_in_its_own_words() {
        let body = r#"{"type":"about:blank","status":412,"code":"stale","title":"Changed meanwhile","detail":"Read it again.","request_id":"r1","current":{"epoch":1}}"#;
        let base = server_double::answering("412 Precondition Failed", body).await;
        let api = Api::new(&base, world()).unwrap();
        let error = api.patch::<serde_json::Value>("/v1/x", "\"1.1\"", &serde_json::json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "Changed meanwhile: Read it again. (412, stale, request r1)");
        let ApiError::Problem(problem) = error else { panic!("a problem") };
        assert_eq!(problem.more["current"]["epoch"], 1);
    }

    #[tokio::test]
    async fn other_answers_are_told_apart() {
        let api = |base: String| Api::new(&base, world()).unwrap();
        let proxy = api(server_double::answering("502 Bad Gateway", "<html>").await);
        assert_eq!(proxy.keys().await.unwrap_err().code(), Some("unknown"));
        let odd = api(server_double::answering("200 OK", "<html>").await);
        assert!(matches!(odd.keys().await, Err(ApiError::Unreadable(_))));
        let nobody = api("http://127.0.0.1:1".to_owned());
        assert!(matches!(nobody.keys().await, Err(ApiError::Unreachable(_))));
        let nothing = api(server_double::answering("204 No Content", "").await);
        assert!(nothing.poll_policy(None, Duration::ZERO).await.unwrap().is_none());
    }
}

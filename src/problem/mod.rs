//! Every error that a client can get, once: code, status, title, what to do. RFC 9457, `application/problem+json`.
//!
//! The `code` is stable and for programs; `title` and `detail` are for people. Nothing here ever repeats input or says what
//! the server is made of. `api::edge` adds the `request_id` and gives the same shape to what actix answers by itself.

use std::{fmt, time::Duration};

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

mod code;
mod from_store;

pub use self::code::{About, Code};

/// A problem on its way to a client.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    more: Map<String, Json>,
    retry_after: Option<Duration>,
    allow: Option<String>,
}

impl Problem {
    /// The plain problem.
    pub fn new(code: Code) -> Self {
        Self { code, more: Map::new(), retry_after: None, allow: None }
    }

    /// Adds a member, such as the current document of a stale change.
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.more.insert(name.to_owned(), value);
        }
        self
    }

    /// Says when to try again.
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The path is there for these methods only, as `Allow` lists them.
    pub fn method_not_allowed(methods: &str) -> Self {
        Self { allow: Some(methods.to_owned()), ..Self::new(Code::MethodNotAllowed) }
    }

    /// A field with a value that it cannot have; `pointer` is a JSON pointer into the body.
    pub fn field(pointer: &str, reason: impl fmt::Display) -> Self {
        Self::new(Code::Invalid).with("errors", json!([{ "pointer": pointer, "detail": reason.to_string() }]))
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The answer, with the id under which the logs know the request.
    pub fn response(&self, request_id: Option<&str>) -> HttpResponse {
        let About { status, title, what_to_do } = self.code.about();
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(format!("urn:family-pairing:problem:{}", self.code.word())));
        body.insert("title".to_owned(), json!(title));
        body.insert("status".to_owned(), json!(status));
        body.insert("code".to_owned(), json!(self.code));
        body.insert("detail".to_owned(), json!(what_to_do));
        if let Some(id) = request_id {
            body.insert("request_id".to_owned(), json!(id));
        }
        body.extend(self.more.clone());
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type("application/problem+json");
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(methods) = &self.allow {
            answer.insert_header((header::ALLOW, methods.as_str()));
        }
        if status == 401 {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        answer.body(Json::Object(body).to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code.word())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.about().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.response(None)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// Gives a text's refusal the field that it is about.
pub fn in_field<E: fmt::Display>(pointer: &'static str) -> impl Fn(E) -> Problem {
    move |error| Problem::field(pointer, error)
}

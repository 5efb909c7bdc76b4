//! Documents that change only with the program: with a tag, for anybody to keep.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, EntityTag, HeaderName, IfNoneMatch},
    },
    web::Bytes,
};

/// How long anybody may keep such a document without asking again.
const KEPT: &str = "public, max-age=3600";

/// A JSON document, encoded once.
pub struct Unchanging {
    json: Bytes,
    tag: EntityTag,
}

impl Unchanging {
    /// A document under a tag that no other content of it has.
    pub fn new(tag: String, json: impl Into<Bytes>) -> Self {
        Self { json: json.into(), tag: EntityTag::new_strong(tag) }
    }

    /// The document, or 304 for a client that has it already.
    pub fn answer(&self, request: &HttpRequest, headers: &[(HeaderName, &str)]) -> HttpResponse {
        let unchanged = request.get_header().is_some_and(|known| self.is_among(&known));
        let mut answer = HttpResponse::build(if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        answer.insert_header((header::ETAG, self.tag.to_string())).insert_header((header::CACHE_CONTROL, KEPT));
        for (name, value) in headers {
            answer.insert_header((name.clone(), *value));
        }
        match unchanged {
            true => answer.finish(),
            false => answer.content_type(header::ContentType::json()).body(self.json.clone()),
        }
    }

    /// Whether this is what the client has already.
    fn is_among(&self, known: &IfNoneMatch) -> bool {
        match known {
            IfNoneMatch::Any => true,
            IfNoneMatch::Items(tags) => tags.iter().any(|tag| tag.weak_eq(&self.tag)),
        }
    }
}

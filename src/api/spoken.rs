//! The language that whoever asks reads.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{AcceptLanguage, Quality},
};

use crate::{domain::language::Language, problem::Problem};

/// The best of what `Accept-Language` names; English without it.
pub struct Spoken(
    /// The language.
    pub Language,
);

impl FromRequest for Spoken {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(wanted(request, None))))
    }
}

/// The language that a request asks for: in the address first, for that can be kept and shared.
pub fn wanted(request: &HttpRequest, locale: Option<String>) -> Language {
    let mut accepted = request.get_header().map_or(vec![], |AcceptLanguage(accepted)| accepted);
    accepted.retain(|range| range.quality > Quality::ZERO);
    let accepted = AcceptLanguage(accepted).ranked().into_iter().map(|range| range.to_string());
    let tags: Vec<String> = locale.into_iter().chain(accepted).collect();
    Language::pick(&tags.iter().map(String::as_str).collect::<Vec<_>>())
}

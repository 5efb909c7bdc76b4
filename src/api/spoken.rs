//! The language that whoever asks reads.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{AcceptLanguage, Quality},
};

use crate::{
    domain::{controls::Registry, language::Language, policy::Change},
    problem::Problem,
};

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

impl Spoken {
    /// Each change in a sentence, as far as the catalogue still has its control.
    pub fn sentences<'c>(&self, registry: &Registry, changes: impl IntoIterator<Item = &'c Change>) -> Vec<String> {
        let sentence = |change: &Change| Some(self.0.change(registry.get(&change.control)?, change));
        changes.into_iter().filter_map(sentence).collect()
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

//! The catalogue of controls, for clients that draw their screens from it.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header,
    web::{Data, Query},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{spoken::wanted, unchanging::Unchanging};
use crate::{
    auth::who::Anyone,
    domain::{catalogue::Catalogue, controls::Registry, language::Language, snapshot::sha256_hex},
    problem::{Code, Problem},
};

/// The catalogue as served, once per language: it changes only with the program.
pub struct Catalogues(Vec<(Language, Unchanging)>);

impl Catalogues {
    /// Says the catalogue in every language.
    pub fn of(registry: &Registry) -> Result<Self, serde_json::Error> {
        let encoded = |language| Ok((language, encoded(registry, language)?));
        Language::ALL.into_iter().map(encoded).collect::<Result<_, _>>().map(Self)
    }

    fn get(&self, language: Language) -> Option<&Unchanging> {
        self.0.iter().find(|(known, _)| *known == language).map(|(_, encoded)| encoded)
    }
}

fn encoded(registry: &Registry, language: Language) -> Result<Unchanging, serde_json::Error> {
    let json = serde_json::to_vec(&Catalogue::of(registry, language))?;
    // Of the whole answer, so that a better translation is another tag as well.
    Ok(Unchanging::new(format!("{}-{}", language.tag(), sha256_hex(&json)), json))
}

/// In which language.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LocaleQuery {
    /// A language tag such as `de` or `pt-BR`; before what `Accept-Language` says. Where neither is here: English.
    pub locale: Option<String>,
}

/// Read the catalogue of controls
///
/// Everything that can be limited, with its words in one of the languages `en`, `es`, `de`, `fr`, `pt-BR`. Ask again with
/// `If-None-Match`: it changes only with a new version of the server.
#[utoipa::path(tag = "controls", security(()),
    params(LocaleQuery, ("Accept-Language" = Option<String>, Header, description = "The languages that the person reads"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of the catalogue that you have")),
    responses(
        (status = 200, description = "The catalogue", body = Catalogue,
            headers(("ETag" = String, description = "Of this catalogue in this language"),
                ("Content-Language" = String, description = "The language that was picked")),
            example = json!({"version": 3, "locale": "de",
                "groups": [{"id": "contact", "label": "Kontakt"}],
                "bands": [{"id": "under_13", "label": "unter 13"}, {"id": "13_15", "label": "13 bis 15"},
                    {"id": "16_17", "label": "16 und 17"}, {"id": "adult", "label": "ab 18"}],
                "days": [{"id": "mon", "label": "Montag", "short": "Mo"}],
                "controls": [{"id": "dm.groups", "label": "Wer zu Gruppenchats hinzufügen darf", "group": {"id": "contact"},
                    "kind": {"choice": {"values": ["everyone", "friends", "no_one"]}},
                    "values": [{"value": "everyone", "label": "alle"}, {"value": "friends", "label": "Freunde"},
                        {"value": "no_one", "label": "niemand"}],
                    "enforced_by": "platform", "if_unsupported": "safe_mode", "set_by": "family", "teen_loosens": ["16_17"],
                    "at_birthday": "stays", "privacy": true, "guardian_sees": "value",
                    "decides": {"action": "add_to_group", "how": "audience"}, "since": 2,
                    "defaults": {"under_13": "no_one", "13_15": "no_one", "16_17": "friends", "adult": "everyone"},
                    "floors": {"under_13": "no_one", "13_15": "no_one", "16_17": "friends"}}]})),
        (status = 304, description = "The one that you have is the newest")))]
#[get("/v1/controls")]
pub async fn read_controls(
    _anyone: Anyone,
    request: HttpRequest,
    query: Query<LocaleQuery>,
    catalogues: Data<Catalogues>,
) -> Result<HttpResponse, Problem> {
    let language = wanted(&request, query.into_inner().locale);
    let found = catalogues.get(language).ok_or(Code::Internal)?;
    let headers = [(header::VARY, header::ACCEPT_LANGUAGE.as_str()), (header::CONTENT_LANGUAGE, language.tag())];
    Ok(found.answer(&request, &headers))
}

//! Settings that go together, for clients that offer them.

use actix_web::{HttpResponse, get, http::header, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::spoken::Spoken;
use crate::{
    auth::who::Anyone,
    domain::presets::{Preset, Presets},
    problem::Problem,
};

/// Every preset.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"presets": [{"id": "sleep_first", "label": "Sleep first", "why": "Screens at night take sleep…",
    "grade": "strong", "bands": ["13_15"], "regions": [], "takes_back": false, "settings": {"time.daily_minutes": 1440,
    "time.sleep_windows": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "21:00", "to": "07:00"}]}}]}))]
pub struct PresetList {
    /// In the order in which they are best shown.
    presets: Vec<Preset>,
}

/// Read the presets
///
/// Settings that go together, each with the evidence for it, in the language of `Accept-Language`. They change only with a new version
/// of the server.
#[utoipa::path(tag = "controls", security(()), responses((status = 200, description = "All of them", body = PresetList,
    headers(("Content-Language" = String, description = "The language that was picked")))))]
#[get("/v1/presets")]
pub async fn read_presets(
    _anyone: Anyone,
    Spoken(language): Spoken,
    presets: Data<Presets>,
) -> Result<HttpResponse, Problem> {
    let presets = presets.iter().map(|preset| language.preset(preset)).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::VARY, header::ACCEPT_LANGUAGE.as_str()))
        .insert_header((header::CONTENT_LANGUAGE, language.tag()))
        .json(PresetList { presets }))
}

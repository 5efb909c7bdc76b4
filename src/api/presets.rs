//! Settings that go together, for clients that offer them.

use actix_web::{HttpResponse, get, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::shape::ok;
use crate::{
    auth::who::Anyone,
    domain::presets::{Preset, Presets},
    problem::Problem,
};

/// Every preset.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"presets": [{"id": "sleep_first", "label": "Sleep first", "why": "Screens at night take sleep…",
    "grade": "strong", "bands": ["13_15"], "regions": [], "settings": {"time.daily_minutes": 1440,
    "time.sleep_windows": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "21:00", "to": "07:00"}]}}]}))]
pub struct PresetList {
    /// In the order in which they are best shown.
    presets: Vec<Preset>,
}

/// Read the presets
///
/// Settings that go together, each with the evidence for it. They change only with a new version of the server.
#[utoipa::path(tag = "controls", security(()), responses((status = 200, description = "All of them", body = PresetList)))]
#[get("/v1/presets")]
pub async fn read_presets(_anyone: Anyone, presets: Data<Presets>) -> Result<HttpResponse, Problem> {
    Ok(ok(PresetList { presets: presets.iter().cloned().collect() }))
}

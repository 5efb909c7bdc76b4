//! The conformance cases, for whoever writes a client.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse, get};

use super::unchanging::Unchanging;
use crate::{auth::who::Anyone, conformance::kit};

/// The document as served.
static SERVED: LazyLock<Unchanging> =
    LazyLock::new(|| Unchanging::new(kit::DOCUMENT.sha256.clone(), kit::DOCUMENT.json.as_bytes()));

/// Read the conformance cases
///
/// Every case that says who is right: what is asked, what is given, the only right answer. With the catalogue of controls that
/// they speak of and the JSON Schema of all inputs and outputs. `family-pairing conformance` asks them of a client. Ask again
/// with `If-None-Match`: they change only with a new version of the server. The tag is the SHA-256 that certificates name.
#[utoipa::path(tag = "operations", security(()),
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of the cases that you have")),
    responses(
        (status = 200, description = "All cases, by group", body = serde_json::Value,
            headers(("ETag" = String, description = "SHA-256 of the cases")),
            example = json!({"version": "v1", "catalogue": {"control": [{"id": "dm.from"}]}, "schema": {"$schema": "https://json-schema.org/draft/2020-12/schema"},
                "groups": [{"group": "lattice", "about": "Meet, join and direction.", "cases": [{"id": "lattice/live-off", "op": "meet",
                    "why": "May go live: off is strict.", "origin": "reviewed", "input": {"kind": {"flag": {"strict": false}}, "a": true, "b": false},
                    "expect": {"value": false}}]}]})),
        (status = 304, description = "The cases that you have are the newest")))]
#[get("/conformance/v1.json")]
pub async fn read_conformance(_anyone: Anyone, request: HttpRequest) -> HttpResponse {
    SERVED.answer(&request, &[])
}

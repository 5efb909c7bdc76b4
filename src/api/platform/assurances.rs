//! Which guardians' consent the platform has verified.

use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::shape::{Body, ok},
    auth::who::PlatformAssures,
    problem::Problem,
    store::{
        assurance::{Assurance, Method},
        settings::Changed,
    },
};

/// What the platform found out about a guardian of a teen.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"teen_id": "01932c07-1111-7c3a-9a1e-3f1d2b4c5d6e", "guardian_id": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e",
    "verified": true, "method": "payment"}))]
pub struct AssuranceRequest {
    /// Of whom.
    teen_id: Uuid,
    /// Who guards that teen.
    guardian_id: Uuid,
    /// Whether the consent is verified now; false takes it back.
    verified: bool,
    /// By which means. No document, number or name goes here.
    method: Method,
}

/// Say that a guardian's consent was verified
///
/// Some laws let only such a guardian loosen. Taken back, what was loosened by it goes at once. Saying the same again changes nothing.
#[utoipa::path(tag = "platform", request_body = AssuranceRequest,
    responses((status = 200, description = "What changed for the teen by it", body = Changed,
        example = json!({"epoch": 1, "revision": 6, "changed": []}))))]
#[post("/v1/platform/guardian-assurances")]
pub async fn platform_assure(who: PlatformAssures, body: Body<AssuranceRequest>) -> Result<HttpResponse, Problem> {
    let AssuranceRequest { teen_id, guardian_id, verified, method } = body.value;
    let said = Assurance { teen: teen_id.into(), guardian: guardian_id.into(), verified, method };
    Ok(ok(who.store().assure(&who.proof, said).await?))
}

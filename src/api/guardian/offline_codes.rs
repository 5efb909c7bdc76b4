//! Codes to read out to a teen whose device cannot reach the server.

use actix_web::{HttpResponse, get, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, Page, created, ok},
    auth::{
        throttle::Limit,
        who::{GuardianOfTeen, GuardianWhoChanges},
    },
    domain::{
        device::code::MINUTES,
        ids::{DeviceId, TeenId},
        text,
    },
    problem::{Code, Problem, in_field},
    store::offline_codes::{CodeView, NewCode},
};

/// How many minutes a code is to give.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"minutes": 30, "reason": "the train is late"}))]
pub struct CodeRequest {
    /// 5, 15, 30, 45, 60 or 120.
    minutes: u16,
    /// Why, in your words: the teen sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    reason: Option<String>,
}

/// Make a code to read out
///
/// Ten digits that give minutes on one device, once, also where it cannot reach the server. It gives them when it is typed in; everywhere
/// else they count once the device is online again and has told of it. Sleep and school hours stay.
#[utoipa::path(tag = "guardian", request_body = CodeRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"), ("device_id" = DeviceId, Path, description = "For which device"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "Shown once", body = NewCode)))]
#[post("/v1/guardian/teens/{teen_id}/devices/{device_id}/offline-codes")]
pub async fn guardian_make_code(
    who: GuardianWhoChanges,
    path: Path<(String, String)>,
    body: Body<CodeRequest>,
) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let device: DeviceId = path.1.parse().map_err(|_| Code::NotFound)?;
    let once = body.once(&who.gate, who.proof.guardian());
    let CodeRequest { minutes, reason } = body.value;
    if !MINUTES.contains(&minutes) {
        return Err(Problem::field("/minutes", "must be 5, 15, 30, 45, 60 or 120"));
    }
    let reason = reason.map(|reason| text::reason(&reason)).transpose().map_err(in_field("/reason"))?;
    Ok(created(who.store().make_code(who.proof.clone(), device, (minutes, reason), once).await?))
}

/// List codes that were made
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "The newest hundred, and whether they were typed in; not the codes themselves", body = Page<CodeView>)))]
#[get("/v1/guardian/teens/{teen_id}/offline-codes")]
pub async fn guardian_codes(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().codes(&who.proof).await?)))
}

//! The teens that a guardian guards, and where their days are meant.

use actix_web::{HttpResponse, get, patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, Page, ok},
    auth::{
        throttle::Limit,
        who::{Guardian, GuardianOfTeen, GuardianWhoChanges},
    },
    domain::{ids::TeenId, text},
    problem::{Code, Problem, in_field},
    store::{Store, kinship::GuardianOf, pairings::TeenView, settings::Home},
};

/// List the teens that you guard
#[utoipa::path(tag = "guardian", responses((status = 200, description = "Oldest pairing first", body = Page<TeenView>,
    example = json!({"items": [{"teen_id": "01932c07-1111-7c3a-9a1e-3f1d2b4c5d6e", "display_name": "Mia", "age_band": "13_15",
        "home_zone": "Europe/Berlin", "day_start_minute": 0, "pairing_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e",
        "paired_at": "2026-11-22T13:42:00Z"}], "next_cursor": null}))))]
#[get("/v1/guardian/teens")]
pub async fn guardian_teens(who: Guardian) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().teens(&who.proof).await?)))
}

/// Read one teen
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "A teen that you guard", body = TeenView)))]
#[get("/v1/guardian/teens/{teen_id}")]
pub async fn guardian_teen(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    one(who.store(), &who.proof).await
}

/// Where a teen is at home. Absent fields stay as they are.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"home_zone": "Europe/Berlin", "day_start_minute": 240}))]
pub struct TeenPatch {
    /// IANA zone in which windows and days are meant.
    home_zone: Option<String>,
    /// Minutes after midnight at which the teen's day starts, 0–1439.
    #[schema(minimum = 0, maximum = 1439)]
    day_start_minute: Option<i16>,
    /// Why, in your words: the teen sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    reason: Option<String>,
}

/// Set the home zone and the start of the day
#[utoipa::path(tag = "guardian", request_body = TeenPatch, params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "As it is now", body = TeenView)))]
#[patch("/v1/guardian/teens/{teen_id}")]
pub async fn guardian_change_teen(who: GuardianWhoChanges, body: Body<TeenPatch>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let TeenPatch { home_zone, day_start_minute, reason } = body.value;
    if day_start_minute.is_some_and(|minute| !(0..1440).contains(&minute)) {
        return Err(Problem::field("/day_start_minute", "must be 0 to 1439"));
    }
    let home_zone = home_zone.map(|zone| text::zone(&zone)).transpose().map_err(in_field("/home_zone"))?;
    let reason = reason.map(|reason| text::reason(&reason)).transpose().map_err(in_field("/reason"))?;
    who.store().change_home(who.proof.clone(), Home { home_zone, day_start_minute }, reason).await?;
    one(who.store(), &who.proof).await
}

async fn one(store: &Store, guardian: &GuardianOf) -> Result<HttpResponse, Problem> {
    let teen = store.teen(guardian).await?;
    Ok(ok(teen.ok_or(Code::NotFound)?))
}

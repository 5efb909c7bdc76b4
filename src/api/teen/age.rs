//! How old you are taken to be, what your next birthday changes, and how to object.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        guardian::age::AppealRequest,
        shape::{Body, Page, created, ok},
    },
    auth::{throttle::Limit, who::Teen},
    domain::ids::AgeAppealId,
    problem::{Code, Problem},
    store::ages::{AgeView, AppealView, SignalView, TransitionView},
};

/// How old you are taken to be, and where that comes from.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"band": "13_15", "level": "asserted", "reason": "declared_only", "next_transition_on": "2027-05-03",
    "waiting": null, "signals": [{"signal_id": "01932c07-1111-7c3a-9a1e-3f1d2b4c5d6e", "channel": "declared",
    "level": "asserted", "received_at": "2026-11-22T13:40:00Z", "counts": true}]}))]
pub struct OwnAge {
    /// What your guardian reads as well.
    #[serde(flatten)]
    age: AgeView,
    /// All that was said. Only you see who said it.
    signals: Vec<SignalView>,
}

/// Read how old you are taken to be
#[utoipa::path(tag = "teen", responses((status = 200, description = "The band that rules see, and what it rests on", body = OwnAge)))]
#[get("/v1/teen/age")]
pub async fn teen_age(who: Teen) -> Result<HttpResponse, Problem> {
    let (age, signals) = who.store().own_age(&who.proof).await?;
    Ok(ok(OwnAge { age, signals }))
}

/// Read what your next birthdays change
///
/// The very list that your guardian reads: those ahead, the next one first, then those of the last 31 days.
#[utoipa::path(tag = "teen", responses((status = 200, description = "The next one first", body = Page<TransitionView>)))]
#[get("/v1/teen/transitions")]
pub async fn teen_transitions(who: Teen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().own_transitions(&who.proof).await?)))
}

/// Object to the age that you are taken to be of
///
/// Answered within seven days, with reasons. Until then the age stands, with all that it protects. If you have an open objection, you
/// get that one.
#[utoipa::path(tag = "teen", request_body = AppealRequest,
    responses((status = 201, description = "The objection, and the ways to show an age", body = AppealView)))]
#[post("/v1/teen/age-appeals")]
pub async fn teen_appeal_age(who: Teen, body: Body<AppealRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.teen().to_string()).await?;
    Ok(created(who.store().appeal_age(who.proof.clone(), body.value.claims).await?))
}

/// List the objections to your age
#[utoipa::path(tag = "teen", responses((status = 200, description = "Yours and your guardians', newest first", body = Page<AppealView>)))]
#[get("/v1/teen/age-appeals")]
pub async fn teen_age_appeals(who: Teen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().age_appeals(&who.proof).await?)))
}

/// Take an objection back
///
/// One of yours that was not answered yet.
#[utoipa::path(tag = "teen", params(("appeal_id" = AgeAppealId, Path, description = "Which objection")),
    responses((status = 204, description = "Nobody will answer it")))]
#[delete("/v1/teen/age-appeals/{appeal_id}")]
pub async fn teen_withdraw_age_appeal(who: Teen, path: Path<String>) -> Result<HttpResponse, Problem> {
    let appeal: AgeAppealId = path.parse().map_err(|_| Code::NotFound)?;
    who.store().withdraw_age_appeal(who.proof.clone(), appeal).await?;
    Ok(HttpResponse::NoContent().finish())
}

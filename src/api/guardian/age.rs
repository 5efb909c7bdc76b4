//! How old a guarded teen is taken to be, what comes with the next birthday, and what a guardian can say to it.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, Page, created, ok},
    auth::{throttle::Limit, who::GuardianOfTeen},
    domain::{
        age::{AgeBand, AgeSpan},
        ids::{AgeAppealId, TeenId},
    },
    problem::{Code, Problem},
    store::ages::{AgeView, AppealView, Settled, TransitionView},
};

/// Read how old a teen is taken to be
///
/// The band and how sure it is. Never the birth date, and not how it was shown.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "The band that rules see", body = AgeView)))]
#[get("/v1/guardian/teens/{teen_id}/age")]
pub async fn guardian_age(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    Ok(ok(who.store().age(&who.proof).await?))
}

/// Read what a teen's next birthdays change
///
/// The very list that the teen reads: those ahead, the next one first, then those of the last 31 days.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "The next one first", body = Page<TransitionView>)))]
#[get("/v1/guardian/teens/{teen_id}/transitions")]
pub async fn guardian_transitions(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().transitions(&who.proof).await?)))
}

/// The ages that you say a teen is of, in completed years, both included.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": 13, "to": 15}))]
pub struct AttestationRequest {
    /// The lowest, 0–17.
    #[schema(minimum = 0, maximum = 17)]
    from: i16,
    /// The highest, up to 17.
    #[schema(minimum = 0, maximum = 17)]
    to: i16,
}

/// Say how old a teen is
///
/// Counts less than a check, and more than what the teen says if the platform has verified your consent; if not, as much as what the teen
/// says, and of the two the younger counts. A younger age counts at once, an older one after 72 hours. Nobody becomes an adult by it.
/// A newer word of yours takes the place of an older one, and all of them end with the pairing.
#[utoipa::path(tag = "guardian", request_body = AttestationRequest, params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "How old the teen is taken to be now", body = Settled)))]
#[post("/v1/guardian/teens/{teen_id}/age-attestations")]
pub async fn guardian_attest_age(who: GuardianOfTeen, body: Body<AttestationRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let AttestationRequest { from, to } = body.value;
    let ages = AgeSpan::new(from, Some(to)).map_err(|error| Problem::field("/to", error))?;
    if to > AgeSpan::MINOR.hi().unwrap_or_default() {
        return Err(Problem::field("/to", "must be 17 or less: an adult's age is not for a guardian to say"));
    }
    Ok(ok(who.store().attest_age(who.proof.clone(), ages).await?))
}

/// The band that you say is right.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"claims": "16_17"}))]
pub struct AppealRequest {
    /// The band that you say is right.
    pub claims: AgeBand,
}

/// Object to a teen's age
///
/// Answered within seven days, with reasons. Until then the age stands, with all that it protects. Who has an open objection gets that one.
#[utoipa::path(tag = "guardian", request_body = AppealRequest, params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 201, description = "The objection, and the ways to show an age", body = AppealView)))]
#[post("/v1/guardian/teens/{teen_id}/age-appeals")]
pub async fn guardian_appeal_age(who: GuardianOfTeen, body: Body<AppealRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    Ok(created(who.store().appeal_age_by_guardian(who.proof.clone(), body.value.claims).await?))
}

/// List your objections to a teen's age
///
/// Yours, not the teen's own.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "Newest first, with their answers", body = Page<AppealView>)))]
#[get("/v1/guardian/teens/{teen_id}/age-appeals")]
pub async fn guardian_age_appeals(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().age_appeals_by_guardian(&who.proof).await?)))
}

/// Take an objection back
///
/// One of yours that was not answered yet.
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen"),
    ("appeal_id" = AgeAppealId, Path, description = "Which objection")),
    responses((status = 204, description = "Nobody will answer it")))]
#[delete("/v1/guardian/teens/{teen_id}/age-appeals/{appeal_id}")]
pub async fn guardian_withdraw_age_appeal(
    who: GuardianOfTeen,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let appeal: AgeAppealId = path.1.parse().map_err(|_| Code::NotFound)?;
    who.store().withdraw_age_appeal_by_guardian(who.proof.clone(), appeal).await?;
    Ok(HttpResponse::NoContent().finish())
}

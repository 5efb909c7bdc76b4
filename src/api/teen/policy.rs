//! The same answers as a guardian gets about the teen: what counts and why, grants and holds, the history; and the right of reply.

use actix_web::{
    HttpResponse, delete, get, post,
    web::{Path, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        guardian::{
            grants::{TimedView, timed},
            history::{EntryInWords, page},
            policy::PolicyAnswer,
            time::time_grants,
        },
        shape::{Body, Page, PageQuery, ok, versioned},
        spoken::Spoken,
    },
    auth::{throttle::Limit, who::Teen},
    domain::{policy::TimeGrant, text},
    problem::{Code, Problem, in_field},
    store::{replies::Reply, settings::Changed},
};

/// Read what counts for you, and why
///
/// The very answer that your guardian gets, but for what only you see: of your block list they see how many entries you added.
#[utoipa::path(tag = "teen", responses((status = 200, description = "Every control with its value, source and bounds", body = PolicyAnswer)))]
#[get("/v1/teen/policy/explanation")]
pub async fn teen_policy_explained(who: Teen, spoken: Spoken) -> Result<HttpResponse, Problem> {
    let settings = who.store().own_settings(&who.proof).await?;
    let (version, now) = (settings.version, who.store().world().now());
    Ok(versioned(version, PolicyAnswer::new(who.store().registry(), spoken.0, settings, now)))
}

/// List your grants and holds
#[utoipa::path(tag = "teen",
    responses((status = 200, description = "Alive or ahead; the one that ends first in front", body = Page<TimedView>)))]
#[get("/v1/teen/grants")]
pub async fn teen_grants(who: Teen) -> Result<HttpResponse, Problem> {
    let settings = who.store().own_settings(&who.proof).await?;
    Ok(ok(timed(settings, who.store().world().now())))
}

/// List minutes that were given to you
#[utoipa::path(tag = "teen", responses((status = 200, description = "For today and the days ahead", body = Page<TimeGrant>)))]
#[get("/v1/teen/time-grants")]
pub async fn teen_time_grants(who: Teen) -> Result<HttpResponse, Problem> {
    let settings = who.store().own_settings(&who.proof).await?;
    Ok(ok(time_grants(settings.layers.time_grants, who.store().world().now())))
}

/// Give a grant back
///
/// For when you would rather have the limit than the exception. A hold ends by itself.
#[utoipa::path(tag = "teen", params(("grant_id" = Uuid, Path, description = "Which grant")),
    responses((status = 200, description = "What changed", body = Changed,
        example = json!({"epoch": 1, "revision": 7, "changed": [{"control": "time.daily_minutes", "from": 120, "to": 60,
            "direction": "tighter", "effective": "now"}]}))))]
#[delete("/v1/teen/grants/{grant_id}")]
pub async fn teen_give_grant_back(who: Teen, path: Path<String>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.teen().to_string()).await?;
    let id: Uuid = path.parse().map_err(|_| Code::NotFound)?;
    Ok(ok(who.store().give_grant_back(who.proof.clone(), id).await?))
}

/// Read the history of your limits
#[utoipa::path(tag = "teen", params(PageQuery),
    responses((status = 200, description = "Newest first", body = Page<EntryInWords>)))]
#[get("/v1/teen/history")]
pub async fn teen_history(who: Teen, query: Query<PageQuery>, spoken: Spoken) -> Result<HttpResponse, Problem> {
    let (limit, before) = (query.limit()?, query.cursor.unwrap_or(i64::MAX));
    let items = who.store().own_history(&who.proof, before, i64::try_from(limit).unwrap_or(100)).await?;
    Ok(ok(page(who.store().registry(), &spoken, items, limit)))
}

/// What you say to a change.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Could we try 60 on Fridays?"}))]
pub struct ReplyRequest {
    /// In your words: your guardian sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    text: String,
}

/// Answer a change
///
/// Your answer stands beside the change in both histories, and your guardian is told. Another one replaces it, and it says that it
/// was edited.
#[utoipa::path(tag = "teen", request_body = ReplyRequest, params(("revision" = i64, Path, description = "Which change"),
    ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "As it stands", body = Reply,
        example = json!({"text": "Could we try 60 on Fridays?", "at": "2026-11-22T13:45:00Z", "edited": false}))))]
#[post("/v1/teen/history/{revision}/reply")]
pub async fn teen_reply(who: Teen, path: Path<String>, body: Body<ReplyRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.teen().to_string()).await?;
    let revision: i64 = path.parse().map_err(|_| Code::NotFound)?;
    let once = body.once(&who.gate, who.proof.teen());
    let text = text::reason(&body.value.text).map_err(in_field("/text"))?;
    Ok(ok(who.store().reply(who.proof.clone(), revision, text, once).await?))
}

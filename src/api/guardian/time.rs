//! Minutes beyond a limit, and a pause for everything: what a guardian does in a moment, and what ends by itself.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::history::UndoRequest;
use crate::{
    api::shape::{Body, Page, created, ok},
    auth::{
        throttle::Limit,
        who::{GuardianOfTeen, GuardianWhoChanges},
    },
    domain::{
        budget::Budget,
        decision::Verdict,
        ids::TeenId,
        policy::{TimeGift, TimeGrant, Until},
        text,
    },
    problem::{Code, Problem, in_field},
    store::settings::Changed,
};

/// Minutes to give.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"minutes": 30, "reason": "film night"}))]
pub struct TimeRequest {
    /// 1–720. Either this or `rest_of_day`.
    #[schema(minimum = 1, maximum = 720)]
    minutes: Option<u16>,
    /// No limit for the rest of the day.
    #[serde(default)]
    rest_of_day: bool,
    /// An item with minutes of its own; without it, the whole day's screen time.
    item: Option<String>,
    /// The local day, today or within a week; today without it.
    #[schema(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    /// Why, in your words: the teen sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    reason: Option<String>,
}

/// What a gift or a pause did, and how things stand now.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"epoch": 1, "revision": 6, "changed": [], "id": "01932c07-5555-7c3a-9a1e-3f1d2b4c5d6e",
    "budget": {"day": "2026-11-27", "items": [{"item": "day", "limit_seconds": 3600, "granted_seconds": 1800, "used_seconds": 3600,
        "remaining_seconds": 1800}, {"item": "week", "limit_seconds": null, "granted_seconds": 1800, "used_seconds": 3600, "remaining_seconds": null}]},
    "use": {"outcome": "allow", "reasons": [], "until": "2026-11-27T20:00:00Z"}}))]
pub struct TimeAnswer {
    #[serde(flatten)]
    changed: Changed,
    /// What is left of the teen's day; null where their limits do not show guardians how long they use the app.
    budget: Option<Budget>,
    /// Whether the app can be used now, why not, and until when.
    #[serde(rename = "use")]
    usable: Verdict,
}

/// How long to pause.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"until": "morning", "reason": "dinner"}))]
pub struct PauseRequest {
    /// An instant at most 31 days ahead, `end_of_day` or `morning`. Either this or `minutes`.
    #[schema(value_type = Option<String>)]
    until: Option<Until>,
    /// 1–1440.
    #[schema(minimum = 1, maximum = 1440)]
    minutes: Option<u16>,
    /// Why, in your words: the teen sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    reason: Option<String>,
}

fn checked(reason: Option<String>) -> Result<Option<String>, Problem> {
    reason.map(|reason| text::reason(&reason)).transpose().map_err(in_field("/reason"))
}

/// The answer to what was changed, with how things stand now.
async fn answer(who: &GuardianWhoChanges, changed: Changed) -> Result<TimeAnswer, Problem> {
    let now = who.store().standing_now(&who.proof).await?;
    Ok(TimeAnswer { changed, budget: now.budget, usable: now.usable })
}

/// Give minutes
///
/// On top of the day's limit, or of an item's; they add up, end with their day, and reach devices at once. Not beyond what the law
/// or the platform permits: then the answer says how many more there can be. Sleep and school hours stay.
#[utoipa::path(tag = "guardian", request_body = TimeRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "What is left now", body = TimeAnswer)))]
#[post("/v1/guardian/teens/{teen_id}/time-grants")]
pub async fn guardian_give_time(who: GuardianWhoChanges, body: Body<TimeRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let once = body.once(&who.gate, who.proof.guardian());
    let TimeRequest { minutes, rest_of_day, item, day, reason } = body.value;
    if minutes.is_some() == rest_of_day {
        return Err(Problem::field("/minutes", "must be there, unless rest_of_day is true"));
    }
    let gift = TimeGift { id: who.store().world().uuid(), day, item, minutes };
    let changed = who.store().give_time(who.proof.clone(), gift, checked(reason)?, once).await?;
    Ok(created(answer(&who, changed).await?))
}

/// List minutes that were given
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "For today and the days ahead", body = Page<TimeGrant>)))]
#[get("/v1/guardian/teens/{teen_id}/time-grants")]
pub async fn guardian_time_grants(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    let settings = who.store().settings(&who.proof).await?;
    Ok(ok(time_grants(settings.layers.time_grants, who.store().world().now())))
}

/// Those whose day is not over.
pub fn time_grants(mut grants: Vec<TimeGrant>, now: jiff::Timestamp) -> Page<TimeGrant> {
    grants.retain(|grant| grant.until > now);
    Page::whole(grants)
}

/// Take minutes back
///
/// Only what you gave yourself. The body may be left out.
#[utoipa::path(tag = "guardian", request_body = UndoRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"), ("grant_id" = Uuid, Path, description = "Which")),
    responses((status = 200, description = "What is left now", body = TimeAnswer)))]
#[delete("/v1/guardian/teens/{teen_id}/time-grants/{grant_id}")]
pub async fn guardian_take_time_back(
    who: GuardianWhoChanges,
    path: Path<(String, String)>,
    body: Body<UndoRequest>,
) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let id: Uuid = path.1.parse().map_err(|_| Code::NotFound)?;
    let changed = who.store().take_time_back(who.proof.clone(), id, body.value.checked()?).await?;
    Ok(ok(answer(&who, changed).await?))
}

/// Pause everything
///
/// At once, until then; another pause takes the place of an earlier one of yours. Calls for help, help pages and what is always
/// allowed stay open.
#[utoipa::path(tag = "guardian", request_body = PauseRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "What is in force now", body = TimeAnswer)))]
#[post("/v1/guardian/teens/{teen_id}/pause")]
pub async fn guardian_pause(who: GuardianWhoChanges, body: Body<PauseRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let once = body.once(&who.gate, who.proof.guardian());
    let PauseRequest { until, minutes, reason } = body.value;
    let until = match (until, minutes) {
        (Some(until), None) => until,
        (None, Some(minutes @ 1..=1440)) => Until::Minutes(minutes),
        (None, Some(_)) => return Err(Problem::field("/minutes", "must be 1 to 1440")),
        _ => return Err(Problem::field("/until", "must be there, unless minutes is")),
    };
    let changed = who.store().pause(who.proof.clone(), until, checked(reason)?, once).await?;
    Ok(created(answer(&who, changed).await?))
}

/// End your pause
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "What is in force now", body = TimeAnswer)))]
#[delete("/v1/guardian/teens/{teen_id}/pause")]
pub async fn guardian_resume(who: GuardianWhoChanges) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let changed = who.store().resume(who.proof.clone()).await?;
    Ok(ok(answer(&who, changed).await?))
}

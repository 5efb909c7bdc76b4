//! Grants and holds: something looser or stricter for a time, which then ends by itself.

use actix_web::{HttpResponse, delete, get, post, web::Path};
use jiff::Timestamp;
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
        controls::ControlId,
        ids::TeenId,
        policy::{Timed, Until},
        text,
        value::Given,
    },
    problem::{Code, Problem, in_field},
    store::settings::{Changed, Lend, Settings},
};

/// A value for a time.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"control": "search.enabled", "value": true, "until": "2026-11-22T20:00:00Z", "reason": "homework"}))]
pub struct TimedRequest {
    /// Which control.
    control: ControlId,
    /// How loose a grant makes it, or how strict a hold.
    value: Given,
    /// From when; at once without.
    from: Option<Timestamp>,
    /// Until when, at most 31 days ahead: an instant, `end_of_day` or `morning`.
    #[schema(value_type = String)]
    until: Until,
    /// Why, in your words: the teen sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    reason: Option<String>,
}

impl TimedRequest {
    /// The checked request, and why.
    pub fn checked(self) -> Result<(Lend, Option<String>), Problem> {
        let Self { control, value, from, until, reason } = self;
        let reason = reason.map(|reason| text::reason(&reason)).transpose().map_err(in_field("/reason"))?;
        Ok((Lend { control, value, from, until }, reason))
    }
}

/// A grant or a hold, as both sides see it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"kind": "grant", "id": "01932c07-5555-7c3a-9a1e-3f1d2b4c5d6e", "control": "search.enabled", "value": true,
    "by": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "by_name": "Dana", "from": "2026-11-22T18:00:00Z", "until": "2026-11-22T20:00:00Z", "reason": "homework"}))]
pub struct TimedView {
    kind: TimedKind,
    /// What whoever gave it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
    #[serde(flatten)]
    timed: Timed,
}

/// Which way it goes.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum TimedKind {
    /// Looser for a time.
    Grant,
    /// Stricter for a time.
    Hold,
}

/// Every grant and hold that is alive or ahead, the one that ends first in front.
pub fn timed(settings: Settings, now: Timestamp) -> Page<TimedView> {
    let Settings { layers, names, .. } = settings;
    let layers = layers.without_past(now);
    let view = |kind, timed: Timed| TimedView { kind, by_name: names.get(&timed.by).cloned(), timed };
    let grants = layers.grants.into_iter().map(|timed| view(TimedKind::Grant, timed));
    let holds = layers.holds.into_iter().map(|timed| view(TimedKind::Hold, timed));
    let mut all: Vec<_> = grants.chain(holds).collect();
    all.sort_by_key(|view| (view.timed.until, view.timed.id));
    Page::whole(all)
}

/// Loosen something for a time
///
/// Within what you may loosen; never what the teen keeps private. It ends by itself, also on a device that nobody reaches then.
#[utoipa::path(tag = "guardian", request_body = TimedRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "What changed, and the grant's id", body = Changed,
        example = json!({"epoch": 1, "revision": 6, "changed": [{"control": "search.enabled", "from": false, "to": true,
            "direction": "looser", "effective": "now"}], "id": "01932c07-5555-7c3a-9a1e-3f1d2b4c5d6e"}))))]
#[post("/v1/guardian/teens/{teen_id}/grants")]
pub async fn guardian_grant(who: GuardianWhoChanges, body: Body<TimedRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let once = body.once(&who.gate, who.proof.guardian());
    let (lend, reason) = body.value.checked()?;
    Ok(created(who.store().grant(who.proof.clone(), lend, reason, once).await?))
}

/// Tighten something for a time
#[utoipa::path(tag = "guardian", request_body = TimedRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 201, description = "What changed, and the hold's id", body = Changed,
        example = json!({"epoch": 1, "revision": 6, "changed": [{"control": "search.enabled", "from": true, "to": false,
            "direction": "tighter", "effective": "now"}], "id": "01932c07-5555-7c3a-9a1e-3f1d2b4c5d6e"}))))]
#[post("/v1/guardian/teens/{teen_id}/holds")]
pub async fn guardian_hold(who: GuardianWhoChanges, body: Body<TimedRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let once = body.once(&who.gate, who.proof.guardian());
    let (lend, reason) = body.value.checked()?;
    Ok(created(who.store().hold(who.proof.clone(), lend, reason, once).await?))
}

/// List grants and holds
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen")),
    responses((status = 200, description = "Alive or ahead; the one that ends first in front", body = Page<TimedView>)))]
#[get("/v1/guardian/teens/{teen_id}/grants")]
pub async fn guardian_grants(who: GuardianOfTeen) -> Result<HttpResponse, Problem> {
    let settings = who.store().settings(&who.proof).await?;
    Ok(ok(timed(settings, who.store().world().now())))
}

/// Take a grant or a hold back
///
/// Only what you gave yourself. The body may be left out.
#[utoipa::path(tag = "guardian", request_body = UndoRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"), ("grant_id" = Uuid, Path, description = "Which grant or hold")),
    responses((status = 200, description = "What changed", body = Changed,
        example = json!({"epoch": 1, "revision": 7, "changed": [{"control": "search.enabled", "from": true, "to": false,
            "direction": "tighter", "effective": "now"}]}))))]
#[delete("/v1/guardian/teens/{teen_id}/grants/{grant_id}")]
pub async fn guardian_revoke_grant(
    who: GuardianWhoChanges,
    path: Path<(String, String)>,
    body: Body<UndoRequest>,
) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let id: Uuid = path.1.parse().map_err(|_| Code::NotFound)?;
    Ok(ok(who.store().revoke_timed(who.proof.clone(), id, body.value.checked()?).await?))
}

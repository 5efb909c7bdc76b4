//! Every change: what, when, who and why; and taking one back.

use actix_web::{
    HttpResponse, get, post,
    web::{Path, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::settings::{change, current};
use crate::{
    api::{
        shape::{Body, IfMatch, Page, PageQuery, ok},
        spoken::Spoken,
    },
    auth::{
        throttle::Limit,
        who::{GuardianOfTeen, GuardianWhoChanges},
    },
    domain::{controls::Registry, ids::TeenId, text},
    problem::{Code, Problem, in_field},
    store::{
        history::HistoryEntry,
        settings::{Changed, Patch, Wish},
    },
};

/// Read the history of a teen's limits
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen"), PageQuery),
    responses((status = 200, description = "Newest first", body = Page<EntryInWords>)))]
#[get("/v1/guardian/teens/{teen_id}/history")]
pub async fn guardian_history(
    who: GuardianOfTeen,
    query: Query<PageQuery>,
    spoken: Spoken,
) -> Result<HttpResponse, Problem> {
    let limit = query.limit()?;
    let before = query.cursor.unwrap_or(i64::MAX);
    let take = i64::try_from(limit).unwrap_or(100);
    let entries = who.store().history(&who.proof, before, take).await?;
    Ok(ok(page(who.store().registry(), &spoken, entries, limit)))
}

/// One revision, and what changed with it in sentences.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"revision": 5, "at": "2026-11-22T13:41:00Z", "kind": "guardian",
    "by": {"account_id": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "display_name": "Dana", "role": "guardian"},
    "reason": "exam week", "changed": [{"control": "time.daily_minutes", "from": 60, "to": 45, "direction": "tighter",
    "effective": "now"}], "sentences": ["Daily screen time: 60 → 45 minutes (tighter)"], "home_zone": "Europe/Berlin",
    "day_start_minute": 0, "origin": {"from": "session"},
    "reply": {"text": "OK, but only this week?", "at": "2026-11-22T13:45:00Z", "edited": false}, "undoable": true}))]
pub struct EntryInWords {
    #[serde(flatten)]
    entry: HistoryEntry,
    /// Each change in the language of `Accept-Language`, as far as the catalogue still has its control.
    sentences: Vec<String>,
}

/// A page of the history, and where the next one begins.
pub fn page(registry: &Registry, spoken: &Spoken, items: Vec<HistoryEntry>, limit: usize) -> Page<EntryInWords> {
    let last = items.last().filter(|entry| items.len() == limit && entry.revision > 1);
    let next_cursor = last.map(|entry| entry.revision.to_string());
    let in_words = |entry: HistoryEntry| EntryInWords { sentences: spoken.sentences(registry, &entry.changed), entry };
    Page { items: items.into_iter().map(in_words).collect(), next_cursor }
}

/// Why something is taken back.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "exams are over"}))]
pub struct UndoRequest {
    /// The teen sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    reason: Option<String>,
}

impl UndoRequest {
    /// The checked reason.
    pub fn checked(self) -> Result<Option<String>, Problem> {
        self.reason.map(|reason| text::reason(&reason)).transpose().map_err(in_field("/reason"))
    }
}

/// Take a change back
///
/// Sets the controls that this revision changed to what they were before it, as a new revision. Refused, with the bound, where
/// that would cross a floor.
#[utoipa::path(tag = "guardian", request_body = UndoRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"), ("revision" = i64, Path, description = "Which change"),
        ("If-Match" = String, Header, description = "The ETag of the settings that you read"),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the same answer for a day")),
    responses((status = 200, description = "What changed, and in which direction", body = Changed,
        headers(("ETag" = String, description = "The new version")),
        example = json!({"epoch": 1, "revision": 6, "changed": [{"control": "time.daily_minutes", "from": 45, "to": 60,
            "direction": "looser", "effective": "now"}]}))))]
#[post("/v1/guardian/teens/{teen_id}/history/{revision}/undo")]
pub async fn guardian_undo(
    who: GuardianWhoChanges,
    path: Path<(String, String)>,
    seen: IfMatch,
    body: Body<UndoRequest>,
) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let revision: i64 = path.1.parse().map_err(|_| Code::NotFound)?;
    let once = body.once(&who.gate, who.proof.guardian());
    let reason = body.value.checked()?;
    let wish = Wish { patch: Patch::new(), reason, seen: seen.0, once };
    let changed = who.store().undo(who.proof.clone(), revision, wish).await;
    change(changed, async || current(who.store(), &who.proof).await).await
}

//! What the teen asks for, and the answer.

use actix_web::{
    HttpResponse, get, post,
    web::{Path, Query},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::{
        shape::{Body, Page, ok},
        teen::requests::RequestsQuery,
    },
    auth::{
        throttle::Limit,
        who::{GuardianOfTeen, GuardianWhoChanges},
    },
    domain::{
        ids::{RequestId, TeenId},
        request::Wish,
        text,
        value::Given,
    },
    problem::{Code, Problem, in_field},
    store::requests::{Answer, Answered, RequestView},
};

/// Yes or no.
#[derive(Clone, Copy, Deserialize, Serialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum YesOrNo {
    /// Give it, or what stands beside it instead.
    Grant,
    /// No.
    Deny,
}

/// The answer.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answer": "grant", "minutes": 15, "note": "then homework"}))]
pub struct AnswerRequest {
    /// Yes or no.
    answer: YesOrNo,
    /// Other minutes than were asked for.
    minutes: Option<u16>,
    /// No limit for the rest of the day.
    #[serde(default)]
    rest_of_day: bool,
    /// Another value than was asked for.
    value: Option<Given>,
    /// For a setting: until when, at most 31 days ahead; without it, it stays.
    until: Option<Timestamp>,
    /// Why, in your words: the teen sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    note: Option<String>,
}

impl AnswerRequest {
    fn checked(self) -> Result<Answer, Problem> {
        let Self { answer, minutes, rest_of_day, value, until, note } = self;
        let note = note.map(|note| text::reason(&note)).transpose().map_err(in_field("/note"))?;
        let given = Wish { minutes, rest_of_day, value, until };
        match answer {
            YesOrNo::Grant => Ok(Answer { given: Some(given), note }),
            YesOrNo::Deny if given == Wish::default() => Ok(Answer { given: None, note }),
            YesOrNo::Deny => Err(Problem::field("/answer", "gives nothing: leave the rest out")),
        }
    }
}

/// List what the teen asks for
#[utoipa::path(tag = "guardian", params(("teen_id" = TeenId, Path, description = "Which teen"), RequestsQuery),
    responses((status = 200, description = "The newest hundred, newest first", body = Page<RequestView>)))]
#[get("/v1/guardian/teens/{teen_id}/requests")]
pub async fn guardian_requests(who: GuardianOfTeen, query: Query<RequestsQuery>) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().requests(&who.proof, query.state).await?)))
}

/// Answer a request
///
/// What you give is an ordinary change, with every bound that there is: minutes for today, a value for good or until a time, or
/// what you blocked yourself. Without anything beside it, a yes gives what was asked for. Whoever answers second is told
/// what the first one said.
#[utoipa::path(tag = "guardian", request_body = AnswerRequest,
    params(("teen_id" = TeenId, Path, description = "Which teen"), ("request_id" = RequestId, Path, description = "Which request")),
    responses((status = 200, description = "The request as it stands, and what that changed", body = Answered,
        example = json!({"request_id": "01932c07-5555-7c3a-9a1e-3f1d2b4c5d6e", "asks_for": "time", "subject": "day", "wish": {"minutes": 30},
            "state": "granted", "asked_at": "2026-11-27T17:00:00Z", "expires_at": "2026-11-27T23:00:00Z",
            "answer": {"by": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "by_name": "Dana", "at": "2026-11-27T17:01:00Z", "given": {"minutes": 15}}}))))]
#[post("/v1/guardian/teens/{teen_id}/requests/{request_id}/answer")]
pub async fn guardian_answer(
    who: GuardianWhoChanges,
    path: Path<(String, String)>,
    body: Body<AnswerRequest>,
) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.guardian().to_string()).await?;
    let id: RequestId = path.1.parse().map_err(|_| Code::NotFound)?;
    Ok(ok(who.store().answer_request(who.proof.clone(), id, body.value.checked()?).await?))
}

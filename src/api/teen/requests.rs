//! Asking for more: minutes, another value, something that is blocked.

use actix_web::{
    HttpResponse, delete, get, post,
    web::{Path, Query},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    api::shape::{Body, Page, created, ok},
    auth::{throttle::Limit, who::Teen},
    domain::{
        budget::DAY,
        controls::ControlId,
        ids::RequestId,
        policy::value_of,
        request::{RequestKind, RequestState, Wish},
        text,
        value::Given,
    },
    problem::{Code, Problem, in_field},
    store::requests::{Ask, RequestView},
};

/// What to ask for.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"asks_for": "time", "minutes": 30, "note": "one more episode"}))]
pub struct AskRequest {
    /// What sort of thing.
    asks_for: RequestKind,
    /// For minutes: an item with minutes of its own; without it, the whole day. For what is blocked: its identifier.
    subject: Option<String>,
    /// For a setting: which control.
    control: Option<ControlId>,
    /// For minutes: how many, 1–720.
    minutes: Option<u16>,
    /// For minutes: no limit for the rest of the day.
    #[serde(default)]
    rest_of_day: bool,
    /// For a setting: the value that you would like.
    value: Option<Given>,
    /// Why, in your words: your guardian sees it. 1–280 characters.
    #[schema(min_length = 1, max_length = 280)]
    note: Option<String>,
    /// The change of your limits that this is a proposal against.
    about_revision: Option<i64>,
}

/// Which requests.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestsQuery {
    /// Only those in this state.
    pub state: Option<RequestState>,
}

impl AskRequest {
    fn checked(self, who: &Teen) -> Result<Ask, Problem> {
        let Self { asks_for, subject, control, minutes, rest_of_day, value, note, about_revision } = self;
        let wish = Wish { minutes, rest_of_day, value: value.clone(), until: None };
        if !asks_for.fits(&wish) {
            return Err(Problem::field(
                "/asks_for",
                "must go with what is asked for: minutes or rest_of_day, value, or neither",
            ));
        }
        if minutes.is_some_and(|minutes| !(1..=720).contains(&minutes)) {
            return Err(Problem::field("/minutes", "must be 1 to 720"));
        }
        let word = |subject: String| text::word(&subject).map_err(in_field("/subject"));
        let subject = match (asks_for, subject, control) {
            (RequestKind::Time, None, None) => DAY.to_owned(),
            (RequestKind::Time | RequestKind::Unblock, Some(subject), None) => word(subject)?,
            (RequestKind::Setting, None, Some(control)) => {
                let value = value.ok_or_else(|| Problem::field("/value", "must be there"))?;
                value_of(who.store().registry(), &control, value).map_err(|error| Problem::from(&error))?;
                control.to_string()
            }
            _ => {
                return Err(Problem::field("/subject", "must be there for what is blocked, and control for a setting"));
            }
        };
        let note = note.map(|note| text::reason(&note)).transpose().map_err(in_field("/note"))?;
        Ok(Ask { asks_for, subject, wish, note, about_revision })
    }
}

/// Ask for something
///
/// Your guardians are told at once. One request at a time for the same thing: asking the same again is the one that waits. A
/// request for minutes ends with its day, any other after a day.
#[utoipa::path(tag = "teen", request_body = AskRequest, responses((status = 201, description = "It waits", body = RequestView)))]
#[post("/v1/teen/requests")]
pub async fn teen_ask(who: Teen, body: Body<AskRequest>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.teen().to_string()).await?;
    let ask = body.value.checked(&who)?;
    Ok(created(who.store().ask(who.proof.clone(), ask).await?))
}

/// List your requests
#[utoipa::path(tag = "teen", params(RequestsQuery),
    responses((status = 200, description = "The newest hundred, newest first", body = Page<RequestView>)))]
#[get("/v1/teen/requests")]
pub async fn teen_requests(who: Teen, query: Query<RequestsQuery>) -> Result<HttpResponse, Problem> {
    Ok(ok(Page::whole(who.store().own_requests(&who.proof, query.state).await?)))
}

/// Take a request back
#[utoipa::path(tag = "teen", params(("request_id" = RequestId, Path, description = "Which request")),
    responses((status = 200, description = "As it stands", body = RequestView)))]
#[delete("/v1/teen/requests/{request_id}")]
pub async fn teen_cancel_request(who: Teen, path: Path<String>) -> Result<HttpResponse, Problem> {
    who.gate.throttle.count(Limit::Change, &who.proof.teen().to_string()).await?;
    let id: RequestId = path.parse().map_err(|_| Code::NotFound)?;
    Ok(ok(who.store().cancel_request(who.proof.clone(), id).await?))
}

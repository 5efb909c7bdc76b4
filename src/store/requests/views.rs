//! Requests as they are stored, and as both sides see them.

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, Queryable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{AccountId, RequestId, TeenId},
        request::{RequestKind, RequestState, Wish},
    },
    store::{
        StoreError,
        schema::{accounts, requests},
        settings::Changed,
    },
};

/// A request, as both sides see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"request_id": "01932c07-5555-7c3a-9a1e-3f1d2b4c5d6e", "asks_for": "time", "subject": "day", "wish": {"minutes": 30},
    "note": "one more episode", "state": "granted", "asked_at": "2026-11-27T17:00:00Z", "expires_at": "2026-11-27T23:00:00Z",
    "answer": {"by": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "by_name": "Dana", "at": "2026-11-27T17:01:00Z", "given": {"minutes": 15}}}))]
pub struct RequestView {
    /// Names it.
    pub request_id: RequestId,
    /// What sort of thing is asked for.
    pub asks_for: RequestKind,
    /// The item (`day`: the whole day), the control, or what is blocked.
    pub subject: String,
    /// What is wished for.
    pub wish: Wish,
    /// Why, in the teen's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The change that this is a proposal against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about_revision: Option<i64>,
    /// Where it stands.
    pub state: RequestState,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when it waits for an answer.
    pub expires_at: Timestamp,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AnswerView>,
}

/// Who answered, and what.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AnswerView {
    /// Which guardian; null if their account is gone.
    pub by: Option<AccountId>,
    /// What they are called.
    pub by_name: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What was given, which may be something else than was wished for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Wish>,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A request that was answered, and what that changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Answered {
    /// As it stands now.
    #[serde(flatten)]
    pub request: RequestView,
    /// What it changed, where something was given just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Changed>,
}

#[derive(Queryable)]
pub(super) struct Row {
    id: Uuid,
    asks_for: String,
    subject: String,
    wish: Json,
    note: Option<String>,
    about_revision: Option<i64>,
    state: String,
    asked_at: jiff_diesel::Timestamp,
    expires_at: jiff_diesel::Timestamp,
    answered_by: Option<Uuid>,
    answered_at: Option<jiff_diesel::Timestamp>,
    answer: Option<Json>,
    answer_note: Option<String>,
    by_name: Option<String>,
}

impl Row {
    pub(super) fn view(self) -> Result<RequestView, StoreError> {
        let broken = || StoreError::Corrupt("a request".to_owned());
        let given = self.answer.map(serde_json::from_value).transpose()?;
        let answer = self.answered_at.map(|at| AnswerView {
            by: self.answered_by.map(AccountId::from),
            by_name: self.by_name,
            at: at.to_jiff(),
            given,
            note: self.answer_note,
        });
        Ok(RequestView {
            request_id: self.id.into(),
            asks_for: RequestKind::from_word(&self.asks_for).ok_or_else(broken)?,
            subject: self.subject,
            wish: serde_json::from_value(self.wish)?,
            note: self.note,
            about_revision: self.about_revision,
            state: RequestState::from_word(&self.state).ok_or_else(broken)?,
            asked_at: self.asked_at.to_jiff(),
            expires_at: self.expires_at.to_jiff(),
            answer,
        })
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn query(teen: TeenId) -> _ {
    let id: Uuid = teen.uuid();
    requests::table
        .left_join(accounts::table.on(requests::answered_by.eq(accounts::id.nullable())))
        .filter(requests::teen_id.eq(id))
        .select((
            requests::id,
            requests::asks_for,
            requests::subject,
            requests::wish,
            requests::note,
            requests::about_revision,
            requests::state,
            requests::asked_at,
            requests::expires_at,
            requests::answered_by,
            requests::answered_at,
            requests::answer,
            requests::answer_note,
            accounts::display_name.nullable(),
        ))
}

//! What may be done with a teen now: asked by the platform's servers, many questions at once.
//!
//! Nothing of a question is stored or logged: who wants what with whom, and which words, are the platform's own.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    api::shape::{Body, ok},
    auth::{gate::Ready, who::PlatformDecides},
    domain::{
        controls::Action,
        decision::{Deciders, Question, Relationship, Unaskable, Verdict},
        ids::TeenId,
        text,
        version::Version,
    },
    problem::{Code, Problem},
};

/// Most questions in one request.
const MOST: usize = 100;

/// Questions.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"items": [{"id": "a", "teen_id": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "action": "message",
    "relationship": "friend", "actor": "acct:8812"}]}))]
pub struct Questions {
    /// 1–100 of them.
    #[schema(min_items = 1, max_items = 100)]
    items: Vec<Asked>,
}

/// May this be done with this teen now?
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Comes back with the answer. Printable ASCII, at most 64.
    id: Option<String>,
    /// Whose policy decides. Where several teens take part, ask for each.
    teen_id: TeenId,
    /// What somebody wants to do: an action that a control of `GET /v1/controls` decides.
    action: Action,
    /// What the other side is to the teen, as the platform knows it; a stranger if it does not say.
    #[serde(default)]
    relationship: Relationship,
    /// Who the other side is: the platform's own identifier. Printable ASCII, at most 64. Without it the teen's list of those who are
    /// blocked has no say, but for the teen alone.
    actor: Option<String>,
    /// What else takes part: accounts, sounds, pages, in the same form.
    #[serde(default)]
    #[schema(max_items = 50)]
    subjects: Vec<String>,
    /// Whom the content is made for. What is not rated counts as made for adults.
    level: Option<String>,
    /// The words of a text, in their order, one by one or a whole text at once, at most 200: they are compared with the teen's list and
    /// forgotten. Empty for what has none; without the field the list has no say.
    #[schema(max_items = 200)]
    words: Option<Vec<String>>,
    /// Minutes of use on the teen's present day, all devices together. Without them a budget has no say.
    used_minutes: Option<u32>,
}

/// Answers, in the order of the questions.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"items": [{"id": "a", "teen_id": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "outcome": "deny",
    "reasons": [{"control": "dm.from", "code": "not_in_audience", "source": "platform", "rules": []}], "until": null,
    "version": {"epoch": 1, "revision": 5}}], "as_of": "2026-11-22T18:00:00Z"}))]
pub struct Answers {
    items: Vec<Answered>,
    /// The instant that they are for.
    as_of: Timestamp,
}

/// The answer to one question.
#[derive(Serialize, ToSchema)]
pub struct Answered {
    /// The question's.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Whose policy decided.
    teen_id: TeenId,
    #[serde(flatten)]
    verdict: Verdict,
    /// Which revision of it; null where none was looked at.
    version: Option<Version>,
}

/// Ask what may be done with teens now
///
/// Decided on the newest policies, by the same rules for everybody. On 503 nobody knows what is newest: docs/DECISIONS.md says
/// what to do then. An account that is no teen is answered `deny` with `unknown_teen`.
#[utoipa::path(tag = "platform", request_body = Questions, responses((status = 200, description = "Answered", body = Answers)))]
#[post("/v1/platform/decisions")]
pub async fn platform_decisions(who: PlatformDecides, body: Body<Questions>) -> Result<HttpResponse, Problem> {
    let decisions = &who.gate.decisions;
    let questions = body.value.checked(decisions.deciders())?;
    // No answer may hang on a policy that is not looked at: help is allowed whatever becomes of the database.
    let limited = questions.iter().filter(|checked| !checked.question.is_never_limited());
    let about: BTreeSet<TeenId> = limited.map(|checked| checked.teen_id).collect();
    let newest = decisions.newest(&who.proof, &Vec::from_iter(about)).await?;
    let as_of = who.store().world().now();
    let items: Vec<Answered> = questions.into_iter().map(|checked| checked.answered(&newest, as_of)).collect();
    count(&items);
    Ok(ok(Answers { items, as_of }))
}

/// A question that has an answer.
struct Checked {
    id: Option<String>,
    teen_id: TeenId,
    question: Question,
}

impl Questions {
    fn checked(self, deciders: &Deciders) -> Result<Vec<Checked>, Problem> {
        if !(1..=MOST).contains(&self.items.len()) {
            return Err(Problem::field("/items", format!("must have 1 to {MOST} entries")));
        }
        self.items.into_iter().enumerate().map(|(at, asked)| asked.checked(at, deciders)).collect()
    }
}

impl Asked {
    fn checked(self, at: usize, deciders: &Deciders) -> Result<Checked, Problem> {
        let Self { id, teen_id, action, relationship, actor, subjects, level, words, used_minutes } = self;
        let id = id.map(|id| text::word(&id)).transpose();
        let id = id.map_err(|error| Problem::field(&format!("/items/{at}/id"), error))?;
        let question = Question { action, relationship, actor, subjects, level, words, used_minutes };
        question.check(deciders).map_err(|why| refused(at, &why))?;
        Ok(Checked { id, teen_id, question })
    }
}

impl Checked {
    fn answered(self, newest: &Ready, as_of: Timestamp) -> Answered {
        let Self { id, teen_id, question } = self;
        let (verdict, version) = match newest.get(&teen_id) {
            _ if question.is_never_limited() => (Verdict::unlimited(), None),
            Some(policy) => (policy.decide(&question, as_of), Some(policy.version())),
            None => (Verdict::unknown_teen(), None),
        };
        Answered { id, teen_id, verdict, version }
    }
}

fn refused(at: usize, why: &Unaskable) -> Problem {
    let field = match why {
        Unaskable::UnknownAction => {
            return Problem::new(Code::UnknownAction).with("pointer", format!("/items/{at}/action"));
        }
        Unaskable::UnknownLevel { .. } => "level".to_owned(),
        Unaskable::Actor(_) => "actor".to_owned(),
        Unaskable::Subject { at, .. } => format!("subjects/{at}"),
        Unaskable::TooManySubjects => "subjects".to_owned(),
        Unaskable::TooManyWords => "words".to_owned(),
    };
    Problem::field(&format!("/items/{at}/{field}"), why)
}

fn count(items: &[Answered]) {
    let mut outcomes = BTreeMap::<&'static str, u64>::new();
    for item in items {
        *outcomes.entry(item.verdict.outcome.as_str()).or_default() += 1;
    }
    for (outcome, times) in outcomes {
        metrics::counter!("family_pairing_decisions_total", "outcome" => outcome).increment(times);
    }
}

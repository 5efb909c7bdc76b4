//! Decisions: what may be done with a teen now.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Fault, inputs::Catalogue};
use crate::domain::{
    controls::Action,
    decision::{Deciders, Grounds, Question, Relationship, Unaskable},
    policy::Policy,
    timeline::Calendar,
};

#[derive(Deserialize)]
pub(super) struct Asked {
    catalogue: Catalogue,
    policy: Json,
    zone: String,
    day_start_minute: i16,
    paired: bool,
    consented: bool,
    question: GivenQuestion,
    now: Timestamp,
}

#[derive(Deserialize)]
struct GivenQuestion {
    action: Action,
    #[serde(default)]
    relationship: Relationship,
    actor: Option<String>,
    #[serde(default)]
    subjects: Vec<String>,
    level: Option<String>,
    words: Option<Vec<String>>,
    used_minutes: Option<u32>,
}

pub(super) fn decide(asked: Asked) -> Result<Json, Fault> {
    let Asked { catalogue, policy, zone, day_start_minute, paired, consented, question, now } = asked;
    let registry = catalogue.registry()?;
    let deciders = Deciders::of(&registry);
    let question = Question::from(question);
    if let Err(fault) = question.check(&deciders) {
        return Ok(json!({"refused": code_of(&fault)}));
    }
    let policy = Some(Policy::from_json(&registry, &policy.to_string())?);
    let calendar = Calendar::new(TimeZone::get(&zone)?, day_start_minute);
    let grounds = Grounds { revision: 1, policy, calendar, gifts: vec![], paired, consented };
    Ok(serde_json::to_value(deciders.compile(1, grounds).decide(&question, now))?)
}

const fn code_of(fault: &Unaskable) -> &'static str {
    match fault {
        Unaskable::UnknownAction => "unknown_action",
        Unaskable::UnknownLevel { .. } => "unknown_level",
        Unaskable::Actor(_) => "actor",
        Unaskable::Subject { .. } => "subject",
        Unaskable::TooManySubjects => "too_many_subjects",
        Unaskable::TooManyWords => "too_many_words",
    }
}

impl From<GivenQuestion> for Question {
    fn from(given: GivenQuestion) -> Self {
        let GivenQuestion { action, relationship, actor, subjects, level, words, used_minutes } = given;
        Self { action, relationship, actor, subjects, level, words, used_minutes }
    }
}

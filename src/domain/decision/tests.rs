//! Answers by example, for every control of the catalogue, and whatever is asked.

mod catalogue;
mod hows;
mod rules;

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::*;
use crate::domain::{
    controls::{Action, Registry},
    policy::Policy,
    timeline::Calendar,
};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::load().unwrap());
static DECIDERS: LazyLock<Deciders> = LazyLock::new(|| Deciders::of(&REGISTRY));

/// A Monday, 20:00 in Berlin.
const EVENING: &str = "2026-11-23T19:00:00Z";

fn at(time: &str) -> jiff::Timestamp {
    time.parse().unwrap()
}

/// A teen in Berlin without a guardian, for whom nothing but this is set.
fn grounds(held: &Json) -> Grounds {
    let held: BTreeMap<String, Json> = serde_json::from_value(held.clone()).unwrap();
    let effective = |value: Json| match value.get("value") {
        Some(_) => value,
        None => json!({"value": value, "source": "guardian"}),
    };
    let held: BTreeMap<String, Json> = held.into_iter().map(|(id, value)| (id, effective(value))).collect();
    let policy = Policy::from_json(&REGISTRY, &serde_json::to_string(&held).unwrap()).unwrap();
    let calendar = Calendar::new(TimeZone::get("Europe/Berlin").unwrap(), 0);
    Grounds { revision: 7, policy: Some(policy), calendar, gifts: vec![], paired: false, consented: false }
}

fn ready(held: Json) -> Compiled {
    DECIDERS.compile(3, grounds(&held))
}

fn ask(action: &str) -> Question {
    Question { action: Action(action.to_owned()), ..Question::default() }
}

/// The answer and the codes of its reasons.
fn said(verdict: &Verdict) -> (Outcome, Vec<ReasonCode>) {
    (verdict.outcome, verdict.reasons.iter().map(|reason| reason.code).collect())
}

/// The answer in the evening.
fn answer(held: Json, question: &Question) -> (Outcome, Vec<ReasonCode>) {
    said(&ready(held).decide(question, at(EVENING)))
}

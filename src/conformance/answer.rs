//! One operation, one input, one output: each leads to the function of `domain` that everybody else uses too.

mod ages;
mod changes;
mod decisions;
mod devices;
mod enforce;
mod inputs;
mod policies;
mod times;
mod traces;
mod values;

use std::error::Error;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use thiserror::Error;

/// Why there is no output.
#[derive(Debug, Error)]
pub enum NoAnswer {
    /// An operation that is not known here.
    #[error("this operation is not supported")]
    Unsupported,
    /// The input is not of the operation's form.
    #[error("the input cannot be read: {0}")]
    Unreadable(Fault),
}

/// What is wrong with an input.
type Fault = Box<dyn Error + Send + Sync>;

/// The output of an operation for an input. `conformance/README.md` describes them all.
pub fn answer(op: &str, input: Json) -> Result<Json, NoAnswer> {
    match op {
        "value" => with(input, values::value),
        "meet" => with(input, values::meet),
        "join" => with(input, values::join),
        "direction" => with(input, values::direction),
        "as_strict" => with(input, values::as_strict),
        "effective" => with(input, policies::effective),
        "allowed" => with(input, policies::allowed),
        "diff" => with(input, policies::diff),
        "set_by_guardian" => with(input, changes::set_by_guardian),
        "set_by_teen" => with(input, changes::set_by_teen),
        "grant" => with(input, changes::grant),
        "hold" => with(input, changes::hold),
        "undo" => with(input, changes::undo),
        "birthday" => with(input, changes::birthday),
        "blocked" => with(input, times::blocked),
        "blocked_until" => with(input, times::blocked_until),
        "next_edge" => with(input, times::next_edge),
        "days" => with(input, times::days),
        "day_of" => with(input, times::day_of),
        "moved" => with(input, times::moved),
        "age" => with(input, ages::age),
        "read_age" => with(input, ages::read_age),
        "decide_age" => with(input, ages::decide_age),
        "announce" => with(input, ages::announce),
        "decide" => with(input, decisions::decide),
        "verify" => with(input, devices::verify),
        "receive" => with(input, devices::receive),
        "converse" => with(input, traces::converse),
        "hear" => with(input, devices::hear),
        "alone" => with(input, devices::alone),
        "safe" => with(input, devices::safe),
        "enforce" => with(input, enforce::enforce),
        "count_slot" => with(input, devices::count_slot),
        "merge_usage" => with(input, devices::merge_usage),
        "read_code" => with(input, devices::read_code),
        "read_token" => with(input, devices::read_token),
        _ => Err(NoAnswer::Unsupported),
    }
}

fn with<I: DeserializeOwned>(input: Json, act: impl FnOnce(I) -> Result<Json, Fault>) -> Result<Json, NoAnswer> {
    let input = serde_json::from_value(input).map_err(|error| NoAnswer::Unreadable(error.into()))?;
    act(input).map_err(NoAnswer::Unreadable)
}

//! Values: their one form, and the order between them.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Fault;
use crate::domain::{
    text::TextError,
    value::{Given, Kind, Value, ValueError},
};

#[derive(Deserialize)]
pub(super) struct GivenValue {
    kind: Kind,
    given: Json,
}

#[derive(Deserialize)]
pub(super) struct Two {
    kind: Kind,
    a: Given,
    b: Given,
}

#[derive(Deserialize)]
pub(super) struct Move {
    kind: Kind,
    from: Given,
    to: Given,
}

#[derive(Deserialize)]
pub(super) struct Bounded {
    kind: Kind,
    value: Given,
    bound: Given,
}

pub(super) fn value(GivenValue { kind, given }: GivenValue) -> Result<Json, Fault> {
    let parsed = match Given::deserialize(given) {
        Ok(given) => kind.parse(given).map_err(|error| code_of(&error)),
        Err(_) => Err("shape"),
    };
    Ok(match parsed {
        Ok(value) => json!({"value": value}),
        Err(code) => json!({"refused": code}),
    })
}

pub(super) fn meet(Two { kind, a, b }: Two) -> Result<Json, Fault> {
    both(&kind, a, b).map(|(a, b)| json!({"value": kind.meet(&a, &b)}))
}

pub(super) fn join(Two { kind, a, b }: Two) -> Result<Json, Fault> {
    both(&kind, a, b).map(|(a, b)| json!({"value": kind.join(&a, &b)}))
}

pub(super) fn direction(Move { kind, from, to }: Move) -> Result<Json, Fault> {
    both(&kind, from, to).map(|(from, to)| json!({"direction": kind.direction(&from, &to)}))
}

pub(super) fn as_strict(Bounded { kind, value, bound }: Bounded) -> Result<Json, Fault> {
    both(&kind, value, bound).map(|(value, bound)| json!({"holds": kind.at_least_as_strict(&value, &bound)}))
}

fn both(kind: &Kind, a: Given, b: Given) -> Result<(Value, Value), Fault> {
    Ok((kind.restore(a)?, kind.restore(b)?))
}

/// The word for a refusal.
pub(super) const fn code_of(error: &ValueError) -> &'static str {
    match error {
        ValueError::Shape { .. } => "shape",
        ValueError::NotAllowed { .. } => "not_allowed",
        ValueError::MinutesRange => "minutes_range",
        ValueError::NumberRange { .. } => "number_range",
        ValueError::WindowTime => "window_time",
        ValueError::WindowDays => "window_days",
        ValueError::WindowMonths => "window_months",
        ValueError::WindowDate => "window_date",
        ValueError::WindowDates => "window_dates",
        ValueError::WindowOverMidnight => "window_over_midnight",
        ValueError::TooManyDates => "too_many_dates",
        ValueError::TooManyWindows => "too_many_windows",
        ValueError::TooManyWords => "too_many_words",
        ValueError::TooManyItems => "too_many_items",
        ValueError::ItemTwice => "item_twice",
        ValueError::Word(TextError::Empty) => "word_empty",
        ValueError::Word(TextError::TooLong) => "word_too_long",
        ValueError::Word(TextError::Invisible) => "word_invisible",
        ValueError::Word(TextError::Malformed) => "word_malformed",
    }
}

//! Law as data: what the laws of a place ask for at an age, from when, and who may go beyond.
//!
//! A law never maps to "a limit" but to a start, a bound, who may loosen it, and dates; and its parts may stand differently in
//! court. So everything sits on the rule, in files under `rules/`, and is changed by importing a new set, without a deploy.
//! Whether a rule is applied is the operator's decision (`enforce`), written beside its legal status: the two may differ, and
//! [`check()`] says where they do. Nothing here is legal advice.

mod bounds;
mod check;
mod clash;
mod compare;
mod parse;
mod place;
mod rule;
mod said;

#[cfg(test)]
mod tests;

pub(in crate::domain) use self::bounds::{beyond, hard, loosest, right, start};
pub use self::{
    bounds::{Bound, Live, Subject},
    check::{Finding, check},
    compare::{Comparison, Edit, Edited, FieldEdit, compare},
    parse::{LawError, LawFile, LeftOut},
    place::{Reach, jurisdictions_of},
    rule::{Effect, ForAges, InForce, Law, LegalStatus, Rule, RuleBook, RuleId, WhoLoosens},
};

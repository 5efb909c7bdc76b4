//! Rules that cannot all be kept. They are found and said, never settled in silence.

use jiff::civil::Date;

use super::{Effect, Finding, Rule, RuleBook, WhoLoosens, jurisdictions_of};
use crate::domain::{
    age::AgeBand,
    controls::{Control, Registry},
};

/// Every pair of rules, and every rule and floor, that contradict each other.
pub(super) fn contradictions(registry: &Registry, book: &RuleBook) -> Vec<Finding> {
    let applied = |control: &Control| -> Vec<&Rule> {
        book.rules.iter().filter(|rule| rule.enforce && rule.control == control.id).collect()
    };
    registry.iter().flat_map(|control| of_control(control, &applied(control))).collect()
}

fn of_control(control: &Control, rules: &[&Rule]) -> Vec<Finding> {
    let rights = || rules.iter().filter(|rule| rule.effect == Effect::Right);
    let against = rights().flat_map(|right| against(control, right, rules));
    let beyond = rights().filter_map(|right| beyond_floor(control, right));
    let defaults: Vec<&&Rule> = rules.iter().filter(|rule| rule.effect == Effect::Default).collect();
    let pairs =
        defaults.iter().enumerate().flat_map(|(at, one)| defaults.iter().skip(at + 1).map(move |other| (one, other)));
    let apart = pairs.filter(|(one, other)| meet(one, other) && same_ages(one, other) && nobody_loosens(one, other));
    let apart = apart.map(|(one, other)| Finding::NobodyLoosens {
        control: control.id.clone(),
        one: one.id.clone(),
        other: other.id.clone(),
    });
    against.chain(beyond).chain(apart).collect()
}

/// What no guardian may let go of, and is stricter than what a right lets them open.
fn against<'r>(control: &'r Control, right: &'r Rule, rules: &'r [&'r Rule]) -> impl Iterator<Item = Finding> + 'r {
    let guardians = [WhoLoosens::Guardian, WhoLoosens::GuardianVerified];
    let strict = move |rule: &&&Rule| match rule.effect {
        Effect::Bound => true,
        Effect::Default => !guardians.iter().any(|who| rule.may_loosen.contains(who)),
        Effect::Right => false,
    };
    let clash = |rule: &&&Rule| !control.kind.at_least_as_strict(&right.value, &rule.value) && meet(rule, right);
    rules.iter().filter(strict).filter(clash).map(|rule| Finding::Contradiction {
        control: control.id.clone(),
        strict: rule.id.clone(),
        right: right.id.clone(),
        of_one_age: same_ages(rule, right),
    })
}

fn beyond_floor(control: &Control, right: &Rule) -> Option<Finding> {
    let ages = right.ages.from..right.ages.to;
    let beyond = |band: &AgeBand| {
        let floor = control.floor_for(*band);
        floor.is_some_and(|floor| !control.kind.at_least_as_strict(&right.value, floor))
    };
    let band =
        AgeBand::ALL.into_iter().filter(|band| ages.clone().any(|age| AgeBand::of_age(age) == *band)).find(beyond)?;
    Some(Finding::AgainstFloor { control: control.id.clone(), right: right.id.clone(), band })
}

fn nobody_loosens(one: &Rule, other: &Rule) -> bool {
    one.may_loosen.is_disjoint(&other.may_loosen)
}

/// Whether somebody of one age is under both. Whoever may be of several ages can be under both in any case.
fn same_ages(a: &Rule, b: &Rule) -> bool {
    a.ages.from < b.ages.to && b.ages.from < a.ages.to
}

/// Whether both count in one place on one day.
fn meet(a: &Rule, b: &Rule) -> bool {
    let before = |end: Option<Date>, start: Date| end.is_none_or(|end| start < end);
    let days = before(a.in_force.until, b.in_force.from) && before(b.in_force.until, a.in_force.from);
    let months = a.months.is_empty() || b.months.is_empty() || !a.months.is_disjoint(&b.months);
    days && months && same_place(&a.jurisdiction, &b.jurisdiction)
}

fn same_place(a: &str, b: &str) -> bool {
    let within = |a: &str, b: &str| jurisdictions_of(b).contains(&a);
    within(a, b) || within(b, a) || matches!((a, b), ("EU", "EEA") | ("EEA", "EU"))
}

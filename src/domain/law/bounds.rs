//! Which rules count for somebody on a day, and what they come to for one control.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan, civil::Date};

use super::{Effect, Rule, RuleBook, RuleId, WhoLoosens, jurisdictions_of};
use crate::domain::{
    age::Ages,
    controls::{Control, ControlId},
    value::{Kind, Value},
};

/// Whom a law looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Where they live, as ISO 3166 writes it.
    pub region: &'a str,
    /// How old they may be. A rule for any of these ages counts.
    pub ages: Ages,
    /// The day on which their account was made.
    pub joined: Date,
    /// The day that is looked at, on the calendar of their home.
    pub today: Date,
}

/// The rules that count for somebody on a day, by control.
#[derive(Debug, Clone, Default)]
pub struct Live<'b>(BTreeMap<&'b str, Vec<&'b Rule>>);

/// A value that rules demand together, and which of them made it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// What they demand.
    pub value: Value,
    /// Those without which it would be looser, or all that say the same.
    pub rules: Vec<RuleId>,
}

impl RuleBook {
    /// What counts for somebody.
    pub fn live(&self, subject: &Subject<'_>) -> Live<'_> {
        let places = jurisdictions_of(subject.region);
        let mut live: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in self.rules.iter().filter(|rule| rule.counts_for(subject, &places)) {
            live.entry(rule.control.as_str()).or_default().push(rule);
        }
        Live(live)
    }

    /// The next day after `today` on which another rule may count for people of a region, apart from their birthdays.
    pub fn next_date(&self, region: &str, today: Date) -> Option<Date> {
        let places = jurisdictions_of(region);
        let here = self.rules.iter().filter(|rule| rule.enforce && places.contains(&rule.jurisdiction.as_str()));
        here.flat_map(|rule| rule.dates(today)).filter(|day| *day > today).min()
    }

    /// The jurisdictions in which a rule that is applied begins or ends to count after `from` and up to `to`.
    pub fn turning(&self, from: Date, to: Date) -> BTreeSet<&str> {
        let turns = |rule: &&Rule| rule.dates(from).into_iter().any(|day| from < day && day <= to);
        self.rules.iter().filter(|rule| rule.enforce).filter(turns).map(|rule| rule.jurisdiction.as_str()).collect()
    }

    /// What rules demand that this program has no control for, where they count: never silently left out.
    pub fn for_control<'b>(&'b self, id: &'b ControlId) -> impl Iterator<Item = &'b Rule> {
        self.rules.iter().filter(move |rule| rule.control == *id)
    }
}

impl Rule {
    fn counts_for(&self, subject: &Subject<'_>, places: &[&str]) -> bool {
        self.enforce
            && places.contains(&self.jurisdiction.as_str())
            && self.ages.from <= subject.ages.to
            && subject.ages.from < self.ages.to
            && self.in_force.holds(subject.today)
            && (self.months.is_empty() || self.months.contains(&subject.today.month()))
            && self.accounts_from.is_none_or(|from| subject.joined >= from)
    }

    /// Whether it is a default of which nobody with these powers may let go.
    pub(in crate::domain) fn is_firm_for(&self, powers: &[WhoLoosens]) -> bool {
        self.effect == Effect::Default && !powers.iter().any(|power| self.may_loosen.contains(power))
    }

    /// The days on which it begins or ends to count; of its months, only the next of each.
    fn dates(&self, today: Date) -> Vec<Date> {
        let mut days: Vec<Date> = [Some(self.in_force.from), self.in_force.until].into_iter().flatten().collect();
        if !self.months.is_empty() {
            let months = (1..=12).filter_map(|ahead| today.first_of_month().checked_add(ahead.months()).ok());
            let turns = |day: &Date| {
                let before = day.yesterday().map(|day| self.months.contains(&day.month()));
                before.ok() != Some(self.months.contains(&day.month()))
            };
            days.extend(months.filter(turns));
        }
        days
    }
}

impl<'b> Live<'b> {
    /// Every rule about a control.
    pub fn on(&self, control: &Control) -> &[&'b Rule] {
        self.0.get(control.id.as_str()).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Where things start, by law: the strictest of its defaults.
pub(in crate::domain) fn start(kind: &Kind, rules: &[&Rule]) -> Option<Bound> {
    together(kind, rules.iter().filter(|rule| rule.effect == Effect::Default))
}

/// What nobody may go looser than.
pub(in crate::domain) fn hard(kind: &Kind, rules: &[&Rule]) -> Option<Bound> {
    together(kind, rules.iter().filter(|rule| rule.effect == Effect::Bound))
}

/// What nobody may go stricter than.
pub(in crate::domain) fn right(kind: &Kind, rules: &[&Rule]) -> Option<Bound> {
    let mut rights = rules.iter().filter(|rule| rule.effect == Effect::Right);
    let first = rights.next()?;
    let begin = Bound { value: first.value.clone(), rules: vec![first.id.clone()] };
    Some(rights.fold(begin, |mut bound, rule| {
        let loosest = kind.join(&bound.value, &rule.value);
        if loosest == rule.value && loosest != bound.value {
            bound.rules.clear();
        }
        if loosest != bound.value || loosest == rule.value {
            bound.rules.push(rule.id.clone());
        }
        Bound { value: loosest, ..bound }
    }))
}

/// What somebody with these powers may not go looser than: the defaults of which none of `powers` may let go.
pub(in crate::domain) fn beyond(kind: &Kind, rules: &[&Rule], powers: &[WhoLoosens]) -> Option<Bound> {
    together(kind, rules.iter().filter(|rule| rule.is_firm_for(powers)))
}

/// The loosest that somebody with these powers may set, with every rule that says so: the platform's floor, what nobody may go
/// looser than, and the defaults that are out of their reach.
pub(in crate::domain) fn loosest(
    kind: &Kind,
    floor: Option<&Value>,
    rules: &[&Rule],
    powers: &[WhoLoosens],
) -> Option<Bound> {
    let binding = rules.iter().filter(|rule| rule.effect == Effect::Bound || rule.is_firm_for(powers));
    made(kind, floor.map(|floor| (floor, None)).into_iter().chain(binding.map(demand)).collect())
}

/// The meet of several rules, with those that it is made of.
fn together<'r, 'b: 'r>(kind: &Kind, rules: impl Iterator<Item = &'r &'b Rule>) -> Option<Bound> {
    made(kind, rules.map(demand).collect())
}

/// A value that is demanded, and the rule that demands it; none: the platform.
type Demand<'b> = (&'b Value, Option<&'b RuleId>);

fn demand<'b>(rule: &&'b Rule) -> Demand<'b> {
    (&rule.value, Some(&rule.id))
}

/// What several demands come to, and who makes it so: those who demand all of it, or else those without whom it would be less.
fn made(kind: &Kind, demands: Vec<Demand<'_>>) -> Option<Bound> {
    let meet = |some: &mut dyn Iterator<Item = &Demand<'_>>| {
        some.map(|(value, _)| (*value).clone()).reduce(|a, b| kind.meet(&a, &b))
    };
    let value = meet(&mut demands.iter())?;
    let named = |(_, rule): &Demand<'_>| rule.cloned();
    let whole = |demand: &&Demand<'_>| *demand.0 == value;
    let rules = if demands.iter().any(|demand| whole(&demand)) {
        demands.iter().filter(whole).filter_map(named).collect()
    } else {
        let is_needed = |at: usize| {
            let mut others = demands.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, demand)| demand);
            meet(&mut others).as_ref() != Some(&value)
        };
        demands.iter().enumerate().filter(|(at, _)| is_needed(*at)).filter_map(|(_, demand)| named(demand)).collect()
    };
    Some(Bound { value, rules })
}

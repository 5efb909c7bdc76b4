//! What somebody should look at before a set of rules is approved: contradictions above all.

use std::fmt;

use jiff::{ToSpan, civil::Date};

use super::{Effect, LegalStatus, Rule, RuleBook, RuleId, jurisdictions_of};
use crate::domain::controls::{ControlId, Registry};

/// After this many days a law should be read again: it moves monthly.
const REVIEW_DAYS: i64 = 180;

/// Something about a set of rules that a person must decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// One rule demands what another forbids, for somebody. Until it is settled the stricter one counts.
    Contradiction {
        /// About what.
        control: ControlId,
        /// Demands at least this much strictness.
        strict: RuleId,
        /// Demands that it is not that strict.
        right: RuleId,
    },
    /// The law does not ask for it today, and it is applied.
    Voluntary(RuleId, LegalStatus),
    /// The law asks for it today, and it is not applied.
    NotApplied(RuleId),
    /// About something that this program has no control for.
    NoControl(RuleId, ControlId),
    /// Nobody has read the law for long.
    OldReview(String, Date),
}

/// Everything that a person must decide on, the contradictions first.
pub fn check(registry: &Registry, book: &RuleBook, today: Date) -> Vec<Finding> {
    let mut findings = contradictions(registry, book);
    for rule in book.rules.iter().filter(|rule| rule.in_force.until.is_none_or(|until| until > today)) {
        if registry.get(&rule.control).is_none() {
            findings.push(Finding::NoControl(rule.id.clone(), rule.control.clone()));
        } else if rule.enforce && rule.status.is_stopped() {
            findings.push(Finding::Voluntary(rule.id.clone(), rule.status));
        } else if !rule.enforce && rule.status.asks() && rule.in_force.holds(today) {
            findings.push(Finding::NotApplied(rule.id.clone()));
        }
    }
    let old = |read: Date| read.checked_add(REVIEW_DAYS.days()).is_ok_and(|due| due < today);
    let old = book.laws.iter().filter(|law| old(law.reviewed_on));
    findings.extend(old.map(|law| Finding::OldReview(law.id.clone(), law.reviewed_on)));
    findings
}

fn contradictions(registry: &Registry, book: &RuleBook) -> Vec<Finding> {
    let applied = || book.rules.iter().filter(|rule| rule.enforce);
    let mut found = Vec::new();
    for right in applied().filter(|rule| rule.effect == Effect::Right) {
        let Some(control) = registry.get(&right.control) else { continue };
        let against = applied().filter(|rule| rule.effect == Effect::Bound && rule.control == right.control);
        let clash = |rule: &&Rule| !control.kind.at_least_as_strict(&right.value, &rule.value) && meet(rule, right);
        found.extend(against.filter(clash).map(|rule| Finding::Contradiction {
            control: right.control.clone(),
            strict: rule.id.clone(),
            right: right.id.clone(),
        }));
    }
    found
}

/// Whether there can be somebody for whom both count on one day.
fn meet(a: &Rule, b: &Rule) -> bool {
    let ages = a.ages.from < b.ages.to && b.ages.from < a.ages.to;
    let before = |end: Option<Date>, start: Date| end.is_none_or(|end| start < end);
    let days = before(a.in_force.until, b.in_force.from) && before(b.in_force.until, a.in_force.from);
    let months = a.months.is_empty() || b.months.is_empty() || !a.months.is_disjoint(&b.months);
    ages && days && months && same_place(&a.jurisdiction, &b.jurisdiction)
}

fn same_place(a: &str, b: &str) -> bool {
    let within = |a: &str, b: &str| jurisdictions_of(b).contains(&a);
    within(a, b) || within(b, a) || matches!((a, b), ("EU", "EEA") | ("EEA", "EU"))
}

impl Finding {
    /// Whether two rules cannot both hold.
    pub const fn is_contradiction(&self) -> bool {
        matches!(self, Self::Contradiction { .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contradiction { control, strict, right } => {
                write!(f, "contradiction: {strict} and {right} cannot both hold for {control}; the stricter one counts")
            }
            Self::Voluntary(rule, status) => {
                write!(f, "voluntary: {rule} is applied, though its status is {}", status.word())
            }
            Self::NotApplied(rule) => write!(f, "not applied: {rule} is in force, and enforce is false"),
            Self::NoControl(rule, control) => write!(f, "no control: {rule} is about {control}, which is not built"),
            Self::OldReview(law, read) => write!(f, "old review: {law} was last read on {read}"),
        }
    }
}

impl LegalStatus {
    /// Whether somebody has decided that it does not count: a rule that is only not yet there waits for its date.
    const fn is_stopped(self) -> bool {
        matches!(self, Self::Enjoined | Self::Proposed | Self::Repealed)
    }

    /// In words.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InForce => "in force",
            Self::Enjoined => "enjoined",
            Self::PartlyEnjoined => "partly enjoined",
            Self::NotYet => "not yet in force",
            Self::Proposed => "proposed",
            Self::Repealed => "repealed",
            Self::Voluntary => "voluntary",
        }
    }
}

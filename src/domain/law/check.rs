//! What somebody should look at before a set of rules is approved: contradictions above all.

use std::fmt;

use jiff::{ToSpan, civil::Date};

use super::{LegalStatus, Rule, RuleBook, RuleId, clash::contradictions};
use crate::domain::{
    age::AgeBand,
    controls::{ControlId, Registry},
};

/// After this many days a law should be read again: it moves monthly.
const REVIEW_DAYS: i64 = 180;

/// Something about a set of rules that a person must decide on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// One rule demands what another forbids, for somebody. Until it is settled the stricter one counts.
    Contradiction {
        /// About what.
        control: ControlId,
        /// Demands at least this much strictness, and no guardian may let go of it.
        strict: RuleId,
        /// Demands that a guardian may open it further.
        right: RuleId,
        /// Somebody is of an age for both. Otherwise it is only for those whose age is not known well enough to tell.
        of_one_age: bool,
    },
    /// A right that the platform's own floor takes away.
    AgainstFloor {
        /// About what.
        control: ControlId,
        /// Demands that a guardian may open it further.
        right: RuleId,
        /// At which age.
        band: AgeBand,
    },
    /// Two defaults that nobody may let go of alone: those whom one names, the other does not.
    NobodyLoosens {
        /// About what.
        control: ControlId,
        /// One of them.
        one: RuleId,
        /// The other.
        other: RuleId,
    },
    /// What is written of how it stands is not what its dates say.
    StatusAndDates {
        /// Which rule.
        rule: RuleId,
        /// What is written.
        written: LegalStatus,
        /// What the dates come to today.
        by_dates: LegalStatus,
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
    for rule in &book.rules {
        let (rule, written, by_dates) = (rule.id.clone(), rule.status, rule.status_on(today));
        if written != by_dates {
            findings.push(Finding::StatusAndDates { rule, written, by_dates });
        }
    }
    for rule in book.rules.iter().filter(|rule| rule.in_force.until.is_none_or(|until| until > today)) {
        if registry.get(&rule.control).is_none() {
            findings.push(Finding::NoControl(rule.id.clone(), rule.control.clone()));
        } else if rule.enforce && rule.status.is_stopped() {
            findings.push(Finding::Voluntary(rule.id.clone(), rule.status));
        } else if !rule.enforce && rule.status_on(today).asks() {
            findings.push(Finding::NotApplied(rule.id.clone()));
        }
    }
    let old = |read: Date| read.checked_add(REVIEW_DAYS.days()).is_ok_and(|due| due < today);
    let old = book.laws.iter().filter(|law| old(law.reviewed_on));
    findings.extend(old.map(|law| Finding::OldReview(law.id.clone(), law.reviewed_on)));
    findings
}

impl Finding {
    /// Whether not all can hold that is written, for somebody of a known age.
    pub const fn is_contradiction(&self) -> bool {
        match self {
            Self::Contradiction { of_one_age, .. } => *of_one_age,
            Self::AgainstFloor { .. } | Self::NobodyLoosens { .. } => true,
            _ => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contradiction { control, strict, right, of_one_age } => {
                let whose = if *of_one_age { "" } else { " where the age is not known" };
                write!(
                    f,
                    "contradiction: {strict} and {right} cannot both hold for {control}{whose}; the stricter one counts"
                )
            }
            Self::AgainstFloor { control, right, band } => {
                let band = band.as_str();
                write!(
                    f,
                    "contradiction: {right} opens {control} beyond the platform's floor for {band}; the floor counts"
                )
            }
            Self::NobodyLoosens { control, one, other } => {
                write!(
                    f,
                    "contradiction: {one} and {other} name nobody in common who may loosen {control}; nobody may go looser than both"
                )
            }
            Self::StatusAndDates { rule, written, by_dates } => {
                let [written, by_dates] = [written, by_dates].map(|status| status.word());
                write!(f, "status and dates differ: {rule} is written as {written}, and by its dates it is {by_dates}")
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

impl Rule {
    /// How it stands on a day: what is written, unless its dates say otherwise. Nobody edits a file on the day on which a law begins.
    pub fn status_on(&self, day: Date) -> LegalStatus {
        let (to_come, over) = (day < self.in_force.from, self.in_force.until.is_some_and(|until| until <= day));
        match self.status {
            LegalStatus::InForce | LegalStatus::PartlyEnjoined | LegalStatus::NotYet if over => LegalStatus::Repealed,
            LegalStatus::InForce | LegalStatus::PartlyEnjoined if to_come => LegalStatus::NotYet,
            LegalStatus::NotYet if !to_come => LegalStatus::InForce,
            written => written,
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

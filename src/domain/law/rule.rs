//! One rule of a law, and the set of them that an installation goes by.

use std::{borrow::Borrow, collections::BTreeSet, fmt};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    controls::ControlId,
    value::{Given, Value},
};

/// Names a rule for ever: `us-ca-sb976.feed-minutes`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "us-ca-sb976.feed-minutes")]
pub struct RuleId(String);

/// A law or code: where it counts, where it is written, who read it and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Short name in lower case, the first part of its rules' ids.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// ISO 3166-1 or 3166-2, or a group: `EU`, `EEA`, or `*` for everywhere.
    pub jurisdiction: String,
    /// The place in the law.
    pub cite: String,
    /// Where it can be read.
    pub source: String,
    /// The day on which somebody last read it for this file.
    #[schema(value_type = String, format = Date)]
    pub reviewed_on: Date,
    /// Who read it.
    pub reviewed_by: String,
    /// Which services it reaches, where not all. Recorded for whoever decides what is applied: no program knows what it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub services: Option<String>,
    /// What readers of this file should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What one rule asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rule {
    /// Its name, which starts with the law's.
    pub id: RuleId,
    /// The law that it is part of.
    pub law: String,
    /// Where it counts: the law's jurisdiction, unless the rule names its own.
    pub jurisdiction: String,
    /// What it is about.
    pub control: ControlId,
    /// For whom.
    pub ages: ForAges,
    /// How the value binds.
    pub effect: Effect,
    /// What it asks for.
    #[schema(value_type = Given)]
    pub value: Value,
    /// The months in which it counts, 1–12; empty: all of them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub months: BTreeSet<i8>,
    /// Only for accounts made on or after this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub accounts_from: Option<Date>,
    /// Who may go looser than the value, where it is a default.
    pub may_loosen: BTreeSet<WhoLoosens>,
    /// When.
    pub in_force: InForce,
    /// How it stands.
    pub status: LegalStatus,
    /// Whether this installation goes by it: the operator's decision.
    pub enforce: bool,
    /// Why so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How a rule's value binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Where things start; those whom the rule names may go looser.
    Default,
    /// At least as strict, and nobody may go looser.
    Bound,
    /// At most as strict where a guardian opened it: what a law gives guardians a right to, the teen cannot close. It opens
    /// nothing by itself.
    Right,
}

/// Completed years, from the first on, up to but without the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForAges {
    /// The first age that it counts for.
    pub from: i16,
    /// The first age that it does not count for any more.
    pub to: i16,
}

/// When a rule counts, on the calendar of the teen's home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InForce {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub from: Date,
    /// The first day on which it does not count any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
}

/// Who may go looser than a rule's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhoLoosens {
    /// Any guardian.
    Guardian,
    /// A guardian whose consent was verified ("verifiable parental consent").
    GuardianVerified,
    /// The teen themself.
    Teen,
    /// A guardian and the teen together, neither alone.
    TeenAndGuardian,
}

/// How a rule stands before the courts and in the gazette.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegalStatus {
    /// It counts.
    InForce,
    /// A court has stopped it.
    Enjoined,
    /// A court has stopped a part of it.
    PartlyEnjoined,
    /// Passed, with a day to come.
    NotYet,
    /// Not passed.
    Proposed,
    /// Gone.
    Repealed,
    /// Never a law: a code of practice, or the product's own rule.
    Voluntary,
}

/// Every law and rule of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RuleBook {
    /// By id.
    pub laws: Vec<Law>,
    /// By id.
    pub rules: Vec<Rule>,
}

impl RuleBook {
    /// The rule of this name.
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        let at = self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok()?;
        self.rules.get(at)
    }

    /// The law of this name.
    pub fn law(&self, id: &str) -> Option<&Law> {
        let at = self.laws.binary_search_by(|law| law.id.as_str().cmp(id)).ok()?;
        self.laws.get(at)
    }
}

impl InForce {
    /// Whether a day lies within.
    pub fn holds(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

impl LegalStatus {
    /// Whether the law itself asks for it today.
    pub const fn asks(self) -> bool {
        matches!(self, Self::InForce | Self::PartlyEnjoined)
    }
}

impl From<String> for RuleId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<&str> for RuleId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl Borrow<str> for RuleId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

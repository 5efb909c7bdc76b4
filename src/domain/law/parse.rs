//! Reads the files of `rules/` and refuses what cannot be meant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Effect, ForAges, InForce, Law, LegalStatus, Rule, RuleBook, RuleId, WhoLoosens};
use crate::domain::{
    controls::{ControlId, Registry, SetBy},
    region,
    value::{Given, Value, ValueError, unchecked},
};

/// One file: a law and its rules, as text. Kept as it was written, so that who approves a set reads what was proposed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LawFile {
    /// The file's name, without folders.
    pub name: String,
    /// TOML.
    pub text: String,
}

/// A rule of a stored set that this program cannot apply: it has no such control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Which rule.
    pub rule: RuleId,
    /// What it is about.
    pub control: ControlId,
    /// Where it counts.
    pub jurisdiction: String,
}

/// Why a set of rules is refused. The words are for whoever edits it.
#[derive(Debug, Error)]
pub enum LawError {
    /// Not TOML, or with a missing, unknown or ill-formed key.
    #[error("{file} cannot be read: {error}")]
    Toml {
        /// Which file.
        file: String,
        /// What is wrong with it.
        error: Box<toml::de::Error>,
    },
    /// The same law in two files, or a rule twice.
    #[error("{0} is there twice")]
    Twice(String),
    /// A rule that cannot be meant.
    #[error("{rule}: {why}")]
    Rule {
        /// Which rule.
        rule: RuleId,
        /// What is wrong with it.
        why: RuleFault,
    },
    /// Neither a country, a part of one, a group that is known here, nor `*`: a rule for it would reach nobody.
    #[error(
        "{0}: the jurisdiction is not written like DE, US-CA, EU, EEA or *, or is no country of ISO 3166-1, where the United \
             Kingdom is GB and Greece GR"
    )]
    Jurisdiction(String),
}

/// What is wrong with a rule.
#[derive(Debug, Error)]
pub enum RuleFault {
    /// Its id must be the law's, a dot, and a word of its own.
    #[error("its id must begin with the law's id and a dot")]
    Id,
    /// No such control here, and yet it is to be applied.
    #[error("there is no control {0}, so it cannot be enforced")]
    NoControl(ControlId),
    /// A value that the control does not take.
    #[error("its value {0}")]
    Value(ValueError),
    /// Nobody is that old.
    #[error("its ages hold nobody")]
    Ages,
    /// It never begins, or ends before.
    #[error("its dates hold no day")]
    Dates,
    /// Months are 1 to 12.
    #[error("its months must be 1 to 12")]
    Months,
    /// Nobody can loosen a bound, and somebody must be able to loosen a default.
    #[error("a default must say who may loosen it, and nothing else may")]
    WhoLoosens,
    /// A right keeps open what a guardian opened, and nobody opens this.
    #[error("it is a right over {0}, which no family sets, so it would do nothing")]
    Right(ControlId),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    law: Law,
    #[serde(default)]
    rule: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: RuleId,
    control: ControlId,
    jurisdiction: Option<String>,
    ages: ForAges,
    effect: Effect,
    value: Given,
    #[serde(default)]
    months: BTreeSet<i8>,
    accounts_from: Option<Date>,
    #[serde(default)]
    may_loosen: BTreeSet<WhoLoosens>,
    in_force: InForce,
    status: LegalStatus,
    enforce: bool,
    note: Option<String>,
}

impl RuleBook {
    /// Reads a set of files; the order of files does not matter.
    pub fn parse(registry: &Registry, files: &[LawFile]) -> Result<Self, LawError> {
        let (book, left_out) = Self::parse_stored(registry, files)?;
        match left_out.into_iter().next() {
            None => Ok(book),
            Some(LeftOut { rule, control, .. }) => Err(LawError::Rule { rule, why: RuleFault::NoControl(control) }),
        }
    }

    /// Reads a set that was taken once, perhaps by a newer program: while nodes are replaced one by one, an older one has no control
    /// for a rule of the newer, and going by all the others is better than serving nobody. What is left out is for whoever reads it to say.
    pub fn parse_stored(registry: &Registry, files: &[LawFile]) -> Result<(Self, Vec<LeftOut>), LawError> {
        let (mut laws, mut rules, mut left_out) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        for file in files {
            let unreadable = |error| LawError::Toml { file: file.name.clone(), error: Box::new(error) };
            let File { law, rule } = toml::from_str(&file.text).map_err(unreadable)?;
            jurisdiction(&law.id, &law.jurisdiction)?;
            for row in rule {
                let jurisdiction = row.jurisdiction.clone().unwrap_or_else(|| law.jurisdiction.clone());
                let rule = match read(registry, &law, row) {
                    Err(LawError::Rule { rule, why: RuleFault::NoControl(control) }) => {
                        left_out.push(LeftOut { rule, control, jurisdiction });
                        continue;
                    }
                    other => other?,
                };
                if let Some(first) = rules.insert(rule.id.clone(), rule) {
                    return Err(LawError::Twice(first.id.to_string()));
                }
            }
            if let Some(first) = laws.insert(law.id.clone(), law) {
                return Err(LawError::Twice(first.id));
            }
        }
        Ok((Self { laws: laws.into_values().collect(), rules: rules.into_values().collect() }, left_out))
    }
}

fn read(registry: &Registry, law: &Law, row: Row) -> Result<Rule, LawError> {
    let place = row.jurisdiction.clone().unwrap_or_else(|| law.jurisdiction.clone());
    jurisdiction(&row.id.to_string(), &place)?;
    let refuse = |why| LawError::Rule { rule: row.id.clone(), why };
    let named = row.id.to_string().strip_prefix(&law.id).and_then(|rest| rest.strip_prefix('.')).is_some_and(is_word);
    let faults = [
        (!named, RuleFault::Id),
        (!(0..row.ages.to).contains(&row.ages.from), RuleFault::Ages),
        (row.in_force.until.is_some_and(|until| until <= row.in_force.from), RuleFault::Dates),
        (!row.months.iter().all(|month| (1..=12).contains(month)), RuleFault::Months),
        ((row.effect == Effect::Default) == row.may_loosen.is_empty(), RuleFault::WhoLoosens),
    ];
    if let Some((_, fault)) = faults.into_iter().find(|(wrong, _)| *wrong) {
        return Err(refuse(fault));
    }
    let value = value(registry, &row).map_err(refuse)?;
    let Row { id, control, ages, effect, months, accounts_from, may_loosen, in_force, status, enforce, note, .. } = row;
    Ok(Rule {
        id,
        law: law.id.clone(),
        jurisdiction: place,
        control,
        ages,
        effect,
        value,
        months,
        accounts_from,
        may_loosen,
        in_force,
        status,
        enforce,
        note,
    })
}

/// A rule about a control that is never built, or not yet, is kept for whoever reads the law; it cannot be applied.
fn value(registry: &Registry, row: &Row) -> Result<Value, RuleFault> {
    match registry.get(&row.control) {
        Some(control) if control.set_by == SetBy::Law && row.effect == Effect::Right => {
            Err(RuleFault::Right(row.control.clone()))
        }
        Some(control) => control.kind.parse(row.value.clone()).map_err(RuleFault::Value),
        None if row.enforce => Err(RuleFault::NoControl(row.control.clone())),
        None => unchecked(row.value.clone()).map_err(RuleFault::Value),
    }
}

fn is_word(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
}

fn jurisdiction(of: &str, place: &str) -> Result<(), LawError> {
    let known = matches!(place, "*" | "EU" | "EEA") || region::parse(place).is_ok();
    known.then_some(()).ok_or_else(|| LawError::Jurisdiction(of.to_owned()))
}

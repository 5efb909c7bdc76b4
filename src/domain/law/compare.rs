//! What differs between two sets of rules, and where somebody can feel it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{LegalStatus, Reach, Rule, RuleBook, RuleId};
use crate::domain::controls::Registry;

/// What differs between two sets of rules.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Comparison {
    /// Laws that came, went or are described otherwise, by id.
    pub laws: Vec<Edit>,
    /// Rules that came, went or say something else, by id.
    pub rules: Vec<Edit>,
    /// The jurisdictions in which something that is applied differs. Everywhere else every policy stays what it is.
    pub touched: BTreeSet<String>,
}

/// What became of one law or rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// Which.
    pub id: String,
    /// What happened to it.
    pub what: Edited,
    /// What differs, field by field; of one that came or went, every field.
    pub fields: Vec<FieldEdit>,
}

/// What happened to a law or rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edited {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// It says something else.
    Changed,
}

/// One field, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldEdit {
    /// As the files call it.
    pub field: &'static str,
    /// What it said before; nothing where it was not there.
    pub from: Option<String>,
    /// What it says now; nothing where it is not there any more.
    pub to: Option<String>,
}

/// What a law or rule says, field by field in the order of the files.
pub(super) type Said = Vec<(&'static str, Option<String>)>;

impl Comparison {
    /// Who has to be looked at again.
    pub fn reach(&self) -> Reach {
        Reach::of(self.touched.iter().map(String::as_str))
    }
}

/// Compares two sets of rules.
pub fn compare(registry: &Registry, before: &RuleBook, after: &RuleBook) -> Comparison {
    let laws = |book: &RuleBook| book.laws.iter().map(|law| (law.id.clone(), law.said())).collect();
    let rules = |book: &RuleBook| book.rules.iter().map(|rule| (rule.id.to_string(), rule.said(registry))).collect();
    Comparison {
        laws: edits(laws(before), laws(after)),
        rules: edits(rules(before), rules(after)),
        touched: touched(before, after),
    }
}

fn edits(before: BTreeMap<String, Said>, after: BTreeMap<String, Said>) -> Vec<Edit> {
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let edit = |id: &String| {
        let (what, fields) = match (before.get(id), after.get(id)) {
            (Some(from), Some(to)) => (Edited::Changed, differing(from, to)),
            (None, Some(to)) => (Edited::Added, differing(&vec![], to)),
            (Some(from), None) => (Edited::Removed, differing(from, &vec![])),
            (None, None) => return None,
        };
        (!fields.is_empty()).then(|| Edit { id: id.clone(), what, fields })
    };
    ids.into_iter().filter_map(edit).collect()
}

fn differing(from: &Said, to: &Said) -> Vec<FieldEdit> {
    let named = if to.is_empty() { from } else { to };
    let of =
        |said: &Said, field: &str| said.iter().find(|(name, _)| *name == field).and_then(|(_, words)| words.clone());
    let fields = named.iter().map(|(field, _)| FieldEdit { field, from: of(from, field), to: of(to, field) });
    fields.filter(|edit| edit.from != edit.to).collect()
}

/// Where something that is applied differs.
fn touched(before: &RuleBook, after: &RuleBook) -> BTreeSet<String> {
    let ids: BTreeSet<&RuleId> = before.rules.iter().chain(&after.rules).map(|rule| &rule.id).collect();
    let pairs = ids.into_iter().map(|id| [before, after].map(|book| book.rule(id).and_then(Rule::binding)));
    let differ = pairs.filter(|[before, after]| before != after);
    differ.flatten().flatten().map(|rule| rule.jurisdiction).collect()
}

impl Rule {
    /// What of the rule can change a policy: nothing, where it is not applied. How it stands in court and why it is
    /// applied are words for people.
    fn binding(&self) -> Option<Self> {
        let words_aside = Self { law: String::new(), status: LegalStatus::Voluntary, note: None, ..self.clone() };
        self.enforce.then_some(words_aside)
    }
}

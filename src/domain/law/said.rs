//! Laws and rules in words, field by field and in one sentence, for whoever decides about them.

use super::{Effect, ForAges, Law, Rule, WhoLoosens, compare::Said};
use crate::domain::{
    controls::Registry,
    language::Language,
    value::{Given, Value},
};

/// Where a set of rules says this, no day is known yet.
const NO_DAY_IS_KNOWN: i16 = 2099;

impl Law {
    /// What the law's file says of it, field by field.
    pub fn said(&self) -> Said {
        vec![
            ("name", Some(self.name.clone())),
            ("jurisdiction", Some(self.jurisdiction.clone())),
            ("cite", Some(self.cite.clone())),
            ("source", Some(self.source.clone())),
            ("reviewed_on", Some(self.reviewed_on.to_string())),
            ("reviewed_by", Some(self.reviewed_by.clone())),
            ("services", self.services.as_deref().map(one_line)),
            ("note", self.note.as_deref().map(one_line)),
        ]
    }
}

impl Rule {
    /// What the rule says, field by field.
    pub fn said(&self, registry: &Registry) -> Said {
        let list = |words: Vec<String>| (!words.is_empty()).then(|| words.join(", "));
        vec![
            ("control", Some(self.control.to_string())),
            ("jurisdiction", Some(self.jurisdiction.clone())),
            ("ages", Some(self.ages.words())),
            ("effect", Some(self.effect.word().to_owned())),
            ("value", Some(self.value_in_words(registry))),
            ("months", list(self.months.iter().map(ToString::to_string).collect())),
            ("accounts_from", self.accounts_from.map(|day| day.to_string())),
            ("may_loosen", list(self.may_loosen.iter().map(|who| who.words().to_owned()).collect())),
            ("in_force", Some(self.days())),
            ("status", Some(self.status.word().to_owned())),
            ("enforce", Some(if self.enforce { "yes" } else { "no" }.to_owned())),
            ("note", self.note.as_deref().map(one_line)),
        ]
    }

    /// What the rule asks for, in one sentence.
    pub fn sentence(&self, registry: &Registry) -> String {
        let control = registry.get(&self.control);
        let what = control.map_or_else(|| self.control.to_string(), |control| format!("“{}”", control.label));
        let (value, who) = (self.value_in_words(registry), self.ages.words());
        let place = if self.jurisdiction == "*" { "Everywhere" } else { &self.jurisdiction };
        let asks = match self.effect {
            Effect::Default => {
                let others: Vec<_> = self.may_loosen.iter().map(|who| who.words()).collect();
                format!("starts at: {value}. Looser only by {}", others.join(" or "))
            }
            Effect::Bound => format!("is at least as strict as: {value}. Nobody can go looser"),
            Effect::Right => format!("stays as open as a guardian made it, up to: {value}. The teen cannot close it"),
        };
        format!("{place}, at {who}: {what} {asks}.")
    }

    fn value_in_words(&self, registry: &Registry) -> String {
        match registry.get(&self.control) {
            Some(control) => Language::English.value(control, &self.value),
            None => without_control(&self.value),
        }
    }

    fn days(&self) -> String {
        let from = match self.in_force.from.year() {
            NO_DAY_IS_KNOWN => "from a day that is not known".to_owned(),
            _ => format!("from {}", self.in_force.from),
        };
        self.in_force.until.map_or(from.clone(), |until| format!("{from} to before {until}"))
    }
}

impl ForAges {
    /// The ages in words, both included: `0 to 15`.
    fn words(self) -> String {
        match self.to - 1 {
            last if last == self.from => last.to_string(),
            last => format!("{} to {last}", self.from),
        }
    }
}

impl Effect {
    /// As the files write it.
    const fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Bound => "bound",
            Self::Right => "right",
        }
    }
}

impl WhoLoosens {
    /// In words.
    const fn words(self) -> &'static str {
        match self {
            Self::Guardian => "a guardian",
            Self::GuardianVerified => "a guardian whose consent was verified",
            Self::Teen => "the teen",
            Self::TeenAndGuardian => "the teen and a guardian together",
        }
    }
}

/// A value of something that is no control here: as JSON has it, a text without its quotes.
fn without_control(value: &Value) -> String {
    match Given::from(value) {
        Given::Text(text) => text,
        other => serde_json::to_string(&other).unwrap_or_default(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

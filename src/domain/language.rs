//! The languages that families read, and what controls and everything around them are called.
//!
//! The texts are Fluent messages in `locales/`, built in. A control's English label is the catalogue's own, and so is its
//! unit; the English words of a preset are the preset's. Whatever has no translation yet, because it was added a minute ago, is said in English rather than left out.

mod messages;
mod sentences;

#[cfg(test)]
mod tests;

use serde::Serialize;

use self::messages::Argument;
use super::{
    age::AgeBand,
    controls::{Control, Group},
    policy::Layer,
    presets::Preset,
    value::{Day, Direction},
};

/// A language that the texts are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English.
    English,
    /// Spanish.
    Spanish,
    /// German.
    German,
    /// French.
    French,
    /// Portuguese as in Brazil.
    Portuguese,
}

impl Language {
    /// All of them; English, which everything is written in first, leads.
    pub const ALL: [Self; 5] = [Self::English, Self::Spanish, Self::German, Self::French, Self::Portuguese];

    /// Its tag, as in `Content-Language`, and the name of its folder in `locales/`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::German => "de",
            Self::French => "fr",
            Self::Portuguese => "pt-BR",
        }
    }

    /// The language for somebody who wants these, given as tags with the most wanted first; English where none of them is here.
    ///
    /// The region does not matter: each language is here once, and Spanish of another country is nearer than English.
    pub fn pick(wanted: &[&str]) -> Self {
        let spoken =
            |tag: &&str| Self::ALL.into_iter().find(|known| primary(tag).eq_ignore_ascii_case(primary(known.tag())));
        wanted.iter().find_map(spoken).unwrap_or(Self::English)
    }

    /// What a control is called.
    pub fn label(self, control: &Control) -> String {
        self.own(&control.message_key(), &[]).unwrap_or_else(|| control.label.clone())
    }

    /// What a control counts, where that is not plain.
    pub fn unit(self, control: &Control) -> Option<String> {
        let unit = control.unit.as_ref()?;
        Some(self.own(&unit_key(unit), &[]).unwrap_or_else(|| unit.clone()))
    }

    /// A preset with its words in this language.
    pub fn preset(self, preset: &Preset) -> Preset {
        let key = key("preset", &preset.id.to_string());
        let (label, why) = (self.own(&key, &[]), self.own(&format!("{key}.why"), &[]));
        let mut said = preset.clone();
        said.label = label.unwrap_or(said.label);
        said.why = why.unwrap_or(said.why);
        said
    }

    /// What a group of controls is called.
    pub fn group(self, group: Group) -> String {
        self.name("group", group)
    }

    /// Who or what decided a value.
    pub fn source(self, layer: Layer) -> String {
        self.name("source", layer)
    }

    /// Where a change leads.
    pub fn direction(self, direction: Direction) -> String {
        self.name("direction", direction)
    }

    /// An age band.
    pub fn band(self, band: AgeBand) -> String {
        self.name("band", band)
    }

    /// A day of the week.
    pub fn day(self, day: Day) -> String {
        self.name("day", day)
    }

    /// The first letters of a day of the week, for lists and calendars.
    pub fn short_day(self, day: Day) -> String {
        self.text(&format!("{}.short", key("day", &word(day))))
    }

    /// `on Monday`, for every week.
    fn on_day(self, day: Day) -> String {
        self.text(&format!("{}.on", key("day", &word(day))))
    }

    /// What something is called that has a word on the wire: the message of its family with that word.
    fn name(self, family: &str, of: impl Serialize) -> String {
        self.text(&key(family, &word(of)))
    }

    /// A text without arguments.
    fn text(self, key: &str) -> String {
        self.say(key, &[])
    }

    /// A text with arguments: in this language, else in English, else the last part of its key.
    fn say(self, key: &str, arguments: &[(&str, Argument)]) -> String {
        let last = || key.split_once('-').map_or(key, |(_, word)| word).replace('-', " ");
        self.own_or_english(key, arguments).unwrap_or_else(last)
    }

    fn own_or_english(self, key: &str, arguments: &[(&str, Argument)]) -> Option<String> {
        self.own(key, arguments).or_else(|| Self::English.own(key, arguments))
    }
}

/// The language of a tag without script and region: `pt` of `pt-BR`.
fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// How something is written on the wire.
fn word(of: impl Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The message of a family about one word: `value-no-one`.
fn key(family: &str, word: &str) -> String {
    format!("{family}-{}", word.replace('_', "-"))
}

/// The message about a unit of the catalogue: `unit-local-times`.
fn unit_key(unit: &str) -> String {
    key("unit", &unit.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
}

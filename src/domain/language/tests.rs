//! Every language says everything, in its own words, and nothing that is not there.

mod said;

use std::{collections::BTreeMap, collections::BTreeSet, sync::LazyLock};

use fluent_bundle::FluentResource;

use super::{messages::files, *};
use crate::domain::{controls::Registry, presets::Presets, value::Kind};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::load().unwrap());

/// The keys of a file, each with the variables of its text. A key without a text of its own is none.
fn texts(file: &str) -> BTreeMap<String, BTreeSet<&str>> {
    let mut texts: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let (mut message, mut key) = ("", String::new());
    for line in file.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let begins =
            line.split_once(" =").filter(|(name, _)| !name.contains([' ', '{']) || name.trim().starts_with('.'));
        let text = match begins.map(|(name, text)| (name.trim(), text)) {
            Some((attribute, text)) if attribute.starts_with('.') => {
                key = format!("{message}{attribute}");
                assert!(!texts.contains_key(&key), "{key} is there twice");
                text
            }
            Some((name, text)) => {
                (message, key) = (name, name.to_owned());
                assert!(!texts.keys().any(|known| known == name), "{name} is there twice");
                text
            }
            None => line,
        };
        if !text.trim().is_empty() {
            let variables = text.split('$').skip(1).map(|rest| rest.split([' ', '}']).next().unwrap());
            texts.entry(key.clone()).or_default().extend(variables);
        }
    }
    texts
}

fn keys(file: &str) -> BTreeSet<String> {
    texts(file).into_keys().collect()
}

/// What the catalogue needs words for in a language. English labels and units are the catalogue's own.
fn needed(language: Language) -> BTreeSet<String> {
    let mut needed = BTreeSet::new();
    for control in REGISTRY.iter() {
        needed.insert(key("group", &word(control.group)));
        if let Kind::Choice { values } = &control.kind {
            needed.extend(values.iter().map(|value| key("value", value)));
        }
        let unit = control.unit.as_deref().map(unit_key);
        if let (Kind::Number { .. }, Some(unit)) = (&control.kind, &unit) {
            needed.insert(format!("{unit}.amount"));
        }
        if language != Language::English {
            needed.insert(control.message_key());
            needed.extend(unit);
        }
    }
    needed
}

#[test]
fn every_text_parses() {
    for language in Language::ALL {
        for file in files(language) {
            if let Err((_, errors)) = FluentResource::try_new(file.to_owned()) {
                panic!("{}: {errors:?}", language.tag());
            }
            assert!(!texts(file).is_empty());
        }
    }
}

/// Every label, group, value and unit of the catalogue has its words in every language, and there are no words for anything else.
#[test]
fn the_whole_catalogue_is_said_in_every_language() {
    for language in Language::ALL {
        let [catalogue, _] = files(language);
        // A word for the greatest number is a choice of the unit; all languages make the same.
        let said: BTreeSet<String> = keys(catalogue).into_iter().filter(|key| !key.ends_with(".most")).collect();
        let missing: Vec<_> = needed(language).difference(&said).cloned().collect();
        let spare: Vec<_> = said.difference(&needed(language)).cloned().collect();
        assert!(missing.is_empty() && spare.is_empty(), "{}: missing {missing:?}, spare {spare:?}", language.tag());
    }
}

/// Every preset has its own words in every language, and there are no words for anything else.
#[test]
fn every_preset_is_said_in_every_language() {
    let presets = Presets::load(&REGISTRY).unwrap();
    let needed = |preset: &Preset| {
        let name = key("preset", &preset.id.to_string());
        [format!("{name}.why"), name]
    };
    let needed: BTreeSet<String> = presets.iter().flat_map(needed).collect();
    for language in Language::ALL.into_iter().filter(|language| *language != Language::English) {
        assert!(FluentResource::try_new(messages::presets(language).to_owned()).is_ok(), "{}", language.tag());
        assert_eq!(keys(messages::presets(language)), needed, "{}", language.tag());
        for preset in presets.iter() {
            let said = language.preset(preset);
            assert!(said.label != preset.label && said.why != preset.why, "{} {}", language.tag(), preset.id);
            assert!(!said.label.contains('{') && (&said.id, &said.settings) == (&preset.id, &preset.settings));
        }
    }
    assert!(presets.iter().all(|preset| Language::English.preset(preset) == *preset));
}

/// Where English has a sentence with something to fill in, every language has one with the same.
#[test]
fn every_language_fills_in_the_same() {
    let [english_catalogue, english] = files(Language::English).map(texts);
    for language in Language::ALL {
        let [catalogue, sentences] = files(language).map(texts);
        assert_eq!(sentences, english, "{}", language.tag());
        for (key, variables) in &catalogue {
            let known = english_catalogue.get(key).cloned().unwrap_or_default();
            assert_eq!(*variables, known, "{} {key}", language.tag());
        }
        assert!(english_catalogue.keys().all(|key| catalogue.contains_key(key)), "{}", language.tag());
    }
}

/// What has a word on the wire has its own words in every language.
#[test]
fn every_word_of_the_wire_has_words() {
    let layers = [
        Layer::Default,
        Layer::Kept,
        Layer::Guardian,
        Layer::Teen,
        Layer::Grant,
        Layer::Hold,
        Layer::Platform,
        Layer::Law,
    ];
    let families: [(&str, Vec<String>); 4] = [
        ("source", layers.map(word).to_vec()),
        ("band", AgeBand::ALL.map(word).to_vec()),
        ("day", Day::ALL.map(word).to_vec()),
        ("direction", [Direction::Tighter, Direction::Looser, Direction::Mixed, Direction::Same].map(word).to_vec()),
    ];
    // A new layer does not compile here until it is in the list above.
    let place = |layer: Layer| match layer {
        Layer::Default => 0,
        Layer::Kept => 1,
        Layer::Guardian => 2,
        Layer::Teen => 3,
        Layer::Grant => 4,
        Layer::Hold => 5,
        Layer::Platform => 6,
        Layer::Law => 7,
    };
    assert!(layers.iter().enumerate().all(|(at, layer)| place(*layer) == at));
    for language in Language::ALL {
        for (family, words) in &families {
            let said: BTreeSet<String> =
                words.iter().map(|word| language.own(&key(family, word), &[]).expect(word)).collect();
            assert_eq!(said.len(), words.len(), "{} says two of {family} alike", language.tag());
        }
        let short: BTreeSet<String> = Day::ALL.map(|day| language.short_day(day)).into();
        let on: BTreeSet<String> = Day::ALL.map(|day| language.on_day(day)).into();
        assert_eq!((short.len(), on.len()), (7, 7), "{}", language.tag());
    }
}

/// Two controls that are called the same could not be told apart.
#[test]
fn nothing_is_called_like_something_else() {
    for language in Language::ALL {
        let labels: BTreeSet<String> = REGISTRY.iter().map(|control| language.label(control)).collect();
        assert_eq!(labels.len(), REGISTRY.iter().len(), "{}", language.tag());
    }
}

#[test]
fn the_nearest_language_is_picked() {
    for (wanted, picked) in [
        (&["de"][..], Language::German),
        (&["de-AT"], Language::German),
        (&["DE_ch"], Language::German),
        (&["es-419"], Language::Spanish),
        (&["pt"], Language::Portuguese),
        (&["pt-PT"], Language::Portuguese),
        (&["ja", "fr-CA", "de"], Language::French),
        (&["den"], Language::English),
        (&["*"], Language::English),
        (&["", "-", "zh-Hant-TW"], Language::English),
        (&[], Language::English),
    ] {
        assert_eq!(Language::pick(wanted), picked, "{wanted:?}");
    }
    for language in Language::ALL {
        assert_eq!(Language::pick(&[language.tag()]), language);
    }
}

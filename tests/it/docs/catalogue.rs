//! The page of controls is the catalogue.

use family_pairing::domain::{
    age::AgeBand,
    controls::{Control, GuardianSees, Registry, SetBy},
    language::Language,
    value::{Kind, Value},
};

use super::page::{code, compare, table, write_table};

const ENGLISH: Language = Language::English;

#[test]
fn every_control_is_in_the_table() {
    let registry = Registry::load().expect("a catalogue");
    let rows: Vec<_> = registry.iter().map(row).collect();
    if std::env::var_os("WRITE_DOCS").is_some() {
        write_table("docs/CONTROLS.md", "controls", &rows);
    }
    compare(&table("docs/CONTROLS.md", "controls"), &rows);
}

fn row(control: &Control) -> Vec<String> {
    vec![
        code(control.id.as_str()),
        control.label.clone(),
        kind(control),
        by_band(control, |band| Some(control.default_for(band))),
        by_band(control, |band| control.floor_for(band)),
        word(control.enforced_by),
        set_by(control),
    ]
}

fn kind(control: &Control) -> String {
    let named = |value: Value| ENGLISH.value(control, &value);
    match &control.kind {
        Kind::Choice { values } => values.iter().map(|value| code(value)).collect::<Vec<_>>().join(", "),
        Kind::Flag { strict } => format!("{}, {}", named(Value::Flag(!strict)), named(Value::Flag(*strict))),
        Kind::Minutes => "minutes a day".to_owned(),
        Kind::Number { least, most } => {
            format!("{least} to {}", control.unit.as_ref().map_or(most.to_string(), |unit| format!("{most} {unit}")))
        }
        Kind::Words => "words".to_owned(),
        Kind::Ids if control.guardian_sees == GuardianSees::Count => "identifiers; count".to_owned(),
        Kind::Ids => "identifiers".to_owned(),
        Kind::Windows => "local times".to_owned(),
        Kind::ItemMinutes => "items, each with minutes a day".to_owned(),
        Kind::Exceptions => "items that are let off".to_owned(),
    }
}

/// Younger first; once where all are the same.
fn by_band<'a>(control: &Control, value: impl Fn(AgeBand) -> Option<&'a Value>) -> String {
    let said = |value: Option<&Value>| value.map_or_else(|| "–".to_owned(), |value| ENGLISH.value(control, value));
    let [first, rest @ ..] = AgeBand::ALL.map(|band| said(value(band)));
    match rest.iter().all(|other| *other == first) {
        true => first,
        false => format!("{first} / {}", rest.join(" / ")),
    }
}

fn set_by(control: &Control) -> String {
    let bands: Vec<String> = control.teen_loosens.iter().map(|band| ENGLISH.band(*band)).collect();
    let who = match (control.set_by, bands.is_empty()) {
        (SetBy::Family, true) => "family".to_owned(),
        (SetBy::Family, false) => format!("family; the teen at {}", bands.join(", ")),
        (SetBy::Law, _) => "law".to_owned(),
    };
    if control.privacy { format!("{who}; private") } else { who }
}

fn word(of: impl serde::Serialize) -> String {
    serde_json::to_value(of).ok().and_then(|json| json.as_str().map(str::to_owned)).expect("a word")
}

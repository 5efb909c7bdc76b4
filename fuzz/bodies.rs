//! What is done with bytes from outside, and what must be true of it whatever they are.
//!
//! Shared by the fuzz targets here and by the bounded run in `tests/it/fuzz.rs`. Everything that is read must come to an answer, a
//! refusal too; and what was understood must be understood in the same way again.

use std::sync::LazyLock;

use family_pairing::{
    domain::{
        age::{AgeBand, Ages},
        code::{Code, Entry},
        controls::Registry,
        ids::AccountId,
        law::{LawFile, RuleBook, check},
        policy::{Layers, Situation, Wanted, effective, patch_guardian, patch_teen},
    },
    store::law::shipped,
    sync::frame::ClientFrame,
};
use jiff::{Timestamp, civil::date};
use uuid::Uuid;

/// A target: its name, what it does with bytes, and where else in the tree there are good beginnings for it.
pub type Target = (&'static str, fn(&[u8]), Option<&'static str>);

/// Every target.
pub const ALL: [Target; 5] = [
    ("frame", frame, None),
    ("code", code, None),
    ("settings", settings, None),
    ("controls", controls, Some("src/domain")),
    ("rules", rules, Some("rules")),
];

static LAWS: LazyLock<(Registry, RuleBook)> = LazyLock::new(|| {
    let registry = Registry::load().expect("the catalogue");
    let book = RuleBook::parse(&registry, &shipped()).expect("the shipped rules");
    (registry, book)
});

/// A frame that a client sent.
pub fn frame(bytes: &[u8]) {
    let Ok(frame) = serde_json::from_slice::<ClientFrame>(bytes) else { return };
    let said = serde_json::to_value(&frame).expect("what was read can be written");
    let again: ClientFrame = serde_json::from_value(said.clone()).expect("and read again");
    assert_eq!(serde_json::to_value(&again).expect("written"), said);
}

/// A pairing code that somebody typed or scanned.
pub fn code(bytes: &[u8]) {
    let Ok(code) = Code::parse(&String::from_utf8_lossy(bytes)) else { return };
    assert!(code.secret.starts_with(&code.locator) && code.locator.len() == 4, "a code names its offer");
    assert_eq!(code.secret.len(), if code.entry == Entry::Typed { 12 } else { 30 });
    let again = Code::parse(&code.secret).expect("a code is a code");
    assert!(again == code, "in one form only");
}

/// The settings that a guardian and a teen ask for.
pub fn settings(bytes: &[u8]) {
    let Ok(Wanted(patch)) = serde_json::from_slice(bytes) else { return };
    let none = Layers::default();
    let now = situation(&none, &LAWS.1);
    let (guardian, teen) = (person(1), person(9));
    if let Ok(layers) = patch_guardian(&now, guardian, &patch, None) {
        let twice = patch_guardian(&now.with(&layers), guardian, &patch, None).expect("what was taken is taken again");
        assert_eq!(effective(&now.with(&twice)), effective(&now.with(&layers)), "and changes nothing more");
    }
    if let Ok(layers) = patch_teen(&now, teen, &patch, None) {
        let (free, own) = (effective(&now), effective(&now.with(&layers)));
        for control in LAWS.0.iter().filter(|control| !control.is_teens_own(now.band())) {
            let strict = free.get(&control.id).zip(own.get(&control.id));
            let tighter = strict.is_none_or(|(free, own)| control.kind.at_least_as_strict(&own.value, &free.value));
            assert!(tighter, "{} was loosened by a teen", control.id);
        }
    }
}

/// A catalogue of controls.
pub fn controls(bytes: &[u8]) {
    let Ok(registry) = Registry::parse(&String::from_utf8_lossy(bytes)) else { return };
    for control in registry.iter() {
        for band in AgeBand::ALL {
            let default = control.default_for(band);
            let floor = control.floor_for(band);
            assert!(floor.is_none_or(|floor| control.kind.at_least_as_strict(default, floor)), "{}", control.id);
        }
    }
}

/// A file of rules.
pub fn rules(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let file = LawFile { name: "fuzz.toml".to_owned(), text };
    let Ok(book) = RuleBook::parse(&LAWS.0, &[file]) else { return };
    check(&LAWS.0, &book, date(2026, 11, 22));
    let none = Layers::default();
    assert_eq!(effective(&situation(&none, &book)), effective(&situation(&none, &book)));
}

fn situation<'a>(layers: &'a Layers, book: &'a RuleBook) -> Situation<'a> {
    let (ages, today) = (Ages { from: 14, to: 14 }, date(2026, 11, 22));
    let now = Timestamp::from_second(1_795_000_000).expect("a time");
    Situation { registry: &LAWS.0, book, region: "US-CA", ages, joined: today, today, now, layers }
}

fn person(n: u128) -> AccountId {
    Uuid::from_u128(n).into()
}

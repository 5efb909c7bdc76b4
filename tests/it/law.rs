//! The laws: those that ship, and what they do to a family.

use family_pairing::{
    domain::{
        controls::Registry,
        law::{Finding, RuleBook, check},
    },
    store::law::shipped,
};
use jiff::civil::date;

/// The rules that ship can be read, are about controls that there are, and no two of them contradict each other.
#[test]
fn the_shipped_rules_are_sound_and_do_not_contradict_each_other() {
    let registry = Registry::load().expect("the catalogue");
    let book = RuleBook::parse(&registry, &shipped()).expect("the shipped rules");
    assert!(book.laws.len() >= 40 && book.rules.len() >= 200, "{} laws, {} rules", book.laws.len(), book.rules.len());
    let findings = check(&registry, &book, date(2026, 11, 22));
    let contradictions: Vec<_> = findings.iter().filter(|it| matches!(it, Finding::Contradiction { .. })).collect();
    assert_eq!(contradictions, Vec::<&Finding>::new());
}

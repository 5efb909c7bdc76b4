//! What a person must decide: contradictions of every sort, and what is written beside what the dates say.

use super::*;

/// The sound law without its rule.
fn law_of(rules: &str) -> RuleBook {
    let (law, _) = SOUND.split_once("[[rule]]").unwrap();
    book(&format!("{law}{rules}")).unwrap()
}

fn rule_of(id: &str, control: &str, ages: [i16; 2], what: &str) -> String {
    let [from, to] = ages;
    format!(
        "[[rule]]\nid = \"us-xx.{id}\"\ncontrol = \"{control}\"\nages = {{ from = {from}, to = {to} }}\n{what}\n\
         in_force = {{ from = \"2026-01-01\" }}\nstatus = \"in_force\"\nenforce = true\n"
    )
}

fn found(book: &RuleBook) -> Vec<String> {
    check(&registry(), book, date(2026, 11, 22)).iter().map(ToString::to_string).collect()
}

const CONTACTS: &str = "guardian.visibility.adult_contacts";
const OPEN: &str = "effect = \"right\"\nvalue = true";

#[test]
fn a_right_against_a_default_that_no_guardian_may_loosen_is_a_contradiction() {
    let with = |who: &str| {
        let closed = format!("effect = \"default\"\nvalue = false\nmay_loosen = [{who}]");
        law_of(&(rule_of("closed", CONTACTS, [0, 18], &closed) + &rule_of("open", CONTACTS, [0, 18], OPEN)))
    };
    let said = "contradiction: us-xx.closed and us-xx.open cannot both hold for guardian.visibility.adult_contacts; the stricter one counts";
    assert_eq!(found(&with("\"teen\"")), [said]);
    assert_eq!(found(&with("\"guardian\"")), [""; 0]);
    assert_eq!(found(&with("\"teen\", \"guardian_verified\"")), [""; 0]);
}

#[test]
fn whoever_may_be_of_two_ages_can_be_under_both() {
    let closed = rule_of("closed", CONTACTS, [0, 16], "effect = \"bound\"\nvalue = false");
    let apart = law_of(&(closed + &rule_of("open", CONTACTS, [16, 18], OPEN)));
    let findings = check(&registry(), &apart, date(2026, 11, 22));
    assert!(matches!(findings.as_slice(), [Finding::Contradiction { of_one_age: false, .. }]), "{findings:?}");
    assert!(findings[0].to_string().contains(" where the age is not known; "), "{}", findings[0]);
    assert!(!findings[0].is_contradiction(), "it keeps no set from being taken");
}

#[test]
fn a_right_beyond_the_platforms_floor_is_a_contradiction() {
    let registry = registry();
    let (control, band, loose) = registry
        .iter()
        .filter(|control| control.set_by == crate::domain::controls::SetBy::Family)
        .find_map(|control| {
            let band = crate::domain::age::AgeBand::Under13;
            let (floor, adult) = (control.floor_for(band)?, control.default_for(crate::domain::age::AgeBand::Adult));
            (!control.kind.at_least_as_strict(adult, floor)).then(|| (control, band, adult.clone()))
        })
        .expect("some floor is stricter than what adults start with");
    let value = toml::Value::try_from(&loose).unwrap();
    let opens = rule_of("open", control.id.as_str(), [0, 13], &format!("effect = \"right\"\nvalue = {value}"));
    let findings = check(&registry, &law_of(&opens), date(2026, 11, 22));
    assert!(matches!(findings.as_slice(), [Finding::AgainstFloor { band: at, .. }] if *at == band), "{findings:?}");
    assert!(findings[0].is_contradiction());
}

#[test]
fn two_defaults_that_name_nobody_in_common_are_a_contradiction() {
    let minutes = |id: &str, ages, value: u32, who: &str| {
        let what = format!("effect = \"default\"\nvalue = {value}\nmay_loosen = [\"{who}\"]");
        rule_of(id, "time.daily_minutes", ages, &what)
    };
    let apart = law_of(&(minutes("one", [0, 18], 60, "guardian") + &minutes("two", [13, 16], 90, "teen")));
    let said = "contradiction: us-xx.one and us-xx.two name nobody in common who may loosen time.daily_minutes; nobody may go looser than both";
    assert_eq!(found(&apart), [said]);
    let same = law_of(&(minutes("one", [0, 18], 60, "guardian") + &minutes("two", [13, 16], 90, "guardian")));
    assert_eq!(found(&same), [""; 0]);
    let other_ages = law_of(&(minutes("one", [0, 13], 60, "guardian") + &minutes("two", [13, 16], 90, "teen")));
    assert_eq!(found(&other_ages), [""; 0]);
}

#[test]
fn what_is_written_and_what_the_dates_say_are_compared() {
    use LegalStatus::{Enjoined, InForce, NotYet, Repealed};
    let with = |status: &str, from: &str, until: &str, enforce: bool| {
        let days = format!("in_force = {{ from = \"{from}\"{until} }}");
        let text = SOUND
            .replace("in_force = { from = \"2026-01-01\" }", &days)
            .replace("status = \"in_force\"", &format!("status = \"{status}\""))
            .replace("enforce = true", &format!("enforce = {enforce}"));
        book(&text).unwrap()
    };
    let today = date(2026, 11, 22);
    for (status, from, until, written, by_dates) in [
        ("not_yet", "2026-11-22", "", NotYet, InForce),
        ("in_force", "2026-11-23", "", InForce, NotYet),
        ("in_force", "2026-01-01", ", until = \"2026-11-22\"", InForce, Repealed),
    ] {
        let book = with(status, from, until, true);
        assert_eq!(book.rules[0].status_on(today), by_dates, "{status} {from}");
        let differ = Finding::StatusAndDates { rule: "us-xx.minutes".into(), written, by_dates };
        assert!(check(&registry(), &book, today).contains(&differ), "{status} {from}{until}");
    }
    for (status, from) in [("not_yet", "2026-11-23"), ("in_force", "2026-11-22"), ("voluntary", "2030-01-01")] {
        assert_eq!(found(&with(status, from, "", true)), [""; 0], "{status} {from}");
    }
    assert_eq!(with("enjoined", "2020-01-01", "", false).rules[0].status_on(today), Enjoined);
    let come = found(&with("not_yet", "2026-11-22", "", false));
    assert_eq!(come.len(), 2, "its day has come, and nobody decided to apply it: {come:?}");
    assert!(come[0].starts_with("status and dates differ: us-xx.minutes is written as not yet in force, "), "{come:?}");
    assert!(come[1].starts_with("not applied: us-xx.minutes"), "{come:?}");
}

#[test]
fn a_right_over_what_no_family_sets_is_refused() {
    let right = "effect = \"right\"\nvalue = 365";
    let (law, _) = SOUND.split_once("[[rule]]").unwrap();
    let refused = book(&format!("{law}{}", rule_of("r", "age.recheck_days", [0, 18], right))).unwrap_err().to_string();
    assert!(refused.contains("a right over age.recheck_days, which no family sets"), "{refused}");
}

#[test]
fn a_stored_rule_without_a_control_is_left_out_and_named() {
    let text = format!("{SOUND}\n{}", rule_of("new", "time.not_built_yet", [0, 18], "effect = \"bound\"\nvalue = 1"));
    let files = [LawFile { name: "us-xx.toml".into(), text }];
    assert!(RuleBook::parse(&registry(), &files).is_err(), "nobody proposes it here");
    let (book, left_out) = RuleBook::parse_stored(&registry(), &files).unwrap();
    let new = LeftOut {
        rule: "us-xx.new".into(),
        control: "time.not_built_yet".to_owned().into(),
        jurisdiction: "US".into(),
    };
    assert_eq!((book.rules.len(), left_out), (1, vec![new]));
    let broken = [LawFile { name: "us-xx.toml".into(), text: SOUND.replace("value = 60", "value = true") }];
    assert!(RuleBook::parse_stored(&registry(), &broken).is_err());
}

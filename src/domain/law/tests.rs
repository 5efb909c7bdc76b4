//! Which rules count for whom, what several come to, and sets of rules that must not be taken.

mod changes;
mod findings;

use jiff::civil::date;

use super::{bounds::*, *};
use crate::domain::{
    age::Ages,
    controls::Registry,
    value::{Given, Kind, Value},
};

fn registry() -> Registry {
    Registry::load().unwrap()
}

const SOUND: &str = r#"
[law]
id = "us-xx"
name = "A law"
jurisdiction = "US"
cite = "1"
source = "https://example.org"
reviewed_on = "2026-11-22"
reviewed_by = "us"

[[rule]]
id = "us-xx.minutes"
control = "time.daily_minutes"
ages = { from = 0, to = 16 }
effect = "default"
value = 60
may_loosen = ["guardian_verified"]
in_force = { from = "2026-01-01" }
status = "in_force"
enforce = true
"#;

fn book(text: &str) -> Result<RuleBook, LawError> {
    RuleBook::parse(&registry(), &[LawFile { name: "us-xx.toml".into(), text: text.into() }])
}

fn subject(region: &str, age: i16) -> Subject<'_> {
    let day = date(2026, 11, 22);
    Subject { region, ages: Ages { from: age, to: age }, joined: day, today: day }
}

fn names(book: &RuleBook, subject: Subject<'_>) -> Vec<String> {
    let (registry, live) = (registry(), book.live(&subject));
    registry.iter().flat_map(|control| live.on(control).iter().map(|rule| rule.id.to_string())).collect()
}

#[test]
fn no_law_of_a_place_reaches_another() {
    assert_eq!(jurisdictions_of("US-CA"), ["*", "US", "US-CA"]);
    assert_eq!(jurisdictions_of("FR"), ["*", "EEA", "EU", "FR"]);
    assert_eq!(jurisdictions_of("NO"), ["*", "EEA", "NO"]);
    assert_eq!(jurisdictions_of("ZZ"), ["*", "ZZ"]);
    let book = book(SOUND).unwrap();
    assert_eq!(names(&book, subject("US-VA", 12)), ["us-xx.minutes"]);
    assert_eq!(names(&book, subject("GB", 12)), Vec::<String>::new());
}

#[test]
fn ages_dates_months_and_accounts_are_exact() {
    let book_of = |more: &str| book(&format!("{SOUND}{more}")).unwrap();
    let plain = book_of("");
    assert_eq!(names(&plain, subject("US", 15)).len(), 1);
    assert_eq!(names(&plain, subject("US", 16)).len(), 0);
    let unsure = Subject { ages: Ages { from: 15, to: 19 }, ..subject("US", 15) };
    assert_eq!(names(&plain, unsure).len(), 1, "a rule for any of the possible ages counts");
    let before = Subject { today: date(2025, 12, 31), ..subject("US", 12) };
    assert_eq!(names(&plain, before).len(), 0);
    assert_eq!(plain.next_date("US", date(2025, 12, 31)), Some(date(2026, 1, 1)));
    assert_eq!(plain.next_date("US", date(2026, 1, 1)), None);
    let school = book_of("months = [9, 10, 11, 12, 1, 2, 3, 4, 5]");
    let july = Subject { today: date(2026, 7, 1), ..subject("US", 12) };
    assert_eq!((names(&school, subject("US", 12)).len(), names(&school, july).len()), (1, 0));
    assert_eq!(school.next_date("US", date(2026, 11, 22)), Some(date(2027, 6, 1)));
    assert_eq!(school.next_date("US", date(2027, 6, 1)), Some(date(2027, 9, 1)));
    let new_accounts = book_of("accounts_from = \"2026-11-23\"");
    assert_eq!(names(&new_accounts, subject("US", 12)).len(), 0);
    let off = book(&SOUND.replace("enforce = true", "enforce = false")).unwrap();
    assert_eq!(names(&off, subject("US", 12)).len(), 0);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (line, instead, words) in [
        ("value = 60", "value = \"sixty\"", "must be a whole number"),
        ("time.daily_minutes", "time.daily_hours", "no control time.daily_hours"),
        ("us-xx.minutes", "minutes", "must begin with the law's id"),
        ("us-xx.minutes", "us-xx.", "must begin with the law's id"),
        ("{ from = 0, to = 16 }", "{ from = 16, to = 16 }", "its ages hold nobody"),
        ("{ from = \"2026-01-01\" }", "{ from = \"2026-01-01\", until = \"2026-01-01\" }", "its dates hold no day"),
        ("may_loosen = [\"guardian_verified\"]", "", "must say who may loosen"),
        ("effect = \"default\"", "effect = \"bound\"", "must say who may loosen"),
        ("enforce = true", "enforce = true\nmonths = [13]", "its months"),
        ("jurisdiction = \"US\"", "jurisdiction = \"America\"", "the jurisdiction is not written"),
        ("jurisdiction = \"US\"", "jurisdiction = \"UK\"", "Kingdom is GB and Greece GR"),
        ("jurisdiction = \"US\"", "jurisdiction = \"XX-1\"", "no country of ISO 3166-1"),
        ("enforce = true", "enforce = true\nseverity = 3", "unknown field"),
    ] {
        assert!(SOUND.contains(line), "{line}");
        let refused = book(&SOUND.replace(line, instead)).unwrap_err().to_string();
        assert!(refused.contains(words), "{instead}: {refused}");
    }
    assert!(book(&SOUND.replace("enforce = true", "enforce = false").replace("daily_minutes", "never")).is_ok());
    let file = || LawFile { name: "a".into(), text: SOUND.into() };
    assert!(matches!(RuleBook::parse(&registry(), &[file(), file()]), Err(LawError::Twice(_))));
}

fn rule(id: &str, effect: Effect, value: i64, may_loosen: &[WhoLoosens]) -> Rule {
    let mut rule = book(SOUND).unwrap().rules.remove(0);
    rule.id = id.into();
    rule.effect = effect;
    rule.value = Kind::Minutes.parse(Given::Number(value)).unwrap();
    rule.may_loosen = may_loosen.iter().copied().collect();
    rule
}

fn said(bound: Option<Bound>) -> Option<(Value, Vec<String>)> {
    bound.map(|bound| (bound.value, bound.rules.iter().map(ToString::to_string).collect()))
}

#[test]
fn several_rules_come_to_the_strictest_and_name_those_that_made_it() {
    use WhoLoosens::{Guardian, GuardianVerified};
    let rules = [
        rule("a", Effect::Default, 90, &[Guardian]),
        rule("b", Effect::Default, 60, &[GuardianVerified]),
        rule("c", Effect::Default, 60, &[Guardian]),
        rule("d", Effect::Bound, 120, &[]),
        rule("e", Effect::Right, 30, &[]),
    ];
    let rules: Vec<&Rule> = rules.iter().collect();
    let minutes = |number| Kind::Minutes.parse(Given::Number(number)).unwrap();
    let named = |number, ids: &[&str]| Some((minutes(number), ids.iter().map(ToString::to_string).collect::<Vec<_>>()));
    assert_eq!(said(start(&Kind::Minutes, &rules)), named(60, &["b", "c"]));
    assert_eq!(said(hard(&Kind::Minutes, &rules)), named(120, &["d"]));
    assert_eq!(said(right(&Kind::Minutes, &rules)), named(30, &["e"]));
    assert_eq!(said(beyond(&Kind::Minutes, &rules, &[Guardian])), named(60, &["b"]));
    assert_eq!(said(beyond(&Kind::Minutes, &rules, &[Guardian, GuardianVerified])), None);
    assert_eq!(said(beyond(&Kind::Minutes, &rules, &[])), named(60, &["b", "c"]));
}

#[test]
fn a_contradiction_is_reported_and_never_settled_in_silence() {
    let flag = |id: &str, effect: &str, value: bool, place: &str| {
        format!(
            "[[rule]]\nid = \"us-xx.{id}\"\ncontrol = \"guardian.visibility.adult_contacts\"\njurisdiction = \"{place}\"\n\
             ages = {{ from = 0, to = 18 }}\neffect = \"{effect}\"\nvalue = {value}\nin_force = {{ from = \"2026-01-01\" }}\n\
             status = \"in_force\"\nenforce = true\n"
        )
    };
    let found = |right_in: &str| {
        let text =
            format!("{SOUND}\n{}{}", flag("closed", "bound", false, "US-VT"), flag("open", "right", true, right_in));
        check(&registry(), &book(&text).unwrap(), date(2026, 11, 22))
    };
    assert!(matches!(found("US").as_slice(), [Finding::Contradiction { strict, right, of_one_age: true, .. }]
        if strict.to_string() == "us-xx.closed" && right.to_string() == "us-xx.open"));
    assert_eq!(found("BR"), [], "nobody is in both places");
}

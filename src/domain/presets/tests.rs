//! The presets that ship, what they would do for somebody, and presets that must not load.

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{civil::date, tz::TimeZone};
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::{
    ids::AccountId,
    law::RuleBook,
    policy::{Facts, Layers, Setting, effective},
    simulation::Present,
    timeline::Calendar,
    value::Direction,
};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::load().unwrap());
static PRESETS: LazyLock<Presets> = LazyLock::new(|| Presets::load(&REGISTRY).unwrap());

fn guardian() -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(1))
}

/// What the presets would do for somebody of this age.
fn offers(age: i16, region: &str, book: &RuleBook) -> Vec<Offer> {
    offers_with(Layers::default(), age, region, book)
}

fn offers_with(layers: Layers, age: i16, region: &str, book: &RuleBook) -> Vec<Offer> {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let birth = date(2026 - age, 1, 3);
    let facts = Facts::declared(birth, region, "2023-01-01T00:00:00Z".parse().unwrap(), TimeZone::UTC);
    let policy = effective(&facts.at(&REGISTRY, book, &layers, now));
    let present = Present {
        registry: &REGISTRY,
        book,
        facts: &facts,
        calendar: &Calendar::new(TimeZone::UTC, 0),
        guarded: true,
        layers,
        computed_for: None,
        policy: &policy,
        now,
    };
    PRESETS.offers(&present, guardian()).unwrap()
}

fn names(offers: &[Offer]) -> Vec<String> {
    offers.iter().map(|offer| offer.preset.id.to_string()).collect()
}

#[test]
fn each_age_gets_the_presets_that_are_meant_for_it() {
    let none = RuleBook::default();
    assert_eq!(names(&offers(12, "DE", &none)), ["legal_minimum"]);
    assert_eq!(
        names(&offers(14, "DE", &none)),
        ["sleep_first", "balanced", "school_focus", "talk_first", "legal_minimum"]
    );
    assert_eq!(
        names(&offers(16, "DE", &none)),
        ["sleep_first_1617", "balanced_1617", "school_focus_1617", "talk_first", "legal_minimum"]
    );
    assert!(offers(18, "DE", &none).is_empty());
    assert_eq!(names(&offers(12, "CN", &none)), ["legal_minimum", "cn_minor_mode"]);
    assert!(names(&offers(17, "CN", &none)).contains(&"cn_minor_mode_1617".to_owned()));
}

#[test]
fn an_offer_says_what_would_change_and_no_more() {
    let offers = offers(14, "DE", &RuleBook::default());
    let balanced = serde_json::to_value(&offers[1]).unwrap();
    assert_eq!(balanced["preset"]["grade"], "weak");
    let changed: Vec<&str> =
        balanced["changes"].as_array().unwrap().iter().map(|change| change["control"].as_str().unwrap()).collect();
    assert_eq!(changed, ["quiet.notifications", "time.daily_minutes", "time.sleep_windows"], "the feed is off already");
    assert_eq!(balanced["direction"], "mixed");
    assert_eq!((&balanced["settings"], &balanced["refused"]), (&balanced["preset"]["settings"], &json!([])));
    let least = offers.last().unwrap();
    assert_eq!((least.preset.grade, least.direction), (Grade::Regulatory, Direction::Same), "nothing is set");
}

/// Whoever wants only what is required gives up all that they set, of whatever group, and nothing of anybody else.
#[test]
fn only_what_is_required_is_what_holds_without_the_guardian() {
    let set = |by: u128, values: &[(&str, serde_json::Value)]| {
        let one = |(control, json): &(&str, serde_json::Value)| {
            let value =
                REGISTRY.get(*control).unwrap().kind.parse(serde_json::from_value(json.clone()).unwrap()).unwrap();
            let since = "2026-01-01T00:00:00Z".parse().unwrap();
            let setting = Setting { value, by: AccountId::from_uuid(Uuid::from_u128(by)), since, reason: None };
            (ControlId::from(*control), setting)
        };
        values.iter().map(one).collect::<BTreeMap<_, _>>()
    };
    let own =
        set(1, &[("search.enabled", json!(false)), ("time.daily_minutes", json!(30)), ("dm.groups", json!("no_one"))]);
    let guardians = BTreeMap::from([
        (guardian(), own),
        (AccountId::from_uuid(Uuid::from_u128(2)), set(2, &[("live.watch", json!(false))])),
    ]);
    let layers = Layers { guardians, ..Layers::default() };
    let least = offers_with(layers, 14, "DE", &RuleBook::default()).pop().unwrap();
    assert!(least.preset.takes_back);
    let settings = serde_json::to_value(&least.settings).unwrap();
    assert_eq!(settings, json!({"search.enabled": null, "time.daily_minutes": null, "dm.groups": null}));
    let changed: Vec<&str> = least.changes.iter().map(|change| change.control.as_str()).collect();
    assert_eq!((changed, least.direction), (vec!["search.enabled", "time.daily_minutes"], Direction::Looser));
}

#[test]
fn a_part_that_a_law_forbids_is_left_out_and_named_with_its_rule() {
    let law = r#"
[law]
id = "xx"
name = "A law"
jurisdiction = "*"
cite = "1"
source = "https://example.org"
reviewed_on = "2026-11-22"
reviewed_by = "us"

[[rule]]
id = "xx.minutes"
control = "time.daily_minutes"
ages = { from = 0, to = 18 }
effect = "bound"
value = 120
in_force = { from = "2026-01-01" }
status = "in_force"
enforce = true
"#;
    let file = crate::domain::law::LawFile { name: "xx.toml".to_owned(), text: law.to_owned() };
    let book = RuleBook::parse(&REGISTRY, &[file]).unwrap();
    let sleep_first = serde_json::to_value(&offers(14, "DE", &book)[0]).unwrap();
    assert_eq!(
        sleep_first["refused"],
        json!([{"control": "time.daily_minutes", "wanted": 1440, "bound": 120, "rules": ["xx.minutes"]}])
    );
    assert_eq!(sleep_first["preset"]["settings"]["time.daily_minutes"], 1440);
    assert!(sleep_first["settings"].get("time.daily_minutes").is_none());
    assert!(sleep_first["settings"].get("time.sleep_windows").is_some(), "the rest can still be applied");
}

const SOUND: &str = r#"
[[preset]]
id = "quiet"
label = "Quiet"
why = "To sleep."
grade = "strong"
bands = ["13_15"]
[preset.settings]
"time.daily_minutes" = 60
"comments.from" = "friends"
"#;

#[test]
fn presets_that_no_guardian_could_set_do_not_load() {
    let with = |line: &str, instead: &str| {
        assert!(SOUND.contains(line), "the test names a line that is not there");
        Presets::parse(&REGISTRY, &SOUND.replace(line, instead)).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(with("quiet", "quiet"), Ok(()));
    for (line, instead, why) in [
        ("\"quiet\"", "\"Quiet!\"", "\"Quiet!\" is not an id: write it like sleep_first"),
        ("\"To sleep.\"", "\" \"", "quiet needs a label, a reason, settings, and bands under 18"),
        ("[\"13_15\"]", "[]", "quiet needs a label, a reason, settings, and bands under 18"),
        ("[\"13_15\"]", "[\"16_17\", \"adult\"]", "quiet needs a label, a reason, settings, and bands under 18"),
        ("time.daily_minutes", "time.nightly_minutes", "quiet: there is no control time.nightly_minutes"),
        (
            "\"time.daily_minutes\" = 60",
            "\"monitoring.indicator\" = true",
            "quiet: no guardian sets monitoring.indicator",
        ),
        ("60", "1441", "quiet: the value of time.daily_minutes must be between 0 and 1440 minutes a day"),
        ("\"friends\"", "\"everyone\"", "quiet: comments.from is looser than its floor for 13_15"),
        ("[\"13_15\"]", "[\"13_15\", \"under_13\"]", "quiet: comments.from is looser than its floor for under_13"),
    ] {
        assert_eq!(with(line, instead), Err(why.to_owned()));
    }
    assert!(with("grade = \"strong\"", "grade = \"sure\"").unwrap_err().starts_with("the presets cannot be read"));
    let twice = Presets::parse(&REGISTRY, &SOUND.repeat(2)).unwrap_err();
    assert_eq!(twice.to_string(), "quiet is there twice");
}

/// Each preset can be set whole at every age that it is for, wherever no law says otherwise; the settings mean what they say.
#[test]
fn every_preset_can_be_set_whole_where_no_law_forbids_it() {
    for (age, region) in [(12, "CN"), (14, "CN"), (16, "CN"), (17, "DE")] {
        for offer in offers(age, region, &RuleBook::default()) {
            assert_eq!(offer.refused, vec![], "{}", offer.preset.id);
            let whole = offer.preset.settings.iter().map(|(id, value)| (id.clone(), Some(value.clone())));
            assert_eq!(offer.settings, whole.collect::<BTreeMap<_, _>>());
            let sure: BTreeMap<_, _> = offer.changes.iter().map(|change| (&change.control, &change.to)).collect();
            assert!(sure.iter().all(|(id, to)| offer.settings[*id].as_ref() == Some(*to)), "{}", offer.preset.id);
        }
    }
}

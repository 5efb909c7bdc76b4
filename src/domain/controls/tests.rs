//! The catalogue that ships, and the catalogues that must not load.

use jiff::civil::date;
use serde::Deserialize;

use super::*;
use crate::domain::value::Given;

/// A catalogue of one sound control, with one line of it replaced.
fn catalogue_with(line: &str, instead: &str) -> Result<Registry, RegistryError> {
    let sound = r#"
[[control]]
id = "dm.from"
label = "Who may send direct messages"
group = "contact"
kind = { choice = { values = ["everyone", "friends", "no_one"] } }
enforced_by = "platform"
if_unsupported = "safe_mode"
since = 1
defaults = { under_13 = "no_one", 13_15 = "no_one", 16_17 = "friends", adult = "everyone" }
floors = { under_13 = "no_one", 13_15 = "friends" }
"#;
    assert!(sound.contains(line), "the test names a line that is not there");
    Registry::parse(&sound.replace(line, instead))
}

#[test]
fn the_catalogue_loads_and_covers_what_families_set() {
    let registry = Registry::load().unwrap();
    let ids: Vec<&str> = registry.iter().map(|control| control.id.as_str()).collect();
    let named = |id: &&str| ids.contains(id);
    // What peers let families set (research on products), and what laws speak of.
    assert!(
        ["time.daily_minutes", "time.school_windows", "dm.from", "comments.from", "duet.from", "ai.chat"]
            .iter()
            .all(named)
    );
    assert!(["quiet.notifications", "feed.personalised", "ads.profiled", "monitoring.indicator"].iter().all(named));
    assert!(registry.get("dm.from").is_some() && registry.get("dm.to").is_none());
    assert_eq!(registry.get("dm.from").unwrap().message_key(), "control-dm-from");
}

#[test]
fn every_value_of_the_catalogue_reads_back_from_its_json() {
    for control in Registry::load().unwrap().iter() {
        for band in AgeBand::ALL {
            for value in [Some(control.default_for(band)), control.floor_for(band)].into_iter().flatten() {
                let json = serde_json::to_value(value).unwrap();
                assert_eq!(control.kind.parse(Given::deserialize(json).unwrap()).as_ref(), Ok(value), "{}", control.id);
            }
        }
    }
}

#[test]
fn nobody_younger_is_less_protected_and_no_adult_is_bound() {
    for control in Registry::load().unwrap().iter() {
        assert_eq!(control.floor_for(AgeBand::Adult), None, "{}", control.id);
        for pair in AgeBand::ALL.windows(2) {
            let (younger, older) = (control.default_for(pair[0]), control.default_for(pair[1]));
            assert!(control.kind.at_least_as_strict(younger, older), "{} {}", control.id, pair[0]);
        }
        for band in AgeBand::ALL {
            assert_eq!(&control.clamped(band, control.default_for(band)), control.default_for(band), "{}", control.id);
        }
    }
}

#[test]
fn the_rules_that_platforms_never_waive() {
    let registry = Registry::load().unwrap();
    let floor =
        |id: &str, band| registry.get(id).unwrap().floor_for(band).map(|value| serde_json::to_value(value).unwrap());
    assert_eq!(floor("dm.from", AgeBand::From13To15), Some("no_one".into()));
    assert_eq!(floor("dm.from", AgeBand::From16To17), Some("suggested_friends".into()));
    for band in [AgeBand::Under13, AgeBand::From13To15, AgeBand::From16To17] {
        assert_eq!(floor("live.host", band), Some(false.into()));
        assert_eq!(floor("live.gifts", band), Some(false.into()));
        assert_ne!(floor("content.maturity", band), None);
        assert_eq!(floor("time.daily_minutes", band), None);
    }
    let quiet = registry.get("quiet.notifications").unwrap();
    for (band, last_loud_hour) in [(AgeBand::Under13, 19), (AgeBand::From13To15, 20), (AgeBand::From16To17, 21)] {
        let Value::Windows(windows) = quiet.default_for(band) else { panic!("windows") };
        let (saturday, monday) = (date(2026, 6, 6), date(2026, 6, 8));
        assert!(!windows.contains(saturday, last_loud_hour * 60 + 59));
        assert!(windows.contains(saturday, last_loud_hour * 60 + 60));
        assert!(windows.contains(monday, 7 * 60 + 59) && !windows.contains(monday, 8 * 60));
    }
}

#[test]
fn a_sound_catalogue_loads() {
    assert_eq!(catalogue_with("since = 1", "since = 2").unwrap().get("dm.from").unwrap().since, 2);
}

#[test]
fn a_catalogue_that_contradicts_itself_does_not_load() {
    let all = "defaults = { under_13 = \"no_one\", 13_15 = \"no_one\", 16_17 = \"friends\", adult = \"everyone\" }";
    let floors = "floors = { under_13 = \"no_one\", 13_15 = \"friends\" }";
    for (line, instead, words) in [
        ("dm.from", "dm", "not an id"),
        ("dm.from", "dm_a.from", "not an id"),
        ("dm.from", "dm..from", "not an id"),
        ("dm.from", "dm.From", "not an id"),
        ("Who may send direct messages", " ", "no label"),
        (r#"["everyone", "friends", "no_one"]"#, r#"["no_one"]"#, "no proper choice"),
        (r#"["everyone", "friends", "no_one"]"#, r#"["everyone", "friends", "friends", "no_one"]"#, "no proper choice"),
        ("since = 1", "since = 1\ncolour = 2", "unknown field `colour`"),
        ("since = 1", "since = 1\ndecides = { action = \"message\", how = \"hours\" }", "its kind does not fit"),
        (
            "since = 1",
            "since = 1\ndecides = { action = \"call_emergency\", how = \"audience\" }",
            "would limit what is never limited",
        ),
        ("since = 1", "since = 1\nset_by = \"law\"\nteen_loosens = [\"16_17\"]", "no teen can loosen or close it"),
        ("since = 1", "since = 1\nset_by = \"law\"\nprivacy = true", "no teen can loosen or close it"),
        ("since = 1", "", "missing field `since`"),
        ("since = 1", "since = 0", "version 0"),
        ("since = 1", "since = 1\nset_by = \"law\"", "its default must follow"),
        ("since = 1", "since = 1\nteen_loosens = [\"16_17\", \"16_17\"]", "of a band twice"),
        ("since = 1", "since = 1\nteen_loosens = [\"adult\"]", "of a band twice, or of adults"),
        ("since = 1", "since = 1\nguardian_sees = \"count\"", "no entries"),
        (
            floors,
            "floors = { under_13 = \"no_one\", 13_15 = \"friends\", 16_17 = \"friends\", adult = \"everyone\" }",
            "floor for adults",
        ),
        (all, "defaults = { under_13 = \"no_one\", 13_15 = \"no_one\", 16_17 = \"friends\" }", "missing field `adult`"),
        (
            all,
            "defaults = { under_13 = \"no_one\", 13_15 = 5, 16_17 = \"friends\", adult = \"everyone\" }",
            "default for 13_15 must be a string",
        ),
        (
            all,
            "defaults = { under_13 = \"no_one\", 13_15 = \"nobody\", 16_17 = \"friends\", adult = \"everyone\" }",
            "default for 13_15 must be one of: everyone, friends, no_one",
        ),
        (
            all,
            "defaults = { under_13 = \"friends\", 13_15 = \"friends\", 16_17 = \"friends\", adult = \"everyone\" }",
            "default for under_13 is looser than its floor",
        ),
        (
            all,
            "defaults = { under_13 = \"no_one\", 13_15 = \"friends\", 16_17 = \"no_one\", adult = \"everyone\" }",
            "default for 13_15 is looser than for 16_17",
        ),
        (floors, "floors = { 13_15 = \"friends\" }", "floor for under_13 is looser than for 13_15"),
        (
            floors,
            "floors = { under_13 = \"friends\", 13_15 = \"no_one\" }",
            "floor for under_13 is looser than for 13_15",
        ),
        (floors, "floors = { under_13 = \"no_one\", teen = \"friends\" }", "unknown field `teen`"),
    ] {
        let refused = catalogue_with(line, instead).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused:?} should say {words:?}");
    }
}

#[test]
fn the_same_id_twice_does_not_load() {
    let twice = include_str!("../controls.toml").repeat(2);
    assert!(matches!(Registry::parse(&twice), Err(RegistryError::Duplicate(_))));
}

/// `a.b_c` and `a.b.c` would be told in the same words.
#[test]
fn two_ids_with_the_same_message_do_not_load() {
    let row = |id: &str| {
        format!(
            "[[control]]\nid = {id:?}\nlabel = \"Something\"\ngroup = \"feed\"\nkind = {{ flag = {{ strict = true }} }}\n\
             enforced_by = \"both\"\nif_unsupported = \"report\"\nsince = 1\n\
             defaults = {{ under_13 = true, 13_15 = true, 16_17 = true, adult = false }}\n"
        )
    };
    assert!(Registry::parse(&(row("a.b_c") + &row("a.b_d"))).is_ok());
    let refused = Registry::parse(&(row("a.b_c") + &row("a.b.c"))).unwrap_err();
    assert!(matches!(refused, RegistryError::SameMessage(..)), "{refused}");
}

/// A number of which nothing would be left, and a break after no time at all.
#[test]
fn a_number_has_a_least() {
    let text = include_str!("../controls.toml");
    let break_after = "kind = { number = { least = 1, most = 1440 } }";
    assert!(text.contains(break_after));
    let upside_down = text.replace(break_after, "kind = { number = { least = 1440, most = 1440 } }");
    assert!(matches!(Registry::parse(&upside_down), Err(RegistryError::BadChoice(_))));
    for id in ["time.break_every_minutes", "warning.after_minutes", "warning.every_minutes"] {
        let registry = Registry::load().unwrap();
        let kind = &registry.get(id).unwrap().kind;
        assert!(kind.parse(Given::Number(0)).is_err() && kind.parse(Given::Number(1)).is_ok(), "{id}");
    }
}

/// The 13th birthday ends what the law asked for younger ones: nobody in a family could.
#[test]
fn a_default_that_only_the_law_sets_does_not_stay() {
    for control in Registry::load().unwrap().iter().filter(|control| control.set_by == SetBy::Law) {
        let loosens = control.default_for(AgeBand::Under13) != control.default_for(AgeBand::From16To17);
        assert!(!loosens || control.at_birthday == AtBirthday::Follows, "{}", control.id);
    }
}

/// Another default is another catalogue; other comments and another order are not.
#[test]
fn the_fingerprint_is_of_what_is_registered() {
    let text = include_str!("../controls.toml");
    let of = |text: &str| Registry::parse(text).unwrap().fingerprint();
    assert_eq!(of(text), of(&format!("# Another comment.\n{text}")));
    assert_ne!(of(text), of(&text.replace("under_13 = 60, 13_15 = 60", "under_13 = 45, 13_15 = 60")));
}

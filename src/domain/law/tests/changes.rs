//! What differs between two sets of rules, where it reaches, and what a day to come brings.

use proptest::{prelude::*, sample::select};

use super::*;

const PLACES: [&str; 12] = ["*", "EEA", "EU", "US", "US-CA", "US-VA", "DE", "DE-BY", "FR", "NO", "GB", "IS"];
const REGIONS: [&str; 13] =
    ["US", "US-CA", "US-VA", "US-C", "DE", "DE-BY", "FR", "NO", "NO-03", "IS", "GB", "ZZ", "EU"];

proptest! {
    /// What is asked of the database is the very question that the rules ask.
    #[test]
    fn a_reach_is_exactly_whom_its_jurisdictions_bind(places in proptest::collection::vec(select(&PLACES[..]), 0..4)) {
        let reach = Reach::of(places.iter().copied());
        prop_assert_eq!(reach.is_nowhere(), places.is_empty());
        for region in REGIONS {
            let bound = jurisdictions_of(region).iter().any(|place| places.contains(place));
            prop_assert_eq!(reach.covers(region), bound, "{} in {:?}", region, places);
        }
    }
}

/// Compares the sound book with what it becomes by a replacement.
fn edited(line: &str, instead: &str) -> Comparison {
    assert!(SOUND.contains(line), "{line}");
    compare(&registry(), &book(SOUND).unwrap(), &book(&SOUND.replace(line, instead)).unwrap())
}

fn words(edit: &Edit) -> Vec<(&str, Option<&str>, Option<&str>)> {
    edit.fields.iter().map(|edit| (edit.field, edit.from.as_deref(), edit.to.as_deref())).collect()
}

#[test]
fn a_changed_rule_is_told_field_by_field_in_words() {
    let minutes = edited("value = 60", "value = 45");
    assert_eq!(words(&minutes.rules[0]), [("value", Some("60 minutes"), Some("45 minutes"))]);
    assert_eq!((minutes.rules[0].what, minutes.laws.len()), (Edited::Changed, 0));
    let loosened = edited("[\"guardian_verified\"]", "[\"guardian\", \"teen\"]");
    let (before, after) = ("a guardian whose consent was verified", "a guardian, the teen");
    assert_eq!(words(&loosened.rules[0]), [("may_loosen", Some(before), Some(after))]);
    let ages = edited("from = 0, to = 16", "from = 15, to = 16");
    assert_eq!(words(&ages.rules[0]), [("ages", Some("0 to 15"), Some("15"))]);
    let summer = edited("enforce = true", "enforce = true\nmonths = [7, 8]");
    assert_eq!(words(&summer.rules[0]), [("months", None, Some("7, 8"))]);
    let unknown = edited("\"2026-01-01\"", "\"2099-01-01\"");
    assert_eq!(unknown.rules[0].fields[0].to.as_deref(), Some("from a day that is not known"));
    let law = edited("cite = \"1\"", "cite = \"2\"");
    assert_eq!((words(&law.laws[0]), law.rules.len()), (vec![("cite", Some("1"), Some("2"))], 0));
    let reached = edited("reviewed_by = \"us\"", "reviewed_by = \"us\"\nservices = \"app stores\"");
    assert_eq!((words(&reached.laws[0]), reached.touched.len()), (vec![("services", None, Some("app stores"))], 0));
    assert_eq!(edited("60", "60"), Comparison::default());
}

#[test]
fn what_came_or_went_is_told_whole() {
    let (with, without) = (book(SOUND).unwrap(), RuleBook::default());
    for (before, after, what) in [(&without, &with, Edited::Added), (&with, &without, Edited::Removed)] {
        let comparison = compare(&registry(), before, after);
        let edit = &comparison.rules[0];
        assert_eq!((edit.what, edit.id.as_str(), edit.fields.len()), (what, "us-xx.minutes", 9));
        assert!(edit.fields.iter().all(|field| field.from.is_some() != field.to.is_some()));
        assert_eq!((comparison.laws[0].what, comparison.touched.into_iter().collect()), (what, vec!["US".to_owned()]));
    }
}

/// Only what is applied, before or after, can be felt.
#[test]
fn only_what_is_applied_touches_anybody() {
    let touched = |line, instead| edited(line, instead).touched.into_iter().collect::<Vec<_>>();
    for (line, instead) in [
        ("value = 60", "value = 45"),
        ("enforce = true", "enforce = false"),
        ("us-xx.minutes", "us-xx.hours"),
        ("{ from = \"2026-01-01\" }", "{ from = \"2027-01-01\" }"),
        ("enforce = true", "enforce = true\naccounts_from = \"2026-01-01\""),
    ] {
        assert_eq!(touched(line, instead), ["US"], "{instead}");
    }
    for (line, instead) in [
        ("status = \"in_force\"", "status = \"enjoined\""),
        ("enforce = true", "enforce = true\nnote = \"read again\""),
        ("reviewed_on = \"2026-11-22\"", "reviewed_on = \"2026-11-23\""),
    ] {
        assert_eq!(
            (touched(line, instead), edited(line, instead) == Comparison::default()),
            (vec![], false),
            "{instead}"
        );
    }
    assert_eq!(touched("enforce = true", "enforce = true\njurisdiction = \"GB\""), ["GB", "US"], "where it was, too");
    let off = |text: &str| book(&text.replace("enforce = true", "enforce = false")).unwrap();
    let never_applied = compare(&registry(), &off(SOUND), &off(&SOUND.replace("value = 60", "value = 45")));
    assert_eq!((never_applied.rules.len(), never_applied.touched.len()), (1, 0));
}

#[test]
fn a_day_to_come_names_the_places_where_a_rule_begins_or_ends() {
    let turning =
        |text: &str, from, to| book(text).unwrap().turning(from, to).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (eve, first) = (date(2025, 12, 31), date(2026, 1, 1));
    let nowhere: Vec<String> = vec![];
    assert_eq!(turning(SOUND, eve, first), ["US".to_owned()].to_vec());
    assert_eq!(turning(SOUND, first, date(2030, 1, 1)), nowhere);
    assert_eq!(turning(SOUND, date(2025, 1, 1), eve), nowhere);
    assert_eq!(turning(&SOUND.replace("enforce = true", "enforce = false"), eve, first), nowhere);
    let school = SOUND.replace("enforce = true", "enforce = true\nmonths = [9]");
    assert_eq!(turning(&school, date(2026, 11, 1), date(2027, 9, 1)), ["US".to_owned()].to_vec());
}

#[test]
fn a_rule_can_be_said_in_a_sentence() {
    let rule = book(SOUND).unwrap().rules.remove(0);
    assert_eq!(
        rule.sentence(&registry()),
        "US, at 0 to 15: “Daily screen time” starts at: 60 minutes. Looser only by a guardian whose consent was verified."
    );
    let unbuilt = SOUND.replace("enforce = true", "enforce = false").replace("time.daily_minutes", "parent.dashboard");
    let rule = Rule { jurisdiction: "*".into(), effect: Effect::Bound, ..book(&unbuilt).unwrap().rules.remove(0) };
    let said = "Everywhere, at 0 to 15: parent.dashboard is at least as strict as: 60. Nobody can go looser.";
    assert_eq!(rule.sentence(&registry()), said);
}

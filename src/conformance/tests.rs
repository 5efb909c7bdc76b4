use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{
    answer::{NoAnswer, answer},
    certify::first_difference,
    kit::{Case, DOCUMENT, Origin, groups, text},
};
use crate::domain::controls::Registry;

fn cases() -> Vec<Case> {
    groups().unwrap().into_iter().flat_map(|group| group.cases).collect()
}

/// The published cases say who is right, about this program too.
#[test]
fn every_published_case_is_answered_as_it_says() {
    let mut faults = vec![];
    for case in cases() {
        let told = answer(&case.op, case.input).unwrap_or_else(|error| panic!("{}: {error}", case.id));
        if told != case.expect {
            faults.push(format!("{}: {}\n  expected {}\n  got      {told}", case.id, case.why, case.expect));
        }
    }
    assert!(faults.is_empty(), "{} cases:\n{}", faults.len(), faults.join("\n"));
}

/// Every case is of the form that the schema promises.
#[test]
fn every_case_is_of_the_published_form() {
    let schema: Json = serde_json::from_str(&text("schema.json")).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let about = |fault: &jsonschema::ValidationError| format!("{}: {fault}", fault.instance_path());
    for group in groups().unwrap() {
        let file: Json = serde_json::from_str(&text(&format!("{}.json", group.group))).unwrap();
        let faults: Vec<String> = validator.iter_errors(&file).map(|fault| about(&fault)).take(3).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", group.group);
    }
    let stray = json!({"group": "days", "about": "x", "cases": [{"id": "days/x", "op": "age", "why": "x.",
        "origin": "reviewed", "input": {"birth": "2012-02-29"}, "expect": {}}]});
    assert!(!validator.is_valid(&stray), "the schema can refuse");
}

/// At least 400, and most of them judged by somebody else than this program.
#[test]
fn there_are_cases_enough_and_most_are_an_oracles() {
    let mut counts = BTreeMap::new();
    let (mut ids, mut questions) = (BTreeMap::new(), BTreeSet::new());
    for group in groups().unwrap() {
        assert!(group.about.len() > 20 && group.cases.len() >= 10, "{} is thin", group.group);
        for case in group.cases {
            assert!(case.id.starts_with(&format!("{}/", group.group)), "{}", case.id);
            assert!(case.why.ends_with('.'), "{} says why in a sentence", case.id);
            *counts.entry(case.origin).or_insert(0) += 1;
            let question = (case.op, case.input.to_string());
            assert!(questions.insert(question), "{} asks what another case asks", case.id);
            assert_eq!(ids.insert(case.id, ()), None, "every id is there once");
        }
    }
    assert!(ids.len() >= 600 && counts[&Origin::Oracle] > counts[&Origin::Reviewed], "{counts:?}");
    assert!(counts[&Origin::Reviewed] >= 200, "{counts:?}");
}

/// The cases speak of the catalogue that ships, with every control in it.
#[test]
fn the_catalogue_of_the_cases_is_the_one_that_ships() {
    let catalogue: Json = serde_json::from_str(&text("catalogue.json")).unwrap();
    let shipped = Registry::load().unwrap();
    let regenerate = "run python3 conformance/oracle/generate.py";
    assert_eq!(Registry::parse(&toml::to_string(&catalogue).unwrap()).unwrap(), shipped, "{regenerate}");
    let ids: Vec<String> = cases().into_iter().map(|case| case.id).collect();
    for control in shipped.iter() {
        for group in ["lattice/control-", "layers/allowed-"] {
            let id = format!("{group}{}", control.id);
            assert!(ids.contains(&id), "{id} is missing: {regenerate}");
        }
    }
}

/// The page for writers of clients names every group and every operation, in its tables.
#[test]
fn the_page_names_every_group_and_operation() {
    let page = include_str!("../../conformance/README.md");
    let named: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name)).collect();
    let all = groups().unwrap();
    let cases = || all.iter().flat_map(|group| &group.cases);
    let known: BTreeSet<&str> =
        all.iter().map(|group| group.group.as_str()).chain(cases().map(|case| case.op.as_str())).collect();
    let kinds = ["choice", "flag", "minutes", "number", "words", "ids", "windows", "item_minutes", "exceptions"];
    let other = |name: &&str| !name.starts_with('{') && !kinds.contains(name);
    assert_eq!(known, named.into_iter().filter(|name| other(name) || known.contains(name)).collect());
}

#[test]
fn the_document_holds_everything_and_names_itself_by_its_hash() {
    let document: Json = serde_json::from_str(&DOCUMENT.json).unwrap();
    assert_eq!(document["version"], "v1");
    assert_eq!(document["groups"].as_array().unwrap().len(), groups().unwrap().len());
    assert!(document["catalogue"]["control"].is_array() && document["schema"]["$schema"].is_string());
    assert_eq!(DOCUMENT.sha256.len(), 64);
}

#[test]
fn what_is_not_known_or_not_readable_has_no_answer() {
    assert!(matches!(answer("teleport", json!({})), Err(NoAnswer::Unsupported)));
    for (op, input) in [
        ("meet", json!({})),
        ("meet", json!({"kind": "minutes", "a": "sixty", "b": 60})),
        (
            "blocked",
            json!({"windows": [], "zone": "Moon/Base", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}),
        ),
        ("effective", json!({"situation": {"catalogue": "another"}})),
    ] {
        assert!(matches!(answer(op, input), Err(NoAnswer::Unreadable(_))), "{op}");
    }
}

#[test]
fn a_difference_is_named_by_its_place() {
    let differs = |a: Json, b: Json| first_difference(&a, &b);
    assert_eq!(differs(json!({"a": [1, 2]}), json!({"a": [1, 2]})), None);
    assert_eq!(differs(json!(1), json!(2)), Some((String::new(), Some(json!(1)), Some(json!(2)))));
    let deep = differs(json!({"a": {"b": [1, {"c": true}]}}), json!({"a": {"b": [1, {"c": false}]}}));
    assert_eq!(deep, Some((".a.b[1].c".to_owned(), Some(json!(true)), Some(json!(false)))));
    assert_eq!(differs(json!({"a": 1}), json!({})), Some((".a".to_owned(), Some(json!(1)), None)));
    assert_eq!(differs(json!([]), json!([7])), Some(("[0]".to_owned(), None, Some(json!(7)))));
}

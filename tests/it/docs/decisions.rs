//! The page for the platform's servers says what the catalogue and the code say.

use family_pairing::domain::{
    controls::{Action, Registry},
    decision::ReasonCode,
};
use serde_json::Value as Json;

use super::page::{code, compare, first_columns, read, table};

fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(word)) => code(&word),
        other => panic!("not a word: {other:?}"),
    }
}

#[test]
fn every_action_is_in_the_table_with_its_controls() {
    let registry = Registry::load().expect("the catalogue");
    let mut rows: Vec<Vec<String>> = registry
        .iter()
        .filter_map(|control| {
            let decides = control.decides.as_ref()?;
            Some(vec![code(&decides.action.0), code(control.id.as_str()), word(decides.how)])
        })
        .collect();
    rows.sort();
    compare(&table("docs/DECISIONS.md", "actions"), &rows);
}

#[test]
fn every_reason_is_in_the_table_with_what_it_says() {
    let rows: Vec<Vec<String>> =
        ReasonCode::ALL.iter().map(|reason| vec![word(reason), word(reason.outcome())]).collect();
    compare(&first_columns(&table("docs/DECISIONS.md", "reason codes"), 2), &rows);
}

#[test]
fn what_is_never_limited_is_said() {
    let page = read("docs/DECISIONS.md");
    let (_, never) = page.split_once("**Never limited.**").expect("it is said");
    for action in Action::NEVER_LIMITED {
        assert!(never.contains(&code(action)), "{action}");
    }
}

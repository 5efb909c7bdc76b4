//! The catalogue as clients read it: in the person's language, kept by caches, and complete on the day a control is added.

use family_pairing::domain::{
    age::{AgeBand, Ages},
    catalogue::Catalogue,
    controls::Registry,
    language::Language,
    law::RuleBook,
    policy::{Layers, Policy, Situation, diff, effective},
};
use jiff::{Timestamp, civil::date};
use serde_json::{Value as Json, json};

use crate::{
    house::{
        House,
        raw::{self, Raw},
    },
    openapi::operations,
};

async fn ask(house: &House, query: &str, headers: &[(&str, &str)]) -> Raw {
    raw::send("GET", &format!("{}/v1/controls{query}", house.url()), None, headers, None).await
}

/// What is served is the whole catalogue, in the words of the language that was asked for.
#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_served_in_every_language() {
    let house = House::new().await;
    let registry = Registry::load().expect("a catalogue");
    for language in Language::ALL {
        let answer = ask(&house, &format!("?locale={}", language.tag()), &[]).await;
        assert_eq!((answer.status, answer.header("content-language")), (200, language.tag()));
        let whole = serde_json::to_value(Catalogue::of(&registry, language)).expect("JSON");
        assert_eq!(answer.body, whole);
        assert_eq!(answer.body["controls"].as_array().map(Vec::len), Some(registry.iter().len()));
    }
}

/// The address counts first, then what the browser says, then English; a tag that is no language spoils nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_one_that_the_person_wants_most() {
    let house = House::new().await;
    for (query, accepted, picked) in [
        ("", "", "en"),
        ("", "fr-CH, en;q=0.8", "fr"),
        ("", "en;q=0.1, pt-PT;q=0.9, ja", "pt-BR"),
        ("", "de;q=0, es", "es"),
        ("", "*", "en"),
        ("", "ja, zh", "en"),
        ("", ";;;q=x, ---", "en"),
        ("?locale=de-AT", "fr", "de"),
        ("?locale=ja", "fr", "fr"),
        ("?locale=", "fr", "fr"),
        ("?locale=de_DE", "", "de"),
        ("?locale=%00%22", "", "en"),
    ] {
        let answer = ask(&house, query, &[("accept-language", accepted)]).await;
        assert_eq!(answer.header("content-language"), picked, "{query} {accepted}");
        assert_eq!(answer.body["locale"], picked);
    }
    assert_eq!(ask(&house, "?language=de", &[]).await.status, 400, "a misspelt query is not taken for English");
}

/// A cache may keep it for an hour, and asks again for the price of a few headers.
#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_sent_again_only_when_it_is_another() {
    let house = House::new().await;
    let first = ask(&house, "?locale=de", &[]).await;
    let tag = first.header("etag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
        let again = ask(&house, "?locale=de", &[("if-none-match", &known)]).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{known}");
        for header in ["etag", "cache-control", "vary", "content-language"] {
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
    }
    assert_eq!(first.header("cache-control"), "public, max-age=3600");
    assert_eq!(first.header("vary"), "accept-language");
    let french = ask(&house, "?locale=fr", &[("if-none-match", &tag)]).await;
    assert_eq!(french.status, 200, "another language is another answer");
    assert_eq!(ask(&house, "?locale=de", &[("if-none-match", "\"old\"")]).await.status, 200);
}

/// The document's example is what is really said.
#[test]
fn the_example_is_a_part_of_the_catalogue() {
    let read = operations().into_iter().find(|op| op.id == "read_controls").expect("the operation");
    let example = read.raw["responses"]["200"]["content"]["application/json"]["example"].clone();
    let catalogue = Catalogue::of(&Registry::load().expect("a catalogue"), Language::German);
    let whole = serde_json::to_value(catalogue).expect("JSON");
    assert!(example["version"] == whole["version"] && example["locale"] == whole["locale"]);
    for list in ["groups", "bands", "days", "controls"] {
        for shown in example[list].as_array().expect(list) {
            let real =
                whole[list].as_array().expect(list).iter().find(|real| real["id"] == shown["id"]).expect("an id");
            assert_eq!(shown, real);
        }
    }
}

/// A row that nobody has seen before.
const NEW: &str = r#"
[[control]]
id = "games.ranked"
label = "Play for a place in the ranking"
group = "contact"
kind = { choice = { values = ["everyone", "team_mates", "no_one"] } }
enforced_by = "platform"
if_unsupported = "report"
unit = "matches"
since = 99
teen_loosens = ["16_17"]
decides = { action = "play_ranked", how = "level" }
defaults = { under_13 = "no_one", 13_15 = "team_mates", 16_17 = "team_mates", adult = "everyone" }
floors = { under_13 = "team_mates" }
"#;

/// What holds at an age while nobody has set anything.
fn at_first(registry: &Registry, years: i16) -> Policy {
    effective(&Situation {
        registry,
        book: &RuleBook::default(),
        region: "DE",
        ages: Ages { from: years, to: years },
        joined: date(2026, 11, 22),
        today: date(2026, 11, 22),
        now: Timestamp::UNIX_EPOCH,
        layers: &Layers::default(),
    })
}

/// Adding a control is adding a row: policy, differences, sentences and the catalogue have it, and nothing else was touched.
#[test]
fn a_new_row_is_everywhere_at_once() {
    let text = format!("{}{NEW}", include_str!("../../src/domain/controls.toml"));
    let registry = Registry::parse(&text).expect("a catalogue");
    let known = Registry::load().expect("a catalogue").iter().len();
    assert_eq!((registry.iter().len(), registry.version()), (known + 1, 99));
    let new = registry.get("games.ranked").expect("the new one");

    let [young, old] = [12, 18].map(|years| at_first(&registry, years));
    assert_eq!(young.get("games.ranked").map(|held| &held.value), Some(new.default_for(AgeBand::Under13)));
    let changes = diff(&registry, &young, &old);
    let change = changes.iter().find(|change| change.control == new.id).expect("a difference");
    assert_eq!(
        Language::German.change(new, change),
        "Play for a place in the ranking: niemand → alle (lockerer)",
        "its own words in English until somebody translates them"
    );

    let row = serde_json::to_value(new).expect("JSON");
    assert_eq!(row["decides"], json!({"action": "play_ranked", "how": "level"}));
    for language in Language::ALL {
        let catalogue = serde_json::to_value(Catalogue::of(&registry, language)).expect("JSON");
        let controls = catalogue["controls"].as_array().expect("controls");
        let shown: &Json = controls.iter().find(|control| control["id"] == "games.ranked").expect("the new one");
        for field in
            ["id", "label", "kind", "enforced_by", "if_unsupported", "set_by", "since", "defaults", "floors", "decides"]
        {
            assert_eq!(shown[field], row[field], "{field}");
        }
        assert_eq!(shown["values"][1], json!({"value": "team_mates", "label": "team mates"}));
        assert_eq!(shown["unit"], json!({"text": "matches"}));
    }
}

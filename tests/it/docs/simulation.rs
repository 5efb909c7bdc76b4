//! The page on simulations: every answer on it is what the rules say of the family on it, and every preset is in its table.

use std::collections::BTreeMap;

use family_pairing::{
    domain::{
        controls::{ControlId, Registry},
        ids::AccountId,
        law::RuleBook,
        policy::{Facts, Layers, Policy, Setting, Timed, direction_of, effective},
        presets::Presets,
        simulation::{Asked, Draft, Drafter, Present, Usage, asked, moment, timeline},
        timeline::Calendar,
        value::{Given, Value},
    },
    store::law::shipped,
};
use jiff::{Timestamp, civil::date, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::page::{blocks, code, compare, first_columns, read, shows, table};

const PAGE: &str = "docs/SIMULATION.md";

/// What the page asks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    at: Option<Timestamp>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    #[serde(default)]
    draft: BTreeMap<ControlId, Option<Given>>,
    usage: Option<Usage>,
}

/// Mia, 15, at home in Berlin, and what her guardian Dana has set by a Sunday in November.
struct Mia {
    registry: Registry,
    book: RuleBook,
    facts: Facts,
    calendar: Calendar,
    layers: Layers,
    policy: Policy,
    now: Timestamp,
}

impl Mia {
    fn on_that_sunday() -> Self {
        let registry = Registry::load().expect("the catalogue");
        let book = RuleBook::parse(&registry, &shipped()).expect("the shipped rules");
        let now = "2026-11-22T13:40:00Z".parse().expect("an instant");
        let value = |control: &str, json: Json| -> Value {
            let kind = &registry.get(control).expect(control).kind;
            kind.parse(serde_json::from_value(json).expect("a value")).expect("a value")
        };
        let set = |control: &str, json: Json| {
            let setting = Setting { value: value(control, json), by: dana(), since: now, reason: None };
            (ControlId::from(control), setting)
        };
        let until = "2026-11-22T16:00:00Z".parse().expect("an instant");
        let (id, control, value) = (Uuid::nil(), "search.enabled".into(), value("search.enabled", json!(true)));
        let grant = Timed { id, control, value, by: dana(), from: now, until, reason: Some("homework".to_owned()) };
        let own = [set("search.enabled", json!(false)), set("time.daily_minutes", json!(60))];
        let layers = Layers {
            guardians: BTreeMap::from([(dana(), BTreeMap::from(own))]),
            grants: vec![grant],
            ..Layers::default()
        };
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let facts = Facts::declared(date(2011, 5, 4), "DE", now, zone);
        let policy = effective(&facts.at(&registry, &book, &layers, now));
        let calendar = Calendar::new(facts.zone.clone(), 0);
        Self { policy, registry, book, facts, calendar, layers, now }
    }

    fn present(&self) -> Present<'_> {
        Present {
            registry: &self.registry,
            book: &self.book,
            facts: &self.facts,
            calendar: &self.calendar,
            guarded: true,
            layers: self.layers.clone(),
            computed_for: None,
            policy: &self.policy,
            now: self.now,
        }
    }

    /// What is answered to a question of the page.
    fn answer(&self, question: Question) -> Json {
        let Question { at, from, to, draft, usage } = question;
        let present = self.present();
        let asked = asked(&present, at, from, to).expect("a question that can be answered");
        let draft = Draft { settings: draft, ..Draft::default() };
        let present = present.drafted(&draft, Drafter::Guardian(dana())).expect("a draft that can be saved");
        let changed = present.changes();
        let mut answer = match asked {
            Asked::Moment(at) => json!({"instant": moment(&present, at, usage.as_ref()).expect("few steps")}),
            Asked::Stretch(span) => json!({"timeline": timeline(&present, span, usage.as_ref()).expect("few steps")}),
        };
        if !draft.is_empty() {
            answer["draft"] = json!({"direction": direction_of(&changed), "changed": changed});
        }
        answer
    }
}

fn dana() -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(1))
}

/// Each question on the page gets the answer that stands below it, as far as that shows it.
#[test]
fn every_answer_on_the_page_is_the_answer() {
    let mia = Mia::on_that_sunday();
    let mut said = Json::Null;
    let mut compared = 0;
    for block in blocks(&read(PAGE)) {
        match block.kind.as_str() {
            "json asked" => said = mia.answer(serde_json::from_str(&block.text).expect(&block.text)),
            "json answered" => {
                let shown: Json = serde_json::from_str(&block.text).expect(&block.text);
                assert!(shows(&shown, &said), "shown:\n{shown:#}\nsaid:\n{said:#}");
                compared += 1;
            }
            "json offered" => {
                let shown: Json = serde_json::from_str(&block.text).expect(&block.text);
                let presets = Presets::load(&mia.registry).expect("the presets");
                let offers = json!(presets.offers(&mia.present(), dana()).expect("offers"));
                assert!(shows(&shown, &offers[0]), "shown:\n{shown:#}\nsaid:\n{:#}", offers[0]);
                compared += 1;
            }
            other => panic!("a block of a kind that the test does not know: {other}"),
        }
    }
    assert!(compared > 3);
}

/// Every preset is on the page, with whom it is for and how good the evidence is.
#[test]
fn every_preset_is_in_the_table() {
    let registry = Registry::load().expect("the catalogue");
    let presets = Presets::load(&registry).expect("the presets");
    let word = |value: Json| value.as_str().unwrap_or_default().to_owned();
    let rows = presets.iter().map(|preset| {
        let bands: Vec<String> = preset.bands.iter().map(ToString::to_string).collect();
        let place = preset.regions.first().map(|place| format!(" in {place}")).unwrap_or_default();
        vec![
            code(&preset.id.to_string()),
            preset.label.clone(),
            format!("{}{place}", bands.join(", ")),
            word(json!(preset.grade)),
        ]
    });
    compare(&first_columns(&table(PAGE, "presets"), 4), &rows.collect::<Vec<_>>());
}

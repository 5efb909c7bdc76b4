use proptest::{prelude::*, sample::select};
use serde_json::json;

use super::*;
use crate::domain::{
    controls::ControlId,
    policy::{Change, When},
    value::{Value, tests::any_value},
};

fn control(id: &str) -> &'static Control {
    REGISTRY.get(id).unwrap()
}

fn value(control: &Control, json: serde_json::Value) -> Value {
    control.kind.parse(serde_json::from_value(json).unwrap()).unwrap()
}

fn change(control: &Control, from: Value, to: Value) -> Change {
    let direction = control.kind.direction(&from, &to);
    Change { control: control.id.clone(), from, to, direction, hidden: None, effective: When::Now }
}

fn said(language: Language, id: &str, from: serde_json::Value, to: serde_json::Value) -> String {
    let control = control(id);
    language.change(control, &change(control, value(control, from), value(control, to)))
}

#[test]
fn a_change_reads_well_in_english() {
    let english = |id: &str, from, to| said(Language::English, id, from, to);
    assert_eq!(
        english("dm.from", json!("friends"), json!("no_one")),
        "Who may send direct messages: friends → no one (tighter)"
    );
    let tuesday = json!({"mon": 60, "tue": 90, "wed": 60, "thu": 60, "fri": 60, "sat": 60, "sun": 60});
    assert_eq!(
        english("time.daily_minutes", json!(60), tuesday),
        "Daily screen time: 60 → 90 minutes on Tuesday (looser)"
    );
    assert_eq!(english("time.daily_minutes", json!(60), json!(1)), "Daily screen time: 60 → 1 minute (tighter)");
    let week = json!({"mon": 60, "tue": 45, "wed": 45, "thu": 45, "fri": 1440, "sat": 90, "sun": 90});
    assert_eq!(
        english("time.daily_minutes", json!(60), week),
        "Daily screen time: 60 → 45 minutes from Tuesday to Thursday; 60 minutes → no limit on Friday; \
         60 → 90 minutes on Saturday and on Sunday (partly tighter, partly looser)"
    );
    assert_eq!(english("search.enabled", json!(true), json!(false)), "Search: allowed → not allowed (tighter)");
    assert_eq!(english("account.private", json!(true), json!(false)), "Private account: on → off (looser)");
    let nights = json!([{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "21:00", "to": "07:00"}]);
    assert_eq!(
        english("time.sleep_windows", json!([]), nights),
        "Sleep hours: no times → Mon–Fri 21:00–07:00 (tighter)"
    );
    let weekend = json!([{"days": ["sat", "sun"], "from": "22:00", "to": "24:00"}, {"days": Day::ALL, "from": "00:00", "to": "06:00"}]);
    assert_eq!(
        english("time.sleep_windows", weekend, json!([])),
        "Sleep hours: Tue–Sat 00:00–06:00; Sat, Sun 22:00–06:00 → no times (looser)"
    );
    assert_eq!(
        english("content.blocked_words", json!(["diet", "x"]), json!(["casino", "a, b", "x"])),
        "Blocked words and hashtags: added: “a, b”, casino; taken away: diet (partly tighter, partly looser)"
    );
    assert_eq!(
        english("time.break_every_minutes", json!(1440), json!(60)),
        "A break after this long: never → 60 minutes (tighter)"
    );
    assert_eq!(
        english("retention.usage_days", json!(400), json!(1)),
        "Days for which use is kept: 400 days → 1 day (tighter)"
    );
}

#[test]
fn a_change_reads_well_in_every_language() {
    let weekend = json!({"mon": 60, "tue": 60, "wed": 60, "thu": 60, "fri": 60, "sat": 1, "sun": 90});
    for (language, words) in [
        (
            Language::English,
            "Daily screen time: 60 → 1 minute on Saturday; 60 → 90 minutes on Sunday (partly tighter, partly looser)",
        ),
        (
            Language::Spanish,
            "Tiempo de pantalla al día: 60 → 1 minuto los sábados; 60 → 90 minutos los domingos \
             (en parte más estricto, en parte más flexible)",
        ),
        (
            Language::German,
            "Bildschirmzeit pro Tag: 60 → 1 Minute samstags; 60 → 90 Minuten sonntags (teils strenger, teils lockerer)",
        ),
        (
            Language::French,
            "Temps d’écran par jour\u{a0}: 60 → 1 minute le samedi\u{a0}; 60 → 90 minutes le dimanche \
             (en partie plus strict, en partie plus souple)",
        ),
        (
            Language::Portuguese,
            "Tempo de tela por dia: 60 → 1 minuto aos sábados; 60 → 90 minutos aos domingos \
             (em parte mais rígido, em parte mais flexível)",
        ),
    ] {
        assert_eq!(said(language, "time.daily_minutes", json!(60), weekend.clone()), words);
    }
    // French and Brazilian Portuguese count nothing like one thing.
    let zero = Language::ALL
        .map(|language| language.value(control("time.daily_minutes"), &value(control("time.daily_minutes"), json!(0))));
    assert_eq!(zero, ["0 minutes", "0 minutos", "0 Minuten", "0 minute", "0 minuto"]);
}

/// Of dates only those that come or go: a calendar of holidays is not read out twice for one more.
#[test]
fn months_and_dates_read_well_in_every_language() {
    let evenings = json!({"days": ["fri", "sat"], "from": "23:00", "to": "24:00", "months": [6, 7, 8, 12]});
    let feast = json!({"on": [{"first": "2026-12-25", "last": "2026-12-26"}], "windows": []});
    let trip = json!({"on": ["2026-07-01"], "windows": [{"from": "15:00", "to": "16:30"}], "also": true});
    let sleep = control("time.sleep_windows");
    for (language, words, added) in [
        (
            Language::English,
            "Fri, Sat 23:00–24:00 in June–August and December; 1 July 2026: only 15:00–16:30; \
             25 December 2026 to 26 December 2026: no times",
            "Sleep hours: added: 1 July 2026: only 15:00–16:30 (tighter)",
        ),
        (
            Language::German,
            "Fr, Sa 23:00–24:00 Uhr im Juni–August und Dezember; 1. Juli 2026: nur 15:00–16:30 Uhr; \
             25. Dezember 2026 bis 26. Dezember 2026: keine Zeiten",
            "Schlafenszeit: hinzugefügt: 1. Juli 2026: nur 15:00–16:30 Uhr (strenger)",
        ),
        (
            Language::Spanish,
            "vie, sáb 23:00–24:00 en junio–agosto y diciembre; 1 de julio de 2026: solo 15:00–16:30; \
             del 25 de diciembre de 2026 al 26 de diciembre de 2026: sin horario",
            "Horas de sueño: añadido: 1 de julio de 2026: solo 15:00–16:30 (más estricto)",
        ),
        (
            Language::French,
            "ven., sam. 23:00–24:00 en juin–août et décembre\u{a0}; 1er juillet 2026\u{a0}: seulement 15:00–16:30\u{a0}; \
             du 25 décembre 2026 au 26 décembre 2026\u{a0}: aucun horaire",
            "Heures de sommeil\u{a0}: ajouté\u{a0}: 1er juillet 2026\u{a0}: seulement 15:00–16:30 (plus strict)",
        ),
        (
            Language::Portuguese,
            "sex, sáb 23:00–24:00 em junho–agosto e dezembro; 1º de julho de 2026: só 15:00–16:30; \
             de 25 de dezembro de 2026 a 26 de dezembro de 2026: nenhum horário",
            "Horas de sono: adicionado: 1º de julho de 2026: só 15:00–16:30 (mais rígido)",
        ),
    ] {
        let before = value(sleep, json!([evenings, feast]));
        let after = value(sleep, json!([evenings, feast, trip]));
        assert_eq!(language.value(sleep, &after), words);
        assert_eq!(language.change(sleep, &change(sleep, before.clone(), after.clone())), added);
        let gone = language.change(sleep, &change(sleep, after, before));
        assert!(!gone.contains(&language.month(12)), "{gone}");
    }
    let week = json!([{"days": ["mon"], "from": "21:00", "to": "22:00"}]);
    assert_eq!(
        said(Language::English, "time.sleep_windows", week, json!([feast, evenings])),
        "Sleep hours: Mon 21:00–22:00 → Fri, Sat 23:00–24:00 in June–August and December; \
         added: 25 December 2026 to 26 December 2026: no times (partly tighter, partly looser)"
    );
}

/// Not one argument is forgotten: it would stand there in braces.
#[test]
fn no_sentence_has_a_hole() {
    for (language, control) in
        Language::ALL.into_iter().flat_map(|language| REGISTRY.iter().map(move |it| (language, it)))
    {
        let values = AgeBand::ALL.map(|band| control.default_for(band).clone());
        let strict = match &control.kind {
            Kind::Words | Kind::Ids | Kind::Exceptions => value(control, json!(["casino"])),
            Kind::ItemMinutes => value(control, json!([{"item": "games", "minutes": 30}])),
            Kind::Windows => value(
                control,
                json!([
                    {"days": ["mon"], "from": "20:00", "to": "21:00", "months": [1, 2, 3, 12]},
                    {"on": [{"first": "2026-12-24", "last": "2026-12-26"}, "2027-01-01"], "only": [{"from": "08:00", "to": "09:00"}]},
                    {"on": ["2026-12-28"], "only": [{"from": "08:00", "to": "10:00"}]},
                ]),
            ),
            Kind::Minutes => {
                value(control, json!({"mon": 1, "tue": 1, "wed": 1, "thu": 2, "fri": 2, "sat": 1440, "sun": 3}))
            }
            Kind::Number { .. } => Value::Number(0),
            Kind::Flag { strict } => Value::Flag(*strict),
            Kind::Choice { values } => Value::Choice(values.last().unwrap().clone()),
        };
        for from in values {
            let there = language.change(control, &change(control, from.clone(), strict.clone()));
            let back = language.change(control, &change(control, strict.clone(), from));
            assert!(!there.contains(['{', '$']) && !back.contains(['{', '$']), "{there} {back}");
        }
    }
}

/// A word that is called like the text for none is still one, and so is one with a comma or quotes in it.
#[test]
fn no_entry_is_mistaken_for_something_else() {
    let words = control("content.blocked_words");
    for language in Language::ALL {
        let of = |entries: &[&str]| language.value(words, &value(words, json!(entries)));
        let none = of(&[]);
        assert_ne!(of(&[&none]), none);
        assert_ne!(of(&["a, b"]), of(&["a", "b"]));
        let two = of(&["a b", "c d"]);
        let inside =
            two.trim_start_matches(&language.text("quote-begins")).trim_end_matches(&language.text("quote-ends"));
        assert_ne!(of(&[inside]), two);
    }
}

/// The history tells of values that the catalogue may read in another way today: it tells them all the same.
#[test]
fn a_report_of_the_past_is_said_by_its_kind() {
    let days = control("retention.usage_days");
    let reported =
        r#"{"control": "retention.usage_days", "from": 400, "to": 35, "direction": "tighter", "effective": "now"}"#;
    let reported: Change = serde_json::from_str(reported).unwrap();
    assert_ne!(reported.to, Value::Number(35), "minutes and numbers look alike in a report");
    assert_eq!(Language::English.change(days, &reported), "Days for which use is kept: 400 days → 35 days (tighter)");
    let gone = Value::Choice("people_i_follow".to_owned());
    assert_eq!(Language::German.value(control("dm.from"), &gone), "people i follow");
    assert_eq!(Language::German.value(control("time.sleep_windows"), &Value::Words(BTreeSet::new())), "keine Zeiten");
}

#[test]
fn what_has_no_translation_yet_is_said_in_english() {
    let new = r#"
[[control]]
id = "screen.warmth"
label = "How warm the screen is"
group = "time"
kind = { choice = { values = ["cold_light", "friends"] } }
enforced_by = "device"
if_unsupported = "report"
unit = "shades of red"
since = 3
defaults = { under_13 = "friends", 13_15 = "friends", 16_17 = "friends", adult = "cold_light" }
"#;
    let registry = Registry::parse(new).unwrap();
    let new = registry.get("screen.warmth").unwrap();
    assert_eq!(Language::German.label(new), "How warm the screen is");
    assert_eq!(Language::German.unit(new).as_deref(), Some("shades of red"));
    let said =
        Language::German.change(new, &change(new, Value::Choice("cold_light".into()), Value::Choice("friends".into())));
    assert_eq!(said, "How warm the screen is: cold light → Freunde (strenger)");
    let number = Control { kind: Kind::Number { least: 0, most: 9 }, ..new.clone() };
    assert_eq!(Language::German.value(&number, &Value::Number(4)), "4 shades of red");
}

fn any_three() -> impl Strategy<Value = (ControlId, Value, Value, Value)> {
    let ids: Vec<ControlId> = REGISTRY.iter().map(|control| control.id.clone()).collect();
    select(ids).prop_flat_map(|id| {
        let any = any_value(&REGISTRY.get(&id).unwrap().kind);
        (Just(id), any.clone(), any.clone(), any)
    })
}

proptest! {
    #[test]
    fn every_value_has_words_of_its_own((id, a, b, _) in any_three()) {
        let control = REGISTRY.get(&id).unwrap();
        for language in Language::ALL {
            let (a_said, b_said) = (language.value(control, &a), language.value(control, &b));
            prop_assert!(!a_said.trim().is_empty());
            prop_assert_eq!(a == b, a_said == b_said);
        }
    }

    #[test]
    fn every_change_has_words_of_its_own((id, from, a, b) in any_three()) {
        let control = REGISTRY.get(&id).unwrap();
        for language in Language::ALL {
            let said = |to: &Value| language.change(control, &change(control, from.clone(), to.clone()));
            prop_assert!(said(&a).contains(&language.label(control)));
            prop_assert_eq!(a == b, said(&a) == said(&b));
        }
    }
}

//! The same rules, told as what happens in a family.

use serde_json::{Value as Json, json};

use super::*;

const TEEN: AgeBand = AgeBand::From13To15;

fn patch(json: Json) -> Patch {
    serde_json::from_value(json).unwrap()
}

fn guardian(layers: &Layers, who: u128, at: i64, json: Json) -> Result<Layers, PatchError> {
    let now = Situation { now: second(at), ..situation(TEEN, layers) };
    patch_guardian(&now, person(who), &patch(json), Some("homework first".to_owned()))
}

fn teen(layers: &Layers, at: i64, json: Json) -> Result<Layers, PatchError> {
    patch_teen(&Situation { now: second(at), ..situation(TEEN, layers) }, person(9), &patch(json), None)
}

fn held(layers: &Layers, id: &str) -> Json {
    serde_json::to_value(policy_in(TEEN, layers).get(id).unwrap()).unwrap()
}

#[test]
fn each_value_says_who_decided_it_since_when_and_why() {
    let set = guardian(&Layers::default(), 1, 5, json!({"time.daily_minutes": 90})).unwrap();
    assert_eq!(
        held(&set, "time.daily_minutes"),
        json!({"value": 90, "source": "guardian", "by": person(1), "since": "1970-01-01T00:00:05Z", "reason": "homework first"})
    );
    let own = teen(&set, 6, json!({"time.daily_minutes": 45})).unwrap();
    assert_eq!(
        held(&own, "time.daily_minutes"),
        json!({"value": 45, "source": "teen", "by": person(9), "since": "1970-01-01T00:00:06Z"})
    );
    assert_eq!(held(&own, "live.host"), json!({"value": false, "source": "default"}));
}

#[test]
fn null_goes_back_to_the_default_and_leaves_the_others_alone() {
    let set = guardian(&Layers::default(), 1, 5, json!({"time.daily_minutes": 90, "search.enabled": false})).unwrap();
    let both = guardian(&set, 2, 6, json!({"time.daily_minutes": 120})).unwrap();
    let back = guardian(&both, 1, 7, json!({"time.daily_minutes": null})).unwrap();
    assert_eq!(held(&back, "time.daily_minutes")["value"], 120);
    assert_eq!(held(&back, "search.enabled")["value"], false);
    let none = guardian(&back, 1, 8, json!({"search.enabled": null})).unwrap();
    assert!(!none.guardians.contains_key(&person(1)));
    assert_eq!(guardian(&none, 2, 9, json!({"time.daily_minutes": null})).unwrap(), Layers::default());
}

#[test]
fn the_same_value_again_keeps_its_author_date_and_reason() {
    let set = guardian(&Layers::default(), 1, 5, json!({"time.daily_minutes": 90})).unwrap();
    let again =
        json!({"time.daily_minutes": {"mon": 90, "tue": 90, "wed": 90, "thu": 90, "fri": 90, "sat": 90, "sun": 90}});
    assert_eq!(guardian(&set, 1, 6, again).unwrap(), set);
    let own = teen(&set, 6, json!({"content.blocked_words": ["casino"]})).unwrap();
    assert_eq!(teen(&own, 7, json!({"content.blocked_words": [" Casino"]})).unwrap(), own);
}

#[test]
fn nobody_passes_the_floor_and_the_answer_says_where_it_is() {
    let refused = guardian(&Layers::default(), 1, 5, json!({"search.enabled": false, "dm.from": "friends"}));
    assert_eq!(
        refused,
        Err(PatchError::BelowFloor { control: "dm.from".into(), floor: Value::Choice("no_one".into()), rules: vec![] })
    );
    let shifted = json!([{"days": ["mon"], "from": "12:00", "to": "13:00"}]);
    let refused = guardian(&Layers::default(), 1, 5, json!({"quiet.notifications": shifted})).unwrap_err();
    let PatchError::BelowFloor { floor, .. } = refused else { panic!("{refused}") };
    assert_eq!(serde_json::to_value(floor).unwrap()[0]["to"], "06:00");
}

#[test]
fn what_is_no_setting_is_refused() {
    let unknown = guardian(&Layers::default(), 1, 5, json!({"dm.to": "friends"}));
    assert_eq!(unknown, Err(PatchError::UnknownControl("dm.to".into())));
    assert_eq!(
        guardian(&Layers::default(), 1, 5, json!({"dm.to": null})),
        Err(PatchError::UnknownControl("dm.to".into()))
    );
    let shape = guardian(&Layers::default(), 1, 5, json!({"search.enabled": "no"})).unwrap_err();
    assert!(matches!(shape, PatchError::Invalid { .. }));
    assert_eq!(shape.to_string(), "the value must be true or false");
}

#[test]
fn a_control_named_twice_is_refused() {
    assert!(serde_json::from_str::<Wanted>(r#"{"dm.from": null, "dm.from": "friends"}"#).is_err());
    assert!(serde_json::from_str::<Wanted>(r#"[["dm.from", "friends"]]"#).is_err());
}

#[test]
fn a_teen_tightens_at_once_and_asks_for_the_rest() {
    let set =
        guardian(&Layers::default(), 1, 5, json!({"content.blocked_words": ["casino"], "time.daily_minutes": 90}))
            .unwrap();
    let nothing = |control: &str| Err(PatchError::AddsNothing { control: control.into(), grants: vec![] });
    assert_eq!(teen(&set, 6, json!({"time.daily_minutes": 120})), nothing("time.daily_minutes"));
    assert_eq!(teen(&set, 6, json!({"content.blocked_words": []})), nothing("content.blocked_words"));
    let kept = teen(&set, 6, json!({"content.blocked_words": ["casino"]})).unwrap();
    assert_eq!(held(&kept, "content.blocked_words")["source"], "guardian", "what is private may be said to stay so");
    assert_eq!(teen(&set, 6, json!({"live.host": true})), nothing("live.host"));
    let own = teen(&set, 6, json!({"content.blocked_words": ["diet"]})).unwrap();
    assert_eq!(held(&own, "content.blocked_words")["value"], json!(["casino", "diet"]));
    assert_eq!(teen(&own, 7, json!({"content.blocked_words": null})).unwrap(), set);
    let looser =
        teen(&teen(&set, 6, json!({"time.daily_minutes": 30})).unwrap(), 7, json!({"time.daily_minutes": 60})).unwrap();
    assert_eq!(held(&looser, "time.daily_minutes")["value"], 60, "their own wish is theirs to relax");
}

#[test]
fn a_wish_outlives_the_guardian_being_stricter_for_a_while() {
    let own = teen(&Layers::default(), 5, json!({"time.daily_minutes": 45})).unwrap();
    let stricter = guardian(&own, 1, 6, json!({"time.daily_minutes": 30})).unwrap();
    assert_eq!(held(&stricter, "time.daily_minutes")["source"], "guardian");
    assert_eq!(teen(&stricter, 7, json!({"time.daily_minutes": 45})).unwrap(), stricter, "nothing new is asked");
    let relaxed = guardian(&stricter, 1, 8, json!({"time.daily_minutes": 120})).unwrap();
    assert_eq!(held(&relaxed, "time.daily_minutes")["value"], 45);
}

#[test]
fn of_several_guardians_the_stricter_one_is_named() {
    let one = guardian(
        &Layers::default(),
        1,
        5,
        json!({"time.daily_minutes": 90, "search.enabled": false, "content.blocked_words": ["a"]}),
    );
    let two = json!({"time.daily_minutes": 45, "search.enabled": false, "content.blocked_words": ["b"]});
    let both = guardian(&one.unwrap(), 2, 6, two).unwrap();
    assert_eq!(held(&both, "time.daily_minutes")["by"], json!(person(2)));
    assert_eq!(held(&both, "search.enabled")["by"], json!(person(1)), "who said it first");
    let together = held(&both, "content.blocked_words");
    assert_eq!((&together["value"], &together["source"]), (&json!(["a", "b"]), &json!("guardian")));
    assert_eq!((together.get("by"), &together["since"]), (None, &json!("1970-01-01T00:00:06Z")));
}

/// What a birthday kept comes back, also where another one has come in between; nothing that it keeps now goes.
#[test]
fn an_undo_loosens_no_start() {
    let (id, band) = ("comments.from", AgeBand::From16To17);
    let younger = at_age(&REGISTRY, &Layers::default(), AgeBand::Under13, AgeBand::From13To15, second(1));
    assert_eq!(held(&younger, id)["source"], "kept");
    let set = guardian(&younger, 1, 5, json!({id: "friends"})).unwrap();
    let undo = undo_of(&younger, &set, person(1));
    let undone = undo.apply(&Situation { now: second(6), ..situation(TEEN, &set) }, None).unwrap();
    assert_eq!(undone, younger);
    let live = guardian(&Layers::default(), 1, 5, json!({"live.watch": false})).unwrap();
    let older = at_age(&REGISTRY, &live, TEEN, band, second(7));
    let back = undo_of(&Layers::default(), &live, person(1)).apply(&situation(band, &older), None).unwrap();
    assert_eq!(back.kept, older.kept);
}

#[test]
fn only_whoever_gave_it_takes_it_back_and_the_teen_gives_a_grant_back() {
    let timed = |number: u128, value| Timed {
        id: Uuid::from_u128(number),
        control: "time.daily_minutes".into(),
        value: REGISTRY.get("time.daily_minutes").unwrap().kind.parse(Given::Number(value)).unwrap(),
        by: person(1),
        from: second(1),
        until: second(100),
        reason: None,
    };
    let layers = Layers { grants: vec![timed(1, 90)], holds: vec![timed(2, 30)], ..Layers::default() };
    let (grant, hold) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for id in [grant, hold] {
        assert_eq!(take_back(&layers, person(2), id, second(10)), None);
        let left = take_back(&layers, person(1), id, second(10)).unwrap();
        assert_eq!(left.grants.len() + left.holds.len(), 1);
        assert_eq!(take_back(&left, person(1), id, second(10)), None);
    }
    assert_eq!(give_back(&layers, hold, second(10)), None, "a hold is not theirs to lift");
    assert!(give_back(&layers, grant, second(10)).unwrap().grants.is_empty());
    assert_eq!(give_back(&layers, grant, second(100)), None, "what is over is over");
}

#[test]
fn a_value_from_before_the_floor_is_held_to_it() {
    let none = Layers::default();
    let older =
        patch_guardian(&situation(AgeBand::From16To17, &none), person(1), &patch(json!({"dm.from": "friends"})), None);
    assert_eq!(held(&older.unwrap(), "dm.from"), json!({"value": "no_one", "source": "platform"}));
}

#[test]
fn a_change_is_told_in_json_and_read_back() {
    let before = policy_in(TEEN, &Layers::default());
    let set = guardian(
        &Layers::default(),
        1,
        5,
        json!({"time.daily_minutes": 90, "search.enabled": false, "content.blocked_words": ["a"]}),
    );
    let changes = diff(&REGISTRY, &before, &policy_in(TEEN, &set.unwrap()));
    let told = json!([
        {"control": "content.blocked_words", "from": [], "to": ["a"], "direction": "tighter", "effective": "now"},
        {"control": "search.enabled", "from": true, "to": false, "direction": "tighter", "effective": "now"},
        {"control": "time.daily_minutes", "from": 60, "to": 90, "direction": "looser", "effective": "now"},
    ]);
    assert_eq!(serde_json::to_value(&changes).unwrap(), told);
    assert_eq!(serde_json::from_value::<Vec<Change>>(told).unwrap(), changes);
    assert_eq!(direction_of(&changes), Direction::Mixed);
}

#[test]
fn what_the_catalogue_dropped_is_named_and_what_it_refuses_is_an_error() {
    let setting = |value: Json| json!({"value": value, "by": person(1), "since": "2026-01-01T00:00:00Z"});
    let guardians = json!({person(1).to_string(): {"gone.away": setting(json!(1)), "search.enabled": setting(json!(false))}, person(2).to_string(): {"gone.away": setting(json!(1))}});
    let (layers, dropped) = Layers::from_json(&REGISTRY, json!({"guardians": guardians, "teen": {}})).unwrap();
    assert_eq!(dropped, [ControlId::from("gone.away")]);
    assert_eq!(layers.guardians.len(), 1);
    let bad = json!({"guardians": {}, "teen": {"search.enabled": setting(json!(1))}});
    assert!(matches!(Layers::from_json(&REGISTRY, bad), Err(StoredError::Invalid { .. })));
    assert!(matches!(Layers::from_json(&REGISTRY, json!({"teen": {}})), Err(StoredError::Form(_))));
    assert!(matches!(
        Layers::from_json(&REGISTRY, json!({"guardians": {}, "teen": {}, "x": 1})),
        Err(StoredError::Form(_))
    ));
}

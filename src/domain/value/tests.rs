//! The laws of the lattice for every kind, and the JSON forms good and hostile.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value as Json, json};

use super::{windows::tests::any_windows, *};

/// One kind of each sort, as the catalogue has them.
pub(crate) fn kinds() -> Vec<Kind> {
    let values = ["everyone", "suggested_friends", "friends", "no_one"].map(str::to_owned).to_vec();
    vec![
        Kind::Choice { values },
        Kind::Flag { strict: true },
        Kind::Flag { strict: false },
        Kind::Minutes,
        Kind::Number { least: 0, most: 3_650 },
        Kind::Words,
        Kind::Ids,
        Kind::Windows,
        Kind::ItemMinutes,
        Kind::Exceptions,
    ]
}

/// Anything that a client could rightly send for a kind.
pub(crate) fn any_given(kind: &Kind) -> BoxedStrategy<Given> {
    match kind {
        Kind::Choice { values } => select(values.clone()).prop_map(Given::Text).boxed(),
        Kind::Flag { .. } => any::<bool>().prop_map(Given::Flag).boxed(),
        Kind::Minutes => prop_oneof![
            (0_i64..=1440).prop_map(Given::Number),
            prop::array::uniform7(prop_oneof![0_i64..=1440, Just(60)]).prop_map(
                |[mon, tue, wed, thu, fri, sat, sun]| { Given::Week(GivenWeek { mon, tue, wed, thu, fri, sat, sun }) }
            ),
        ]
        .boxed(),
        Kind::Number { least, most } => (i64::from(*least)..=i64::from(*most)).prop_map(Given::Number).boxed(),
        Kind::Words | Kind::Ids => {
            vec(prop_oneof!["[a-eA-E]{1,3}".boxed(), "[!-~]{1,20}".boxed()], 0..6).prop_map(Given::Words).boxed()
        }
        Kind::Windows => any_windows().prop_map(Given::Windows).boxed(),
        Kind::ItemMinutes => {
            let minutes = any_given(&Kind::Minutes).prop_map(|given| match given {
                Given::Week(week) => GivenMinutes::Week(week),
                Given::Number(minutes) => GivenMinutes::EveryDay(minutes),
                other => panic!("{other:?}"),
            });
            prop::collection::btree_map("[a-d]{1,2}", minutes, 0..5)
                .prop_map(|items| {
                    Given::Items(items.into_iter().map(|(item, minutes)| GivenItem { item, minutes }).collect())
                })
                .boxed()
        }
        Kind::Exceptions => {
            vec(prop_oneof![9 => "[a-d]{1,2}", 1 => Just("*".to_owned())], 0..5).prop_map(Given::Words).boxed()
        }
    }
}

/// Any checked value of a kind.
pub(crate) fn any_value(kind: &Kind) -> BoxedStrategy<Value> {
    let kind = kind.clone();
    any_given(&kind).prop_map(move |given| kind.parse(given).unwrap()).boxed()
}

/// A kind with three of its values.
fn three() -> impl Strategy<Value = (Kind, Value, Value, Value)> {
    select(kinds()).prop_flat_map(|kind| {
        let value = any_value(&kind);
        (Just(kind), value.clone(), value.clone(), value)
    })
}

fn reread(kind: &Kind, value: &Value) -> Result<Value, ValueError> {
    let json = serde_json::to_string(value).unwrap();
    kind.parse(serde_json::from_str(&json).unwrap())
}

proptest! {
    #[test]
    fn meet_is_a_lattice((kind, a, b, c) in three()) {
        let meet = |x: &Value, y: &Value| kind.meet(x, y);
        prop_assert_eq!(meet(&a, &b), meet(&b, &a));
        prop_assert_eq!(meet(&a, &meet(&b, &c)), meet(&meet(&a, &b), &c));
        prop_assert_eq!(meet(&a, &a), a.clone());
        prop_assert!(kind.holds(&meet(&a, &b)));
    }

    #[test]
    fn meet_is_the_loosest_that_is_as_strict_as_both((kind, a, b, c) in three()) {
        let both = kind.meet(&a, &b);
        prop_assert!(kind.at_least_as_strict(&both, &a) && kind.at_least_as_strict(&both, &b));
        if kind.at_least_as_strict(&c, &a) && kind.at_least_as_strict(&c, &b) {
            prop_assert!(kind.at_least_as_strict(&c, &both));
        }
    }

    #[test]
    fn join_is_the_other_half_of_the_lattice((kind, a, b, c) in three()) {
        let (meet, join) = (|x: &Value, y: &Value| kind.meet(x, y), |x: &Value, y: &Value| kind.join(x, y));
        prop_assert_eq!(join(&a, &b), join(&b, &a));
        prop_assert_eq!(join(&a, &join(&b, &c)), join(&join(&a, &b), &c));
        prop_assert_eq!(join(&a, &a), a.clone());
        prop_assert_eq!(meet(&a, &join(&a, &b)), a.clone());
        prop_assert_eq!(join(&a, &meet(&a, &b)), a.clone());
        prop_assert!(kind.holds(&join(&a, &b)));
        prop_assert!(kind.at_least_as_strict(&a, &join(&a, &b)));
    }

    #[test]
    fn there_is_the_reverse_of_back((kind, a, b, _) in three()) {
        let there_and_back = (kind.direction(&a, &b), kind.direction(&b, &a));
        prop_assert!(matches!(
            there_and_back,
            (Direction::Tighter, Direction::Looser)
                | (Direction::Looser, Direction::Tighter)
                | (Direction::Same, Direction::Same)
                | (Direction::Mixed, Direction::Mixed)
        ), "{:?}", there_and_back);
        prop_assert_eq!(there_and_back.0 == Direction::Same, a == b);
    }

    #[test]
    fn what_is_written_reads_the_same((kind, a, b, _) in three()) {
        prop_assert_eq!(reread(&kind, &a), Ok(a.clone()));
        let both = kind.meet(&a, &b);
        prop_assert_eq!(kind.restore(Given::from(&both)), Ok(both));
    }

    #[test]
    fn a_value_of_another_kind_has_no_say((kind, a, _, _) in three(), (other, b, _, _) in three()) {
        if !other.holds(&a) && !kind.holds(&b) {
            prop_assert_eq!(kind.meet(&a, &b), a.clone());
            prop_assert_eq!(kind.meet(&b, &a), a);
        }
    }

    #[test]
    fn any_text_is_refused_or_becomes_its_own_form(text in any::<String>()) {
        if let Ok(once) = Kind::Words.parse(Given::Words(vec![text])) {
            prop_assert_eq!(reread(&Kind::Words, &once), Ok(once));
        }
    }

    #[test]
    fn no_input_panics(text in "[\\[\\]{}\",:0-9a-z ]{0,60}") {
        if let Ok(given) = serde_json::from_str::<Given>(&text) {
            for kind in kinds() {
                let _ = kind.parse(given.clone());
            }
        }
    }
}

/// The laws of a lattice, for any values of each control that ships.
#[test]
fn every_registered_control_is_a_lattice() {
    use proptest::test_runner::{Config, TestRunner};
    for control in crate::domain::controls::Registry::load().unwrap().iter() {
        let (id, kind) = (&control.id, &control.kind);
        let three = (any_value(kind), any_value(kind), any_value(kind));
        let (meet, join) = (|x: &Value, y: &Value| kind.meet(x, y), |x: &Value, y: &Value| kind.join(x, y));
        let either = |is_meet: bool, x: &Value, y: &Value| if is_meet { meet(x, y) } else { join(x, y) };
        let looked = TestRunner::new(Config::with_cases(128)).run(&three, |(a, b, c)| {
            for is_meet in [true, false] {
                let both = |x: &Value, y: &Value| either(is_meet, x, y);
                prop_assert_eq!(both(&a, &b), both(&b, &a));
                prop_assert_eq!(both(&a, &both(&b, &c)), both(&both(&a, &b), &c));
                prop_assert_eq!(both(&a, &a), a.clone());
                prop_assert!(kind.holds(&both(&a, &b)));
            }
            prop_assert_eq!(meet(&a, &join(&a, &b)), a.clone());
            prop_assert_eq!(join(&a, &meet(&a, &b)), a.clone());
            prop_assert_eq!(meet(&a, &join(&b, &c)), join(&meet(&a, &b), &meet(&a, &c)));
            prop_assert_eq!(meet(&a, &kind.loosest()), a.clone());
            let as_strict = kind.at_least_as_strict(&a, &b);
            prop_assert_eq!((as_strict, as_strict), (meet(&a, &b) == a, join(&a, &b) == b));
            Ok(())
        });
        assert!(looked.is_ok(), "{id}: {looked:?}");
    }
}

pub(super) fn parse(kind: &Kind, json: &Json) -> Result<Value, ValueError> {
    kind.parse(Given::deserialize(json).unwrap())
}

pub(super) fn canonical(kind: &Kind, json: Json) -> Json {
    serde_json::to_value(parse(kind, &json).unwrap()).unwrap()
}

#[test]
fn minutes_have_one_form() {
    assert_eq!(canonical(&Kind::Minutes, json!(60)), json!(60));
    let same = json!({"mon": 60, "tue": 60, "wed": 60, "thu": 60, "fri": 60, "sat": 60, "sun": 60});
    assert_eq!(canonical(&Kind::Minutes, same), json!(60));
    let weekend = json!({"mon": 60, "tue": 60, "wed": 60, "thu": 60, "fri": 60, "sat": 120, "sun": 1440});
    assert_eq!(canonical(&Kind::Minutes, weekend.clone()), weekend);
    let Value::Minutes(minutes) = parse(&Kind::Minutes, &weekend).unwrap() else { panic!("minutes") };
    assert_eq!((minutes.on(Day::Fri), minutes.on(Day::Sat), minutes.on(Day::Sun)), (60, 120, DayMinutes::NO_LIMIT));
    for bad in [json!(-1), json!(1441), json!(i64::MAX)] {
        assert_eq!(parse(&Kind::Minutes, &bad), Err(ValueError::MinutesRange));
    }
}

#[test]
fn words_have_one_form() {
    assert_eq!(canonical(&Kind::Words, json!([" Casino ", "casino", "CAFE\u{301}"])), json!(["café", "casino"]));
    assert_eq!(canonical(&Kind::Ids, json!(["aB3", "Ab3", "aB3"])), json!(["Ab3", "aB3"]));
    for (bad, why) in [
        ("", TextError::Empty),
        (" \u{a0} ", TextError::Empty),
        ("a\u{0}b", TextError::Invisible),
        ("cas\u{200b}ino", TextError::Invisible),
        ("cas\u{200d}ino", TextError::Invisible),
        ("cas\u{ad}ino", TextError::Invisible),
        ("\u{202e}onisac", TextError::Invisible),
        (&"x".repeat(65), TextError::TooLong),
        (&"🇩🇪".repeat(33), TextError::TooLong),
        (&"e\u{301}\u{301}".repeat(33), TextError::TooLong),
        (&format!("{}\u{ad}", "x".repeat(80)), TextError::Invisible),
        ("\u{1f}casino", TextError::Invisible),
        (&format!("a{}", "\u{301}".repeat(2000)), TextError::TooLong),
    ] {
        assert_eq!(parse(&Kind::Words, &json!([bad])), Err(ValueError::Word(why)), "{bad:?}");
    }
    for good in ["🇩🇪".repeat(32), "e\u{301}".repeat(64), format!("\u{2003}{}\u{85}", "x".repeat(64))] {
        assert!(parse(&Kind::Words, &json!([good])).is_ok(), "{good:?}");
    }
    let many = |n: usize| json!((0..n).map(|i| format!("w{i}")).collect::<Vec<_>>());
    assert!(parse(&Kind::Words, &many(200)).is_ok());
    assert_eq!(parse(&Kind::Words, &many(201)), Err(ValueError::TooManyWords));
    let given = Given::deserialize(many(400)).unwrap();
    assert!(Kind::Words.restore(given).is_ok());
}

#[test]
fn hostile_json_has_no_form() {
    for bad in [
        "null",
        "1.0",
        "1e2",
        "18446744073709551615",
        "{}",
        r#"{"mon":1,"tue":1,"wed":1,"thu":1,"fri":1,"sat":1}"#,
        r#"{"mon":1,"tue":1,"wed":1,"thu":1,"fri":1,"sat":1,"sun":1,"mon":2}"#,
        r#"{"mon":1,"tue":1,"wed":1,"thu":1,"fri":1,"sat":1,"sun":1,"all":2}"#,
        r#"[1]"#,
        r#"[["mon"]]"#,
        r#"["a", {"days":["mon"],"from":"07:00","to":"08:00"}]"#,
        r#"[{"days":["mon"],"from":"07:00","to":"08:00"}, "a"]"#,
        r#"[{"days":["mon"],"from":"07:00","to":"08:00"}, [["mon"],"07:00","08:00"]]"#,
        r#"[{"days":["mon"],"from":"07:00","from":"06:00","to":"08:00"}]"#,
        r#"[{"days":["mon"],"from":"07:00","to":"08:00","zone":"UTC"}]"#,
        r#"[{"days":["moon"],"from":"07:00","to":"08:00"}]"#,
        r#"[{"days":["mon"],"from":"07:00"}]"#,
        r#"[{"days":["mon"],"from":"07:00","to":"08:00","months":null}]"#,
        r#"[{"days":["mon"],"from":"07:00","to":"08:00","months":7}]"#,
        r#"[{"days":["mon"],"from":"07:00","to":"08:00","months":[1.5]}]"#,
        r#"[{"days":["mon"],"from":"07:00","to":"08:00","on":["2026-07-01"]}]"#,
        r#"[{"on":["2026-07-01"]}]"#,
        r#"[{"on":["2026-07-01"],"also":true}]"#,
        r#"[{"on":"2026-07-01","windows":[]}]"#,
        r#"[{"on":[["2026-07-01","2026-07-02"]],"windows":[]}]"#,
        r#"[{"on":[{"first":"2026-07-01"}],"windows":[]}]"#,
        r#"[{"on":[{"first":"2026-07-01","last":"2026-07-02","step":2}],"windows":[]}]"#,
        r#"[{"on":[20260701],"windows":[]}]"#,
        r#"[{"on":["2026-07-01"],"windows":[],"on":[]}]"#,
        r#"[{"on":["2026-07-01"],"windows":[],"months":[7]}]"#,
        r#"[{"on":["2026-07-01"],"windows":[],"only":[]}]"#,
        r#"[{"on":["2026-07-01"],"only":[],"also":true}]"#,
        r#"[{"on":["2026-07-01"],"windows":[],"also":"yes"}]"#,
        r#"[{"on":["2026-07-01"],"windows":[["07:00","08:00"]]}]"#,
        r#"[{"on":["2026-07-01"],"windows":[{"days":["mon"],"from":"07:00","to":"08:00"}]}]"#,
        r#"[{"on":["2026-07-01"],"windows":{"from":"07:00","to":"08:00"}}]"#,
        r#"[{"item":"games"}]"#,
        r#"[{"item":"games","minutes":"30"}]"#,
        r#"[{"item":"games","minutes":30,"days":["mon"]}]"#,
        r#"[{"item":"games","minutes":30,"minutes":40}]"#,
        r#"[{"item":"games","minutes":30}, "feed"]"#,
        r#"[{"item":"games","minutes":{"mon":1}}]"#,
    ] {
        assert!(serde_json::from_str::<Given>(bad).is_err(), "{bad}");
    }
}

#[test]
fn every_kind_refuses_the_forms_of_the_others() {
    let forms = [
        json!(true),
        json!(60),
        json!("friends"),
        json!(["a"]),
        json!([{"days": ["mon"], "from": "07:00", "to": "08:00"}]),
        json!([{"item": "games", "minutes": 30}]),
    ];
    let accepted = |kind: &Kind| forms.iter().filter(|json| parse(kind, json).is_ok()).count();
    assert!(kinds().iter().all(|kind| accepted(kind) == 1));
    assert!(kinds().iter().all(|kind| parse(kind, &json!([])).is_ok()
        != matches!(kind, Kind::Choice { .. } | Kind::Flag { .. } | Kind::Minutes | Kind::Number { .. })));
    assert!(
        matches!(parse(&kinds()[0], &json!("strangers")), Err(ValueError::NotAllowed { allowed }) if allowed.len() == 4)
    );
}

#[test]
fn the_schema_stands_alone() {
    let schema = serde_json::to_string(&<Given as utoipa::PartialSchema>::schema()).unwrap();
    assert!(!schema.contains("$ref"), "{schema}");
}

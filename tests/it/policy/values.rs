//! Values: each kind takes its own and no other, and no string gets through that could harm whoever reads it.

use serde_json::{Value as Json, json};

use super::{guardian_sets, holds, revision, teen_sets};
use crate::{
    edges::assert_problem,
    house::{House, raw, wire::payload},
};

/// One of every form that a value can have in JSON, and the kinds that may take it.
fn forms() -> Vec<(Json, &'static [&'static str])> {
    vec![
        (json!(true), &["flag"]),
        (json!(30), &["minutes", "number"]),
        (json!({"mon": 30, "tue": 30, "wed": 30, "thu": 30, "fri": 30, "sat": 30, "sun": 0}), &["minutes"]),
        (json!("no_one"), &["choice"]),
        (json!("children"), &["choice"]),
        (json!([]), &["words", "ids", "windows", "item_minutes", "exceptions"]),
        (json!(["word"]), &["words", "ids", "exceptions"]),
        (json!([{"days": ["mon"], "from": "21:00", "to": "06:00"}]), &["windows"]),
        (json!([{"days": ["mon"], "from": "21:00", "to": "06:00", "months": [7]}]), &["windows"]),
        (json!([{"on": ["2026-12-24"], "windows": [], "also": true}]), &["windows"]),
        (json!([{"on": [{"first": "2026-12-24", "last": "2026-12-27"}], "only": []}]), &["windows"]),
        (json!([{"item": "games", "minutes": 30}]), &["item_minutes"]),
        (json!("nothing of this catalogue"), &[]),
        (json!(""), &[]),
        (json!(-1), &[]),
        (json!(1441), &[]),
        (json!(1.5), &[]),
        (json!(1e300), &[]),
        (json!(i64::MAX), &[]),
        (json!(u64::MAX), &[]),
        (json!([["nested"]]), &[]),
        (json!([1, 2]), &[]),
        (json!({}), &[]),
        (json!({"mon": 30}), &[]),
        (json!([{"days": [], "from": "21:00", "to": "06:00"}]), &[]),
        (json!([{"days": ["someday"], "from": "21:00", "to": "06:00"}]), &[]),
        (json!([{"days": ["mon"], "from": "25:00", "to": "06:00"}]), &[]),
        (json!([{"days": ["mon"], "from": "21:00"}]), &[]),
        (json!([{"days": ["mon"], "from": "21:00", "to": "06:00", "extra": 1}]), &[]),
        (json!([{"days": ["mon"], "from": "21:00", "to": "06:00", "months": [13]}]), &[]),
        (json!([{"on": ["2026-12-32"], "windows": []}]), &[]),
        (json!([{"on": [{"first": "2026-01-01", "last": "2200-12-31"}], "windows": []}]), &[]),
        (json!([{"on": ["2026-12-24"], "windows": [], "only": []}]), &[]),
        (json!(["a\u{0}b"]), &[]),
        (json!(["\u{1b}[2J"]), &[]),
        (json!(["x".repeat(5000)]), &[]),
        (Json::Array((0..5000).map(|n| json!(format!("w{n}"))).collect()), &[]),
    ]
}

/// Every control of the catalogue takes values of its kind and refuses every other, with words and never with a 500.
#[tokio::test(flavor = "multi_thread")]
async fn every_control_takes_its_own_kind_of_value_only() {
    let house = House::new().await;
    let family = house.family().await;
    let path = format!("/v1/guardian/teens/{}/policy", family.teen.id);
    let policy: Json = family.guardian.api.get(&path).await.expect("a policy").body;
    let mut seen = Vec::new();
    for (control, about) in policy["controls"].as_object().expect("controls") {
        if about["allowed"]["may_tighten"] == false {
            let answer = guardian_sets(&house, &family, json!({ control: about["value"] })).await;
            assert_eq!((answer.status, answer.code()), (422, "not_yours"), "{control}");
            continue;
        }
        let kind = &about["kind"];
        let kind = kind.as_str().or_else(|| kind.as_object()?.keys().next().map(String::as_str)).expect("a kind");
        if seen.contains(&kind) {
            continue;
        }
        seen.push(kind);
        for (value, kinds) in forms() {
            let answer = guardian_sets(&house, &family, json!({ control: value })).await;
            // A choice takes its own words only, and the floor always has a say.
            let fits = kinds.contains(&kind);
            let refused = matches!(answer.code(), "invalid" | "bad_json" | "below_floor" | "body_too_large");
            assert_eq!(answer.status == 200, !refused, "{control} {value}: {}", answer.text);
            assert!(fits || refused, "{control} took {value}");
            let fine = matches!((answer.status, answer.code()), (200, _) | (_, "below_floor"));
            assert!(!fits || kind == "choice" || fine, "{control} refused {value}: {}", answer.text);
            if refused {
                assert_problem(&answer);
            }
        }
    }
    assert_eq!(seen.len(), 9, "every kind of the catalogue: {seen:?}");
}

/// What nobody registered cannot be set, and its name is not repeated.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_control_is_refused_whole() {
    let house = House::new().await;
    let family = house.family().await;
    let before = revision(&house).await;
    for name in ["canary.control", "", "time.daily_minutes ", "TIME.DAILY_MINUTES", "a\u{0}b", "__proto__", "../../x"] {
        let answer = guardian_sets(&house, &family, json!({"time.daily_minutes": 5, name: 5})).await;
        assert!(matches!(answer.code(), "unknown_control" | "bad_json"), "{name:?}: {}", answer.text);
        assert_problem(&answer);
        assert!(!answer.text.contains("canary"));
    }
    assert_eq!(revision(&house).await, before);
    assert_eq!(holds(&family, "time.daily_minutes").await["value"], 60);
}

/// A control named twice is two wishes that contradict each other: refused, as is a body that names any field twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_named_twice_is_refused() {
    let house = House::new().await;
    let family = house.family().await;
    let url = format!("{}{}", house.url(), crate::house::people::settings(family.teen.id));
    let etag = family.guardian.etag(family.teen.id).await;
    for body in [
        r#"{"settings": {"time.daily_minutes": 5, "time.daily_minutes": 500}}"#,
        r#"{"settings": {"time.daily_minutes": 5}, "settings": {}}"#,
        r#"{"settings": {}, "reason": "a", "reason": "b"}"#,
        r#"{"settings": {"time.daily_minutes": {"mon": 1, "mon": 2, "tue": 1, "wed": 1, "thu": 1, "fri": 1, "sat": 1, "sun": 1}}}"#,
    ] {
        let headers = [("if-match", etag.as_str()), ("content-type", "application/json")];
        let answer =
            raw::send_text("PATCH", &url, Some(&family.guardian.access), &headers, Some(body.to_owned())).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_json"), "{body}");
        assert_problem(&answer);
    }
}

/// No string of any request gets through with a NUL, an escape or a direction override; nothing of it is kept.
#[tokio::test(flavor = "multi_thread")]
async fn no_string_carries_what_nobody_can_see() {
    let house = House::new().await;
    let family = house.family().await;
    let code = family.teen.shows_code().await["code"].clone();
    let (guardian, teen, phone) = (&family.guardian.access, &family.teen.access, &family.phone.token);
    let limits = crate::house::people::settings(family.teen.id);
    let etag = family.guardian.etag(family.teen.id).await;
    for bad in ["a\u{0}b", "a\u{1b}[2Jb", "a\u{202e}b", "a\u{200b}b", "a\nb", "a\u{7f}b"] {
        let device = |field: &str| {
            let mut body = json!({"name": "n", "platform": "p", "install_id": "i", "app_version": "1"});
            body[field] = json!(bad);
            ("POST", "/v1/teen/devices".to_owned(), teen, body)
        };
        let cases = [
            device("name"),
            device("platform"),
            device("install_id"),
            device("app_version"),
            ("POST", "/v1/guardian/pairing-claims".to_owned(), guardian, json!({"code": code, "relationship": bad})),
            ("PATCH", limits.clone(), guardian, json!({"settings": {"time.daily_minutes": 5}, "reason": bad})),
            ("PATCH", limits.clone(), guardian, json!({"settings": {"content.blocked_words": [bad]}})),
            ("PATCH", limits.clone(), guardian, json!({"settings": {"blocked.subjects": [bad]}})),
            ("PATCH", limits.clone(), guardian, json!({"settings": {"dm.from": bad}})),
            ("PATCH", "/v1/teen/settings".to_owned(), phone, json!({"settings": {"live.watch": false}, "reason": bad})),
            ("POST", limits.replace("/settings", "/history/1/undo"), guardian, json!({"reason": bad})),
            ("PATCH", "/v1/account".to_owned(), teen, json!({"display_name": bad})),
        ];
        for (method, path, token, body) in cases {
            let url = format!("{}{path}", house.url());
            let answer = raw::send(method, &url, Some(token), &[("if-match", &etag)], Some(body.clone())).await;
            assert!(matches!(answer.status, 400 | 422), "{path} {body}: {} {}", answer.status, answer.text);
            assert_problem(&answer);
        }
        let usage = json!({"slots": [{"item": bad, "slot": house.world().now().as_second() / 300, "seconds": 5}]});
        let answer = raw::send("POST", &format!("{}/v1/teen/usage", house.url()), Some(phone), &[], Some(usage)).await;
        assert_eq!((answer.status, &answer.body["left_out"][0]["code"]), (200, &json!("item")));
    }
    assert_eq!(revision(&house).await, 1);
}

/// What one person sets has an end, so that a frame always holds the policy; nobody else is held back by it.
#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_one_persons_own_and_a_device_gets_what_comes_next() {
    let house = House::new().await;
    let family = house.family().await;
    let list =
        |letter: &str, count: usize| (0..200).map(|n| format!("{n:03}{}", letter.repeat(count))).collect::<Vec<_>>();
    let words = teen_sets(&house, &family, json!({"content.blocked_words": list("x", 14)})).await;
    assert_eq!(words.status, 200, "{}", words.text);
    let subjects = json!({"blocked.subjects": list("x", 14)});
    let refused = teen_sets(&house, &family, subjects.clone()).await;
    assert_eq!((refused.status, refused.code()), (422, "policy_too_big"), "{}", refused.text);
    assert_problem(&refused);
    let mut phone = family.phone.connects(&house).await;
    phone.policy().await;
    assert_eq!(guardian_sets(&house, &family, subjects).await.status, 200, "a guardian has a share of their own");
    phone.policy().await;
    assert_eq!(guardian_sets(&house, &family, json!({"time.daily_minutes": 45})).await.status, 200);
    let newest = payload(&phone.policy().await);
    assert_eq!(newest["controls"]["time.daily_minutes"]["value"], 45);
    assert_eq!(newest["controls"]["content.blocked_words"]["value"].as_array().map(Vec::len), Some(200));
}

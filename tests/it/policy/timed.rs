//! Grants and holds: looser or stricter for a time, and then by itself as if they had never been.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{guardian_sets, holds, revision, teen_sets};
use crate::edges::assert_problem;
use crate::house::{
    House,
    people::Family,
    raw::{self, Raw},
    wire::payload,
};

async fn lends(house: &House, family: &Family, what: &str, mut body: Json, minutes: i64) -> Raw {
    let until = house.world().now() + SignedDuration::from_mins(minutes);
    body["until"] = json!(until);
    let url = format!("{}/v1/guardian/teens/{}/{what}", house.url(), family.teen.id);
    raw::send("POST", &url, Some(&family.guardian.access), &[], Some(body)).await
}

async fn listed(family: &Family) -> (Json, Json) {
    let guardians = family.guardian.api.get::<Json>(&format!("/v1/guardian/teens/{}/grants", family.teen.id)).await;
    let teens = family.teen.api.get::<Json>("/v1/teen/grants").await;
    (guardians.expect("a list").body["items"].clone(), teens.expect("a list").body["items"].clone())
}

/// Lets the server's clock pass, and waits until its worker has looked at what was due.
async fn later(house: &House, family: &Family, minutes: u64, control: &str, value: Json) {
    house.pass(Duration::from_secs(minutes * 60));
    for _ in 0..100 {
        if holds(family, control).await["value"] == value {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{control} did not become {value}: {}", holds(family, control).await);
}

/// A grant loosens until it ends, on the device at once and again at its end, and what it says of its end holds offline too.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_loosens_for_a_time_and_ends_by_itself() {
    let house = House::new().await;
    let family = house.family().await;
    guardian_sets(&house, &family, json!({"search.enabled": false})).await;
    let mut phone = family.phone.connects(&house).await;
    phone.policy().await;
    let body = json!({"control": "search.enabled", "value": true, "reason": "homework"});
    let given = lends(&house, &family, "grants", body, 30).await;
    assert_eq!(given.status, 201, "{}", given.text);
    assert_eq!((&given.body["changed"][0]["direction"], given.body["id"].is_string()), (&json!("looser"), true));
    let held = payload(&phone.policy().await);
    let search = &held["controls"]["search.enabled"];
    assert_eq!(
        (&search["value"], &search["source"], &search["reason"]),
        (&json!(true), &json!("grant"), &json!("homework"))
    );
    assert_eq!(search["after"], json!(false), "a device that nobody reaches then knows what holds after");
    assert_eq!(search["safe"], json!(false), "and what to fall back to when it hears nothing at all");
    let (guardians, teens) = listed(&family).await;
    assert_eq!((&guardians, &guardians[0]["kind"], &guardians[0]["id"]), (&teens, &json!("grant"), &given.body["id"]));
    later(&house, &family, 31, "search.enabled", json!(false)).await;
    let over = payload(&phone.policy().await);
    assert_eq!(over["controls"]["search.enabled"]["source"], "guardian");
    assert_eq!(listed(&family).await, (json!([]), json!([])));
    let history: Json = family.teen.api.get("/v1/teen/history").await.expect("a history").body;
    assert_eq!(
        (&history["items"][0]["kind"], &history["items"][0]["origin"]["from"]),
        (&json!("over"), &json!("server"))
    );
    assert_eq!(history["items"][1]["kind"], "grant");
}

/// A hold tightens until it ends; with a grant at the same time the hold counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_tightens_for_a_time_and_no_grant_opens_it() {
    let house = House::new().await;
    let family = house.family().await;
    let held = lends(&house, &family, "holds", json!({"control": "time.daily_minutes", "value": 0}), 30).await;
    assert_eq!((held.status, &held.body["changed"][0]["direction"]), (201, &json!("tighter")), "{}", held.text);
    let grant = lends(&house, &family, "grants", json!({"control": "time.daily_minutes", "value": 90}), 20).await;
    assert_eq!((grant.status, grant.code()), (422, "adds_nothing"), "it would change nothing while the hold lasts");
    assert_eq!(holds(&family, "time.daily_minutes").await["source"], "hold");
    later(&house, &family, 31, "time.daily_minutes", json!(60)).await;
}

/// What a grant cannot do: pass a bound, open what the teen keeps private, begin in the past or last for ever, change nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_passes_no_bound_and_opens_nothing_private() {
    let house = House::new().await;
    let family = house.family().await;
    teen_sets(&house, &family, json!({"lists.following": "no_one"})).await;
    let before = revision(&house).await;
    for (control, value, minutes, code) in [
        ("dm.from", json!("friends"), 60, "below_floor"),
        ("live.host", json!(true), 60, "below_floor"),
        ("monitoring.indicator", json!(false), 60, "not_yours"),
        ("search.enabled", json!(true), 60, "adds_nothing"),
        ("time.daily_minutes", json!(90), 0, "not_now"),
        ("time.daily_minutes", json!(90), -5, "not_now"),
        ("time.daily_minutes", json!(90), 32 * 24 * 60, "not_now"),
        ("time.daily_minutes", json!("long"), 60, "invalid"),
        ("no.such", json!(1), 60, "unknown_control"),
    ] {
        let refused = lends(&house, &family, "grants", json!({"control": control, "value": value}), minutes).await;
        assert_eq!((refused.status, refused.code()), (422, code), "{control} {value}: {}", refused.text);
    }
    assert_eq!(revision(&house).await, before);
    teen_sets(&house, &family, json!({"account.private": true, "lists.liked": "no_one"})).await;
    let opened = lends(&house, &family, "grants", json!({"control": "lists.following", "value": "friends"}), 60).await;
    assert_eq!((opened.status, opened.code()), (422, "adds_nothing"), "their privacy is theirs");
}

/// A grant can be taken back, once; nobody else's is found.
#[tokio::test(flavor = "multi_thread")]
async fn a_grant_can_be_taken_back() {
    let house = House::new().await;
    let (family, other) = (house.family().await, house.family().await);
    let given = lends(&house, &family, "grants", json!({"control": "time.daily_minutes", "value": 120}), 60).await;
    let path =
        |of: &Family| format!("/v1/guardian/teens/{}/grants/{}", of.teen.id, given.body["id"].as_str().expect("an id"));
    let revoke = async |by: &Family| {
        raw::send("DELETE", &format!("{}{}", house.url(), path(by)), Some(&by.guardian.access), &[], None).await
    };
    assert_eq!(revoke(&other).await.status, 404);
    let back = revoke(&family).await;
    assert_eq!((back.status, &back.body["changed"][0]["to"]), (200, &json!(60)), "{}", back.text);
    assert_eq!(revoke(&family).await.status, 404);
}

/// The same key gives the same grant, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_is_one_grant() {
    let house = House::new().await;
    let family = house.family().await;
    let until = house.world().now() + SignedDuration::from_mins(20);
    let url = format!("{}/v1/guardian/teens/{}/grants", house.url(), family.teen.id);
    let body = json!({"control": "time.daily_minutes", "value": 75, "until": until});
    let tap =
        || raw::send("POST", &url, Some(&family.guardian.access), &[("idempotency-key", "tap")], Some(body.clone()));
    let (one, two) = tokio::join!(tap(), tap());
    assert_eq!((one.status, &one.body), (201, &two.body));
    assert_eq!(listed(&family).await.0.as_array().expect("a list").len(), 1);
}

/// What a guardian loosened travels with what a device falls back to that hears nothing for days; what is strict anyway does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_looser_value_travels_with_the_one_to_fall_back_to() {
    let house = House::new().await;
    let family = house.family().await;
    let mut phone = family.phone.connects(&house).await;
    let first = payload(&phone.policy().await);
    let all = first["controls"].as_object().expect("controls");
    assert!(all.values().all(|entry| entry.get("safe").is_none()), "defaults are their own fallback: {first}");
    guardian_sets(&house, &family, json!({"time.daily_minutes": 90, "dm.from": "no_one"})).await;
    let held = payload(&phone.policy().await);
    let minutes = &held["controls"]["time.daily_minutes"];
    assert_eq!((&minutes["value"], &minutes["safe"]), (&json!(90), &json!(60)));
    assert_eq!(held["controls"]["dm.from"].get("safe"), None);
    assert_eq!(holds(&family, "time.daily_minutes").await.get("safe"), None, "people read what holds");
    teen_sets(&house, &family, json!({"time.daily_minutes": 45})).await;
    assert_eq!(payload(&phone.policy().await)["controls"]["time.daily_minutes"].get("safe"), None);
}

/// Where only a grant is looser than a teen wishes, they are told so, and can give it back; every device has it at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_teen_gives_a_grant_back() {
    let house = House::new().await;
    let (family, other) = (house.family().await, house.family().await);
    let given = lends(&house, &family, "grants", json!({"control": "time.daily_minutes", "value": 120}), 60).await;
    let put = lends(&house, &family, "holds", json!({"control": "search.enabled", "value": false}), 60).await;
    let wish = teen_sets(&house, &family, json!({"time.daily_minutes": 90})).await;
    assert_eq!((wish.status, wish.code()), (422, "adds_nothing"));
    assert_eq!(wish.body["grants"], json!([given.body["id"]]));
    assert!(wish.body["detail"].as_str().is_some_and(|detail| detail.contains("Give that back")), "{}", wish.text);
    assert_problem(&wish);
    let mut phone = family.phone.connects(&house).await;
    phone.policy().await;
    let gives_back = async |token: &str, id: &Json| {
        let url = format!("{}/v1/teen/grants/{}", house.url(), id.as_str().expect("an id"));
        raw::send("DELETE", &url, Some(token), &[], None).await
    };
    assert_eq!(gives_back(&other.phone.token, &given.body["id"]).await.status, 404, "families are walls");
    assert_eq!(gives_back(&family.phone.token, &put.body["id"]).await.status, 404, "a hold is not theirs to lift");
    let back = gives_back(&family.phone.token, &given.body["id"]).await;
    assert_eq!((back.status, &back.body["changed"][0]["to"]), (200, &json!(60)), "{}", back.text);
    assert_eq!(payload(&phone.policy().await)["controls"]["time.daily_minutes"]["value"], 60);
    assert_eq!(gives_back(&family.phone.token, &given.body["id"]).await.status, 404, "once");
    let history: Json =
        family.guardian.api.get(&format!("/v1/guardian/teens/{}/history", family.teen.id)).await.expect("it").body;
    let newest = &history["items"][0];
    assert_eq!((&newest["kind"], &newest["by"]["account_id"]), (&json!("revoked"), &json!(family.teen.id)));
    assert_eq!(newest["origin"]["from"], "device");
}

/// There is an end to how many things can hold for a while.
#[tokio::test(flavor = "multi_thread")]
async fn one_control_has_ten_grants_and_holds_at_most() {
    let house = House::new().await;
    let family = house.family().await;
    for minutes in 1..=10 {
        let body = json!({"control": "time.daily_minutes", "value": 60 - minutes});
        assert_eq!(lends(&house, &family, "holds", body, minutes).await.status, 201);
    }
    let body = json!({"control": "time.daily_minutes", "value": 5});
    let refused = lends(&house, &family, "holds", body, 90).await;
    assert_eq!((refused.status, refused.code()), (409, "too_many_grants"), "{}", refused.text);
    assert_problem(&refused);
    let elsewhere = lends(&house, &family, "holds", json!({"control": "search.enabled", "value": false}), 60).await;
    assert_eq!(elsewhere.status, 201, "{}", elsewhere.text);
}

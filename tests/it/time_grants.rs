//! Minutes beyond a limit, a pause for everything, and what ends by itself.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    house::{House, people::Family, raw, raw::Raw},
    knob::inside,
    rough,
};

async fn asks(family: &Family, method: &str, path: &str, key: Option<&str>, body: Option<Json>) -> Raw {
    let url = format!("{}/v1/guardian/teens/{}/{path}", family.guardian.api.base(), family.teen.id);
    let headers: Vec<(&str, &str)> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    raw::send(method, &url, Some(&family.guardian.access), &headers, body).await
}

async fn gives(family: &Family, key: Option<&str>, body: Json) -> Raw {
    asks(family, "POST", "time-grants", key, Some(body)).await
}

fn day(answer: &Raw) -> (i64, Option<i64>) {
    let line = &answer.body["budget"]["items"][0];
    (line["granted_seconds"].as_i64().expect("granted"), line["remaining_seconds"].as_i64())
}

/// R3 and edge case 28: minutes add up, and a double tap is one gift. What is in force now is in the answer.
#[tokio::test(flavor = "multi_thread")]
async fn minutes_add_up_and_a_double_tap_is_one() {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"guardian.visibility.usage_totals": true})).await;
    let once = gives(&family, Some("a"), json!({"minutes": 30, "reason": "film night"})).await;
    assert_eq!((once.status, day(&once)), (201, (1_800, Some(5_400))), "{}", once.text);
    assert_eq!(once.body["use"]["outcome"], "allow");
    let again = gives(&family, Some("a"), json!({"minutes": 30, "reason": "film night"})).await;
    assert_eq!(again.body["id"], once.body["id"]);
    let more = gives(&family, Some("b"), json!({"minutes": 30})).await;
    assert_eq!(day(&more), (3_600, Some(7_200)));
    let rest = gives(&family, None, json!({"rest_of_day": true})).await;
    assert_eq!(day(&rest), (3_600, None), "no limit for the rest of the day");
    let list = asks(&family, "GET", "time-grants", None, None).await.body;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(3));
    let gone =
        asks(&family, "DELETE", &format!("time-grants/{}", rest.body["id"].as_str().expect("an id")), None, None).await;
    assert_eq!((gone.status, day(&gone)), (200, (3_600, Some(7_200))));
    for bad in [
        json!({}),
        json!({"minutes": 0}),
        json!({"minutes": 30, "rest_of_day": true}),
        json!({"minutes": 30, "item": "a b"}),
    ] {
        assert_eq!(gives(&family, None, bad.clone()).await.code(), "invalid", "{bad}");
    }
    assert_eq!(gives(&family, None, json!({"minutes": 5, "day": "2020-01-01"})).await.code(), "not_now");
}

/// R1: a device has it at once, in its policy and in what is left; after the day it is gone by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_has_it_at_once_and_only_for_the_day() {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    phone.hears_of("policy").await;
    let given = gives(&family, None, json!({"minutes": 15})).await;
    // It was sent a policy just now, and has not said anything to it: another one waits a moment.
    let told = phone.everything(Duration::from_millis(1_500)).await;
    let of = |kind: &str| told.iter().find(|frame| frame["t"] == kind).expect(kind).clone();
    let grants = inside(&serde_json::from_value(of("policy")).expect("a snapshot"))["timeline"]["grants"].clone();
    assert_eq!((&grants[0]["id"], &grants[0]["minutes"]), (&given.body["id"], &json!(15)));
    assert_eq!(of("budget")["items"][0]["remaining_seconds"], 4_500);
    house.pass(Duration::from_secs(24 * 3_600));
    phone.says(json!({"t": "usage", "id": "u", "slots": []})).await;
    assert_eq!(phone.hears_of("budget").await["items"][0]["remaining_seconds"], 3_600, "another day");
}

/// Edge case 29: given and taken back while a device is away; it sees only how things stand.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_and_taken_back_meanwhile_is_never_seen() {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    let given = gives(&family, None, json!({"minutes": 15})).await;
    let path = format!("time-grants/{}", given.body["id"].as_str().expect("an id"));
    assert_eq!(asks(&family, "DELETE", &path, None, None).await.status, 200);
    assert_eq!(asks(&family, "DELETE", &path, None, None).await.status, 404, "once");
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let policy = serde_json::from_value(phone.hears_of("policy").await).expect("a snapshot");
    assert_eq!(inside(&policy)["timeline"]["grants"], Json::Null);
}

/// A pause is in force at once, another takes its place, and it ends by itself or when the guardian says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_pause_closes_everything_until_it_ends() {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    let paused = asks(&family, "POST", "pause", None, Some(json!({"minutes": 30, "reason": "dinner"}))).await;
    // How long the app was used is shown only where the limits say so.
    assert_eq!(paused.body["budget"], Json::Null);
    assert_eq!((paused.status, &paused.body["use"]["outcome"]), (201, &json!("deny")), "{}", paused.text);
    let until =
        |answer: &Raw| answer.body["use"]["until"].as_str().map(|at| at.parse::<jiff::Timestamp>().expect("a time"));
    let now = house.world().now();
    assert!(until(&paused).is_some_and(|at| at > now && at <= now + jiff::SignedDuration::from_mins(30)));
    let longer = asks(&family, "POST", "pause", None, Some(json!({"until": "morning"}))).await;
    assert!(until(&longer) != until(&paused), "{} {}", longer.text, paused.text);
    let holds = asks(&family, "GET", "grants", None, None).await.body;
    assert_eq!(holds["items"].as_array().map(Vec::len), Some(1), "one pause at a time: {holds}");
    let resumed = asks(&family, "DELETE", "pause", None, None).await;
    assert_eq!((resumed.status, &resumed.body["use"]["outcome"]), (200, &json!("allow")));
    assert_eq!(asks(&family, "DELETE", "pause", None, None).await.status, 404);
    let today = json!({"control": "time.daily_minutes", "value": 20, "until": "end_of_day"});
    assert_eq!(asks(&family, "POST", "holds", None, Some(today)).await.status, 201, "today only");
    for bad in [json!({}), json!({"minutes": 0}), json!({"until": "soon"}), json!({"until": "morning", "minutes": 5})] {
        assert!(
            matches!(asks(&family, "POST", "pause", None, Some(bad.clone())).await.code(), "invalid" | "bad_json"),
            "{bad}"
        );
    }
}

/// When a pairing ends, what that guardian gave ends with it.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_guardian_gave_goes_with_them() {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    gives(&family, None, json!({"minutes": 15})).await;
    let pairing = asks(&family, "POST", "unlink-requests", None, Some(json!({}))).await;
    assert!((200..300).contains(&pairing.status), "{}", pairing.text);
    let url = format!("{}/v1/teen/time-grants", house.url());
    let left = raw::send("GET", &url, Some(&family.teen.access), &[], None).await;
    assert_eq!(left.body["items"], json!([]));
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    phone.hears_of("policy").await;
    phone.says(json!({"t": "usage", "id": "u", "slots": []})).await;
    assert_eq!(phone.hears_of("budget").await["items"][0]["granted_seconds"], 0);
}

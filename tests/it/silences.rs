//! A device that confirms nothing is told of, once, from what is written down of its own word; and it clears itself.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    house::{House, people::Family, raw},
    rough::{self, Rough},
};

const HOUR: Duration = Duration::from_secs(3_600);

async fn silences(house: &House, family: &Family) -> Vec<Json> {
    let guardian = format!("{}/v1/guardian/teens/{}/silences", house.url(), family.teen.id);
    let seen = raw::send("GET", &guardian, Some(&family.guardian.access), &[], None).await;
    let own = format!("{}/v1/teen/silences", house.url());
    let own = raw::send("GET", &own, Some(&family.phone.token), &[], None).await;
    if own.status == 200 {
        assert_eq!(seen.body["items"], own.body["items"], "both sides see the same");
    }
    seen.body["items"].as_array().expect("a list").clone()
}

async fn device(house: &House, family: &Family) -> Json {
    let url = format!("{}/v1/guardian/teens/{}/devices", house.url(), family.teen.id);
    raw::send("GET", &url, Some(&family.guardian.access), &[], None).await.body["items"][0].clone()
}

/// Waits for a notice of a silence in this state.
async fn hears_of_silence(guardian: &mut Rough) -> Json {
    loop {
        let notice = guardian.hears_of("notice").await;
        if notice["kind"] == "silence" {
            return notice;
        }
    }
}

async fn listens(house: &House, family: &Family) -> Rough {
    let mut guardian = rough::open(house.url(), &family.guardian.access).await;
    guardian.says(json!({"t": "hello", "protocol": 1})).await;
    guardian.hears_of("welcome").await;
    guardian
}

/// Takes the newest policy and confirms it.
async fn confirms(phone: &mut Rough) {
    let policy = phone.hears_of("policy").await;
    let applied = json!({"t": "applied", "epoch": policy["epoch"], "revision": policy["revision"],
        "sha256": policy["sha256"], "applied_at": "2026-11-27T12:00:00Z", "issues": []});
    phone.says(applied).await;
    phone.hears_of("ack").await;
}

async fn beats(phone: &mut Rough, n: u64, more: Json) {
    let mut beat = json!({"t": "heartbeat", "n": n});
    beat.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    phone.says(beat).await;
    phone.hears_of("heartbeat").await;
}

/// Not heard for longer than the limits say: told to both sides once, with what was known; heard again: told once, and cleared.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_device_is_told_of_once_and_clears_itself() {
    let house = House::new().await;
    let mut family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"devices.quiet_hours": 3})).await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    confirms(&mut phone).await;
    beats(&mut phone, 1, json!({"applied": null, "status": {"battery_percent": 4, "network": "mobile"}})).await;
    // It says that it holds nothing: confirmed again, as an app does that was restored.
    confirms(&mut phone).await;
    drop(phone);
    house.pass(2 * HOUR);
    family.guardian.renews().await;
    let guardian = listens(&house, &family).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert!(silences(&house, &family).await.is_empty(), "two hours are no news");
    drop(guardian);
    house.pass(HOUR - Duration::from_secs(120));
    family.guardian.renews().await;
    let mut guardian = listens(&house, &family).await;
    house.pass(Duration::from_secs(180));
    let told = hears_of_silence(&mut guardian).await;
    assert_eq!((&told["reason"], &told["cleared_at"]), (&json!("not_heard"), &Json::Null), "{told}");
    assert_eq!((&told["battery_percent"], &told["network"]), (&json!(4), &json!("mobile")));
    assert!(
        told["sentence"].as_str().expect("words").contains("has not been heard for 3 hours. Its battery was at 4 %")
    );
    assert_eq!(device(&house, &family).await["silence"]["silence_id"], told["silence_id"]);
    for _ in 0..3 {
        house.pass(Duration::from_secs(61));
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    assert_eq!(silences(&house, &family).await.len(), 1, "once");
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    confirms(&mut phone).await;
    house.pass(Duration::from_secs(61));
    let over = hears_of_silence(&mut guardian).await;
    assert_eq!(over["silence_id"], told["silence_id"], "nothing was told in between");
    assert!(over["cleared_at"].is_string() && over["sentence"].as_str().expect("words").contains("does not any more"));
    assert_eq!(device(&house, &family).await["silence"], Json::Null);
}

/// The socket is open and the device beats, but it never says that the limits count: that is what an open socket hides.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_there_and_confirms_nothing_is_told_of() {
    let house = House::new().await;
    let mut family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"devices.quiet_hours": 1})).await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    house.pass(HOUR / 2);
    beats(&mut phone, 1, json!({})).await;
    family.guardian.renews().await;
    let mut guardian = listens(&house, &family).await;
    house.pass(HOUR / 2 + Duration::from_secs(61));
    let told = hears_of_silence(&mut guardian).await;
    assert_eq!((&told["reason"], &told["signed_out"]), (&json!("not_confirmed"), &json!(false)), "{told}");
    assert!(told["sentence"].as_str().expect("words").contains("is there, but has not confirmed"), "{told}");
}

/// More patience than the silence has lasted ends it, and so does the end of the pairing.
#[tokio::test(flavor = "multi_thread")]
async fn other_hours_clear_it_and_so_does_the_end_of_a_pairing() {
    let house = House::new().await;
    let mut family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"devices.quiet_hours": 1})).await;
    house.pass(HOUR + Duration::from_secs(60));
    family.guardian.renews().await;
    let mut guardian = listens(&house, &family).await;
    let first = loop {
        match silences(&house, &family).await.first() {
            Some(first) => break first.clone(),
            None => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    family.guardian.sets(family.teen.id, json!({"devices.quiet_hours": 100})).await;
    house.pass(Duration::from_secs(61));
    loop {
        let told = hears_of_silence(&mut guardian).await;
        assert_eq!(told["silence_id"], first["silence_id"]);
        if told["cleared_at"].is_string() {
            break;
        }
    }
    family.guardian.sets(family.teen.id, json!({"devices.quiet_hours": 1})).await;
    house.pass(Duration::from_secs(61));
    let again = hears_of_silence(&mut guardian).await;
    assert!(again["cleared_at"].is_null() && again["silence_id"] != first["silence_id"], "{again}");
    let _: Json = family.phone.api.post("/v1/teen/unlink-requests", &json!({})).await.expect("an end");
    house.pass(Duration::from_secs(61));
    loop {
        let url = format!("{}/v1/teen/silences", house.url());
        let own = raw::send("GET", &url, Some(&family.phone.token), &[], None).await;
        if own.body["items"][0]["cleared_at"].is_string() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A device that the teen takes off the list is out of the family's hands: guardians hear of it at once, and for a week.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_taken_off_the_list_is_told_of() {
    let house = House::new().await;
    let mut family = house.family().await;
    let mut guardian = listens(&house, &family).await;
    family.teen.api.delete(&format!("/v1/teen/devices/{}", family.phone.id)).await.expect("revoked");
    let told = hears_of_silence(&mut guardian).await;
    assert_eq!((&told["reason"], &told["device_id"]), (&json!("removed"), &json!(family.phone.id)), "{told}");
    assert!(told["sentence"].as_str().expect("words").contains("was taken off the list"), "{told}");
    house.pass(7 * 24 * HOUR - Duration::from_secs(60));
    family.guardian.renews().await;
    let mut guardian = listens(&house, &family).await;
    house.pass(Duration::from_secs(120));
    let over = hears_of_silence(&mut guardian).await;
    assert_eq!((&over["silence_id"], over["cleared_at"].is_string()), (&told["silence_id"], true));
}

/// A clock that was moved, and a phone that is set to another zone, are shown to the guardian until they are right again.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_not_right_is_told_of() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    confirms(&mut phone).await;
    let mut guardian = listens(&house, &family).await;
    let clock = |ahead: i64, zone: &str| {
        let wall = house.world().now() + jiff::SignedDuration::from_secs(ahead);
        json!({"clock": {"wall": wall, "monotonic_ms": 1, "boot_id": "b", "zone": zone}})
    };
    let held = json!({"applied": {"epoch": 1, "revision": device(&house, &family).await["revision"]}});
    let beat = |clock: Json| {
        let mut beat = held.clone();
        beat.as_object_mut().expect("an object").extend(clock.as_object().cloned().expect("an object"));
        beat
    };
    beats(&mut phone, 1, beat(clock(7_200, "Asia/Tokyo"))).await;
    let told = loop {
        let notice = guardian.hears_of("notice").await;
        if notice["kind"] == "device" && notice["clock"].is_object() {
            break notice;
        }
    };
    assert_eq!((&told["clock"]["other_zone"], &told["state"]), (&json!(true), &json!("enforced")), "{told}");
    let words = told["clock"]["sentence"].as_str().expect("words");
    assert!(words.contains("is 2 hours ahead") && words.contains("another time zone"), "{words}");
    assert!(!told.to_string().contains("Tokyo"), "where a phone is, is nobody's business: {told}");
    beats(&mut phone, 2, beat(clock(1, "Europe/Berlin"))).await;
    assert_eq!(device(&house, &family).await["clock"], Json::Null);
}

/// Not heard, then heard, and still nothing confirmed: the reason that is told is the one that is true.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_heard_again_and_confirms_nothing_is_told_of_as_that() {
    let house = House::new().await;
    let mut family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"devices.quiet_hours": 1})).await;
    house.pass(HOUR - Duration::from_secs(60));
    family.guardian.renews().await;
    let mut guardian = listens(&house, &family).await;
    house.pass(Duration::from_secs(180));
    let first = hears_of_silence(&mut guardian).await;
    assert_eq!(first["reason"], "not_heard", "{first}");
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    beats(&mut phone, 1, json!({})).await;
    house.pass(Duration::from_secs(61));
    let over = hears_of_silence(&mut guardian).await;
    assert_eq!((&over["silence_id"], over["cleared_at"].is_string()), (&first["silence_id"], true), "{over}");
    let second = hears_of_silence(&mut guardian).await;
    assert_eq!((&second["reason"], &second["cleared_at"]), (&json!("not_confirmed"), &Json::Null), "{second}");
}

/// A clock that was wrong while the device was away, and put right before it came back: both sides are told all the same, for a week.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_meanwhile_is_told_of() {
    let house = House::new().await;
    let mut family = house.family().await;
    // What was before a guardian's time is not theirs to see.
    house.pass(6 * HOUR);
    family.guardian.renews().await;
    let mut guardian = listens(&house, &family).await;
    let since = (house.world().now() - jiff::SignedDuration::from_hours(5)).to_string();
    let mut phone = rough::open(house.url(), &family.phone.token).await;
    phone.says(json!({"t": "hello", "protocol": 1, "clock_wrong_since": since})).await;
    phone.hears_of("welcome").await;
    let told = loop {
        let notice = guardian.hears_of("notice").await;
        if notice["kind"] == "device" && notice["clock"].is_object() {
            break notice;
        }
    };
    assert_eq!((&told["clock"]["off_seconds"], &told["clock"]["was_wrong_since"]), (&json!(0), &json!(since)));
    assert!(told["clock"]["sentence"].as_str().is_some_and(|it| it.contains("was wrong while it was away")), "{told}");
    let shown = device(&house, &family).await;
    assert_eq!(shown["clock"], told["clock"]);
    // Promise 8: whatever a guardian reads of a device, the teen reads of it too. The sentence says how long ago something was.
    let own = format!("{}/v1/teen/devices", house.url());
    let own = raw::send("GET", &own, Some(&family.phone.token), &[], None).await.body["items"][0].clone();
    for (field, value) in shown.as_object().expect("a device").iter().filter(|(field, _)| *field != "summary") {
        assert_eq!(own.get(field), Some(value), "{field}");
    }
    assert!(own["summary"].is_string() && own["created_at"].is_string(), "{own}");
    house.pass(Duration::from_secs(8 * 86_400));
    family.guardian.renews().await;
    assert_eq!(device(&house, &family).await["clock"], Json::Null, "after a week it is over");
}

/// A device that has no socket is heard by what it asks and tells: it is no silent one.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_a_socket_is_heard() {
    let house = House::new().await;
    let mut family = house.family().await;
    let asks = [
        ("GET", "policy", None),
        ("POST", "usage", Some(json!({"slots": []}))),
        ("POST", "offline-codes", Some(json!({"codes": []}))),
    ];
    for (method, path, body) in asks {
        house.pass(HOUR);
        family.guardian.renews().await;
        let before = house.world().now();
        let url = format!("{}/v1/teen/{path}", house.url());
        let answer = raw::send(method, &url, Some(&family.phone.token), &[], body).await;
        assert_eq!(answer.status, 200, "{path} {}", answer.text);
        let is_seen = async || {
            let seen = device(&house, &family).await["last_seen_at"].clone();
            seen.as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok_and(|at| at >= before))
        };
        let mut looks = 0;
        while !is_seen().await {
            looks += 1;
            assert!(looks < 60, "{path} says that the device is there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

//! Heartbeats and usage: what repairs a lost report, and numbers that may be sent again in any order.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    house::{House, people::Family},
    knob::Knob,
    rough::{self, Rough},
};

async fn beats(phone: &mut Rough, n: u64, applied: &Json) -> Json {
    phone.says(json!({"t": "heartbeat", "n": n, "applied": applied})).await;
    phone.hears_of("heartbeat").await
}

/// A device whose report was lost, or that never got its policy, gets the snapshot again with its next heartbeat; one whose
/// word is known gets only the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_of_a_device_behind_brings_the_snapshot_again() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let first = phone.hears_of("policy").await;
    let at = json!({"epoch": first["epoch"], "revision": first["revision"]});
    // A policy that was just sent is given a second to be answered.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    for (n, applied) in [(1, &Json::Null), (2, &at)] {
        let answer = beats(&mut phone, n, applied).await;
        assert_eq!((&answer["n"], &answer["desired"]), (&json!(n), &at));
        assert_eq!(phone.hears_of("policy").await["sha256"], first["sha256"], "its word was never heard");
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
    phone
        .says(json!({"t": "applied", "id": "a", "epoch": first["epoch"], "revision": first["revision"], "sha256": first["sha256"],
            "applied_at": "2026-11-22T12:00:00Z"}))
        .await;
    phone.hears_of("ack").await;
    beats(&mut phone, 3, &at).await;
    assert_eq!(phone.everything(Duration::from_millis(700)).await, Vec::<Json>::new());
    // Its word was heard, but it says that it went back: once more.
    beats(&mut phone, 4, &Json::Null).await;
    assert_eq!(phone.hears_of("policy").await["revision"], first["revision"]);
}

/// With every hint lost, a heartbeat brings the change as well, and the answer names what is wanted from the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_brings_what_a_lost_hint_was_about() {
    let house = House::with(&["--lose-hints", "100"]).await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    phone.hears_of("policy").await;
    let version = Knob::of(&family).await.turn(11).await;
    let answer = beats(&mut phone, 1, &Json::Null).await;
    assert_eq!(answer["desired"]["revision"], version.revision);
    assert_eq!(phone.hears_of("policy").await["revision"], version.revision);
}

/// The stored slots of the family's phone: `item slot-offset seconds`.
async fn stored(house: &House, family: &Family, base: i64) -> Vec<(String, i64, i16)> {
    let sql = "select item, slot, seconds from usage_slots where device_id = $1::text::uuid and item <> 'family' order by item, slot";
    let rows = house.database.client().await.query(sql, &[&family.phone.id.to_string()]).await.expect("rows");
    rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1) - base, row.get(2))).collect()
}

/// Usage is a set of maxima: duplicates, shuffled and lower values change nothing, and it does not matter how it was cut.
#[tokio::test(flavor = "multi_thread")]
async fn usage_is_the_same_however_often_and_in_whatever_order_it_comes() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let base = house.world().now().as_second() / 300;
    let slot = |item: &str, back: i64, seconds: i64| json!({"item": item, "slot": base - back, "seconds": seconds});
    let told = [
        vec![slot("app:a", 0, 10), slot("cat:games", 1, 300)],
        vec![slot("app:a", 0, 120), slot("app:a", 0, 60), slot("app:a", 2, 0)],
        vec![slot("app:a", 0, 90), slot("cat:games", 1, 299), slot("app:a", 1, 7)],
    ];
    let expected = vec![
        ("app:a".to_owned(), -2, 0),
        ("app:a".to_owned(), -1, 7),
        ("app:a".to_owned(), 0, 120),
        ("cat:games".to_owned(), -1, 300),
    ];
    for (round, order) in [[0, 1, 2], [2, 1, 0], [1, 1, 0], [2, 0, 2]].into_iter().enumerate() {
        for part in order {
            let id = format!("{round}.{part}");
            phone.says(json!({"t": "usage", "id": id, "slots": told[part]})).await;
            assert_eq!(phone.hears_of("ack").await["ref"], json!(id));
        }
        assert_eq!(stored(&house, &family, base).await, expected, "round {round}");
    }
    // Another device has its own slots.
    let tablet = family.teen.registers("tablet").await;
    let (mut tablet, _) = rough::welcomed(house.url(), &tablet.token).await;
    tablet.says(json!({"t": "usage", "id": "t", "slots": [slot("app:a", 0, 300)]})).await;
    tablet.hears_of("ack").await;
    assert_eq!(stored(&house, &family, base).await, expected);
}

/// A slot that cannot have happened is left out; the others of the same frame count. A frame of another shape is refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_cannot_be_is_left_out() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    phone.hears_of("policy").await;
    let base = house.world().now().as_second() / 300;
    let slot = |item: &str, slot: i64, seconds: i64| json!({"item": item, "slot": slot, "seconds": seconds});
    let slots = [
        slot("app:ok", base, 300),
        slot("app:over", base, 301),
        slot("app:less", base, -1),
        slot("app:future", base + 4, 5),
        slot("app:old", base - 9 * 288, 5),
        slot("app:never", i64::MAX, 5),
        slot("", base, 5),
        slot("two words", base, 5),
        slot("nul\u{0}", base, 5),
        slot(&"x".repeat(65), base, 5),
    ];
    phone.says(json!({"t": "usage", "id": "u", "slots": slots})).await;
    assert_eq!(phone.hears_of("ack").await["ref"], "u");
    assert_eq!(stored(&house, &family, base).await, [("app:ok".to_owned(), 0, 300)]);
    let many: Vec<Json> = (0..301).map(|n| slot("a", base - n, 1)).collect();
    for (slots, fault) in [
        (json!(many), "invalid"),
        (json!([slot("app:a", base, 40_000)]), "unreadable"),
        (json!([{"item": "a", "slot": base}]), "unreadable"),
        (json!([{"item": "a", "slot": base, "seconds": 1, "device": "x"}]), "unreadable"),
    ] {
        phone.says(json!({"t": "usage", "slots": slots})).await;
        assert_eq!(phone.hears_of("error").await["code"], fault);
    }
    assert_eq!(stored(&house, &family, base).await.len(), 1);
}

/// A slot takes sixteen items, and those that it has go on counting: nobody stops their own use by telling of many others.
#[tokio::test(flavor = "multi_thread")]
async fn many_items_of_a_slot_stop_none_of_them() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let slot = house.world().now().as_second() / 300;
    let item =
        |number: usize, seconds: u16| json!({"item": format!("item-{number:02}"), "slot": slot, "seconds": seconds});
    let many: Vec<Json> = (0..40).map(|number| item(number, 0)).collect();
    for slots in [json!(many), json!([item(3, 200)]), json!([item(3, 250), item(41, 300)])] {
        phone.says(json!({"t": "usage", "id": "u", "slots": slots})).await;
        phone.hears_of("ack").await;
    }
    let rows = "select count(*) from usage_slots where item like 'item-%'";
    assert_eq!(house.database.count(rows, &[]).await, 16);
    let grown = "select seconds::bigint from usage_slots where item = 'item-03'";
    assert_eq!(house.database.count(grown, &[]).await, 250);
}

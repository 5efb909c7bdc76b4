//! Coming of age: the pairing ends by a birth date or by strict evidence, and by nothing else.

use family_pairing::sync::frame::Notice;
use jiff::Span;
use serde_json::json;

use super::*;
use crate::house::wire::{listens, payload};

async fn paired(house: &House) -> bool {
    house.database.count("select count(*) from pairings where state = 'active'", &[]).await == 1
}

/// At 18 supervision ends by itself: the guardian sees nothing any more, the devices stay and get what adults have, both are told.
#[tokio::test(flavor = "multi_thread")]
async fn at_eighteen_the_pairing_ends_and_the_devices_stay() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 18, 5)).await;
    let day = today(&house) + Span::new().days(5);
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 30})).await;
    let mut phone = family.phone.connects(&house).await;
    phone.policy().await;
    pass_to(&house, day, SignedDuration::from_mins(10));
    let guardian = again(&house, &family.guardian).await;
    let mut socket = listens(&guardian, house.url()).await;
    pass_to(&house, day, SignedDuration::from_secs(-1));
    let is_told = |notice: &Notice| matches!(notice, Notice::Transition { .. });
    let told = serde_json::to_value(notice(&mut socket, is_told).await).expect("JSON");
    assert_eq!((&told["to_band"], &told["stage"]), (&json!("adult"), &json!("on_the_day")));
    notice(&mut socket, |notice| matches!(notice, Notice::Pairing { .. })).await;
    let released = loop {
        let policy = payload(&phone.policy().await);
        if policy["controls"]["time.daily_minutes"]["source"] != "guardian" {
            break policy;
        }
    };
    assert_ne!(released["controls"]["time.daily_minutes"]["value"], 30);
    assert_eq!(band(&family).await, "adult");
    assert!(!paired(&house).await);
    for path in ["", "/age", "/transitions", "/policy", "/history"] {
        let url = format!("{}/v1/guardian/teens/{}{path}", house.url(), family.teen.id);
        let gone = raw::send("GET", &url, Some(&guardian.access), &[], None).await;
        assert_eq!((gone.status, gone.code()), (404, "not_found"), "{path}");
    }
    let history = read(&family.phone.api, "/v1/teen/history").await;
    assert_eq!(history["items"][0]["kind"], "birthday");
    let been = read(&family.phone.api, "/v1/teen/transitions").await["items"][0].clone();
    assert_eq!((&been["on"], &been["to_band"]), (&json!(day), &json!("adult")), "what has come stays in the list");
    assert_eq!(been["changes"], told["changes"], "as it was announced");
    assert_eq!(been["announced"].as_array().and_then(|it| it.last()).expect("one")["stage"], "on_the_day");
    for (api, path) in [(&family.phone.api, "/v1/teen/pairings"), (&guardian.api, "/v1/guardian/pairings")] {
        assert_eq!(read(api, path).await["items"][0]["end_reason"], "came_of_age");
    }
}

/// Who moves to where it is the 18th birthday already comes of age by it, and nobody guards them there for a year more.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_brings_the_birthday_ends_the_pairing_too() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 18, 5)).await;
    pass_to(&house, today(&house) + Span::new().days(5), SignedDuration::from_mins(10));
    let guardian = again(&house, &family.guardian).await;
    let url = format!("{}/v1/guardian/teens/{}", house.url(), family.teen.id);
    let body = json!({"home_zone": "Pacific/Kiritimati"});
    let moved = raw::send("PATCH", &url, Some(&guardian.access), &[], Some(body)).await;
    assert_eq!(moved.status, 200, "{}", moved.text);
    crate::house::until(crate::house::wire::PATIENCE, "the pairing ends", async || !paired(&house).await).await;
    assert_eq!(band(&family).await, "adult");
    let been = read(&family.phone.api, "/v1/teen/transitions").await["items"][0].clone();
    assert_eq!(been["announced"].as_array().and_then(|it| it.last()).expect("one")["stage"], "on_the_day");
}

/// Whoever only says so, or shows a card, stays a minor for all rules, however long one waits.
#[tokio::test(flavor = "multi_thread")]
async fn no_mere_word_ends_a_pairing() {
    for said in [
        google(18, None, "TIER_A"),
        google(18, None, "TIER_C"),
        json!({"channel": "apple", "answer": {"sharing": {"lowerBound": 18, "ageRangeDeclaration": "confirmed"}}}),
    ] {
        let house = House::new().await;
        let family = family_born(&house, turning(&house, 16, 100)).await;
        let heard = reports(&house, &age_key(&house), &family, said.clone()).await;
        assert_eq!(heard.status, 200, "{}", heard.text);
        house.pass(Duration::from_secs(73 * 3600));
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_ne!(band(&family).await, "adult", "{said}");
        assert!(paired(&house).await, "{said}");
    }
}

/// Strict evidence ends it, after the 72 hours in which the family can object.
#[tokio::test(flavor = "multi_thread")]
async fn strict_evidence_ends_a_pairing_after_three_days() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 16, 100)).await;
    let heard = reports(&house, &age_key(&house), &family, google(18, None, "TIER_D")).await;
    assert_eq!(
        (&heard.body["band"], &heard.body["waiting"]["band"]),
        (&json!("13_15"), &json!("adult")),
        "{}",
        heard.text
    );
    house.pass(Duration::from_secs(71 * 3600));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(paired(&house).await && band(&family).await == "13_15");
    house.pass(Duration::from_secs(3600));
    until(SOON, "the end", async || !paired(&house).await).await;
    assert_eq!(band(&family).await, "adult");
    revised(&family, "age").await;
}

//! A teen asks, a guardian answers, both hear of it at once, and nothing is given twice.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    house::{House, people::Family, raw, raw::Raw},
    rough,
};

async fn asks(family: &Family, body: Json) -> Raw {
    let url = format!("{}/v1/teen/requests", family.guardian.api.base());
    raw::send("POST", &url, Some(&family.phone.token), &[], Some(body)).await
}

async fn answers(family: &Family, request: &Json, body: Json) -> Raw {
    let id = request["request_id"].as_str().expect("an id");
    let url = format!("{}/v1/guardian/teens/{}/requests/{id}/answer", family.guardian.api.base(), family.teen.id);
    raw::send("POST", &url, Some(&family.guardian.access), &[], Some(body)).await
}

async fn left(family: &Family) -> Json {
    let url = format!("{}/v1/teen/usage", family.guardian.api.base());
    raw::send("POST", &url, Some(&family.phone.token), &[], Some(json!({"slots": []}))).await.body["budget"]["items"][0]
        .clone()
}

/// Asked with a note, answered with less and a note; both sides hear of each step at once, and the minutes are there.
#[tokio::test(flavor = "multi_thread")]
async fn minutes_are_asked_for_and_given_and_both_sides_hear_of_it() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let mut guardian = rough::open(house.url(), &family.guardian.access).await;
    guardian.says(json!({"t": "hello", "protocol": 1})).await;
    guardian.hears_of("welcome").await;
    let asked = asks(&family, json!({"asks_for": "time", "minutes": 30, "note": "one more episode"})).await;
    assert_eq!((asked.status, &asked.body["state"]), (201, &json!("pending")), "{}", asked.text);
    let heard = |mut line: rough::Rough| async move {
        loop {
            let notice = line.hears_of("notice").await;
            if notice["kind"] == "request" {
                return (line, notice);
            }
        }
    };
    let (guardian, notice) = heard(guardian).await;
    assert_eq!((&notice["request_id"], &notice["note"]), (&asked.body["request_id"], &json!("one more episode")));
    let again = asks(&family, json!({"asks_for": "time", "minutes": 30})).await;
    assert_eq!(again.body["request_id"], asked.body["request_id"], "a second tap is the same request");
    assert_eq!(asks(&family, json!({"asks_for": "time", "minutes": 60})).await.code(), "already_asked");
    let given = answers(&family, &asked.body, json!({"answer": "grant", "minutes": 15, "note": "then homework"})).await;
    assert_eq!((given.status, &given.body["state"]), (200, &json!("granted")), "{}", given.text);
    assert_eq!(
        (&given.body["answer"]["given"], &given.body["answer"]["by_name"]),
        (&json!({"minutes": 15}), &json!("dana")),
        "{}",
        given.text
    );
    assert_eq!(left(&family).await["granted_seconds"], 900);
    let (_, told) = heard(guardian).await;
    assert_eq!(told["state"], "granted");
    let seen = phone.everything(Duration::from_secs(1)).await;
    let states: Vec<&str> =
        seen.iter().filter(|frame| frame["kind"] == "request").filter_map(|frame| frame["state"].as_str()).collect();
    assert_eq!(states, ["pending", "granted"]);
    // The same answer again is that answer; another one comes too late and is told what was said.
    let same = answers(&family, &asked.body, json!({"answer": "grant", "minutes": 15})).await;
    assert_eq!((same.status, &same.body["answer"]["given"]), (200, &json!({"minutes": 15})));
    let late = answers(&family, &asked.body, json!({"answer": "deny"})).await;
    assert_eq!(
        (late.status, late.code(), &late.body["request"]["answer"]["by_name"]),
        (409, "request_over", &json!("dana"))
    );
    assert_eq!(left(&family).await["granted_seconds"], 900, "given once");
}

/// A setting is given for good or for a time, by the ordinary rules; what a law or the platform forbids stays forbidden.
#[tokio::test(flavor = "multi_thread")]
async fn a_setting_is_given_within_the_bounds_only() {
    let house = House::new().await;
    let family = house.family().await;
    family
        .guardian
        .sets(family.teen.id, json!({"search.enabled": false, "blocked.subjects": ["page:1", "page:2"]}))
        .await;
    let search = asks(&family, json!({"asks_for": "setting", "control": "search.enabled", "value": true})).await;
    let until = house.world().now() + jiff::SignedDuration::from_hours(1);
    let given = answers(&family, &search.body, json!({"answer": "grant", "value": true, "until": until})).await;
    assert_eq!((given.status, &given.body["changed"]["changed"][0]["to"]), (200, &json!(true)), "{}", given.text);
    let messages = asks(&family, json!({"asks_for": "setting", "control": "dm.from", "value": "everyone"})).await;
    let refused = answers(&family, &messages.body, json!({"answer": "grant"})).await;
    assert_eq!(refused.code(), "below_floor", "{}", refused.text);
    let denied = answers(&family, &messages.body, json!({"answer": "deny", "note": "not at your age"})).await;
    assert_eq!((denied.status, &denied.body["state"]), (200, &json!("denied")), "it still waited: {}", denied.text);
    let page = asks(&family, json!({"asks_for": "unblock", "subject": "page:1"})).await;
    let open = answers(&family, &page.body, json!({"answer": "grant"})).await;
    assert_eq!((open.status, &open.body["changed"]["changed"][0]["to"]), (200, &json!(["page:2"])), "{}", open.text);
    let other = asks(&family, json!({"asks_for": "unblock", "subject": "page:9"})).await;
    assert_eq!(answers(&family, &other.body, json!({"answer": "grant"})).await.code(), "invalid", "nobody blocked it");
    for bad in [
        json!({"asks_for": "time"}),
        json!({"asks_for": "time", "minutes": 0}),
        json!({"asks_for": "setting", "control": "dm.from"}),
        json!({"asks_for": "setting", "control": "dm.from", "value": 3}),
        json!({"asks_for": "unblock"}),
    ] {
        assert_eq!(asks(&family, bad.clone()).await.code(), "invalid", "{bad}");
    }
}

/// The teen takes it back, its time runs out, or the pairing ends: each is an end, and no yes comes after it.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_not_given() {
    let house = House::new().await;
    let family = house.family().await;
    let first = asks(&family, json!({"asks_for": "time", "minutes": 30})).await;
    let path = format!("{}/v1/teen/requests/{}", house.url(), first.body["request_id"].as_str().expect("an id"));
    let cancelled = raw::send("DELETE", &path, Some(&family.teen.access), &[], None).await;
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")));
    assert_eq!(answers(&family, &first.body, json!({"answer": "grant"})).await.code(), "request_over");
    let second = asks(&family, json!({"asks_for": "setting", "control": "search.enabled", "value": true})).await;
    let store = house.store().await;
    house.pass(Duration::from_secs(25 * 3_600));
    let by_another_node = store.expire_requests().await.expect("expired");
    let url = format!("{}/v1/teen/requests?state=expired", house.url());
    let list = raw::send("GET", &url, Some(&family.phone.token), &[], None).await;
    assert_eq!(list.body["items"][0]["request_id"], second.body["request_id"], "{by_another_node}");
    assert_eq!(left(&family).await["granted_seconds"], 0);
}

/// Twenty answers at once: one counts.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_answers_at_once_one_counts() {
    let house = House::new().await;
    let family = house.family().await;
    let asked = asks(&family, json!({"asks_for": "time", "minutes": 30})).await.body;
    let tries = (0..20).map(|n| {
        let body = if n % 2 == 0 { json!({"answer": "grant", "minutes": 15}) } else { json!({"answer": "deny"}) };
        answers(&family, &asked, body)
    });
    let all = futures_util::future::join_all(tries).await;
    let state = all.iter().find(|answer| answer.status == 200).expect("one").body["state"].clone();
    for answer in &all {
        let says = if answer.status == 200 { &answer.body["state"] } else { &answer.body["request"]["state"] };
        assert_eq!(says, &state, "{}", answer.text);
    }
    let granted = left(&family).await["granted_seconds"].clone();
    assert_eq!(granted, if state == "granted" { json!(900) } else { json!(0) });
}

/// Who has no guardian has nobody to ask.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_guardian_there_is_nobody_to_ask() {
    let house = House::new().await;
    let teen = house.teen("alone").await;
    let url = format!("{}/v1/teen/requests", house.url());
    let body = json!({"asks_for": "time", "minutes": 30});
    assert_eq!(raw::send("POST", &url, Some(&teen.access), &[], Some(body)).await.code(), "nobody_to_ask");
}

/// What a teen asked an earlier guardian, and what that one answered, gave and saw, is not for the next one.
#[tokio::test(flavor = "multi_thread")]
async fn the_next_guardian_reads_nothing_of_the_one_before() {
    let house = House::new().await;
    let family = house.family().await;
    let shown = json!({"guardian.visibility.usage_totals": true});
    family.guardian.sets(family.teen.id, shown.clone()).await;
    let asked = asks(&family, json!({"asks_for": "time", "minutes": 30, "note": "between us"})).await;
    assert_eq!(answers(&family, &asked.body, json!({"answer": "grant", "note": "for you"})).await.status, 200);
    let teen = family.teen.id;
    let code = format!("{}/v1/guardian/teens/{teen}/devices/{}/offline-codes", house.url(), family.phone.id);
    let made = raw::send("POST", &code, Some(&family.guardian.access), &[], Some(json!({"minutes": 30}))).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let _: Json = family.phone.api.post("/v1/teen/unlink-requests", &json!({})).await.expect("an end");
    house.pass(Duration::from_secs(2 * 86_400));
    let mut teen_again = family.teen;
    teen_again.renews().await;
    let next = house.guardian("next").await;
    next.pairs_with(&teen_again).await;
    next.sets(teen, shown).await;
    for list in ["requests", "offline-codes", "silences"] {
        let url = format!("{}/v1/guardian/teens/{teen}/{list}", house.url());
        let seen = raw::send("GET", &url, Some(&next.access), &[], None).await;
        assert_eq!((seen.status, &seen.body["items"]), (200, &json!([])), "{list}: {}", seen.text);
    }
    let url = format!("{}/v1/guardian/teens/{teen}/usage", house.url());
    let seen = raw::send("GET", &url, Some(&next.access), &[], None).await;
    assert_eq!(seen.body["days"].as_array().map(Vec::len), Some(1), "today: {}", seen.text);
}

/// One whose time is over is not asked for any more, also in the second before anybody has written that down.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_yesterday_stands_in_nobodys_way() {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    let before = asks(&family, json!({"asks_for": "time", "minutes": 30})).await;
    assert_eq!(before.status, 201, "{}", before.text);
    house.pass(Duration::from_secs(24 * 3_600));
    let after = asks(&family, json!({"asks_for": "time", "minutes": 45})).await;
    assert_eq!((after.status, &after.body["state"]), (201, &json!("pending")), "{}", after.text);
    assert_ne!(after.body["request_id"], before.body["request_id"]);
}

//! The history: every revision with who and why, in pages, and the way back as a way forward.

use serde_json::{Value as Json, json};

use super::{guardian_sets, holds, revision, teen_sets};
use crate::{
    edges::assert_problem,
    house::{
        House,
        people::Family,
        raw::{self, Raw},
    },
};

async fn undo(house: &House, family: &Family, revision: impl std::fmt::Display) -> Raw {
    let etag = family.guardian.etag(family.teen.id).await;
    let url = format!("{}/v1/guardian/teens/{}/history/{revision}/undo", house.url(), family.teen.id);
    let body = Some(json!({"reason": "exams are over"}));
    raw::send("POST", &url, Some(&family.guardian.access), &[("if-match", &etag)], body).await
}

async fn history(house: &House, family: &Family, query: &str) -> Raw {
    let url = format!("{}/v1/guardian/teens/{}/history{query}", house.url(), family.teen.id);
    raw::send("GET", &url, Some(&family.guardian.access), &[], None).await
}

/// Taking a change back is a new revision that restores what that one changed, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn an_undo_goes_forward() {
    let house = House::new().await;
    let family = house.family().await;
    guardian_sets(&house, &family, json!({"time.daily_minutes": 90})).await;
    let changed = guardian_sets(&house, &family, json!({"time.daily_minutes": 45, "search.enabled": false})).await;
    let wrong = changed.body["revision"].as_i64().expect("a revision");
    guardian_sets(&house, &family, json!({"ai.chat": true})).await;
    let undone = undo(&house, &family, wrong).await;
    assert_eq!(undone.status, 200, "{}", undone.text);
    assert_eq!(undone.body["revision"], wrong + 2);
    assert_eq!(holds(&family, "time.daily_minutes").await["value"], 90);
    assert_eq!(holds(&family, "search.enabled").await["source"], "default");
    assert_eq!(holds(&family, "ai.chat").await["value"], true, "later changes of other limits stay");
    let redone = undo(&house, &family, wrong + 2).await;
    assert_eq!(redone.status, 200, "an undo can be undone");
    assert_eq!(holds(&family, "time.daily_minutes").await["value"], 45);
    let kinds: Vec<Json> = items(&history(&house, &family, "").await).iter().map(|item| item["kind"].clone()).collect();
    assert_eq!(
        kinds,
        ["undo", "undo", "guardian", "guardian", "guardian"],
        "what was before the pairing is not the guardian's"
    );
}

fn items(answer: &Raw) -> Vec<Json> {
    answer.body["items"].as_array().expect("a list").clone()
}

/// Only a guardian's own changes can be taken back; the history says which, and what is not there is not found.
#[tokio::test(flavor = "multi_thread")]
async fn only_ones_own_changes_can_be_taken_back() {
    let house = House::new().await;
    let family = house.family().await;
    let teens = teen_sets(&house, &family, json!({"live.watch": false})).await.body["revision"].clone();
    let mine = guardian_sets(&house, &family, json!({"time.daily_minutes": 45})).await.body["revision"].clone();
    let url = format!("{}/v1/guardian/teens/{}", house.url(), family.teen.id);
    let home = Some(json!({"day_start_minute": 240}));
    assert_eq!(raw::send("PATCH", &url, Some(&family.guardian.access), &[], home).await.status, 200);
    let homes = revision(&house).await;
    for (what, number) in [("the teen's own", teens), ("the home", json!(homes))] {
        let refused = undo(&house, &family, &number).await;
        assert_eq!((refused.status, refused.code()), (409, "not_undoable"), "{what}");
        assert_problem(&refused);
    }
    // The beginning was before the pairing.
    for number in ["1", "999", "0", "-1", "x", "1.5", "99999999999999999999", "%00"] {
        let missing = undo(&house, &family, number).await;
        assert_eq!((missing.status, missing.code()), (404, "not_found"), "{number}");
    }
    for item in items(&history(&house, &family, "").await) {
        assert_eq!(item["undoable"], json!(item["revision"] == mine), "{item}");
    }
    assert_eq!(revision(&house).await, homes, "refusals make no revision");
}

/// A guardian who comes later cannot take back what an earlier one set.
#[tokio::test(flavor = "multi_thread")]
async fn another_guardians_changes_cannot_be_taken_back() {
    let house = House::new().await;
    let mut family = house.family().await;
    let theirs = guardian_sets(&house, &family, json!({"time.daily_minutes": 45})).await.body["revision"].clone();
    let _: Json = family.teen.api.post("/v1/teen/unlink-requests", &json!({})).await.expect("an end");
    family.guardian = house.guardian("eve").await;
    family.guardian.pairs_with(&family.teen).await;
    assert_eq!(undo(&house, &family, theirs).await.code(), "not_found", "it is not in the history of the later one");
}

/// What somebody did in a pairing that has ended is gone from their history, and cannot be taken back after another pairing.
#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_that_is_made_again_begins_a_new_history() {
    let house = House::new().await;
    let family = house.family().await;
    let before = guardian_sets(&house, &family, json!({"time.daily_minutes": 45})).await.body["revision"].clone();
    let _: Json = family.teen.api.post("/v1/teen/unlink-requests", &json!({})).await.expect("an end");
    family.guardian.pairs_with(&family.teen).await;
    let refused = undo(&house, &family, before).await;
    assert_eq!((refused.status, refused.code()), (404, "not_found"), "{}", refused.text);
}

/// An undo that would cross today's bound is refused with the bound, and nothing of it is done.
#[tokio::test(flavor = "multi_thread")]
async fn an_undo_does_not_cross_a_floor() {
    let house = House::new().await;
    let (guardian, teen) = (house.guardian("dana").await, house.sign_up("teen", "mia", 16).await);
    let phone = teen.registers("Mia's phone").await;
    let pairing = guardian.pairs_with(&teen).await;
    let family = Family { guardian, teen, phone, pairing };
    guardian_sets(&house, &family, json!({"dm.from": "friends"})).await;
    let tightened = guardian_sets(&house, &family, json!({"dm.from": "no_one"})).await.body["revision"].clone();
    let path = format!("/v1/guardian/teens/{}/age-attestations", family.teen.id);
    let _: Json = family.guardian.api.post(&path, &json!({"from": 14, "to": 15})).await.expect("a word");
    let before = revision(&house).await;
    let refused = undo(&house, &family, tightened).await;
    assert_eq!((refused.status, refused.code()), (422, "below_floor"), "{}", refused.text);
    assert!(refused.text.contains("\"no_one\""), "the bound is named: {}", refused.text);
    assert_problem(&refused);
    assert_eq!((revision(&house).await, &holds(&family, "dm.from").await["value"]), (before, &json!("no_one")));
}

/// A new home and the end of a grant can come with a reason, which the teen reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_home_and_a_revocation_have_reasons() {
    let house = House::new().await;
    let family = house.family().await;
    let url = format!("{}/v1/guardian/teens/{}", house.url(), family.teen.id);
    let token = Some(family.guardian.access.as_str());
    let home = Some(json!({"home_zone": "Europe/Paris", "reason": "we moved"}));
    assert_eq!(raw::send("PATCH", &url, token, &[], home).await.status, 200);
    let until = house.world().now() + jiff::SignedDuration::from_mins(30);
    let hold = json!({"control": "time.daily_minutes", "value": 20, "until": until});
    let held: Json =
        family.guardian.api.post(&format!("/v1/guardian/teens/{}/holds", family.teen.id), &hold).await.expect("a hold");
    let revoke = format!("{url}/grants/{}", held["id"].as_str().expect("an id"));
    let long = raw::send("DELETE", &revoke, token, &[], Some(json!({"reason": "x".repeat(281)}))).await;
    assert_eq!((long.status, long.code()), (422, "invalid"));
    assert_eq!(raw::send("DELETE", &revoke, token, &[], Some(json!({"reason": "all done"}))).await.status, 200);
    let own: Json = family.teen.api.get("/v1/teen/history").await.expect("a history").body;
    assert_eq!((&own["items"][0]["kind"], &own["items"][0]["reason"]), (&json!("revoked"), &json!("all done")));
    assert_eq!((&own["items"][2]["kind"], &own["items"][2]["reason"]), (&json!("home"), &json!("we moved")));
}

/// Pages of the history, put together, are the history: newest first, nothing twice, nothing left out.
#[tokio::test(flavor = "multi_thread")]
async fn pages_put_together_are_the_whole_history() {
    let house = House::new().await;
    let family = house.family().await;
    for minutes in 10..18 {
        family.guardian.sets(family.teen.id, json!({"time.daily_minutes": minutes})).await;
    }
    for limit in [1, 2, 3, 4, 9, 100] {
        let mut seen = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let page = history(&house, &family, &query).await;
            assert_eq!(page.status, 200, "{}", page.text);
            assert!(items(&page).len() <= limit);
            seen.extend(items(&page).iter().map(|item| item["revision"].as_i64().expect("a number")));
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            query = format!("?limit={limit}&cursor={cursor}");
        }
        assert_eq!(seen, (2..=9).rev().collect::<Vec<_>>(), "pages of {limit}");
    }
    for bad in [
        "?limit=0",
        "?limit=101",
        "?limit=256",
        "?limit=-1",
        "?limit=x",
        "?cursor=x",
        "?cursor=99999999999999999999",
        "?other=1",
        "?limit=1&limit=2",
        "?cursor=%00",
    ] {
        let refused = history(&house, &family, bad).await;
        assert!(matches!(refused.status, 400 | 422), "{bad}: {}", refused.status);
        assert_problem(&refused);
    }
    assert_eq!(items(&history(&house, &family, "?cursor=-5").await), Vec::<Json>::new());
}

/// The home zone and the start of the day are part of the policy: a change is a revision, and the same again is none.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_home_is_a_new_revision() {
    let house = House::new().await;
    let family = house.family().await;
    let url = format!("{}/v1/guardian/teens/{}", house.url(), family.teen.id);
    let patch = async |body: Json| raw::send("PATCH", &url, Some(&family.guardian.access), &[], Some(body)).await;
    let start = revision(&house).await;
    for (number, body) in
        [json!({"home_zone": "pacific/auckland"}), json!({"day_start_minute": 240})].into_iter().enumerate()
    {
        for _ in 0..2 {
            let answer = patch(body.clone()).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(revision(&house).await, start + 1 + i64::try_from(number).expect("small"), "{body}");
        }
    }
    let now = patch(json!({})).await;
    assert_eq!((&now.body["home_zone"], &now.body["day_start_minute"]), (&json!("Pacific/Auckland"), &json!(240)));
    for (body, status) in [
        (json!({"day_start_minute": -1}), 422),
        (json!({"day_start_minute": 1440}), 422),
        (json!({"day_start_minute": 40000}), 400),
        (json!({"day_start_minute": 1.5}), 400),
        (json!({"home_zone": "XYZ-167"}), 422),
        (json!({"home_zone": "a\u{0}"}), 422),
        (json!({"home_zone": ""}), 422),
        (json!({"age_band": "16_17"}), 400),
    ] {
        let refused = patch(body.clone()).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text);
        assert_problem(&refused);
    }
    assert_eq!(revision(&house).await, start + 2);
    assert_eq!(items(&history(&house, &family, "?limit=1").await)[0]["kind"], "home");
}

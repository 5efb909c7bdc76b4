//! Whom a teen keeps away is theirs to know: guardians see how many, wherever they look.

use family_pairing::sync::frame::Notice;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{guardian_sets, holds, teen_sets};
use crate::{
    house::{
        House,
        people::Family,
        raw::{self, Raw},
        wire::{frame, listens, payload},
    },
    openapi::operations,
};

const SECRET: &str = "bully-4711";
const REASON: &str = "he frightens me";

/// The teen blocks somebody and says why, beside another limit.
async fn blocks(house: &House, family: &Family) -> Raw {
    let etag = family.guardian.etag(family.teen.id).await;
    let url = format!("{}/v1/teen/settings", house.url());
    let body = json!({"settings": {"blocked.subjects": [SECRET, "spam-7"], "search.enabled": false}, "reason": REASON});
    let changed = raw::send("PATCH", &url, Some(&family.phone.token), &[("if-match", &etag)], Some(body)).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    changed
}

fn tells(what: &str, text: &str) {
    for secret in [SECRET, "spam-7", REASON] {
        assert!(!text.contains(secret), "{what} tells {secret}: {text}");
    }
}

async fn asks(house: &House, family: &Family, method: &str, path: &str, body: Option<Json>) -> Raw {
    let etag = family.guardian.etag(family.teen.id).await;
    let url = format!("{}{}", house.url(), path.replace("{teen_id}", &family.teen.id.to_string()));
    let headers =
        if path.contains("settings") || path.contains("undo") { vec![("if-match", etag.as_str())] } else { vec![] };
    raw::send(method, &url, Some(&family.guardian.access), &headers, body).await
}

/// Every endpoint of guardians, before and after they set something of their own on the same list.
#[tokio::test(flavor = "multi_thread")]
async fn no_guardian_reads_whom_a_teen_blocked() {
    let house = House::new().await;
    let family = house.family().await;
    let mut socket = listens(&family.guardian, house.url()).await;
    let mut phone = family.phone.connects(&house).await;
    phone.policy().await;
    let own = blocks(&house, &family).await;
    let listed = own.body["changed"].as_array().expect("a list").iter().any(|it| it["to"] == json!([SECRET, "spam-7"]));
    assert!(listed, "the teen sees all: {}", own.text);
    assert_eq!(payload(&phone.policy().await)["controls"]["blocked.subjects"]["value"], json!([SECRET, "spam-7"]));
    let told = loop {
        if let family_pairing::sync::frame::ServerFrame::Notice(notice @ Notice::Change { .. }) =
            frame(&mut socket).await
        {
            break serde_json::to_string(&notice).expect("JSON");
        }
    };
    tells("the notice", &told);
    assert!(told.contains("\"hidden\":{\"from\":0,\"to\":2}"), "{told}");
    let until = house.world().now() + SignedDuration::from_mins(30);
    let mine = json!({"control": "blocked.subjects", "value": ["y"], "until": until});
    let steps = [
        ("PATCH", "/v1/guardian/teens/{teen_id}/settings", json!({"settings": {"blocked.subjects": ["mine"]}})),
        (
            "POST",
            "/v1/guardian/teens/{teen_id}/holds",
            json!({"control": "blocked.subjects", "value": ["held"], "until": until}),
        ),
        (
            "POST",
            "/v1/guardian/teens/{teen_id}/grants",
            json!({"control": "blocked.subjects", "value": [], "until": until}),
        ),
        (
            "POST",
            "/v1/guardian/teens/{teen_id}/policy/simulations",
            json!({"at": until, "draft": {"blocked.subjects": ["x"]}}),
        ),
        (
            "POST",
            "/v1/guardian/teens/{teen_id}/policy/simulations",
            json!({"draft": {"time.daily_minutes": 30}, "holds": [mine]}),
        ),
    ];
    family.guardian.sets(family.teen.id, json!({"guardian.visibility.usage_totals": true})).await;
    for (method, path, body) in steps {
        let answer = asks(&house, &family, method, path, Some(body.clone())).await;
        assert!((200..300).contains(&answer.status), "{path} {body}: {}", answer.text);
        tells(path, &answer.text);
    }
    let mut walked = 0;
    for op in operations().iter().filter(|op| op.method == "GET" && op.id.starts_with("guardian_")) {
        let answer = asks(&house, &family, "GET", &op.path, None).await;
        assert_eq!(answer.status, 200, "{}", op.id);
        tells(&op.id, &answer.text);
        walked += 1;
    }
    assert!(walked >= 10, "{walked}");
    let held = holds(&family, "blocked.subjects").await;
    assert_eq!((&held["value"], &held["hidden"]), (&json!(["held"]), &json!(2)), "{held}");
    let theirs: Json = family.teen.api.get("/v1/teen/policy/explanation").await.expect("a policy").body;
    let all = &theirs["controls"]["blocked.subjects"]["value"];
    assert_eq!(all, &json!([SECRET, "held", "spam-7"]), "a grant opens nothing of the teen's");
    let history: Json = family.teen.api.get("/v1/teen/history").await.expect("a history").body;
    let reasons: Vec<&Json> = history["items"].as_array().expect("a list").iter().map(|item| &item["reason"]).collect();
    assert!(reasons.contains(&&json!(REASON)), "the teen's own words are theirs to read");
}

/// A reason that is about nothing hidden is told.
#[tokio::test(flavor = "multi_thread")]
async fn other_reasons_of_a_teen_are_read_with_their_name() {
    let house = House::new().await;
    let family = house.family().await;
    let url = format!("{}/v1/teen/settings", house.url());
    let etag = family.guardian.etag(family.teen.id).await;
    let body = json!({"settings": {"live.watch": false}, "reason": "too loud"});
    raw::send("PATCH", &url, Some(&family.teen.access), &[("if-match", &etag)], Some(body)).await;
    let held = holds(&family, "live.watch").await;
    assert_eq!((&held["reason"], &held["by_name"]), (&json!("too loud"), &json!("mia")));
    guardian_sets(&house, &family, json!({"ai.chat": false, "time.daily_minutes": 30})).await;
    assert_eq!(holds(&family, "time.daily_minutes").await["by_name"], "dana");
    teen_sets(&house, &family, json!({"blocked.subjects": ["a"]})).await;
    let path = format!("/v1/guardian/teens/{}/history", family.teen.id);
    let history: Json = family.guardian.api.get(&path).await.expect("a history").body;
    let sentence = history["items"][0]["sentences"][0].as_str().expect("a sentence");
    assert!(sentence.contains("the teen’s own entries: 0 → 1 (tighter)"), "{sentence}");
}

/// Whoever guesses is answered as if the teen had blocked nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_guess_finds_nothing_out() {
    let house = House::new().await;
    let (family, other) = (house.family().await, house.family().await);
    blocks(&house, &family).await;
    let until = house.world().now() + SignedDuration::from_mins(30);
    let hold = json!({"control": "blocked.subjects", "value": [SECRET], "until": until});
    let mut answers = Vec::new();
    for of in [&family, &other] {
        let mut one = vec![];
        for body in [hold.clone(), json!({"control": "blocked.subjects", "value": [], "until": until})] {
            let what = if body["value"] == json!([]) { "grants" } else { "holds" };
            let path = format!("/v1/guardian/teens/{{teen_id}}/{what}");
            let answer = asks(&house, of, "POST", &path, Some(body)).await;
            one.push((answer.status, answer.body["changed"].clone(), answer.body["code"].clone()));
        }
        let set = json!({"settings": {"blocked.subjects": [SECRET]}});
        let answer = asks(&house, of, "PATCH", "/v1/guardian/teens/{teen_id}/settings", Some(set)).await;
        one.push((answer.status, answer.body["changed"].clone(), answer.body["code"].clone()));
        answers.push(one);
    }
    assert_eq!(answers[0], answers[1]);
}

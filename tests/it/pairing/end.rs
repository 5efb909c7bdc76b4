//! The end of a pairing: at once, by either side, to the limits of the age and never to open.

use serde_json::{Value as Json, json};

use super::{pairing_notice, post};
use crate::house::{
    House,
    people::{Family, settings},
    raw,
    wire::listens,
};

/// Who ends it.
#[derive(Clone, Copy, Debug)]
enum By {
    Teen,
    Guardian,
}

async fn ends(house: &House, family: &Family, by: By) {
    let (who, path) = match by {
        By::Teen => (&family.teen, "/v1/teen/unlink-requests".to_owned()),
        By::Guardian => (&family.guardian, format!("/v1/guardian/teens/{}/unlink-requests", family.teen.id)),
    };
    let answer = post(house, who, &path, json!({})).await;
    assert_eq!((answer.status, &answer.body["state"]), (200, &json!("ended")), "{}", answer.text);
}

/// What holds for the family's teen, by the signed policy of the phone.
async fn controls(family: &Family) -> Json {
    let snapshot: Json = family.phone.api.get("/v1/teen/policy").await.expect("a policy").body;
    let payload = snapshot["payload"].as_str().expect("a payload");
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, payload).expect("base64");
    serde_json::from_slice::<Json>(&bytes).expect("JSON")["controls"].take()
}

/// Promise 7: the guardian loses view and powers at once; the limits fall back to those of the age, never to open; what the
/// teen added for themself stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_teen_ends_a_pairing_at_once() {
    ends_at_once(By::Teen).await;
}

/// The same when the guardian leaves.
#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_ends_a_pairing_at_once() {
    ends_at_once(By::Guardian).await;
}

async fn ends_at_once(by: By) {
    let house = House::new().await;
    let family = house.family().await;
    let (guardian, teen) = (&family.guardian, family.teen.id);
    let defaults = controls(&family).await;
    guardian.sets(teen, json!({"time.daily_minutes": 600, "search.enabled": false, "ai.chat": true})).await;
    add_own(&house, &family, json!({"live.watch": false})).await;
    let mut ear = listens(guardian, house.url()).await;
    let mut wire = family.phone.connects(&house).await;
    let before = wire.policy().await.revision;
    ends(&house, &family, by).await;
    for path in ["", "/settings", "/policy", "/devices", "/history"] {
        let url = format!("{}/v1/guardian/teens/{teen}{path}", house.url());
        let answer = raw::send("GET", &url, Some(&guardian.access), &[], None).await;
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{by:?} {path}");
    }
    pairing_notice(&mut ear, "ended").await;
    assert_eq!(wire.policy().await.revision, before + 1, "{by:?}: the phone gets it as the next revision");
    let mut after = controls(&family).await;
    assert_eq!(after["live.watch"]["value"], false, "{by:?}: the teen's own stays");
    after["live.watch"] = defaults["live.watch"].clone();
    assert_eq!(after, defaults, "{by:?}: everything else is at the age's default");
}

async fn add_own(house: &House, family: &Family, wanted: Json) {
    let etag = family.guardian.etag(family.teen.id).await;
    let url = format!("{}/v1/teen/settings", house.url());
    let body = Some(json!({ "settings": wanted }));
    let answer = raw::send("PATCH", &url, Some(&family.phone.token), &[("if-match", &etag)], body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// After an end the same two can pair again, and the guardian starts without old settings.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_two_can_pair_again() {
    let house = House::new().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 45})).await;
    ends(&house, &family, By::Guardian).await;
    let again = family.guardian.pairs_with(&family.teen).await;
    assert_ne!(again, family.pairing);
    let now: Json = family.guardian.api.get(&settings(family.teen.id)).await.expect("settings").body;
    assert_eq!(now["settings"], json!({}));
    let changed = family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 50})).await;
    assert_eq!(changed["changed"][0]["from"], 60);
    let seen: Json = family.teen.api.get("/v1/teen/pairings").await.expect("pairings").body;
    let states: Vec<&Json> = seen["items"].as_array().expect("a list").iter().map(|item| &item["state"]).collect();
    assert_eq!(states, ["active", "ended"]);
}

/// Nobody ends what is not active: a claim, an ended pairing, or nothing at all.
#[tokio::test(flavor = "multi_thread")]
async fn only_an_active_pairing_can_end() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let unlink = async |body: Json| {
        let answer = post(&house, &mia, "/v1/teen/unlink-requests", body).await;
        (answer.status, answer.code().to_owned())
    };
    assert_eq!(unlink(json!({})).await, (404, "not_found".to_owned()));
    let offer = mia.shows_code().await;
    let claimed = dana.claims(offer["code"].as_str().expect("a code")).await;
    assert_eq!(unlink(json!({"pairing_id": claimed})).await, (409, "pairing_state".to_owned()));
    let path = format!("/v1/guardian/teens/{}/unlink-requests", mia.id);
    assert_eq!(post(&house, &dana, &path, json!({})).await.status, 404, "a claim gives no power to end either");
    assert_eq!(unlink(json!({"pairing_id": "x"})).await, (400, "bad_json".to_owned()));
}

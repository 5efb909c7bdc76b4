//! Why something holds: the same explanation for guardian and teen, the law by its rule, and who could change it.

use family_pairing::{
    domain::{ids::AccountId, platform::Scope},
    sync::frame::{Notice, ServerFrame},
};
use serde_json::{Value as Json, json};

use super::{guardian_sets, teen_sets};
use crate::{
    edges::assert_problem,
    house::{
        House,
        people::Family,
        raw,
        wire::{frame, listens},
    },
};

async fn policies(family: &Family) -> (Json, Json) {
    let guardians = family.guardian.api.get::<Json>(&format!("/v1/guardian/teens/{}/policy", family.teen.id)).await;
    let teens = family.teen.api.get::<Json>("/v1/teen/policy/explanation").await;
    (guardians.expect("a policy").body, teens.expect("a policy").body)
}

/// Guardian and teen read one and the same explanation.
#[tokio::test(flavor = "multi_thread")]
async fn guardian_and_teen_read_the_same_explanation() {
    let house = House::new().await;
    let family = house.family().await;
    guardian_sets(&house, &family, json!({"time.daily_minutes": 50, "feed.autoplay": false})).await;
    teen_sets(&house, &family, json!({"content.blocked_words": ["diet"]})).await;
    let (guardians, teens) = policies(&family).await;
    assert_eq!(guardians, teens);
    let registry = family_pairing::domain::controls::Registry::load().expect("a catalogue");
    assert_eq!(guardians["controls"].as_object().expect("controls").len(), registry.iter().len());
    assert_eq!(guardians["rules_version"], 1);
}

/// A bound of law is explained by its rule: law, place in it, where to read it and how it stands; and the refusal names it too.
#[tokio::test(flavor = "multi_thread")]
async fn a_bound_is_explained_by_its_rule() {
    let house = House::new().await;
    let family = house.family_in("US-CA").await;
    let (policy, _) = policies(&family).await;
    let feed = &policy["controls"]["feed.personalised_minutes"];
    assert_eq!((&feed["value"], &feed["source"]), (&json!(60), &json!("default")), "{feed}");
    let rule = feed["rules"][0].as_str().expect("a rule");
    assert!(rule.starts_with("us-ca-sb976."), "{rule}");
    let about = &policy["rules"][rule];
    assert!(about["cite"].as_str().is_some_and(|cite| cite.contains("2700")), "{about}");
    assert!(about["source"].as_str().is_some_and(|source| source.starts_with("https://")), "{about}");
    assert_eq!((&about["jurisdiction"], &about["status"]), (&json!("US-CA"), &json!("in_force")));
    assert_eq!(feed["allowed"]["may_loosen"], json!(["guardian_verified"]), "a consent that was verified is needed");
    let refused = guardian_sets(&house, &family, json!({"feed.personalised_minutes": 90})).await;
    assert_eq!((refused.status, refused.code()), (422, "below_floor"), "{}", refused.text);
    assert_eq!((&refused.body["bound"], &refused.body["rules"][0]), (&json!(60), &json!(rule)));
    assert_problem(&refused);
    assert_eq!(guardian_sets(&house, &family, json!({"feed.personalised_minutes": 30})).await.status, 200);
}

/// The residence of the teen decides, not the guardian's.
#[tokio::test(flavor = "multi_thread")]
async fn the_law_of_the_teens_home_counts() {
    let house = House::new().await;
    let family = house.family_in("AU").await;
    let (policy, _) = policies(&family).await;
    let account = &policy["controls"]["account.create"];
    assert_eq!((&account["value"], &account["source"]), (&json!("prohibited"), &json!("law")), "{account}");
    let refused = guardian_sets(&house, &family, json!({"account.create": "allowed"})).await;
    assert_eq!((refused.status, refused.code()), (422, "not_yours"));
    let (elsewhere, _) = policies(&house.family_in("CH").await).await;
    assert_eq!(elsewhere["controls"]["account.create"]["value"], "allowed");
}

/// A teen of an age at which it is theirs replaces a default; a guardian's value ends that choice; a younger teen only adds.
#[tokio::test(flavor = "multi_thread")]
async fn a_teen_chooses_what_is_theirs() {
    let house = House::new().await;
    let (guardian, older, younger) =
        (house.guardian("dana").await, house.sign_up("teen", "kim", 16).await, house.teen("mia").await);
    let sets = async |who: &crate::house::people::Person, wanted: Json| {
        let etag = who.api.get::<Json>("/v1/teen/settings").await.expect("settings").etag.expect("an etag");
        let url = format!("{}/v1/teen/settings", house.url());
        raw::send("PATCH", &url, Some(&who.access), &[("if-match", &etag)], Some(json!({ "settings": wanted }))).await
    };
    assert_eq!(sets(&younger, json!({"account.private": false})).await.code(), "adds_nothing");
    let chosen = sets(&older, json!({"account.private": false})).await;
    assert_eq!((chosen.status, &chosen.body["changed"][0]["direction"]), (200, &json!("looser")), "{}", chosen.text);
    assert_eq!(sets(&older, json!({"dm.from": "everyone"})).await.code(), "below_floor");
    assert_eq!(sets(&older, json!({"dm.from": "suggested_friends"})).await.status, 200);
    guardian.pairs_with(&older).await;
    guardian.sets(older.id, json!({"account.private": true})).await;
    let policy: Json = older.api.get("/v1/teen/policy/explanation").await.expect("a policy").body;
    assert_eq!(policy["controls"]["account.private"]["source"], "guardian");
    assert_eq!(policy["controls"]["dm.from"]["source"], "teen");
    assert_eq!(sets(&older, json!({"account.private": false})).await.status, 200, "said before, and it stays said");
}

/// A change says which device it came from, and the teen's answer stands beside it in both histories.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_says_where_from_and_the_teen_has_a_reply() {
    let house = House::new().await;
    let family = house.family().await;
    let changed = guardian_sets(&house, &family, json!({"time.daily_minutes": 40})).await;
    let number = changed.body["revision"].clone();
    teen_sets(&house, &family, json!({"live.watch": false})).await;
    let path = format!("/v1/teen/history/{number}/reply");
    let say = async |text: &str| {
        let url = format!("{}{path}", house.url());
        raw::send("POST", &url, Some(&family.phone.token), &[], Some(json!({ "text": text }))).await
    };
    let mut socket = listens(&family.guardian, house.url()).await;
    assert_eq!(say("no fair").await.body["edited"], false);
    assert_eq!(say("Could we try 60 on Fridays?").await.body["edited"], true);
    for text in ["no fair", "Could we try 60 on Fridays?"] {
        let told = loop {
            if let ServerFrame::Notice(Notice::Reply { revision, reply, .. }) = frame(&mut socket).await {
                break (json!(revision), reply.text);
            }
        };
        assert_eq!(told.0, number, "the guardian is told at once");
        // What is told is what stands, which may be newer.
        assert!(told.1 == text || told.1 == "Could we try 60 on Fridays?", "{}", told.1);
    }
    let again = async || {
        let url = format!("{}{path}", house.url());
        let headers = [("idempotency-key", "one-reply")];
        let body = Some(json!({"text": "Could we try 60 on Fridays?"}));
        raw::send("POST", &url, Some(&family.phone.token), &headers, body).await
    };
    let (first, second) = (again().await, again().await);
    assert_eq!((first.status, &first.body), (200, &second.body), "the same key, the same answer");
    assert_eq!((say("").await.status, say(&"x".repeat(281)).await.code()), (422, "invalid"));
    let guardians = format!("/v1/guardian/teens/{}/history", family.teen.id);
    for (api, path) in [(&family.guardian.api, guardians.as_str()), (&family.teen.api, "/v1/teen/history")] {
        let history: Json = api.get(path).await.expect("a history").body;
        assert_eq!(history["items"][0]["origin"], json!({"from": "device", "device_id": family.phone.id}), "{path}");
        assert_eq!(history["items"][1]["origin"], json!({"from": "session"}));
        assert_eq!(history["items"][1]["reply"]["text"], "Could we try 60 on Fridays?");
    }
    let nowhere = format!("{}/v1/teen/history/99/reply", house.url());
    let missing = raw::send("POST", &nowhere, Some(&family.teen.access), &[], Some(json!({"text": "hm"}))).await;
    assert_eq!(missing.status, 404);
}

/// Where a law wants a verified consent, the guardian loosens with it, and what was loosened goes in the instant in which it is taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_verified_consent_loosens_and_its_end_undoes_that() {
    let house = House::new().await;
    let (family, stranger) = (house.family_in("US-CA").await, house.guardian("ann").await);
    let key = house.platform_key(&[Scope::Assure]);
    let says = async |guardian: AccountId, verified: bool| {
        let body =
            json!({"teen_id": family.teen.id, "guardian_id": guardian, "verified": verified, "method": "payment"});
        let url = format!("{}/v1/platform/guardian-assurances", house.url());
        raw::send("POST", &url, Some(&key.token), &[], Some(body)).await
    };
    let minutes = async || policies(&family).await.0["controls"]["feed.personalised_minutes"].clone();
    assert_eq!((says(stranger.id, true).await.status, says(family.teen.id, true).await.status), (404, 404));
    assert_eq!(says(family.guardian.id, true).await.status, 200);
    assert_eq!(says(family.guardian.id, true).await.body["changed"], json!([]), "said before");
    let history: Json = family.teen.api.get("/v1/teen/history").await.expect("a history").body;
    let newest = &history["items"][0];
    assert_eq!((&newest["kind"], &newest["origin"]), (&json!("assurance"), &json!({"from": "platform"})));
    let set = guardian_sets(&house, &family, json!({"feed.personalised_minutes": 90})).await;
    assert_eq!(set.status, 200, "{}", set.text);
    assert_eq!((&minutes().await["value"], &minutes().await["source"]), (&json!(90), &json!("guardian")));
    let taken = says(family.guardian.id, false).await;
    assert_eq!(taken.body["changed"][0]["to"], 60, "{}", taken.text);
    assert_eq!((&minutes().await["value"], &minutes().await["source"]), (&json!(60), &json!("law")));
    assert_eq!(says(family.guardian.id, true).await.body["changed"][0]["to"], 90, "the wish was kept");
}

/// The history says each change in a sentence, in the reader's language.
#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_in_sentences_of_the_readers_language() {
    let house = House::new().await;
    let family = house.family().await;
    guardian_sets(&house, &family, json!({"time.daily_minutes": 45})).await;
    let url = format!("{}/v1/teen/history", house.url());
    for (wanted, word) in [("en", "tighter"), ("de-AT, en;q=0.5", "strenger"), ("xx", "tighter")] {
        let answer = raw::send("GET", &url, Some(&family.teen.access), &[("accept-language", wanted)], None).await;
        let sentence = answer.body["items"][0]["sentences"][0].as_str().expect("a sentence").to_owned();
        assert!(sentence.contains("60") && sentence.contains("45") && sentence.contains(word), "{wanted}: {sentence}");
    }
}

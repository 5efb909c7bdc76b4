//! Presets: for everybody to read, and for a guardian to apply by an ordinary change.

use serde_json::{Value as Json, json};

use crate::house::{
    House,
    people::{Family, settings},
    raw,
};

async fn offers(family: &Family) -> (String, Json) {
    let path = format!("/v1/guardian/teens/{}/presets", family.teen.id);
    let answer = family.guardian.api.get::<Json>(&path).await.expect("offers");
    (answer.etag.expect("an ETag"), answer.body)
}

fn offer<'a>(offers: &'a Json, id: &str) -> &'a Json {
    let all = offers["presets"].as_array().expect("a list");
    all.iter().find(|offer| offer["preset"]["id"] == id).unwrap_or_else(|| panic!("no {id}"))
}

/// Anybody can read the presets, with their evidence.
#[tokio::test(flavor = "multi_thread")]
async fn presets_are_for_everybody_to_read() {
    let house = House::new().await;
    let list: Json = house.api().get("/v1/presets").await.expect("presets").body;
    let presets = list["presets"].as_array().expect("a list");
    assert_eq!(presets.len(), 10);
    for preset in presets {
        assert!(["id", "label", "why", "grade"].iter().all(|field| preset[field].is_string()), "{preset}");
        assert!(preset["takes_back"] == true || !preset["settings"].as_object().expect("settings").is_empty());
    }
    let url = format!("{}/v1/presets", house.url());
    let german = raw::send("GET", &url, None, &[("accept-language", "de-AT, en;q=0.5")], None).await;
    assert_eq!(
        (&german.body["presets"][0]["label"], german.header("content-language")),
        (&json!("Schlaf zuerst"), "de")
    );
    assert_eq!(german.body["presets"][0]["settings"], presets[0]["settings"]);
}

/// Only what is required: a guardian's own settings go, and offers are in the language of whoever asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_takes_everything_back() {
    let house = House::new().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"search.enabled": false, "time.daily_minutes": 20})).await;
    let url = format!("{}/v1/guardian/teens/{}/presets", house.url(), family.teen.id);
    let all = raw::send("GET", &url, Some(&family.guardian.access), &[("accept-language", "fr")], None).await.body;
    let least = offer(&all, "legal_minimum");
    assert_eq!(least["preset"]["label"], "Seulement l'obligatoire");
    assert_eq!(least["settings"], json!({"search.enabled": null, "time.daily_minutes": null}));
    let (etag, _) = offers(&family).await;
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    let body = Some(json!({"settings": least["settings"]}));
    let saved = raw::send("PATCH", &url, Some(&family.guardian.access), &[("if-match", &etag)], body).await;
    assert_eq!((saved.status, &saved.body["changed"]), (200, &least["changes"]), "{}", saved.text);
}

/// What an offer says is what happens when its settings are saved with its version; then there is nothing left to change.
#[tokio::test(flavor = "multi_thread")]
async fn a_preset_is_applied_by_an_ordinary_change() {
    let house = House::new().await;
    let family = house.family().await;
    let (etag, all) = offers(&family).await;
    let balanced = offer(&all, "balanced");
    assert_eq!((&balanced["refused"], &balanced["direction"]), (&json!([]), &json!("mixed")));
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    let body = Some(json!({"settings": balanced["settings"], "reason": "let us try this"}));
    let saved = raw::send("PATCH", &url, Some(&family.guardian.access), &[("if-match", &etag)], body).await;
    assert_eq!((saved.status, &saved.body["changed"]), (200, &balanced["changes"]), "{}", saved.text);
    let (_, after) = offers(&family).await;
    assert_eq!(offer(&after, "balanced")["changes"], json!([]));
    assert_eq!(offer(&after, "balanced")["direction"], "same");
}

/// Where a law forbids a part, that part is named with the law's bound, and the rest can be saved.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_a_law_forbids_is_named() {
    let house = House::new().await;
    let family = house.family_in("US-CA").await;
    let (etag, all) = offers(&family).await;
    let talk_first = offer(&all, "talk_first");
    let refused = talk_first["refused"].as_array().expect("a list");
    let refused = refused.iter().find(|part| part["control"] == "time.sleep_windows").expect("California's nights");
    assert_eq!((&refused["wanted"], &refused["bound"][0]["to"]), (&json!([]), &json!("06:00")));
    let rule = refused["rules"][0].as_str().expect("a rule");
    assert!(all["rules"][rule]["law"].is_string(), "and the rule is explained");
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    let body = Some(json!({"settings": talk_first["settings"]}));
    let saved = raw::send("PATCH", &url, Some(&family.guardian.access), &[("if-match", &etag)], body).await;
    assert_eq!((saved.status, &saved.body["changed"]), (200, &talk_first["changes"]), "{}", saved.text);
}

/// Offers cost as much as a simulation, and are limited like one.
#[tokio::test(flavor = "multi_thread")]
async fn offers_are_limited() {
    let house = House::with(&["--throttle-scale", "1"]).await;
    let family = house.family().await;
    let url = format!("{}/v1/guardian/teens/{}/presets", house.url(), family.teen.id);
    let mut taken = 0;
    let refused = loop {
        let answer = raw::send("GET", &url, Some(&family.guardian.access), &[], None).await;
        match answer.status {
            200 if taken < 600 => taken += 1,
            _ => break answer,
        }
    };
    assert_eq!(refused.code(), "throttled", "{}", refused.text);
    assert!(taken >= 60, "{taken}");
}

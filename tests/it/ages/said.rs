//! What others say of an age: younger at once, older after three days, once, and never more than is needed.

use family_pairing::sync::frame::Notice;
use serde_json::json;

use super::*;
use crate::house::wire::listens;

/// A younger age counts in the same instant, on the device too, and both sides are told.
#[tokio::test(flavor = "multi_thread")]
async fn a_younger_age_counts_at_once() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let (mut phone, mut socket) = (family.phone.connects(&house).await, listens(&family.guardian, house.url()).await);
    phone.policy().await;
    let key = age_key(&house);
    let older = reports(&house, &key, &family, google(13, Some(15), "TIER_C")).await;
    assert_eq!((&older.body["band"], &older.body["level"]), (&json!("13_15"), &json!("enhanced")), "{}", older.text);
    let checked = json!({"teen_id": family.teen.id, "provider": "acme", "transaction": "check-17",
        "signal": {"channel": "provider", "answer": {"method": "id_and_face", "lo": 11, "hi": 12}}});
    let heard = says(&house, &key, checked).await;
    assert_eq!((heard.status, &heard.body["band"], &heard.body["level"]), (200, &json!("under_13"), &json!("strict")));
    assert!(heard.body["changed"].as_array().is_some_and(|it| !it.is_empty()), "{}", heard.text);
    for socket in [&mut phone.socket, &mut socket] {
        let told = notice(socket, |notice| matches!(notice, Notice::Age { .. })).await;
        assert_eq!(serde_json::to_value(told).expect("JSON")["band"], "under_13");
    }
    revised(&family, "age").await;
    assert_eq!(
        read(&family.guardian.api, &format!("/v1/guardian/teens/{}", family.teen.id)).await["age_band"],
        "under_13"
    );
    let decided = house.database.count("select count(*) from age_decisions", &[]).await;
    assert_eq!(decided, 3, "declared, enhanced, strict");
}

/// An older age waits for 72 hours, is told to both at once, and is taken back by a younger word in between.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_age_waits_for_three_days() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let mut socket = listens(&family.guardian, house.url()).await;
    let path = format!("/v1/guardian/teens/{}/age", family.teen.id);
    let heard = reports(&house, &age_key(&house), &family, google(16, Some(17), "TIER_C")).await;
    let until_then = timestamp(&heard.body["waiting"]["until"]);
    assert_eq!((&heard.body["band"], &heard.body["changed"]), (&json!("13_15"), &json!([])), "{}", heard.text);
    assert!(until_then.duration_since(house.world().now()) > hours(71));
    notice(&mut socket, |notice| matches!(notice, Notice::Age { waiting: Some(_), .. })).await;
    let (mine, theirs) = (read(&family.phone.api, "/v1/teen/age").await, read(&family.guardian.api, &path).await);
    assert_eq!(mine["waiting"], heard.body["waiting"]);
    assert_eq!(theirs["waiting"], heard.body["waiting"]);
    house.pass(Duration::from_secs(73 * 3600));
    band_becomes(&family, "16_17").await;
    assert_eq!(revised(&family, "age").await["origin"]["from"], "server");
}

/// A younger word within the 72 hours ends the wait.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_age_can_be_objected_to_while_it_waits() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let key = age_key(&house);
    reports(&house, &key, &family, google(16, Some(17), "TIER_A")).await;
    let path = format!("/v1/guardian/teens/{}/age-attestations", family.teen.id);
    let word: Json = family.guardian.api.post(&path, &json!({"from": 13, "to": 14})).await.expect("an answer");
    assert_eq!((&word["band"], &word["waiting"]), (&json!("13_15"), &Json::Null));
    house.pass(Duration::from_secs(80 * 3600));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(band(&family).await, "13_15");
}

/// The same word again is the same signal, one outcome counts once, and for one person.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_report_again_changes_nothing() {
    let house = House::new().await;
    let (family, other) = (house.family().await, house.family().await);
    let key = age_key(&house);
    let kept = async || house.database.count("select count(*) from age_signals", &[]).await;
    let store = google(13, Some(15), "TIER_B");
    let first = reports(&house, &key, &family, store.clone()).await;
    assert_eq!(reports(&house, &key, &family, store).await.body["band"], first.body["band"]);
    assert_eq!(kept().await, 1);
    let check = |of: &Family| {
        json!({"teen_id": of.teen.id, "signal": {"channel": "provider", "answer": {"method": "id_and_face", "lo": 14, "hi": 14}},
            "provider": "acme", "transaction": "check-17"})
    };
    assert_eq!(says(&house, &key, check(&family)).await.status, 200);
    assert_eq!(says(&house, &key, check(&family)).await.status, 200);
    assert_eq!(kept().await, 2);
    let borrowed = says(&house, &key, check(&other)).await;
    assert_eq!((borrowed.status, borrowed.code()), (422, "invalid"), "{}", borrowed.text);
    let shy = json!({"channel": "apple", "answer": "declinedSharing"});
    assert_eq!(reports(&house, &key, &other, shy).await.status, 200, "who declines says nothing");
    assert_eq!(kept().await, 2);
}

/// A store's answer from an app that nobody checked is what the teen says.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_an_unchecked_app_is_an_assertion() {
    let house = House::new().await;
    let family = house.family().await;
    let body = json!({"teen_id": family.teen.id, "signal": google(0, Some(12), "TIER_D")});
    assert_eq!(says(&house, &age_key(&house), body).await.body["level"], "asserted");
}

/// What cannot be is refused, and so is evidence; nothing of it is kept.
#[tokio::test(flavor = "multi_thread")]
async fn impossible_ages_and_evidence_are_refused() {
    let house = House::new().await;
    let family = house.family().await;
    let (key, teen) = (age_key(&house), family.teen.id);
    let provider = |answer: Json, more: Json| {
        let mut body = json!({"teen_id": teen, "signal": {"channel": "provider", "answer": answer}});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let named = json!({"provider": "acme", "transaction": "1"});
    for (body, code) in [
        (json!({"teen_id": teen, "signal": google(16, Some(13), "TIER_A")}), "invalid"),
        (json!({"teen_id": teen, "signal": google(-1, None, "TIER_A")}), "invalid"),
        (json!({"teen_id": teen, "signal": google(13, Some(15), "TIER_A"), "transaction": "1"}), "invalid"),
        (
            json!({"teen_id": teen, "signal": google(13, Some(15), "TIER_A"), "valid_until": "2020-01-01T00:00:00Z"}),
            "invalid",
        ),
        (provider(json!({"method": "credit_card"}), json!({})), "invalid"),
        (
            provider(json!({"method": "facial_estimation", "lo": 15, "hi": 14, "margin_years": 1}), named.clone()),
            "invalid",
        ),
        (
            provider(json!({"method": "id_and_face", "lo": 14, "hi": 14, "document_number": "X1"}), named.clone()),
            "bad_json",
        ),
        (json!({"teen_id": teen, "signal": google(13, None, "TIER_A"), "birth_date": "2012-01-01"}), "bad_json"),
        (json!({"teen_id": uuid::Uuid::now_v7(), "signal": google(13, Some(15), "TIER_A")}), "not_found"),
    ] {
        let refused = says(&house, &key, body.clone()).await;
        assert_eq!(refused.code(), code, "{body}: {}", refused.text);
    }
    let path = format!("/v1/guardian/teens/{teen}/age-attestations");
    for body in [json!({"from": 18, "to": 20}), json!({"from": 15, "to": 13}), json!({"from": -1, "to": 13})] {
        let url = format!("{}{path}", house.url());
        let refused = raw::send("POST", &url, Some(&family.guardian.access), &[], Some(body)).await;
        assert_eq!((refused.status, refused.code()), (422, "invalid"));
    }
    assert_eq!(house.database.count("select count(*) from age_signals", &[]).await, 0);
}

/// The teen sees who said what; a guardian sees the band and how sure it is. Neither sees a birth date, and no table holds one.
#[tokio::test(flavor = "multi_thread")]
async fn a_birth_date_is_in_no_answer_and_in_no_table() {
    let house = House::new().await;
    let birth = turning(&house, 14, 100);
    let family = family_born(&house, birth).await;
    reports(&house, &age_key(&house), &family, google(13, Some(15), "TIER_C")).await;
    let base = format!("/v1/guardian/teens/{}", family.teen.id);
    let word: Json = family
        .guardian
        .api
        .post(&format!("{base}/age-attestations"), &json!({"from": 13, "to": 14}))
        .await
        .expect("it");
    let theirs = read(&family.guardian.api, &format!("{base}/age")).await;
    let fields: Vec<&String> = theirs.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["band", "level", "next_transition_on", "reason", "waiting"]);
    let mine = read(&family.phone.api, "/v1/teen/age").await;
    let channels: Vec<&Json> = mine["signals"].as_array().expect("a list").iter().map(|it| &it["channel"]).collect();
    assert_eq!(channels, ["declared", "google", "guardian"]);
    let mut said = vec![word.to_string(), theirs.to_string(), mine.to_string()];
    for path in [format!("{base}/transitions"), base.clone(), format!("{base}/policy"), format!("{base}/history")] {
        said.push(read(&family.guardian.api, &path).await.to_string());
    }
    let client = house.database.client().await;
    for table in
        ["age_signals", "age_decisions", "transition_notices", "age_appeals", "audit", "teens", "policy_revisions"]
    {
        let sql = format!("select coalesce(string_agg(x::text, ' '), '') from {table} x");
        said.push(client.query_one(&sql, &[]).await.expect("a table").get(0));
    }
    let guardians_words = ["google", "TIER_C", "declared_"];
    assert!(guardians_words.iter().all(|word| !theirs.to_string().contains(word)), "how it was shown: {theirs}");
    assert!(said.iter().all(|text| !text.contains(&birth.to_string())), "{said:#?}");
}

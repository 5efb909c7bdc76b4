//! Objections and their answers, and what operators see ahead.

use serde_json::json;

use super::*;
use crate::house::admin::text;

/// A corrected objection has the signals that stood in the way count no more: a younger age at once, an older one too where nothing
/// else says so, because it was decided and not merely said.
#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_objection_withdraws_what_was_wrong() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    reports(&house, &age_key(&house), &family, google(0, Some(12), "TIER_D")).await;
    assert_eq!(band(&family).await, "under_13");
    let opened: Json =
        family.phone.api.post("/v1/teen/age-appeals", &json!({"claims": "13_15"})).await.expect("an objection");
    assert_eq!((&opened["state"], &opened["side"], &opened["reason"]), (&json!("open"), &json!("teen"), &Json::Null));
    assert_eq!(opened["routes"].as_array().and_then(|it| it.last()), Some(&json!("identity_document")));
    assert_eq!(timestamp(&opened["due_at"]).duration_since(timestamp(&opened["opened_at"])), hours(7 * 24));
    let second: Json =
        family.phone.api.post("/v1/teen/age-appeals", &json!({"claims": "16_17"})).await.expect("the same");
    assert_eq!(second, opened, "one at a time");
    assert_eq!(band(&family).await, "under_13", "until the answer it stands");
    let id = opened["appeal_id"].as_str().expect("an id");
    assert!(house.admin(&["age-appeals"]).contains(id));
    let answer =
        ["answer-age-appeal", "--appeal", id, "--outcome", "corrected", "--reason", "The school confirmed it."];
    let nameless = house.admin_with(&answer, &[]);
    assert!(!nameless.status.success(), "an answer is somebody's");
    let signed = house.operator("alice");
    let sign = [("FAMILY_PAIRING_OPERATOR_TOKEN", signed.as_str())];
    let done = house.admin_with(&answer, &sign);
    assert!(done.status.success(), "{}", text(&done.stderr));
    band_becomes(&family, "13_15").await;
    let listed = read(&family.phone.api, "/v1/teen/age-appeals").await;
    assert_eq!(
        (&listed["items"][0]["state"], &listed["items"][0]["reason"]),
        (&json!("corrected"), &json!("The school confirmed it."))
    );
    let mine = read(&family.phone.api, "/v1/teen/age").await;
    assert_eq!(mine["signals"][1]["counts"], false);
    let again = house.admin_with(&answer, &sign);
    assert!(!again.status.success() && text(&again.stderr).contains("no open objection"), "answered once");
}

/// A guardian's objection stands beside the teen's; one that is upheld changes nothing and gives its reason.
#[tokio::test(flavor = "multi_thread")]
async fn an_upheld_objection_changes_nothing_and_says_why() {
    let house = House::new().await;
    let family = house.family().await;
    let path = format!("/v1/guardian/teens/{}/age-appeals", family.teen.id);
    let opened: Json = family.guardian.api.post(&path, &json!({"claims": "under_13"})).await.expect("an objection");
    let own: Json =
        family.teen.api.post("/v1/teen/age-appeals", &json!({"claims": "16_17"})).await.expect("an objection");
    assert_ne!(opened["appeal_id"], own["appeal_id"]);
    let revision = house.database.count("select revision from teens", &[]).await;
    let signed = house.operator("alice");
    let id = opened["appeal_id"].as_str().expect("an id");
    let answer = ["answer-age-appeal", "--appeal", id, "--outcome", "upheld", "--reason", "Two checks agree."];
    assert!(house.admin_with(&answer, &[("FAMILY_PAIRING_OPERATOR_TOKEN", &signed)]).status.success());
    let listed = read(&family.teen.api, "/v1/teen/age-appeals").await;
    let answered =
        listed["items"].as_array().expect("a list").iter().find(|it| it["side"] == "guardian").expect("it").clone();
    assert_eq!((&answered["state"], &answered["reason"]), (&json!("upheld"), &json!("Two checks agree.")));
    assert_eq!(house.database.count("select revision from teens", &[]).await, revision);
}

/// A declared date that was found wrong counts no more; then nothing is known, and the youngest band protects.
#[tokio::test(flavor = "multi_thread")]
async fn a_declared_date_can_be_found_wrong() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let path = format!("/v1/guardian/teens/{}/age-appeals", family.teen.id);
    let opened: Json = family.guardian.api.post(&path, &json!({"claims": "under_13"})).await.expect("an objection");
    let signed = house.operator("alice");
    let id = opened["appeal_id"].as_str().expect("an id");
    let answer = ["answer-age-appeal", "--appeal", id, "--outcome", "corrected", "--reason", "The date was wrong."];
    let done = house.admin_with(&answer, &[("FAMILY_PAIRING_OPERATOR_TOKEN", &signed)]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    band_becomes(&family, "under_13").await;
    assert_eq!(read(&family.phone.api, "/v1/teen/age").await["level"], Json::Null);
}

/// The forecast counts who changes band until a day and what that does, and changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_forecast_counts_and_changes_nothing() {
    let house = House::new().await;
    for days in [10, 20, 200] {
        teen_born(&house, turning(&house, 16, days)).await;
    }
    let on = (today(&house) + Span::new().days(30)).to_string();
    let state = "select count(*) from policy_revisions";
    let before = house.database.count(state, &[]).await;
    let said = house.admin(&["ages", "--on", &on]);
    assert!(said.starts_with(&format!("2 of 3 teens are in another band on {on}.\n2\t13_15\t16_17\n")), "{said}");
    assert!(said.lines().skip(2).all(|line| line.starts_with("2\t") && line.split('\t').count() == 3), "{said}");
    assert!(said.contains("\tlooser"), "{said}");
    assert_eq!(house.database.count(state, &[]).await, before);
}

//! Objections and their answers, and what operators see ahead.

use serde_json::json;

use super::*;
use crate::house::{admin::text, wire::listens};

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

/// An objection that was right brings the age that it claims, also where nothing is left that says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_objection_brings_what_it_claims() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 11, 100)).await;
    let mut socket = listens(&family.guardian, house.url()).await;
    let opened: Json =
        family.phone.api.post("/v1/teen/age-appeals", &json!({"claims": "13_15"})).await.expect("an objection");
    let signed = house.operator("alice");
    let (done, words) = answers(&house, &signed, &opened, "corrected", "The school confirmed it.", &[]);
    assert!(done, "{words}");
    band_becomes(&family, "13_15").await;
    let mine = read(&family.phone.api, "/v1/teen/age").await;
    assert_eq!((&mine["level"], &mine["signals"][1]["channel"]), (&json!("standard"), &json!("appeal")));
    let told = notice(&mut socket, |notice| matches!(notice, Notice::AgeAppeal { .. })).await;
    let told = serde_json::to_value(told).expect("JSON");
    assert_eq!((&told["state"], &told["reason"]), (&json!("corrected"), &json!("The school confirmed it.")));
}

/// Nobody becomes an adult by an answer; it says so, and the objection stays open.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_would_not_bring_the_claim_is_refused() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 16, 100)).await;
    let claim = |band: &str| json!({ "claims": band });
    let adult: Json = family.phone.api.post("/v1/teen/age-appeals", &claim("adult")).await.expect("an objection");
    let signed = house.operator("alice");
    let (done, words) = answers(&house, &signed, &adult, "corrected", "They said so.", &[]);
    assert!(!done && words.contains("would not make them an adult"), "{words}");
    let url = format!("/v1/teen/age-appeals/{}", adult["appeal_id"].as_str().expect("an id"));
    family.phone.api.delete(&url).await.expect("it was open and is taken back");
    reports(&house, &age_key(&house), &family, google(0, Some(12), "TIER_D")).await;
    let opened: Json = family.phone.api.post("/v1/teen/age-appeals", &claim("13_15")).await.expect("an objection");
    let declared = read(&family.phone.api, "/v1/teen/age").await["signals"][0]["signal_id"].clone();
    let named = ["--signal", declared.as_str().expect("an id")];
    let (done, words) = answers(&house, &signed, &opened, "corrected", "They said so.", &named);
    assert!(!done && words.contains("would still not be 13_15"), "{words}");
    assert_eq!(band(&family).await, "under_13");
}

/// What a wrong age did to the limits goes with it: each value is what it was before.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_leaves_nothing_of_the_wrong_band_behind() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let held = async || -> Vec<(String, Json, Json)> {
        let explained = read(&family.phone.api, "/v1/teen/policy/explanation").await;
        let controls = explained["controls"].as_object().expect("controls");
        controls.iter().map(|(id, it)| (id.clone(), it["value"].clone(), it["source"].clone())).collect()
    };
    let before = held().await;
    reports(&house, &age_key(&house), &family, google(0, Some(12), "TIER_D")).await;
    assert_ne!(held().await, before);
    let opened: Json =
        family.phone.api.post("/v1/teen/age-appeals", &json!({"claims": "13_15"})).await.expect("an objection");
    let (done, words) = answers(&house, &house.operator("alice"), &opened, "corrected", "The store was wrong.", &[]);
    assert!(done, "{words}");
    assert_eq!(held().await, before);
    assert_eq!(revised(&family, "age").await["origin"]["from"], "operator");
}

/// A guardian hears what came of their objection, reads it, and can take one back; the teen's own are not theirs.
#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_learns_the_answer_to_their_objection() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, mut socket) = (family.phone.connects(&house).await, listens(&family.guardian, house.url()).await);
    let path = format!("/v1/guardian/teens/{}/age-appeals", family.teen.id);
    let opened: Json = family.guardian.api.post(&path, &json!({"claims": "under_13"})).await.expect("an objection");
    let own: Json =
        family.teen.api.post("/v1/teen/age-appeals", &json!({"claims": "16_17"})).await.expect("an objection");
    let (done, words) = answers(&house, &house.operator("alice"), &opened, "upheld", "Two checks agree.", &[]);
    assert!(done, "{words}");
    for socket in [&mut phone.socket, &mut socket] {
        let told = notice(socket, |notice| matches!(notice, Notice::AgeAppeal { .. })).await;
        let told = serde_json::to_value(told).expect("JSON");
        assert_eq!((&told["appeal_id"], &told["state"]), (&opened["appeal_id"], &json!("upheld")));
    }
    let listed = read(&family.guardian.api, &path).await;
    let listed = listed["items"].as_array().expect("a list");
    assert_eq!((listed.len(), &listed[0]["reason"]), (1, &json!("Two checks agree.")));
    let delete = async |id: &Json| {
        let url = format!("{}{path}/{}", house.url(), id.as_str().expect("an id"));
        raw::send("DELETE", &url, Some(&family.guardian.access), &[], None).await.status
    };
    assert_eq!(delete(&opened["appeal_id"]).await, 404, "it was answered");
    assert_eq!(delete(&own["appeal_id"]).await, 404, "it is the teen's");
    let second: Json = family.guardian.api.post(&path, &json!({"claims": "under_13"})).await.expect("another");
    assert_eq!(delete(&second["appeal_id"]).await, 204);
    assert_eq!(read(&family.guardian.api, &path).await["items"][0]["state"], "withdrawn");
}

/// An operator sees whose age it is, what counts and which signals an answer can name, and no age.
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_does_not_answer_blind() {
    let house = House::new().await;
    let family = house.family().await;
    reports(&house, &age_key(&house), &family, google(0, Some(11), "TIER_D")).await;
    let opened: Json =
        family.phone.api.post("/v1/teen/age-appeals", &json!({"claims": "13_15"})).await.expect("an objection");
    let said = house.admin(&["age-appeals"]);
    let teen = family.teen.id.to_string();
    let line = said.lines().find(|line| line.starts_with(opened["appeal_id"].as_str().expect("an id"))).expect("it");
    assert!(line.ends_with(&format!("{teen}\tunder_13\tstrict")) && !line.contains("overdue"), "{line}");
    for signal in read(&family.phone.api, "/v1/teen/age").await["signals"].as_array().expect("signals") {
        let [id, channel, level] = ["signal_id", "channel", "level"].map(|name| signal[name].as_str().expect(name));
        assert!(said.contains(&format!("\tsignal\t{id}\t{channel}\t{level}\t")), "{said}");
    }
    let client = house.database.client().await;
    let long_ago = "update age_appeals set opened_at = opened_at - interval '8 days'";
    client.execute(long_ago, &[]).await.expect("an update");
    assert!(house.admin(&["age-appeals"]).contains(" overdue\t"));
}

/// The forecast counts who gets into another band on a day and what that does, and changes nothing. One teen who cannot be computed stops
/// nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn the_forecast_counts_and_changes_nothing() {
    let house = House::new().await;
    for days in [10, 10, 20] {
        teen_born(&house, turning(&house, 16, days)).await;
    }
    let broken = teen_born(&house, turning(&house, 16, 10)).await;
    let client = house.database.client().await;
    let spoil = "update accounts set birth_date_sealed = '\\x00' where id::text = $1";
    client.execute(spoil, &[&broken.id.to_string()]).await.expect("an update");
    let on = (today(&house) + Span::new().days(10)).to_string();
    let state = "select count(*) from policy_revisions";
    let before = house.database.count(state, &[]).await;
    let said = house.admin(&["ages", "--on", &on]);
    assert!(said.starts_with(&format!("2 of 4 teens get into another band on {on}.\n2\t13_15\t16_17\n")), "{said}");
    assert!(said.ends_with("1\tcould not be computed\n"), "{said}");
    let controls: Vec<&str> = said.lines().skip(2).filter(|line| line.split('\t').count() == 3).collect();
    assert!(controls.iter().all(|line| line.starts_with("2\t")) && said.contains("\tlooser"), "{said}");
    assert_eq!(house.database.count(state, &[]).await, before);
    let past = house.admin_with(&["ages", "--on", "2020-01-01"], &[]);
    assert!(!past.status.success() && text(&past.stderr).contains("past"), "{}", text(&past.stderr));
}

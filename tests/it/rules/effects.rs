//! What an approval does to families: quickly, with its reason, and to nobody whom it does not touch.

use std::time::{Duration, Instant};

use family_pairing::domain::account::Role;
use serde_json::{Value as Json, json};

use super::{CAP, Folder, Pair, cap_of, done, everybody_is_computed_by, kills::signs_up, no_cap};
use crate::house::{
    House,
    people::{Family, born},
    raw,
    wire::payload,
};

async fn policy(family: &Family) -> Json {
    let path = format!("/v1/guardian/teens/{}/policy", family.teen.id);
    family.guardian.api.get(&path).await.expect("a policy").body
}

/// One word in one file, and a device has another limit within seconds: what holds, what explains it and what says how it came.
#[tokio::test(flavor = "multi_thread")]
async fn a_word_in_a_file_reaches_the_device_within_seconds() {
    let house = House::new().await;
    let (here, elsewhere) = (house.family_in("US-CA").await, house.family_in("US-VA").await);
    let (alice, bob) = (house.operator("alice"), house.operator("bob"));
    let mut enacted = 1;
    let mut enact = |law: &str| {
        enacted += 1;
        let (folder, version) = (Folder::of(law), enacted.to_string());
        done(&house.rules_by(&alice, &["import", folder.path(), "--note", "A test"]));
        done(&house.rules_by(&bob, &["approve", &version]))
    };
    enact(&no_cap());
    let mut phone = here.phone.connects(&house).await;
    let before = payload(&phone.policy().await);
    assert_eq!(before["controls"]["time.daily_minutes"]["value"], 60);
    let quiet = house.database.count("select sum(revision)::bigint from teens", &[]).await;

    let started = Instant::now();
    let said = enact(CAP);
    assert!(said.contains("Computing 1 teen anew, in US-CA.\n"), "{said}");
    let capped = payload(&phone.policy().await);
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}, both commands included", started.elapsed());
    let minutes = &capped["controls"]["time.daily_minutes"];
    assert_eq!((&minutes["value"], &minutes["source"]), (&json!(30), &json!("law")));
    let explained = policy(&here).await;
    assert_eq!(explained["rules_version"], 3);
    assert_eq!(explained["controls"]["time.daily_minutes"]["rules"], json!(["us-ca-cap.minutes"]));
    assert_eq!(explained["rules"]["us-ca-cap.minutes"]["source"], "https://example.org/cap");
    assert_eq!(policy(&elsewhere).await["controls"]["time.daily_minutes"]["value"], 60);
    let history: Json = here.teen.api.get("/v1/teen/history").await.expect("a history").body;
    let newest = &history["items"][0];
    assert_eq!(
        (&newest["kind"], &newest["origin"]["from"], &newest["changed"][0]["direction"]),
        (&json!("law"), &json!("server"), &json!("tighter"))
    );

    let gone = enact(&no_cap());
    assert!(gone.contains("1 looser"), "{gone}");
    assert_eq!(payload(&phone.policy().await)["controls"]["time.daily_minutes"]["value"], 60);
    assert_eq!(house.database.count("select sum(revision)::bigint from teens", &[]).await, quiet + 2);
    let metrics = raw::send("GET", &format!("{}/metrics", house.url()), None, &[], None).await.text;
    assert!(metrics.contains("family_pairing_rules_version "), "each node says which rules it goes by");
}

/// Who lives where nothing differs is not even looked at.
#[tokio::test(flavor = "multi_thread")]
async fn only_those_are_looked_at_whom_a_rule_can_touch() {
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    pair.enact(&no_cap()).await;
    for region in ["US-CA", "US-VA", "US", "DE", "NO", "GB"] {
        signs_up(&house, &pair.store, Role::Teen, region, 14).await;
    }
    for (jurisdiction, reached) in [("US-CA", 1), ("US", 3), ("EU", 1), ("EEA", 2), ("GB", 1), ("FR", 0), ("*", 6)] {
        let law = CAP.replace("jurisdiction = \"US-CA\"", &format!("jurisdiction = \"{jurisdiction}\""));
        let approved = pair.enact(&law).await;
        assert_eq!((approved.teens, approved.comparison.touched.len()), (reached, 1), "{jurisdiction}");
        pair.works_through().await;
        everybody_is_computed_by(&house, &law, &born(&house, 14)).await;
        assert_eq!(pair.enact(&no_cap()).await.teens, reached, "and back");
    }
}

/// Codes that may still be typed in count against what the law lets be given, all of a teen's devices together.
#[tokio::test(flavor = "multi_thread")]
async fn codes_that_are_open_stay_within_the_law_together() {
    let house = House::new().await;
    let family = house.family_in("US-CA").await;
    let (alice, bob) = (house.operator("alice"), house.operator("bob"));
    let folder = Folder::of(&cap_of(90));
    done(&house.rules_by(&alice, &["import", folder.path(), "--note", "A test"]));
    done(&house.rules_by(&bob, &["approve", "2"]));
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 60})).await;
    let tablet = family.teen.registers("tablet").await;
    let makes = async |device: &str, minutes: u16| {
        let url = format!("{}/v1/guardian/teens/{}/devices/{device}/offline-codes", house.url(), family.teen.id);
        raw::send("POST", &url, Some(&family.guardian.access), &[], Some(json!({"minutes": minutes}))).await
    };
    let (phone, tablet, tablet_token) = (family.phone.id.to_string(), tablet.id.to_string(), tablet.token);
    assert_eq!(makes(&phone, 15).await.status, 201);
    assert_eq!(makes(&tablet, 30).await.code(), "below_floor", "45 would be 15 too many");
    assert_eq!(makes(&tablet, 15).await.status, 201);
    assert_eq!(makes(&phone, 5).await.code(), "below_floor");
    // What is given meanwhile leaves less for the codes: the device learns how much.
    let url = format!("{}/v1/guardian/teens/{}/time-grants", house.url(), family.teen.id);
    let given = raw::send("POST", &url, Some(&family.guardian.access), &[], Some(json!({"minutes": 20}))).await;
    assert_eq!(given.status, 201, "{}", given.text);
    let today = house.world().now().in_tz("Europe/Berlin").expect("a zone").date().to_string();
    let tells = async |token: &str| {
        let url = format!("{}/v1/teen/offline-codes", house.url());
        let body = json!({"codes": [{"number": 1, "minutes": 15, "day": today}]});
        raw::send("POST", &url, Some(token), &[], Some(body)).await.body["told"][0]["minutes"].clone()
    };
    assert_eq!((tells(&family.phone.token).await, tells(&tablet_token).await), (json!(10), json!(0)));
    assert_eq!((tells(&family.phone.token).await, tells(&tablet_token).await), (json!(10), json!(0)), "and again");
    let in_all = house.database.count("select sum(minutes) from time_grants where revoked_at is null", &[]).await;
    assert_eq!(in_all, 30, "nobody has more than the law lets them");
}

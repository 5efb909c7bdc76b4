//! What happens by itself is nobody's deed, also where a person's change comes before the worker.

use std::time::Duration;

use family_pairing::domain::controls::Registry;
use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{guardian_sets, holds, revision};
use crate::house::{
    House,
    people::{Family, settings},
    raw::{self, Raw},
};

async fn history(family: &Family) -> Vec<Json> {
    let path = format!("/v1/guardian/teens/{}/history", family.teen.id);
    let page: Json = family.guardian.api.get(&path).await.expect("a history").body;
    page["items"].as_array().expect("a list").clone()
}

fn controls(entry: &Json) -> Vec<&str> {
    entry["changed"].as_array().expect("a list").iter().filter_map(|change| change["control"].as_str()).collect()
}

/// Lets a grant end while the teen's row is locked, so that the worker passes it by, and a guardian's change come meanwhile.
async fn in_between(house: &House, family: &Family, wanted: Json) -> Raw {
    let mut client = house.database.client().await;
    let lock = client.transaction().await.expect("a transaction");
    lock.execute("select 1 from teens for update", &[]).await.expect("a lock");
    house.pass(Duration::from_secs(31 * 60));
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    let etag = format!("\"1.{}\"", revision(house).await);
    let headers = [("if-match", etag.as_str())];
    let body = Some(json!({"settings": wanted, "reason": "exam week"}));
    let change = raw::send("PATCH", &url, Some(&family.guardian.access), &headers, body);
    let unlock = async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        lock.commit().await.expect("unlocked");
    };
    tokio::join!(change, unlock).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grants_end_is_not_the_deed_of_who_comes_next() {
    let house = House::new().await;
    let family = house.family().await;
    guardian_sets(&house, &family, json!({"search.enabled": false})).await;
    let until = house.world().now() + SignedDuration::from_mins(30);
    let grant = json!({"control": "search.enabled", "value": true, "until": until});
    let path = format!("/v1/guardian/teens/{}/grants", family.teen.id);
    let _: Json = family.guardian.api.post(&path, &grant).await.expect("a grant");
    let changed = in_between(&house, &family, json!({"time.daily_minutes": 45})).await;
    assert_eq!(changed.status, 200, "the version that the guardian saw is not stale: {}", changed.text);
    assert_eq!(controls(&changed.body), ["time.daily_minutes"]);
    let history = history(&family).await;
    assert_eq!((&history[0]["kind"], &history[0]["reason"]), (&json!("guardian"), &json!("exam week")));
    assert_eq!(controls(&history[0]), ["time.daily_minutes"]);
    assert_eq!((&history[1]["kind"], &history[1]["by"]), (&json!("over"), &Json::Null));
    assert_eq!((controls(&history[1]), &history[1]["origin"]["from"]), (vec!["search.enabled"], &json!("server")));
}

/// Another floor in the catalogue reaches what is stored with the next start, though no row is new.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_floor_reaches_stored_policies() {
    let mut house = House::new().await;
    let family = house.family().await;
    assert_eq!(holds(&family, "comments.from").await["value"], "friends");
    let text = include_str!("../../../src/domain/controls.toml");
    let (before, row) = text.split_once("id = \"comments.from\"").expect("the row");
    let row = row.replacen("13_15 = \"friends\", 16_17", "13_15 = \"no_one\", 16_17", 1);
    let row = row.replacen("13_15 = \"friends\" }", "13_15 = \"no_one\" }", 1);
    let other = Registry::parse(&format!("{before}id = \"comments.from\"{row}")).expect("a catalogue");
    assert_eq!(other.version(), Registry::load().expect("a catalogue").version(), "no row is new");
    for node in house.nodes.drain(..) {
        node.stop().await;
    }
    let store = house.store_with(other).await;
    let worked = store.work_due(100).await.expect("work");
    assert_eq!(worked.revised, 1);
    let sql = "select controls, kind from policy_revisions order by revision desc limit 1";
    let row = house.database.client().await.query_one(sql, &[]).await.expect("a policy");
    let controls: Json = serde_json::from_str(&row.get::<_, String>(0)).expect("JSON");
    assert_eq!(controls["comments.from"]["value"], "no_one");
    assert_eq!(row.get::<_, String>(1), "catalogue");
}

/// Edge case 10: a program with other clocks of the world looks at everybody; who is touched by them gets a revision, nobody else does.
#[tokio::test(flavor = "multi_thread")]
async fn other_clocks_of_the_world_make_one_revision_where_they_differ() {
    let mut house = House::new().await;
    let (touched, other) = (house.family().await, house.family().await);
    let nights = json!({"time.sleep_windows": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "21:00", "to": "06:00"}]});
    touched.guardian.sets(touched.teen.id, nights.clone()).await;
    other.guardian.sets(other.teen.id, nights).await;
    for node in house.nodes.drain(..) {
        node.stop().await;
    }
    let sql = house.database.client().await;
    // As a program would have compiled it that knew another clock: every block an hour later.
    let teen = touched.teen.id.to_string();
    let newest =
        "select timeline, revision from policy_revisions where teen_id = $1::text::uuid order by revision desc limit 1";
    let row = sql.query_one(newest, &[&teen]).await.expect("a revision");
    let mut timeline: Json = serde_json::from_str(&row.get::<_, String>(0)).expect("JSON");
    for edge in timeline["blocks"]["time.sleep_windows"].as_array_mut().expect("nights") {
        *edge = json!(edge.as_i64().expect("a minute") + 60);
    }
    let (timeline, revision) = (timeline.to_string(), row.get::<_, i64>(1));
    sql.execute(
        "update policy_revisions set timeline = $1 where teen_id = $2::text::uuid and revision = $3",
        &[&timeline, &teen, &revision],
    )
    .await
    .expect("an older timeline");
    sql.execute("update installation set catalogue = 'other'", &[]).await.expect("another program");
    let store = house.store().await;
    let worked = store.work_due(100).await.expect("work");
    assert_eq!((worked.revised, worked.looked >= 2), (1, true), "{worked:?}");
    let kinds = sql
        .query("select kind, teen_id::text from policy_revisions where kind = 'timeline'", &[])
        .await
        .expect("kinds");
    assert_eq!(kinds.iter().map(|row| row.get::<_, String>(1)).collect::<Vec<_>>(), [teen]);
}

//! A dry run says beforehand what an approval does, and changes nothing.

use family_pairing::domain::account::Role;
use jiff::civil::date;
use serde_json::{Value as Json, json};

use super::{CAP, Folder, Pair, no_cap};
use crate::{house::House, rules::kills::signs_up};

/// Everything that a dry run could have changed, as text.
async fn everything(house: &House) -> String {
    let sql = "select string_agg(x::text, ' ') from (select t::text from teens t union all select r::text from policy_revisions r \
               union all select a::text from audit a union all select s.version::text from rule_sets s) x";
    house.database.client().await.query_one(sql, &[]).await.expect("everything").get(0)
}

fn json_of(house: &House, arguments: &[&str]) -> Json {
    serde_json::from_str(&house.rules(arguments)).expect("json")
}

/// What the dry run counts is what the approval then does, control by control.
#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_counts_what_an_approval_then_does() {
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    pair.enact(&no_cap()).await;
    for (region, years) in [("US-CA", 14), ("US-CA", 15), ("US-CA", 12), ("US-VA", 14), ("DE", 14)] {
        signs_up(&house, &pair.store, Role::Teen, region, years).await;
    }
    let untouched = everything(&house).await;
    let folder = Folder::of(CAP);
    let seen = json_of(&house, &["diff", folder.path(), "--json"]);
    let foreseen = json!({"teens": 3, "affected": 2, "explained_anew": 0, "unreadable": 0,
        "controls": {"time.daily_minutes": {"tighter": 2, "looser": 0, "mixed": 0}},
        "regions": {"US-CA": {"teens": 3, "affected": 2}}});
    assert_eq!((&seen["holding"], &seen["foreseen"]), (&json!(2), &foreseen), "{seen:#}");
    assert_eq!(seen["differences"]["touched"], json!(["US-CA"]));
    let edit = &seen["differences"]["rules"][0];
    assert_eq!(
        edit,
        &json!({"id": "us-ca-cap.minutes", "what": "changed", "fields": [{"field": "enforce", "from": "no", "to": "yes"}]})
    );
    let said = house.rules(&["diff", folder.path()]);
    for words in [
        "~ us-ca-cap.minutes\n    enforce        no → yes\n",
        "2 teens would get other limits.\n",
        "2 tighter\n",
        "By region:\n  US-CA    2 of 3 teens\n",
    ] {
        assert!(said.contains(words), "{words} is missing in\n{said}");
    }
    assert_eq!(everything(&house).await, untouched, "nothing was changed");

    let approved = pair.enact(CAP).await;
    assert_eq!(approved.teens, 3);
    house.rules(&["recompute"]);
    let done = pair.store.changed_by_law(approved.since).await.expect("a tally");
    assert_eq!(serde_json::to_value(done).expect("json"), foreseen["controls"]);
    let same = house.rules(&["diff", folder.path()]);
    assert!(same.contains("No law or rule differs.") && same.contains("No policy can change"), "{same}");
}

/// A law with a day to come changes nothing today and is foreseen for that day, by whoever asks about it.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_to_come_can_be_looked_at() {
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    pair.enact(&no_cap()).await;
    // Will be 15 by then, and whoever is 17 now will be 18, for whom the cap does not count.
    for years in [14, 17, 12] {
        signs_up(&house, &pair.store, Role::Teen, "US-CA", years).await;
    }
    let today = house.world().now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = today.saturating_add(jiff::Span::new().days(350));
    let later = CAP.replace("2020-01-01", &day.to_string());
    let folder = Folder::of(&later);
    let affected = |seen: &Json| seen["foreseen"]["affected"].as_u64();
    assert_eq!(affected(&json_of(&house, &["diff", folder.path(), "--json"])), Some(0));
    let on = day.to_string();
    assert_eq!(affected(&json_of(&house, &["diff", folder.path(), "--on", &on, "--json"])), Some(2));
    assert_eq!(affected(&json_of(&house, &["ahead", &on, "--json"])), Some(0), "nothing comes by itself yet");
    pair.enact(&later).await;
    house.rules(&["recompute"]);
    assert_eq!(affected(&json_of(&house, &["ahead", &on, "--json"])), Some(2));
    let eve = day.yesterday().expect("a day").to_string();
    assert_eq!(affected(&json_of(&house, &["ahead", &eve, "--json"])), Some(0));
    let said = house.rules(&["ahead", &on]);
    assert!(said.contains("It can matter in US-CA, where 3 teens live.\n2 teens would get other limits.\n"), "{said}");
    assert!(today > date(2026, 1, 1));
}

//! Limits: what can be set by whom, what the answer says, and what the history keeps.

mod due;
mod hidden;
mod history;
mod timed;
mod values;
mod why;

use futures_util::future::join_all;
use serde_json::{Value as Json, json};

use crate::{
    edges::assert_problem,
    house::{
        House,
        people::{Family, settings},
        raw::{self, Raw},
    },
};

/// A guardian's change on top of the newest version, as it came.
async fn guardian_sets(house: &House, family: &Family, wanted: Json) -> Raw {
    let etag = family.guardian.etag(family.teen.id).await;
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    let body = Some(json!({ "settings": wanted }));
    raw::send("PATCH", &url, Some(&family.guardian.access), &[("if-match", &etag)], body).await
}

/// A teen's own change on top of the newest version, from the phone.
async fn teen_sets(house: &House, family: &Family, wanted: Json) -> Raw {
    let etag = family.guardian.etag(family.teen.id).await;
    let url = format!("{}/v1/teen/settings", house.url());
    let body = Some(json!({ "settings": wanted }));
    raw::send("PATCH", &url, Some(&family.phone.token), &[("if-match", &etag)], body).await
}

/// What holds for one control, and why.
async fn holds(family: &Family, control: &str) -> Json {
    let path = format!("/v1/guardian/teens/{}/policy", family.teen.id);
    let policy: Json = family.guardian.api.get(&path).await.expect("a policy").body;
    policy["controls"][control].clone()
}

async fn revision(house: &House) -> i64 {
    house.database.count("select revision from teens", &[]).await
}

/// A change names the version that it is about; anything else is refused, with the newest document, wherever one changes limits.
#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_limits_needs_the_newest_version() {
    let house = House::new().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 50})).await;
    let now = revision(&house).await;
    let path = settings(family.teen.id);
    let body = json!({"settings": {"time.daily_minutes": 45}});
    let doors = [
        ("PATCH", path.clone(), &family.guardian.access, body.clone()),
        ("PATCH", "/v1/teen/settings".to_owned(), &family.teen.access, body),
        ("POST", path.replace("/settings", &format!("/history/{now}/undo")), &family.guardian.access, json!({})),
    ];
    for (method, path, token, body) in doors {
        let url = format!("{}{path}", house.url());
        let without = raw::send(method, &url, Some(token), &[], Some(body.clone())).await;
        assert_eq!((without.status, without.code()), (428, "if_match_required"), "{path}");
        let weak = format!("W/\"1.{now}\"");
        let bare = format!("1.{now}");
        let other_epoch = format!("\"2.{now}\"");
        let two = format!("\"1.{now}\", \"1.1\"");
        for tag in ["\"1.1\"", "*", "", "\"x\"", "\"99999999999999999999.1\"", &weak, &bare, &other_epoch, &two] {
            let stale = raw::send(method, &url, Some(token), &[("if-match", tag)], Some(body.clone())).await;
            assert_eq!((stale.status, stale.code()), (412, "stale"), "{path} {tag}");
            assert_eq!(stale.body["current"]["revision"], now, "the newest document comes along");
            assert_problem(&stale);
        }
    }
    assert_eq!(revision(&house).await, now);
}

/// A change that changes nothing says so and makes no revision, no history and no audit row.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_changes_nothing_makes_nothing() {
    let house = House::new().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 50, "content.blocked_words": ["b", "a"]})).await;
    let count = "select (select count(*) from policy_revisions) + (select count(*) from audit)";
    let before = (revision(&house).await, house.database.count(count, &[]).await);
    for nothing in [
        json!({}),
        json!({"time.daily_minutes": 50}),
        json!({"content.blocked_words": ["a", "b", "a"]}),
        json!({"ai.chat": null}),
    ] {
        let answer = guardian_sets(&house, &family, nothing.clone()).await;
        assert_eq!((answer.status, &answer.body["changed"]), (200, &json!([])), "{nothing}");
        assert_eq!(answer.body["revision"], before.0);
    }
    assert_eq!((revision(&house).await, house.database.count(count, &[]).await), before);
}

/// The answer says which way a change leads, for every kind of value.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_says_which_way_a_change_leads() {
    let house = House::new().await;
    let family = house.family().await;
    let window = |from, to| json!([{"days": ["mon"], "from": from, "to": to}]);
    let steps = [
        ("time.daily_minutes", json!(45), "tighter"),
        ("time.daily_minutes", json!(90), "looser"),
        (
            "time.daily_minutes",
            json!({"mon": 30, "tue": 90, "wed": 90, "thu": 90, "fri": 90, "sat": 90, "sun": 120}),
            "mixed",
        ),
        ("comments.from", json!("no_one"), "tighter"),
        ("comments.from", json!("friends"), "looser"),
        ("search.enabled", json!(false), "tighter"),
        ("search.enabled", json!(true), "looser"),
        ("account.private", json!(false), "looser"),
        ("content.blocked_words", json!(["one", "two"]), "tighter"),
        ("content.blocked_words", json!(["two", "three"]), "mixed"),
        ("content.blocked_words", json!([]), "looser"),
        ("time.away_windows", window("14:00", "16:00"), "tighter"),
        ("time.away_windows", window("15:00", "17:00"), "mixed"),
        ("time.away_windows", json!([]), "looser"),
    ];
    for (control, value, direction) in steps {
        let before = holds(&family, control).await["value"].clone();
        let answer = guardian_sets(&house, &family, json!({ control: value })).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let change = &answer.body["changed"][0];
        assert_eq!((&change["control"], &change["direction"]), (&json!(control), &json!(direction)), "{value}");
        assert_eq!((&change["from"], &change["effective"]), (&before, &json!("now")));
        assert_eq!(holds(&family, control).await["value"], change["to"]);
    }
}

/// Promise 9: nobody goes below the floor; the answer names the bound, and nothing of the request is applied.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_goes_below_the_floor() {
    let house = House::new().await;
    let family = house.family().await;
    let before = revision(&house).await;
    for (control, value, bound) in [
        ("dm.from", json!("friends"), json!("no_one")),
        ("comments.from", json!("everyone"), json!("friends")),
        ("content.maturity", json!("adults"), json!("older_teens")),
        ("live.host", json!(true), json!(false)),
        ("quiet.notifications", json!([]), holds(&family, "quiet.notifications").await["floor"].clone()),
    ] {
        let wanted = json!({"time.daily_minutes": 20, control: value});
        let answer = guardian_sets(&house, &family, wanted).await;
        assert_eq!((answer.status, answer.code()), (422, "below_floor"), "{control}");
        assert_eq!((&answer.body["control"], &answer.body["bound"]), (&json!(control), &bound));
        assert_problem(&answer);
        let accepted = guardian_sets(&house, &family, json!({ control: bound })).await;
        assert_eq!(accepted.status, 200, "the bound itself is accepted: {}", accepted.text);
        guardian_sets(&house, &family, json!({ control: null })).await;
    }
    assert_eq!(holds(&family, "time.daily_minutes").await["source"], "default");
    assert!(revision(&house).await > before, "the bounds were set and taken back");
}

/// Promise 9: a teen only ever adds; what they added survives a guardian's loosening, and only they take it back.
#[tokio::test(flavor = "multi_thread")]
async fn tighten_freely_loosen_with_authority() {
    let house = House::new().await;
    let family = house.family().await;
    guardian_sets(&house, &family, json!({"time.daily_minutes": 60})).await;
    for (looser, why) in [(json!(60), "the same"), (json!(61), "more"), (json!(1440), "everything")] {
        let answer = teen_sets(&house, &family, json!({"time.daily_minutes": looser})).await;
        assert_eq!((answer.status, answer.code()), (422, "adds_nothing"), "{why}");
        assert_problem(&answer);
    }
    assert_eq!(teen_sets(&house, &family, json!({"dm.from": "everyone"})).await.code(), "adds_nothing");
    let added = teen_sets(&house, &family, json!({"time.daily_minutes": 30})).await;
    assert_eq!(added.body["changed"][0]["direction"], "tighter");
    assert_eq!(holds(&family, "time.daily_minutes").await["source"], "teen");
    let loosened = guardian_sets(&house, &family, json!({"time.daily_minutes": 120})).await;
    assert_eq!(loosened.body["changed"], json!([]), "nothing effective changed");
    assert_eq!(holds(&family, "time.daily_minutes").await["value"], 30);
    let tightened = guardian_sets(&house, &family, json!({"time.daily_minutes": 20})).await;
    assert_eq!(tightened.status, 200);
    assert_eq!(holds(&family, "time.daily_minutes").await["value"], 20, "the stricter of both counts");
    guardian_sets(&house, &family, json!({"time.daily_minutes": null})).await;
    let back = teen_sets(&house, &family, json!({"time.daily_minutes": null})).await;
    assert_eq!(back.body["changed"][0]["to"], 60, "and at the end the default of the age: {}", back.text);
}

/// Null is "back to the default", with the default's own source.
#[tokio::test(flavor = "multi_thread")]
async fn null_is_back_to_the_default() {
    let house = House::new().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 45, "search.enabled": false})).await;
    let answer = guardian_sets(&house, &family, json!({"time.daily_minutes": null})).await;
    assert_eq!((&answer.body["changed"][0]["from"], &answer.body["changed"][0]["to"]), (&json!(45), &json!(60)));
    let default = holds(&family, "time.daily_minutes").await;
    assert_eq!((&default["source"], &default["by"], &default["since"]), (&json!("default"), &Json::Null, &Json::Null));
    let own: Json = family.guardian.api.get(&settings(family.teen.id)).await.expect("settings").body;
    assert_eq!(own["settings"], json!({"search.enabled": false}), "what was not named stays");
}

/// Every value says which layer decided it, who, since when and why; the same for guardian and device.
#[tokio::test(flavor = "multi_thread")]
async fn every_value_says_who_decided_it_and_why() {
    let house = House::new().await;
    let family = house.family().await;
    let etag = family.guardian.etag(family.teen.id).await;
    let body = json!({"settings": {"time.daily_minutes": 45}, "reason": "exam week"});
    let _: Json = family.guardian.api.patch(&settings(family.teen.id), &etag, &body).await.expect("a change");
    teen_sets(&house, &family, json!({"live.watch": false})).await;
    let set = holds(&family, "time.daily_minutes").await;
    assert_eq!(
        (&set["source"], &set["by"], &set["reason"]),
        (&json!("guardian"), &json!(family.guardian.id), &json!("exam week"))
    );
    assert!(set["since"].as_str().is_some_and(|since| since.parse::<jiff::Timestamp>().is_ok()));
    assert_eq!((&set["value"], &set["default"]), (&json!(45), &json!(60)));
    let own = holds(&family, "live.watch").await;
    assert_eq!((&own["source"], &own["by"]), (&json!("teen"), &json!(family.teen.id)));
    let law = holds(&family, "dm.from").await;
    assert_eq!((&law["value"], &law["floor"], &law["by"]), (&json!("no_one"), &json!("no_one"), &Json::Null));
    let snapshot: Json = family.phone.api.get("/v1/teen/policy").await.expect("a policy").body;
    let bytes =
        base64::Engine::decode(&base64::prelude::BASE64_STANDARD, snapshot["payload"].as_str().expect("a payload"));
    let payload: Json = serde_json::from_slice(&bytes.expect("base64")).expect("JSON");
    for control in ["time.daily_minutes", "live.watch", "dm.from"] {
        let told = &payload["controls"][control];
        let seen = holds(&family, control).await;
        assert_eq!((&told["value"], &told["source"]), (&seen["value"], &seen["source"]), "{control}");
    }
}

/// Of twenty changes at once about the same version, one wins; revisions have no gap, and each has one audit row.
#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_changes_of_one_version_one_wins() {
    let house = House::new().await;
    let family = house.family().await;
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    for round in 0..3_i64 {
        let etag = family.guardian.etag(family.teen.id).await;
        let headers = [("if-match", etag.as_str())];
        let tries = (0..20).map(|number| {
            let body = json!({"settings": {"time.daily_minutes": 100 + 20 * round + number}});
            raw::send("PATCH", &url, Some(&family.guardian.access), &headers, Some(body))
        });
        let answers = join_all(tries).await;
        let won: Vec<&Raw> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "stale"));
        assert_eq!(holds(&family, "time.daily_minutes").await["value"], won[0].body["changed"][0]["to"]);
    }
    let client = house.database.client().await;
    let rows = client.query("select revision from policy_revisions order by revision", &[]).await.expect("rows");
    let revisions: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(revisions, [1, 2, 3, 4]);
    let audited = "select count(*) from audit where action like 'policy%' or action like 'settings%'";
    assert_eq!(house.database.count(audited, &[]).await, 3, "one audit row for each change");
}

//! Questions that are refused: the draft's as saving it would be, and those about no time.

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use super::{guardian_asks, teen_asks};
use crate::{
    edges::assert_problem,
    house::{
        House,
        people::{Family, settings},
        raw::{self, Raw},
    },
};

async fn saves(house: &House, family: &Family, wanted: &Json) -> Raw {
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    let etag = family.guardian.etag(family.teen.id).await;
    let body = Some(json!({ "settings": wanted }));
    raw::send("PATCH", &url, Some(&family.guardian.access), &[("if-match", &etag)], body).await
}

/// The problem without what differs between two requests, and with the field as the draft names it.
fn essence(answer: &Raw) -> Json {
    let mut body = answer.body.clone();
    body["request_id"] = Json::Null;
    let text = body.to_string().replace("/settings/", "/draft/");
    serde_json::from_str(&text).expect("JSON")
}

/// Whoever drafts what they could not save is told the same as if they had tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_refused_as_saving_it_would_be() {
    let house = House::new().await;
    let family = house.family_in("US-CA").await;
    for (wanted, code) in [
        (json!({"dm.from": "everyone"}), "below_floor"),
        (json!({"search.enabled": false, "live.host": true}), "below_floor"),
        (json!({"feed.personalised": true}), "below_floor"),
        (json!({"monitoring.indicator": false}), "not_yours"),
        (json!({"time.nightly_minutes": 3}), "unknown_control"),
        (json!({"time.daily_minutes": "long"}), "invalid"),
        (json!({"time.sleep_windows": [{"days": [], "from": "21:00", "to": "06:00"}]}), "invalid"),
    ] {
        let drafted = guardian_asks(&house, &family, json!({"draft": wanted})).await;
        assert_eq!((drafted.status, drafted.code()), (422, code), "{wanted}: {}", drafted.text);
        assert_problem(&drafted);
        assert_eq!(essence(&drafted), essence(&saves(&house, &family, &wanted).await), "{wanted}");
    }
    let useless = teen_asks(&house, &family, json!({"draft": {"time.daily_minutes": 1440}})).await;
    assert_eq!((useless.status, useless.code()), (422, "adds_nothing"), "{}", useless.text);
}

/// The same for grants and holds, which only guardians give.
#[tokio::test(flavor = "multi_thread")]
async fn grants_and_holds_of_a_draft_are_a_guardians() {
    let house = House::new().await;
    let family = house.family().await;
    let until = house.world().now() + SignedDuration::from_hours(1);
    let past = house.world().now() - SignedDuration::from_hours(1);
    let one = |control: &str, value: Json, until| json!({"control": control, "value": value, "until": until});
    for (question, code, pointer) in [
        (json!({"grants": [one("live.host", json!(true), until)]}), "below_floor", ""),
        (json!({"grants": [one("search.enabled", json!(true), until)]}), "adds_nothing", ""),
        (json!({"holds": [one("time.daily_minutes", json!(20), past)]}), "not_now", ""),
        (json!({"holds": [one("time.daily_minutes", json!("x"), until)]}), "invalid", "/holds/0/value"),
        (
            json!({"grants": [one("feed.autoplay", json!(true), until), one("dm.from", json!(7), until)]}),
            "invalid",
            "/grants/1/value",
        ),
    ] {
        let refused = guardian_asks(&house, &family, question.clone()).await;
        assert_eq!((refused.status, refused.code()), (422, code), "{question}: {}", refused.text);
        assert_eq!(refused.body["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer);
        let field = if question["grants"].is_array() { "/grants" } else { "/holds" };
        let teens = teen_asks(&house, &family, question).await;
        assert_eq!((teens.status, &teens.body["errors"][0]["pointer"]), (422, &json!(field)), "{}", teens.text);
    }
}

/// What makes an answer dear is bounded: grants and holds that overlap in one control.
#[tokio::test(flavor = "multi_thread")]
async fn a_draft_has_ten_grants_and_ten_holds_of_one_control() {
    let house = House::new().await;
    let family = house.family().await;
    let until = |hours: i64| house.world().now() + SignedDuration::from_hours(hours);
    let holds = |count: i64| -> Json {
        (1..=count).map(|n| json!({"control": "time.daily_minutes", "value": 50 - n, "until": until(n)})).collect()
    };
    let ten = guardian_asks(&house, &family, json!({"at": until(1), "holds": holds(10)})).await;
    assert_eq!(ten.status, 200, "{}", ten.text);
    let eleven = guardian_asks(&house, &family, json!({"at": until(1), "holds": holds(11)})).await;
    assert_eq!((eleven.status, eleven.code()), (422, "invalid"), "{}", eleven.text);
    assert_eq!(eleven.body["errors"][0]["pointer"], "/holds/10");
}

/// Minutes that are used up now are new tomorrow: an instant says when.
#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_day_ends() {
    let house = House::new().await;
    let family = house.family().await;
    let open = json!({"time.sleep_windows": [], "time.daily_minutes": 60});
    family.guardian.sets(family.teen.id, open).await;
    let now = house.world().now();
    let answer = guardian_asks(&house, &family, json!({"at": now, "usage": {"minutes_used": 60}})).await;
    let instant = &answer.body["instant"];
    assert_eq!(instant["use"]["reasons"][0]["code"], "budget_used", "{}", answer.text);
    assert_eq!(instant["use"]["until"], instant["day"]["to"]);
}

/// A time that cannot be asked about is refused with its field, and so are more minutes than a day has.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_about_no_time_is_refused() {
    let house = House::new().await;
    let family = house.family().await;
    let now = house.world().now();
    let days = |days: i64| now + SignedDuration::from_hours(24 * days);
    for (question, pointer) in [
        (json!({"at": now, "from": now}), "/at"),
        (json!({"at": days(1900)}), "/at"),
        (json!({"at": days(-9)}), "/at"),
        (json!({"to": days(2)}), "/from"),
        (json!({"from": days(-9)}), "/from"),
        (json!({"from": now, "to": now}), "/to"),
        (json!({"from": now, "to": days(9)}), "/to"),
        (json!({"usage": {"minutes_used": 1501}}), "/usage/minutes_used"),
        (json!({"usage": {"minutes_used": [0, 2000]}}), "/usage/minutes_used"),
    ] {
        for answer in
            [guardian_asks(&house, &family, question.clone()).await, teen_asks(&house, &family, question.clone()).await]
        {
            assert_eq!((answer.status, answer.code()), (422, "invalid"), "{question}: {}", answer.text);
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{question}");
            assert_problem(&answer);
        }
    }
    for unreadable in
        [json!({"at": "tomorrow"}), json!({"when": now}), json!({"usage": 3}), json!({"usage": {"minutes_used": -1}})]
    {
        assert_eq!(guardian_asks(&house, &family, unreadable).await.code(), "bad_json");
    }
}

//! Birthdays: at midnight of the teen's home, announced, once on any number of nodes, and loosening nothing that is kept.

use family_pairing::{domain::age::Stage, sync::frame::Notice};
use futures_util::future::join_all;
use jiff::{Span, civil::date};
use serde_json::json;

use super::*;
use crate::house::wire::listens;

/// The birthday begins at midnight at home, not before; what was announced is what comes, and what stays, stays.
#[tokio::test(flavor = "multi_thread")]
async fn sixteen_comes_at_midnight_at_home_as_it_was_announced() {
    let house = House::new().await;
    let birth = turning(&house, 16, 10);
    let family = family_born(&house, birth).await;
    let day = today(&house) + Span::new().days(10);
    let path = format!("/v1/guardian/teens/{}/transitions", family.teen.id);
    let (mine, theirs) =
        (read(&family.phone.api, "/v1/teen/transitions").await, read(&family.guardian.api, &path).await);
    assert_eq!(mine, theirs, "the same words for both sides");
    let ahead = &mine["items"][0];
    assert_eq!((&ahead["on"], &ahead["from_band"], &ahead["to_band"]), (&json!(day), &json!("13_15"), &json!("16_17")));
    assert_eq!((&mine["items"][1]["to_band"], &mine["items"][1]["ends_supervision"]), (&json!("adult"), &json!(true)));
    let held = read(&family.phone.api, "/v1/teen/policy/explanation").await;
    pass_to(&house, day, SignedDuration::from_secs(20));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(band(&family).await, "13_15", "twenty seconds are left");
    let untouched = house.database.count("select revision from teens", &[]).await;
    pass_to(&house, day, SignedDuration::from_secs(-1));
    let came = revised(&family, "birthday").await;
    assert_eq!(house.database.count("select revision from teens", &[]).await, untouched + 1);
    let without_words = |list: &Json| -> Vec<Json> {
        let fields = |it: &Json| json!([it["control"], it["from"], it["to"], it["direction"]]);
        list.as_array().expect("a list").iter().map(fields).collect()
    };
    assert_eq!(without_words(&came["changed"]), without_words(&ahead["changes"]), "what was announced came");
    assert_eq!(came["origin"]["from"], "server");
    let holds = read(&family.phone.api, "/v1/teen/policy/explanation").await;
    let changed: Vec<&str> =
        ahead["changes"].as_array().expect("a list").iter().filter_map(|it| it["control"].as_str()).collect();
    let controls = holds["controls"].as_object().expect("controls");
    for (control, now) in controls.iter().filter(|(control, _)| !changed.contains(&control.as_str())) {
        assert_eq!(now["value"], held["controls"][control]["value"], "{control}");
    }
    assert!(controls.values().any(|now| now["source"] == "kept"), "a birthday loosens little by itself");
}

/// Each announcement is made once and told to both sides; the list says which were.
#[tokio::test(flavor = "multi_thread")]
async fn a_birthday_is_announced_thrice_and_to_both_sides() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 16, 40)).await;
    let day = today(&house) + Span::new().days(40);
    let mut phone = family.phone.connects(&house).await;
    for (stage, days) in [(Stage::Days30, 30), (Stage::Days7, 7), (Stage::OnTheDay, 0)] {
        let morning = day - Span::new().days(days);
        pass_to(&house, morning, SignedDuration::from_mins(10));
        let guardian = again(&house, &family.guardian).await;
        let mut socket = listens(&guardian, house.url()).await;
        pass_to(&house, morning, SignedDuration::from_secs(-1));
        let is_one = |notice: &Notice| matches!(notice, Notice::Transition { .. });
        let told = [notice(&mut phone.socket, is_one).await, notice(&mut socket, is_one).await];
        let told = told.map(|notice| serde_json::to_value(notice).expect("JSON"));
        assert_eq!(told[0], told[1], "the same words for both sides");
        let named = (&told[0]["stage"], &told[0]["on"], &told[0]["to_band"]);
        assert_eq!(named, (&json!(stage.as_str()), &json!(day), &json!("16_17")));
        let sql = "select count(*) from transition_notices where stage = $1";
        let made = house.database.count(sql, &[&stage.as_str()]).await;
        assert_eq!(made, 1);
        if stage != Stage::OnTheDay {
            let listed = read(&guardian.api, &format!("/v1/guardian/teens/{}/transitions", family.teen.id)).await;
            assert_eq!(listed["items"][0]["changes"], told[0]["changes"]);
            let last = listed["items"][0]["announced"].as_array().and_then(|it| it.last()).expect("one").clone();
            assert_eq!(last["stage"], stage.as_str());
        }
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(house.database.count("select count(*) from transition_notices", &[]).await, 3, "and none twice");
}

/// A server that was down makes the most urgent announcement and none before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_server_announces_only_the_most_urgent() {
    let house = House::new().await;
    family_born(&house, turning(&house, 16, 40)).await;
    let day = today(&house) + Span::new().days(40);
    let count = async |stage: &str| {
        house.database.count("select count(*) from transition_notices where stage = $1", &[&stage]).await
    };
    pass_to(&house, day - Span::new().days(3), SignedDuration::ZERO);
    until(SOON, "the announcement", async || count("days_7").await == 1).await;
    pass_to(&house, day + Span::new().days(4), SignedDuration::ZERO);
    until(SOON, "the announcement", async || count("on_the_day").await == 1).await;
    assert_eq!(count("days_30").await, 0);
}

/// Two nodes and a school class with one birthday: each teen has one revision and one announcement of it, none is missed.
#[tokio::test(flavor = "multi_thread")]
async fn a_birthday_of_many_comes_once_with_two_nodes() {
    let mut house = House::new().await;
    house.add_node(&[]).await;
    let (birth, day) = (turning(&house, 16, 3), today(&house) + Span::new().days(3));
    const CLASS: i64 = 60;
    for _ in 0..6 {
        join_all((0..CLASS / 6).map(|_| teen_born(&house, birth))).await;
    }
    pass_to(&house, day, SignedDuration::from_secs(-1));
    let kinds = "select count(*) from policy_revisions where kind = 'birthday'";
    until(SOON, "every birthday", async || house.database.count(kinds, &[]).await >= CLASS).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(house.database.count(kinds, &[]).await, CLASS);
    assert_eq!(
        house.database.count("select count(distinct teen_id) from policy_revisions where kind = 'birthday'", &[]).await,
        CLASS
    );
    let told = "select count(*) from transition_notices where stage = 'on_the_day'";
    assert_eq!(house.database.count(told, &[]).await, CLASS);
    assert_eq!(house.database.count("select count(*) from age_decisions where band = '16_17'", &[]).await, CLASS);
}

/// A guardian who changes something just after midnight takes no announcement away.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_just_after_midnight_loses_no_announcement() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 16, 10)).await;
    let day = today(&house) + Span::new().days(10);
    pass_to(&house, day, SignedDuration::from_mins(10));
    let guardian = again(&house, &family.guardian).await;
    pass_to(&house, day, SignedDuration::from_millis(-1));
    guardian.sets(family.teen.id, json!({"time.daily_minutes": 55})).await;
    band_becomes(&family, "16_17").await;
    let told = "select count(*) from transition_notices where stage = 'on_the_day'";
    until(SOON, "the announcement", async || house.database.count(told, &[]).await == 1).await;
}

/// Who was born on 29 February has the birthday on 1 March of a common year.
#[tokio::test(flavor = "multi_thread")]
async fn a_leap_day_child_comes_of_age_on_the_first_of_march() {
    let house = House::new().await;
    let year = (today(&house).year() + 2..).find(|year| year % 4 == 2).expect("a year");
    pass_to(&house, date(year - 1, 6, 1), SignedDuration::ZERO);
    let family = family_born(&house, date(year - 18, 2, 29)).await;
    let age = read(&family.phone.api, "/v1/teen/age").await;
    assert_eq!((&age["band"], &age["next_transition_on"]), (&json!("16_17"), &json!(date(year, 3, 1))));
    pass_to(&house, date(year, 3, 1), SignedDuration::from_secs(30));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(band(&family).await, "16_17");
    pass_to(&house, date(year, 3, 1), SignedDuration::from_secs(-1));
    band_becomes(&family, "adult").await;
}

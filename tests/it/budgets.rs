//! What is left: told within the second to every device of the teen, lent so that nobody spends it twice, shown to both sides.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::{
    house::{House, people::Family, raw},
    rough::{self, Rough},
};

fn line<'a>(budget: &'a Json, item: &str) -> &'a Json {
    budget["items"].as_array().expect("items").iter().find(|it| it["item"] == item).unwrap_or(&Json::Null)
}

/// Seconds used and left of the day.
fn day(budget: &Json) -> (i64, Option<i64>) {
    let line = line(budget, "day");
    (line["used_seconds"].as_i64().expect("used"), line["remaining_seconds"].as_i64())
}

struct Pair {
    house: House,
    family: Family,
    phone: Rough,
    tablet: Rough,
}

/// A family with an hour a day and two devices.
async fn pair() -> Pair {
    let house = House::in_the_morning().await;
    let family = house.family().await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 60})).await;
    let tablet = family.teen.registers("tablet").await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let (mut tablet, _) = rough::welcomed(house.url(), &tablet.token).await;
    phone.hears_of("policy").await;
    tablet.hears_of("policy").await;
    Pair { house, family, phone, tablet }
}

impl Pair {
    fn slot(&self, back: i64, seconds: i64) -> Json {
        json!({"item": "feed", "slot": self.house.world().now().as_second() / 300 - back, "seconds": seconds})
    }
}

async fn tells(device: &mut Rough, slots: Json) -> Json {
    device.says(json!({"t": "usage", "id": "u", "slots": slots})).await;
    device.hears_of("ack").await;
    device.hears_of("budget").await
}

/// One device tells what was used; it and the other one know what is left within the second.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_is_told_to_every_device_within_the_second() {
    let mut pair = pair().await;
    let slots = json!([pair.slot(0, 300), pair.slot(1, 300)]);
    let told_at = Instant::now();
    let own = tells(&mut pair.phone, slots.clone()).await;
    let other = pair.tablet.hears_of("budget").await;
    let took = told_at.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!((day(&own), day(&other)), ((600, Some(3_000)), (600, Some(3_000))));
    assert_eq!((&line(&own, "day")["own_seconds"], &line(&other, "day")["own_seconds"]), (&json!(600), &json!(0)));
    assert_eq!(own["lease"]["up_to_seconds"], 1_200, "ten minutes more than it has told");
    assert_eq!(other["lease"], Json::Null, "it did not ask for any");
    // Edge case 24: the same a thousand times, in any order, changes nothing.
    let slots = json!([pair.slot(1, 10), pair.slot(0, 300), pair.slot(1, 300)]);
    let again = tells(&mut pair.phone, slots).await;
    assert_eq!(day(&again), (600, Some(3_000)));
    assert_eq!(day(&tells(&mut pair.tablet, json!([])).await), (600, Some(3_000)), "asked without anything to tell");
}

/// Edge case 22, and the guardian's choice: two devices at once are the minutes of the clock, or each one's own.
#[tokio::test(flavor = "multi_thread")]
async fn two_devices_at_once_cannot_be_lent_the_same_minutes() {
    let mut pair = pair().await;
    pair.family.guardian.sets(pair.family.teen.id, json!({"time.daily_minutes": 15})).await;
    let phone = tells(&mut pair.phone, json!([])).await;
    let tablet = tells(&mut pair.tablet, json!([])).await;
    assert_eq!((&phone["lease"]["up_to_seconds"], &tablet["lease"]["up_to_seconds"]), (&json!(600), &json!(300)));
    // What the phone was lent is its own until it runs out, though it uses nothing.
    pair.house.pass(Duration::from_secs(300));
    assert_eq!(tells(&mut pair.tablet, json!([])).await["lease"]["up_to_seconds"], 300);
    pair.house.pass(Duration::from_secs(361));
    assert_eq!(tells(&mut pair.tablet, json!([])).await["lease"]["up_to_seconds"], 600);
}

/// Edge case 23: what was used yesterday and is told today is yesterday's.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_yesterday_is_yesterdays() {
    let mut pair = pair().await;
    let late = json!([pair.slot(0, 300)]);
    pair.house.pass(Duration::from_secs(24 * 3_600));
    assert_eq!(day(&tells(&mut pair.phone, late).await), (0, Some(3_600)));
    let days = own_days(&pair).await;
    let seconds: Vec<i64> = days.iter().map(|day| day["seconds"].as_i64().expect("seconds")).collect();
    assert_eq!(seconds[5..], [300, 0]);
}

async fn own_days(pair: &Pair) -> Vec<Json> {
    let url = format!("{}/v1/teen/usage", pair.house.url());
    let answer = raw::send("GET", &url, Some(&pair.family.phone.token), &[], None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["days"].as_array().expect("days").clone()
}

/// Over HTTP a device learns the same, and a device without a socket is lent as well.
#[tokio::test(flavor = "multi_thread")]
async fn over_http_it_is_the_same() {
    let pair = pair().await;
    let url = format!("{}/v1/teen/usage", pair.house.url());
    let body = json!({"slots": [pair.slot(0, 120)]});
    let answer = raw::send("POST", &url, Some(&pair.family.phone.token), &[], Some(body)).await.body;
    assert_eq!((answer["taken"].as_i64(), day(&answer["budget"])), (Some(1), (120, Some(3_480))));
    assert_eq!(answer["budget"]["lease"]["up_to_seconds"], 720);
}

/// Guardian and teen see the same numbers, the guardian only where the limits say so; what nobody told is a gap.
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_see_the_same_numbers_and_a_gap_is_a_gap() {
    let mut pair = pair().await;
    let teen = pair.family.teen.id;
    let url = format!("{}/v1/guardian/teens/{teen}/usage", pair.house.url());
    let asks = |token: String| {
        let url = url.clone();
        async move { raw::send("GET", &url, Some(&token), &[], None).await }
    };
    let guardian = pair.family.guardian.access.clone();
    assert_eq!(asks(guardian.clone()).await.code(), "not_shown");
    pair.family.guardian.sets(teen, json!({"guardian.visibility.usage_totals": true})).await;
    let slots = json!([pair.slot(0, 300), {"item": "games/chess", "slot": pair.slot(1, 0)["slot"], "seconds": 60}]);
    tells(&mut pair.phone, slots).await;
    let seen = asks(guardian.clone()).await.body;
    let own = own_days(&pair).await;
    // Of what was before their time, which is today, guardians see nothing.
    assert_eq!(seen["days"], json!([own.last()]));
    let today = own.last().expect("today");
    assert_eq!((&today["seconds"], &today["limit_seconds"], &today["kept"]), (&json!(360), &json!(3_600), &Json::Null));
    assert_eq!(today["items"], json!([{"item": "feed", "seconds": 300}, {"item": "games/chess", "seconds": 60}]));
    assert!(own[..6].iter().all(|day| day["told"] == false && day["kept"].is_null()), "nothing is known of them");
    assert_eq!((&seen["summary"]["gaps"], &seen["summary"]["days_told"]), (&json!(0), &json!(1)));
    let ask = format!("{}/v1/teen/requests", pair.house.url());
    let body = json!({"asks_for": "time", "minutes": 15});
    let asked = raw::send("POST", &ask, Some(&pair.family.phone.token), &[], Some(body)).await;
    assert_eq!(asked.status, 201, "{}", asked.text);
    let none = json!({"asked": 0, "granted": 0, "denied": 0, "expired": 0});
    let one = json!({"asked": 1, "granted": 0, "denied": 0, "expired": 0});
    assert_eq!((&seen["requests"], &asks(guardian.clone()).await.body["requests"]), (&none, &one));
    let bad = raw::send("GET", &format!("{url}?from=2026-01-01&to=2026-03-01"), Some(&guardian), &[], None).await;
    assert_eq!(bad.code(), "invalid");
}

/// After nine days only numbers are left: the same ones.
#[tokio::test(flavor = "multi_thread")]
async fn old_slots_are_rolled_up_and_the_numbers_stay() {
    let mut pair = pair().await;
    let (both, one) = (json!([pair.slot(0, 300), pair.slot(1, 200)]), json!([pair.slot(0, 300)]));
    tells(&mut pair.phone, both).await;
    tells(&mut pair.tablet, one).await;
    let from = own_days(&pair).await.last().expect("today")["day"].as_str().expect("a date").to_owned();
    pair.house.pass(Duration::from_secs(11 * 24 * 3_600));
    let store = pair.house.store().await;
    assert_eq!(store.roll_up_usage().await.expect("rolled up"), 1);
    assert_eq!(store.roll_up_usage().await.expect("nothing more"), 0);
    let client = pair.house.database.client().await;
    let left: i64 = client.query_one("select count(*) from usage_slots", &[]).await.expect("a count").get(0);
    assert_eq!(left, 0);
    let url = format!("{}/v1/teen/usage?from={from}&to={from}", pair.house.url());
    let answer = raw::send("GET", &url, Some(&pair.family.phone.token), &[], None).await.body;
    let day = &answer["days"][0];
    assert_eq!((&day["seconds"], &day["told"], &day["kept"]), (&json!(500), &json!(true), &json!(true)));
    assert_eq!(day["items"], json!([{"item": "feed", "seconds": 500}]));
}

/// What held until the end of a day held on that day: its report says so, also when only numbers are left of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_shown_by_what_held_on_it() {
    let mut pair = pair().await;
    let (teen, date) = (pair.family.teen.id, own_days(&pair).await.last().expect("today")["day"].clone());
    let asks = async |family: &Family, path: &str, body: Json| {
        let url = format!("{}/v1/guardian/teens/{teen}/{path}", family.guardian.api.base());
        raw::send("POST", &url, Some(&family.guardian.access), &[], Some(body)).await
    };
    pair.family.guardian.sets(teen, json!({"time.not_counted": ["learn"]})).await;
    let hold = json!({"control": "time.daily_minutes", "value": 5, "until": "end_of_day"});
    assert_eq!(asks(&pair.family, "holds", hold).await.status, 201);
    let slots = json!([pair.slot(0, 300), pair.slot(1, 300),
        {"item": "learn", "slot": pair.slot(2, 0)["slot"], "seconds": 200}]);
    tells(&mut pair.phone, slots).await;
    let shown = async |pair: &Pair| {
        let url =
            format!("{}/v1/teen/usage?from={}&to={}", pair.house.url(), date.as_str().unwrap(), date.as_str().unwrap());
        raw::send("GET", &url, Some(&pair.family.phone.token), &[], None).await.body["days"][0].clone()
    };
    pair.house.pass(Duration::from_secs(24 * 3_600));
    let next_day = shown(&pair).await;
    assert_eq!((&next_day["limit_seconds"], &next_day["kept"]), (&json!(300), &json!(false)), "{next_day}");
    // What counts from the next day on is not what counted then.
    pair.family.guardian.renews().await;
    pair.family.guardian.sets(teen, json!({"time.not_counted": null})).await;
    pair.house.pass(Duration::from_secs(10 * 24 * 3_600));
    let store = pair.house.store().await;
    assert_eq!(store.roll_up_usage().await.expect("rolled up"), 1);
    let rolled = shown(&pair).await;
    assert_eq!((&rolled["seconds"], &rolled["limit_seconds"]), (&json!(600), &json!(300)), "{rolled}");
    assert_eq!((&rolled["kept"], &rolled["items"]), (&next_day["kept"], &next_day["items"]));
    // And it goes when the policy says so, and not before.
    assert_eq!(store.forget_old_usage().await.expect("nothing is too old"), 0);
    pair.house.pass(Duration::from_secs(26 * 24 * 3_600));
    assert!(store.forget_old_usage().await.expect("forgotten") > 0);
    assert_eq!(pair.house.database.count("select count(*) from usage_days", &[]).await, 0);
}

/// An item with minutes of its own is lent apart; what is pushed lends nothing new.
#[tokio::test(flavor = "multi_thread")]
async fn minutes_of_an_item_are_lent_too() {
    let mut pair = pair().await;
    let limits = json!({"time.item_minutes": [{"item": "feed", "minutes": 15}], "time.daily_minutes": 600});
    pair.family.guardian.sets(pair.family.teen.id, limits).await;
    let phone = tells(&mut pair.phone, json!([])).await;
    let tablet = tells(&mut pair.tablet, json!([])).await;
    let lent = |budget: &Json| line(budget, "feed")["lease"]["up_to_seconds"].clone();
    assert_eq!((lent(&phone), lent(&tablet)), (json!(600), json!(300)), "fifteen minutes are not twenty");
    assert_eq!(phone["lease"]["up_to_seconds"], 600, "and of the day each has ten");
    let slots = json!([pair.slot(0, 60)]);
    tells(&mut pair.phone, slots).await;
    let pushed = loop {
        let budget = pair.tablet.hears_of("budget").await;
        if line(&budget, "feed")["used_seconds"] == 60 {
            break budget;
        }
    };
    assert_eq!((lent(&pushed), &line(&pushed, "day")["lease"]), (json!(300), &Json::Null));
}

/// Nothing is open while the week is used up, and whoever gives or resumes is told so.
#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_week_is_in_force_now() {
    let mut pair = pair().await;
    let teen = pair.family.teen.id;
    let limits = json!({"time.weekly_minutes": 5, "guardian.visibility.usage_totals": true});
    pair.family.guardian.sets(teen, limits).await;
    let slots = json!([pair.slot(0, 300)]);
    tells(&mut pair.phone, slots).await;
    let url = format!("{}/v1/guardian/teens/{teen}/pause", pair.house.url());
    let paused = raw::send("POST", &url, Some(&pair.family.guardian.access), &[], Some(json!({"minutes": 30}))).await;
    assert_eq!(paused.status, 201, "{}", paused.text);
    let resumed = raw::send("DELETE", &url, Some(&pair.family.guardian.access), &[], None).await;
    let used = &resumed.body["use"];
    assert_eq!(
        (&used["outcome"], &used["reasons"][0]["control"]),
        (&json!("deny"), &json!("time.weekly_minutes")),
        "{used}"
    );
    let until: jiff::Timestamp = used["until"].as_str().expect("a time").parse().expect("a time");
    let monday = until.in_tz("Europe/Berlin").expect("a zone");
    assert_eq!((monday.weekday(), monday.hour()), (jiff::civil::Weekday::Monday, 0));
    // A night that is over sooner does not open it.
    let sleep = json!([{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "23:59"}]);
    pair.family.guardian.sets(teen, json!({"time.sleep_windows": sleep})).await;
    raw::send("POST", &url, Some(&pair.family.guardian.access), &[], Some(json!({"minutes": 30}))).await;
    let at_night = raw::send("DELETE", &url, Some(&pair.family.guardian.access), &[], None).await;
    assert_eq!(at_night.body["use"]["until"], used["until"], "{}", at_night.text);
}

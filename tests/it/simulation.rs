//! Promise 10: what a simulation says of another time is what comes, and asking changes nothing.

mod asking;
mod presets;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::{Value as Json, json};

use crate::house::{
    House,
    people::{Family, PASSWORD, Person, person, settings},
    raw::{self, Raw},
};

/// A guardian's question, as it was answered.
async fn guardian_asks(house: &House, family: &Family, question: Json) -> Raw {
    let url = format!("{}/v1/guardian/teens/{}/policy/simulations", house.url(), family.teen.id);
    raw::send("POST", &url, Some(&family.guardian.access), &[], Some(question)).await
}

/// A teen's question from the phone, as it was answered.
async fn teen_asks(house: &House, family: &Family, question: Json) -> Raw {
    let url = format!("{}/v1/teen/policy/simulations", house.url());
    raw::send("POST", &url, Some(&family.phone.token), &[], Some(question)).await
}

/// A teen who gets this old in so many days, by the calendar in Berlin.
async fn birthday_in(house: &House, years: i16, days: i64) -> Person {
    let today = house.world().now().to_zoned(TimeZone::get("Europe/Berlin").expect("a zone")).date();
    let birth =
        today.saturating_add(SignedDuration::from_hours(24 * days)).saturating_sub(jiff::Span::new().years(years));
    let email = format!("mia-{}@example.com", uuid::Uuid::now_v7().simple());
    let body = json!({"role": "teen", "email": email, "password": PASSWORD, "display_name": "mia", "birth_date": birth,
        "locale": "en", "time_zone": "Europe/Berlin", "region": "DE"});
    let answer: Json = house.api().post("/v1/accounts", &body).await.expect("a sign-up");
    person(&house.api(), &email, &answer)
}

async fn family_of(house: &House, teen: Person) -> Family {
    let guardian = house.guardian("dana").await;
    let phone = teen.registers("Mia's phone").await;
    let pairing = guardian.pairs_with(&teen).await;
    Family { guardian, teen, phone, pairing }
}

async fn lends(house: &House, family: &Family, what: &str, body: Json) {
    let url = format!("{}/v1/guardian/teens/{}/{what}", house.url(), family.teen.id);
    let given = raw::send("POST", &url, Some(&family.guardian.access), &[], Some(body)).await;
    assert_eq!(given.status, 201, "{}", given.text);
}

/// What decides of every control, as an answer tells it. When the server looked is its own affair: `since` of a birthday is left out.
fn told(controls: &Json) -> Vec<(String, Json)> {
    let of_one = |(id, held): (&String, &Json)| {
        let fields = ["value", "source", "by", "reason", "rules", "until", "after"];
        (id.clone(), Json::Array(fields.map(|field| held[field].clone()).into()))
    };
    controls.as_object().expect("controls").iter().map(of_one).collect()
}

/// What the server has stored by now.
async fn stored(family: &Family) -> Vec<(String, Json)> {
    let policy: Json = family.phone.api.get("/v1/teen/policy/explanation").await.expect("a policy").body;
    told(&policy["controls"])
}

/// Waits until the server has looked at what is due and has stored this.
async fn comes(family: &Family, foreseen: &[(String, Json)]) {
    for _ in 0..100 {
        if stored(family).await == foreseen {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(stored(family).await, foreseen);
}

/// Promise 10: what was foreseen of a grant's end, a hold's beginning and a birthday is, control by control, what the server has
/// stored when its clock gets there.
#[tokio::test(flavor = "multi_thread")]
async fn one_truth_about_time() {
    let house = House::new().await;
    let teen = birthday_in(&house, 16, 2).await;
    let family = family_of(&house, teen).await;
    family.guardian.sets(family.teen.id, json!({"search.enabled": false, "time.daily_minutes": 45})).await;
    let now = house.world().now();
    let hours = |hours: i64| now + SignedDuration::from_hours(hours);
    lends(&house, &family, "grants", json!({"control": "search.enabled", "value": true, "until": hours(2)})).await;
    let hold = json!({"control": "time.daily_minutes", "value": 15, "from": hours(4), "until": hours(80)});
    lends(&house, &family, "holds", hold).await;
    let mut before = stored(&family).await;
    let mut passed = 0_u64;
    for ahead in [3, 5, 73, 81] {
        let answer = teen_asks(&house, &family, json!({"at": hours(ahead)})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let foreseen = told(&answer.body["instant"]["controls"]);
        assert_ne!(foreseen, before, "something changes by itself until then");
        house.pass(Duration::from_secs(3600 * (u64::try_from(ahead).expect("ahead") - passed)));
        passed = u64::try_from(ahead).expect("ahead");
        comes(&family, &foreseen).await;
        before = foreseen;
    }
    let band: Json = family.phone.api.get("/v1/teen/policy/explanation").await.expect("a policy").body;
    assert_eq!(band["age_band"], "16_17", "the birthday was among them");
}

/// Now, without a draft, is what is stored; and guardian and teen are told the same.
#[tokio::test(flavor = "multi_thread")]
async fn now_is_what_is_stored_and_both_sides_are_told_the_same() {
    let house = House::new().await;
    let family = house.family_in("US-CA").await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 45})).await;
    let now = house.world().now();
    let (guardian, teen) = (
        guardian_asks(&house, &family, json!({"at": now})).await,
        teen_asks(&house, &family, json!({"at": now})).await,
    );
    assert_eq!((guardian.status, teen.status), (200, 200), "{} {}", guardian.text, teen.text);
    let instant = &guardian.body["instant"];
    assert_eq!((instant, &guardian.body["rules"]), (&teen.body["instant"], &teen.body["rules"]));
    assert_eq!((&instant["changes"], &instant["age_band"]), (&json!([]), &json!("13_15")));
    assert_eq!(told(&instant["controls"]), stored(&family).await);
    let named = instant["controls"].as_object().expect("controls").values().flat_map(|held| held["rules"].as_array());
    let named: Vec<&str> = named.flatten().filter_map(Json::as_str).collect();
    assert!(!named.is_empty(), "California has laws about this");
    assert!(named.iter().all(|rule| guardian.body["rules"][rule]["cite"].is_string()), "each rule is explained");
    let weeks = (guardian_asks(&house, &family, json!({})).await, teen_asks(&house, &family, json!({})).await);
    assert_eq!(weeks.0.body["timeline"], weeks.1.body["timeline"]);
    let text = format!("{}{}", weeks.0.text, guardian.text);
    let born = crate::house::people::born(&house, 14);
    assert!(!text.contains(&born) && !text.contains(&born[5..]), "no birth date, not even day and month");
}

/// The week on the page: the days with their hours, the turn of the clock marked, the night off by the same rule as on a device.
#[tokio::test(flavor = "multi_thread")]
async fn the_day_on_which_the_clock_turns_is_marked() {
    let house = House::new().await;
    let family = house.family().await;
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let turn = zone.following(house.world().now()).next().expect("Berlin turns its clocks").timestamp();
    let (from, to) = (turn - SignedDuration::from_hours(30), turn + SignedDuration::from_hours(30));
    let answer = guardian_asks(&house, &family, json!({"from": from, "to": to})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let days = answer.body["timeline"]["days"].as_array().expect("days");
    let turned: Vec<&Json> = days.iter().filter(|day| !day["shift"].is_null()).collect();
    assert_eq!((turned.len(), &turned[0]["shift"]["at"]), (1, &json!(turn)));
    let hours = turned[0]["minutes"].as_i64().expect("minutes") / 60;
    assert_eq!(turned[0]["shift"]["minutes"], 60 * (24 - hours), "forward makes the day shorter, back longer");
    let usable = answer.body["timeline"]["use"].as_array().expect("spans");
    let instant = |json: &Json| json.as_str().and_then(|text| text.parse::<Timestamp>().ok()).expect("an instant");
    assert_eq!((instant(&usable[0]["from"]), instant(&usable[usable.len() - 1]["to"])), (from, to));
    assert!(usable.windows(2).all(|pair| pair[0]["to"] == pair[1]["from"]));
}

/// A draft and a question leave no trace: not a row, not a revision, not another answer to the same question.
#[tokio::test(flavor = "multi_thread")]
async fn asking_changes_nothing() {
    let house = House::new().await;
    let family = house.family().await;
    let until = house.world().now() + SignedDuration::from_hours(1);
    let rows = "select (select count(*) from policy_revisions) + (select count(*) from audit) + (select count(*) from idempotency) \
                + (select revision from teens) * 1000";
    let before = (house.database.count(rows, &[]).await, stored(&family).await);
    let draft = json!({"time.daily_minutes": 20, "search.enabled": false});
    let grant = json!({"control": "feed.autoplay", "value": true, "until": until});
    let asked = guardian_asks(&house, &family, json!({"draft": draft, "grants": [grant]})).await;
    assert_eq!((asked.status, &asked.body["draft"]["direction"]), (200, &json!("mixed")), "{}", asked.text);
    let alone = guardian_asks(&house, &family, json!({"draft": draft})).await;
    let own = teen_asks(&house, &family, json!({"draft": {"time.daily_minutes": 10}})).await;
    assert_eq!((own.status, &own.body["draft"]["changed"][0]["to"]), (200, &json!(10)), "{}", own.text);
    assert_eq!((house.database.count(rows, &[]).await, stored(&family).await), before);
    let etag = family.guardian.etag(family.teen.id).await;
    let url = format!("{}{}", house.url(), settings(family.teen.id));
    let body = Some(json!({"settings": draft}));
    let saved = raw::send("PATCH", &url, Some(&family.guardian.access), &[("if-match", &etag)], body).await;
    assert_eq!(saved.body["changed"], alone.body["draft"]["changed"], "saving it does what was said");
    let history: Json = family.teen.api.get("/v1/teen/history").await.expect("a history").body;
    assert_eq!(history["items"][0]["sentences"], alone.body["draft"]["sentences"], "and in the same words");
}

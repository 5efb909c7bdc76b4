//! Ages: what birthdays do, what others say of an age, and how to object.

mod answers;
mod birthdays;
mod doors;
mod ending;
mod said;
mod words;

use std::time::Duration;

use family_pairing::{client::api::Api, domain::platform::Scope, sync::frame::Notice, sync::frame::ServerFrame};
use jiff::{SignedDuration, Span, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value as Json, json};

use crate::house::{
    House,
    admin::TestKey,
    people::{Family, PASSWORD, Person, person},
    raw::{self, Raw},
    until,
    wire::frame,
};

/// The worker looks every second.
const SOON: Duration = Duration::from_secs(15);

/// The calendar of everybody's home.
fn home() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("a zone")
}

fn today(house: &House) -> Date {
    house.world().now().to_zoned(home()).date()
}

/// The birth date of somebody who gets this old in so many days.
fn turning(house: &House, years: i16, days: i64) -> Date {
    today(house) + Span::new().days(days) - Span::new().years(years)
}

/// Signs a teen up who declares this birth date.
async fn teen_born(house: &House, birth: Date) -> Person {
    let email = format!("mia-{}@example.com", uuid::Uuid::now_v7().simple());
    let body = json!({"role": "teen", "email": email, "password": PASSWORD, "display_name": "mia",
        "birth_date": birth.to_string(), "locale": "en", "time_zone": "Europe/Berlin", "region": "DE"});
    let answer: Json = house.api().post("/v1/accounts", &body).await.expect("a sign-up");
    person(&house.api(), &email, &answer)
}

/// A family whose teen declared this birth date.
async fn family_born(house: &House, birth: Date) -> Family {
    let (guardian, teen) = (house.guardian("dana").await, teen_born(house, birth).await);
    let phone = teen.registers("Mia's phone").await;
    let pairing = guardian.pairs_with(&teen).await;
    Family { guardian, teen, phone, pairing }
}

/// Signs in again: sessions live for an hour of the server's clock.
async fn again(house: &House, who: &Person) -> Person {
    let credentials = json!({"email": who.email, "password": PASSWORD});
    let answer: Json = house.api().post("/v1/sessions", &credentials).await.expect("a session");
    person(&house.api(), &who.email, &answer)
}

/// Moves the server's clock to this long before (or, negative, after) the first instant of a day at home.
fn pass_to(house: &House, day: Date, before: SignedDuration) {
    let start = day.to_zoned(home()).expect("a day").timestamp();
    let wait = (start - before).duration_since(house.world().now());
    house.pass(Duration::try_from(wait).expect("ahead"));
}

/// What one side reads.
async fn read(api: &Api, path: &str) -> Json {
    api.get::<Json>(path).await.unwrap_or_else(|error| panic!("{path}: {error}")).body
}

async fn band(family: &Family) -> Json {
    read(&family.phone.api, "/v1/teen/age").await["band"].clone()
}

async fn band_becomes(family: &Family, wanted: &str) {
    until(SOON, wanted, async || band(family).await == wanted).await;
}

/// The newest revision is of this kind.
async fn revised(family: &Family, kind: &str) -> Json {
    let newest = async || read(&family.phone.api, "/v1/teen/history").await["items"][0].clone();
    until(SOON, kind, async || newest().await["kind"] == kind).await;
    newest().await
}

/// Reports what a channel answered.
async fn reports(house: &House, key: &TestKey, family: &Family, signal: Json) -> Raw {
    says(house, key, json!({"teen_id": family.teen.id, "signal": signal, "app_checked": true})).await
}

async fn says(house: &House, key: &TestKey, body: Json) -> Raw {
    raw::send("POST", &format!("{}/v1/platform/age-signals", house.url()), Some(&key.token), &[], Some(body)).await
}

fn age_key(house: &House) -> TestKey {
    house.platform_key(&[Scope::Age])
}

fn google(lower: i16, upper: Option<i16>, tier: &str) -> Json {
    json!({"channel": "google", "answer": {"ageSignalsStatus": "SHARED", "ageLower": lower, "ageUpper": upper, "ageRangeSource": tier}})
}

/// The next notice that `wanted` likes; other frames are skipped.
async fn notice(socket: &mut family_pairing::client::socket::Socket, wanted: impl Fn(&Notice) -> bool) -> Notice {
    loop {
        if let ServerFrame::Notice(notice) = frame(socket).await
            && wanted(&notice)
        {
            return notice;
        }
    }
}

/// Whether no notice comes for a while that `unwanted` likes.
async fn silent_but(
    socket: &mut family_pairing::client::socket::Socket,
    unwanted: impl Fn(&Notice) -> bool,
    time: Duration,
) -> bool {
    tokio::time::timeout(time, notice(socket, unwanted)).await.is_err()
}

/// An operator answers an objection; what comes back is whether that went well, and the words.
fn answers(house: &House, signed: &str, appeal: &Json, outcome: &str, reason: &str, more: &[&str]) -> (bool, String) {
    let id = appeal["appeal_id"].as_str().expect("an id");
    let line = [&["answer-age-appeal", "--appeal", id, "--outcome", outcome, "--reason", reason], more].concat();
    let done = house.admin_with(&line, &[("FAMILY_PAIRING_OPERATOR_TOKEN", signed)]);
    (done.status.success(), crate::house::admin::text(&done.stderr))
}

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn timestamp(value: &Json) -> Timestamp {
    value.as_str().expect("a time").parse().expect("a time")
}

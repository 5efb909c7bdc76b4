//! Accounts and sessions: who may sign up, what login tells, and how soon a token is dead.

mod once;
mod rest;
mod sessions;
mod throttles;

use serde_json::{Value as Json, json};

use crate::{
    edges::assert_problem,
    house::{
        House,
        people::{PASSWORD, born},
        raw::{self, Raw},
    },
};

/// A sign-up that works, with fields replaced; `null` takes a field away.
fn sign_up_body(house: &House, changes: &Json) -> Json {
    let email = format!("dana-{}@example.com", uuid::Uuid::now_v7().simple());
    let mut body = json!({"role": "guardian", "email": email, "password": PASSWORD, "display_name": "Dana",
        "birth_date": born(house, 41), "locale": "en", "time_zone": "Europe/Berlin", "region": "DE"});
    let fields = body.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("changes") {
        match value {
            Json::Null => fields.remove(name),
            value => fields.insert(name.clone(), value.clone()),
        };
    }
    body
}

/// Posts something as nobody.
async fn post(house: &House, path: &str, body: Json, headers: &[(&str, &str)]) -> Raw {
    raw::send("POST", &format!("{}{path}", house.url()), None, headers, Some(body)).await
}

/// Guardians are adults, teens are not; on the very birthday one is a year older.
#[tokio::test(flavor = "multi_thread")]
async fn ages_decide_who_may_be_what() {
    let house = House::new().await;
    let today = house.world().now().to_zoned(jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone")).date();
    let ago = |years: i16, days: i32| {
        let day = today.saturating_sub(jiff::Span::new().years(years));
        json!(day.saturating_add(jiff::Span::new().days(days)).to_string())
    };
    let cases = [
        ("guardian", ago(18, 0), 201, ""),
        ("guardian", ago(18, 1), 403, "not_an_adult"),
        ("guardian", ago(14, 0), 403, "not_an_adult"),
        ("guardian", ago(121, -1), 422, "invalid"),
        ("teen", ago(18, 1), 201, ""),
        ("teen", ago(18, 0), 422, "invalid"),
        ("teen", ago(0, 1), 422, "invalid"),
        ("teen", ago(9, 0), 201, ""),
        ("teen", Json::Null, 422, "invalid"),
        ("guardian", Json::Null, 422, "invalid"),
        ("teen", json!("2026-02-30"), 400, "bad_json"),
        ("teen", json!("12.05.2012"), 400, "bad_json"),
    ];
    for (role, birth_date, status, code) in cases {
        let body = sign_up_body(&house, &json!({"role": role, "birth_date": birth_date}));
        let answer = post(&house, "/v1/accounts", body, &[]).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{role} {birth_date}: {}", answer.text);
    }
}

/// The birth date goes in and never comes out, only the band that follows from it.
#[tokio::test(flavor = "multi_thread")]
async fn the_birth_date_is_never_returned() {
    let house = House::new().await;
    let family = house.family().await;
    let birth = born(&house, 14);
    let paths = ["/v1/account", "/v1/teen/supervision", "/v1/teen/pairings"];
    for path in paths {
        let answer = raw::send("GET", &format!("{}{path}", house.url()), Some(&family.teen.access), &[], None).await;
        assert!(answer.status == 200 && !answer.text.contains(&birth) && !answer.text.contains("birth_date\":\""));
    }
    let teen = format!("{}/v1/guardian/teens/{}", house.url(), family.teen.id);
    for path in ["", "/settings", "/policy", "/devices", "/history"] {
        let answer = raw::send("GET", &format!("{teen}{path}"), Some(&family.guardian.access), &[], None).await;
        assert!(answer.status == 200 && !answer.text.contains(&birth), "{path}: {}", answer.text);
        assert!(!answer.text.contains(&family.teen.email), "{path} shows the e-mail");
    }
    let own: Json = family.teen.api.get("/v1/account").await.expect("an account").body;
    assert_eq!(own["age_band"], "13_15");
}

/// One mailbox is one account, however it is spelled.
#[tokio::test(flavor = "multi_thread")]
async fn an_e_mail_is_taken_once() {
    let house = House::new().await;
    let first = house.guardian("dana").await;
    let spellings = [first.email.clone(), first.email.to_uppercase(), format!("  {} ", first.email)];
    for email in spellings {
        let answer = post(&house, "/v1/accounts", sign_up_body(&house, &json!({"email": email})), &[]).await;
        assert_eq!((answer.status, answer.code()), (409, "email_taken"));
        assert_problem(&answer);
        assert!(!answer.text.contains('@'), "the address is not repeated");
    }
}

/// Twenty sign-ups with one address at once: one account.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_sign_ups_with_one_address_make_one_account() {
    let house = House::new().await;
    let body = sign_up_body(&house, &json!({}));
    let tries = (0..20).map(|_| post(&house, "/v1/accounts", body.clone(), &[]));
    let mut statuses: Vec<u16> = futures_util::future::join_all(tries).await.iter().map(|raw| raw.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 19]].concat());
    assert_eq!(house.database.count("select count(*) from accounts", &[]).await, 1);
}

/// What nobody may choose or what nobody could read is refused, and the answer says where without repeating it.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_sign_ups_are_refused() {
    let house = House::new().await;
    let long = "x".repeat(300);
    let cases = [
        (json!({"password": "short-one"}), 422),
        (json!({"password": "passwordpassword"}), 422),
        (json!({"password": "DanaDanaDanaDana"}), 422),
        (json!({"password": long}), 422),
        (json!({"display_name": "a\u{0}b"}), 422),
        (json!({"display_name": "evil\u{202e}eman"}), 422),
        (json!({"display_name": "\u{1b}[2J"}), 422),
        (json!({"display_name": "   "}), 422),
        (json!({"display_name": long}), 422),
        (json!({"display_name": ["Dana"]}), 400),
        (json!({"email": "no-address"}), 422),
        (json!({"email": "a\u{0}@example.com"}), 422),
        (json!({"email": "a@b@example.com"}), 422),
        (json!({"email": long}), 422),
        (json!({"time_zone": "XYZ-167"}), 422),
        (json!({"time_zone": "../../etc/passwd"}), 422),
        (json!({"time_zone": "Europe/Berlin\u{0}"}), 422),
        (json!({"locale": "english please"}), 422),
        (json!({"locale": "en\u{0}"}), 422),
        (json!({"region": "Germany"}), 422),
        (json!({"region": "D\u{0}"}), 422),
        (json!({"role": "agent"}), 400),
        (json!({"role": null}), 400),
        (json!({"verified": true}), 400),
        (json!({"account_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e"}), 400),
    ];
    for (changes, status) in cases {
        let body = sign_up_body(&house, &changes);
        let answer = post(&house, "/v1/accounts", body, &[]).await;
        assert_eq!(answer.status, status, "{changes}: {}", answer.text);
        assert_problem(&answer);
        if answer.code() == "invalid" {
            let field = changes.as_object().and_then(|changes| changes.keys().next()).expect("a field");
            assert_eq!(answer.body["errors"][0]["pointer"], format!("/{field}"), "it says where");
        }
        for value in changes.as_object().expect("changes").values().filter_map(Json::as_str).filter(|v| v.len() > 6) {
            assert!(!answer.text.contains(value), "repeats {value}: {}", answer.text);
        }
    }
    assert_eq!(house.database.count("select count(*) from accounts", &[]).await, 0, "and nothing was made");
}

/// An owner changes what others see; nothing else, and nothing hostile.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_changes_what_they_may_and_nothing_else() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let url = format!("{}/v1/account", house.url());
    let patch = async |body: Json| raw::send("PATCH", &url, Some(&dana.access), &[], Some(body)).await;
    let changed = patch(json!({"display_name": " Dana K. ", "time_zone": "europe/lisbon", "locale": "pt-BR"})).await;
    assert_eq!(changed.status, 200);
    assert_eq!(
        (&changed.body["display_name"], &changed.body["time_zone"]),
        (&json!("Dana K."), &json!("Europe/Lisbon"))
    );
    let nothing = patch(json!({})).await;
    assert_eq!((nothing.status, &nothing.body), (200, &changed.body));
    for body in [
        json!({"role": "agent"}),
        json!({"email": "other@example.com"}),
        json!({"birth_date": "1990-01-01"}),
        json!({"region": "US"}),
        json!({"display_name": "a\u{0}b"}),
        json!({"locale": "\u{7}"}),
        json!({"time_zone": "UTC+5"}),
    ] {
        let refused = patch(body.clone()).await;
        assert!((400..423).contains(&refused.status), "{body}: {}", refused.text);
        assert_problem(&refused);
    }
    assert_eq!(patch(json!({})).await.body, changed.body, "nothing of it was applied");
}

//! Sessions: what login tells, what a refresh token is worth, and how soon everything ends.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::post;
use crate::{
    edges::assert_problem,
    house::{
        House,
        people::{PASSWORD, Person},
        raw::{self, Raw},
    },
};

async fn sign_in(house: &House, email: &str, password: &str) -> Raw {
    post(house, "/v1/sessions", json!({"email": email, "password": password}), &[]).await
}

async fn renew(house: &House, token: &str, key: Option<&str>) -> Raw {
    let headers: Vec<_> = key.map(|key| ("idempotency-key", key)).into_iter().collect();
    post(house, "/v1/sessions/refresh", json!({"refresh_token": token}), &headers).await
}

async fn is_alive(house: &House, access: &Json) -> bool {
    let token = access.as_str().expect("a token");
    raw::send("GET", &format!("{}/v1/account", house.url()), Some(token), &[], None).await.status == 200
}

/// Without what differs in any two answers.
fn face(mut answer: Raw) -> (u16, String) {
    answer.body["request_id"] = Json::Null;
    (answer.status, answer.body.to_string())
}

/// Login never tells whether an account exists: the answers are the same, byte for byte.
#[tokio::test(flavor = "multi_thread")]
async fn login_never_tells_whether_an_account_exists() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let wrong = sign_in(&house, &dana.email, "nine-quiet-rivers-of-tin").await;
    assert_eq!((wrong.status, wrong.code()), (401, "wrong_credentials"));
    assert_problem(&wrong);
    let wrong = face(wrong);
    let too_long = "x".repeat(5000);
    for (email, password) in [
        ("nobody@example.com", "nine-quiet-rivers-of-tin"),
        ("no address at all", "nine-quiet-rivers-of-tin"),
        ("a\u{0}b@example.com", PASSWORD),
        (dana.email.as_str(), ""),
        (dana.email.as_str(), "a\u{0}b"),
        (dana.email.as_str(), too_long.as_str()),
        ("nobody@example.com", too_long.as_str()),
    ] {
        assert_eq!(face(sign_in(&house, email, password).await), wrong, "{email}");
    }
    assert_eq!(sign_in(&house, &dana.email.to_uppercase(), PASSWORD).await.status, 201, "the right one still works");
}

/// An unknown account costs a hash as well: with a hash that takes a while, both answers take that while.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_account_costs_a_hash_too() {
    let house = House::with(&["--hash-memory-kib", "32768", "--hash-passes", "2"]).await;
    let dana = house.guardian("dana").await;
    let mut fastest = [Duration::MAX; 2];
    for _ in 0..2 {
        for (at, email) in [dana.email.as_str(), "nobody@example.com"].into_iter().enumerate() {
            let started = std::time::Instant::now();
            assert_eq!(sign_in(&house, email, "nine-quiet-rivers-of-tin").await.status, 401);
            fastest[at] = fastest[at].min(started.elapsed());
        }
    }
    let [known, unknown] = fastest;
    assert!(known > Duration::from_millis(10), "the hash takes a while: {known:?}");
    assert!(unknown * 2 > known, "unknown accounts answer sooner: {unknown:?} against {known:?}");
}

/// A refresh token shown twice ends the session everywhere at once, the newest access token too.
#[tokio::test(flavor = "multi_thread")]
async fn a_reused_refresh_token_kills_its_whole_family() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let other = sign_in(&house, &dana.email, PASSWORD).await.body["access_token"].clone();
    let second = renew(&house, &dana.refresh, None).await;
    assert_eq!(second.status, 200);
    assert!(is_alive(&house, &json!(dana.access)).await, "the older access token lives until it runs out");
    let third = renew(&house, second.body["refresh_token"].as_str().expect("a token"), None).await;
    let reused = renew(&house, &dana.refresh, None).await;
    assert_eq!((reused.status, reused.code()), (401, "refresh_reused"));
    assert_problem(&reused);
    for access in [&json!(dana.access), &second.body["access_token"], &third.body["access_token"]] {
        assert!(!is_alive(&house, access).await);
    }
    let dead = renew(&house, third.body["refresh_token"].as_str().expect("a token"), None).await;
    assert_eq!((dead.status, dead.code()), (401, "not_signed_in"));
    assert!(is_alive(&house, &other).await, "another sign-in of the same account lives on");
}

/// The same renewal repeated within a minute (an answer was lost) gets the same tokens; later it counts as theft.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_repeated_with_its_key_gets_the_same_answer_for_a_minute() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let first = renew(&house, &dana.refresh, Some("k1")).await;
    house.pass(Duration::from_secs(59));
    let again = renew(&house, &dana.refresh, Some("k1")).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert!(is_alive(&house, &first.body["access_token"]).await);
    house.pass(Duration::from_secs(2));
    let late = renew(&house, &dana.refresh, Some("k1")).await;
    assert_eq!((late.status, late.code()), (401, "refresh_reused"));
    assert!(!is_alive(&house, &first.body["access_token"]).await);
}

/// Another key is another request: the grace is for the one that was lost, not for whoever holds a copy.
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_with_another_key_is_reuse() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    assert_eq!(renew(&house, &dana.refresh, Some("k1")).await.status, 200);
    assert_eq!(renew(&house, &dana.refresh, Some("k2")).await.code(), "refresh_reused");
}

/// Two renewals at once with one token and one key: one set of tokens, given twice.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_renewals_with_one_key_get_one_answer() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let tries = (0..8).map(|_| renew(&house, &dana.refresh, Some("k1")));
    let answers = futures_util::future::join_all(tries).await;
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body), "{}", answer.text);
    }
    let tokens = "select count(*) from session_tokens where kind = 'refresh'";
    assert_eq!(house.database.count(tokens, &[]).await, 2, "the first and one new");
}

/// Access tokens run out after an hour, refresh tokens after thirty days.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_run_out() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    house.pass(Duration::from_secs(3599));
    assert!(is_alive(&house, &json!(dana.access)).await);
    house.pass(Duration::from_secs(1));
    assert!(!is_alive(&house, &json!(dana.access)).await);
    let renewed = renew(&house, &dana.refresh, None).await;
    assert_eq!(renewed.status, 200);
    house.pass(Duration::from_secs(30 * 86_400));
    let late = renew(&house, renewed.body["refresh_token"].as_str().expect("a token"), None).await;
    assert_eq!((late.status, late.code()), (401, "not_signed_in"));
}

/// Promise 7: a log-out kills access and refresh tokens of that session at once, and of no other.
#[tokio::test(flavor = "multi_thread")]
async fn revocation_is_immediate_at_log_out() {
    let house = House::new().await;
    let mia = house.teen("mia").await;
    let phone = mia.registers("phone").await;
    let other = sign_in(&house, &mia.email, PASSWORD).await;
    mia.api.delete("/v1/sessions/current").await.expect("a log-out");
    assert!(!is_alive(&house, &json!(mia.access)).await);
    assert_eq!(renew(&house, &mia.refresh, None).await.code(), "not_signed_in");
    assert!(is_alive(&house, &other.body["access_token"]).await);
    let _: Json = phone.api.get("/v1/teen/settings").await.expect("devices stay").body;
}

/// Promise 7: a changed password ends every session at once; devices stay, and the old password is worth nothing.
#[tokio::test(flavor = "multi_thread")]
async fn revocation_is_immediate_at_a_password_change() {
    let house = House::new().await;
    let mia = house.teen("mia").await;
    let phone = mia.registers("phone").await;
    let other = sign_in(&house, &mia.email, PASSWORD).await;
    let new = "nine-quiet-rivers-of-tin";
    let refused = change_password(&house, &mia, "not-the-password-at-all", new).await;
    assert_eq!((refused.status, refused.code()), (401, "wrong_credentials"));
    assert_eq!(change_password(&house, &mia, PASSWORD, "too-short").await.status, 422);
    assert!(is_alive(&house, &json!(mia.access)).await, "a refused change ends nothing");
    assert_eq!(change_password(&house, &mia, PASSWORD, new).await.status, 204);
    for access in [json!(mia.access), other.body["access_token"].clone()] {
        assert!(!is_alive(&house, &access).await);
    }
    for refresh in [mia.refresh.as_str(), other.body["refresh_token"].as_str().expect("a token")] {
        assert_eq!(renew(&house, refresh, None).await.code(), "not_signed_in");
    }
    let _: Json = phone.api.get("/v1/teen/settings").await.expect("devices stay").body;
    assert_eq!(sign_in(&house, &mia.email, PASSWORD).await.status, 401);
    assert_eq!(sign_in(&house, &mia.email, new).await.status, 201);
}

async fn change_password(house: &House, who: &Person, current: &str, new: &str) -> Raw {
    let body = json!({"current_password": current, "new_password": new});
    raw::send("POST", &format!("{}/v1/account/password", house.url()), Some(&who.access), &[], Some(body)).await
}

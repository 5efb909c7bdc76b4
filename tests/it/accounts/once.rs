//! Idempotency keys: the same request again gets the same answer, and nothing happens twice.

use serde_json::{Value as Json, json};

use super::{post, sign_up_body};
use crate::{
    edges::assert_problem,
    house::{
        House,
        raw::{self, Raw},
    },
};

/// A POST of one of the people of a house.
struct Request {
    path: &'static str,
    token: Option<String>,
    body: Json,
    other_body: Json,
    /// Counts what it makes.
    made: &'static str,
}

impl Request {
    async fn send(&self, house: &House, key: &str, body: &Json) -> Raw {
        let url = format!("{}{}", house.url(), self.path);
        raw::send("POST", &url, self.token.as_deref(), &[("idempotency-key", key)], Some(body.clone())).await
    }
}

async fn requests(house: &House) -> Vec<Request> {
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let offer = mia.shows_code().await;
    let device = |name| json!({"name": name, "platform": "ios-26", "install_id": "i1"});
    let claim = |who| json!({"code": offer["code"], "relationship": who});
    vec![
        Request {
            path: "/v1/accounts",
            token: None,
            body: sign_up_body(house, &json!({"email": "eve@example.com"})),
            other_body: sign_up_body(house, &json!({"email": "mallory@example.com"})),
            made: "select count(*) from accounts",
        },
        Request {
            path: "/v1/teen/devices",
            token: Some(mia.access.clone()),
            body: device("phone"),
            other_body: device("tablet"),
            made: "select count(*) from devices",
        },
        Request {
            path: "/v1/teen/pairing-offers",
            token: Some(mia.access.clone()),
            body: json!({}),
            other_body: json!({}),
            made: "select count(*) from pairings",
        },
        Request {
            path: "/v1/guardian/pairing-claims",
            token: Some(dana.access),
            body: claim("mother"),
            other_body: claim("aunt"),
            made: "select count(*) from audit where action = 'pairing.claimed'",
        },
    ]
}

/// The same key and body get the same answer; the same key with another body is a mistake that is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_gets_the_same_answer() {
    let house = House::new().await;
    for request in requests(&house).await {
        let first = request.send(&house, "k1", &request.body).await;
        assert_eq!(first.status, 201, "{}: {}", request.path, first.text);
        let made = house.database.count(request.made, &[]).await;
        let again = request.send(&house, "k1", &request.body).await;
        assert_eq!((again.status, &again.body), (201, &first.body), "{}", request.path);
        assert_eq!(house.database.count(request.made, &[]).await, made, "{}: nothing happens twice", request.path);
        if request.other_body != request.body {
            let other = request.send(&house, "k1", &request.other_body).await;
            assert_eq!((other.status, other.code()), (422, "key_reused"), "{}", request.path);
            assert_problem(&other);
        }
        assert_eq!(house.database.count(request.made, &[]).await, made);
    }
}

/// The same request many times at once has one effect, and everybody gets the one answer.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_repeats_have_one_effect_and_one_answer() {
    let house = House::new().await;
    for request in requests(&house).await {
        let before = house.database.count(request.made, &[]).await;
        let tries = (0..6).map(|_| request.send(&house, "k1", &request.body));
        let answers = futures_util::future::join_all(tries).await;
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (201, &answers[0].body), "{}: {}", request.path, answer.text);
        }
        assert_eq!(house.database.count(request.made, &[]).await, before + 1, "{}", request.path);
    }
}

/// A key belongs to whoever sent it: others may choose the same one and get their own answer.
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_others_are_independent() {
    let house = House::new().await;
    let (mia, tom) = (house.teen("mia").await, house.teen("tom").await);
    let mut seen = Vec::new();
    for teen in [&mia, &tom] {
        let url = format!("{}/v1/teen/pairing-offers", house.url());
        let answer = raw::send("POST", &url, Some(&teen.access), &[("idempotency-key", "k1")], Some(json!({}))).await;
        assert_eq!(answer.status, 201);
        seen.push(answer.body["offer_id"].clone());
    }
    assert_ne!(seen[0], seen[1]);
}

/// A refused request leaves its key free: the corrected one may use it.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_does_not_use_its_key_up() {
    let house = House::new().await;
    let key = [("idempotency-key", "k1")];
    let weak = post(&house, "/v1/accounts", sign_up_body(&house, &json!({"password": "short"})), &key).await;
    assert_eq!(weak.status, 422);
    let strong = post(&house, "/v1/accounts", sign_up_body(&house, &json!({})), &key).await;
    assert_eq!(strong.status, 201);
}

/// Answers are kept for a day; a key older than that is a new one. Keys are of a bounded length.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_must_be_of_a_sane_length() {
    let house = House::new().await;
    for key in [String::new(), "k".repeat(129)] {
        let headers = [("idempotency-key", key.as_str())];
        let answer = post(&house, "/v1/accounts", sign_up_body(&house, &json!({})), &headers).await;
        assert_eq!((answer.status, answer.code()), (400, "bad_request"), "{} characters", key.len());
    }
    let longest = "k".repeat(128);
    let headers = [("idempotency-key", longest.as_str())];
    assert_eq!(post(&house, "/v1/accounts", sign_up_body(&house, &json!({})), &headers).await.status, 201);
}

//! Throttles: tries are limited, with a time to come back, with Redis and without.

use serde_json::json;

use super::{post, sign_up_body};
use crate::{
    edges::assert_problem,
    house::{
        House,
        raw::{self, Raw},
    },
};

/// Real limits, as an installation has them.
const STRICT: [&str; 2] = ["--throttle-scale", "1"];
/// Real limits and no Redis: the counters of the process itself.
const STRICT_ALONE: [&str; 4] = ["--throttle-scale", "1", "--redis-url", "none"];

/// Tries until it is too much, and says at which try that was.
async fn tries_until_refused(most: usize, mut attempt: impl AsyncFnMut(usize) -> Raw) -> usize {
    for number in 1..=most {
        let answer = attempt(number).await;
        if answer.status == 429 {
            assert_eq!(answer.code(), "throttled");
            assert_problem(&answer);
            let wait: u64 = answer.header("retry-after").parse().expect("whole seconds");
            assert!((1..=3600).contains(&wait), "{wait} seconds");
            return number;
        }
    }
    panic!("not refused within {most} tries");
}

async fn logins(house: &House) -> usize {
    let body = json!({"email": "dana@example.com", "password": "nine-quiet-rivers-of-tin"});
    tries_until_refused(15, async |_| post(house, "/v1/sessions", body.clone(), &[]).await).await
}

async fn sign_ups(house: &House) -> usize {
    let weak = sign_up_body(house, &json!({"password": "weak"}));
    tries_until_refused(40, async |_| post(house, "/v1/accounts", weak.clone(), &[]).await).await
}

async fn claims(house: &House) -> usize {
    let dana = house.guardian("dana").await;
    let url = format!("{}/v1/guardian/pairing-claims", house.url());
    let body = json!({"code": "K7QM-2XWD-9TBH", "relationship": "mother"});
    tries_until_refused(15, async |_| raw::send("POST", &url, Some(&dana.access), &[], Some(body.clone())).await).await
}

/// Guessing passwords, making accounts and guessing codes is slow for everybody.
#[tokio::test(flavor = "multi_thread")]
async fn tries_are_limited_and_told_when_to_come_back() {
    let house = House::with(&STRICT).await;
    assert_eq!(logins(&house).await, 11);
    assert_eq!(claims(&house).await, 11);
    // One sign-up was the guardian's own.
    assert_eq!(sign_ups(&house).await, 30);
}

/// Promise 5: without Redis the node counts by itself, as strictly.
#[tokio::test(flavor = "multi_thread")]
async fn tries_are_limited_without_redis_too() {
    let house = House::with(&STRICT_ALONE).await;
    assert_eq!(logins(&house).await, 11);
    assert_eq!(claims(&house).await, 11);
    assert_eq!(sign_ups(&house).await, 30);
}

/// Nodes count together: what one took is gone on the other.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_count_together() {
    let mut house = House::with(&STRICT).await;
    house.add_node(&[]).await;
    let body = json!({"email": "dana@example.com", "password": "nine-quiet-rivers-of-tin"});
    let urls: Vec<String> = house.nodes.iter().map(|node| format!("{}/v1/sessions", node.url)).collect();
    let tries = tries_until_refused(25, async |number| {
        raw::send("POST", &urls[number % 2], None, &[], Some(body.clone())).await
    });
    assert_eq!(tries.await, 11);
}

/// A client's own word about its address does not count; that of a trusted proxy does.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_cannot_be_made_up() {
    for (trusted, refused_at) in [("none", Some(11)), ("127.0.0.1", None)] {
        let house = House::with(&["--throttle-scale", "1", "--trusted-proxies", trusted]).await;
        let body = json!({"email": "dana@example.com", "password": "nine-quiet-rivers-of-tin"});
        let mut refused = None;
        for number in 1..=15 {
            let from = format!("198.51.100.{number}");
            let answer = post(&house, "/v1/sessions", body.clone(), &[("x-forwarded-for", &from)]).await;
            if answer.status == 429 {
                refused = refused.or(Some(number));
            }
        }
        assert_eq!(refused, refused_at, "trusting {trusted}");
    }
}

/// A throttled account is not locked: others on the same address still get in.
#[tokio::test(flavor = "multi_thread")]
async fn one_throttled_account_does_not_lock_its_neighbours() {
    let house = House::with(&STRICT).await;
    let eve = house.guardian("eve").await;
    logins(&house).await;
    let body = json!({"email": eve.email, "password": crate::house::people::PASSWORD});
    assert_eq!(post(&house, "/v1/sessions", body, &[]).await.status, 201);
}

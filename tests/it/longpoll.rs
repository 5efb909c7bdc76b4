//! Without a socket: wait over HTTP for something newer, by the same rule.

use std::time::Duration;

use family_pairing::domain::{snapshot::KeyRing, version::Version};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    house::{House, people::Family, raw, raw::Raw},
    knob::{Knob, minutes},
};

async fn policy(house: &House, family: &Family, query: &str) -> Raw {
    let url = format!("{}/v1/teen/policy{query}", house.url());
    raw::send("GET", &url, Some(&family.phone.token), &[], None).await
}

/// Whoever does not hold exactly the newest version gets it at once; who does, gets 204 when nothing came in time.
#[tokio::test(flavor = "multi_thread")]
async fn the_rule_is_the_same_as_on_a_socket() {
    let house = House::new().await;
    let family = house.family().await;
    let Version { epoch, revision } = Knob::of(&family).await.turn(50).await;
    let keys = house.api().keys().await.expect("keys");
    for have in [
        String::new(),
        "?wait=5".to_owned(),
        format!("?have={epoch}.{}&wait=5", revision - 1),
        format!("?have={epoch}.{}&wait=5", revision + 9),
        format!("?have={}.{revision}&wait=5", epoch - 1),
        format!("?have={}.{revision}&wait=5", epoch + 1),
        "?have=0.0&wait=25".to_owned(),
    ] {
        let started = Instant::now();
        let answer = policy(&house, &family, &have).await;
        assert_eq!((answer.status, answer.body["revision"].as_i64()), (200, Some(revision)), "{have}");
        assert!(started.elapsed() < Duration::from_secs(1), "{have}: at once");
        let snapshot = serde_json::from_value(answer.body).expect("a snapshot");
        assert!(KeyRing::open(&keys, &snapshot, family.teen.id).is_ok(), "{have}");
    }
    for (wait, least) in [("", 0), ("&wait=0", 0), ("&wait=1", 1)] {
        let started = Instant::now();
        let answer = policy(&house, &family, &format!("?have={epoch}.{revision}{wait}")).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{wait}");
        let took = started.elapsed();
        assert!(took >= Duration::from_secs(least) && took < Duration::from_secs(least + 1), "{wait}: {took:?}");
    }
}

/// A change ends the wait within milliseconds; ten who wait get it all, the newest.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_ends_the_wait() {
    let house = House::new().await;
    let family = house.family().await;
    let mut knob = Knob::of(&family).await;
    for round in 1..=3 {
        let query = format!("?have={}&wait=10", knob.at);
        let waiting = (0..10).map(|_| {
            let (api, at) = (family.phone.api.clone(), knob.at);
            tokio::spawn(async move {
                let newer = api.poll_policy(Some(at), Duration::from_secs(10)).await.expect("an answer");
                (newer.expect("something newer"), Instant::now())
            })
        });
        let waiting: Vec<_> = waiting.collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let version = knob.turn(60 + round).await;
        let changed = Instant::now();
        for newer in waiting {
            let (newer, at) = newer.await.expect("an answer");
            assert_eq!((newer.version(), minutes(&newer)), (version, 60 + round), "{query}");
            let took = at.saturating_duration_since(changed);
            assert!(took < Duration::from_millis(500), "{took:?} after the change was answered");
        }
    }
}

/// A wrong question gets a 4xx that names the field.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_is_answered_with_its_field() {
    let house = House::new().await;
    let family = house.family().await;
    for have in ["1", "a.b", "1.-1", "-1.1", "1.2.3", "99999999999999999999.1", "%00.1", ""] {
        let answer = policy(&house, &family, &format!("?have={have}")).await;
        assert_eq!(answer.status, 422, "{have}: {}", answer.text);
        assert!(answer.text.contains("have"), "{}", answer.text);
    }
    assert_eq!(policy(&house, &family, "?wait=26").await.status, 422);
    for broken in ["?wait=-1", "?wait=x", "?until=1"] {
        let answer = policy(&house, &family, broken).await;
        assert!((400..500).contains(&answer.status) && answer.code() != "", "{broken}: {}", answer.text);
    }
    let guardian = format!("{}/v1/teen/policy", house.url());
    assert_eq!(raw::send("GET", &guardian, Some(&family.guardian.access), &[], None).await.code(), "wrong_role");
    assert_eq!(raw::send("GET", &guardian, None, &[], None).await.status, 401);
}

/// Who waits and goes away leaves nothing behind that is looked after for ever.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_over_http_hears_nothing_of_others() {
    let house = House::new().await;
    let (ours, theirs) = (house.family().await, house.family().await);
    let at = Knob::of(&theirs).await.at;
    let api = theirs.phone.api.clone();
    let waiting =
        tokio::spawn(async move { api.poll_policy(Some(at), Duration::from_secs(2)).await.expect("an answer") });
    tokio::time::sleep(Duration::from_millis(200)).await;
    Knob::of(&ours).await.turn(5).await;
    assert_eq!(json!(waiting.await.expect("an answer")), json!(null), "204: nothing of theirs changed");
}

//! Trouble while questions are asked: a slow read, a node that stands still, a Redis that goes away.

use std::time::Duration;

use serde_json::json;

use super::Server;
use crate::house::{House, line::Line, services::PrivateService, until};

/// The promise where hints are lost, and room for two busy cores.
const CERTAIN: Duration = Duration::from_millis(3_000);
/// Longer than a node decides from memory without a sweep.
const LONG: Duration = Duration::from_secs(11);

/// One teen of a request is known, the other has to be read. While that takes its time, the first one's guardian says no, and it is
/// that no which is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_read_makes_nobody_elses_answer_old() {
    let mut house = House::new().await;
    let line = Line::to(&house.database.url).await;
    house.add_node(&["--database-url", &line.url]).await;
    let (known, read) = (house.family().await, house.family().await);
    let server = Server::of(&house).at(&house.nodes[1].url);
    assert_eq!(server.asks(&known.teen, "search", json!({})).await["outcome"], "allow");
    line.freeze();
    let items = json!([{"teen_id": known.teen.id, "action": "search"}, {"teen_id": read.teen.id, "action": "search"}]);
    let asking = tokio::spawn(async move { server.tries(items).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    known.guardian.sets(known.teen.id, json!({"search.enabled": false})).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    line.thaw();
    let answer = asking.await.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let outcomes = [&answer.body["items"][0]["outcome"], &answer.body["items"][1]["outcome"]];
    assert_eq!(outcomes, ["deny", "allow"], "{}", answer.text);
}

/// A process that stood still has missed hints and sweeps: what it kept counts no more when it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stood_still_answers_nothing_old() {
    let house = House::new().await;
    let node = house.process(&["--lose-hints", "100"]).await;
    let family = house.family().await;
    let server = Server::of(&house).at(&node.url);
    assert_eq!(server.asks(&family.teen, "search", json!({})).await["outcome"], "allow");
    node.pause();
    family.guardian.sets(family.teen.id, json!({"search.enabled": false})).await;
    tokio::time::sleep(LONG).await;
    node.go_on();
    assert_eq!(server.asks(&family.teen, "search", json!({})).await["outcome"], "deny", "from its first answer on");
}

/// Redis only makes it faster: with it gone the sweep finds a change, and nobody is left without an answer.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_change_still_counts() {
    let redis = tokio::task::block_in_place(PrivateService::redis);
    let mut house = House::with(&["--redis-url", &redis.url()]).await;
    house.add_node(&[]).await;
    let family = house.family().await;
    let server = Server::of(&house).at(&house.nodes[1].url);
    let outcome = async || server.asks(&family.teen, "search", json!({})).await["outcome"].clone();
    assert_eq!(outcome().await, "allow");
    tokio::task::block_in_place(|| redis.run("stop"));
    family.guardian.sets(family.teen.id, json!({"search.enabled": false})).await;
    until(CERTAIN, "the sweep finds it", async || outcome().await == "deny").await;
    tokio::task::block_in_place(|| redis.run("start"));
    family.guardian.sets(family.teen.id, json!({"search.enabled": true})).await;
    until(CERTAIN, "and goes on finding", async || outcome().await == "allow").await;
}

//! Who is connected, as guardians see it: right across nodes, unknown rather than wrong, right again soon after any trouble.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    house::{
        House,
        people::{Family, TestDevice},
        services::PrivateService,
        until,
    },
    nodes::two_nodes,
    rough,
};

/// After trouble with Redis, what is shown is right again within this time.
const RIGHT_AGAIN: Duration = Duration::from_secs(10);

/// What a node says about a device: true, false or null.
async fn online(house: &House, node: usize, family: &Family, device: &TestDevice) -> Json {
    let api = house.api_of(node).with_token(&family.guardian.access);
    let path = format!("/v1/guardian/teens/{}/devices", family.teen.id);
    let answer = api.get::<Json>(&path).await.expect("devices").body;
    let items = answer["items"].as_array().expect("a list");
    items.iter().find(|item| item["device_id"] == json!(device.id)).expect("listed")["online"].clone()
}

/// Waits until both nodes say so.
async fn everywhere(house: &House, family: &Family, device: &TestDevice, wanted: &Json, limit: Duration, what: &str) {
    let took = until(limit, what, async || {
        online(house, 0, family, device).await == *wanted && online(house, 1, family, device).await == *wanted
    });
    println!("{what}: right on both nodes after {:.1?}", took.await);
}

fn now(service: &PrivateService, verb: &str) {
    tokio::task::block_in_place(|| service.run(verb));
}

/// A device is seen from every node while it is there, and not after it left.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_seen_from_every_node() {
    seen_from_every_node(two_nodes(&[]).await).await;
}

/// The same on any house of two nodes.
pub async fn seen_from_every_node(house: House) {
    let family = house.family().await;
    let soon = Duration::from_secs(2);
    everywhere(&house, &family, &family.phone, &json!(false), soon, "never connected").await;
    let (socket, _) = rough::welcomed(&house.nodes[1].url, &family.phone.token).await;
    everywhere(&house, &family, &family.phone, &json!(true), soon, "connected").await;
    drop(socket);
    everywhere(&house, &family, &family.phone, &json!(false), soon, "gone").await;
}

/// The late end of an old socket does not erase the new one, on the same node or on another.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_end_of_an_old_socket_erases_nothing() {
    late_end_erases_nothing(two_nodes(&[]).await).await;
}

/// The same on any house of two nodes.
pub async fn late_end_erases_nothing(house: House) {
    let family = house.family().await;
    for (old_node, new_node) in [(0, 0), (0, 1)] {
        let (old, _) = rough::welcomed(&house.nodes[old_node].url, &family.phone.token).await;
        let (new, _) = rough::welcomed(&house.nodes[new_node].url, &family.phone.token).await;
        everywhere(&house, &family, &family.phone, &json!(true), Duration::from_secs(2), "both").await;
        drop(old);
        // Nothing must change; long enough for the old one's goodbye to arrive.
        tokio::time::sleep(Duration::from_millis(500)).await;
        for node in 0..2 {
            assert_eq!(online(&house, node, &family, &family.phone).await, true, "node {node}");
        }
        drop(new);
        everywhere(&house, &family, &family.phone, &json!(false), Duration::from_secs(2), "none").await;
    }
}

/// Without Redis a device on another node is unknown, not offline; one that sits here is known. Then Redis comes back,
/// empty, and everything is right again.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_device_elsewhere_is_unknown() {
    let redis = PrivateService::redis();
    let house = two_nodes(&["--redis-url", &redis.url()]).await;
    let family = house.family().await;
    let tablet = family.teen.registers("Mia's tablet").await;
    let (_socket, _) = rough::welcomed(&house.nodes[1].url, &family.phone.token).await;
    everywhere(&house, &family, &family.phone, &json!(true), Duration::from_secs(2), "before").await;
    now(&redis, "stop");
    assert_eq!(online(&house, 0, &family, &family.phone).await, Json::Null, "elsewhere");
    assert_eq!(online(&house, 1, &family, &family.phone).await, true, "here");
    assert_eq!(online(&house, 1, &family, &tablet).await, Json::Null, "nowhere, but nobody can tell");
    now(&redis, "start");
    everywhere(&house, &family, &family.phone, &json!(true), RIGHT_AGAIN, "Redis came back empty").await;
    assert_eq!(online(&house, 0, &family, &tablet).await, false);
}

/// Redis is emptied under running nodes: they notice at their next renewal and write everybody again.
#[tokio::test(flavor = "multi_thread")]
async fn presence_survives_a_flush() {
    let redis = PrivateService::redis();
    let house = two_nodes(&["--redis-url", &redis.url()]).await;
    let family = house.family().await;
    let (_socket, _) = rough::welcomed(&house.nodes[1].url, &family.phone.token).await;
    everywhere(&house, &family, &family.phone, &json!(true), Duration::from_secs(2), "before").await;
    let client = redis::Client::open(redis.url()).expect("a client");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.expect("flushed");
    assert_eq!(online(&house, 0, &family, &family.phone).await, false, "the fault took effect");
    everywhere(&house, &family, &family.phone, &json!(true), RIGHT_AGAIN, "flushed").await;
}

/// Redis stands still while one device leaves and another comes: both moves are made good once it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn moves_that_redis_missed_are_made_good() {
    let redis = PrivateService::redis();
    let house = two_nodes(&["--redis-url", &redis.url()]).await;
    let family = house.family().await;
    let tablet = family.teen.registers("Mia's tablet").await;
    let (leaving, _) = rough::welcomed(&house.nodes[1].url, &family.phone.token).await;
    everywhere(&house, &family, &family.phone, &json!(true), Duration::from_secs(2), "before").await;
    now(&redis, "freeze");
    drop(leaving);
    let (_coming, _) = rough::welcomed(&house.nodes[1].url, &tablet.token).await;
    assert_eq!(online(&house, 0, &family, &tablet).await, Json::Null, "the fault took effect");
    tokio::time::sleep(Duration::from_secs(2)).await;
    now(&redis, "thaw");
    everywhere(&house, &family, &tablet, &json!(true), RIGHT_AGAIN, "who came").await;
    everywhere(&house, &family, &family.phone, &json!(false), RIGHT_AGAIN, "who left").await;
}

/// A node that is killed takes its devices offline within its lease, without anybody cleaning up.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_nodes_devices_are_offline_within_its_lease() {
    let house = two_nodes(&[]).await;
    let family = house.family().await;
    let mut dying = house.process(&["--workers", "1"]).await;
    let (_socket, _) = rough::welcomed(&dying.url, &family.phone.token).await;
    everywhere(&house, &family, &family.phone, &json!(true), Duration::from_secs(2), "before").await;
    dying.kill().await;
    assert_eq!(online(&house, 0, &family, &family.phone).await, true, "the lease still runs");
    everywhere(&house, &family, &family.phone, &json!(false), Duration::from_secs(16), "its node was killed").await;
}

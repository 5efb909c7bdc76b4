//! Several nodes on a Redis Cluster of three members: what holds on one Redis holds there, and a member may die.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    house::{House, people::Family, services::RedisCluster, until, wire::PATIENCE},
    knob::{Knob, told},
    nodes::{self, two_nodes},
    presence,
};

async fn on(cluster: &RedisCluster) -> House {
    two_nodes(&["--redis-url", &cluster.url()]).await
}

/// What several nodes must do on one Redis, they do on a cluster.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_does_what_one_redis_does() {
    let cluster = RedisCluster::start().await;
    nodes::same_bytes(on(&cluster).await).await;
    nodes::told_once(on(&cluster).await).await;
    nodes::pairing_everywhere(on(&cluster).await).await;
    nodes::newest_wins(on(&cluster).await).await;
    presence::seen_from_every_node(on(&cluster).await).await;
    presence::late_end_erases_nothing(on(&cluster).await).await;
}

/// Turns the knob so often on one node, and says how long each change took to a device on the other.
async fn turned(house: &House, family: &Family, times: u64) -> Vec<Duration> {
    let mut phone = family.phone.connects_to(&house.nodes[1].url, None).await;
    let first = phone.policy().await;
    phone.applies(&first, vec![]).await;
    let (mut knob, mut took) = (Knob::of(family).await, vec![]);
    let from = knob.reads().await.unwrap_or(60);
    for minutes in from + 1..=from + times {
        let started = Instant::now();
        let version = knob.turn(minutes).await;
        let policy = phone.policy().await;
        assert_eq!(policy.version(), version);
        took.push(started.elapsed());
        phone.applies(&policy, vec![]).await;
    }
    took
}

/// Each member in turn is killed, or stands still, and comes back: no change is lost or late beyond the sweep, and hints are fast again.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_may_die() {
    let cluster = RedisCluster::start().await;
    let house = on(&cluster).await;
    let family = house.family().await;
    turned(&house, &family, 1).await;
    let mut without = vec![];
    for (member, (breaks, mends)) in
        cluster.members.iter().zip([("kill", "start"), ("freeze", "thaw"), ("kill", "start")])
    {
        tokio::task::block_in_place(|| member.run(breaks));
        without.extend(turned(&house, &family, 2).await);
        tokio::task::block_in_place(|| member.run(mends));
        let fast = async || turned(&house, &family, 1).await[0] < Duration::from_millis(100);
        let back = until(PATIENCE, "hints are fast again", fast).await;
        println!("hints were fast again {back:.1?} after the member was");
    }
    println!("faults: {}; without a member: {}", cluster.members.len(), told(&mut without));
    assert!(without.iter().all(|took| *took < Duration::from_secs(3)), "{without:?}");
}

/// Nodes that start before their cluster does serve without it, and use it once it is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_may_come_late() {
    let cluster = RedisCluster::start().await;
    tokio::task::block_in_place(|| cluster.members.iter().for_each(|member| drop(member.run("stop"))));
    let house = on(&cluster).await;
    let family = house.family().await;
    let without = turned(&house, &family, 1).await;
    assert!(without[0] < Duration::from_secs(3), "{without:?}");
    tokio::task::block_in_place(|| cluster.members.iter().for_each(|member| drop(member.run("start"))));
    let fast = async || turned(&house, &family, 1).await[0] < Duration::from_millis(100);
    let there = until(PATIENCE, "hints are fast", fast).await;
    println!("hints were fast {there:.1?} after the cluster was there");
    presence::seen_from_every_node(house).await;
}

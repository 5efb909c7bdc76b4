//! Promise 1: nothing acknowledged is lost. The program is killed with SIGKILL right after it said yes, again and again.

use std::time::Duration;

use family_pairing::client::api::Api;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::{
    house::{
        House,
        people::{Family, PASSWORD, born, settings},
        process::ServerProcess,
        raw,
    },
    knob::{Knob, minutes, told},
};

/// A house whose family was made by a node that has stopped since: from here on only processes serve it.
async fn orphaned() -> (House, Family) {
    let mut house = House::with(&["--workers", "1"]).await;
    let family = house.family().await;
    house.nodes.remove(0).stop().await;
    (house, family)
}

fn api(house: &House, server: &ServerProcess, token: &str) -> Api {
    Api::new(&server.url, house.world()).expect("a client").with_token(token)
}

/// Fifty times: a change is acknowledged, the server is killed at that instant, and another finds the change; the device
/// that comes back gets it.
#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_change_survives_kill_9() {
    const KILLS: u64 = 50;
    let (house, family) = orphaned().await;
    let mut restarts = vec![];
    let mut last = None;
    let mut kills = 0;
    for round in 0..=KILLS {
        let started = Instant::now();
        let mut server = house.process(&[]).await;
        restarts.push(started.elapsed());
        let mut knob = Knob::at(&api(&house, &server, &family.guardian.access), family.teen.id).await;
        if let Some((version, value)) = last {
            assert_eq!((knob.at, knob.reads().await), (version, Some(value)), "after kill {round}");
            let mut phone = family.phone.connects_to(&server.url, None).await;
            let policy = phone.policy().await;
            assert_eq!((policy.version(), minutes(&policy)), (version, value), "after kill {round}");
        }
        if round < KILLS {
            let value = 100 + round;
            last = Some((knob.turn(value).await, value));
            server.kill().await;
            kills += 1;
        }
    }
    println!("{kills} kills; a start until it serves: {}", told(&mut restarts));
    assert_eq!(kills, KILLS);
}

/// Killed at any moment of a stream of changes: what was acknowledged is there, at most the one in flight beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_loses_nothing_acknowledged() {
    let (house, family) = orphaned().await;
    let mut in_flight = 0;
    let mut acked = 1;
    for round in 0..12_u64 {
        let mut server = house.process(&[]).await;
        let mut knob = Knob::at(&api(&house, &server, &family.guardian.access), family.teen.id).await;
        let there = knob.at.revision;
        assert!(there == acked || there == acked + 1, "round {round}: {acked} were acknowledged, {there} are there");
        in_flight += there - acked;
        let changing = tokio::spawn(async move {
            let mut minutes = 1_000 + (round % 2) * 200;
            let mut newest = knob.at.revision;
            while let Ok(version) = knob.tries(minutes).await {
                newest = version.revision;
                minutes += 1;
            }
            newest
        });
        tokio::time::sleep(Duration::from_millis(40 + round * 13)).await;
        server.kill().await;
        acked = changing.await.expect("the changes end with the server");
    }
    println!("12 kills, {in_flight} changes were committed without their answer; {acked} revisions");
    assert!(acked > 12, "there was something to lose");
}

/// Accounts, pairings and their end survive as well: sign-up, confirmation, unlink, each killed right after its 2xx.
#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_accounts_and_pairings_survive_kill_9() {
    let house = House::with(&["--workers", "1"]).await;
    let mut kills = 0;
    for round in 0..3 {
        let email = format!("dana-{round}-{}@example.com", uuid::Uuid::now_v7().simple());
        let body = json!({"role": "guardian", "email": email, "password": PASSWORD, "display_name": "Dana",
            "birth_date": born(&house, 41), "locale": "en", "time_zone": "Europe/Berlin", "region": "DE"});
        let mut server = house.process(&[]).await;
        let signed_up = raw::send("POST", &format!("{}/v1/accounts", server.url), None, &[], Some(body)).await;
        server.kill().await;
        kills += 1;
        assert_eq!(signed_up.status, 201);
        let mut server = house.process(&[]).await;
        let credentials = json!({"email": email, "password": PASSWORD});
        let sign_in = raw::send("POST", &format!("{}/v1/sessions", server.url), None, &[], Some(credentials)).await;
        assert_eq!(sign_in.status, 201, "{}", sign_in.text);
        let access = signed_up.body["access_token"].as_str().expect("a token");
        let teen = house.teen("mia").await;
        let offer = teen.shows_code().await;
        let claim = json!({"code": offer["code"], "relationship": "mother"});
        let claimed: Json =
            api(&house, &server, access).post("/v1/guardian/pairing-claims", &claim).await.expect("a claim");
        server.kill().await;
        kills += 1;

        let mut server = house.process(&[]).await;
        let path = format!("/v1/teen/pairings/{}/confirmation", claimed["pairing_id"].as_str().expect("an id"));
        let confirmed: Json = api(&house, &server, &teen.access).post(&path, &json!({})).await.expect("confirmed");
        server.kill().await;
        kills += 1;
        assert_eq!(confirmed["state"], "active");

        let mut server = house.process(&[]).await;
        let guardian = api(&house, &server, access);
        let mut knob = Knob::at(&guardian, teen.id).await;
        knob.turn(45).await;
        let path = format!("/v1/guardian/teens/{}/unlink-requests", teen.id);
        let ended: Json = guardian.post(&path, &json!({})).await.expect("ended");
        server.kill().await;
        kills += 1;
        assert_eq!(ended["state"], "ended");

        let server = house.process(&[]).await;
        let path = format!("{}{}", server.url, settings(teen.id));
        assert_eq!(raw::send("GET", &path, Some(access), &[], None).await.status, 404, "ended stays ended");
        let policy = teen.registers("phone").await;
        let mut phone = policy.connects_to(&server.url, None).await;
        assert_eq!(minutes(&phone.policy().await), 60, "the limits of the age");
    }
    println!("{kills} kills");
    assert_eq!(kills, 12);
}

/// A node that is killed with devices on it: they find their state on the other one, and its next change.
#[tokio::test(flavor = "multi_thread")]
async fn devices_of_a_killed_node_go_on_elsewhere() {
    let house = House::with(&["--workers", "1"]).await;
    let family = house.family().await;
    let mut dying = house.process(&[]).await;
    let mut phone = family.phone.connects_to(&dying.url, None).await;
    let first = phone.policy().await;
    phone.applies(&first, vec![]).await;
    let version = Knob::of(&family).await.turn(77).await;
    dying.kill().await;
    // The policy may have reached the dead node's socket or not: the hello says what the device holds.
    let holds = family_pairing::sync::frame::Held { version: first.version(), sha256: first.sha256.clone() };
    let mut phone = family.phone.connects_to(house.url(), Some(holds)).await;
    let policy = phone.policy().await;
    assert_eq!(policy.version(), version);
    phone.applies(&policy, vec![]).await;
    let next = Knob::of(&family).await.turn(78).await;
    assert_eq!(phone.policy().await.version(), next);
}

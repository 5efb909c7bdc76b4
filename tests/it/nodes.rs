//! Several nodes on one Postgres and one Redis: a family need not meet on one of them.

use std::time::Duration;

use family_pairing::domain::report::Standing;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::{
    house::{
        House, people, raw, until,
        wire::{PATIENCE, device_notice, listens},
    },
    knob::{Knob, told},
    rough::{self, upgrade},
};

/// A guardian's client of another server.
fn api_at(house: &House, url: &str, token: &str) -> family_pairing::client::api::Api {
    family_pairing::client::api::Api::new(url, house.world()).expect("a client").with_token(token)
}

/// A house of two nodes.
pub async fn two_nodes(arguments: &[&str]) -> House {
    let mut house = House::with(arguments).await;
    house.add_node(&[]).await;
    house
}

/// Two server processes: the guardian on one, the device on the other. Changes arrive in milliseconds, and the guardian
/// sees each one enforced on her own node.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_crosses_nodes_in_milliseconds() {
    let mut house = House::empty(&["--workers", "1"]).await;
    house.add_node(&[]).await;
    let family = house.family().await;
    let (hers, theirs) = (house.process(&[]).await, house.process(&[]).await);
    let mut phone = family.phone.connects_to(&theirs.url, None).await;
    let first = phone.policy().await;
    phone.applies(&first, vec![]).await;
    let mut ear = listens(&family.guardian, &hers.url).await;
    let mut knob = Knob::at(&api_at(&house, &hers.url, &family.guardian.access), family.teen.id).await;
    let (mut delivered, mut enforced) = (vec![], vec![]);
    for minutes in 61..=110 {
        let started = Instant::now();
        let version = knob.turn(minutes).await;
        let policy = phone.policy().await;
        assert_eq!(policy.version(), version);
        delivered.push(started.elapsed());
        phone.applies(&policy, vec![]).await;
        device_notice(&mut ear, family.teen.id, |notice| {
            notice.desired == version && notice.state == Standing::Enforced
        })
        .await;
        enforced.push(started.elapsed());
    }
    println!("from the guardian's click to the device on another node: {}", told(&mut delivered));
    println!("and back to the guardian's screen: {}", told(&mut enforced));
    // The first hints may be lost while the nodes are still subscribing; the sweep finds what they were about.
    assert!(delivered[delivered.len() / 2] < Duration::from_millis(250), "half of them by hint, not by sweep");
    assert!(delivered[delivered.len() - 1] < Duration::from_millis(3_000));
}

/// The node that makes a change hands it to its devices as it wrote it; every other node reads it. Both are the same signed
/// bytes, or a device that moves between nodes would hold one revision in two forms.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_on_is_what_others_read() {
    same_bytes(two_nodes(&[]).await).await;
}

/// The same on any house of two nodes.
pub async fn same_bytes(house: House) {
    let family = house.family().await;
    let tablet = family.teen.registers("tablet").await;
    let (mut here, mut there) =
        (family.phone.connects(&house).await, tablet.connects_to(&house.nodes[1].url, None).await);
    here.policy().await;
    there.policy().await;
    for (settings, reason) in [
        (json!({"time.daily_minutes": 33}), json!("school starts on Monday")),
        (json!({"content.blocked_words": ["zoë", "\"quoted\""], "time.daily_minutes": null}), json!(null)),
        (json!({"dm.from": "no_one", "time.daily_minutes": 41}), json!("…")),
    ] {
        let path = people::settings(family.teen.id);
        let answer = family.guardian.api.get::<Json>(&path).await.expect("settings");
        let body = json!({"settings": settings, "reason": reason});
        let etag = answer.etag.expect("an ETag");
        family.guardian.api.patch::<Json>(&path, &etag, &body).await.expect("a change");
        let (handed, read) = (here.policy().await, there.policy().await);
        assert_eq!(handed.payload, read.payload);
        assert_eq!((handed.version(), &handed.sha256), (read.version(), &read.sha256));
        here.applies(&handed, vec![]).await;
        there.applies(&read, vec![]).await;
    }
}

/// A change is told once: also to a guardian on a node where none of the teen's devices sits, though the sweep finds it
/// there again and again.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_told_once_wherever_the_devices_are() {
    told_once(two_nodes(&[]).await).await;
}

/// The same on any house of two nodes.
pub async fn told_once(house: House) {
    let family = house.family().await;
    let (mut ear, _) = rough::welcomed(&house.nodes[1].url, &family.guardian.access).await;
    ear.everything(Duration::from_millis(2_500)).await;
    for devices in ["none", "on the other node"] {
        let mut phone = None;
        if devices != "none" {
            phone = Some(rough::welcomed(house.url(), &family.phone.token).await);
        }
        let version = Knob::of(&family).await.turn(if phone.is_some() { 31 } else { 32 }).await;
        let heard = ear.everything(Duration::from_millis(4_500)).await;
        let changes: Vec<&Json> = heard.iter().filter(|notice| notice["kind"] == "change").collect();
        assert_eq!(changes.len(), 1, "devices: {devices}: {heard:?}");
        assert_eq!(changes[0]["revision"], version.revision);
    }
}

/// A pairing that starts reaches sockets that were open before, on every node; one that is asked for reaches the teen.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_pairing_reaches_open_sockets_on_every_node() {
    pairing_everywhere(two_nodes(&[]).await).await;
}

/// The same on any house of two nodes.
pub async fn pairing_everywhere(house: House) {
    let (guardian, teen) = (house.guardian("dana").await, house.teen("mia").await);
    let phone = teen.registers("phone").await;
    let (mut socket, _) = rough::welcomed(&house.nodes[1].url, &phone.token).await;
    let (mut ear, _) = rough::welcomed(&house.nodes[1].url, &guardian.access).await;
    let offer = teen.shows_code().await;
    let pairing = guardian.claims(offer["code"].as_str().expect("a code")).await;
    let asked = socket.hears_of("notice").await;
    assert_eq!(
        (&asked["pairing_id"], &asked["state"], &asked["with"]),
        (&json!(pairing), &json!("claimed"), &json!("dana"))
    );
    let path = format!("/v1/teen/pairings/{pairing}/confirmation");
    teen.api.post::<Json>(&path, &json!({})).await.expect("a confirmation");
    while ear.hears_of("notice").await["state"] != "active" {}
    Knob::at(&guardian.api, teen.id).await.turn(25).await;
    while ear.hears_of("notice").await["kind"] != "change" {}
    // A teen who was asked while the device was away is asked when it comes back.
    let leo = house.teen("leo").await;
    let phone = leo.registers("phone").await;
    guardian.claims(leo.shows_code().await["code"].as_str().expect("a code")).await;
    let (mut socket, _) = rough::welcomed(&house.nodes[1].url, &phone.token).await;
    assert_eq!(socket.hears_of("notice").await["with"], "dana");
}

/// A device that comes in between a change and the sweep that finds it does not keep the guardian's notice back.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_joins_first_hides_no_change_from_the_guardian() {
    let mut house = House::new().await;
    house.add_node(&["--lose-hints", "100", "--redis-url", "none"]).await;
    let family = house.family().await;
    let deaf = house.nodes[1].url.clone();
    let (mut ear, _) = rough::welcomed(&deaf, &family.guardian.access).await;
    // Between two sweeps.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let version = Knob::of(&family).await.turn(25).await;
    let mut phone = family.phone.connects_to(&deaf, None).await;
    assert_eq!(phone.policy().await.version(), version);
    let told = async {
        loop {
            let notice = ear.hears_of("notice").await;
            if notice["kind"] == "change" {
                return notice;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(4), told).await.expect("the guardian is told");
    assert_eq!((&told["epoch"], &told["revision"]), (&json!(version.epoch), &json!(version.revision)));
}

/// A stopping node asks every client to reconnect, closes them over its window, serves what is asked meanwhile and ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_node_sends_everybody_off_and_ends() {
    const WINDOW: Duration = Duration::from_millis(2_000);
    let mut house = House::empty(&["--workers", "1"]).await;
    house.add_node(&[]).await;
    let mut leaving = house.process(&["--drain-ms", "2000"]).await;
    let family = house.family().await;
    let mut tokens = vec![family.guardian.access.clone(), family.phone.token.clone()];
    // Eleven more teens with eighteen devices each.
    for n in 0..11 {
        let teen = house.teen(&format!("teen-{n}")).await;
        for n in 0..18 {
            tokens.push(teen.registers(&format!("device {n}")).await.token);
        }
    }
    let mut sockets = vec![];
    for token in &tokens {
        sockets.push(rough::welcomed(&leaving.url, token).await.0);
    }
    let started = Instant::now();
    leaving.terminate();
    let ending = sockets.into_iter().map(|mut socket| async move {
        socket.hears_of("drain").await;
        let at = started.elapsed();
        (at, socket.closed().await)
    });
    let ready = format!("{}/readyz", leaving.url);
    let refused = async {
        // On a fresh connection: the listener stays until the sockets are gone.
        until(WINDOW, "not ready", async || raw::send("GET", &ready, None, &[], None).await.status == 503).await;
        let bearer = format!("Bearer {}", family.phone.token);
        let headers = [("authorization", bearer.as_str()), ("sec-websocket-protocol", rough::PROTOCOL)];
        upgrade(&leaving.url, &headers).await.err().expect("no new sockets").status
    };
    // The last to be sent off are served until then.
    let late = async {
        let mut knob = Knob::of(&family).await;
        tokio::time::sleep(WINDOW / 2).await;
        knob.turn(23).await
    };
    let (ended, refused, _) = tokio::join!(futures_util::future::join_all(ending), refused, late);
    assert_eq!((ended.len(), refused), (200, 503));
    assert!(ended.iter().all(|(_, code)| *code == 4200), "{ended:?}");
    let mut times: Vec<Duration> = ended.iter().map(|(at, _)| *at).collect();
    println!("200 sockets were sent off: {}", told(&mut times));
    assert!(times[0] < WINDOW / 4 && times[199] > WINDOW / 2, "spread over the window: {times:?}");
    assert!(times[199] < WINDOW + Duration::from_millis(700), "{times:?}");
    let status = tokio::time::timeout(PATIENCE, leaving.child.wait()).await.expect("it ends").expect("a status");
    println!("the process ended {:.1?} after SIGTERM", started.elapsed());
    assert!(status.success() && started.elapsed() < WINDOW + Duration::from_secs(3), "{status}");
}

/// During a drain a change still reaches those who have not been sent off yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_a_device_that_waits_to_be_sent_off() {
    let mut house = House::with(&["--drain-ms", "6000"]).await;
    house.add_node(&[]).await;
    let family = house.family().await;
    let tablet = family.teen.registers("Mia's tablet").await;
    let mut waiting = vec![];
    for device in [&family.phone, &tablet] {
        let mut wire = device.connects(&house).await;
        let first = wire.policy().await;
        wire.applies(&first, vec![]).await;
        waiting.push(wire);
    }
    // Of two, the second is sent off after half the window.
    let mut knob = Knob::at(&api_at(&house, &house.nodes[1].url, &family.guardian.access), family.teen.id).await;
    let draining = tokio::spawn(house.nodes.remove(0).stop());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let version = knob.turn(24).await;
    let started = Instant::now();
    let mut got = 0;
    for wire in &mut waiting {
        loop {
            match tokio::time::timeout(PATIENCE, wire.socket.recv()).await.expect("something came") {
                family_pairing::client::socket::Heard::Frame(frame) => {
                    if let family_pairing::sync::frame::ServerFrame::Policy(policy) = *frame {
                        assert_eq!(policy.version(), version);
                        println!("a device about to be sent off had the change after {:.1?}", started.elapsed());
                        assert!(started.elapsed() < Duration::from_secs(1));
                        got += 1;
                        break;
                    }
                }
                family_pairing::client::socket::Heard::Closed(close) => {
                    assert_eq!(close.code, 4200);
                    break;
                }
            }
        }
    }
    assert!(got >= 1, "one of them was still there");
    drop(waiting);
    draining.await.expect("it ends well");
}

/// One socket per device, the newest wins, on whatever node it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_socket_on_another_node_supersedes_the_older() {
    newest_wins(two_nodes(&[]).await).await;
}

/// The same on any house of two nodes.
pub async fn newest_wins(house: House) {
    let family = house.family().await;
    let mut old = family.phone.connects_to(&house.nodes[0].url, None).await;
    until(PATIENCE, "the first node has entered the device", || async {
        family.guardian.devices(family.teen.id).await[0]["online"] == true
    })
    .await;
    // The entry is written by a task of its own, a moment after the socket is there.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut new = family.phone.connects_to(&house.nodes[1].url, None).await;
    assert_eq!(crate::house::wire::closed(&mut old.socket).await.code, 4005);
    let version = Knob::of(&family).await.turn(33).await;
    while new.policy().await.version() != version {}
}

/// Redis only carries hints: whoever can write to it cannot close a socket or make a stranger hear of a family.
#[tokio::test(flavor = "multi_thread")]
async fn forged_hints_have_no_effect() {
    let house = House::new().await;
    let (ours, theirs) = (house.family().await, house.family().await);
    let mut phone = ours.phone.connects(&house).await;
    let first = phone.policy().await;
    phone.applies(&first, vec![]).await;
    let mut ear = listens(&theirs.guardian, house.url()).await;
    let session: String = house
        .database
        .client()
        .await
        .query_one("select id::text from sessions where account_id::text = $1", &[&theirs.guardian.id.to_string()])
        .await
        .expect("a session")
        .get(0);
    let forged = json!({"node": uuid::Uuid::now_v7(), "events": [
        {"device_revoked": ours.phone.id},
        {"session_ended": session},
        {"pairing_moved": {"pairing": ours.pairing, "state": "active", "teen": ours.teen.id, "guardian": theirs.guardian.id}},
        {"policy_changed": {"teen": ours.teen.id, "revision": 999}},
    ]});
    let redis = redis::Client::open(crate::house::services::redis_url()).expect("a client");
    let mut redis = redis.get_multiplexed_async_connection().await.expect("Redis");
    let heard: i64 = redis::cmd("SPUBLISH")
        .arg(format!("{}:hints:0", house.database.name))
        .arg(forged.to_string())
        .query_async(&mut redis)
        .await
        .expect("a publish");
    assert_eq!(heard, 1, "the node listens");
    let version = Knob::of(&ours).await.turn(44).await;
    assert_eq!(phone.policy().await.version(), version, "the device is still there, and nothing false was sent");
    Knob::of(&theirs).await.turn(45).await;
    // The guardian is still there, and hears of their own teen only.
    let until = Instant::now() + Duration::from_secs(1);
    let mut own = 0;
    while let Ok(heard) = tokio::time::timeout_at(until, ear.recv()).await {
        let text = format!("{heard:?}");
        assert!(!text.contains(&ours.teen.id.to_string()), "{text}");
        assert!(!text.contains("Closed"), "{text}");
        own += 1;
    }
    assert!(own > 0, "their own change was told");
}

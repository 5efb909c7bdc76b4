//! The conversation of a device: hello, welcome, resume, policy, and what is refused on the way.

use std::time::Duration;

use family_pairing::{
    client::socket::Heard,
    domain::{snapshot::SignedSnapshot, version::Version},
    sync::frame::{Held, Notice, Resume, ServerFrame},
};
use serde_json::{Value as Json, json};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    house::{
        House,
        people::Family,
        wire::{DeviceWire, closed, frame, held, silent},
    },
    knob::{Knob, inside, minutes},
    rough,
};

/// Long enough for anything that was on its way.
const QUIET: Duration = Duration::from_millis(400);

/// Hello is answered with what is wanted; the policy follows, and the device's word about it is acknowledged by its id.
#[tokio::test(flavor = "multi_thread")]
async fn a_hello_is_answered_with_what_is_wanted() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, welcome) = rough::welcomed(house.url(), &family.phone.token).await;
    assert_eq!((welcome["heartbeat_seconds"].as_u64(), welcome["resume"].as_str()), (Some(30), Some("snapshot")));
    let server_time: jiff::Timestamp = welcome["server_time"].as_str().expect("a time").parse().expect("a time");
    assert!(house.world().now().duration_since(server_time).as_secs() < 5);
    let policy = phone.hears().await;
    assert_eq!((&policy["t"], &policy["epoch"]), (&json!("policy"), &welcome["desired"]["epoch"]));
    assert_eq!(policy["revision"], welcome["desired"]["revision"]);
    phone
        .says(json!({"t": "applied", "id": "r-1", "epoch": policy["epoch"], "revision": policy["revision"],
            "sha256": policy["sha256"], "applied_at": "2026-11-22T12:00:00Z", "issues": []}))
        .await;
    assert_eq!(phone.hears().await, json!({"t": "ack", "ref": "r-1"}));
}

/// Resume: current only for a device that holds the newest bytes and has said so here; whatever else it claims, a snapshot.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_not_exactly_current_gets_the_snapshot() {
    let house = House::new().await;
    let family = house.family().await;
    let (phone, policy) = family.phone.settles_at(house.url()).await;
    drop(phone);
    let here = policy.version();
    let other = |epoch, revision| Some(Held { version: Version { epoch, revision }, sha256: policy.sha256.clone() });
    let cases = [
        ("holds the newest", Some(held(&policy)), Resume::Current),
        ("holds nothing", None, Resume::Snapshot),
        ("same version, other hash", Some(Held { version: here, sha256: "0".repeat(64) }), Resume::Snapshot),
        ("is behind", other(here.epoch, here.revision - 1), Resume::Snapshot),
        ("is ahead", other(here.epoch, here.revision + 7), Resume::Snapshot),
        ("older epoch", other(here.epoch - 1, here.revision), Resume::Snapshot),
        ("newer epoch", other(here.epoch + 1, here.revision), Resume::Snapshot),
    ];
    for (case, holds, expected) in cases {
        let mut phone = family.phone.connects_to(house.url(), holds).await;
        assert_eq!((phone.welcome.resume, phone.welcome.desired), (Some(expected), Some(here)), "{case}");
        match expected {
            Resume::Current => assert!(silent(&mut phone.socket, QUIET).await, "{case}"),
            Resume::Snapshot => assert_eq!(phone.policy().await, policy, "{case}"),
        }
    }
    // Another device holds the same bytes, but its word about them was never heard.
    let tablet = family.teen.registers("Mia's tablet").await;
    let tablet = tablet.connects_to(house.url(), Some(held(&policy))).await;
    assert_eq!(tablet.welcome.resume, Some(Resume::Snapshot), "never confirmed here");
}

/// A second hello is not for a device that is in; the connection goes on. The same for a guardian's reports.
#[tokio::test(flavor = "multi_thread")]
async fn a_frame_for_somebody_else_is_refused_and_the_line_goes_on() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    phone.says(json!({"t": "hello", "protocol": 1})).await;
    assert_eq!(phone.hears_of("error").await["code"], "not_for_you");
    phone.says(json!({"t": "heartbeat", "n": 7})).await;
    assert_eq!(phone.hears_of("heartbeat").await["n"], 7);
    let (mut guardian, welcome) = rough::welcomed(house.url(), &family.guardian.access).await;
    assert_eq!((&welcome["desired"], &welcome["resume"]), (&Json::Null, &Json::Null));
    for frame in [
        json!({"t": "hello", "protocol": 1}),
        json!({"t": "usage", "slots": []}),
        json!({"t": "rejected", "epoch": 1, "revision": 1, "code": "storage"}),
    ] {
        guardian.says(frame.clone()).await;
        assert_eq!(guardian.hears_of("error").await["code"], "not_for_you", "{frame}");
    }
    guardian.says(json!({"t": "heartbeat", "n": 1})).await;
    assert_eq!(guardian.hears_of("heartbeat").await["n"], 1);
}

/// Who says nothing for five seconds loses the place, pings or not.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_hello_is_closed_after_five_seconds() {
    let house = House::new().await;
    let family = house.family().await;
    let started = Instant::now();
    let mut device = rough::open(house.url(), &family.phone.token).await;
    device.sends(Message::Ping(vec![1].into())).await;
    let mut guardian = rough::open(house.url(), &family.guardian.access).await;
    assert_eq!((device.closed().await, guardian.closed().await), (4104, 4104));
    let took = started.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(7)).contains(&took), "{took:?}");
}

/// What is no conversation in this protocol is ended with 4001: another protocol, a report before the hello, binary.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_conversation_is_ended() {
    let house = House::new().await;
    let family = house.family().await;
    let text = |json: Json| Message::text(json.to_string());
    let first: [(&str, Message); 5] = [
        ("another protocol", text(json!({"t": "hello", "protocol": 2}))),
        ("a heartbeat first", text(json!({"t": "heartbeat", "n": 1}))),
        ("a report first", text(json!({"t": "rejected", "epoch": 1, "revision": 1, "code": "storage"}))),
        ("no JSON", Message::text("hello")),
        ("binary", Message::binary(vec![1, 2, 3])),
    ];
    for token in [&family.phone.token, &family.guardian.access] {
        for (case, message) in &first {
            let mut socket = rough::open(house.url(), token).await;
            socket.sends(message.clone()).await;
            assert_eq!(socket.closed().await, 4001, "{case}");
        }
        let (mut socket, _) = rough::welcomed(house.url(), token).await;
        socket.sends(Message::binary(vec![0; 10])).await;
        assert_eq!(socket.closed().await, 4001, "binary later");
    }
}

/// Frames and fields from the future are left out, before the hello and after; a frame that cannot be read is answered.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_ignored() {
    let house = House::new().await;
    let family = house.family().await;
    for token in [&family.phone.token, &family.guardian.access] {
        let mut socket = rough::open(house.url(), token).await;
        socket.says(json!({"t": "prelude", "x": 1})).await;
        socket.says(json!({"t": "hello", "protocol": 1, "mood": "good", "applied": null})).await;
        assert_eq!(socket.hears().await["t"], "welcome");
        socket.everything(QUIET).await;
        socket.says(json!({"t": "telepathy", "n": 1})).await;
        // The notice of their own pairing may still be on its way.
        let answers = socket.everything(QUIET).await;
        assert!(answers.iter().all(|frame| frame["kind"] == "pairing"), "{answers:?}");
        for unreadable in ["{", "[]", "null", "{}", "\"t\"", r#"{"t":"heartbeat"}"#, r#"{"t":"heartbeat","n":-1}"#] {
            socket.sends(Message::text(unreadable)).await;
            assert_eq!(socket.hears_of("error").await["code"], "unreadable", "{unreadable}");
        }
        socket.says(json!({"t": "heartbeat", "n": 3, "battery": 0.5})).await;
        assert_eq!(socket.hears_of("heartbeat").await["n"], 3);
    }
}

/// Policy is state, not a stream: ten changes while a device was away reach it as one frame, the newest.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_away_gets_the_newest_only() {
    let house = House::new().await;
    let family = house.family().await;
    let (phone, before) = family.phone.settles_at(house.url()).await;
    drop(phone);
    let mut knob = Knob::of(&family).await;
    for minutes in 31..=40 {
        knob.turn(minutes).await;
    }
    let mut phone = family.phone.connects_to(house.url(), Some(held(&before))).await;
    let policy = phone.policy().await;
    assert_eq!((policy.version(), minutes(&policy)), (knob.at, 40));
    assert!(silent(&mut phone.socket, Duration::from_millis(1_500)).await, "nothing follows");
}

/// Under rapid change a device that does not answer gets at most one policy a second and then the newest; one that
/// answers has the newest as soon as the changes end.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_changes_reach_a_slow_device_as_few_frames() {
    let house = House::new().await;
    let family = house.family().await;
    let tablet = family.teen.registers("Mia's tablet").await;
    let tv = family.teen.registers("Mia's TV").await;
    let (mut mute, _) = family.phone.settles_at(house.url()).await;
    let (mut prompt, mut deaf) = (tablet.connects(&house).await, tv.connects(&house).await);
    let first = prompt.policy().await;
    prompt.applies(&first, vec![]).await;
    let first = deaf.policy().await;
    deaf.applies(&first, vec![]).await;
    let answering = tokio::spawn(async move {
        loop {
            let policy = prompt.policy().await;
            // Not waiting for the ack: a policy may come before it.
            prompt.says_applied(policy.version(), &policy.sha256, vec![]).await;
            if minutes(&policy) == 200 {
                return;
            }
            // As the protocol asks: a report a second at most.
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut knob = Knob::of(&family).await;
    let started = Instant::now();
    for minutes in 101..=200 {
        knob.turn(minutes).await;
    }
    let took = started.elapsed();
    answering.await.expect("who answers has the newest");
    // One at once, then one a second while the changes go on, then the newest.
    let most = 2 + usize::try_from(took.as_secs()).expect("short");
    for (name, wire) in [("mute", &mut mute), ("deaf", &mut deaf)] {
        let mut seen = vec![];
        while seen.last() != Some(&200) {
            seen.push(minutes(&wire.policy().await));
        }
        println!("{name}: {seen:?} of 100 changes in {took:.1?}");
        assert!(seen.len() <= most, "{name}: {seen:?} in {took:?}");
        assert!(seen.is_sorted(), "{name}: {seen:?}");
        assert!(!more_policies(wire, Duration::from_millis(1_300)).await, "{name}: nothing follows the newest");
    }
}

/// Whether another policy comes within this time; notices do not count.
async fn more_policies(wire: &mut DeviceWire, within: Duration) -> bool {
    tokio::time::timeout(within, wire.policy()).await.is_ok()
}

/// One socket per device, the newest wins; the old one's late end takes nothing from the new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_socket_of_a_device_supersedes_the_older() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut old, policy) = family.phone.settles_at(house.url()).await;
    let mut new = family.phone.connects_to(house.url(), Some(held(&policy))).await;
    assert_eq!(closed(&mut old.socket).await.code, 4005);
    drop(old);
    new.beats(1, Some(policy.version())).await;
    let answer = frame(&mut new.socket).await;
    assert!(matches!(answer, ServerFrame::Heartbeat { n: 1, .. }), "{answer:?}");
    let version = Knob::of(&family).await.turn(33).await;
    assert_eq!(new.policy().await.version(), version);
    let devices = family.guardian.devices(family.teen.id).await;
    assert_eq!(devices[0]["online"], true);
}

/// Families are walls: nothing of one family is ever on a socket of another.
#[tokio::test(flavor = "multi_thread")]
async fn families_are_walls_on_the_wire() {
    let house = House::new().await;
    let (ours, theirs) = (house.family().await, house.family().await);
    let (mut our_phone, _) = ours.phone.settles_at(house.url()).await;
    let (mut their_phone, _) = theirs.phone.settles_at(house.url()).await;
    let (mut their_ear, _) = rough::welcomed(house.url(), &theirs.guardian.access).await;
    let mut knob = Knob::of(&ours).await;
    for minutes in [41, 42, 43] {
        knob.turn(minutes).await;
        let policy = our_phone.policy().await;
        assert_eq!(inside(&policy)["teen_id"], json!(ours.teen.id));
        our_phone.applies(&policy, vec![]).await;
    }
    // Not even by the sweep. Their own pairing's notice may still be on its way.
    let until = Instant::now() + Duration::from_millis(2_500);
    while let Ok(heard) = tokio::time::timeout_at(until, their_phone.socket.recv()).await {
        let own = matches!(&heard, Heard::Frame(frame) if matches!(&**frame,
            ServerFrame::Notice(Notice::Pairing { teen_id, .. }) if *teen_id == theirs.teen.id));
        assert!(own, "{heard:?}");
    }
    // Their line lives, and everything on it is about their teen.
    Knob::of(&theirs).await.turn(21).await;
    assert_eq!(inside(&their_phone.policy().await)["teen_id"], json!(theirs.teen.id));
    let heard = their_ear.everything(QUIET).await;
    assert!(heard.iter().any(|frame| frame["kind"] == "change"), "{heard:?}");
    for notice in heard {
        assert_eq!(notice["teen_id"], json!(theirs.teen.id), "{notice}");
    }
    // A foreign hello changes nothing: the token alone says whose device it is.
    let mut stranger = theirs.phone.connects_to(house.url(), Some(held(&wire_policy(&ours, &house).await))).await;
    assert_eq!(inside(&stranger.policy().await)["teen_id"], json!(theirs.teen.id));
}

async fn wire_policy(family: &Family, house: &House) -> SignedSnapshot {
    let mut phone = family.phone.connects(house).await;
    phone.policy().await
}

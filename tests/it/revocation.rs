//! Promise 7: revocation is immediate. Tokens are dead at once, sockets closed within 2.5 s, on every node, hint or no hint.

use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::{
    house::{
        House,
        people::{Family, PASSWORD},
        raw,
    },
    knob::Knob,
    rough::{self, Rough, upgrade},
};

/// The promise.
const SOON: Duration = Duration::from_millis(2_500);
/// Room for two busy cores; what was measured is printed.
const MARGIN: Duration = Duration::from_millis(700);

/// One node, one node whose hints are lost, and two nodes with the socket on the other one.
async fn houses() -> Vec<(&'static str, House, usize)> {
    let mut two = House::new().await;
    two.add_node(&[]).await;
    let deaf = House::with(&["--lose-hints", "100"]).await;
    vec![("one node", House::new().await, 0), ("hints lost", deaf, 0), ("the other node", two, 1)]
}

async fn ends_with(case: &str, socket: &mut Rough, code: u16) {
    let started = Instant::now();
    assert_eq!(socket.closed().await, code, "{case}");
    let took = started.elapsed();
    println!("{case}: {code} after {took:.1?}");
    assert!(took <= SOON + MARGIN, "{case}: {took:?}");
}

/// HTTP status of a read with a token.
async fn status(url: &str, path: &str, token: &str) -> u16 {
    raw::send("GET", &format!("{url}{path}"), Some(token), &[], None).await.status
}

/// A revoked device: its token opens nothing from the answer on, and its socket ends with 4004.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_is_out_at_once() {
    for (case, house, node) in houses().await {
        let family = house.family().await;
        let tablet = family.teen.registers("Mia's tablet").await;
        let url = &house.nodes[node].url;
        let (mut phone, _) = rough::welcomed(url, &family.phone.token).await;
        let (mut other, _) = rough::welcomed(url, &tablet.token).await;
        family.teen.api.delete(&format!("/v1/teen/devices/{}", family.phone.id)).await.expect("revoked");
        assert_eq!(status(url, "/v1/teen/policy", &family.phone.token).await, 401, "{case}");
        let bearer = format!("Bearer {}", family.phone.token);
        let refusal = upgrade(url, &[("authorization", &bearer), ("sec-websocket-protocol", rough::PROTOCOL)]).await;
        assert_eq!(refusal.err().expect("no socket").status, 401, "{case}");
        ends_with(case, &mut phone, 4004).await;
        other.says(json!({"t": "heartbeat", "n": 1})).await;
        other.hears_of("heartbeat").await;
    }
}

/// A device that was revoked while it waited without a socket gets nothing any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_device_that_waits_gets_nothing() {
    let house = House::new().await;
    let family = house.family().await;
    let mut knob = Knob::of(&family).await;
    let url = format!("{}/v1/teen/policy?have={}&wait=10", house.url(), knob.at);
    let token = family.phone.token.clone();
    let waiting = tokio::spawn(async move { raw::send("GET", &url, Some(&token), &[], None).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    family.teen.api.delete(&format!("/v1/teen/devices/{}", family.phone.id)).await.expect("revoked");
    knob.turn(15).await;
    let answer = waiting.await.expect("an answer");
    assert_eq!((answer.status, answer.code()), (401, "not_signed_in"), "{}", answer.text);
}

/// Log-out ends that session's sockets, a new password those of every session; the teen's devices stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_has_no_socket() {
    for (case, house, node) in houses().await {
        let family = house.family().await;
        let url = &house.nodes[node].url;
        let body = json!({"email": family.guardian.email, "password": PASSWORD});
        let again: Json = house.api().post("/v1/sessions", &body).await.expect("a second sign-in");
        let second = again["access_token"].as_str().expect("a token");
        let (mut first_ear, _) = rough::welcomed(url, &family.guardian.access).await;
        let (mut second_ear, _) = rough::welcomed(url, second).await;
        let (mut phone, _) = rough::welcomed(url, &family.phone.token).await;

        family.guardian.api.delete("/v1/sessions/current").await.expect("signed out");
        assert_eq!(status(url, "/v1/guardian/teens", &family.guardian.access).await, 401, "{case}");
        ends_with(case, &mut first_ear, 4003).await;
        second_ear.says(json!({"t": "heartbeat", "n": 1})).await;
        second_ear.hears_of("heartbeat").await;

        let change = json!({"current_password": PASSWORD, "new_password": "nine-quiet-rivers-of-tin"});
        let path = format!("{}/v1/account/password", house.url());
        assert_eq!(raw::send("POST", &path, Some(second), &[], Some(change)).await.status, 204);
        assert_eq!(status(url, "/v1/guardian/teens", second).await, 401, "{case}");
        ends_with(case, &mut second_ear, 4003).await;
        phone.says(json!({"t": "heartbeat", "n": 1})).await;
        phone.hears_of("heartbeat").await;
    }
}

/// A new password of the teen ends the teen's sessions; the devices, which have tokens of their own, stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_teens_new_password_leaves_the_devices() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let change = json!({"current_password": PASSWORD, "new_password": "nine-quiet-rivers-of-tin"});
    let path = format!("{}/v1/account/password", house.url());
    assert_eq!(raw::send("POST", &path, Some(&family.teen.access), &[], Some(change)).await.status, 204);
    assert_eq!(status(house.url(), "/v1/account", &family.teen.access).await, 401);
    Knob::of(&family).await.turn(19).await;
    while phone.hears_of("policy").await["revision"] != json!(Knob::of(&family).await.at.revision) {}
}

/// An ended pairing takes the guardian's view and powers at once; the teen's devices stay signed in and get the limits of
/// their age as the next revision. Whoever ends it.
#[tokio::test(flavor = "multi_thread")]
async fn an_ended_pairing_ends_the_view() {
    for (case, house, node) in houses().await {
        let family = house.family().await;
        let url = &house.nodes[node].url;
        let before = Knob::of(&family).await.turn(17).await;
        let (mut phone, _) = rough::welcomed(url, &family.phone.token).await;
        let first = phone.hears_of("policy").await;
        assert_eq!(first["revision"], before.revision);
        let (mut ear, _) = rough::welcomed(url, &family.guardian.access).await;
        let started = Instant::now();
        end(&family, case == "one node").await;
        let path = format!("/v1/guardian/teens/{}/settings", family.teen.id);
        assert_eq!(status(url, &path, &family.guardian.access).await, 404, "{case}");
        let next = phone.hears_of("policy").await;
        let took = started.elapsed();
        println!("{case}: the limits of the age after {took:.1?}");
        assert!(took <= SOON + MARGIN, "{case}: {took:?}");
        assert_eq!(next["revision"], before.revision + 1, "{case}");
        let snapshot = serde_json::from_value(next.clone()).expect("a snapshot");
        assert_eq!(crate::knob::minutes(&snapshot), 60, "{case}: the default of the age band");
        // The end itself is told; after that, nothing of this teen.
        while ear.hears_of("notice").await["state"] != "ended" {}
        tell(&mut phone, &next).await;
        let heard = ear.everything(SOON).await;
        assert!(heard.iter().all(|notice| notice["kind"] == "pairing"), "{case}: {heard:?}");
    }
}

async fn end(family: &Family, by_teen: bool) {
    let answer: Json = match by_teen {
        true => family.teen.api.post("/v1/teen/unlink-requests", &json!({"pairing_id": family.pairing})).await,
        false => {
            let path = format!("/v1/guardian/teens/{}/unlink-requests", family.teen.id);
            family.guardian.api.post(&path, &json!({})).await
        }
    }
    .expect("ended");
    assert_eq!(answer["state"], "ended");
}

/// The device says that it applied a policy.
async fn tell(phone: &mut Rough, policy: &Json) {
    let frame = json!({"t": "applied", "epoch": policy["epoch"], "revision": policy["revision"], "sha256": policy["sha256"],
        "applied_at": "2026-11-22T12:00:00Z"});
    phone.says(frame).await;
    phone.hears_of("ack").await;
}

/// A guardian's socket lives as long as the token that opened it; then it is told to come back with a new one.
#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_with_its_token() {
    let house = House::new().await;
    let family = house.family().await;
    house.pass(Duration::from_secs(60 * 60 - 6));
    let (mut ear, _) = rough::welcomed(house.url(), &family.guardian.access).await;
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let started = Instant::now();
    assert_eq!(ear.closed().await, 4201);
    assert!(started.elapsed() <= Duration::from_secs(7));
    house.pass(Duration::from_secs(2));
    assert_eq!(status(house.url(), "/v1/guardian/teens", &family.guardian.access).await, 401);
    // A device's token has no such end.
    phone.says(json!({"t": "heartbeat", "n": 1})).await;
    phone.hears_of("heartbeat").await;
}

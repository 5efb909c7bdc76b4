//! The main job, end to end over real sockets.

use family_pairing::{
    domain::{report::Standing, snapshot::KeyRing},
    sync::frame::Resume,
};
use serde_json::{Value as Json, json};

use crate::house::{
    House,
    people::settings,
    raw,
    wire::{device_notice, listens},
};

/// A guardian and a teen pair, the guardian changes a limit, the device gets it signed, applies it, says so, and the
/// guardian sees it enforced.
#[tokio::test(flavor = "multi_thread")]
async fn pair_set_push_confirm() {
    let house = House::new().await;
    let family = house.family().await;
    let teen = family.teen.id;
    let mut phone = family.phone.connects(&house).await;
    assert_eq!(phone.welcome.resume, Some(Resume::Snapshot));
    let first = phone.policy().await;
    phone.applies(&first, vec![]).await;
    let mut ear = listens(&family.guardian, house.url()).await;
    let now = device_notice(&mut ear, teen, |_| true).await;
    assert_eq!(now.state, Standing::Enforced);

    let changed = family.guardian.sets(teen, json!({"time.daily_minutes": 45})).await;
    assert_eq!(changed["changed"][0]["direction"], "tighter");

    let policy = phone.policy().await;
    let keys: Json = house.api().get("/v1/keys").await.expect("keys").body;
    let ring = KeyRing::new(&serde_json::from_value::<Vec<_>>(keys["keys"].clone()).expect("keys"));
    let payload = ring.open(&policy, teen).expect("a signature that verifies");
    let controls: Json = serde_json::from_str(payload.controls.get()).expect("controls");
    assert_eq!(controls["time.daily_minutes"]["value"], 45);
    assert_eq!(controls["time.daily_minutes"]["source"], "guardian");

    let devices = family.guardian.devices(teen).await;
    assert_eq!(devices[0]["state"], "sending", "a write to a socket is no evidence");
    phone.applies(&policy, vec![]).await;
    let told = device_notice(&mut ear, teen, |notice| {
        notice.state == Standing::Enforced && notice.desired == policy.version()
    })
    .await;
    assert_eq!(told.device_name, "Mia's phone");
    assert!(told.took_ms.is_some());
    let devices = family.guardian.devices(teen).await;
    assert_eq!((devices[0]["state"].as_str(), devices[0]["online"].as_bool()), (Some("enforced"), Some(true)));
    assert_eq!(devices[0]["revision"], policy.revision);
}

/// A change needs the version that it is about: 428 without, 412 with the current document when it is old.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_the_version_that_it_is_about() {
    let house = House::new().await;
    let family = house.family().await;
    let path = settings(family.teen.id);
    let body = json!({"settings": {"time.daily_minutes": 45}});
    let url = format!("{}{path}", house.url());
    let token = Some(family.guardian.access.as_str());
    let without = raw::send("PATCH", &url, token, &[], Some(body.clone())).await;
    assert_eq!((without.status, without.code()), (428, "if_match_required"));
    let old = family.guardian.etag(family.teen.id).await;
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 50})).await;
    let stale = raw::send("PATCH", &url, token, &[("if-match", &old)], Some(body)).await;
    assert_eq!((stale.status, stale.code()), (412, "stale"));
    assert_eq!(stale.body["current"]["settings"]["time.daily_minutes"], 50);
}

/// The device's latest word counts: a later "no", or a hello that holds less, takes "enforced" back.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_word_takes_enforced_back() {
    let house = House::new().await;
    let family = house.family().await;
    let state = || async { family.guardian.devices(family.teen.id).await[0]["state"].clone() };
    let mut phone = family.phone.connects(&house).await;
    let policy = phone.policy().await;
    phone.applies(&policy, vec![]).await;
    assert_eq!(state().await, "enforced");
    let no =
        json!({"t": "rejected", "id": "no", "epoch": policy.epoch, "revision": policy.revision, "code": "storage"});
    let frame = serde_json::from_value(no).expect("a frame");
    phone.socket.send(&frame).await.expect("a report");
    phone.acked("no").await;
    assert_eq!(state().await, "refused");
    phone.applies(&policy, vec![]).await;
    assert_eq!(state().await, "enforced");
    drop(phone);
    // A new installation holds nothing.
    let mut phone = family.phone.connects_to(house.url(), None).await;
    assert_eq!(state().await, "sending");
    let policy = phone.policy().await;
    phone.applies(&policy, vec![]).await;
    assert_eq!(state().await, "enforced");
}

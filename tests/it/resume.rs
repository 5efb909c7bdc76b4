//! A device that comes back with what it has confirmed before: answered from its own word, without reading its policy.

use family_pairing::sync::frame::{Held, Resume};
use serde_json::Value as Json;

use crate::{
    house::{House, wire::held},
    knob::{Knob, minutes},
};

/// Current by its own word; whoever else comes then gets the whole policy, though this node has not read it yet, and the
/// first device gets the next one.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_beside_a_current_device_gets_the_policy() {
    let house = House::new().await;
    let family = house.family().await;
    let (phone, policy) = family.phone.settles_at(house.url()).await;
    drop(phone);
    let mut phone = family.phone.connects_to(house.url(), Some(held(&policy))).await;
    assert_eq!(phone.welcome.resume, Some(Resume::Current));
    let tablet = family.teen.registers("tablet").await;
    let mut tablet = tablet.connects(&house).await;
    assert_eq!(tablet.policy().await, policy);
    tablet.applies(&policy, vec![]).await;
    // Without a socket as well: the poll finds the text by itself.
    let polled: Json = family.phone.api.get("/v1/teen/policy").await.expect("a policy").body;
    assert_eq!(polled["payload"], policy.payload);
    Knob::of(&family).await.turn(44).await;
    for device in [&mut phone, &mut tablet] {
        let next = device.policy().await;
        assert_eq!(minutes(&next), 44);
        device.applies(&next, vec![]).await;
    }
}

/// An earlier program may have written other bytes for the same revision. The device that confirmed those is current; the next
/// one gets today's bytes, and its word about them is taken.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_an_earlier_program_stand_in_nobodys_way() {
    let house = House::new().await;
    let family = house.family().await;
    let (phone, policy) = family.phone.settles_at(house.url()).await;
    drop(phone);
    let earlier = "a".repeat(64);
    let update = "update device_reports set applied_sha256 = $1";
    assert_eq!(house.database.client().await.execute(update, &[&earlier]).await.expect("an update"), 1);
    let holds = Held { version: policy.version(), sha256: earlier };
    let phone = family.phone.connects_to(house.url(), Some(holds)).await;
    assert_eq!(phone.welcome.resume, Some(Resume::Current));
    let tablet = family.teen.registers("tablet").await;
    let mut tablet = tablet.connects(&house).await;
    assert_eq!(tablet.policy().await, policy);
    tablet.applies(&policy, vec![]).await;
}

/// Edge case 20: a device that comes back as it was some time ago says itself that it holds less. It is called enforced no more,
/// until it confirms again.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_went_back_in_time_is_enforced_no_more() {
    let house = House::new().await;
    let family = house.family().await;
    let state = async || family.guardian.devices(family.teen.id).await[0]["state"].clone();
    let (mut phone, first) = family.phone.settles_at(house.url()).await;
    Knob::of(&family).await.turn(45).await;
    let second = phone.policy().await;
    phone.applies(&second, vec![]).await;
    assert_eq!(state().await, "enforced");
    drop(phone);
    let mut phone = family.phone.connects_to(house.url(), Some(held(&first))).await;
    assert_eq!(phone.welcome.resume, Some(Resume::Snapshot));
    assert_eq!(state().await, "sending");
    let told = family.guardian.devices(family.teen.id).await[0]["went_back"]["sentence"].clone();
    assert!(told.as_str().is_some_and(|it| it.contains("copy of an earlier state")), "{told}");
    assert_eq!(phone.policy().await, second);
    phone.applies(&second, vec![]).await;
    assert_eq!(state().await, "enforced");
}

//! Pairing: a code shows, a guardian asks, the teen answers last, either side leaves.

mod codes;
mod end;
mod invitations;
mod races;

use std::time::Duration;

use family_pairing::sync::frame::{Notice, ServerFrame};
use serde_json::{Value as Json, json};

use crate::{
    edges::assert_problem,
    house::{
        House,
        people::Person,
        raw::{self, Raw},
        wire::{frame, listens},
    },
};

/// Gives a code and returns the answer as it came.
async fn gives(house: &House, guardian: &Person, code: &str) -> Raw {
    let body = json!({"code": code, "relationship": "mother"});
    post(house, guardian, "/v1/guardian/pairing-claims", body).await
}

async fn post(house: &House, who: &Person, path: &str, body: Json) -> Raw {
    raw::send("POST", &format!("{}{path}", house.url()), Some(&who.access), &[], Some(body)).await
}

/// A fresh code as it is shown.
async fn code_of(teen: &Person) -> String {
    teen.shows_code().await["code"].as_str().expect("a code").to_owned()
}

/// The whole way: the guardian asks, the teen sees who and what for, agrees, and both sides are told.
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_told_when_they_pair() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let phone = mia.registers("phone").await;
    let mut wire = phone.connects(&house).await;
    wire.policy().await;
    let mut ear = listens(&dana, house.url()).await;
    let pairing = dana.claims(&code_of(&mia).await).await;
    let asked: Json = phone.api.get("/v1/teen/pairings").await.expect("pairings").body;
    let asked = &asked["items"][0];
    assert_eq!((&asked["state"], &asked["guardian"]["display_name"]), (&json!("claimed"), &json!("dana")));
    assert_eq!(asked["guardian"]["relationship"], "mother");
    assert!(
        asked["will_see"].as_array().is_some_and(|list| !list.is_empty()),
        "before agreeing the teen sees what for"
    );
    let teens: Json = dana.api.get("/v1/guardian/teens").await.expect("teens").body;
    assert_eq!(teens["items"], json!([]), "a right code alone gives no view");
    let answered: Json =
        phone.api.post(&format!("/v1/teen/pairings/{pairing}/confirmation"), &json!({})).await.expect("a yes");
    assert_eq!(answered["state"], "active");
    for state in ["claimed", "active"] {
        pairing_notice(&mut wire.socket, state).await;
    }
    pairing_notice(&mut ear, "active").await;
    let teens: Json = dana.api.get("/v1/guardian/teens").await.expect("teens").body;
    assert_eq!(teens["items"][0]["teen_id"], json!(mia.id));
}

/// The next notice that a pairing is in this state; other frames are skipped.
async fn pairing_notice(socket: &mut family_pairing::client::socket::Socket, state: &str) {
    loop {
        if let ServerFrame::Notice(notice @ Notice::Pairing { .. }) = frame(socket).await
            && serde_json::to_value(&notice).expect("JSON")["state"] == state
        {
            return;
        }
    }
}

/// A refusal leaves no power, and the code is used up.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_gives_nothing() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let code = code_of(&mia).await;
    let pairing = dana.claims(&code).await;
    let refused = post(&house, &mia, &format!("/v1/teen/pairings/{pairing}/refusal"), json!({})).await;
    assert_eq!((refused.status, &refused.body["state"]), (200, &json!("refused")));
    let late = post(&house, &mia, &format!("/v1/teen/pairings/{pairing}/confirmation"), json!({})).await;
    assert_eq!((late.status, late.code()), (409, "pairing_state"));
    assert_eq!(gives(&house, &dana, &code).await.code(), "code_not_valid");
    let teens: Json = dana.api.get("/v1/guardian/teens").await.expect("teens").body;
    assert_eq!(teens["items"], json!([]));
    let own: Json = dana.api.get("/v1/guardian/pairings").await.expect("pairings").body;
    assert_eq!(own["items"][0]["state"], "refused", "the guardian learns it");
}

/// An unanswered claim runs out after a day; then neither yes nor no counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_waits_for_a_day() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let phone = mia.registers("phone").await;
    let pairing = dana.claims(&code_of(&mia).await).await;
    house.pass(Duration::from_secs(24 * 3600));
    for verb in ["confirmation", "refusal"] {
        let url = format!("{}/v1/teen/pairings/{pairing}/{verb}", house.url());
        let late = raw::send("POST", &url, Some(&phone.token), &[], Some(json!({}))).await;
        assert_eq!((late.status, late.code()), (409, "pairing_state"), "{verb}");
        assert_problem(&late);
    }
    let seen: Json = phone.api.get("/v1/teen/pairings").await.expect("pairings").body;
    assert_eq!(seen["items"][0]["state"], "expired");
}

/// A teen has one guardian; another needs that guardian's yes, and trying uses nothing up.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_guardian_needs_the_first_ones_agreement() {
    let house = House::new().await;
    let family = house.family().await;
    let eve = house.guardian("eve").await;
    let code = code_of(&family.teen).await;
    for _ in 0..2 {
        let refused = gives(&house, &eve, &code).await;
        assert_eq!((refused.status, refused.code()), (409, "guardian_agreement_needed"));
        assert_problem(&refused);
        let own = gives(&house, &family.guardian, &code).await;
        assert_eq!((own.status, own.code()), (409, "already_paired"));
    }
    let _: Json = family.teen.api.post("/v1/teen/unlink-requests", &json!({})).await.expect("an end");
    assert_eq!(gives(&house, &eve, &code).await.status, 201, "the code was still good");
}

/// Only adults guard: a teen's account cannot give a code, whatever it knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_minor_cannot_guard() {
    let house = House::new().await;
    let (mia, tom) = (house.teen("mia").await, house.sign_up("teen", "tom", 17).await);
    let code = code_of(&mia).await;
    let refused = gives(&house, &tom, &code).await;
    assert_eq!((refused.status, refused.code()), (403, "wrong_role"));
    let dana = house.guardian("dana").await;
    assert_eq!(gives(&house, &dana, &code).await.status, 201, "and the code is still good");
}

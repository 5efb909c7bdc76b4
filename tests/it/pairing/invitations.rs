//! The other direction: a guardian shows a code, a teen uses it, and the teen still has the last word.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value as Json, json};

use super::{gives, pairing_notice, post};
use crate::{
    edges::assert_problem,
    house::{
        House,
        people::Person,
        raw::{self, Raw},
        wire::listens,
    },
};

async fn invites(house: &House, guardian: &Person) -> Raw {
    post(house, guardian, "/v1/guardian/invitations", json!({"relationship": "mother"})).await
}

async fn uses(house: &House, teen: &Person, code: &str) -> Raw {
    post(house, teen, "/v1/teen/invitation-claims", json!({"code": code})).await
}

async fn code_of(house: &House, guardian: &Person) -> String {
    invites(house, guardian).await.body["code"].as_str().expect("a code").to_owned()
}

/// Shown, used, compared, agreed to: both sides see the same three words, are told of each step, and nobody is paired before the yes.
#[tokio::test(flavor = "multi_thread")]
async fn a_guardian_can_begin_and_the_teen_has_the_last_word() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let mut ear = listens(&dana, house.url()).await;
    let made = invites(&house, &dana).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert!(made.body["link"].as_str().is_some_and(|link| link.contains("/i#")) && made.body["qr_svg"].is_string());
    let used = uses(&house, &mia, made.body["link"].as_str().expect("a link")).await;
    assert_eq!((used.status, &used.body["state"]), (201, &json!("claimed")), "{}", used.text);
    assert_eq!(used.body["guardian"]["display_name"], "dana");
    assert_eq!(used.body["guardian"]["relationship"], "mother");
    assert!(used.body["will_see"].as_array().is_some_and(|list| !list.is_empty()), "who, and what for");
    pairing_notice(&mut ear, "claimed").await;
    let seen: Json = dana.api.get("/v1/guardian/pairings").await.expect("pairings").body;
    let words = seen["items"][0]["words"].as_str().expect("words");
    assert_eq!((words.split(' ').count(), &used.body["words"]), (3, &json!(words)));
    let teens: Json = dana.api.get("/v1/guardian/teens").await.expect("teens").body;
    assert_eq!(teens["items"], json!([]), "a right code alone gives no view");
    let pairing = used.body["pairing_id"].as_str().expect("an id");
    let yes = post(&house, &mia, &format!("/v1/teen/pairings/{pairing}/confirmation"), json!({})).await;
    assert_eq!((yes.status, &yes.body["state"], &yes.body["words"]), (200, &json!("active"), &json!(words)));
    pairing_notice(&mut ear, "active").await;
    let again = uses(&house, &mia, made.body["code"].as_str().expect("a code")).await;
    assert_eq!(again.code(), "invitation_not_valid", "once");
}

/// Used up, taken back, too old, burned, of the other direction, or never made: one answer for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_does_not_work_says_no_more() {
    let house = House::new().await;
    let (dana, eve, mia) = (house.guardian("dana").await, house.guardian("eve").await, house.teen("mia").await);
    let made = invites(&house, &dana).await;
    let (code, id) = (made.body["code"].as_str().expect("a code"), made.body["invitation_id"].as_str().expect("an id"));
    let cancel = async |who: &Person| {
        raw::send("DELETE", &format!("{}/v1/guardian/invitations/{id}", house.url()), Some(&who.access), &[], None)
            .await
    };
    assert_eq!(cancel(&eve).await.code(), "not_found", "another guardian's");
    assert_eq!(gives(&house, &eve, code).await.code(), "code_not_valid", "it opens nothing in the other direction");
    assert_eq!(cancel(&dana).await.status, 204);
    assert_eq!(cancel(&dana).await.code(), "pairing_state");
    let offered = mia.shows_code().await["code"].as_str().expect("a code").to_owned();
    let burned = code_of(&house, &dana).await;
    let (locator, secret) = burned.split_once('-').expect("groups");
    let wrong = format!("{locator}-{}", if secret.starts_with('0') { "1111-1111" } else { "0000-0000" });
    for _ in 0..5 {
        assert_eq!(uses(&house, &mia, &wrong).await.code(), "invitation_not_valid");
    }
    let late = code_of(&house, &dana).await;
    let refused = async |code: &str| {
        let answer = uses(&house, &mia, code).await;
        assert_eq!((answer.status, answer.code()), (404, "invitation_not_valid"), "{code}");
        assert_problem(&answer);
    };
    for code in [code, &offered, &burned, "AAAA-AAAA-AAAA", "nonsense"] {
        refused(code).await;
    }
    house.pass(Duration::from_secs(601));
    refused(&late).await;
    for _ in 0..3 {
        assert_eq!(invites(&house, &dana).await.status, 201, "what has run out takes no place");
    }
    assert_eq!(invites(&house, &dana).await.code(), "too_many_codes");
}

/// Whom a code is shown to may show it on: one teen gets in, the others have a code that does not work.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_teens_with_one_code_one_gets_in() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let teens = join_all((0..12).map(|_| house.teen("mia"))).await;
    let code = code_of(&house, &dana).await;
    let answers = join_all(teens.iter().map(|teen| uses(&house, teen, &code))).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let lost = answers.iter().filter(|answer| answer.code() == "invitation_not_valid").count();
    assert_eq!((won, lost), (1, 11));
    assert_eq!(house.database.count("select count(*) from pairings", &[]).await, 1);
}

/// A teen who has a guardian needs that guardian's yes also for one who invites, and trying uses nothing up.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_does_not_lead_around_the_first_guardian() {
    let house = House::new().await;
    let family = house.family().await;
    let eve = house.guardian("eve").await;
    let code = code_of(&house, &eve).await;
    let used = uses(&house, &family.teen, &code).await;
    assert_eq!((used.status, used.code()), (409, "guardian_agreement_needed"));
    let own = code_of(&house, &family.guardian).await;
    assert_eq!(uses(&house, &family.teen, &own).await.code(), "already_paired");
    let zoe = house.teen("zoe").await;
    assert_eq!(uses(&house, &zoe, &code).await.status, 201, "it is still good");
}

/// After a no nobody presses: a day after one, thirty days after two. The teen's code is not used up by asking too soon.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_told_no_has_to_wait() {
    let house = House::new().await;
    let (mut dana, mut mia, eve) = (house.guardian("dana").await, house.teen("mia").await, house.guardian("eve").await);
    let refuses = async |mia: &Person, pairing: String| {
        let refused = post(&house, mia, &format!("/v1/teen/pairings/{pairing}/refusal"), json!({})).await;
        assert_eq!(refused.status, 200, "{}", refused.text);
    };
    let hours = async |dana: &mut Person, mia: &mut Person, hours: u64| {
        house.pass(Duration::from_secs(hours * 3_600));
        dana.renews().await;
        mia.renews().await;
    };
    let code = super::code_of(&mia).await;
    let first = dana.claims(&code).await;
    refuses(&mia, first.to_string()).await;
    let code = super::code_of(&mia).await;
    let pressed = gives(&house, &dana, &code).await;
    assert_eq!((pressed.status, pressed.code()), (409, "asked_too_soon"), "{}", pressed.text);
    assert!(pressed.body["ask_again_at"].is_string());
    assert_eq!(gives(&house, &eve, &code).await.status, 201, "the code was not used up, and it is not about eve");
    hours(&mut dana, &mut mia, 25).await;
    let code = super::code_of(&mia).await;
    let second = dana.claims(&code).await;
    refuses(&mia, second.to_string()).await;
    for day in [2, 26] {
        hours(&mut dana, &mut mia, day * 24).await;
        let invited = code_of(&house, &dana).await;
        assert_eq!(uses(&house, &mia, &invited).await.code(), "asked_too_soon", "nor by an invitation");
        assert_eq!(gives(&house, &dana, &super::code_of(&mia).await).await.code(), "asked_too_soon", "{day}");
    }
    hours(&mut dana, &mut mia, 3 * 24).await;
    assert_eq!(gives(&house, &dana, &super::code_of(&mia).await).await.status, 201);
}

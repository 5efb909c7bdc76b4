//! Races: of everybody who moves at once, exactly one wins and nobody gets a half.

use futures_util::future::join_all;
use serde_json::{Value as Json, json};

use super::{code_of, gives, post};
use crate::house::House;

/// Forty guardians give one code at once: one is asking, thirty-nine have a code that does not work.
#[tokio::test(flavor = "multi_thread")]
async fn of_forty_guardians_with_one_code_one_gets_in() {
    let house = House::new().await;
    let guardians = join_all((0..40).map(|_| house.guardian("dana"))).await;
    let mia = house.teen("mia").await;
    let code = code_of(&mia).await;
    let answers = join_all(guardians.iter().map(|guardian| gives(&house, guardian, &code))).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let lost = answers.iter().filter(|answer| answer.code() == "code_not_valid").count();
    assert_eq!((won, lost), (1, 39));
    let claims = "select count(*) from pairings where guardian_id is not null";
    assert_eq!(house.database.count(claims, &[]).await, 1);
    assert_eq!(house.database.count("select wrong_tries::bigint from pairings", &[]).await, 0, "nobody guessed");
}

/// Yes and no at once: one of them counts, the other is told that it is too late, and the table agrees.
#[tokio::test(flavor = "multi_thread")]
async fn of_yes_and_no_at_once_one_counts() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    for _ in 0..5 {
        let mia = house.teen("mia").await;
        let pairing = dana.claims(&code_of(&mia).await).await;
        let verbs = ["confirmation", "refusal", "confirmation", "refusal"];
        let paths = verbs.map(|verb| format!("/v1/teen/pairings/{pairing}/{verb}"));
        let answers = join_all(paths.iter().map(|path| post(&house, &mia, path, json!({})))).await;
        let good: Vec<&Json> = answers.iter().filter(|a| a.status == 200).map(|a| &a.body["state"]).collect();
        assert_eq!(good.len(), 1, "{answers:#?}");
        assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "pairing_state"));
        let seen: Json = mia.api.get("/v1/teen/pairings").await.expect("pairings").body;
        assert_eq!(&seen["items"][0]["state"], good[0]);
    }
}

/// Two claims confirmed at once: one guardian, never two.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_confirmed_guardians_one_guards() {
    let house = House::new().await;
    let (dana, eve, mia) = (house.guardian("dana").await, house.guardian("eve").await, house.teen("mia").await);
    let first = dana.claims(&code_of(&mia).await).await;
    let second = eve.claims(&code_of(&mia).await).await;
    let paths = [first, second].map(|pairing| format!("/v1/teen/pairings/{pairing}/confirmation"));
    let answers = join_all(paths.iter().map(|path| post(&house, &mia, path, json!({})))).await;
    let mut codes: Vec<(u16, &str)> = answers.iter().map(|answer| (answer.status, answer.code())).collect();
    codes.sort_unstable();
    assert_eq!(codes, [(200, ""), (409, "guardian_agreement_needed")]);
    assert_eq!(house.database.count("select count(*) from pairings where state = 'active'", &[]).await, 1);
}

/// Both sides leave at once: it ends once, with one new revision.
#[tokio::test(flavor = "multi_thread")]
async fn both_sides_leaving_at_once_end_it_once() {
    let house = House::new().await;
    let family = house.family().await;
    let before = house.database.count("select revision from teens", &[]).await;
    let theirs = format!("/v1/guardian/teens/{}/unlink-requests", family.teen.id);
    let (one, other) = tokio::join!(
        post(&house, &family.guardian, &theirs, json!({})),
        post(&house, &family.teen, "/v1/teen/unlink-requests", json!({"pairing_id": family.pairing})),
    );
    assert!([one.status, other.status].contains(&200), "{one:?} {other:?}");
    for answer in [&one, &other] {
        assert!(answer.status == 200 || ["pairing_state", "not_found"].contains(&answer.code()), "{answer:?}");
    }
    assert_eq!(house.database.count("select revision from teens", &[]).await, before + 1);
    assert_eq!(house.database.count("select count(*) from audit where action = 'pairing.ended'", &[]).await, 1);
}

//! Codes: every one that does not work gets the same answer, and guessing gets nowhere.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::{code_of, gives, post};
use crate::{
    edges::assert_problem,
    house::{House, people::Person, raw::Raw},
};

/// Without what differs in any two answers.
fn face(mut answer: Raw) -> (u16, Json) {
    assert_problem(&answer);
    answer.body["request_id"] = Json::Null;
    (answer.status, answer.body)
}

/// The same code with another secret.
fn wrong(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    format!("{}{last}", &code[..code.len() - 1])
}

async fn burned(house: &House, guardian: &Person, teen: &Person) -> String {
    let code = code_of(teen).await;
    for _ in 0..5 {
        assert_eq!(gives(house, guardian, &wrong(&code)).await.code(), "code_not_valid");
    }
    code
}

/// Never existed, mistyped, malformed, expired, used, cancelled, burned: nobody can tell which.
#[tokio::test(flavor = "multi_thread")]
async fn every_code_that_does_not_work_gets_the_same_answer() {
    let house = House::new().await;
    let (dana, eve) = (house.guardian("dana").await, house.guardian("eve").await);
    let (mia, tom, ida) = (house.teen("mia").await, house.teen("tom").await, house.teen("ida").await);
    let old = code_of(&ida).await;
    house.pass(Duration::from_secs(601));
    let used = code_of(&mia).await;
    eve.claims(&used).await;
    let offer = mia.shows_code().await;
    let path = format!("/v1/teen/pairing-offers/{}", offer["offer_id"].as_str().expect("an id"));
    mia.api.delete(&path).await.expect("a cancellation");
    let cancelled = offer["code"].as_str().expect("a code").to_owned();
    let burned = burned(&house, &eve, &tom).await;
    let live = code_of(&mia).await;
    let never = face(gives(&house, &dana, "K7QM-2XWD-9TBH").await);
    assert_eq!(never.1["code"], "code_not_valid");
    let cases = [
        ("expired", old),
        ("used", used),
        ("cancelled", cancelled),
        ("burned", burned),
        ("wrong secret", wrong(&live)),
        ("malformed", "hello".to_owned()),
        ("empty", String::new()),
        ("NUL", "K7QM-2XWD-9TB\u{0}".to_owned()),
        ("other letters", "УУУУ-УУУУ-УУУУ".to_owned()),
        ("long", "K".repeat(5000)),
        ("injected", "' or 1=1 --".to_owned()),
    ];
    for (what, code) in cases {
        assert_eq!(face(gives(&house, &dana, &code).await), never, "{what}");
    }
    assert_eq!(gives(&house, &dana, &live).await.status, 201, "the live one works");
}

/// Five wrong tries burn a code: the sixth with the right one is refused like any other.
#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_tries_burn_a_code() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let code = code_of(&mia).await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(face(gives(&house, &dana, &wrong(&code)).await));
    }
    answers.push(face(gives(&house, &dana, &code).await));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    let four = code_of(&mia).await;
    for _ in 0..4 {
        gives(&house, &dana, &wrong(&four)).await;
    }
    assert_eq!(gives(&house, &dana, &four).await.status, 201, "after four the right one still works");
}

/// Guesses made at the same instant all count.
#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_burn_a_code_too() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let code = code_of(&mia).await;
    let bad = wrong(&code);
    let guesses = (0..8).map(|_| gives(&house, &dana, &bad));
    for answer in futures_util::future::join_all(guesses).await {
        assert_eq!(answer.code(), "code_not_valid");
    }
    assert_eq!(gives(&house, &dana, &code).await.code(), "code_not_valid");
    assert_eq!(house.database.count("select wrong_tries::bigint from pairings", &[]).await, 5);
}

/// A code works for ten minutes, in any spelling that people use, and as the link that was scanned.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_works_as_typed_as_link_and_as_fragment() {
    let house = House::new().await;
    let dana = house.guardian("dana").await;
    let spellings: [fn(&Json) -> String; 5] = [
        |offer| offer["code"].as_str().expect("a code").to_lowercase(),
        |offer| offer["code"].as_str().expect("a code").replace('-', " "),
        |offer| offer["code"].as_str().expect("a code").replace('-', "").replace('0', "O").replace('1', "l"),
        |offer| offer["link"].as_str().expect("a link").to_owned(),
        |offer| offer["link"].as_str().and_then(|link| link.split_once('#')).expect("a fragment").1.to_owned(),
    ];
    for (number, spelling) in spellings.iter().enumerate() {
        let teen = house.teen("teen").await;
        let offer = teen.shows_code().await;
        house.pass(Duration::from_secs(590));
        let answer = gives(&house, &dana, &spelling(&offer)).await;
        assert_eq!(answer.status, 201, "spelling {number}: {}", answer.text);
        assert!(offer["qr_svg"].as_str().is_some_and(|svg| svg.contains("<svg")));
    }
}

/// Three codes may be open at once, however fast they are asked for; a cancelled or expired one makes room.
#[tokio::test(flavor = "multi_thread")]
async fn at_most_three_codes_are_open() {
    let house = House::new().await;
    let mia = house.teen("mia").await;
    let asks = (0..8).map(|_| post(&house, &mia, "/v1/teen/pairing-offers", json!({})));
    let answers = futures_util::future::join_all(asks).await;
    let made: Vec<&Raw> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 3, "{answers:#?}");
    assert!(answers.iter().all(|answer| answer.status == 201 || answer.code() == "too_many_codes"));
    let path = format!("/v1/teen/pairing-offers/{}", made[0].body["offer_id"].as_str().expect("an id"));
    mia.api.delete(&path).await.expect("a cancellation");
    assert_eq!(post(&house, &mia, "/v1/teen/pairing-offers", json!({})).await.status, 201);
    house.pass(Duration::from_secs(601));
    assert_eq!(post(&house, &mia, "/v1/teen/pairing-offers", json!({})).await.status, 201);
}

/// A used code cannot be taken back, and a code can be taken back once.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_taken_back_once_and_before_it_is_used() {
    let house = House::new().await;
    let (dana, mia) = (house.guardian("dana").await, house.teen("mia").await);
    let used = code_of(&mia).await;
    let pairing = dana.claims(&used).await;
    let cancel = async |id: &str| {
        let url = format!("{}/v1/teen/pairing-offers/{id}", house.url());
        crate::house::raw::send("DELETE", &url, Some(&mia.access), &[], None).await
    };
    assert_eq!(cancel(&pairing.to_string()).await.code(), "pairing_state");
    let offer = mia.shows_code().await;
    let id = offer["offer_id"].as_str().expect("an id");
    assert_eq!(cancel(id).await.status, 204);
    assert_eq!(cancel(id).await.code(), "pairing_state");
    assert_eq!(cancel("not-an-id").await.code(), "not_found");
}

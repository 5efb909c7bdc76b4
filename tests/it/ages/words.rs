//! Words: who may say what again, how long a word lives, and that none counts in silence.

use family_pairing::sync::frame::Notice;
use jiff::Span;

use super::*;
use crate::house::wire::listens;

fn attests(family: &Family) -> String {
    format!("/v1/guardian/teens/{}/age-attestations", family.teen.id)
}

/// The platform says that it has verified this guardian's consent.
async fn assure(house: &House, family: &Family) {
    let key = house.platform_key(&[Scope::Assure]);
    let body =
        json!({"teen_id": family.teen.id, "guardian_id": family.guardian.id, "verified": true, "method": "payment"});
    let url = format!("{}/v1/platform/guardian-assurances", house.url());
    assert_eq!(raw::send("POST", &url, Some(&key.token), &[], Some(body)).await.status, 200);
}

async fn kept(house: &House) -> i64 {
    house.database.count("select count(*) from age_signals", &[]).await
}

async fn next_day(family: &Family) -> Json {
    read(&family.phone.api, "/v1/teen/age").await["next_transition_on"].clone()
}

/// A guardian's word half a year before 18 leaves the band as it is and puts the birthday off: both sides are told. It ends with
/// the pairing.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_puts_a_birthday_off_in_silence_or_for_good() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 18, 180)).await;
    let day = today(&house) + Span::new().days(180);
    assert_eq!(next_day(&family).await, json!(day));
    let (mut phone, mut socket) = (family.phone.connects(&house).await, listens(&family.guardian, house.url()).await);
    let word: Json = family.guardian.api.post(&attests(&family), &json!({"from": 16, "to": 16})).await.expect("it");
    assert_eq!((&word["band"], &word["waiting"]), (&json!("16_17"), &Json::Null));
    for socket in [&mut phone.socket, &mut socket] {
        let told = notice(socket, |notice| matches!(notice, Notice::Age { .. })).await;
        assert_eq!(serde_json::to_value(told).expect("JSON")["next_transition_on"], Json::Null);
    }
    assert_eq!(next_day(&family).await, Json::Null, "no 18th birthday is ahead");
    let _: Json = family.teen.api.post("/v1/teen/unlink-requests", &json!({})).await.expect("an end");
    let told = notice(&mut phone.socket, |notice| matches!(notice, Notice::Age { .. })).await;
    assert_eq!(serde_json::to_value(told).expect("JSON")["next_transition_on"], json!(day));
    assert_eq!(next_day(&family).await, json!(day), "the word went with the pairing");
    let mine = read(&family.phone.api, "/v1/teen/age").await;
    assert_eq!((&mine["signals"][1]["channel"], &mine["signals"][1]["counts"]), (&json!("guardian"), &json!(false)));
    let listed = read(&family.phone.api, "/v1/teen/pairings").await;
    assert_eq!(listed["items"][0]["end_reason"], "teen");
}

/// A guardian counts more than the teen's own word only where the platform has verified that they are one.
#[tokio::test(flavor = "multi_thread")]
async fn an_unverified_guardian_makes_nobody_older() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let older = json!({"from": 16, "to": 17});
    let word: Json = family.guardian.api.post(&attests(&family), &older).await.expect("an answer");
    assert_eq!((&word["band"], &word["waiting"]), (&json!("13_15"), &Json::Null), "a tie: the younger counts");
    assure(&house, &family).await;
    let word: Json = family.guardian.api.post(&attests(&family), &older).await.expect("an answer");
    assert_eq!(word["waiting"]["band"], "16_17");
    let level = "select count(*) from age_signals where level = $1";
    assert_eq!(house.database.count(level, &[&"asserted"]).await, 1);
    assert_eq!(house.database.count(level, &[&"standard"]).await, 1);
}

/// A store that knows better by now is believed, after the 72 hours; what it said before is forgotten after 90 days.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_word_takes_the_place_of_the_older_one() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let key = age_key(&house);
    reports(&house, &key, &family, google(0, Some(12), "TIER_B")).await;
    assert_eq!(band(&family).await, "under_13");
    house.pass(Duration::from_secs(24 * 3600));
    let better = reports(&house, &key, &family, google(13, Some(15), "TIER_B")).await;
    assert_eq!((&better.body["band"], &better.body["waiting"]["band"]), (&json!("under_13"), &json!("13_15")));
    house.pass(Duration::from_secs(73 * 3600));
    band_becomes(&family, "13_15").await;
    house.pass(Duration::from_secs(91 * 24 * 3600));
    reports(&house, &key, &family, google(13, Some(15), "TIER_B")).await;
    assert_eq!(kept(&house).await, 2, "the first one is gone, the third one came");
    assert_eq!(band(&family).await, "13_15");
}

/// Stores answer at every start of an app. The same answer is kept once in thirty days, unless it ends at another time.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_word_within_thirty_days_is_kept_once() {
    let house = House::new().await;
    let family = house.family().await;
    let key = age_key(&house);
    let store = google(13, Some(15), "TIER_B");
    reports(&house, &key, &family, store.clone()).await;
    for _ in 0..3 {
        house.pass(Duration::from_secs(9 * 24 * 3600));
        reports(&house, &key, &family, store.clone()).await;
    }
    assert_eq!(kept(&house).await, 1);
    let until = house.world().now() + hours(24 * 60);
    let ending = json!({"teen_id": family.teen.id, "signal": store, "app_checked": true, "valid_until": until});
    assert_eq!(says(&house, &key, ending.clone()).await.status, 200);
    assert_eq!(says(&house, &key, ending).await.status, 200);
    assert_eq!(kept(&house).await, 2);
}

/// One outcome reported for two teens at the same instant: one is taken, the other refused, and nothing breaks.
#[tokio::test(flavor = "multi_thread")]
async fn one_outcome_for_two_teens_at_once_is_taken_for_one() {
    let house = House::new().await;
    let (one, two) = (house.family().await, house.family().await);
    let key = age_key(&house);
    for n in 0..12 {
        let check = |of: &Family| {
            json!({"teen_id": of.teen.id, "provider": "acme", "transaction": format!("check-{n}"),
                "signal": {"channel": "provider", "answer": {"method": "id_and_face", "lo": 14, "hi": 14}}})
        };
        let (a, b) = tokio::join!(says(&house, &key, check(&one)), says(&house, &key, check(&two)));
        let mut answers = [(a.status, a.code().to_owned()), (b.status, b.code().to_owned())];
        answers.sort();
        assert_eq!((answers[0].0, answers[1].0, answers[1].1.as_str()), (200, 422, "invalid"), "{}{}", a.text, b.text);
    }
}

/// Of a word and a name only what is a name is kept.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_kept_of_a_word_or_a_name() {
    let house = House::new().await;
    let family = house.family().await;
    let key = age_key(&house);
    reports(&house, &key, &family, google(13, Some(15), "mia@example.com")).await;
    assert_eq!(house.database.count("select count(*) from age_signals where source = 'unreadable'", &[]).await, 1);
    for provider in ["Acme Ltd", "acme-4111111", "a@b"] {
        let check = json!({"teen_id": family.teen.id, "provider": provider, "transaction": "1",
            "signal": {"channel": "provider", "answer": {"method": "id_and_face", "lo": 14, "hi": 14}}});
        assert_eq!(says(&house, &key, check).await.code(), "invalid", "{provider}");
    }
    let mut new = google(13, Some(15), "TIER_B");
    new["answer"]["documentNumber"] = json!("X1");
    assert_eq!(reports(&house, &key, &family, new).await.status, 200, "stores add fields");
}

/// The clock of the node that wrote a row may be ahead of this one's: what was written has been said.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_faster_clock_wrote_counts_already() {
    let house = House::new().await;
    let family = family_born(&house, turning(&house, 14, 100)).await;
    let key = age_key(&house);
    let client = house.database.client().await;
    client.execute("update accounts set created_at = created_at + interval '1 hour'", &[]).await.expect("an update");
    assert_eq!(band(&family).await, "13_15");
    reports(&house, &key, &family, google(0, Some(12), "TIER_C")).await;
    client.execute("update age_signals set received_at = received_at + interval '1 hour'", &[]).await.expect("it");
    assert_eq!(band(&family).await, "under_13");
}

/// Hints are lost, and an operator's command gives none: the sweep tells both sides, once.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_hint_told_the_sweep_tells_once() {
    let house = House::with(&["--lose-hints", "100"]).await;
    let family = family_born(&house, turning(&house, 16, 40)).await;
    let (mut phone, mut socket) = (family.phone.connects(&house).await, listens(&family.guardian, house.url()).await);
    reports(&house, &age_key(&house), &family, google(0, Some(12), "TIER_C")).await;
    let is_age = |notice: &Notice| matches!(notice, Notice::Age { .. });
    for socket in [&mut phone.socket, &mut socket] {
        notice(socket, is_age).await;
    }
    assert!(silent_but(&mut socket, is_age, Duration::from_secs(5)).await, "told twice");
}

/// So it is with announcements.
#[tokio::test(flavor = "multi_thread")]
async fn an_announcement_without_a_hint_is_told_by_the_sweep() {
    let house = House::with(&["--lose-hints", "100"]).await;
    let family = family_born(&house, turning(&house, 16, 31)).await;
    pass_to(&house, today(&house) + Span::new().days(1), SignedDuration::from_mins(10));
    let guardian = again(&house, &family.guardian).await;
    let mut socket = listens(&guardian, house.url()).await;
    house.pass(Duration::from_secs(601));
    notice(&mut socket, |notice| matches!(notice, Notice::Transition { .. })).await;
}

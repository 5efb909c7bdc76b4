//! From 18 on nobody is supervised: not by a pairing that ends late, and not by one that begins late.

use family_pairing::{
    domain::{code::Code, secret::Token, value::Given},
    store::{
        Store, StoreError,
        kinship::{GuardianSelf, TeenSelf},
        pairings::Answer,
        settings::Wish,
    },
};
use jiff::Span;

use super::*;

async fn as_teen(store: &Store, who: &Person) -> TeenSelf {
    let token = Token::parse(&who.access).expect("a token");
    store.signed_in(token.hash()).await.expect("an answer").expect("a session").teen().expect("a teen")
}

async fn as_guardian(store: &Store, who: &Person) -> GuardianSelf {
    let token = Token::parse(&who.access).expect("a token");
    store.signed_in(token.hash()).await.expect("an answer").expect("a session").guardian().expect("a guardian")
}

/// At 23:50 a guardian gives a code; at 00:10 the teen, who is an adult by now, says yes. It is too late, and so are new codes and
/// other guardians, whether the worker has looked or not.
#[tokio::test(flavor = "multi_thread")]
async fn supervision_does_not_begin_after_eighteen() {
    let mut house = House::new().await;
    let teen = teen_born(&house, turning(&house, 18, 5)).await;
    let day = today(&house) + Span::new().days(5);
    pass_to(&house, day, SignedDuration::from_mins(10));
    let (dana, eve) = (house.guardian("dana").await, house.guardian("eve").await);
    let teen = again(&house, &teen).await;
    let claimed = dana.claims(teen.shows_code().await["code"].as_str().expect("a code")).await;
    // Codes live for ten minutes: this one is younger.
    pass_to(&house, day, SignedDuration::from_mins(5));
    let open = teen.shows_code().await["code"].as_str().expect("a code").to_owned();
    // From here on no worker looks: only the doors are in the way.
    house.nodes.remove(0).stop().await;
    pass_to(&house, day, SignedDuration::from_mins(-4));
    let store = house.store().await;
    let (me, she) = (as_teen(&store, &teen).await, as_guardian(&store, &eve).await);
    let code = Code::parse(&open).expect("a code");
    let given = store.claim_pairing(she, code, "mother".to_owned(), None).await;
    assert!(matches!(given, Err(StoreError::TeenIsAdult)));
    pass_to(&house, day, SignedDuration::from_mins(-10));
    let confirmed = store.answer_claim(me.clone(), claimed, Answer::Confirm, None).await;
    assert!(matches!(confirmed, Err(StoreError::TeenIsAdult)), "{confirmed:?}");
    assert!(matches!(store.offer_pairing(me, None).await, Err(StoreError::TeenIsAdult)));
    house.add_node(&[]).await;
    let live = "select count(*) from pairings where state in ('offered', 'claimed', 'active')";
    until(SOON, "the end of all of it", async || house.database.count(live, &[]).await == 0).await;
    let teen = again(&house, &teen).await;
    let url = format!("{}/v1/teen/pairing-offers", house.url());
    let refused = raw::send("POST", &url, Some(&teen.access), &[], Some(json!({}))).await;
    assert_eq!((refused.status, refused.code()), (409, "teen_is_adult"));
}

/// At midnight the teen changes something before any worker has looked: the announcement of the day has the guardian's limits all the
/// same, and the pairing has ended.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_first_at_eighteen_takes_nothing_from_the_announcement() {
    let mut house = House::new().await;
    let family = family_born(&house, turning(&house, 18, 5)).await;
    let day = today(&house) + Span::new().days(5);
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 30})).await;
    pass_to(&house, day, SignedDuration::from_mins(10));
    let teen = again(&house, &family.teen).await;
    house.nodes.remove(0).stop().await;
    pass_to(&house, day, SignedDuration::from_secs(-1));
    let store = house.store().await;
    let me = as_teen(&store, &teen).await;
    let seen = store.own_settings(&me).await.expect("settings").version;
    let patch = [("live.watch".into(), Some(Given::Flag(false)))].into();
    let wish = Wish { patch, reason: None, seen, once: None };
    store.change_own_settings(me.clone(), wish).await.expect("a change of what was seen");
    let told = store.own_transitions(&me).await.expect("a list");
    let named: Vec<&str> = told[0].changes.iter().map(|change| change.control.as_ref()).collect();
    assert!(told[0].ends_supervision && named.contains(&"time.daily_minutes"), "{named:?}");
    assert!(!named.contains(&"live.watch"), "that was no effect of the birthday");
    assert_eq!(house.database.count("select count(*) from pairings where state = 'active'", &[]).await, 0);
}

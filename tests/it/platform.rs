//! The platform's own servers: what a key opens, how soon it does not any more, and what it costs to show one.

use std::time::Duration;

use actix_web::{
    App as ActixApp, HttpResponse,
    body::MessageBody,
    test::{TestRequest, call_service, init_service},
    web::{self, Data},
};
use family_pairing::{
    auth::{
        throttle::Limit,
        who::{PlatformAges, PlatformAssures, PlatformDecides},
    },
    domain::{
        platform::Scope,
        secret::{Token, TokenKind},
    },
    store::key_ring::TRUSTED,
};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::{
    house::{
        House,
        admin::TestKey,
        database::Database,
        raw::{self, Raw},
        services::PrivateService,
        until,
    },
    knob::told,
};

/// Promise 7, for keys.
const SOON: Duration = Duration::from_millis(2_500);

async fn shows(url: &str, token: &str) -> Raw {
    raw::send("GET", &format!("{url}/v1/platform/key"), Some(token), &[], None).await
}

/// A server finds out at its start what its key is for.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_says_what_it_is() {
    let house = House::new().await;
    let key = house.platform_key(&[Scope::Age, Scope::Decide]);
    let answer = shows(house.url(), &key.token).await;
    let created_at = answer.body["created_at"].clone();
    let expected =
        json!({"key_id": key.id, "name": "chat-servers", "scopes": ["decide", "age"], "created_at": created_at});
    assert_eq!((answer.status, answer.body), (200, expected));
    assert!(created_at.as_str().is_some_and(|at| at.parse::<jiff::Timestamp>().is_ok()));
}

/// A token that nobody made, though its checksum is right, opens nothing; nor does a token of another sort.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_token_opens_nothing() {
    let house = House::new().await;
    let family = house.family().await;
    let invented = Token::mint(TokenKind::Platform, [7; 32]);
    let answer = shows(house.url(), invented.reveal()).await;
    assert_eq!((answer.status, answer.code()), (401, "not_signed_in"));
    for token in [&family.guardian.access, &family.phone.token] {
        let answer = shows(house.url(), token).await;
        assert_eq!((answer.status, answer.code()), (403, "wrong_role"));
    }
}

/// Promise 7: a revoked key is out on every node within 2.5 s, also where it was in use a moment before. By the clock of the
/// cache alone: no hint, no sweep, no Redis has a part in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_out_on_every_node() {
    let mut house = House::with(&["--lose-hints", "100", "--redis-url", "none"]).await;
    house.add_node(&[]).await;
    let (key, other) = (house.platform_key(&[Scope::Decide]), house.platform_key(&[Scope::Decide]));
    let urls: Vec<&str> = house.nodes.iter().map(|node| node.url.as_str()).collect();
    for url in &urls {
        assert_eq!(shows(url, &key.token).await.status, 200);
    }
    house.revokes_key(&key);
    let revoked = Instant::now();
    for url in &urls {
        until(SOON, "the key is out", async || shows(url, &key.token).await.code() == "not_signed_in").await;
        println!("out after {:.1?}", revoked.elapsed());
        assert!(revoked.elapsed() <= SOON);
        assert_eq!(shows(url, &other.token).await.status, 200, "another key of the same name is another key");
    }
}

/// Within two seconds of a look-up a key costs no query: Postgres may stand still. After that nobody is let in on old
/// knowledge, and once it goes on, so do the keys.
#[tokio::test(flavor = "multi_thread")]
async fn a_known_key_costs_no_query_and_an_old_answer_counts_for_nothing() {
    let postgres = tokio::task::block_in_place(PrivateService::postgres);
    let database = Database::fresh(&postgres.url()).await;
    let mut house = House::with(&["--database-url", &database.url]).await;
    house.database = database;
    let key = house.platform_key(&[Scope::Decide]);
    assert_eq!(shows(house.url(), &key.token).await.status, 200);
    let known = Instant::now();
    tokio::task::block_in_place(|| postgres.run("freeze"));
    let mut took = vec![];
    while known.elapsed() < TRUSTED * 3 / 4 {
        let asked = Instant::now();
        assert_eq!(shows(house.url(), &key.token).await.status, 200, "after {:?}", known.elapsed());
        took.push(asked.elapsed());
    }
    println!("{} requests without a database: {}", took.len(), told(&mut took));
    tokio::time::sleep_until(known + TRUSTED).await;
    let asked = Instant::now();
    let answer = shows(house.url(), &key.token).await;
    assert_eq!((answer.status, answer.code()), (503, "unavailable"));
    assert!(asked.elapsed() < TRUSTED + Duration::from_millis(500), "it does not wait for ever");
    tokio::task::block_in_place(|| postgres.run("thaw"));
    let back = Duration::from_secs(10);
    until(back, "the key works again", async || shows(house.url(), &key.token).await.status == 200).await;
}

/// Shows the key and waits until its use is noted, and later than before.
async fn used_at(house: &House, key: &TestKey, before: Option<String>) -> String {
    let url = &house.nodes.last().expect("a node").url;
    assert_eq!(shows(url, &key.token).await.status, 200);
    until(SOON, "the use is noted", async || {
        last_used(house, key).await.is_some_and(|at| Some(&at) != before.as_ref())
    })
    .await;
    last_used(house, key).await.expect("a time")
}

async fn last_used(house: &House, key: &TestKey) -> Option<String> {
    let sql = "select last_used_at::text from platform_keys where id::text = $1";
    house.database.client().await.query_one(sql, &[&key.id]).await.expect("a key").get(0)
}

/// The last use is known to a minute, and is written no more often, whatever the number of nodes.
#[tokio::test(flavor = "multi_thread")]
async fn a_use_is_noted_at_most_once_a_minute() {
    let mut house = House::new().await;
    let key = house.platform_key(&[Scope::Assure]);
    assert_eq!(last_used(&house, &key).await, None);
    let first = used_at(&house, &key, None).await;
    // A new node knows nothing yet, so it looks the key up.
    house.pass(Duration::from_secs(30));
    house.add_node(&[]).await;
    assert_eq!(shows(&house.nodes[1].url, &key.token).await.status, 200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(last_used(&house, &key).await, Some(first.clone()));
    house.pass(Duration::from_secs(31));
    house.add_node(&[]).await;
    used_at(&house, &key, Some(first)).await;
}

/// Every scope has an extractor of its own; a key without the scope is told which one it lacks, and a key that asks too
/// often when to come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_the_scope_is_refused() {
    let house = House::empty(&[]).await;
    let (app, _) = house.app(&["--throttle-scale", "1"]).await;
    let gate = Data::new(app.gate);
    let service = init_service(
        ActixApp::new()
            .app_data(gate.clone())
            .route("/decide", web::get().to(async |_: PlatformDecides| HttpResponse::Ok()))
            .route("/age", web::get().to(async |_: PlatformAges| HttpResponse::Ok()))
            .route("/assure", web::get().to(async |who: PlatformAssures| who.proof.key().to_string())),
    )
    .await;
    let ask = async |scope: Scope, key: &TestKey| {
        let bearer = ("authorization", format!("Bearer {}", key.token));
        let request = TestRequest::get().uri(&format!("/{scope}")).insert_header(bearer).to_request();
        let answer = call_service(&service, request).await;
        let (status, body) = (answer.status().as_u16(), answer.into_body().try_into_bytes().expect("a body"));
        (status, serde_json::from_slice::<Json>(&body).unwrap_or_default())
    };
    let all = house.platform_key(&Scope::ALL);
    for scope in Scope::ALL {
        let key = house.platform_key(&[scope]);
        for asked in Scope::ALL {
            let (status, body) = ask(asked, &key).await;
            let expected = if asked == scope { (200, Json::Null) } else { (403, json!("scope_missing")) };
            assert_eq!((status, body["code"].clone()), expected, "{scope} asks for {asked}: {body}");
            assert!(status == 200 || body["scope"] == asked.as_str(), "{body}");
        }
        assert_eq!(ask(scope, &all).await.0, 200);
    }
    // One more is allowed each millisecond, which a busy machine may take to ask.
    until(SOON, "it asks too often", async || {
        while gate.throttle.count(Limit::Platform, &all.id).await.is_ok() {}
        ask(Scope::Decide, &all).await.1["code"] == "throttled"
    })
    .await;
}

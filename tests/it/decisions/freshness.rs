//! How old an answer may be: milliseconds where the change was made, 2.5 s where every hint is lost, and where nobody can know,
//! there is none.

use std::{collections::BTreeSet, time::Duration};

use family_pairing::{
    domain::{
        controls::Action,
        decision::{Outcome, Question},
        platform::{Decide, Scope},
        secret::Token,
    },
    store::key_ring::{KeyFor, TRUSTED},
};
use serde_json::json;
use tokio::time::Instant;

use super::Server;
use crate::{
    house::{House, line::Line, raw, until},
    knob::told,
};

/// The promise where hints are lost.
const CERTAIN: Duration = Duration::from_millis(2_500);
/// Room for two busy cores.
const MARGIN: Duration = Duration::from_millis(500);
/// How long the last good sweep lets a node decide from memory.
const BOUND: Duration = Duration::from_secs(10);

/// A guardian's change counts at once on her own node, and on one that hears no hints within 2.5 s.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_at_once_here_and_soon_elsewhere() {
    let mut house = House::new().await;
    house.add_node(&["--lose-hints", "100", "--redis-url", "none"]).await;
    let here = Server::of(&house);
    let mut changes = vec![];
    // Ten families, so that ten hints are lost side by side, at ten moments of the sweep's round.
    for n in 0..10 {
        let (family, here, there) = (house.family().await, here.at(house.url()), here.at(&house.nodes[1].url));
        changes.push(tokio::spawn(async move {
            for server in [&here, &there] {
                assert_eq!(server.asks(&family.teen, "search", json!({})).await["outcome"], "allow");
            }
            tokio::time::sleep(Duration::from_millis(200 * n)).await;
            family.guardian.sets(family.teen.id, json!({"search.enabled": false})).await;
            let changed = Instant::now();
            let counts = async |server: &Server| {
                until(CERTAIN + MARGIN, "it counts", async || {
                    server.asks(&family.teen, "search", json!({})).await["outcome"] == "deny"
                })
                .await;
                changed.elapsed()
            };
            tokio::join!(counts(&here), counts(&there))
        }));
    }
    let (mut at_once, mut soon) = (vec![], vec![]);
    for change in changes {
        let (here, there) = change.await.expect("it counts");
        at_once.push(here);
        soon.push(there);
    }
    println!("a change counts on the same node after {}", told(&mut at_once));
    println!("and where no hint arrives after {}", told(&mut soon));
    assert!(at_once[5] < Duration::from_millis(250), "by its hint, not by the sweep");
    assert!(soon[9] > Duration::from_millis(500), "hints were really lost");
}

/// After the first read a decision costs no query. A database that stands still ends that: what is known of the key counts for
/// two seconds, and then the answer is 503, never an old yes.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_database_is_said_and_never_answered_for() {
    let mut house = House::new().await;
    let line = Line::to(&house.database.url).await;
    house.add_node(&["--database-url", &line.url, "--lose-hints", "100", "--redis-url", "none"]).await;
    let family = house.family().await;
    let server = Server::of(&house).at(&house.nodes[1].url);
    assert_eq!(server.asks(&family.teen, "search", json!({})).await["outcome"], "allow");
    let known = Instant::now();
    line.freeze();
    family.guardian.sets(family.teen.id, json!({"search.enabled": false})).await;
    let item = json!([{"teen_id": family.teen.id, "action": "search"}]);
    let mut seen = BTreeSet::new();
    while known.elapsed() < TRUSTED * 2 {
        let asked = known.elapsed();
        let answer = server.tries(item.clone()).await;
        seen.insert(answer.status);
        assert!(answer.status == 503 || asked <= TRUSTED, "{} after {asked:?}", answer.text);
        if answer.status == 503 {
            assert_eq!((answer.code(), answer.header("retry-after")), ("unavailable", "1"));
        }
    }
    assert_eq!(seen, BTreeSet::from([200, 503]));
    line.thaw();
    until(BOUND, "it is answered again, as it is now", async || {
        let asked = known.elapsed();
        let answer = server.tries(item.clone()).await;
        let old = answer.body["items"][0]["outcome"] == "allow";
        assert!(!old || asked <= BOUND, "an old yes after {asked:?}: {}", answer.text);
        answer.status == 200 && !old
    })
    .await;
}

/// The bound by itself, without the key's shorter one: a node that hears neither hints nor sweeps decides from memory for ten
/// seconds after the last good sweep, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn without_sweeps_nothing_old_is_used_after_ten_seconds() {
    let house = House::new().await;
    let family = house.family().await;
    let line = Line::to(&house.database.url).await;
    let (app, _) = house.app(&["--database-url", &line.url, "--lose-hints", "100", "--redis-url", "none"]).await;
    let key = house.platform_key(&[Scope::Decide]);
    let key = app.gate.keys.key_of(Token::parse(&key.token).expect("a token").hash()).await.expect("an answer");
    let proof = KeyFor::<Decide>::of(key.expect("a key")).expect("the scope");
    let question = Question { action: Action("search".to_owned()), ..Question::default() };
    let decide = async || {
        let newest = app.gate.decisions.newest(&proof, &[family.teen.id]).await.ok()?;
        Some(newest.get(&family.teen.id)?.decide(&question, house.world().now()).outcome)
    };
    assert_eq!(decide().await, Some(Outcome::Allow));
    line.freeze();
    let frozen = Instant::now();
    family.guardian.sets(family.teen.id, json!({"search.enabled": false})).await;
    let last = loop {
        let asked = frozen.elapsed();
        match decide().await {
            Some(outcome) => assert_eq!(outcome, Outcome::Allow, "nothing new came through"),
            None => break asked,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    println!("the last answer from memory was given {last:.1?} after the line froze");
    assert!(last <= BOUND + MARGIN, "{last:?}");
    assert!(last >= BOUND - CERTAIN - MARGIN, "short trouble is not felt");
    assert_eq!(decide().await, None);
    line.thaw();
    until(Duration::from_secs(15), "it goes on with the newest", async || match decide().await {
        None => false,
        Some(outcome) => {
            assert_eq!(outcome, Outcome::Deny, "the old yes is gone");
            true
        }
    })
    .await;
}

/// Promise 7, for decisions: a revoked key is answered nothing within 2.5 s.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_decides_nothing() {
    let house = House::new().await;
    let key = house.platform_key(&[Scope::Decide]);
    let body = json!({"items": [{"teen_id": uuid::Uuid::now_v7(), "action": "search"}]});
    let url = format!("{}/v1/platform/decisions", house.url());
    let asks = async || raw::send("POST", &url, Some(&key.token), &[], Some(body.clone())).await;
    assert_eq!(asks().await.status, 200);
    house.revokes_key(&key);
    until(CERTAIN, "the key is out", async || asks().await.code() == "not_signed_in").await;
}

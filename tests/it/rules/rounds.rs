//! Rounds: an approval waits for nobody and holds nobody up, however many it reaches.

use std::time::Duration;

use family_pairing::domain::account::Role;
use tokio::time::timeout;

use super::{Pair, cap_of, everybody_is_computed_by, kills::signs_up, no_cap};
use crate::house::{House, people::born};

async fn with_teens(count: usize) -> (House, Pair) {
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    pair.enact(&no_cap()).await;
    for _ in 0..count {
        signs_up(&house, &pair.store, Role::Teen, "US-CA", 14).await;
    }
    pair.works_through().await;
    (house, pair)
}

/// While one of many teens is held by a change that hangs, a law is approved and others sign up, by the new law at once.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_and_sign_ups_wait_for_no_teen() {
    const SOON: Duration = Duration::from_secs(1);
    let (house, pair) = with_teens(40).await;
    let mut client = house.database.client().await;
    let hanging = client.transaction().await.expect("a transaction");
    hanging.batch_execute("select from teens order by account_id limit 1 for update").await.expect("a lock");
    let law = cap_of(30);
    let proposed = pair.propose(&law).await;
    timeout(SOON, pair.approve(&proposed)).await.expect("an approval waits for no teen");
    timeout(SOON, signs_up(&house, &pair.store, Role::Teen, "US-CA", 14)).await.expect("nor does a sign-up");
    hanging.rollback().await.expect("an end");
    assert!(pair.store.count_due().await.expect("a count") >= 40, "all are still to be looked at");
    pair.works_through().await;
    assert_eq!(everybody_is_computed_by(&house, &law, &born(&house, 14)).await, 41);
    assert_eq!(house.database.count("select count(*) from rounds", &[]).await, 0, "what is done leaves nothing behind");
}

/// A grant that ends in the middle of an import is next, not last.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_by_its_time_comes_before_what_an_import_reaches() {
    let (house, pair) = with_teens(60).await;
    let client = house.database.client().await;
    signs_up(&house, &pair.store, Role::Teen, "DE", 14).await;
    pair.enact(&cap_of(30)).await;
    let left = || async { pair.store.count_due().await.expect("a count") };
    assert_eq!((pair.store.work_due(10).await.expect("work").looked, left().await), (10, 50));
    let due = "update teens t set due_at = now() - interval '1 second' from accounts a where a.id = t.account_id and a.region = 'DE'";
    client.batch_execute(due).await.expect("a grant that ends");
    assert_eq!(left().await, 51);
    assert_eq!(pair.store.work_due(10).await.expect("work").looked, 1, "it is the next, and alone");
    assert_eq!(left().await, 50);
    pair.works_through().await;
    assert_eq!(left().await, 0);
}

/// Another process goes on where one stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_round_goes_on_where_it_stopped() {
    let (house, pair) = with_teens(30).await;
    let law = cap_of(30);
    pair.enact(&law).await;
    pair.store.work_due(7).await.expect("work");
    assert_eq!(
        house
            .database
            .count("select count(*) from rounds where after > '00000000-0000-0000-0000-000000000000'", &[])
            .await,
        1
    );
    let other = house.store().await;
    assert_eq!(other.count_due().await.expect("a count"), 23);
    house.rules(&["recompute"]);
    assert_eq!(everybody_is_computed_by(&house, &law, &born(&house, 14)).await, 30);
    let computed = "select count(*) from policy_revisions where kind = 'law'";
    assert_eq!(house.database.count(computed, &[]).await, 30, "each once");
}

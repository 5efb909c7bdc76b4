//! kill -9 at any moment of an approval: all of it or nothing, and whoever comes next goes on.

use std::{process::Stdio, time::Duration};

use family_pairing::{
    domain::{account::Role, text::Email},
    store::{Store, accounts::NewAccount},
};

use super::{Pair, cap_of, everybody_is_computed_by, operator};
use crate::house::{House, people::born, until};

/// Makes an account without the way through HTTP.
pub async fn signs_up(house: &House, store: &Store, role: Role, region: &str, years: i16) {
    let account = NewAccount {
        role,
        email: Email::parse(&format!("{}@example.com", uuid::Uuid::now_v7().simple())).expect("an address"),
        password_hash: "none".to_owned(),
        display_name: "Mia".to_owned(),
        birth_date: Some(born(house, years).parse().expect("a day")),
        locale: "en".to_owned(),
        time_zone: "America/Los_Angeles".to_owned(),
        region: region.to_owned(),
    };
    store.create_account(account, None).await.expect("an account");
}

async fn computed_by_law(house: &House) -> i64 {
    house.database.count("select count(*) from policy_revisions where kind = 'law'", &[]).await
}

/// Killed in the middle of computing: the rest is still due, a node that serves goes on, and all is as if nothing had happened.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_recompute_loses_nobody() {
    const TEENS: i64 = 150;
    let mut house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    let carol = operator(&pair.store, "carol", Some(&pair.proposer)).await.1;
    for _ in 0..TEENS {
        signs_up(&house, &pair.store, Role::Teen, "US-CA", 14).await;
    }
    let law = cap_of(30);
    let version = pair.propose(&law).await.version.to_string();
    let mut approving = house
        .command(&["rules", "approve", &version])
        .env("FAMILY_PAIRING_OPERATOR_TOKEN", carol.reveal())
        .stdout(Stdio::null())
        .spawn()
        .expect("it runs");
    until(Duration::from_secs(20), "some are computed", || async { computed_by_law(&house).await >= 10 }).await;
    approving.kill().expect("it can be killed");
    approving.wait().expect("it ends");
    let (done, left) = (computed_by_law(&house).await, pair.store.count_due().await.expect("a count"));
    println!("killed after {done} of {TEENS}, {left} left");
    assert!(left > 0 && done + left == TEENS, "{done} done, {left} left");
    house.add_node(&[]).await;
    until(Duration::from_secs(20), "nobody is due", || async { pair.store.count_due().await.expect("a count") == 0 })
        .await;
    assert_eq!(computed_by_law(&house).await, TEENS, "each once");
    assert_eq!(everybody_is_computed_by(&house, &law, &born(&house, 14)).await, 150);
}

/// Killed at any moment from its start on: either nothing was done, or the version holds and everybody is computed or due.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_leaves_all_or_nothing() {
    const TEENS: i64 = 25;
    let house = House::empty(&[]).await;
    let pair = Pair::of(&house).await;
    let carol = operator(&pair.store, "carol", Some(&pair.proposer)).await.1;
    for _ in 0..TEENS {
        signs_up(&house, &pair.store, Role::Teen, "US-CA", 14).await;
    }
    let mut held = pair.enact(&cap_of(59)).await.version;
    let (mut law, mut landed) = (cap_of(59), [0, 0]);
    // After a kill that came too late the next comes earlier, and the other way round: they close in on the commit from both sides.
    let mut delay = Duration::from_millis(60);
    pair.works_through().await;
    for round in 0..14 {
        let next = cap_of(20 + round);
        let version = pair.propose(&next).await.version;
        let before = computed_by_law(&house).await;
        let mut approving = house
            .command(&["rules", "approve", &version.to_string()])
            .env("FAMILY_PAIRING_OPERATOR_TOKEN", carol.reveal())
            .stdout(Stdio::null())
            .spawn()
            .expect("it runs");
        tokio::time::sleep(delay).await;
        approving.kill().expect("it can be killed");
        approving.wait().expect("it ends");
        // What was sent before the kill may still be on its way to being committed.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let holds = house.database.count("select rules_version from installation", &[]).await;
        let (left, done) = (pair.store.count_due().await.expect("a count"), computed_by_law(&house).await - before);
        if holds == version {
            assert_eq!(left + done, TEENS, "round {round}: everybody is computed or due");
            (held, law) = (version, next);
            landed[1] += 1;
            delay = delay * 2 / 3;
        } else {
            assert_eq!((holds, left, done), (held, 0, 0), "round {round}: nothing was done");
            landed[0] += 1;
            delay = delay * 4 / 3;
        }
        house.rules(&["recompute"]);
        everybody_is_computed_by(&house, &law, &born(&house, 14)).await;
    }
    println!("{} kills before the commit, {} after", landed[0], landed[1]);
    assert!(landed.iter().all(|kills| *kills > 0), "the kills fell on one side of the commit alone: {landed:?}");
}

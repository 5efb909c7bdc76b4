//! Changes, sign-ups and approvals at once: nobody stays on rules that do not hold any more.

use std::time::Duration;

use family_pairing::domain::account::Role;
use futures_util::future::join_all;
use serde_json::json;

use super::{Pair, cap_of, everybody_is_computed_by, kills::signs_up};
use crate::house::{
    House,
    people::{Family, born, settings},
    raw,
};

/// A change on top of a version that was read before; 412 is no failure here.
async fn turns(house: &House, node: usize, family: &Family, etag: &str, autoplay: bool) -> u16 {
    let url = format!("{}{}", house.nodes[node].url, settings(family.teen.id));
    let body = json!({"settings": {"feed.autoplay": autoplay}});
    raw::send("PATCH", &url, Some(&family.guardian.access), &[("if-match", etag)], Some(body)).await.status
}

/// Each round: guardians change, teens sign up and a law is approved, all within a few milliseconds, on two nodes. Afterwards every
/// policy is what the law of that round gives, though a change may have been planned by the law before and written after it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_stays_on_rules_that_hold_no_more() {
    let mut house = House::new().await;
    house.add_node(&[]).await;
    let pair = Pair::of(&house).await;
    let families = join_all((0..4).map(|_| house.family_in("US-CA"))).await;
    let mut changed = 0;
    for round in 0..30_u32 {
        let law = cap_of(31 + round % 2);
        let proposed = pair.propose(&law).await;
        let etags = join_all(families.iter().map(|family| family.guardian.etag(family.teen.id))).await;
        let approval = async {
            tokio::time::sleep(Duration::from_millis(u64::from(round % 10))).await;
            pair.approve(&proposed).await
        };
        let changes = join_all(
            families
                .iter()
                .zip(&etags)
                .enumerate()
                .map(|(at, (family, etag))| turns(&house, at % 2, family, etag, round % 2 == 1)),
        );
        let newcomers = join_all((0..3).map(|_| signs_up(&house, &pair.store, Role::Teen, "US-CA", 14)));
        let (_, statuses, _) = tokio::join!(approval, changes, newcomers);
        assert!(statuses.iter().all(|status| matches!(status, 200 | 412)), "{statuses:?}");
        changed += statuses.iter().filter(|status| **status == 200).count();
        pair.works_through().await;
        everybody_is_computed_by(&house, &law, &born(&house, 14)).await;
    }
    println!("{changed} changes and 90 sign-ups beside 30 approvals");
    assert!(changed > 0);
}

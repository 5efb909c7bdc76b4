//! Another database behind the same address, while the nodes go on: a replica that was promoted without the last changes, a backup
//! that was put in place.

use std::time::Duration;

use tokio_postgres::Client;

use crate::{
    house::{House, until},
    knob::{Knob, minutes},
};

/// How soon a node finds its way to the database again.
const BACK: Duration = Duration::from_secs(10);

/// Closes a database to everybody, and puts out who is in it.
async fn close(admin: &Client, name: &str) {
    admin.batch_execute(&format!("alter database {name} allow_connections false")).await.expect("closed");
    let out = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
    admin.execute(out, &[&name]).await.expect("out");
    let left = async || {
        let count = "select count(*) from pg_stat_activity where datname = $1";
        admin.query_one(count, &[&name]).await.expect("a count").get::<_, i64>(0) == 0
    };
    until(BACK, "everybody is out", left).await;
}

/// The number of a change that was lost is never given to another one: the very first change after the failover has a greater epoch.
/// A device that holds what was lost takes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_number_is_not_given_again() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = family.phone.settles_at(house.url()).await;
    let name = house.database.name.clone();
    let (backup, lost) = (format!("{name}_backup"), format!("{name}_lost"));
    let admin = house.database.admin().await;

    close(&admin, &name).await;
    admin.batch_execute(&format!("create database {backup} template {name}")).await.expect("a backup");
    admin.batch_execute(&format!("alter database {name} allow_connections true")).await.expect("open again");
    let knob = async || {
        let path = crate::house::people::settings(family.teen.id);
        family.guardian.api.get::<serde_json::Value>(&path).await.is_ok()
    };
    until(BACK, "the node is back", knob).await;
    let kept = Knob::of(&family).await.turn(31).await;
    let held = phone.policy().await;
    assert_eq!((held.version(), minutes(&held)), (kept, 31));
    phone.applies(&held, vec![]).await;

    // The last change is not in what takes the database's place.
    close(&admin, &name).await;
    let swap = [
        format!("alter database {name} rename to {lost}"),
        format!("alter database {backup} rename to {name}"),
        format!("alter database {name} allow_connections true"),
    ];
    for step in &swap {
        admin.batch_execute(step).await.expect("a failover");
    }
    until(BACK, "the node is back", knob).await;
    let made = Knob::of(&family).await.turn(32).await;
    assert_eq!(made.revision, kept.revision, "the number of the lost change");
    assert!(made.epoch > kept.epoch, "{made:?} after {kept:?}");
    let next = loop {
        let next = phone.policy().await;
        assert!(next.version() > held.version(), "never backwards");
        if next.version() == made {
            break next;
        }
        phone.applies(&next, vec![]).await;
    };
    assert_eq!(minutes(&next), 32);
    phone.applies(&next, vec![]).await;
    admin.batch_execute(&format!("drop database {lost} with (force)")).await.expect("dropped");
}

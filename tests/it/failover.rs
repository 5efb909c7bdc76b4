//! Another database behind the same address, while the nodes go on: a replica that was promoted without the last changes, a backup
//! that was put in place.

use std::time::Duration;

use family_pairing::{
    domain::{ids::DeviceId, version::Version},
    store::migrate,
};
use secrecy::SecretString;
use serde_json::json;
use tokio::time::Instant;
use tokio_postgres::Client;

use crate::{
    house::{
        House,
        database::{Database, connect},
        services::PrivateService,
        until,
        wire::{self, DeviceWire},
    },
    knob::{Knob, minutes},
    nodes::two_nodes,
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
    const RESTORED: u64 = 2;
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, _) = family.phone.settles_at(house.url()).await;
    let name = house.database.name.clone();
    let backup = format!("{name}_backup");
    let admin = house.database.admin().await;

    close(&admin, &name).await;
    admin.batch_execute(&format!("create database {backup} template {name}")).await.expect("a backup");
    admin.batch_execute(&format!("alter database {name} allow_connections true")).await.expect("open again");
    let knob = async || {
        let path = crate::house::people::settings(family.teen.id);
        family.guardian.api.get::<serde_json::Value>(&path).await.is_ok()
    };
    until(BACK, "the node is back", knob).await;
    let mut lost = Knob::of(&family).await.turn(30).await;
    let held = phone.policy().await;
    assert_eq!((held.version(), minutes(&held)), (lost, 30));
    phone.applies(&held, vec![]).await;

    // The same backup, twice: the last change is not in what takes the database's place.
    for round in 1..=RESTORED {
        close(&admin, &name).await;
        let swap = [
            format!("alter database {name} rename to {name}_lost_{round}"),
            format!("create database {name} template {backup}"),
        ];
        for step in &swap {
            admin.batch_execute(step).await.expect("a restore");
        }
        until(BACK, "the node is back", knob).await;
        let made = Knob::of(&family).await.turn(30 + round).await;
        assert_eq!(made.revision, lost.revision, "the number of the lost change");
        assert!(made.epoch > lost.epoch, "{made:?} after {lost:?}");
        assert_eq!(comes_to(&mut phone, lost, made).await, 30 + round);
        admin.batch_execute(&format!("drop database {name}_lost_{round} with (force)")).await.expect("dropped");
        lost = made;
    }
    println!("faults: {RESTORED} restores of one backup");
    admin.batch_execute(&format!("drop database {backup} with (force)")).await.expect("dropped");
}

/// Applies what comes until it is this version, never going backwards from what it holds; the minutes that it then enforces.
async fn comes_to(wire: &mut DeviceWire, mut holds: Version, wanted: Version) -> u64 {
    loop {
        let next = wire.policy().await;
        assert!(next.version() > holds, "never backwards");
        wire.applies(&next, vec![]).await;
        holds = next.version();
        if holds == wanted {
            return minutes(&next);
        }
    }
}

/// The same database on another server, and a URL that names both.
fn at_both(url: &str, primary: &PrivateService, follower: &PrivateService) -> (String, String) {
    let place = |service: &PrivateService| {
        let url = service.url();
        let (_, place) = url.rsplit_once('@').expect("a place");
        place.split('/').next().expect("a host").to_owned()
    };
    let (first, second) = (place(primary), place(follower));
    let both = url.replacen(&first, &format!("{first},{second}"), 1);
    (url.replacen(&first, &second, 1), both)
}

async fn revision(client: &Client, family: &crate::house::people::Family) -> i64 {
    let sql = "select revision from teens where account_id::text = $1";
    client.query_one(sql, &[&family.teen.id.to_string()]).await.expect("a revision").get(0)
}

/// A streaming replica is promoted without the last changes: the epoch grows, devices on every node converge on what is true now, and
/// the old primary, come back, is taken by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_replica_takes_over() {
    let primary = tokio::task::block_in_place(PrivateService::postgres);
    let database = Database::fresh(&primary.url()).await;
    let follower = tokio::task::block_in_place(|| primary.follower());
    let (followed, both) = at_both(&database.url, &primary, &follower);
    let house = two_nodes(&["--database-url", &both]).await;
    let family = house.family().await;
    let tablet = family.teen.registers("tablet").await;
    let (away, behind) = (family.teen.registers("watch").await, family.teen.registers("laptop").await);
    let (mut phone, _) = family.phone.settles_at(house.url()).await;
    let (mut other, _) = tablet.settles_at(&house.nodes[1].url).await;
    let mut knob = Knob::of(&family).await;
    let kept = knob.turn(31).await;
    for wire in [&mut phone, &mut other] {
        let policy = wire.policy().await;
        wire.applies(&policy, vec![]).await;
    }
    let (_, policy) = behind.settles_at(house.url()).await;
    let held_kept = wire::held(&policy);
    let copy = connect(&followed).await;
    until(BACK, "the replica has it", async || revision(&copy, &family).await == kept.revision).await;
    // From here on it follows no more: what is changed now will be lost.
    copy.batch_execute("alter system set primary_conninfo = ''").await.expect("cut off");
    copy.batch_execute("select pg_reload_conf()").await.expect("read again");
    let deaf = async || {
        let count = "select count(*) from pg_stat_wal_receiver";
        copy.query_one(count, &[]).await.expect("a count").get::<_, i64>(0) == 0
    };
    until(BACK, "it follows no more", deaf).await;
    let mut held = kept;
    for minutes in 32..=34 {
        held = knob.turn(minutes).await;
        for wire in [&mut phone, &mut other] {
            let policy = wire.policy().await;
            assert_eq!(policy.version(), held);
            wire.applies(&policy, vec![]).await;
        }
    }
    let (_, policy) = away.settles_at(house.url()).await;
    let held_away = wire::held(&policy);

    tokio::task::block_in_place(|| primary.run("kill"));
    let died = Instant::now();
    copy.batch_execute("select pg_promote()").await.expect("promoted");
    let path = crate::house::people::settings(family.teen.id);
    let answers = async || family.guardian.api.get::<serde_json::Value>(&path).await.is_ok();
    until(BACK, "the nodes are back", answers).await;
    let mut knob = Knob::of(&family).await;
    let made = knob.turn(35).await;
    println!("faults: 1; a change was taken {:.1?} after the primary had died", died.elapsed());
    assert_eq!(made.revision, kept.revision + 1, "the number of a lost change");
    assert!(made.epoch > kept.epoch);
    for wire in [&mut phone, &mut other] {
        assert_eq!(comes_to(wire, held, made).await, 35);
    }
    println!("devices on both nodes had it after {:.1?}", died.elapsed());
    // One that was away says with its hello what it held, another held nothing that was lost.
    let (_away, _kept) =
        (away.connects_to(house.url(), Some(held_away)).await, behind.connects_to(house.url(), Some(held_kept)).await);
    let lost = |said_by: Option<&str>| {
        let of = |value: i64| said_by.map(|_| value);
        json!({"epoch": of(kept.epoch), "from_revision": of(kept.revision + 1), "to_revision": of(held.revision), "said_by": said_by})
    };
    let named = async || {
        let devices = family.guardian.devices(family.teen.id).await;
        let said = |id: DeviceId| {
            let device = devices.iter().find(|device| device["device_id"] == json!(id)).expect("listed");
            let pick = |name: &str| device["lost"][name].clone();
            json!({"epoch": pick("epoch"), "from_revision": pick("from_revision"), "to_revision": pick("to_revision"), "said_by": pick("said_by")})
        };
        said(behind.id) == lost(None)
            && [family.phone.id, tablet.id].iter().all(|id| said(*id) == lost(Some("node")))
            && said(away.id) == lost(Some("device"))
    };
    until(BACK, "the guardian reads what was lost, of each device that had it", named).await;

    // Whoever sets limits has looked.
    let made = knob.turn(36).await;
    let devices = family.guardian.devices(family.teen.id).await;
    assert!(devices.iter().all(|device| device["lost"].is_null()), "{devices:?}");

    // Nobody told it that it is not the primary any more.
    tokio::task::block_in_place(|| primary.run("start"));
    let old = connect(&database.url).await;
    assert_eq!(revision(&old, &family).await, held.revision);
    let mut taken = 0;
    for minutes in 1..=20 {
        // With a wait, or on a busy machine the next change may begin on a connection that is about to be cut.
        let out =
            "select pg_terminate_backend(pid, 2000) from pg_stat_activity where application_name = 'family-pairing'";
        copy.batch_execute(out).await.expect("every connection has to be made anew");
        // A connection may be cut under a change: that is no answer, and the next one is.
        let Ok(version) = knob.tries(minutes).await else {
            knob.finds_its_place(BACK).await;
            continue;
        };
        taken += 1;
        assert_eq!((version.epoch, version.revision), (made.epoch, revision(&copy, &family).await));
    }
    println!("with the old primary back, {taken} of 20 changes were taken");
    assert!(taken >= 10, "the new one is found each time: {taken}");
    assert_eq!(revision(&old, &family).await, held.revision, "and the old one left alone");
}

/// A primary that nobody stops when its replica is promoted: nodes leave it by themselves, connections that are open and
/// all, and once both have, it takes no change any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_lives_on_is_left() {
    /// Nodes look for a newer database every ten seconds.
    const LEFT: Duration = Duration::from_secs(15);
    let primary = tokio::task::block_in_place(PrivateService::postgres);
    let database = Database::fresh(&primary.url()).await;
    let follower = tokio::task::block_in_place(|| primary.follower());
    let (followed, both) = at_both(&database.url, &primary, &follower);
    let house = two_nodes(&["--database-url", &both]).await;
    let family = house.family().await;
    let (mut phone, _) = family.phone.settles_at(&house.nodes[1].url).await;
    let before = Knob::of(&family).await.turn(31).await;
    let policy = phone.policy().await;
    phone.applies(&policy, vec![]).await;
    let copy = connect(&followed).await;
    until(BACK, "the replica has it", async || revision(&copy, &family).await == before.revision).await;
    let (first, second) =
        both.split_once('@').and_then(|(_, rest)| rest.split_once('/')?.0.split_once(',')).expect("hosts");
    let replica_first =
        SecretString::from(both.replacen(&format!("{first},{second}"), &format!("{second},{first}"), 1));
    assert_eq!(migrate::pending(&replica_first).await.expect("the primary is found"), 0);
    assert!(migrate::up(&replica_first).await.expect("and can be migrated").is_empty());
    copy.batch_execute("select pg_promote()").await.expect("promoted");
    let promoted = Instant::now();
    let refused = async || migrate::up(&replica_first).await.is_err();
    until(BACK, "nobody migrates while two take writes", refused).await;

    // Nothing is cut: what each node holds open leads to the old one.
    let mut at_the_old = 0;
    for node in 0..2 {
        let api = house.api_of(node).with_token(&family.guardian.access);
        let mut knob = Knob::at(&api, family.teen.id).await;
        while knob.at.epoch == before.epoch {
            assert!(promoted.elapsed() < LEFT, "node {node} leaves the old primary");
            tokio::time::sleep(Duration::from_millis(100)).await;
            match knob.tries(32 + at_the_old).await {
                Ok(version) if version.epoch == before.epoch => at_the_old += 1,
                Ok(_) => {}
                Err(_) => knob.finds_its_place(BACK).await,
            }
        }
        println!("node {node} was at the new primary {:.1?} after the promotion", promoted.elapsed());
    }
    println!("faults: 1; the old one had taken {at_the_old} changes meanwhile");
    assert!(at_the_old > 0, "it lived on");
    let old = connect(&database.url).await;
    let left_at = revision(&old, &family).await;
    for number in 0..20 {
        let api = house.api_of(number % 2).with_token(&family.guardian.access);
        let mut knob = Knob::at(&api, family.teen.id).await;
        let made = knob.turn(200 + u64::try_from(number).expect("small")).await;
        assert_eq!((made.epoch > before.epoch, made.revision), (true, revision(&copy, &family).await));
    }
    assert_eq!(revision(&old, &family).await, left_at, "the old one takes nothing any more");
    let newest = Knob::of(&family).await.at;
    assert_eq!(comes_to(&mut phone, before, newest).await, 219);
}

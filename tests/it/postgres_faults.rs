//! Postgres restarts or stands still: clients see 2xx or 503, every 2xx is there afterwards, sockets stay open.

use std::time::Duration;

use serde_json::json;
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    house::{
        House,
        database::{Database, connect},
        people::{Family, settings},
        raw,
        services::PrivateService,
    },
    knob::told,
    rough,
};

/// How soon after Postgres is back a change is taken again.
const BACK: Duration = Duration::from_secs(5);

/// One change that was tried.
struct Try {
    at: Instant,
    took: Duration,
    status: u16,
    revision: Option<i64>,
}

/// A guardian who never gives up: reads the settings when in doubt, then tries again.
fn keeps_changing(url: &str, family: &Family, stop: CancellationToken) -> JoinHandle<Vec<Try>> {
    let (path, token) = (format!("{url}{}", settings(family.teen.id)), family.guardian.access.clone());
    tokio::spawn(async move {
        let (mut tries, mut etag, mut minutes) = (vec![], None::<String>, 0);
        while !stop.is_cancelled() {
            let started = Instant::now();
            let answer = match &etag {
                None => raw::send("GET", &path, Some(&token), &[], None).await,
                Some(etag) => {
                    minutes = minutes % 600 + 1;
                    let body = json!({"settings": {"time.daily_minutes": minutes}});
                    raw::send("PATCH", &path, Some(&token), &[("if-match", etag)], Some(body)).await
                }
            };
            let changed = etag.is_some() && answer.status == 200;
            if answer.status == 503 {
                assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait >= 1), "{answer:?}");
            }
            // 412: the change before was taken, though its answer was 503; that is what If-Match is for.
            etag = (answer.status == 200).then(|| answer.header("etag").to_owned());
            let revision = answer.body["revision"].as_i64().filter(|_| changed);
            tries.push(Try { at: started, took: started.elapsed(), status: answer.status, revision });
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tries
    })
}

async fn postgres_fault(name: &str, fault: fn(&PrivateService)) {
    let postgres = tokio::task::block_in_place(PrivateService::postgres);
    let database = Database::fresh(&postgres.url()).await;
    let house = House::with(&["--database-url", &database.url]).await;
    let families = [house.family().await, house.family().await, house.family().await];
    let (mut phone, welcome) = rough::welcomed(house.url(), &families[0].phone.token).await;
    let (mut ear, _) = rough::welcomed(house.url(), &families[0].guardian.access).await;
    let stop = CancellationToken::new();
    let changing: Vec<_> = families.iter().map(|family| keeps_changing(house.url(), family, stop.clone())).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let broke = Instant::now();
    tokio::task::block_in_place(|| fault(&postgres));
    let back = Instant::now();
    // A report sent right now is taken or asked for again, never lost silently.
    tokio::time::sleep(BACK + Duration::from_millis(500)).await;
    stop.cancel();
    let (mut hurt, mut slowest, mut recovered) = (0, vec![], vec![]);
    for (family, changing) in families.iter().zip(changing) {
        let tries = changing.await.expect("it never gives up");
        let odd: Vec<u16> = tries.iter().map(|one| one.status).filter(|s| ![200, 412, 503].contains(s)).collect();
        assert!(odd.is_empty(), "{name}: {odd:?}");
        hurt += tries
            .iter()
            .filter(|one| one.at + one.took > broke && (one.status == 503 || one.took > Duration::from_secs(1)))
            .count();
        slowest.extend(tries.iter().map(|one| one.took));
        let first =
            tries.iter().find(|one| one.revision.is_some() && one.at + one.took > back).expect("a change after it");
        recovered.push((first.at + first.took).saturating_duration_since(back));
        let acked: Vec<i64> = tries.iter().filter_map(|one| one.revision).collect();
        kept(&database, family, &acked).await;
    }
    println!(
        "{name}: {hurt} requests felt it; back after {}; requests took {}",
        told(&mut recovered),
        told(&mut slowest)
    );
    assert!(hurt > 0, "the fault was not felt");
    assert!(recovered.iter().all(|took| *took <= BACK), "{recovered:?}");
    // The sockets are the ones of before, and they are not behind.
    phone.says(json!({"t": "heartbeat", "n": 9})).await;
    let desired = loop {
        let frame = phone.hears().await;
        if frame["t"] == "heartbeat" {
            break frame["desired"].clone();
        }
        assert!(["policy", "notice"].contains(&frame["t"].as_str().expect("a kind")), "{frame}");
    };
    assert_eq!(desired["epoch"], welcome["desired"]["epoch"], "the same database, the same epoch");
    ear.says(json!({"t": "heartbeat", "n": 9})).await;
    ear.hears_of("heartbeat").await;
    drop(house);
    drop(database);
}

/// Every revision that was acknowledged is in the history, which has no hole.
async fn kept(database: &Database, family: &Family, acked: &[i64]) {
    let client = connect(&database.url).await;
    let sql = "select revision from policy_revisions where teen_id = $1::text::uuid order by revision";
    let rows = client.query(sql, &[&family.teen.id.to_string()]).await.expect("rows");
    let stored: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert!(acked.len() > 5, "only {} changes", acked.len());
    assert!(acked.iter().all(|revision| stored.contains(revision)), "lost: {acked:?} of {stored:?}");
    let contiguous = stored.windows(2).all(|pair| pair[1] == pair[0] + 1);
    assert!(contiguous, "a hole in {stored:?}");
}

/// Postgres is restarted in the middle of changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgres_loses_nothing_and_ends_no_socket() {
    postgres_fault("restarted", |postgres| drop(postgres.run("restart"))).await;
}

/// Postgres crashes and comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_postgres_loses_nothing_and_ends_no_socket() {
    let crash = |postgres: &PrivateService| {
        postgres.run("kill");
        postgres.run("start");
    };
    postgres_fault("killed", crash).await;
}

/// Postgres stands still for three seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_postgres_loses_nothing_and_ends_no_socket() {
    let freeze = |postgres: &PrivateService| {
        postgres.run("freeze");
        std::thread::sleep(Duration::from_secs(3));
        postgres.run("thaw");
    };
    postgres_fault("frozen", freeze).await;
}

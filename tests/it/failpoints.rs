//! Promise 1, step by step: the program dies at every place that a change and the report about it come by.

use std::{os::unix::process::ExitStatusExt, time::Duration};

use family_pairing::{
    client::socket::{Heard, Socket},
    domain::{report::Standing, version::Version},
    failpoint,
    sync::frame::{AppliedFrame, ClientFrame, Held, Resume, ServerFrame},
};
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::{
    house::{
        House,
        people::Family,
        raw,
        wire::{PATIENCE, device_notice, held, listens},
    },
    knob::told,
};

/// Enough to keep two cores busy.
const AT_ONCE: usize = 4;
/// `abort` ends the program as `kill -9` does, nothing put in order first, and says by this that it was the failpoint.
const ABORTED: i32 = 6;

/// What a phone knew when its server died.
struct Phone {
    holds: Option<Held>,
    acked: Option<Version>,
}

/// Takes every policy and reports it until the line breaks.
async fn goes_on(mut socket: Socket, mut phone: Phone) -> Phone {
    while let Heard::Frame(frame) = socket.recv().await {
        match *frame {
            ServerFrame::Policy(policy) => {
                let (version, sha256) = (policy.version(), policy.sha256.clone());
                assert!(phone.holds.as_ref().is_none_or(|held| held.version <= version), "never backwards");
                phone.holds = Some(Held { version, sha256: sha256.clone() });
                let applied_at = "2026-11-22T12:00:00Z".parse().expect("a time");
                let said = AppliedFrame { id: Some("a".to_owned()), version, sha256, applied_at, issues: vec![] };
                // A line that breaks here is what this is about.
                let _ = socket.send(&ClientFrame::Applied(said)).await;
            }
            ServerFrame::Ack { .. } => phone.acked = phone.holds.as_ref().map(|held| held.version),
            _ => {}
        }
    }
    phone
}

/// Rows that belong together: the teen's revisions, and what the audit says of them.
async fn written(house: &House, family: &Family) -> [i64; 2] {
    let teen = family.teen.id.to_string();
    let revisions = "select count(*) from policy_revisions where teen_id = $1::text::uuid";
    let audit = "select count(*) from audit where teen_id = $1::text::uuid and action like 'policy.%'";
    [house.database.count(revisions, &[&teen]).await, house.database.count(audit, &[&teen]).await]
}

/// One death and what is left of it; how long until everything is as it should be.
async fn dies_at(house: &House, place: &'static str) -> Duration {
    let family = house.family().await;
    // The first policy, the report about it and its hint come by as well; the change's are the second.
    let first = place.starts_with("change.");
    let at = format!("{place}={}return", if first { "" } else { "1*off->" });
    let mut server = house.process_that_dies(&at, &["--workers", "1"]).await;
    let mut ear = listens(&family.guardian, house.url()).await;
    let (wire, policy) = family.phone.settles_at(&server.url).await;
    device_notice(&mut ear, family.teen.id, |notice| notice.state == Standing::Enforced).await;
    let before = written(house, &family).await;
    let phone = Phone { acked: Some(policy.version()), holds: Some(held(&policy)) };
    let phone = tokio::spawn(goes_on(wire.socket, phone));

    let until = house.world().now() + SignedDuration::from_mins(60);
    let body = json!({"control": "time.daily_minutes", "value": 120, "until": until}).to_string();
    let path = format!("/v1/guardian/teens/{}/grants", family.teen.id);
    let tap = async |url: &str| {
        let headers = [("idempotency-key", place), ("content-type", "application/json")];
        raw::tries("POST", &format!("{url}{path}"), Some(&family.guardian.access), &headers, Some(body.clone())).await
    };
    let answer = tap(&server.url).await;
    let end = timeout(PATIENCE, server.child.wait()).await;
    let end = end.unwrap_or_else(|_| panic!("{place} was never passed")).expect("its end");
    assert_eq!(end.signal(), Some(ABORTED), "{place}: {end}");
    let phone = timeout(PATIENCE, phone).await.expect("the line breaks").expect("no step back");

    let died = Instant::now();
    let wanted = Version { revision: policy.version().revision + 1, ..policy.version() };
    let there = written(house, &family).await;
    let came = there[0] - before[0];
    assert_eq!(there[1] - before[1], came, "{place}: a revision and its audit are written together");
    assert!(came == 0 || came == 1, "{place}: {came} revisions of one change");
    assert!(came == 1 || answer.is_err(), "{place}: an acknowledged change was lost");
    let reported = "select count(*) from device_reports where device_id = $1::text::uuid and applied_revision >= $2";
    let acked = phone.acked.expect("the first at least").revision;
    let kept = house.database.count(reported, &[&family.phone.id.to_string(), &acked]).await;
    assert!(kept == 1, "{place}: an acknowledged report was lost");

    // Who does not know how it went taps again, on whichever node there is.
    let again = tap(house.url()).await.expect("an answer");
    assert_eq!(
        (again.status, again.body["revision"].as_i64()),
        (201, Some(wanted.revision)),
        "{place}: {}",
        again.text
    );
    assert_eq!(written(house, &family).await[0], before[0] + 1, "{place}: done once");
    let before_it = phone.holds.clone();
    let mut wire = family.phone.connects_to(house.url(), phone.holds).await;
    assert_eq!(wire.welcome.desired, Some(wanted), "{place}");
    if wire.welcome.resume == Some(Resume::Snapshot) {
        let policy = wire.policy().await;
        assert!(
            before_it.is_none_or(|held| held.version < wanted || held.sha256 == policy.sha256),
            "{place}: other bytes"
        );
        wire.applies(&policy, vec![]).await;
    }
    let mut ear = listens(&family.guardian, house.url()).await;
    device_notice(&mut ear, family.teen.id, |notice| notice.desired == wanted && notice.state == Standing::Enforced)
        .await;
    died.elapsed()
}

/// Wherever the program dies between a guardian's tap and the ack of the device's report: what was acknowledged is there, a change
/// is there whole or not at all, the same tap again does it once, and the device comes to hold it.
#[tokio::test(flavor = "multi_thread")]
async fn a_death_at_every_step_loses_nothing_acknowledged() {
    let house = House::with(&["--workers", "1"]).await;
    let deaths = stream::iter(failpoint::ALL).map(|place| dies_at(&house, place)).buffer_unordered(AT_ONCE);
    let mut recovered: Vec<Duration> = deaths.collect().await;
    println!("{} deaths at as many places; recovery: {}", recovered.len(), told(&mut recovered));
    assert_eq!(recovered.len(), failpoint::ALL.len());
}

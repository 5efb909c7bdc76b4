//! Promise 3: "enforced" is the device's word. What a device says, what it cannot make anybody believe, and what is kept.

use family_pairing::domain::{report::Issue, version::Version};
use jiff::Timestamp;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value as Json, json};
use tokio::io::AsyncWriteExt;
use tokio_postgres::Client;

use crate::{
    house::{House, people::Family, wire::PATIENCE},
    knob::Knob,
    rough::{self, Rough},
};

/// What a policy frame names.
#[derive(Clone, Debug, PartialEq)]
struct Named {
    epoch: i64,
    revision: i64,
    sha256: String,
}

impl Named {
    fn of(policy: &Json) -> Self {
        Self {
            epoch: policy["epoch"].as_i64().expect("an epoch"),
            revision: policy["revision"].as_i64().expect("a revision"),
            sha256: policy["sha256"].as_str().expect("a hash").to_owned(),
        }
    }

    fn applied(&self, id: &str) -> Json {
        json!({"t": "applied", "id": id, "epoch": self.epoch, "revision": self.revision, "sha256": self.sha256,
            "applied_at": "2026-11-22T12:00:00Z", "issues": []})
    }
}

/// A phone that has taken its first policy in, not yet applied, and the knob that makes the next ones.
async fn phone(house: &House, family: &Family) -> (Rough, Named, Knob) {
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let first = Named::of(&phone.hears_of("policy").await);
    (phone, first, Knob::of(family).await)
}

/// The reported columns, as they are in the table.
async fn kept(sql: &Client, family: &Family) -> (Option<(i64, i64)>, Option<String>) {
    let columns =
        "select applied_epoch, applied_revision, applied_sha256 from device_reports where device_id = $1::text::uuid";
    let row = sql.query_one(columns, &[&family.phone.id.to_string()]).await.expect("a row");
    (row.get::<_, Option<i64>>(0).zip(row.get(1)), row.get(2))
}

async fn state(family: &Family) -> String {
    family.guardian.devices(family.teen.id).await[0]["state"].as_str().expect("a state").to_owned()
}

/// The answer to a report: `ack`, or the error's code.
async fn answer(phone: &mut Rough, frame: Json) -> String {
    phone.says(frame).await;
    loop {
        let frame = phone.hears().await;
        match frame["t"].as_str() {
            Some("ack") => return "ack".to_owned(),
            Some("error") => return frame["code"].as_str().expect("a code").to_owned(),
            _ => {}
        }
    }
}

/// A report about what was never made, or with another hash, is refused by name, kept nowhere and never called enforced.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_report_is_refused_and_never_believed() {
    let house = House::new().await;
    let sql = house.database.client().await;
    let family = house.family().await;
    let (mut phone, first, mut knob) = phone(&house, &family).await;
    let old = first.clone();
    assert_eq!(answer(&mut phone, first.applied("a")).await, "ack");
    knob.turn(44).await;
    let now = Named::of(&phone.hears_of("policy").await);
    let changed = |change: fn(&mut Named)| {
        let mut named = now.clone();
        change(&mut named);
        named
    };
    let cases = [
        ("a later revision", changed(|n| n.revision += 1), "never_issued"),
        ("a much later one", changed(|n| n.revision = i64::MAX), "never_issued"),
        ("revision zero", changed(|n| n.revision = 0), "never_issued"),
        ("a negative one", changed(|n| n.revision = -3), "never_issued"),
        ("a later epoch", changed(|n| n.epoch += 1), "never_issued"),
        ("an epoch before the first", changed(|n| n.epoch = 0), "never_issued"),
        ("the hash of nothing", changed(|n| n.sha256 = "0".repeat(64)), "hash_mismatch"),
        ("the hash in capitals", changed(|n| n.sha256 = n.sha256.to_uppercase()), "invalid"),
        ("half a hash", changed(|n| n.sha256.truncate(32)), "invalid"),
        ("not a hash", changed(|n| n.sha256 = "\0".repeat(64)), "invalid"),
        ("the first with the hash of the newest", changed(|n| n.revision -= 1), "hash_mismatch"),
        ("the newest with the hash of the first", Named { sha256: old.sha256.clone(), ..now.clone() }, "hash_mismatch"),
    ];
    let before = kept(&sql, &family).await;
    for (case, forged, fault) in &cases {
        assert_eq!(answer(&mut phone, forged.applied("f")).await, *fault, "{case}");
        assert_eq!(kept(&sql, &family).await, before, "{case}");
        assert_eq!(state(&family).await, "sending", "{case}");
    }
    let rejected = json!({"t": "rejected", "epoch": now.epoch, "revision": now.revision + 1, "code": "storage"});
    assert_eq!(answer(&mut phone, rejected).await, "never_issued");
    // The truth still gets through.
    assert_eq!(answer(&mut phone, now.applied("t")).await, "ack");
    assert_eq!(state(&family).await, "enforced");
}

/// A report is one device's word about itself: the other device of the same teen stays where it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_counts_for_the_device_that_sent_it() {
    let house = House::new().await;
    let family = house.family().await;
    let tablet = family.teen.registers("Mia's tablet").await;
    let other = house.family().await;
    let (mut phone, first, _) = phone(&house, &family).await;
    // What one device learned cannot be used by a device of another family.
    let (mut stranger, _) = rough::welcomed(house.url(), &other.phone.token).await;
    stranger.hears_of("policy").await;
    assert_eq!(answer(&mut stranger, first.applied("x")).await, "hash_mismatch");
    let mut foreign = first.applied("y");
    foreign["teen_id"] = json!(family.teen.id);
    foreign["device_id"] = json!(family.phone.id);
    assert_eq!(answer(&mut stranger, foreign).await, "hash_mismatch");
    assert_eq!(answer(&mut phone, first.applied("a")).await, "ack");
    let devices = family.guardian.devices(family.teen.id).await;
    let by_id = |id| devices.iter().find(|device| device["device_id"] == json!(id)).expect("listed")["state"].clone();
    assert_eq!((by_id(family.phone.id), by_id(tablet.id)), (json!("enforced"), json!("sending")));
    assert_eq!(state(&other).await, "sending");
}

/// Duplicates, late and reordered reports are answered and change nothing; the columns only grow.
#[tokio::test(flavor = "multi_thread")]
async fn late_and_repeated_reports_never_move_anything_back() {
    let house = House::new().await;
    let sql = house.database.client().await;
    let family = house.family().await;
    let (mut phone, first, mut knob) = phone(&house, &family).await;
    assert_eq!(answer(&mut phone, first.applied("1")).await, "ack");
    let mut known = vec![first];
    for minutes in [31, 32, 33] {
        knob.turn(minutes).await;
        known.push(Named::of(&phone.hears_of("policy").await));
        assert_eq!(answer(&mut phone, known.last().expect("one").applied("n")).await, "ack");
    }
    let newest = known.last().expect("one").clone();
    let now = kept(&sql, &family).await;
    assert_eq!(now, (Some((newest.epoch, newest.revision)), Some(newest.sha256.clone())));
    for late in known.iter().rev().chain(&known) {
        assert_eq!(answer(&mut phone, late.applied("late")).await, "ack");
        assert_eq!(kept(&sql, &family).await, now, "after a report about {late:?}");
        assert_eq!(state(&family).await, "enforced");
    }
    // A new change is wanted now: nothing but the device's word about it makes it enforced.
    knob.turn(34).await;
    for late in &known {
        assert_eq!(answer(&mut phone, late.applied("late")).await, "ack");
        assert_eq!(state(&family).await, "sending");
    }
}

/// Each word of the device becomes one word for the guardian, in the answer and in the notice.
#[tokio::test(flavor = "multi_thread")]
async fn each_word_of_the_device_is_shown_as_it_is() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, first, _) = phone(&house, &family).await;
    let (mut ear, _) = rough::welcomed(house.url(), &family.guardian.access).await;
    let rejected =
        |code: &str| json!({"t": "rejected", "epoch": first.epoch, "revision": first.revision, "code": code});
    let mut partly = first.applied("p");
    partly["issues"] =
        json!([{"control": "dm.from", "code": "permission_missing"}, {"control": "x.y", "code": "from_the_future"}]);
    let words = [
        (rejected("not_now"), "delivered"),
        (rejected("bad_signature"), "refused"),
        (rejected("from_the_future"), "refused"),
        (partly, "partly_enforced"),
        (first.applied("e"), "enforced"),
    ];
    assert_eq!(state(&family).await, "sending");
    let mut last = String::new();
    for (frame, word) in words {
        assert_eq!(answer(&mut phone, frame).await, "ack");
        assert_eq!(state(&family).await, word);
        while last != word {
            last = ear.hears_of("notice").await["state"].as_str().unwrap_or_default().to_owned();
        }
    }
}

/// A report with something that the database cannot hold is that device's fault alone: it is refused, and the reports that
/// travel with it are kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_report_spoils_no_other() {
    let house = House::new().await;
    let (bad, good) = (house.family().await, house.family().await);
    let (mut phone, first, _) = phone(&house, &bad).await;
    let (mut other, _) = rough::welcomed(house.url(), &good.phone.token).await;
    let theirs = Named::of(&other.hears_of("policy").await);
    for n in 0..20 {
        let mut poison = first.applied("p");
        poison["issues"] = json!([{"control": "dm\u{0}from", "code": "unsupported"}]);
        phone.says(poison).await;
        other.says(theirs.applied(&n.to_string())).await;
        assert_eq!(phone.hears_of("error").await["code"], "invalid");
        assert_eq!(other.hears().await, json!({"t": "ack", "ref": n.to_string()}));
    }
    assert_eq!((state(&bad).await, state(&good).await), ("sending".to_owned(), "enforced".to_owned()));
}

/// Bounds of a report: so many issues, so long an id.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_has_bounds() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, first, _) = phone(&house, &family).await;
    let with = |field: &str, value: Json| {
        let mut frame = first.applied("b");
        frame[field] = value;
        frame
    };
    let issue =
        |control: String| Issue { control: control.into(), code: family_pairing::domain::report::IssueCode::Other };
    let many = |n: usize| json!((0..n).map(|n| issue(format!("c.{n}"))).collect::<Vec<_>>());
    let cases = [
        (with("issues", many(64)), "ack"),
        (with("issues", many(65)), "invalid"),
        (with("issues", json!([issue("c".repeat(65))])), "invalid"),
        (with("id", json!("i".repeat(64))), "ack"),
        (with("id", json!("i".repeat(65))), "invalid"),
        (with("id", Json::Null), "ack"),
        (with("applied_at", json!("yesterday")), "unreadable"),
        (with("revision", json!(1.5)), "unreadable"),
        (with("revision", json!(9_223_372_036_854_775_808_u64)), "unreadable"),
    ];
    for (frame, expected) in cases {
        assert_eq!(answer(&mut phone, frame.clone()).await, expected, "{frame}");
    }
}

/// A device that vanishes in the middle of a report leaves half a report nowhere: either all of it counts or none.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_in_the_middle_of_a_report_leaves_nothing_half() {
    let house = House::new().await;
    let sql = house.database.client().await;
    let family = house.family().await;
    let (gone, first, _) = phone(&house, &family).await;
    drop(gone);
    let report = first.applied("r").to_string();
    let whole = rough::text_frame(&report);
    let hello = rough::text_frame(r#"{"t":"hello","protocol":1}"#);
    let mut resets = 0;
    for cut in (0..=whole.len()).step_by(whole.len() / 12) {
        let mut line = rough::bare(house.url(), &family.phone.token).await;
        line.set_zero_linger().expect("an option");
        line.write_all(&hello).await.expect("sent");
        line.write_all(&whole[..cut]).await.expect("sent");
        // With no linger, dropping sends a reset, not a goodbye.
        drop(line);
        resets += 1;
        let (at, sha256) = kept(&sql, &family).await;
        assert!(at.is_none() || (at, sha256) == (Some((first.epoch, first.revision)), Some(first.sha256.clone())));
    }
    assert!(resets >= 12, "only {resets} resets were tried");
    // The device comes back and is heard as ever.
    let (mut phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    assert_eq!(answer(&mut phone, first.applied("again")).await, "ack");
    assert_eq!(state(&family).await, "enforced");
    let waiting =
        "select count(*) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'";
    assert_eq!(house.database.count(waiting, &[]).await, 0);
}

/// What one step of a random history does.
#[derive(Clone, Debug)]
enum Step {
    Change,
    Applied { back: usize, forged: bool },
    Ahead,
    Rejected { back: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Change),
        5 => (0usize..4, proptest::bool::weighted(0.25)).prop_map(|(back, forged)| Step::Applied { back, forged }),
        1 => Just(Step::Ahead),
        1 => (0usize..3).prop_map(|back| Step::Rejected { back }),
    ]
}

/// Random histories against a model of one sentence: enforced exactly when the newest applied report that counts names the
/// wanted version with its hash and no later word refuses it; columns never go back.
#[tokio::test(flavor = "multi_thread")]
async fn enforced_only_if_that_version_was_reported_with_that_hash() {
    let house = House::new().await;
    let sql = house.database.client().await;
    let mut runner =
        TestRunner::new(Config { rng_algorithm: prop::test_runner::RngAlgorithm::ChaCha, ..Config::default() });
    let histories = proptest::collection::vec(step(), 12..24);
    let some: Vec<_> = (0..6).map(|_| histories.new_tree(&mut runner).expect("a history").current()).collect();
    // Side by side: a device that owes a word gets its next policy only after a second.
    futures_util::future::join_all(some.iter().map(|history| run_history(&house, &sql, history))).await;
    println!("{} steps in {} histories", some.iter().map(Vec::len).sum::<usize>(), some.len());
}

async fn run_history(house: &House, sql: &Client, history: &[Step]) {
    let family = house.family().await;
    let (mut phone, first, mut knob) = phone(house, &family).await;
    let mut issued = vec![first];
    let mut applied: Option<Named> = None;
    // What was refused last, and which came later: that, or the word that it is applied.
    let (mut refused, mut no_is_later) = (0, false);
    let mut minutes = 100;
    for (n, step) in history.iter().enumerate() {
        let about = |back: usize| issued[issued.len().saturating_sub(1 + back)].clone();
        let newest = about(0);
        match step {
            Step::Change => {
                minutes += 1;
                knob.turn(minutes).await;
                let policy = tokio::time::timeout(PATIENCE, phone.hears_of("policy")).await.expect("in time");
                issued.push(Named::of(&policy));
            }
            Step::Applied { back, forged } => {
                let mut named = about(*back);
                if *forged {
                    named.sha256 = named.sha256.chars().rev().collect();
                }
                let expected = if *forged { "hash_mismatch" } else { "ack" };
                assert_eq!(answer(&mut phone, named.applied("h")).await, expected, "step {n} of {history:?}");
                let newer = applied.as_ref().is_none_or(|known| known.revision <= named.revision);
                if !forged && newer {
                    (applied, no_is_later) = (Some(named), false);
                }
            }
            Step::Ahead => {
                let ahead = Named { revision: newest.revision + 1, ..newest };
                assert_eq!(answer(&mut phone, ahead.applied("h")).await, "never_issued");
            }
            Step::Rejected { back } => {
                let Named { epoch, revision, .. } = about(*back);
                let frame = json!({"t": "rejected", "epoch": epoch, "revision": revision, "code": "storage"});
                assert_eq!(answer(&mut phone, frame).await, "ack");
                if revision >= refused {
                    (refused, no_is_later) = (revision, true);
                }
            }
        }
        let (at, sha256) = kept(sql, &family).await;
        let model = applied.clone().map(|named| ((named.epoch, named.revision), named.sha256));
        assert_eq!(at.zip(sha256), model, "step {n} of {history:?}");
        let wanted = issued.last().expect("one");
        let enforced = applied.as_ref() == Some(wanted) && !(no_is_later && refused == wanted.revision);
        assert_eq!(state(&family).await == "enforced", enforced, "step {n} of {history:?}");
    }
}

/// The guardian is told when a device confirmed, by the server's clock, and silence stays silence.
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_shown_as_silence() {
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, first, mut knob) = phone(&house, &family).await;
    assert_eq!(answer(&mut phone, first.applied("a")).await, "ack");
    let before = family.guardian.devices(family.teen.id).await.remove(0);
    let confirmed: Timestamp = before["confirmed_at"].as_str().expect("a time").parse().expect("a time");
    assert!(house.world().now().duration_since(confirmed).as_secs() < 10, "by our clock, not the device's");
    knob.turn(12).await;
    phone.hears_of("policy").await;
    let after = family.guardian.devices(family.teen.id).await.remove(0);
    assert_eq!((&after["state"], &after["took_ms"]), (&json!("sending"), &Json::Null));
    assert_eq!(after["confirmed_at"], before["confirmed_at"]);
    let said = Version { epoch: first.epoch, revision: first.revision };
    assert_eq!((after["epoch"].as_i64(), after["revision"].as_i64()), (Some(said.epoch), Some(said.revision)));
}

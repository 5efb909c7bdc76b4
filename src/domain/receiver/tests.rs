use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::snapshot::SnapshotKey;

fn teen(n: u128) -> TeenId {
    TeenId::from_uuid(Uuid::from_u128(n))
}

fn signed(seed: u8, teen: TeenId, version: Version, minutes: u32) -> SignedSnapshot {
    let Version { epoch, revision } = version;
    let payload = serde_json::json!({
        "teen_id": teen, "epoch": epoch, "revision": revision, "issued_at": Timestamp::UNIX_EPOCH,
        "home_zone": "Europe/Berlin", "day_start_minute": 0, "timeline": [], "warnings": [5],
        "controls": {"time.daily_minutes": {"value": minutes, "source": "guardian"}, "feed": {"value": true}},
        "staleness": {"warn_hours": 24, "safe_hours": 72}, "later": "ignored",
    });
    SnapshotKey::from_seed(&[seed; 32]).sign(version, payload.to_string().as_bytes())
}

fn keys(seed: u8) -> KeyRing {
    KeyRing::new(&[SnapshotKey::from_seed(&[seed; 32]).public(Timestamp::UNIX_EPOCH)])
}

fn receiver() -> Receiver {
    Receiver::new(teen(1), keys(1), BTreeMap::new(), None)
}

fn version(epoch: i64, revision: i64) -> Version {
    Version { epoch, revision }
}

/// A driver as it should be: persists what verifies, then says so.
fn drive(receiver: &mut Receiver, snapshot: &SignedSnapshot) -> bool {
    let verdict = receiver.receive(snapshot);
    if let Verdict::Apply(payload) = &verdict {
        receiver.applied(version(payload.epoch, payload.revision), snapshot.sha256.clone());
    }
    matches!(verdict, Verdict::Apply(_))
}

#[test]
fn one_version_has_one_content() {
    let mut receiver = receiver();
    let first = signed(1, teen(1), version(1, 4), 60);
    assert!(drive(&mut receiver, &first));
    assert!(matches!(receiver.receive(&first), Verdict::AlreadyHeld));
    let other = signed(1, teen(1), version(1, 4), 45);
    assert!(matches!(receiver.receive(&other), Verdict::Refuse(RejectCode::NotNewer)));
    assert_eq!(receiver.contradictions(), 1);
    let older = signed(1, teen(1), version(1, 3), 60);
    assert!(matches!(receiver.receive(&older), Verdict::NotNewer));
}

#[test]
fn unknown_keys_are_fetched_once_per_snapshot() {
    let mut receiver = receiver();
    let rotated = signed(2, teen(1), version(1, 1), 60);
    assert!(matches!(receiver.receive(&rotated), Verdict::UnknownKey));
    receiver.trust(keys(1));
    assert!(matches!(receiver.receive(&rotated), Verdict::Refuse(RejectCode::BadSignature)));
    assert!(matches!(receiver.receive(&rotated), Verdict::UnknownKey));
    receiver.trust(keys(2));
    assert!(drive(&mut receiver, &rotated));
}

#[test]
fn what_the_app_lacks_is_named() {
    let able = BTreeMap::from([("feed", 1)]);
    let able: BTreeMap<ControlId, u32> = serde_json::from_value(serde_json::to_value(able).unwrap()).unwrap();
    let mut receiver = Receiver::new(teen(1), keys(1), able.clone(), None);
    assert_eq!(receiver.capabilities(), &able, "the hello says what the app can");
    let Verdict::Apply(payload) = receiver.receive(&signed(1, teen(1), version(1, 1), 60)) else { panic!("sound") };
    let issues = receiver.issues(&entries(&payload).unwrap());
    assert_eq!(
        serde_json::to_value(issues).unwrap(),
        serde_json::json!([{"control": "time.daily_minutes", "code": "unsupported"}])
    );
}

#[test]
fn a_change_is_reported_at_once_and_a_flurry_by_its_newest() {
    let mut receiver = receiver();
    assert_eq!(receiver.report_wait_ms(0), None);
    receiver.applied(version(1, 1), "a".into());
    assert_eq!(receiver.report_due(10).unwrap().version.revision, 1);
    for revision in 2..9 {
        receiver.applied(version(1, revision), "b".into());
        assert_eq!(receiver.report_due(500), None);
    }
    assert_eq!(receiver.report_wait_ms(500), Some(510));
    assert_eq!(receiver.report_due(1010).unwrap().version.revision, 8);
    assert_eq!(receiver.report_due(9000), None);
}

#[test]
fn an_unconfirmed_report_is_owed_again() {
    let mut receiver = receiver();
    receiver.applied(version(1, 1), "a".into());
    assert!(receiver.report_due(0).is_some());
    receiver.disconnected();
    assert!(receiver.report_due(2000).is_some());
    receiver.confirmed(version(1, 1));
    receiver.disconnected();
    assert!(receiver.report_due(4000).is_none());
}

#[derive(Clone, Debug)]
struct Arrival {
    version: Version,
    minutes: u32,
    foreign: bool,
    forged: Forgery,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Forgery {
    None,
    OtherKey,
    Payload,
    Frame,
    Hash,
}

fn arrivals() -> impl Strategy<Value = Arrival> {
    let forged = prop_oneof![
        4 => Just(Forgery::None),
        1 => Just(Forgery::OtherKey),
        1 => Just(Forgery::Payload),
        1 => Just(Forgery::Frame),
        1 => Just(Forgery::Hash),
    ];
    (1i64..3, 0i64..6, 0u32..2, prop::bool::weighted(0.2), forged).prop_map(
        |(epoch, revision, minutes, foreign, forged)| Arrival {
            version: version(epoch, revision),
            minutes,
            foreign,
            forged,
        },
    )
}

fn on_the_wire(arrival: &Arrival) -> SignedSnapshot {
    let whose = teen(if arrival.foreign { 2 } else { 1 });
    let seed = if arrival.forged == Forgery::OtherKey { 2 } else { 1 };
    let mut snapshot = signed(seed, whose, arrival.version, arrival.minutes);
    match arrival.forged {
        Forgery::None => {}
        // Passes the look-up of the key, so only the signature can give it away.
        Forgery::OtherKey => snapshot.key_id = signed(1, whose, arrival.version, 0).key_id,
        Forgery::Payload => snapshot.payload = signed(1, whose, arrival.version, 999).payload,
        Forgery::Frame => snapshot.revision += 1,
        Forgery::Hash => snapshot.sha256 = "00".repeat(32),
    }
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Promise 2: whatever comes, in whatever order, the held version only grows and only sound policies are applied.
    #[test]
    fn never_backwards_and_never_unverified(history in prop::collection::vec(arrivals(), 1..24)) {
        let mut receiver = receiver();
        for arrival in history {
            let before = receiver.held().map(|held| held.version);
            let applied = drive(&mut receiver, &on_the_wire(&arrival));
            let after = receiver.held().map(|held| held.version);
            prop_assert!(after >= before);
            let sound = arrival.forged == Forgery::None && !arrival.foreign;
            prop_assert_eq!(applied, sound && Some(arrival.version) > before);
            prop_assert_eq!(applied, after != before);
        }
    }

    /// At most one report a second, and the last one is of what is held.
    #[test]
    fn reports_are_paced(steps in prop::collection::vec((0u64..700, any::<bool>()), 1..60)) {
        let mut receiver = receiver();
        let (mut now, mut revision, mut last) = (0, 0, None::<u64>);
        for (pause, change) in steps {
            now += pause;
            if change {
                revision += 1;
                receiver.applied(version(1, revision), format!("{revision}"));
            }
            if let Some(report) = receiver.report_due(now) {
                prop_assert_eq!(report.version.revision, revision);
                prop_assert!(last.is_none_or(|last| now - last >= REPORT_EVERY_MS));
                last = Some(now);
            }
        }
        let owed = receiver.report_wait_ms(now);
        prop_assert!(owed.is_none_or(|wait| wait <= REPORT_EVERY_MS));
    }
}

/// Edge case 36: the server says that it has another content of this version. What is held counts until the next one, which is taken.
#[test]
fn what_the_server_disowns_is_replaced_by_the_next_policy() {
    let mut receiver = receiver();
    assert!(drive(&mut receiver, &signed(1, teen(1), version(1, 4), 60)));
    receiver.disowned();
    assert_eq!(receiver.held().map(|held| held.version), Some(version(1, 4)));
    assert!(!drive(&mut receiver, &signed(2, teen(1), version(1, 4), 45)), "still only what verifies");
    assert!(drive(&mut receiver, &signed(1, teen(1), version(1, 4), 45)));
    assert!(!drive(&mut receiver, &signed(1, teen(1), version(1, 3), 45)), "and then only forward again");
}

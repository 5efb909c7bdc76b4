//! Promise 6, families are walls: every operation of the document, asked by everybody who must not get in.

mod callers;

use std::collections::BTreeSet;

use family_pairing::domain::platform::Scope;
use futures_util::{StreamExt, stream};
use serde_json::{Value as Json, json};

use self::callers::{Caller, Role, Shows, Town, guardian_appeals, teen_appeals};
use crate::{
    edges::assert_problem,
    house::{
        House,
        people::settings,
        raw::{self, Raw},
    },
    openapi::{Operation, operations},
};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Anyone,
    AnySession,
    Guardian,
    GuardianOfTeen,
    Teen,
    TeenSession,
    Device,
    GuardianOrDevice,
    /// A platform key, with this scope if one is needed.
    Platform(Option<Scope>),
}

/// Every operation of the document has one row here. A new one does not pass until somebody has decided who may call it.
const TABLE: &[(&str, Who)] = &[
    ("sign_up", Who::Anyone),
    ("sign_in", Who::Anyone),
    ("renew", Who::Anyone),
    ("read_keys", Who::Anyone),
    ("read_controls", Who::Anyone),
    ("read_presets", Who::Anyone),
    ("read_conformance", Who::Anyone),
    ("healthz", Who::Anyone),
    ("readyz", Who::Anyone),
    ("read_metrics", Who::Anyone),
    ("read_account", Who::AnySession),
    ("change_account", Who::AnySession),
    ("change_password", Who::AnySession),
    ("sync_ticket", Who::GuardianOrDevice),
    ("open_sync", Who::GuardianOrDevice),
    ("teen_register_device", Who::TeenSession),
    ("teen_devices", Who::Teen),
    ("teen_offer_pairing", Who::Teen),
    ("teen_cancel_offer", Who::Teen),
    ("teen_pairings", Who::Teen),
    ("teen_use_invitation", Who::Teen),
    ("teen_confirm_pairing", Who::Teen),
    ("teen_refuse_pairing", Who::Teen),
    ("teen_supervision", Who::Teen),
    ("teen_settings", Who::Teen),
    ("teen_change_settings", Who::Teen),
    ("teen_policy_explained", Who::Teen),
    ("teen_simulate", Who::Teen),
    ("teen_grants", Who::Teen),
    ("teen_time_grants", Who::Teen),
    ("teen_give_grant_back", Who::Teen),
    ("teen_history", Who::Teen),
    ("teen_reply", Who::Teen),
    ("teen_age", Who::Teen),
    ("teen_transitions", Who::Teen),
    ("teen_appeal_age", Who::Teen),
    ("teen_age_appeals", Who::Teen),
    ("teen_withdraw_age_appeal", Who::Teen),
    ("teen_usage", Who::Device),
    ("teen_own_usage", Who::Teen),
    ("teen_policy", Who::Teen),
    ("platform_assure", Who::Platform(Some(Scope::Assure))),
    ("platform_age_signal", Who::Platform(Some(Scope::Age))),
    ("guardian_claim_pairing", Who::Guardian),
    ("guardian_invite", Who::Guardian),
    ("guardian_cancel_invitation", Who::Guardian),
    ("guardian_pairings", Who::Guardian),
    ("guardian_teens", Who::Guardian),
    ("guardian_teen", Who::GuardianOfTeen),
    ("guardian_change_teen", Who::GuardianOfTeen),
    ("guardian_settings", Who::GuardianOfTeen),
    ("guardian_change_settings", Who::GuardianOfTeen),
    ("guardian_policy", Who::GuardianOfTeen),
    ("guardian_simulate", Who::GuardianOfTeen),
    ("guardian_presets", Who::GuardianOfTeen),
    ("guardian_grant", Who::GuardianOfTeen),
    ("guardian_hold", Who::GuardianOfTeen),
    ("guardian_grants", Who::GuardianOfTeen),
    ("guardian_revoke_grant", Who::GuardianOfTeen),
    ("teen_ask", Who::Teen),
    ("teen_requests", Who::Teen),
    ("teen_silences", Who::Teen),
    ("teen_codes", Who::Teen),
    ("teen_codes_typed", Who::Device),
    ("guardian_make_code", Who::GuardianOfTeen),
    ("guardian_codes", Who::GuardianOfTeen),
    ("guardian_silences", Who::GuardianOfTeen),
    ("guardian_requests", Who::GuardianOfTeen),
    ("guardian_answer", Who::GuardianOfTeen),
    ("teen_cancel_request", Who::Teen),
    ("guardian_give_time", Who::GuardianOfTeen),
    ("guardian_time_grants", Who::GuardianOfTeen),
    ("guardian_take_time_back", Who::GuardianOfTeen),
    ("guardian_pause", Who::GuardianOfTeen),
    ("guardian_resume", Who::GuardianOfTeen),
    ("guardian_devices", Who::GuardianOfTeen),
    ("guardian_usage", Who::GuardianOfTeen),
    ("guardian_history", Who::GuardianOfTeen),
    ("guardian_undo", Who::GuardianOfTeen),
    ("guardian_age", Who::GuardianOfTeen),
    ("guardian_transitions", Who::GuardianOfTeen),
    ("guardian_attest_age", Who::GuardianOfTeen),
    ("guardian_appeal_age", Who::GuardianOfTeen),
    ("guardian_age_appeals", Who::GuardianOfTeen),
    ("guardian_withdraw_age_appeal", Who::GuardianOfTeen),
    ("platform_key", Who::Platform(None)),
    ("platform_decisions", Who::Platform(Some(Scope::Decide))),
    // These end something, so those who may call them do so last.
    ("teen_unlink", Who::Teen),
    ("guardian_unlink", Who::GuardianOfTeen),
    ("teen_revoke_device", Who::TeenSession),
    ("sign_out", Who::AnySession),
];

/// The refusal that a caller must get; nothing where they may call.
fn refusal(who: Who, op: &Operation, caller: &Caller) -> Option<(u16, &'static str)> {
    let (sessions, devices, role) = match who {
        Who::Anyone => return None,
        Who::AnySession => (true, false, None),
        Who::Guardian | Who::GuardianOfTeen => (true, false, Some(Role::Guardian)),
        Who::Teen => (true, true, Some(Role::Teen)),
        Who::TeenSession => (true, false, Some(Role::Teen)),
        Who::Device => (false, true, None),
        Who::GuardianOrDevice => (true, true, Some(Role::Guardian)),
        Who::Platform(_) => (false, false, None),
    };
    let (keys, needed) = match who {
        Who::Platform(scope) => (true, scope),
        _ => (false, None),
    };
    // A revision is a number of one's own history.
    let names_something = op.path.contains('{') && op.id != "teen_reply" || op.id == "teen_unlink";
    match caller.shows {
        Shows::NoKey => Some((401, "not_signed_in")),
        Shows::Session(_) if !sessions => Some((403, "wrong_role")),
        Shows::Device if !devices => Some((403, "wrong_role")),
        Shows::Platform(_) if !keys => Some((403, "wrong_role")),
        _ if !caller.alive => Some((401, "not_signed_in")),
        Shows::Session(shown) if role.is_some_and(|role| role != shown) => Some((403, "wrong_role")),
        Shows::Platform(scopes) => needed.filter(|scope| !scopes.contains(scope)).map(|_| (403, "scope_missing")),
        _ if names_something && !caller.kin => Some((404, "not_found")),
        _ => None,
    }
}

/// Asks as a caller, with a body that would do and ids of the family.
async fn ask(house: &House, town: &Town, op: &Operation, caller: &Caller) -> Raw {
    let url = format!("{}{}", house.url(), town.path(&op.path));
    let mut headers = vec![("if-match", "\"1.1\"")];
    if op.id == "open_sync" {
        headers.extend([
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", "family-pairing.v1"),
        ]);
    }
    let body = match op.id.as_str() {
        "teen_unlink" => Some(json!({"pairing_id": town.family.pairing})),
        "change_password" => {
            Some(json!({"current_password": "not-the-right-one", "new_password": "nine-quiet-rivers-of-tin"}))
        }
        "platform_assure" => Some(json!({"teen_id": town.family.teen.id, "guardian_id": town.family.guardian.id,
            "verified": true, "method": "payment"})),
        "platform_age_signal" => Some(json!({"teen_id": town.family.teen.id,
            "signal": {"channel": "google", "answer": {"ageLower": 13, "ageUpper": 15, "ageRangeSource": "TIER_B"}}})),
        "renew" => Some(json!({"refresh_token": town.other.guardian.refresh})),
        _ => op.request_example(),
    };
    raw::send(&op.method, &url, caller.token.as_deref(), &headers, body).await
}

fn row(op: &Operation) -> Who {
    TABLE.iter().find(|(id, _)| *id == op.id).unwrap_or_else(|| panic!("{} has no row in the table", op.id)).1
}

/// An operation without a row, or a row without an operation, is a decision that nobody made.
#[test]
fn every_operation_has_a_row_that_says_who_may_call_it() {
    let known: BTreeSet<String> = operations().into_iter().map(|op| op.id).collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(known, rows);
    assert_eq!(rows.len(), TABLE.len(), "no operation twice");
}

/// Promise 6: whoever must not get in gets exactly the refusal that tells them nothing, at every door.
#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_caller_is_refused_at_every_operation() {
    let house = House::new().await;
    let town = Town::of(&house).await;
    let operations = operations();
    let doors = operations.iter().flat_map(|op| town.callers.iter().map(move |caller| (op, caller)));
    let wrong = doors.filter_map(|(op, caller)| Some((op, caller, refusal(row(op), op, caller)?)));
    let (house, town) = (&house, &town);
    let faults = stream::iter(wrong)
        .map(async |(op, caller, expected)| {
            let answer = ask(house, town, op, caller).await;
            fault(&answer, expected, town, caller).map(|fault| format!("{} as {}: {fault}", op.id, caller.name))
        })
        .buffer_unordered(8)
        .filter_map(async |fault| fault)
        .collect::<Vec<String>>()
        .await;
    assert!(faults.is_empty(), "{} doors are open:\n{}", faults.len(), faults.join("\n"));
}

/// What is wrong with a refusal.
fn fault(answer: &Raw, expected: (u16, &str), town: &Town, caller: &Caller) -> Option<String> {
    if (answer.status, answer.code()) != expected {
        return Some(format!("{expected:?} expected, not {} {}", answer.status, answer.text));
    }
    assert_problem(answer);
    let family = &town.family;
    let secrets =
        [family.teen.id.to_string(), family.pairing.to_string(), town.offer.clone(), town.tablet.id.to_string()];
    let echoed = secrets.iter().chain(&caller.token).find(|secret| answer.text.contains(secret.as_str()));
    echoed.map(|_| format!("echoes what was sent: {}", answer.text))
}

/// The other side of the same table: those who belong get in everywhere, so that the refusals above mean something.
#[tokio::test(flavor = "multi_thread")]
async fn every_right_caller_gets_in() {
    let house = House::new().await;
    let town = Town::of(&house).await;
    let operations = operations();
    let find = |id: &str| operations.iter().find(|op| op.id == id).expect("an operation");
    // Opening a socket takes more than a request; every socket test does it.
    for (id, who) in TABLE.iter().filter(|(id, _)| *id != "open_sync") {
        let name = match who {
            Who::Anyone => "nobody",
            Who::AnySession | Who::TeenSession => "teen",
            Who::Guardian | Who::GuardianOfTeen => "guardian",
            Who::Device | Who::Teen | Who::GuardianOrDevice => "device",
            Who::Platform(_) => "platform key",
        };
        let caller = town.callers.iter().find(|caller| caller.name == name).expect(name);
        // By the time that the guardian unlinks, the teen has; by then nobody is a guardian any more.
        let expected = if *id == "guardian_unlink" { "not_found" } else { "" };
        let answer = ask(&house, &town, find(id), caller).await;
        let refused = matches!(answer.code(), "not_signed_in" | "wrong_role" | "scope_missing" | "not_found");
        assert_eq!(refused, expected == "not_found", "{id} as {name}: {} {}", answer.status, answer.text);
        assert!(answer.status < 500, "{id}: {}", answer.text);
    }
}

/// Ids of another family in a path or a body are not there, for those who would be right with their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_id_is_not_there_in_a_path_or_a_body() {
    let house = House::new().await;
    let town = Town::of(&house).await;
    let (mine, theirs) = (&town.family, &town.other);
    // A revision that only the other family has.
    for minutes in 1..4 {
        theirs.guardian.sets(theirs.teen.id, json!({"time.daily_minutes": minutes})).await;
    }
    let asked: Json = theirs.teen.shows_code().await;
    let their_offer = asked["offer_id"].as_str().expect("an id");
    let (appeal, objection) = (teen_appeals(theirs).await, guardian_appeals(theirs).await);
    let (them, pairing, device) = (theirs.teen.id, theirs.pairing, theirs.phone.id);
    let (guardian, teen, phone) = (&mine.guardian.access, &mine.teen.access, &mine.phone.token);
    let their_pairing = json!({"pairing_id": pairing});
    let none = json!({});
    let cases: &[(&str, String, &String, Option<&Json>)] = &[
        ("GET", settings(them), guardian, None),
        ("POST", format!("/v1/guardian/teens/{them}/unlink-requests"), guardian, Some(&none)),
        ("POST", format!("/v1/guardian/teens/{}/history/5/undo", mine.teen.id), guardian, Some(&none)),
        ("POST", format!("/v1/guardian/teens/{them}/history/2/undo"), guardian, Some(&none)),
        // A guardian's own id, a device's or a pairing's is no teen's.
        ("GET", settings(mine.guardian.id), guardian, None),
        ("GET", format!("/v1/guardian/teens/{}", mine.pairing), guardian, None),
        ("GET", format!("/v1/guardian/teens/{}/policy", mine.phone.id), guardian, None),
        ("DELETE", format!("/v1/guardian/teens/{}/age-appeals/{objection}", mine.teen.id), guardian, None),
        ("DELETE", format!("/v1/guardian/teens/{them}/age-appeals/{objection}"), guardian, None),
        ("DELETE", format!("/v1/teen/age-appeals/{appeal}"), phone, None),
        ("DELETE", format!("/v1/teen/devices/{device}"), teen, None),
        ("DELETE", format!("/v1/teen/pairing-offers/{their_offer}"), teen, None),
        ("DELETE", format!("/v1/teen/pairing-offers/{their_offer}"), phone, None),
        ("POST", format!("/v1/teen/pairings/{pairing}/confirmation"), phone, Some(&none)),
        ("POST", format!("/v1/teen/pairings/{pairing}/refusal"), teen, Some(&none)),
        ("POST", "/v1/teen/unlink-requests".to_owned(), teen, Some(&their_pairing)),
        ("POST", "/v1/teen/unlink-requests".to_owned(), phone, Some(&their_pairing)),
    ];
    for (method, path, token, body) in cases {
        let url = format!("{}{path}", house.url());
        let answer = raw::send(method, &url, Some(token), &[("if-match", "\"1.4\"")], body.cloned()).await;
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{method} {path}: {}", answer.text);
        assert_problem(&answer);
    }
    let still: Json = theirs.guardian.api.get("/v1/guardian/teens").await.expect("teens").body;
    assert_eq!(still["items"][0]["teen_id"], json!(them), "nothing happened to the other family");
    assert_eq!(theirs.guardian.devices(them).await.len(), 1);
}

/// What does not exist and what belongs to others cannot be told apart, not even by the bytes of the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_teen_and_no_teen_look_the_same() {
    let house = House::new().await;
    let town = Town::of(&house).await;
    let token = Some(town.family.guardian.access.as_str());
    let mut seen = BTreeSet::new();
    for id in [town.other.teen.id.to_string(), uuid::Uuid::now_v7().to_string(), "1".to_owned(), "%00".to_owned()] {
        let mut answer = raw::send("GET", &format!("{}/v1/guardian/teens/{id}", house.url()), token, &[], None).await;
        answer.body["request_id"] = Json::Null;
        seen.insert((answer.status, answer.body.to_string()));
    }
    assert_eq!(seen.len(), 1, "{seen:#?}");
}

/// Promise 7: when a pairing ends, the guardian's view and powers are gone at once, everywhere, even with a kept version.
#[tokio::test(flavor = "multi_thread")]
async fn an_ended_pairing_takes_everything_at_once() {
    let house = House::new().await;
    let town = Town::of(&house).await;
    let guardian = town.callers.iter().find(|caller| caller.name == "guardian").expect("a guardian");
    let _: Json = town.family.phone.api.post("/v1/teen/unlink-requests", &json!({})).await.expect("an end");
    for op in operations().iter().filter(|op| row(op) == Who::GuardianOfTeen) {
        let answer = ask(&house, &town, op, guardian).await;
        assert_eq!((answer.status, answer.code()), (404, "not_found"), "{}: {}", op.id, answer.text);
    }
    let teens: Json = town.family.guardian.api.get("/v1/guardian/teens").await.expect("teens").body;
    assert_eq!(teens["items"], json!([]));
    let still: Json = town.family.phone.api.get("/v1/teen/settings").await.expect("the phone stays signed in").body;
    assert!(still["revision"].as_i64() > Some(1), "with the limits of its age as the next revision");
}

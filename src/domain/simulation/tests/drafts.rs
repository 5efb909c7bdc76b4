//! Drafts: what saving them would do, or the refusal that it would get.

use serde_json::json;

use super::*;
use crate::domain::policy::{PatchError, grant, patch_guardian, patch_teen};

fn draft(json: serde_json::Value) -> Draft {
    let settings: BTreeMap<ControlId, Option<Given>> = serde_json::from_value(json).unwrap();
    Draft { settings, ..Draft::default() }
}

const GUARDIAN: Drafter = Drafter::Guardian(AccountId::from_uuid(Uuid::from_u128(1)));
const TEEN: Drafter = Drafter::Teen(AccountId::from_uuid(Uuid::from_u128(9)));

fn any_draft() -> impl Strategy<Value = Draft> {
    let wish = any_control().prop_flat_map(|control| (Just(control.id.clone()), option::of(any_value(&control.kind))));
    vec(wish, 0..4).prop_map(|wishes| Draft {
        settings: wishes.into_iter().map(|(id, value)| (id, value.as_ref().map(Given::from))).collect(),
        ..Draft::default()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A draft is taken exactly when saving it is, and then is what would be stored.
    #[test]
    fn a_draft_is_what_saving_it_would_make(teen in any_teen(), draft in any_draft()) {
        let situation = teen.facts.at(&REGISTRY, &teen.book, &teen.layers, teen.now);
        for by in [GUARDIAN, TEEN] {
            let saved = match by {
                Drafter::Guardian(who) => patch_guardian(&situation, who, &draft.settings, None),
                Drafter::Teen(who) => patch_teen(&situation, who, &draft.settings, None),
            };
            match (teen.present().drafted(&draft, by), saved) {
                (Ok(drafted), Ok(saved)) => {
                    let kept = at_age(&REGISTRY, &saved, situation.band(), situation.band(), teen.now);
                    let policy = effective(&situation.with(&kept));
                    prop_assert_eq!(drafted.changes(), diff(&REGISTRY, &teen.policy, &policy));
                    let now = moment(&drafted, teen.now, None);
                    for (id, held) in policy.iter() {
                        prop_assert_eq!(&now.controls[id].held, held);
                    }
                }
                (Err(refusal), Err(why)) => prop_assert_eq!(refusal, Refusal { place: Place::Settings, why }),
                (drafted, saved) => prop_assert!(false, "{:?} and {:?}", drafted.is_ok(), saved),
            }
        }
    }
}

#[test]
fn a_draft_changes_what_is_ahead_and_nothing_that_is_stored() {
    let teen = Teen::born(date(2012, 5, 3), "2026-11-22T12:00:00Z");
    let drafted = teen.present().drafted(&draft(json!({"time.daily_minutes": 45})), GUARDIAN).unwrap();
    let week = timeline(&drafted, span("2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z"), None);
    let held = &week.controls["time.daily_minutes"].spans[0].held;
    assert_eq!((held.by, held.since), (Some(person(1)), Some(teen.now)));
    assert_eq!(serde_json::to_value(drafted.changes()).unwrap()[0]["direction"], "tighter");
    assert_eq!(teen.present().changes(), vec![]);
}

#[test]
fn grants_and_holds_of_a_draft_come_one_after_the_other() {
    let teen = Teen::born(date(2012, 5, 3), "2026-11-22T12:00:00Z").with(set("time.daily_minutes", json!(30)));
    let hour = |from: i64, to: i64| (teen.now + minutes(60 * from), teen.now + minutes(60 * to));
    let lent = |json, (from, until)| timed("time.daily_minutes", json, from, until);
    let draft = Draft {
        grants: vec![lent(json!(90), hour(0, 4))],
        holds: vec![lent(json!(60), hour(1, 2))],
        ..Draft::default()
    };
    let drafted = teen.present().drafted(&draft, GUARDIAN).unwrap();
    let evening = timeline(&drafted, Span { from: teen.now, to: teen.now + minutes(300) }, None);
    let values = evening.controls["time.daily_minutes"].spans.iter();
    let values: Vec<_> = values.map(|entry| serde_json::to_value(&entry.held.value).unwrap()).collect();
    assert_eq!(values, [json!(90), json!(60), json!(90), json!(30)]);
    // What the second would get after the first was saved, and which one it is.
    let twice = Draft { grants: vec![draft.grants[0].clone(), draft.grants[0].clone()], ..Draft::default() };
    let why = PatchError::AddsNothing { control: "time.daily_minutes".into(), grants: vec![] };
    assert_eq!(
        teen.present().drafted(&twice, GUARDIAN).unwrap_err(),
        Refusal { place: Place::Grant(1), why: why.clone() }
    );
    let once = grant(&teen.present().situation(), draft.grants[0].clone()).unwrap();
    let again = teen.clone().with(once);
    assert_eq!(grant(&again.present().situation(), draft.grants[0].clone()), Err(why));
    let useless = Draft { holds: vec![lent(json!(40), hour(0, 1))], ..Draft::default() };
    assert!(matches!(teen.present().drafted(&useless, GUARDIAN), Err(Refusal { place: Place::Hold(0), .. })));
}

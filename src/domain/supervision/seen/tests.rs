//! What guardians see does not depend on what the teen's entries are.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::{
    controls::Registry,
    ids::Id,
    law::RuleBook,
    policy::{Facts, Setting, Timed},
};
use jiff::{civil::date, tz::TimeZone};

const LIST: &str = "blocked.subjects";

fn who(number: u128) -> AccountId {
    Id::from_uuid(Uuid::from_u128(number))
}

fn entries(names: &[u8]) -> Value {
    Value::Words(names.iter().map(|name| format!("id-{name}")).collect())
}

fn setting(by: AccountId, value: Value) -> Setting {
    Setting { value, by, since: Timestamp::UNIX_EPOCH, reason: Some("why".to_owned()) }
}

fn facts() -> Facts {
    Facts::declared(date(1956, 1, 1), "DE", Timestamp::UNIX_EPOCH, TimeZone::UTC)
}

/// Layers in which the teen, a guardian and a hold each have entries.
fn layers_of(teen: &[u8], guardian: &[u8], hold: &[u8], grant: Option<&[u8]>) -> Layers {
    let list = ControlId::from(LIST);
    let timed = |value: &[u8]| Timed {
        id: Uuid::nil(),
        control: list.clone(),
        value: entries(value),
        by: who(1),
        from: Timestamp::UNIX_EPOCH,
        until: Timestamp::MAX,
        reason: None,
    };
    Layers {
        guardians: [(who(1), [(list.clone(), setting(who(1), entries(guardian)))].into())].into(),
        teen: [(list.clone(), setting(who(2), entries(teen)))].into(),
        holds: vec![timed(hold)],
        grants: grant.map(timed).into_iter().collect(),
        ..Layers::default()
    }
}

fn held(registry: &Registry, layers: &Layers) -> Policy {
    effective(&facts().at(registry, &RuleBook::default(), layers, Timestamp::UNIX_EPOCH))
}

/// All that guardians see of a revision and of what holds after it.
fn eyes(registry: &Registry, before: &Layers, after: &Layers) -> (BTreeMap<ControlId, usize>, Policy, Vec<Change>) {
    let (held_before, held_after) = (held(registry, before), held(registry, after));
    let changed = crate::domain::policy::diff(registry, &held_before, &held_after);
    let seen = layers(registry, after);
    let book = RuleBook::default();
    let facts = facts();
    let situation = facts.at(registry, &book, &seen, Timestamp::UNIX_EPOCH);
    let (before, after) = ((before, &held_before), (after, &held_after));
    let changes = changes(registry, Timestamp::UNIX_EPOCH, before, after, &changed);
    (hidden(registry, after.0), policy(&situation, held_after.clone()), changes)
}

fn some() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::btree_set(0_u8..6, 0..4).prop_map(|set| set.into_iter().collect())
}

proptest! {
    #[test]
    fn other_entries_look_the_same(
        teen in some(), guardian in some(), hold in some(), grant in proptest::option::of(some()), guardian_after in some(),
    ) {
        let registry = Registry::load().unwrap();
        let others: Vec<u8> = teen.iter().map(|name| name + 100).collect();
        let of = |teen: &[u8]| {
            let before = layers_of(teen, &guardian, &hold, grant.as_deref());
            eyes(&registry, &before, &layers_of(teen, &guardian_after, &hold, grant.as_deref()))
        };
        prop_assert_eq!(of(&teen), of(&others));
    }

    /// What is computed without the teen's entries, and what is left of what holds, are the same list.
    #[test]
    fn both_ways_to_look_agree(teen in some(), guardian in some(), hold in some(), grant in proptest::option::of(some())) {
        let registry = Registry::load().unwrap();
        let all = layers_of(&teen, &guardian, &hold, grant.as_deref());
        let control = registry.get(LIST).unwrap();
        let left = visible(control, Timestamp::UNIX_EPOCH, &all, &held(&registry, &all).get(LIST).unwrap().value);
        let blind = held(&registry, &layers(&registry, &all));
        prop_assert_eq!(&left, &blind.get(LIST).unwrap().value);
    }
}

#[test]
fn entries_of_the_teen_are_told_as_a_number() {
    let registry = Registry::load().unwrap();
    let (before, after) = (layers_of(&[], &[1], &[], None), layers_of(&[2, 3], &[1], &[], None));
    let (counts, policy, changes) = eyes(&registry, &before, &after);
    assert_eq!(counts, [(ControlId::from(LIST), 2)].into());
    assert_eq!(policy.get(LIST).unwrap().value, entries(&[1]));
    let change = serde_json::to_value(&changes).unwrap();
    assert_eq!(
        change,
        json!([{"control": LIST, "from": ["id-1"], "to": ["id-1"], "direction": "tighter", "hidden": {"from": 0, "to": 2},
            "effective": "now"}])
    );
}

#[test]
fn a_reason_stays_with_the_list_alone() {
    let registry = Registry::load().unwrap();
    let (layers, book, facts) = (Layers::default(), RuleBook::default(), facts());
    let situation = facts.at(&registry, &book, &layers, Timestamp::UNIX_EPOCH);
    let wishes: Wishes = serde_json::from_value::<BTreeMap<ControlId, Option<Given>>>(
        json!({LIST: ["bully"], "lists.liked": "no_one", "lists.following": "no_one"}),
    )
    .unwrap();
    let after = tighten(&situation, who(2), &wishes, Some("he frightens me".to_owned())).unwrap();
    let reasons: BTreeMap<&str, bool> =
        after.teen.iter().map(|(id, own)| (id.as_str(), own.reason.is_some())).collect();
    assert_eq!(reasons, [(LIST, true), ("lists.following", false), ("lists.liked", false)].into());
    let hides =
        |wishes: &Wishes| Seen { changes: vec![], hides_reason: false }.of_teens_wish(&registry, wishes).hides_reason;
    assert!(hides(&wishes) && !hides(&wishes.into_iter().filter(|(id, _)| id.as_str() != LIST).collect()));
}

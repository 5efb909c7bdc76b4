//! The rules about who decides, for any settings, and the same by example.

mod examples;
mod lists;
mod rules;
mod stacks;

use std::sync::LazyLock;

use proptest::{collection::btree_map, option, prelude::*, sample::select};
use uuid::Uuid;

use super::*;
use crate::domain::{
    snapshot::carried,
    value::{Direction, Given, tests::any_value},
};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::load().unwrap());

/// One control of every kind, with and without floors.
const SAMPLE: [&str; 7] = [
    "account.private",
    "blocked.subjects",
    "content.blocked_words",
    "dm.from",
    "live.host",
    "quiet.notifications",
    "time.daily_minutes",
];

static NO_LAW: RuleBook = RuleBook { laws: vec![], rules: vec![] };

/// An age in the band, an ordinary day, and no law.
fn situation(band: AgeBand, layers: &Layers) -> Situation<'_> {
    let age = match band {
        AgeBand::Under13 => 12,
        AgeBand::From13To15 => 14,
        AgeBand::From16To17 => 16,
        AgeBand::Adult => 18,
    };
    let (ages, day) = (Ages { from: age, to: age }, jiff::civil::date(2026, 11, 22));
    let (registry, book) = (&*REGISTRY, &NO_LAW);
    Situation { registry, book, region: "DE", ages, joined: day, today: day, now: second(10), layers }
}

fn policy_in(band: AgeBand, layers: &Layers) -> Policy {
    effective(&situation(band, layers))
}

type Patch = BTreeMap<ControlId, Option<Given>>;

fn person(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

fn second(number: i64) -> Timestamp {
    Timestamp::from_second(number).unwrap()
}

fn any_band() -> impl Strategy<Value = AgeBand> {
    select(AgeBand::ALL.to_vec())
}

/// Settings of one person, in or out of bounds, as old rows may be after a birthday or a new law.
fn any_layer(by: AccountId) -> impl Strategy<Value = BTreeMap<ControlId, Setting>> {
    let settings = SAMPLE.map(|id| {
        let value = any_value(&REGISTRY.get(id).unwrap().kind);
        option::of((value, 0_i64..5)).prop_map(move |set| {
            let (value, at) = set?;
            Some((ControlId::from(id), Setting { value, by, since: second(at), reason: None }))
        })
    });
    settings.to_vec().prop_map(|set| set.into_iter().flatten().collect())
}

fn any_layers() -> impl Strategy<Value = Layers> {
    let guardians = btree_map(1_u128..4, any::<()>(), 0..3).prop_flat_map(|who| {
        who.into_keys().map(|n| any_layer(person(n)).prop_map(move |layer| (person(n), layer))).collect::<Vec<_>>()
    });
    (guardians, any_layer(person(9))).prop_map(|(guardians, teen)| Layers {
        guardians: guardians.into_iter().filter(|(_, layer)| !layer.is_empty()).collect(),
        teen,
        ..Layers::default()
    })
}

/// What one guardian may send: values within the floor of the band, and some taken back.
fn any_patch(band: AgeBand) -> impl Strategy<Value = Patch> {
    let asked = SAMPLE.map(|id| {
        let control = REGISTRY.get(id).unwrap();
        option::of(option::of(any_value(&control.kind))).prop_map(move |asked| {
            let within = |value| Given::from(&control.clamped(band, &value));
            asked.map(|value| (ControlId::from(id), value.map(within)))
        })
    });
    asked.to_vec().prop_map(|asked| asked.into_iter().flatten().collect())
}

fn values(policy: &Policy) -> Vec<(&ControlId, &Value)> {
    policy.iter().map(|(id, effective)| (id, &effective.value)).collect()
}

/// Whether every control in one policy is at least as strict as in another.
fn nowhere_looser(policy: &Policy, than: &Policy) -> bool {
    !diff(&REGISTRY, than, policy).iter().any(|change| matches!(change.direction, Direction::Looser | Direction::Mixed))
}

proptest! {
    #[test]
    fn nothing_is_ever_below_the_floor(band in any_band(), layers in any_layers()) {
        let policy = policy_in(band, &layers);
        prop_assert_eq!(policy.iter().len(), REGISTRY.iter().len());
        for control in REGISTRY.iter() {
            let held = policy.get(&control.id).unwrap();
            let bound = control.floor_for(band);
            prop_assert!(bound.is_none_or(|floor| control.kind.at_least_as_strict(&held.value, floor)));
        }
    }

    /// Promise 9: a teen only ever adds, but for the choices that are theirs at their age while no guardian has made one.
    #[test]
    fn the_teen_can_only_add_or_choose_what_is_theirs(band in any_band(), layers in any_layers()) {
        let without = Layers { teen: BTreeMap::new(), ..layers.clone() };
        for change in diff(&REGISTRY, &policy_in(band, &without), &policy_in(band, &layers)) {
            let control = REGISTRY.get(&change.control).unwrap();
            let set = layers.guardians.values().any(|own| own.contains_key(&control.id));
            prop_assert!(change.direction == Direction::Tighter || control.is_teens_own(band) && !set, "{:?}", change);
        }
    }

    /// A wish is taken exactly when it changes what holds; what is taken is what holds, within the bounds.
    #[test]
    fn a_wish_is_taken_exactly_when_it_changes_what_holds(band in any_band(), layers in any_layers(), own in any_layer(person(9))) {
        let before = Layers { teen: BTreeMap::new(), ..layers };
        let held = policy_in(band, &before);
        for (id, wish) in &own {
            let patch = Patch::from([(id.clone(), Some(Given::from(&wish.value)))]);
            let after = patch_teen(&situation(band, &before), person(9), &patch, None);
            let wanted = Layers { teen: BTreeMap::from([(id.clone(), wish.clone())]), ..before.clone() };
            let would = policy_in(band, &wanted);
            match after {
                Ok(_) if REGISTRY.get(id).unwrap().privacy => {}
                Ok(_) => prop_assert_ne!(&held.get(id).unwrap().value, &would.get(id).unwrap().value),
                Err(PatchError::AddsNothing { .. }) => prop_assert_eq!(&held.get(id).unwrap().value, &would.get(id).unwrap().value),
                Err(other) => prop_assert!(matches!(other, PatchError::BelowFloor { .. }), "{:?}", other),
            }
        }
    }

    #[test]
    fn a_guardian_replaces_the_default_within_the_floor(band in any_band(), own in any_layer(person(1))) {
        let layers = Layers { guardians: BTreeMap::from([(person(1), own.clone())]), ..Layers::default() };
        let policy = policy_in(band, &layers);
        for control in REGISTRY.iter() {
            let wanted = own.get(&control.id).map_or(control.default_for(band), |setting| &setting.value);
            prop_assert_eq!(&policy.get(&control.id).unwrap().value, &control.clamped(band, wanted));
        }
    }

    #[test]
    fn another_guardian_never_loosens_what_one_has_set(band in any_band(), one in any_layer(person(1)), two in any_layer(person(2))) {
        let alone = Layers { guardians: BTreeMap::from([(person(1), one.clone())]), ..Layers::default() };
        let mut both = alone.clone();
        both.guardians.insert(person(2), two);
        let (alone, both) = (policy_in(band, &alone), policy_in(band, &both));
        for id in one.keys() {
            let kind = &REGISTRY.get(id).unwrap().kind;
            prop_assert!(kind.at_least_as_strict(&both.get(id).unwrap().value, &alone.get(id).unwrap().value));
        }
    }

    #[test]
    fn a_birthday_without_settings_never_tightens(layers in any_layer(person(9))) {
        let layers = Layers { teen: layers, ..Layers::default() };
        for pair in AgeBand::ALL.windows(2) {
            prop_assert!(nowhere_looser(&policy_in(pair[0], &layers), &policy_in(pair[1], &layers)));
        }
    }

    #[test]
    fn the_named_layer_is_the_one_that_decided(band in any_band(), layers in any_layers()) {
        for (id, held) in policy_in(band, &layers).iter() {
            let control = REGISTRY.get(id).unwrap();
            let of_guardians = layers.guardians.values().any(|own| own.contains_key(id));
            match held.source {
                Layer::Default => prop_assert!(!of_guardians && held.value == *control.default_for(band)),
                Layer::Guardian => prop_assert!(of_guardians && held.since.is_some()),
                Layer::Teen => prop_assert_eq!((held.by, held.since), (Some(person(9)), Some(layers.teen[id].since))),
                Layer::Platform => prop_assert!(control.floor_for(band).is_some() && held.since.is_none()),
                other => prop_assert!(false, "no law, grant, hold or birthday made this: {:?}", other),
            }
        }
    }

    #[test]
    fn no_change_from_a_policy_to_itself(band in any_band(), layers in any_layers()) {
        let policy = policy_in(band, &layers);
        prop_assert_eq!(diff(&REGISTRY, &policy, &policy), vec![]);
        prop_assert_eq!(direction_of(&[]), Direction::Same);
    }

    #[test]
    fn there_is_the_reverse_of_back(band in any_band(), a in any_layers(), b in any_layers()) {
        let (a, b) = (policy_in(band, &a), policy_in(band, &b));
        let (there, back) = (diff(&REGISTRY, &a, &b), diff(&REGISTRY, &b, &a));
        let reversed = |direction| match direction {
            Direction::Tighter => Direction::Looser,
            Direction::Looser => Direction::Tighter,
            other => other,
        };
        prop_assert_eq!(direction_of(&there), reversed(direction_of(&back)));
        prop_assert_eq!(there.is_empty(), values(&a) == values(&b));
        for (there, back) in there.iter().zip(&back) {
            prop_assert_eq!((&there.control, &there.from, &there.to), (&back.control, &back.to, &back.from));
            prop_assert_eq!(there.direction, reversed(back.direction));
        }
    }

    /// What held, and what birthdays had kept.
    #[test]
    fn undo_gives_back_what_held(
        (band, before, patch, first) in any_band().prop_flat_map(|band| (Just(band), any_layers(), any_patch(band), any_patch(band)))
    ) {
        let before = at_age(&REGISTRY, &before, AgeBand::Under13, band, second(5));

        let change = |layers: &Layers, patch: &Patch, at| {
            patch_guardian(&Situation { now: second(at), ..situation(band, layers) }, person(1), patch, None).unwrap()
        };
        // What the guardian had before is theirs within the floor, or undo would rightly be refused.
        let cleared = Layers { guardians: before.guardians.into_iter().filter(|(who, _)| *who != person(1)).collect(), ..before };
        let before = change(&cleared, &first, 6);
        let after = change(&before, &patch, 7);
        let undo = undo_of(&before, &after, person(1));
        let stored = Undo::from_json(&REGISTRY, serde_json::to_value(&undo).unwrap()).unwrap();
        prop_assert_eq!(&stored, &undo);
        let undone = undo.apply(&Situation { now: second(8), ..situation(band, &after) }, None).unwrap();
        prop_assert_eq!(&undone.kept, &before.kept);
        let (held_again, held_before) = (policy_in(band, &undone), policy_in(band, &before));
        prop_assert_eq!(values(&held_again), values(&held_before));
        prop_assert!(undo_of(&before, &undone, person(1)).settings.is_empty());
    }

    #[test]
    fn what_is_stored_reads_the_same(band in any_band(), layers in any_layers()) {
        let read = Layers::from_json(&REGISTRY, serde_json::to_value(&layers).unwrap()).unwrap();
        prop_assert_eq!(&read, &(layers.clone(), vec![]));
        let policy = policy_in(band, &layers);
        let read = Policy::from_json(&REGISTRY, &serde_json::to_string(&policy).unwrap()).unwrap();
        prop_assert_eq!(read, policy);
    }
}

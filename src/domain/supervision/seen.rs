//! Limits as a guardian's eyes see them.
//!
//! Of some lists ([`GuardianSees::Count`]) a guardian sees how many entries the teen added, never which, nor the reason that the
//! teen gave for them. Everything that a guardian reads is made from what these functions leave of it, and what they leave does
//! not depend on the entries: so nobody finds out by trying either.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{
    controls::{Control, ControlId, GuardianSees, Registry},
    ids::AccountId,
    policy::{Change, Hidden, Layers, PatchError, Policy, Situation, Timed, When, effective, patch_teen},
    value::{Direction, Given, Value},
};

/// What is wished, per control; `None` takes back what was set.
pub type Wishes = BTreeMap<ControlId, Option<Given>>;

/// What guardians see of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// What changed, for their eyes.
    pub changes: Vec<Change>,
    /// Whether the reason is not theirs to read.
    pub hides_reason: bool,
}

impl Seen {
    /// What guardians see of a teen's change that names one of these lists: not why.
    pub fn of_teens_wish(self, registry: &Registry, wishes: &Wishes) -> Self {
        Self { hides_reason: wishes.keys().any(|id| names_a_list(registry, id)), ..self }
    }
}

/// How many entries the teen added to each list of which guardians see the count. None: not named.
pub fn hidden(registry: &Registry, layers: &Layers) -> BTreeMap<ControlId, usize> {
    let counts = counted(registry).map(|control| (control.id.clone(), count(control, layers)));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// The layers without those entries: whatever is computed from them is for guardians to see.
pub fn layers(registry: &Registry, layers: &Layers) -> Layers {
    let mut seen = layers.clone();
    seen.teen.retain(|id, _| !names_a_list(registry, id));
    seen
}

/// A stored policy with the rows that guardians see of these lists. The situation has the layers that [`layers`] leaves.
pub fn policy(situation: &Situation<'_>, stored: Policy) -> Policy {
    let fresh = effective(situation);
    let rows =
        counted(situation.registry).filter_map(|control| Some((control.id.clone(), fresh.get(&control.id)?.clone())));
    stored.with(rows)
}

/// What guardians see of the changes of a revision. Layers and policy are those before and after.
pub fn changes(
    registry: &Registry,
    now: Timestamp,
    before: (&Layers, &Policy),
    after: (&Layers, &Policy),
    changes: &[Change],
) -> Vec<Change> {
    let others = changes.iter().filter(|change| !names_a_list(registry, &change.control)).cloned();
    let lists = counted(registry).filter_map(|control| change(control, now, before, after));
    let mut seen: Vec<Change> = others.chain(lists).collect();
    seen.sort_by(|a, b| a.control.cmp(&b.control));
    seen
}

/// Sets what a teen wishes. A change that touches one of these lists keeps its reason with the list alone: beside the other
/// controls guardians would read it.
pub fn tighten(
    situation: &Situation<'_>,
    teen: AccountId,
    wishes: &Wishes,
    reason: Option<String>,
) -> Result<Layers, PatchError> {
    let (lists, others): (Wishes, Wishes) =
        wishes.clone().into_iter().partition(|(id, _)| names_a_list(situation.registry, id));
    let reason_of_others = reason.clone().filter(|_| lists.is_empty());
    let first = patch_teen(situation, teen, &lists, reason)?;
    patch_teen(&situation.with(&first), teen, &others, reason_of_others)
}

fn change(control: &Control, now: Timestamp, before: (&Layers, &Policy), after: (&Layers, &Policy)) -> Option<Change> {
    let value =
        |(layers, policy): (&Layers, &Policy)| Some(visible(control, now, layers, &policy.get(&control.id)?.value));
    let (from, to) = (value(before)?, value(after)?);
    let hidden = Hidden { from: count(control, before.0), to: count(control, after.0) };
    let more = match hidden.to.cmp(&hidden.from) {
        std::cmp::Ordering::Less => Direction::Looser,
        std::cmp::Ordering::Equal => Direction::Same,
        std::cmp::Ordering::Greater => Direction::Tighter,
    };
    let direction = control.kind.direction(&from, &to).and(more);
    (direction != Direction::Same).then(|| Change {
        control: control.id.clone(),
        from,
        to,
        direction,
        hidden: (more != Direction::Same).then_some(hidden),
        effective: When::Now,
    })
}

/// What is left of a list that holds: all that is there without the teen.
fn visible(control: &Control, now: Timestamp, layers: &Layers, value: &Value) -> Value {
    let (Value::Words(held), Some(Value::Words(own))) = (value, layers.teen.get(&control.id).map(|own| &own.value))
    else {
        return value.clone();
    };
    let is_in = |entry: &String, value: &Value| matches!(value, Value::Words(set) if set.contains(entry));
    // One that has ended a moment ago still made what held before.
    let begun = |timed: &&Timed| timed.control == control.id && timed.from <= now;
    let of_guardians = |entry: &String| {
        let mut theirs = layers.guardians.values().filter_map(|own| Some(&own.get(&control.id)?.value));
        let opened = layers.grants.iter().filter(begun).any(|grant| !is_in(entry, &grant.value));
        !opened && theirs.any(|value| is_in(entry, value))
    };
    let on_hold = |entry: &String| layers.holds.iter().filter(begun).any(|hold| is_in(entry, &hold.value));
    let of_others = |entry: &String| of_guardians(entry) || on_hold(entry);
    Value::Words(held.iter().filter(|entry| !own.contains(*entry) || of_others(entry)).cloned().collect())
}

fn count(control: &Control, layers: &Layers) -> usize {
    match layers.teen.get(&control.id).map(|own| &own.value) {
        Some(Value::Words(own)) => own.len(),
        _ => 0,
    }
}

fn names_a_list(registry: &Registry, id: &ControlId) -> bool {
    registry.get(id).is_some_and(is_counted)
}

fn counted(registry: &Registry) -> impl Iterator<Item = &Control> {
    registry.iter().filter(|control| is_counted(control))
}

fn is_counted(control: &Control) -> bool {
    control.guardian_sees == GuardianSees::Count
}

#[cfg(test)]
mod tests;

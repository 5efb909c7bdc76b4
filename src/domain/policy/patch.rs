//! Changing what people have set, within what they may.

use std::collections::BTreeMap;

use jiff::Timestamp;
use thiserror::Error;

use super::{Layers, Setting, adds_to, base_of};
use crate::domain::{
    age::AgeBand,
    controls::{Control, ControlId, Registry},
    ids::AccountId,
    value::{Given, Value, ValueError},
};

/// Why a patch was refused, as a whole: nothing of it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatchError {
    /// No control of this name.
    #[error("there is no such control")]
    UnknownControl(ControlId),
    /// Not a value of this control.
    #[error("the value {why}")]
    Invalid {
        /// Which control.
        control: ControlId,
        /// What is wrong with it.
        why: ValueError,
    },
    /// Looser, at least in part, than the law and the platform permit at this age.
    #[error("the value is looser than is permitted at this age")]
    BelowFloor {
        /// Which control.
        control: ControlId,
        /// The loosest that would be accepted.
        floor: Value,
    },
    /// A teen's wish that is fulfilled without it. To loosen, a teen asks their guardian.
    #[error("the value limits nothing that is not limited already")]
    AddsNothing {
        /// Which control.
        control: ControlId,
    },
}

/// Sets values of one guardian, and takes back those asked to be `None`. The layers of others stay as they are.
///
/// A value that stays the same keeps its author's date and reason.
pub fn patch_guardian(
    registry: &Registry,
    band: AgeBand,
    layers: &Layers,
    guardian: AccountId,
    patch: &BTreeMap<ControlId, Option<Given>>,
    at: Timestamp,
    reason: Option<String>,
) -> Result<Layers, PatchError> {
    let mut after = layers.clone();
    let mut own = after.guardians.remove(&guardian).unwrap_or_default();
    for (id, given) in patch {
        let control = known(registry, id)?;
        let Some(value) = parsed(control, given.as_ref())? else {
            own.remove(id);
            continue;
        };
        if let Some(floor) = control.floor_for(band).filter(|floor| !control.kind.at_least_as_strict(&value, floor)) {
            return Err(PatchError::BelowFloor { control: id.clone(), floor: floor.clone() });
        }
        set(&mut own, id, Setting { value, by: guardian, since: at, reason: reason.clone() });
    }
    if !own.is_empty() {
        after.guardians.insert(guardian, own);
    }
    Ok(after)
}

/// Sets and takes back what a teen adds for themself. Each new value must limit something that is not limited without
/// it; what the teen had set before does not count as that.
pub fn patch_teen(
    registry: &Registry,
    band: AgeBand,
    layers: &Layers,
    teen: AccountId,
    patch: &BTreeMap<ControlId, Option<Given>>,
    at: Timestamp,
    reason: Option<String>,
) -> Result<Layers, PatchError> {
    let mut after = layers.clone();
    for (id, given) in patch {
        let control = known(registry, id)?;
        let Some(value) = parsed(control, given.as_ref())? else {
            after.teen.remove(id);
            continue;
        };
        let kept = layers.teen.get(id).is_some_and(|own| own.value == value);
        if !kept && !adds_to(control, &base_of(control, band, layers), &value) {
            return Err(PatchError::AddsNothing { control: id.clone() });
        }
        set(&mut after.teen, id, Setting { value, by: teen, since: at, reason: reason.clone() });
    }
    Ok(after)
}

/// What a guardian would have to set to have again the values of `before` that `after` changed in their own layer;
/// `None` for those that they had not set.
pub fn undo_patch(before: &Layers, after: &Layers, guardian: AccountId) -> BTreeMap<ControlId, Option<Value>> {
    let (old, new) = (before.guardians.get(&guardian), after.guardians.get(&guardian));
    let ids = old.into_iter().chain(new).flat_map(BTreeMap::keys);
    let value_in = |layer: Option<&BTreeMap<ControlId, Setting>>, id| Some(layer?.get(id)?.value.clone());
    ids.map(|id| (id, value_in(old, id), value_in(new, id)))
        .filter(|(_, old, new)| old != new)
        .map(|(id, old, _)| (id.clone(), old))
        .collect()
}

fn known<'r>(registry: &'r Registry, id: &ControlId) -> Result<&'r Control, PatchError> {
    registry.get(id).ok_or_else(|| PatchError::UnknownControl(id.clone()))
}

fn parsed(control: &Control, given: Option<&Given>) -> Result<Option<Value>, PatchError> {
    let invalid = |why| PatchError::Invalid { control: control.id.clone(), why };
    given.map(|given| control.kind.parse(given.clone()).map_err(invalid)).transpose()
}

fn set(layer: &mut BTreeMap<ControlId, Setting>, id: &ControlId, new: Setting) {
    if layer.get(id).is_none_or(|old| old.value != new.value) {
        layer.insert(id.clone(), new);
    }
}

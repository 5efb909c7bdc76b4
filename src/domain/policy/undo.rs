//! Taking a guardian's change back, as a change forward.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Kept, Layers, PatchError, Setting, Situation, patch_guardian};
use crate::domain::{
    controls::ControlId,
    ids::AccountId,
    value::{Direction, Given, Value},
};

/// What a change took from a guardian's own layer, and from what birthdays had kept: all that it takes to have it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undo {
    /// Whose layer.
    pub guardian: AccountId,
    /// The values before; `None` for those that they had not set.
    pub settings: BTreeMap<ControlId, Option<Value>>,
    /// What birthdays had kept, and the change let go.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<ControlId, Kept>,
}

/// What takes a guardian's change from `before` to `after` back.
pub fn undo_of(before: &Layers, after: &Layers, guardian: AccountId) -> Undo {
    let (old, new) = (before.guardians.get(&guardian), after.guardians.get(&guardian));
    let ids = old.into_iter().chain(new).flat_map(BTreeMap::keys);
    let value_in = |layer: Option<&BTreeMap<ControlId, Setting>>, id| Some(layer?.get(id)?.value.clone());
    let settings = ids
        .map(|id| (id, value_in(old, id), value_in(new, id)))
        .filter(|(_, old, new)| old != new)
        .map(|(id, old, _)| (id.clone(), old))
        .collect();
    let let_go = before.kept.iter().filter(|(id, _)| !after.kept.contains_key(*id));
    Undo { guardian, settings, kept: let_go.map(|(id, kept)| (id.clone(), kept.clone())).collect() }
}

impl Undo {
    /// Takes the change back, within what its guardian may set today.
    ///
    /// Of what birthdays keep, nothing goes by this and the stricter comes back: to undo loosens no start.
    pub fn apply(&self, situation: &Situation<'_>, reason: Option<String>) -> Result<Layers, PatchError> {
        let known = |(id, value): (&ControlId, &Option<Value>)| {
            situation.registry.get(id).map(|_| (id.clone(), value.as_ref().map(Given::from)))
        };
        let patch = self.settings.iter().filter_map(known).collect();
        let mut after = patch_guardian(situation, self.guardian, &patch, reason)?;
        after.kept = situation.layers.kept.clone();
        for (id, kept) in &self.kept {
            let Some(control) = situation.registry.get(id) else { continue };
            let start = after.kept.get(id).map_or(control.default_for(situation.band()), |kept| &kept.value);
            if control.kind.direction(start, &kept.value) == Direction::Tighter {
                after.kept.insert(id.clone(), kept.clone());
            }
        }
        Ok(after)
    }
}

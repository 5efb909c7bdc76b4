//! What holds for a teen, and who decided it.
//!
//! Per control: the guardians' value where one is set, else the default of the age band; then the teen's own
//! tightening; then the floor. A guardian replaces a default up or down, the teen can only add, nobody goes below the
//! floor, and a teen without a guardian has a policy too. The same inputs always give the same policy, so guardian,
//! teen, agent and device are all shown one truth.

mod change;
mod patch;
mod stored;
mod wanted;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    change::{Change, When, diff, direction_of},
    patch::{PatchError, patch_guardian, patch_teen, undo_patch},
    stored::StoredError,
    wanted::Wanted,
};
use super::{
    age::AgeBand,
    controls::{Control, ControlId, Registry},
    ids::AccountId,
    value::{Given, Value},
};

/// A value that somebody set, and the circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Setting {
    /// What it is set to.
    #[schema(value_type = Given)]
    pub value: Value,
    /// Who set it.
    #[schema(value_type = uuid::Uuid)]
    pub by: AccountId,
    /// Since when it has had this value.
    pub since: Timestamp,
    /// Why, in that person's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// All that people have set for one teen: the document that is stored with each revision.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Layers {
    /// What each guardian has set. Kept apart, so that one who leaves takes their own values along and nobody else's.
    #[schema(value_type = BTreeMap<uuid::Uuid, BTreeMap<ControlId, Setting>>)]
    pub guardians: BTreeMap<AccountId, BTreeMap<ControlId, Setting>>,
    /// What the teen has added.
    pub teen: BTreeMap<ControlId, Setting>,
}

/// Which layer decided a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The default of the age band.
    Default,
    /// A guardian, or several together.
    Guardian,
    /// The teen's own tightening.
    Teen,
    /// The floor of the age band.
    Law,
}

/// The value that holds for one control, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effective {
    /// What holds.
    #[schema(value_type = Given)]
    pub value: Value,
    /// The last layer that made it so. Where a layer only adds to another (two lists of words), it names the one that added.
    pub source: Layer,
    /// Who set it. Absent for defaults and floors, and where several guardians made it together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub by: Option<AccountId>,
    /// Since when it is set so. Absent for defaults and floors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why, in the words of whoever set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What holds for a teen, for every control of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Policy(BTreeMap<ControlId, Effective>);

impl Policy {
    /// What holds for one control.
    pub fn get(&self, id: impl AsRef<str>) -> Option<&Effective> {
        self.0.get(id.as_ref())
    }

    /// Every control with what holds, ordered by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&ControlId, &Effective)> {
        self.0.iter()
    }
}

/// What holds for a teen of this age under these settings.
pub fn effective(registry: &Registry, band: AgeBand, layers: &Layers) -> Policy {
    let decide = |control: &Control| (control.id.clone(), effective_of(control, band, layers));
    Policy(registry.iter().map(decide).collect())
}

/// What would hold without the teen's own settings, within the floor; `None` for an unknown control.
///
/// A teen's wish is judged against this, so one that the floor fulfils anyway adds nothing.
pub fn base(registry: &Registry, band: AgeBand, layers: &Layers, id: &ControlId) -> Option<Value> {
    registry.get(id).map(|control| base_of(control, band, layers))
}

/// Whether a teen's wish would limit anything that is not limited without it. Unknown controls limit nothing.
pub fn adds_strictness(registry: &Registry, band: AgeBand, layers: &Layers, id: &ControlId, wish: &Value) -> bool {
    registry.get(id).is_some_and(|control| adds_to(control, &base_of(control, band, layers), wish))
}

fn base_of(control: &Control, band: AgeBand, layers: &Layers) -> Value {
    clamped(control, band, set_or_default(control, band, layers)).value
}

fn adds_to(control: &Control, base: &Value, wish: &Value) -> bool {
    control.kind.meet(base, wish) != *base
}

fn effective_of(control: &Control, band: AgeBand, layers: &Layers) -> Effective {
    let set = set_or_default(control, band, layers);
    let tightened = tightened_by_teen(control, layers, set);
    // Grants and holds take their turn here: after what people set, and before the floor that no grant can pass.
    clamped(control, band, tightened)
}

/// The guardians' value where one is set, several of them merged; else the default.
fn set_or_default(control: &Control, band: AgeBand, layers: &Layers) -> Effective {
    let settings = layers.guardians.values().filter_map(|settings| settings.get(&control.id));
    settings
        .filter(|setting| control.kind.holds(&setting.value))
        .map(|setting| Effective::set_by(Layer::Guardian, setting))
        .reduce(|a, b| merged(control, a, b))
        .unwrap_or_else(|| Effective::fixed(Layer::Default, control.default_for(band).clone()))
}

/// Several guardians: the stricter of both values. Where one of them alone already says that, it stays theirs, and
/// where both say it, it is that of whoever said it first.
fn merged(control: &Control, a: Effective, b: Effective) -> Effective {
    let both = control.kind.meet(&a.value, &b.value);
    match (both == a.value, both == b.value) {
        (true, true) => {
            if b.since < a.since {
                b
            } else {
                a
            }
        }
        (true, false) => a,
        (false, true) => b,
        (false, false) => {
            Effective { value: both, source: Layer::Guardian, by: None, since: a.since.max(b.since), reason: None }
        }
    }
}

fn tightened_by_teen(control: &Control, layers: &Layers, set: Effective) -> Effective {
    match layers.teen.get(&control.id) {
        Some(own) if adds_to(control, &set.value, &own.value) => {
            Effective { value: control.kind.meet(&set.value, &own.value), ..Effective::set_by(Layer::Teen, own) }
        }
        _ => set,
    }
}

fn clamped(control: &Control, band: AgeBand, wanted: Effective) -> Effective {
    let value = control.clamped(band, &wanted.value);
    if value == wanted.value { wanted } else { Effective::fixed(Layer::Law, value) }
}

impl Effective {
    fn set_by(source: Layer, setting: &Setting) -> Self {
        let Setting { value, by, since, reason } = setting.clone();
        Self { value, source, by: Some(by), since: Some(since), reason }
    }

    const fn fixed(source: Layer, value: Value) -> Self {
        Self { value, source, by: None, since: None, reason: None }
    }
}

//! Settings that nobody has saved: what would be stored if they were, or the very refusal that they would get.

use std::collections::BTreeMap;

use super::Present;
use crate::domain::{
    controls::ControlId,
    ids::AccountId,
    policy::{Layers, PatchError, Situation, Timed, grant, hold, patch_guardian, patch_teen},
    value::Given,
};

/// Changes that are only thought of.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// Control → value, or `None` for "back to the default".
    pub settings: BTreeMap<ControlId, Option<Given>>,
    /// What would be loosened for a time, one after the other.
    pub grants: Vec<Timed>,
    /// What would then be tightened for a time.
    pub holds: Vec<Timed>,
}

/// Whose draft it is: who would save it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drafter {
    /// This guardian.
    Guardian(AccountId),
    /// The teen.
    Teen(AccountId),
}

/// Which part of a draft is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The settings.
    Settings,
    /// One of the grants, counted from 0.
    Grant(usize),
    /// One of the holds, counted from 0.
    Hold(usize),
}

/// Why a draft could not be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The part that was refused.
    pub place: Place,
    /// Why.
    pub why: PatchError,
}

impl Draft {
    /// Most grants, and most holds, of one control.
    pub const MOST_OF_ONE: usize = 10;

    /// The first grant or hold that is one too many for its control.
    pub fn too_many(&self) -> Option<Place> {
        let grant = one_too_many(&self.grants).map(Place::Grant);
        grant.or_else(|| one_too_many(&self.holds).map(Place::Hold))
    }

    /// Whether nothing is drafted.
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.grants.is_empty() && self.holds.is_empty()
    }
}

fn one_too_many(all: &[Timed]) -> Option<usize> {
    let mut counts = BTreeMap::<&ControlId, usize>::new();
    all.iter().position(|timed| {
        let count = counts.entry(&timed.control).or_default();
        *count += 1;
        *count > Draft::MOST_OF_ONE
    })
}

impl Drafter {
    /// The account.
    pub const fn account(self) -> AccountId {
        match self {
            Self::Guardian(account) | Self::Teen(account) => account,
        }
    }
}

impl Present<'_> {
    /// The present as if a draft were saved now. Nothing is looser here than what a request to save it would be given.
    pub fn drafted(self, draft: &Draft, by: Drafter) -> Result<Self, Refusal> {
        let mut layers = self.patched(draft, by).map_err(|why| Refusal { place: Place::Settings, why })?;
        for (index, given) in draft.grants.iter().enumerate() {
            layers = self.lent(&layers, grant, given).map_err(|why| Refusal { place: Place::Grant(index), why })?;
        }
        for (index, put) in draft.holds.iter().enumerate() {
            layers = self.lent(&layers, hold, put).map_err(|why| Refusal { place: Place::Hold(index), why })?;
        }
        Ok(Self { layers, ..self })
    }

    fn patched(&self, draft: &Draft, by: Drafter) -> Result<Layers, PatchError> {
        match by {
            Drafter::Guardian(guardian) => patch_guardian(&self.situation(), guardian, &draft.settings, None),
            Drafter::Teen(teen) => patch_teen(&self.situation(), teen, &draft.settings, None),
        }
    }

    fn lent(
        &self,
        layers: &Layers,
        give: fn(&Situation<'_>, Timed) -> Result<Layers, PatchError>,
        timed: &Timed,
    ) -> Result<Layers, PatchError> {
        give(&self.at(layers, self.now), timed.clone())
    }
}

//! What a preset would do for one teen.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Preset, Presets};
use crate::domain::{
    controls::ControlId,
    ids::AccountId,
    law::RuleId,
    policy::{Change, PatchError, direction_of, patch_guardian},
    simulation::{Draft, Drafter, Present},
    value::{Direction, Given, Value},
};

/// A preset, and what it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Offer {
    /// The preset as it is written.
    pub preset: Preset,
    /// What of it this guardian may set for this teen: the `settings` of a change that applies it.
    #[schema(value_type = BTreeMap<String, Given>)]
    pub settings: BTreeMap<ControlId, Value>,
    /// What would change with these settings. Empty: nothing.
    pub changes: Vec<Change>,
    /// Where that leads as a whole.
    pub direction: Direction,
    /// What of it a bound refuses. Whatever holds there now goes on.
    pub refused: Vec<Refused>,
}

/// A setting of a preset that is looser than this guardian may go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    /// Which control.
    pub control: ControlId,
    /// What the preset wants.
    #[schema(value_type = Given)]
    pub wanted: Value,
    /// The loosest that would be accepted.
    #[schema(value_type = Given)]
    pub bound: Value,
    /// The rules of law that the bound comes from; none where it is the platform's.
    pub rules: Vec<RuleId>,
}

impl Presets {
    /// What each preset that suits the teen would do if a guardian set it now.
    pub fn offers(&self, present: &Present<'_>, guardian: AccountId) -> Vec<Offer> {
        let situation = present.situation();
        let suits = |preset: &&Preset| preset.suits(situation.band(), situation.region);
        self.iter().filter(suits).map(|preset| preset.offer(present, guardian)).collect()
    }
}

impl Preset {
    fn offer(&self, present: &Present<'_>, guardian: AccountId) -> Offer {
        let (mut settings, mut refused) = (BTreeMap::new(), Vec::new());
        for (control, wanted) in &self.settings {
            match patch_guardian(&present.situation(), guardian, &patch([(control, wanted)]), None) {
                Ok(_) => drop(settings.insert(control.clone(), wanted.clone())),
                Err(why) => refused.extend(Refused::by(why, wanted)),
            }
        }
        let draft = Draft { settings: patch(&settings), ..Draft::default() };
        // One by one they were accepted, and none stands in another's way.
        let changes = present.clone().drafted(&draft, Drafter::Guardian(guardian)).map(|drafted| drafted.changes());
        let changes = changes.unwrap_or_default();
        Offer { preset: self.clone(), settings, direction: direction_of(&changes), changes, refused }
    }
}

fn patch<'v>(settings: impl IntoIterator<Item = (&'v ControlId, &'v Value)>) -> BTreeMap<ControlId, Option<Given>> {
    settings.into_iter().map(|(control, value)| (control.clone(), Some(Given::from(value)))).collect()
}

impl Refused {
    fn by(why: PatchError, wanted: &Value) -> Option<Self> {
        match why {
            PatchError::BelowFloor { control, floor, rules } => {
                Some(Self { control, wanted: wanted.clone(), bound: floor, rules })
            }
            // Values and controls were checked when the presets were read.
            _ => None,
        }
    }
}

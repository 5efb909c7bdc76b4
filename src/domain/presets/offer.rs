//! What a preset would do for one teen.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Preset, Presets};
use crate::domain::{
    controls::{ControlId, SetBy},
    ids::AccountId,
    law::RuleId,
    policy::{Change, PatchError, Wanted, direction_of},
    simulation::{Draft, Drafter, Present},
    value::{Direction, Given, Value},
};

/// Control → value, or `None` for "back to the default".
type Wish = BTreeMap<ControlId, Option<Value>>;

/// A preset, and what it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Offer {
    /// The preset as it is written.
    pub preset: Preset,
    /// What of it this guardian may set for this teen, null for "back to the default": the `settings` of a change that applies it.
    #[schema(value_type = Wanted)]
    pub settings: Wish,
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
    /// What each preset that suits the teen would do if a guardian set it now. An error says what no guardian could set, which
    /// presets that were read do not have.
    pub fn offers(&self, present: &Present<'_>, guardian: AccountId) -> Result<Vec<Offer>, PatchError> {
        let situation = present.situation();
        let suits = |preset: &&Preset| preset.suits(situation.band(), situation.region);
        self.iter().filter(suits).map(|preset| preset.offer(present, guardian)).collect()
    }
}

impl Preset {
    fn offer(&self, present: &Present<'_>, guardian: AccountId) -> Result<Offer, PatchError> {
        let (mut settings, mut refused) = (Wish::new(), Vec::new());
        for (control, wanted) in self.wish(present, guardian) {
            match (drafted(present, guardian, [(&control, &wanted)]), &wanted) {
                (Ok(_), _) => drop(settings.insert(control, wanted)),
                (Err(PatchError::BelowFloor { control, floor, rules }), Some(wanted)) => {
                    refused.push(Refused { control, wanted: wanted.clone(), bound: floor, rules });
                }
                (Err(why), _) => return Err(why),
            }
        }
        let changes = drafted(present, guardian, &settings)?.changes();
        Ok(Offer { preset: self.clone(), settings, direction: direction_of(&changes), changes, refused })
    }

    /// What it wants of this guardian. What is no family's to set any more is not theirs to take back.
    fn wish(&self, present: &Present<'_>, guardian: AccountId) -> Wish {
        let is_theirs = |id: &&ControlId| present.registry.get(id).is_some_and(|known| known.set_by == SetBy::Family);
        let own = present.layers.guardians.get(&guardian).filter(|_| self.takes_back);
        let back = own.into_iter().flat_map(BTreeMap::keys).filter(is_theirs).map(|control| (control.clone(), None));
        back.chain(self.settings.iter().map(|(control, value)| (control.clone(), Some(value.clone())))).collect()
    }
}

fn drafted<'a, 'v>(
    present: &Present<'a>,
    guardian: AccountId,
    settings: impl IntoIterator<Item = (&'v ControlId, &'v Option<Value>)>,
) -> Result<Present<'a>, PatchError> {
    let settings = settings.into_iter().map(|(control, value)| (control.clone(), value.as_ref().map(Given::from)));
    let draft = Draft { settings: settings.collect(), ..Draft::default() };
    present.clone().drafted(&draft, Drafter::Guardian(guardian)).map_err(|refusal| refusal.why)
}

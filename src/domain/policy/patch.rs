//! Changing what people have set, within what they may.

use std::collections::BTreeMap;

use jiff::Timestamp;
use thiserror::Error;
use uuid::Uuid;

use super::{Deciding, Layers, RuleId, Setting, Situation, WhoLoosens, effective::is_yes, size::within_share};
use crate::domain::{
    controls::{Control, ControlId, Registry, SetBy},
    ids::AccountId,
    law::Live,
    value::{Given, Value, ValueError},
};

/// Everybody's together: how far a teen's yes can go that waits for somebody else's.
const ALL_POWERS: [WhoLoosens; 4] =
    [WhoLoosens::Guardian, WhoLoosens::GuardianVerified, WhoLoosens::Teen, WhoLoosens::TeenAndGuardian];

/// Why a patch was refused, as a whole: nothing of it is applied.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatchError {
    /// No control of this name.
    #[error("there is no such control")]
    UnknownControl(ControlId),
    /// Only platform and law decide this one.
    #[error("only the platform and the law decide this")]
    NotYours(ControlId),
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
        /// The rules of law that ask for it; none where it is the platform's own floor.
        rules: Vec<RuleId>,
    },
    /// A teen's wish that is fulfilled without it, or a grant or hold that changes nothing. To loosen, a teen asks their guardian.
    #[error("the value limits nothing that is not limited already")]
    AddsNothing {
        /// Which control.
        control: ControlId,
        /// The grants that make it looser than the teen wishes until they end: given back, the wish is fulfilled.
        grants: Vec<Uuid>,
    },
    /// A grant or hold that is over, or too long.
    #[error("a grant or hold must end later than now, and within 31 days")]
    NotNow,
    /// A grant or hold too many.
    #[error("there are too many grants and holds already")]
    TooManyTimed(ControlId),
    /// Minutes that cannot be given at once.
    #[error("must be 1 to {0} minutes")]
    TimeRange(u16),
    /// No item of use is called so.
    #[error("the item is not a word")]
    TimeItem,
    /// More minutes than the law or the platform lets anybody have on that day.
    #[error("so many minutes are not permitted at this age")]
    BeyondBound {
        /// How many more there can be.
        possible_minutes: u16,
        /// The rules of law that ask for it; none where it is the platform's own floor.
        rules: Vec<RuleId>,
    },
    /// More than one person's share of what a device can be sent.
    #[error("what they set is too long taken together")]
    TooBig,
}

/// Sets values of one guardian, and takes back those asked to be `None`. The layers of others stay as they are.
///
/// A value that a law permits only together with the teen is taken, and waits for the teen's yes.
/// A value that stays the same keeps its author's date and reason. Whatever a birthday had kept for a control that is named here
/// goes: from now on it is as the guardian says.
pub fn patch_guardian(
    situation: &Situation<'_>,
    guardian: AccountId,
    patch: &BTreeMap<ControlId, Option<Given>>,
    reason: Option<String>,
) -> Result<Layers, PatchError> {
    let (layers, live) = (situation.layers, situation.live());
    let mut after = layers.clone();
    let mut own = after.guardians.remove(&guardian).unwrap_or_default();
    for (id, given) in patch {
        let control = settable(situation, id)?;
        let value = parsed(control, given.as_ref())?;
        if let Some(value) = &value {
            let powers = [layers.powers_of(&guardian), vec![WhoLoosens::TeenAndGuardian]].concat();
            if !tightens(situation, &live, control, value) {
                within(situation, &live, control, &powers, value)?;
            }
        }
        after.kept.remove(id);
        match value {
            Some(value) => {
                set(&mut own, id, Setting { value, by: guardian, since: situation.now, reason: reason.clone() })
            }
            None => drop(own.remove(id)),
        }
    }
    if !own.is_empty() {
        after.guardians.insert(guardian, own);
    }
    within_share(layers, after, guardian)
}

/// Sets and takes back what a teen sets for themself. Each new value must limit something that is not limited without it
/// (what the teen had set before does not count as that), keep private what is private, be a choice that is theirs at their age
/// while no guardian has made one, or be the yes that a law asks for beside the guardian's, within the bounds that nobody may cross.
pub fn patch_teen(
    situation: &Situation<'_>,
    teen: AccountId,
    patch: &BTreeMap<ControlId, Option<Given>>,
    reason: Option<String>,
) -> Result<Layers, PatchError> {
    let (layers, live) = (situation.layers, situation.live());
    let mut after = layers.clone();
    for (id, given) in patch {
        let control = settable(situation, id)?;
        let Some(value) = parsed(control, given.as_ref())? else {
            after.teen.remove(id);
            continue;
        };
        let kept = layers.teen.get(id).is_some_and(|own| own.value == value);
        if !kept {
            may_wish(situation, &live, control, &value)?;
        }
        set(&mut after.teen, id, Setting { value, by: teen, since: situation.now, reason: reason.clone() });
    }
    within_share(layers, after, teen)
}

/// Whether a value is as strict as what holds for good. That is always taken, also where others may go looser than whoever sets it:
/// what counts of it is no looser than they may.
fn tightens(situation: &Situation<'_>, live: &Live<'_>, control: &Control, value: &Value) -> bool {
    let deciding = Deciding::new(situation, control, live.on(control));
    control.kind.at_least_as_strict(value, &deciding.lasting(&deciding.base(), situation.now).value)
}

fn may_wish(situation: &Situation<'_>, live: &Live<'_>, control: &Control, wish: &Value) -> Result<(), PatchError> {
    let (kind, now, rules) = (&control.kind, situation.now, live.on(control));
    let deciding = Deciding::without_teen(situation, control, rules);
    let base = deciding.base();
    // Holds end, and a grant may begin later: a wish is for good.
    let moments = [vec![now], deciding.edges(now)].concat();
    if moments.iter().any(|at| !kind.at_least_as_strict(&deciding.lasting(&base, *at).value, wish)) {
        return Ok(());
    }
    let without = deciding.lasting(&base, now).value;
    // What is private may be said to stay so, before anybody opens it.
    if control.privacy && *wish == without && *wish != kind.loosest() {
        return Ok(());
    }
    let is_set = situation.layers.guardians.values().any(|own| own.contains_key(&control.id));
    let is_theirs = !is_set && control.is_teens_own(situation.band()) && *wish != without;
    let taken = if rules.iter().any(|rule| is_yes(kind, rule, wish)) {
        within(situation, live, control, &ALL_POWERS, wish)
    } else if is_theirs {
        within(situation, live, control, &[WhoLoosens::Teen], wish)
    } else {
        Err(PatchError::AddsNothing { control: control.id.clone(), grants: vec![] })
    };
    let granted = |at: &Timestamp| !kind.at_least_as_strict(&deciding.granted_to(&base, *at).value, wish);
    match taken.is_err() && moments.iter().any(granted) {
        // Without these grants it would be as strict as they wish.
        true => {
            let grants = deciding.grants().map(|grant| grant.id).collect();
            Err(PatchError::AddsNothing { control: control.id.clone(), grants })
        }
        false => taken,
    }
}

/// The value that a request gives for a control.
pub fn value_of(registry: &Registry, id: &ControlId, given: Given) -> Result<Value, PatchError> {
    let control = registry.get(id).ok_or_else(|| PatchError::UnknownControl(id.clone()))?;
    control.kind.parse(given).map_err(|why| PatchError::Invalid { control: id.clone(), why })
}

pub(super) fn settable<'a>(situation: &Situation<'a>, id: &ControlId) -> Result<&'a Control, PatchError> {
    let control = situation.registry.get(id).ok_or_else(|| PatchError::UnknownControl(id.clone()))?;
    match control.set_by {
        SetBy::Family => Ok(control),
        SetBy::Law => Err(PatchError::NotYours(id.clone())),
    }
}

fn parsed(control: &Control, given: Option<&Given>) -> Result<Option<Value>, PatchError> {
    let invalid = |why| PatchError::Invalid { control: control.id.clone(), why };
    given.map(|given| control.kind.parse(given.clone()).map_err(invalid)).transpose()
}

/// Refuses what is looser than somebody with these powers may set.
pub(super) fn within(
    situation: &Situation<'_>,
    live: &Live<'_>,
    control: &Control,
    powers: &[WhoLoosens],
    value: &Value,
) -> Result<(), PatchError> {
    match Deciding::new(situation, control, live.on(control)).loosest(powers) {
        Some(bound) if !control.kind.at_least_as_strict(value, &bound.value) => {
            Err(PatchError::BelowFloor { control: control.id.clone(), floor: bound.value, rules: bound.rules })
        }
        _ => Ok(()),
    }
}

fn set(layer: &mut BTreeMap<ControlId, Setting>, id: &ControlId, new: Setting) {
    if layer.get(id).is_none_or(|old| old.value != new.value) {
        layer.insert(id.clone(), new);
    }
}

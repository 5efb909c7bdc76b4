//! Changing what people have set, within what they may.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use thiserror::Error;

use super::{Deciding, Effective, Layers, MOST_TIMED, RuleId, Setting, Situation, Timed, WhoLoosens};
use crate::domain::{
    controls::{Control, ControlId, GuardianSees, Registry, SetBy},
    ids::AccountId,
    law::Live,
    value::{Given, Value, ValueError},
};

/// The longest that a grant or a hold may last, and the furthest ahead that it may end: 31 days. Longer is a setting.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);

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
    },
    /// A grant or hold that is over, too long, or one too many.
    #[error("a grant or hold must end later than now, within 31 days, and there may be 50 of each")]
    NotNow,
}

/// Sets values of one guardian, and takes back those asked to be `None`. The layers of others stay as they are.
///
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
            within(situation, &live, control, &layers.powers_of(&guardian, id), value)?;
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
    Ok(after)
}

/// Sets and takes back what a teen sets for themself. Each new value must limit something that is not limited without it
/// (what the teen had set before does not count as that), or be a choice that is theirs at their age while no guardian has made
/// one, or the yes that a law asks for beside the guardian's, within the bounds that they may not cross.
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
    Ok(after)
}

fn may_wish(situation: &Situation<'_>, live: &Live<'_>, control: &Control, wish: &Value) -> Result<(), PatchError> {
    let without = Deciding::new(situation, control, live.on(control)).without_teen();
    let adds = control.kind.meet(&without, wish) != without;
    // What is private may be said to stay so, before anybody opens it.
    if adds || control.is_teens_to_keep() && *wish == without {
        return Ok(());
    }
    let set = situation.layers.guardians.values().any(|own| own.contains_key(&control.id));
    let together = live.on(control).iter().any(|rule| rule.may_loosen.contains(&WhoLoosens::TeenAndGuardian));
    let theirs = if set { together } else { control.is_teens_own(situation.band()) };
    match theirs && *wish != without {
        // A guardian's looser value waits for the teen's: this is the yes to it.
        true if set => within(situation, live, control, &[WhoLoosens::Teen, WhoLoosens::TeenAndGuardian], wish),
        true => within(situation, live, control, &[WhoLoosens::Teen], wish),
        false => Err(PatchError::AddsNothing { control: control.id.clone() }),
    }
}

/// Gives a grant: a guardian loosens something for a time.
pub fn grant(situation: &Situation<'_>, given: Timed) -> Result<Layers, PatchError> {
    let control = timed(situation, &given, &situation.layers.grants)?;
    let live = situation.live();
    within(situation, &live, control, &situation.layers.powers_of(&given.by, &control.id), &given.value)?;
    let mut after = situation.layers.clone().without_past(situation.now);
    after.grants.push(given.clone());
    changes(situation, &live, control, &after, &given)?;
    Ok(after)
}

/// Puts a hold: somebody tightens something for a time.
pub fn hold(situation: &Situation<'_>, put: Timed) -> Result<Layers, PatchError> {
    let control = timed(situation, &put, &situation.layers.holds)?;
    let mut after = situation.layers.clone().without_past(situation.now);
    after.holds.push(put.clone());
    changes(situation, &situation.live(), control, &after, &put)?;
    Ok(after)
}

fn timed<'a>(situation: &Situation<'a>, timed: &Timed, others: &[Timed]) -> Result<&'a Control, PatchError> {
    let control = settable(situation, &timed.control)?;
    let ahead = others.iter().filter(|other| other.until > situation.now).count();
    let now = situation.now;
    let lasts = timed.until > timed.from.max(now) && timed.until.duration_since(now) <= LONGEST;
    match lasts && ahead < MOST_TIMED {
        true => Ok(control),
        false => Err(PatchError::NotNow),
    }
}

/// Refuses a grant or hold that changes nothing while it lasts.
fn changes(
    situation: &Situation<'_>,
    live: &Live<'_>,
    control: &Control,
    after: &Layers,
    timed: &Timed,
) -> Result<(), PatchError> {
    let then = Situation { now: timed.from.max(situation.now), ..*situation };
    let value = |layers: &Layers| -> Effective {
        let mut layers = layers.clone();
        // Where a guardian sees only a count, they must not find out entries by what is refused.
        if control.guardian_sees == GuardianSees::Count {
            layers.teen.remove(&control.id);
        }
        let then = then.with(&layers);
        Deciding::new(&then, control, live.on(control)).held()
    };
    match value(situation.layers).value == value(after).value {
        true => Err(PatchError::AddsNothing { control: control.id.clone() }),
        false => Ok(()),
    }
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

/// The value that a request gives for a control.
pub fn value_of(registry: &Registry, id: &ControlId, given: Given) -> Result<Value, PatchError> {
    let control = registry.get(id).ok_or_else(|| PatchError::UnknownControl(id.clone()))?;
    control.kind.parse(given).map_err(|why| PatchError::Invalid { control: id.clone(), why })
}

fn settable<'a>(situation: &Situation<'a>, id: &ControlId) -> Result<&'a Control, PatchError> {
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
fn within(
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

//! Changes: by guardians, by the teen, for a time, by a birthday, back again.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Fault,
    inputs::{Catalogue, Given, Scene, read_layers},
    values::code_of,
};
use crate::domain::{
    age::AgeBand,
    controls::ControlId,
    ids::AccountId,
    policy::{self, Layers, PatchError, Situation, Timed, Wanted},
    value,
};

#[derive(Deserialize)]
pub(super) struct ByGuardian {
    situation: Given,
    guardian: AccountId,
    settings: Wanted,
    reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ByTeen {
    situation: Given,
    teen: AccountId,
    settings: Wanted,
    reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ForATime {
    situation: Given,
    timed: GivenTimed,
}

#[derive(Deserialize)]
struct GivenTimed {
    id: Uuid,
    control: ControlId,
    value: value::Given,
    by: AccountId,
    from: Timestamp,
    until: Timestamp,
    reason: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Changed {
    catalogue: Catalogue,
    before: Json,
    after: Json,
    guardian: AccountId,
}

#[derive(Deserialize)]
pub(super) struct Older {
    catalogue: Catalogue,
    layers: Json,
    before: AgeBand,
    after: AgeBand,
    now: Timestamp,
}

pub(super) fn set_by_guardian(given: ByGuardian) -> Result<Json, Fault> {
    let scene = given.situation.read()?;
    told(policy::patch_guardian(&scene.situation(), given.guardian, &given.settings.0, given.reason))
}

pub(super) fn set_by_teen(given: ByTeen) -> Result<Json, Fault> {
    let scene = given.situation.read()?;
    told(policy::patch_teen(&scene.situation(), given.teen, &given.settings.0, given.reason))
}

pub(super) fn grant(given: ForATime) -> Result<Json, Fault> {
    for_a_time(given, policy::grant)
}

pub(super) fn hold(given: ForATime) -> Result<Json, Fault> {
    for_a_time(given, policy::hold)
}

pub(super) fn undo(given: Changed) -> Result<Json, Fault> {
    let registry = given.catalogue.registry()?;
    let (before, after) = (read_layers(&registry, given.before)?, read_layers(&registry, given.after)?);
    let undo = policy::undo_of(&before, &after, given.guardian);
    Ok(match undo.kept.is_empty() {
        true => json!({"settings": undo.settings}),
        false => json!({"settings": undo.settings, "kept": undo.kept}),
    })
}

pub(super) fn birthday(given: Older) -> Result<Json, Fault> {
    let registry = given.catalogue.registry()?;
    let layers = read_layers(&registry, given.layers)?;
    Ok(json!({"layers": policy::at_age(&registry, &layers, given.before, given.after, given.now)}))
}

fn for_a_time(given: ForATime, give: fn(&Situation<'_>, Timed) -> Result<Layers, PatchError>) -> Result<Json, Fault> {
    let scene = given.situation.read()?;
    told(given.timed.read(&scene).and_then(|timed| give(&scene.situation(), timed)))
}

impl GivenTimed {
    fn read(self, scene: &Scene) -> Result<Timed, PatchError> {
        let Self { id, control, value, by, from, until, reason } = self;
        let value = policy::value_of(&scene.registry, &control, value)?;
        Ok(Timed { id, control, value, by, from, until, reason })
    }
}

fn told(outcome: Result<Layers, PatchError>) -> Result<Json, Fault> {
    Ok(match outcome {
        Ok(layers) => json!({"layers": layers}),
        Err(PatchError::UnknownControl(control)) => json!({"refused": "unknown_control", "control": control}),
        Err(PatchError::NotYours(control)) => json!({"refused": "not_yours", "control": control}),
        Err(PatchError::Invalid { control, why }) => {
            json!({"refused": "invalid", "control": control, "why": code_of(&why)})
        }
        Err(PatchError::BelowFloor { control, floor, mut rules }) => {
            rules.sort();
            json!({"refused": "below_floor", "control": control, "floor": floor, "rules": rules})
        }
        Err(PatchError::AddsNothing { control, mut grants }) => {
            grants.sort();
            match grants.is_empty() {
                true => json!({"refused": "adds_nothing", "control": control}),
                false => json!({"refused": "adds_nothing", "control": control, "grants": grants}),
            }
        }
        Err(PatchError::TooManyTimed(control)) => json!({"refused": "too_many_grants", "control": control}),
        Err(PatchError::TooBig) => json!({"refused": "policy_too_big"}),
        Err(PatchError::NotNow) => json!({"refused": "not_now"}),
        Err(PatchError::TimeRange(_)) => json!({"refused": "time_range"}),
        Err(PatchError::TimeItem) => json!({"refused": "time_item"}),
        Err(PatchError::BeyondBound { possible_minutes, .. }) => {
            json!({"refused": "beyond_bound", "possible_minutes": possible_minutes})
        }
    })
}

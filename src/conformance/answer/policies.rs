//! Policies: what holds, what could be set instead, what differs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    Fault,
    inputs::{Catalogue, Given},
};
use crate::domain::{
    controls::{Control, ControlId, Registry},
    policy::{self, Policy},
};

#[derive(Deserialize)]
pub(super) struct About {
    situation: Given,
    only: Option<BTreeSet<ControlId>>,
}

#[derive(Deserialize)]
pub(super) struct Policies {
    catalogue: Catalogue,
    before: BTreeMap<ControlId, Json>,
    after: BTreeMap<ControlId, Json>,
}

pub(super) fn effective(About { situation, only }: About) -> Result<Json, Fault> {
    let scene = situation.read()?;
    let policy = policy::effective(&scene.situation());
    Ok(each(&scene.registry, only.as_ref(), |control| policy.get(&control.id)))
}

pub(super) fn allowed(About { situation, only }: About) -> Result<Json, Fault> {
    let scene = situation.read()?;
    let situation = scene.situation();
    let (policy, live) = (policy::effective(&situation), situation.live());
    let allowed = |control: &Control| Some(policy::allowed(&situation, &live, control, policy.get(&control.id)?));
    Ok(each(&scene.registry, only.as_ref(), allowed))
}

pub(super) fn diff(Policies { catalogue, before, after }: Policies) -> Result<Json, Fault> {
    let registry = catalogue.registry()?;
    let (before, after) = (stored(&registry, before)?, stored(&registry, after)?);
    Ok(json!({"changes": policy::diff(&registry, &before, &after)}))
}

/// Says something of every control that is asked about.
fn each<T: Serialize>(
    registry: &Registry,
    only: Option<&BTreeSet<ControlId>>,
    tell: impl Fn(&Control) -> Option<T>,
) -> Json {
    let asked = registry.iter().filter(|control| only.is_none_or(|only| only.contains(&control.id)));
    let told: BTreeMap<&ControlId, T> = asked.filter_map(|control| Some((&control.id, tell(control)?))).collect();
    json!({"controls": told})
}

/// A policy that has these values, whoever decided them.
fn stored(registry: &Registry, values: BTreeMap<ControlId, Json>) -> Result<Policy, Fault> {
    let held = values.into_iter().map(|(id, value)| (id, json!({"value": value, "source": "default"})));
    let text = serde_json::to_string(&held.collect::<BTreeMap<_, _>>())?;
    Ok(Policy::from_json(registry, &text)?)
}

//! Reading back what was stored: every value is checked again against the catalogue of today.
//!
//! A control that the catalogue no longer has is left out, so that a deploy cannot lock a family out. A value
//! that its control no longer takes is an error: to drop it could loosen what somebody relies on.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use thiserror::Error;

use super::{Effective, Layer, Layers, Policy, Setting};
use crate::domain::{
    controls::{ControlId, Registry},
    ids::AccountId,
    value::{Given, Kind, ValueError},
};

/// Why a stored document cannot be read.
#[derive(Debug, Error)]
pub enum StoredError {
    /// Not of the document's form.
    #[error("the stored document is not of its form: {0}")]
    Form(#[from] serde_json::Error),
    /// Holds a value that its control does not take.
    #[error("{control} holds what it cannot: the value {why}")]
    Invalid {
        /// Which control.
        control: ControlId,
        /// What is wrong with the value.
        why: ValueError,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredLayers {
    guardians: BTreeMap<AccountId, BTreeMap<ControlId, StoredSetting>>,
    teen: BTreeMap<ControlId, StoredSetting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSetting {
    value: Given,
    by: AccountId,
    since: Timestamp,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredEffective {
    value: Given,
    source: Layer,
    by: Option<AccountId>,
    since: Option<Timestamp>,
    reason: Option<String>,
}

impl Layers {
    /// Reads the stored document. Beside it, the controls that it names and the catalogue no longer has, each once.
    pub fn from_json(registry: &Registry, json: serde_json::Value) -> Result<(Self, Vec<ControlId>), StoredError> {
        let StoredLayers { guardians, teen } = serde_json::from_value(json)?;
        let mut dropped = Vec::new();
        let mut own = BTreeMap::new();
        for (guardian, layer) in guardians {
            let layer = read_all(registry, layer, setting, &mut dropped)?;
            if !layer.is_empty() {
                own.insert(guardian, layer);
            }
        }
        let teen = read_all(registry, teen, setting, &mut dropped)?;
        dropped.sort();
        dropped.dedup();
        Ok((Self { guardians: own, teen }, dropped))
    }
}

impl Policy {
    /// Reads a stored policy. Controls that the catalogue no longer has are left out, and those that it has since got are
    /// missing until the policy is next computed.
    pub fn from_json(registry: &Registry, json: &str) -> Result<Self, StoredError> {
        read_all(registry, serde_json::from_str(json)?, effective, &mut Vec::new()).map(Self)
    }
}

fn setting(stored: StoredSetting, kind: &Kind) -> Result<Setting, ValueError> {
    let StoredSetting { value, by, since, reason } = stored;
    Ok(Setting { value: kind.restore(value)?, by, since, reason })
}

fn effective(stored: StoredEffective, kind: &Kind) -> Result<Effective, ValueError> {
    let StoredEffective { value, source, by, since, reason } = stored;
    Ok(Effective { value: kind.restore(value)?, source, by, since, reason })
}

fn read_all<S, T>(
    registry: &Registry,
    stored: BTreeMap<ControlId, S>,
    read: impl Fn(S, &Kind) -> Result<T, ValueError>,
    dropped: &mut Vec<ControlId>,
) -> Result<BTreeMap<ControlId, T>, StoredError> {
    let mut known = BTreeMap::new();
    for (id, entry) in stored {
        let Some(control) = registry.get(&id) else {
            dropped.push(id);
            continue;
        };
        let checked = read(entry, &control.kind);
        let checked = checked.map_err(|why| StoredError::Invalid { control: id.clone(), why })?;
        known.insert(id, checked);
    }
    Ok(known)
}

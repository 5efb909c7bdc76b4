//! Reading back what was stored: every value is checked again against the catalogue of today.
//!
//! A control that the catalogue no longer has is left out, so that a deploy cannot lock a family out. A value
//! that its control no longer takes is an error: to drop it could loosen what somebody relies on.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, de::IgnoredAny};
use thiserror::Error;
use uuid::Uuid;

use super::{Effective, Kept, Layer, Layers, Policy, RuleId, Setting, TimeGrant, Timed, Undo};
use crate::domain::{
    age::AgeBand,
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
    #[serde(default)]
    verified: BTreeSet<AccountId>,
    teen: BTreeMap<ControlId, StoredSetting>,
    #[serde(default)]
    kept: BTreeMap<ControlId, StoredKept>,
    #[serde(default)]
    grants: Vec<StoredTimed>,
    #[serde(default)]
    holds: Vec<StoredTimed>,
    #[serde(default)]
    time_grants: Vec<TimeGrant>,
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
struct StoredKept {
    value: Given,
    from_band: AgeBand,
    since: Timestamp,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredUndo {
    guardian: AccountId,
    settings: BTreeMap<ControlId, Option<Given>>,
    #[serde(default)]
    kept: BTreeMap<ControlId, StoredKept>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredTimed {
    id: Uuid,
    control: ControlId,
    value: Given,
    by: AccountId,
    from: Timestamp,
    until: Timestamp,
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
    #[serde(default)]
    rules: Vec<RuleId>,
    until: Option<Timestamp>,
    after: Option<Given>,
    /// For devices; it follows from the rest.
    #[serde(rename = "safe")]
    _safe: Option<IgnoredAny>,
    #[serde(rename = "if_unsupported")]
    _if_unsupported: Option<IgnoredAny>,
}

impl Layers {
    /// Reads the stored document. Beside it, the controls that it names and the catalogue no longer has, each once.
    pub fn from_json(registry: &Registry, json: serde_json::Value) -> Result<(Self, Vec<ControlId>), StoredError> {
        let stored: StoredLayers = serde_json::from_value(json)?;
        let mut dropped = Vec::new();
        let mut guardians = BTreeMap::new();
        for (guardian, layer) in stored.guardians {
            let layer = read_all(registry, layer, setting, &mut dropped)?;
            if !layer.is_empty() {
                guardians.insert(guardian, layer);
            }
        }
        let layers = Self {
            guardians,
            verified: stored.verified,
            teen: read_all(registry, stored.teen, setting, &mut dropped)?,
            kept: read_all(registry, stored.kept, kept, &mut dropped)?,
            grants: read_timed(registry, stored.grants, &mut dropped)?,
            holds: read_timed(registry, stored.holds, &mut dropped)?,
            time_grants: stored.time_grants,
        };
        dropped.sort();
        dropped.dedup();
        Ok((layers, dropped))
    }
}

impl Policy {
    /// Reads a stored policy. Controls that the catalogue no longer has are left out, and those that it has since got are
    /// missing until the policy is next computed.
    pub fn from_json(registry: &Registry, json: &str) -> Result<Self, StoredError> {
        read_all(registry, serde_json::from_str(json)?, effective, &mut Vec::new()).map(Self)
    }
}

impl Undo {
    /// Reads what was stored beside a revision; controls that the catalogue no longer has are left out.
    pub fn from_json(registry: &Registry, json: serde_json::Value) -> Result<Self, StoredError> {
        let StoredUndo { guardian, settings, kept: stored } = serde_json::from_value(json)?;
        let value = |given: Option<Given>, kind: &Kind| given.map(|given| kind.restore(given)).transpose();
        let settings = read_all(registry, settings, value, &mut Vec::new())?;
        Ok(Self { guardian, settings, kept: read_all(registry, stored, kept, &mut Vec::new())? })
    }
}

fn setting(stored: StoredSetting, kind: &Kind) -> Result<Setting, ValueError> {
    let StoredSetting { value, by, since, reason } = stored;
    Ok(Setting { value: kind.restore(value)?, by, since, reason })
}

fn effective(stored: StoredEffective, kind: &Kind) -> Result<Effective, ValueError> {
    let StoredEffective { value, source, by, since, reason, rules, until, after, _safe: _, _if_unsupported: _ } =
        stored;
    let after = after.map(|after| kind.restore(after)).transpose()?;
    Ok(Effective { value: kind.restore(value)?, source, by, since, reason, rules, until, after })
}

fn kept(stored: StoredKept, kind: &Kind) -> Result<Kept, ValueError> {
    let StoredKept { value, from_band, since } = stored;
    Ok(Kept { value: kind.restore(value)?, from_band, since })
}

fn read_timed(
    registry: &Registry,
    stored: Vec<StoredTimed>,
    dropped: &mut Vec<ControlId>,
) -> Result<Vec<Timed>, StoredError> {
    let mut known = Vec::new();
    for timed in stored {
        let StoredTimed { id, control, value, by, from, until, reason } = timed;
        if let Some(value) = read_one(registry, &control, value, |given, kind| kind.restore(given), dropped)? {
            known.push(Timed { id, control, value, by, from, until, reason });
        }
    }
    Ok(known)
}

fn read_all<S, T>(
    registry: &Registry,
    stored: BTreeMap<ControlId, S>,
    read: impl Fn(S, &Kind) -> Result<T, ValueError>,
    dropped: &mut Vec<ControlId>,
) -> Result<BTreeMap<ControlId, T>, StoredError> {
    let mut known = BTreeMap::new();
    for (id, entry) in stored {
        if let Some(entry) = read_one(registry, &id, entry, &read, dropped)? {
            known.insert(id, entry);
        }
    }
    Ok(known)
}

fn read_one<S, T>(
    registry: &Registry,
    id: &ControlId,
    stored: S,
    read: impl Fn(S, &Kind) -> Result<T, ValueError>,
    dropped: &mut Vec<ControlId>,
) -> Result<Option<T>, StoredError> {
    let Some(control) = registry.get(id) else {
        dropped.push(id.clone());
        return Ok(None);
    };
    let invalid = |why| StoredError::Invalid { control: id.clone(), why };
    read(stored, &control.kind).map(Some).map_err(invalid)
}

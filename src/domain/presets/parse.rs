//! Reads `presets.toml` and refuses what a guardian could not set.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thiserror::Error;

use super::{Grade, Preset, PresetId};
use crate::domain::{
    age::AgeBand,
    controls::{Control, ControlId, Registry, SetBy},
    value::{Given, Value, ValueError},
};

/// Why presets do not load. The words are for whoever edits them.
#[derive(Debug, Error)]
pub enum PresetError {
    /// Not TOML, or with a missing, unknown or ill-formed key.
    #[error("the presets cannot be read: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// The same id twice.
    #[error("{0} is there twice")]
    Duplicate(PresetId),
    /// Not lower-case words, digits and underscores.
    #[error("{0:?} is not an id: write it like sleep_first")]
    BadId(String),
    /// Without words, without settings, or for nobody who is guarded.
    #[error("{0} needs a label, a reason, settings, and bands under 18")]
    Empty(PresetId),
    /// About a control that there is not.
    #[error("{0}: there is no control {1}")]
    UnknownControl(PresetId, ControlId),
    /// About a control that no family sets.
    #[error("{0}: no guardian sets {1}")]
    NobodySets(PresetId, ControlId),
    /// Not a value of the control.
    #[error("{id}: the value of {control} {why}")]
    NotAValue {
        /// Which preset.
        id: PresetId,
        /// Which control.
        control: ControlId,
        /// What is wrong with it.
        why: ValueError,
    },
    /// Looser than the platform's bound.
    #[error("{id}: {control} is looser than its floor for {band}")]
    BelowFloor {
        /// Which preset.
        id: PresetId,
        /// Which control.
        control: ControlId,
        /// In which band.
        band: AgeBand,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    preset: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    label: String,
    why: String,
    grade: Grade,
    bands: Vec<AgeBand>,
    #[serde(default)]
    regions: Vec<String>,
    #[serde(default)]
    takes_back: bool,
    #[serde(default)]
    settings: BTreeMap<ControlId, Given>,
}

pub(super) fn presets(registry: &Registry, toml: &str) -> Result<Vec<Preset>, PresetError> {
    let file: File = toml::from_str(toml).map_err(Box::new)?;
    let presets: Vec<Preset> =
        file.preset.into_iter().map(|entry| preset(registry, entry)).collect::<Result<_, _>>()?;
    let mut seen = BTreeSet::new();
    match presets.iter().find(|preset| !seen.insert(&preset.id)) {
        Some(again) => Err(PresetError::Duplicate(again.id.clone())),
        None => Ok(presets),
    }
}

fn preset(registry: &Registry, entry: Entry) -> Result<Preset, PresetError> {
    let Entry { id, label, why, grade, bands, regions, takes_back, settings } = entry;
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
        return Err(PresetError::BadId(id));
    }
    let id = PresetId(id);
    let guarded = !bands.is_empty() && !bands.contains(&AgeBand::Adult);
    let does_nothing = settings.is_empty() && !takes_back;
    if label.trim().is_empty() || why.trim().is_empty() || does_nothing || !guarded {
        return Err(PresetError::Empty(id));
    }
    let settings = settings.into_iter().map(|(control, given)| setting(registry, &id, &bands, control, given));
    let settings = settings.collect::<Result<_, _>>()?;
    Ok(Preset { id, label, why, grade, bands, regions, takes_back, settings })
}

fn setting(
    registry: &Registry,
    id: &PresetId,
    bands: &[AgeBand],
    control: ControlId,
    given: Given,
) -> Result<(ControlId, Value), PresetError> {
    let Some(known) = registry.get(&control) else {
        return Err(PresetError::UnknownControl(id.clone(), control));
    };
    if known.set_by != SetBy::Family {
        return Err(PresetError::NobodySets(id.clone(), control));
    }
    let not_a_value = |why| PresetError::NotAValue { id: id.clone(), control: control.clone(), why };
    let value = known.kind.parse(given).map_err(not_a_value)?;
    match bands.iter().find(|band| is_below(known, **band, &value)) {
        Some(band) => Err(PresetError::BelowFloor { id: id.clone(), control, band: *band }),
        None => Ok((control, value)),
    }
}

fn is_below(control: &Control, band: AgeBand, value: &Value) -> bool {
    control.floor_for(band).is_some_and(|floor| !control.kind.at_least_as_strict(value, floor))
}

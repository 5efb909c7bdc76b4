//! Settings that go together, with the evidence for them: `presets.toml`.
//!
//! A preset is a proposal and nothing else. It is applied by an ordinary change of settings, under the same bounds and with the
//! same history, so there is no second way to change limits.

mod offer;
mod parse;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    offer::{Offer, Refused},
    parse::PresetError,
};
use super::{
    age::AgeBand,
    controls::{ControlId, Registry},
    law::jurisdictions_of,
    value::{Given, Value},
};

/// Names a preset for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "sleep_first")]
pub struct PresetId(String);

/// Settings that go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Preset {
    /// Its name for programs.
    pub id: PresetId,
    /// Its name for people.
    pub label: String,
    /// What it is for, and what is known about that, in plain words.
    pub why: String,
    /// How good the evidence is.
    pub grade: Grade,
    /// The age bands that it suits.
    pub bands: Vec<AgeBand>,
    /// Where one must live for it, as ISO 3166 writes it; empty: anywhere.
    pub regions: Vec<String>,
    /// Whether all that the guardian has set goes back to the default first.
    pub takes_back: bool,
    /// Control → value: the `settings` of a change.
    #[schema(value_type = BTreeMap<String, Given>)]
    pub settings: BTreeMap<ControlId, Value>,
}

/// How good the evidence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Many studies agree.
    Strong,
    /// Some studies, or the advice of a profession.
    Moderate,
    /// A custom more than a finding.
    Weak,
    /// No evidence: a rule asks for it.
    Regulatory,
}

/// All presets, as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Presets(Vec<Preset>);

impl Presets {
    /// The presets that this program was built with, checked against the controls.
    pub fn load(registry: &Registry) -> Result<Self, PresetError> {
        Self::parse(registry, include_str!("presets.toml"))
    }

    /// Reads presets and refuses those that a guardian could not set; [`PresetError`] lists why.
    pub fn parse(registry: &Registry, toml: &str) -> Result<Self, PresetError> {
        parse::presets(registry, toml).map(Self)
    }

    /// All of them, as they are written.
    pub fn iter(&self) -> impl Iterator<Item = &Preset> {
        self.0.iter()
    }
}

impl Preset {
    /// Whether it is meant for somebody of this age who lives there.
    pub fn suits(&self, band: AgeBand, region: &str) -> bool {
        let places = jurisdictions_of(region);
        let here = self.regions.is_empty() || self.regions.iter().any(|place| places.contains(&place.as_str()));
        here && self.bands.contains(&band)
    }
}

impl fmt::Display for PresetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

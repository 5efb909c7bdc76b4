//! The catalogue: everything that can be limited, registered once in `controls.toml`.
//!
//! A control is data. Settings, laws, devices, API, docs and pages all name controls by these ids; adding one is adding
//! a row. A catalogue that contradicts itself does not load, so nothing else needs to doubt it.

mod parse;

#[cfg(test)]
mod tests;

use std::{borrow::Borrow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

pub use self::parse::{Column, RegistryError};
use super::{
    age::{AgeBand, PerBand},
    value::{Given, Kind, Value},
};

/// What settings, laws and devices call a control: `dm.from`, `time.daily_minutes`.
///
/// Any text may claim to be one; only the catalogue says whether it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "time.daily_minutes")]
pub struct ControlId(String);

/// Something that can be limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Control {
    /// Its name in settings, laws and reports.
    pub id: ControlId,
    /// What people read, in English; its translations are found under `control.<id>`.
    pub label: String,
    /// What values it takes, and which are stricter.
    pub kind: Kind,
    /// Who makes it true.
    pub enforced_by: EnforcedBy,
    /// What a device does that cannot apply it.
    pub if_unsupported: IfUnsupported,
    /// What one counts, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The catalogue version that introduced it.
    pub since: u32,
    /// The values while no guardian has set anything.
    #[schema(value_type = BTreeMap<AgeBand, Given>)]
    pub defaults: PerBand<Value>,
    /// What nobody can loosen below, for the bands that have a bound.
    #[serde(serialize_with = "those_set")]
    #[schema(value_type = BTreeMap<AgeBand, Given>)]
    pub floors: PerBand<Option<Value>>,
}

/// Who makes a control true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EnforcedBy {
    /// The teen's app.
    Device,
    /// The platform's own servers, which ask for a decision.
    Platform,
    /// Each for its part.
    Both,
}

/// What a device does that cannot apply a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfUnsupported {
    /// Says so, and the guardian sees it: the rest of the app stays usable.
    Report,
    /// Says so and blocks the whole feature, because going on would do harm that nobody can take back.
    SafeMode,
}

/// All controls, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry(BTreeMap<ControlId, Control>);

impl Registry {
    /// The catalogue that this program was built with.
    pub fn load() -> Result<Self, RegistryError> {
        Self::parse(include_str!("controls.toml"))
    }

    /// Reads a catalogue and refuses one that contradicts itself; [`RegistryError`] lists how one can.
    pub fn parse(toml: &str) -> Result<Self, RegistryError> {
        parse::catalogue(toml).map(Self)
    }

    /// The control of this name, if there is one.
    pub fn get(&self, id: impl AsRef<str>) -> Option<&Control> {
        self.0.get(id.as_ref())
    }

    /// All controls, ordered by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Control> {
        self.0.values()
    }
}

impl Control {
    /// The value for a band while no guardian has set one.
    pub const fn default_for(&self, band: AgeBand) -> &Value {
        self.defaults.get(band)
    }

    /// What nobody can loosen below in a band.
    pub const fn floor_for(&self, band: AgeBand) -> Option<&Value> {
        self.floors.get(band).as_ref()
    }

    /// The value made as strict as the floor of a band demands.
    pub fn clamped(&self, band: AgeBand, value: &Value) -> Value {
        self.floor_for(band).map_or_else(|| value.clone(), |floor| self.kind.meet(value, floor))
    }

    /// Where translations of the label are found: `control.dm.from`.
    pub fn message_key(&self) -> String {
        format!("control.{}", self.id)
    }
}

/// Writes the bands that have a floor and leaves out the others.
fn those_set<S: Serializer>(floors: &PerBand<Option<Value>>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(AgeBand::ALL.into_iter().filter_map(|band| Some((band, floors.get(band).as_ref()?))))
}

impl ControlId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ControlId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl From<String> for ControlId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl AsRef<str> for ControlId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ControlId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ControlId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//! The catalogue: everything that can be limited, registered once in `controls.toml`.
//!
//! A control is data. Settings, laws, devices, API, docs and pages all name controls by these ids; adding one is adding
//! a row. A catalogue that contradicts itself does not load, so nothing else needs to doubt it.

mod decides;
mod parse;

#[cfg(test)]
mod tests;

use std::{borrow::Borrow, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub(in crate::domain) use self::decides::AUDIENCES;
pub use self::{
    decides::{Action, Decides, How},
    parse::{Column, RegistryError},
};
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
    /// What people read, in English; its translations are found under [`Control::message_key`].
    pub label: String,
    /// Where clients show it.
    pub group: Group,
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
    /// Whose it is to set.
    pub set_by: SetBy,
    /// The bands in which a teen may replace the default while no guardian has set a value.
    pub teen_loosens: Vec<AgeBand>,
    /// What a birthday does to a default that would get looser.
    pub at_birthday: AtBirthday,
    /// What guardians see of what the teen set.
    pub guardian_sees: GuardianSees,
    /// Whether its strict side is the teen's privacy: who may reach or see them, what becomes of their posts and data. What a teen
    /// closes here, no grant opens (UK Children's Code standard 11; regulation on progressive autonomy in Brazil and Vermont).
    pub privacy: bool,
    /// The question of the platform's servers that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decides: Option<Decides>,
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
    /// This server.
    Server,
}

/// Where clients show a control: what a family would look for it under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// When and how long.
    Time,
    /// Who may reach the teen.
    Contact,
    /// Who may reuse what the teen posts.
    Reuse,
    /// Who may see the teen.
    Visibility,
    /// What the teen sees.
    Content,
    /// How the feed works.
    Feed,
    /// LIVE and gifts.
    Live,
    /// What guardians see, and whether there must be one.
    Guardians,
    /// Money and data.
    Data,
}

/// Whose a control is to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// Guardians, and the teen for themself.
    #[default]
    Family,
    /// Platform and law: nobody in a family can change it.
    Law,
}

/// What a birthday does to a default that would get looser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtBirthday {
    /// The younger band's value goes on until somebody changes it: nothing loosens by itself.
    #[default]
    Stays,
    /// The next band's default holds: it is itself the rule for an age.
    Follows,
}

/// What guardians see of what a teen set for themself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuardianSees {
    /// The value.
    #[default]
    Value,
    /// How many entries the teen added to a list, never which: whom somebody keeps away is their own affair.
    Count,
}

/// What a device does that cannot apply a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IfUnsupported {
    /// Says so, and the guardian sees it: the rest of the app stays usable.
    Report,
    /// Says so, and until it can, the safe side of every control counts on it, as after long silence: going on would do harm that nobody can
    /// take back.
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

    /// The catalogue's version: that of its newest control.
    pub fn version(&self) -> u32 {
        self.iter().map(|control| control.since).max().unwrap_or_default()
    }

    /// SHA-256 of all that is registered, whatever its comments and its order in the file: another one gives other policies.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for control in self.iter() {
            // The debug form has every field, and a new field is in it by itself.
            hash.update(format!("{control:?}"));
        }
        hash.finalize().into()
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

    /// Whether a teen of this age may replace the default themself while no guardian has set a value.
    pub fn is_teens_own(&self, band: AgeBand) -> bool {
        self.set_by == SetBy::Family && self.teen_loosens.contains(&band)
    }

    /// Where translations of the label are found: `control-dm-from`.
    pub fn message_key(&self) -> String {
        format!("control-{}", self.id.as_str().replace(['.', '_'], "-"))
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

//! Reads `controls.toml` and refuses a catalogue that contradicts itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Deserialize;
use thiserror::Error;

use super::{AtBirthday, Control, ControlId, Decides, EnforcedBy, Group, GuardianSees, IfUnsupported, SetBy};
use crate::domain::{
    age::{AgeBand, PerBand},
    value::{Given, Kind, Value, ValueError},
};

/// Why a catalogue does not load. The words are for whoever edits it.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// Not TOML, or with a missing, unknown or ill-formed key.
    #[error("the catalogue cannot be read: {0}")]
    Toml(#[from] Box<toml::de::Error>),
    /// The same id twice.
    #[error("{0} is registered twice")]
    Duplicate(ControlId),
    /// Not lower-case words with dots between them.
    #[error("{0:?} is not an id: write it like dm.from or time.daily_minutes")]
    BadId(String),
    /// A control that people cannot read about.
    #[error("{0} has no label")]
    EmptyLabel(ControlId),
    /// A choice needs two or more different values, in the form of `no_one`; a number a least below its greatest.
    #[error("{0} has no proper choice of values")]
    BadChoice(ControlId),
    /// An answer that values of the control's kind cannot give.
    #[error("{0} cannot decide in that way: its kind does not fit")]
    BadAnswer(ControlId),
    /// Help must never be out of reach.
    #[error("{0} would limit what is never limited")]
    NeverLimited(ControlId),
    /// Left to platform and law, and to the teen at once.
    #[error("{0} is set by the law, so no teen can loosen or close it")]
    NobodysAndTeens(ControlId),
    /// Left to platform and law, with a default that gets looser and stays: nobody could ever set what a birthday kept.
    #[error("{0} is set by the law and gets looser at a birthday, so its default must follow")]
    LawStays(ControlId),
    /// A count of what has no entries.
    #[error("{0} has no entries that guardians could see the count of")]
    NothingToCount(ControlId),
    /// Two controls whose texts would be the same message.
    #[error("{0} and {1} have the same message key")]
    SameMessage(ControlId, ControlId),
    /// The same band twice, or adults, whom nothing limits.
    #[error("{0} says of a band twice, or of adults, that it is the teen's own")]
    BadBands(ControlId),
    /// The first catalogue is version 1.
    #[error("{0} is of version 0: the first is 1")]
    NoVersion(ControlId),
    /// Adults have no floors.
    #[error("{0} has a floor for adults, whom nothing may bind")]
    LimitsAdults(ControlId),
    /// A default or floor that the control's kind refuses.
    #[error("{id}: the {column} for {band} {why}")]
    NotAValue {
        /// Which control.
        id: ControlId,
        /// Default or floor.
        column: Column,
        /// For which band.
        band: AgeBand,
        /// What is wrong with it.
        why: ValueError,
    },
    /// A default that the floor would at once correct.
    #[error("{id}: the default for {band} is looser than its floor")]
    DefaultBelowFloor {
        /// Which control.
        id: ControlId,
        /// For which band.
        band: AgeBand,
    },
    /// A birthday would tighten: a younger band must be at least as protected as the next older one.
    #[error("{id}: the {column} for {younger} is looser than for {older}")]
    YoungerLooser {
        /// Which control.
        id: ControlId,
        /// Default or floor.
        column: Column,
        /// The band that is too loose.
        younger: AgeBand,
        /// The band after it.
        older: AgeBand,
    },
}

/// Which of a control's values per band is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// `defaults`.
    Default,
    /// `floors`.
    Floor,
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Floor => "floor",
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    control: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    label: String,
    group: Group,
    kind: Kind,
    enforced_by: EnforcedBy,
    if_unsupported: IfUnsupported,
    unit: Option<String>,
    since: u32,
    #[serde(default)]
    set_by: SetBy,
    #[serde(default)]
    teen_loosens: Vec<AgeBand>,
    #[serde(default)]
    at_birthday: AtBirthday,
    #[serde(default)]
    guardian_sees: GuardianSees,
    #[serde(default)]
    privacy: bool,
    decides: Option<Decides>,
    defaults: PerBand<Given>,
    #[serde(default = "no_floors")]
    floors: PerBand<Option<Given>>,
}

const fn no_floors() -> PerBand<Option<Given>> {
    PerBand { under_13: None, from_13_to_15: None, from_16_to_17: None, adult: None }
}

pub(super) fn catalogue(toml: &str) -> Result<BTreeMap<ControlId, Control>, RegistryError> {
    let catalogue: Catalogue = toml::from_str(toml).map_err(Box::new)?;
    let mut controls = BTreeMap::new();
    let mut messages: BTreeMap<String, ControlId> = BTreeMap::new();
    for row in catalogue.control {
        let control = control(row)?;
        // The same id twice is said by that name below.
        if let Some(other) = messages.insert(control.message_key(), control.id.clone()).filter(|id| *id != control.id) {
            return Err(RegistryError::SameMessage(other, control.id));
        }
        if let Some(first) = controls.insert(control.id.clone(), control) {
            return Err(RegistryError::Duplicate(first.id));
        }
    }
    Ok(controls)
}

fn control(row: Row) -> Result<Control, RegistryError> {
    if !is_id(&row.id) {
        return Err(RegistryError::BadId(row.id));
    }
    let id = ControlId::from(row.id);
    if row.label.trim().is_empty() {
        return Err(RegistryError::EmptyLabel(id));
    }
    if !is_proper(&row.kind) {
        return Err(RegistryError::BadChoice(id));
    }
    if !row.decides.as_ref().is_none_or(|decides| decides.how.fits(&row.kind)) {
        return Err(RegistryError::BadAnswer(id));
    }
    if row.decides.as_ref().is_some_and(|decides| decides.action.is_never_limited()) {
        return Err(RegistryError::NeverLimited(id));
    }
    if row.set_by == SetBy::Law && (row.privacy || !row.teen_loosens.is_empty()) {
        return Err(RegistryError::NobodysAndTeens(id));
    }
    let read = |column, band, given| {
        let refuse = |why| RegistryError::NotAValue { id: id.clone(), column, band, why };
        row.kind.parse(given).map_err(refuse)
    };
    let defaults = row.defaults.try_map(|band, given| read(Column::Default, band, given))?;
    let floors = row.floors.try_map(|band, given| given.map(|it| read(Column::Floor, band, it)).transpose())?;
    let Row { label, group, kind, enforced_by, if_unsupported, unit, since, .. } = row;
    let Row { set_by, teen_loosens, at_birthday, guardian_sees, privacy, decides, .. } = row;
    let control = Control {
        id,
        label,
        group,
        kind,
        enforced_by,
        if_unsupported,
        unit,
        since,
        set_by,
        teen_loosens,
        at_birthday,
        guardian_sees,
        privacy,
        decides,
        defaults,
        floors,
    };
    check_attributes(&control)?;
    check_floors(&control)?;
    check_ages(&control)?;
    Ok(control)
}

/// `^[a-z]+(\.[a-z_]+)+$`
fn is_id(id: &str) -> bool {
    let mut parts = id.split('.');
    let is_word =
        |part: &str, also: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || also.contains(c));
    parts.next().is_some_and(|first| is_word(first, "")) && id.contains('.') && parts.all(|part| is_word(part, "_"))
}

fn is_proper(kind: &Kind) -> bool {
    let values = match kind {
        Kind::Choice { values } => values,
        Kind::Number { least, most } => return least < most,
        _ => return true,
    };
    let is_name = |value: &String| {
        !value.is_empty() && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let distinct = values.iter().collect::<BTreeSet<_>>().len() == values.len();
    values.len() >= 2 && distinct && values.iter().all(is_name)
}

fn check_attributes(control: &Control) -> Result<(), RegistryError> {
    let id = || control.id.clone();
    let bands = &control.teen_loosens;
    if control.since == 0 {
        return Err(RegistryError::NoVersion(id()));
    }
    if bands.contains(&AgeBand::Adult) || bands.iter().collect::<BTreeSet<_>>().len() < bands.len() {
        return Err(RegistryError::BadBands(id()));
    }
    if control.guardian_sees == GuardianSees::Count && !matches!(control.kind, Kind::Words | Kind::Ids) {
        return Err(RegistryError::NothingToCount(id()));
    }
    if control.floor_for(AgeBand::Adult).is_some() {
        return Err(RegistryError::LimitsAdults(id()));
    }
    // At 18 whatever was kept goes, so only the bands before that count.
    let [youngest, middle, oldest, _] = AgeBand::ALL.map(|band| control.default_for(band));
    let loosens = youngest != middle || middle != oldest;
    if control.set_by == SetBy::Law && control.at_birthday == AtBirthday::Stays && loosens {
        return Err(RegistryError::LawStays(id()));
    }
    Ok(())
}

fn check_floors(control: &Control) -> Result<(), RegistryError> {
    let looser = |band: &AgeBand| {
        let default = control.default_for(*band);
        control.floor_for(*band).is_some_and(|floor| !control.kind.at_least_as_strict(default, floor))
    };
    match AgeBand::ALL.into_iter().find(looser) {
        Some(band) => Err(RegistryError::DefaultBelowFloor { id: control.id.clone(), band }),
        None => Ok(()),
    }
}

fn check_ages(control: &Control) -> Result<(), RegistryError> {
    let as_strict = |younger: Option<&Value>, older: Option<&Value>| match (younger, older) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(younger), Some(older)) => control.kind.at_least_as_strict(younger, older),
    };
    for (younger, older) in AgeBand::ALL.into_iter().zip(AgeBand::ALL.into_iter().skip(1)) {
        let looser = |column| RegistryError::YoungerLooser { id: control.id.clone(), column, younger, older };
        if !as_strict(Some(control.default_for(younger)), Some(control.default_for(older))) {
            return Err(looser(Column::Default));
        }
        if !as_strict(control.floor_for(younger), control.floor_for(older)) {
            return Err(looser(Column::Floor));
        }
    }
    Ok(())
}

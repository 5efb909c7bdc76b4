//! The catalogue of controls in somebody's language: all that a client needs to draw its screens.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    age::{AgeBand, PerBand},
    controls::{
        AtBirthday, Control, ControlId, Decides, EnforcedBy, Group, GuardianSees, IfUnsupported, Registry, SetBy,
    },
    language::Language,
    value::{Day, Given, Kind, Value},
};

/// Every control with its words, and the words for what is said around them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Catalogue {
    /// The catalogue's version: that of its newest control.
    pub version: u32,
    /// The language of the labels.
    pub locale: &'static str,
    /// Where controls are shown, in this order.
    pub groups: Vec<GroupInWords>,
    /// The age bands that defaults and floors are for, younger first.
    pub bands: Vec<BandInWords>,
    /// The days of a week of minutes or windows, Monday first.
    pub days: Vec<DayInWords>,
    /// All controls, ordered by id.
    pub controls: Vec<ControlInWords>,
}

/// A group of controls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupInWords {
    /// As controls name it.
    pub id: Group,
    /// For people.
    pub label: String,
}

/// An age band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BandInWords {
    /// As defaults and floors name it.
    pub id: AgeBand,
    /// For people.
    pub label: String,
}

/// A day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayInWords {
    /// As values name it.
    #[schema(inline)]
    pub id: Day,
    /// For people.
    pub label: String,
    /// For people with little room.
    pub short: String,
}

/// A control, as a client shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ControlInWords {
    /// Its name in settings, laws and reports.
    pub id: ControlId,
    /// What it is called.
    pub label: String,
    /// Where it is shown.
    pub group: GroupOf,
    /// What values it takes, and which are stricter.
    pub kind: Kind,
    /// The values of a choice or flag, from the loosest to the strictest. Absent where there are too many to list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueInWords>,
    /// What it counts, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Who makes it true.
    pub enforced_by: EnforcedBy,
    /// What a device does that cannot apply it.
    pub if_unsupported: IfUnsupported,
    /// Whose it is to set.
    pub set_by: SetBy,
    /// The bands in which a teen may replace the default while no guardian has set a value.
    pub teen_loosens: Vec<AgeBand>,
    /// What a birthday does to a default that would get looser.
    pub at_birthday: AtBirthday,
    /// What guardians see of what the teen set.
    pub guardian_sees: GuardianSees,
    /// Whether its strict side is the teen's privacy: what a teen closes here, no grant opens.
    pub privacy: bool,
    /// The question of the platform's servers that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decides: Option<Decides>,
    /// The catalogue version that introduced it.
    pub since: u32,
    /// The values while no guardian has set anything.
    #[schema(value_type = BTreeMap<AgeBand, Given>)]
    pub defaults: PerBand<Value>,
    /// What nobody can loosen below, for the bands that have a bound. A law may add to these.
    #[schema(value_type = BTreeMap<AgeBand, Given>)]
    pub floors: BTreeMap<AgeBand, Value>,
}

/// The group of a control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupOf {
    /// One of the catalogue's.
    pub id: Group,
}

/// What a control counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unit {
    /// For people.
    pub text: String,
}

/// A value with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ValueInWords {
    /// As settings have it.
    #[schema(value_type = Given)]
    pub value: Value,
    /// For people.
    pub label: String,
}

impl Catalogue {
    /// The catalogue in a language.
    pub fn of(registry: &Registry, language: Language) -> Self {
        // In the order of their declaration, which is that of a family's questions.
        let groups: BTreeSet<Group> = registry.iter().map(|control| control.group).collect();
        let group = |id| GroupInWords { id, label: language.group(id) };
        let band = |id| BandInWords { id, label: language.band(id) };
        let day = |id| DayInWords { id, label: language.day(id), short: language.short_day(id) };
        Self {
            version: registry.version(),
            locale: language.tag(),
            groups: groups.into_iter().map(group).collect(),
            bands: AgeBand::ALL.into_iter().map(band).collect(),
            days: Day::ALL.into_iter().map(day).collect(),
            controls: registry.iter().map(|control| in_words(control, language)).collect(),
        }
    }
}

fn in_words(control: &Control, language: Language) -> ControlInWords {
    let value = |value: Value| ValueInWords { label: language.value(control, &value), value };
    let floors = AgeBand::ALL.into_iter().filter_map(|band| Some((band, control.floor_for(band)?.clone())));
    ControlInWords {
        id: control.id.clone(),
        label: language.label(control),
        group: GroupOf { id: control.group },
        kind: control.kind.clone(),
        values: few_values(&control.kind).into_iter().map(value).collect(),
        unit: language.unit(control).map(|text| Unit { text }),
        enforced_by: control.enforced_by,
        if_unsupported: control.if_unsupported,
        set_by: control.set_by,
        teen_loosens: control.teen_loosens.clone(),
        at_birthday: control.at_birthday,
        guardian_sees: control.guardian_sees,
        privacy: control.privacy,
        decides: control.decides.clone(),
        since: control.since,
        defaults: control.defaults.clone(),
        floors: floors.collect(),
    }
}

/// All values of a kind that has only a few, from the loosest to the strictest.
fn few_values(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Choice { values } => values.iter().cloned().map(Value::Choice).collect(),
        Kind::Flag { strict } => vec![Value::Flag(!strict), Value::Flag(*strict)],
        Kind::Minutes
        | Kind::Number { .. }
        | Kind::Words
        | Kind::Ids
        | Kind::Windows
        | Kind::ItemMinutes
        | Kind::Exceptions => vec![],
    }
}

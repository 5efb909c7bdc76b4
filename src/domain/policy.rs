//! What holds for a teen, and who decided it.
//!
//! Per control: the guardians' value where one is set (as far as the teen agrees, where a law asks for both), else the teen's own choice where their age has one, else where things
//! start (the default of the age band, or what a younger band's default held, as strict as the law's defaults ask); then the
//! teen's own tightening; then live grants loosen and holds tighten; then the bounds of platform and law. A guardian replaces a
//! start up or down with the authority that a rule asks for, the teen can add, a grant can pass no bound, and a teen without a
//! guardian has a policy too. The same inputs always give the same policy, so guardian, teen, agent and device are all shown
//! one truth.

mod ahead;
mod allowed;
mod birthday;
mod change;
mod effective;
mod facts;
mod layers;
mod patch;
mod size;
mod stored;
mod time_grant;
mod timed;
mod undo;
mod until;
mod wanted;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::effective::Deciding;
pub use self::{
    ahead::{Ahead, ahead},
    allowed::{Allowed, MayLoosen, allowed},
    birthday::{Renewed, at_age, renewed},
    change::{Change, Hidden, When, diff, direction_of},
    effective::effective,
    facts::{Facts, OLD_NEWS},
    layers::{Kept, Layers, Setting, Timed},
    patch::{PatchError, patch_guardian, patch_teen, value_of},
    stored::StoredError,
    time_grant::{MOST_MINUTES, TimeGift, TimeGrant, day_gifts, give_time, take_time_back, with_gifts},
    timed::{give_back, grant, hold, take_back},
    undo::{Undo, undo_of},
    until::Until,
    wanted::Wanted,
};
use super::{
    age::{AgeBand, Ages},
    controls::{Control, ControlId, Registry},
    ids::AccountId,
    law::{Live, RuleBook, RuleId, Subject, WhoLoosens},
    value::{Given, Value},
};

/// All that a teen's policy follows from, at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The controls.
    pub registry: &'a Registry,
    /// The laws.
    pub book: &'a RuleBook,
    /// Where the teen lives, as ISO 3166 writes it.
    pub region: &'a str,
    /// How old they may be.
    pub ages: Ages,
    /// The day on which their account was made.
    pub joined: Date,
    /// The day of `now` on the calendar of their home.
    pub today: Date,
    /// The instant.
    pub now: Timestamp,
    /// What people have set.
    pub layers: &'a Layers,
}

impl<'a> Situation<'a> {
    /// The band whose defaults and floors hold: that of the youngest age that they may have.
    pub const fn band(&self) -> AgeBand {
        AgeBand::of_age(self.ages.from)
    }

    /// The same with other settings.
    pub const fn with<'b>(self, layers: &'b Layers) -> Situation<'b>
    where
        'a: 'b,
    {
        Situation { layers, ..self }
    }

    /// The laws' rules that count here and now.
    pub fn live(&self) -> Live<'a> {
        let Self { region, ages, joined, today, .. } = *self;
        self.book.live(&Subject { region, ages, joined, today })
    }
}

/// Which layer decided a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The default of the age band, or the law's where that is stricter.
    Default,
    /// What the default of a younger band held: a birthday loosens nothing by itself.
    Kept,
    /// A guardian, or several together.
    Guardian,
    /// The teen.
    Teen,
    /// A grant, for a time.
    Grant,
    /// A hold, for a time.
    Hold,
    /// The platform's bound for the age band.
    Platform,
    /// A law's bound.
    Law,
}

/// The value that holds for one control, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Effective {
    /// What holds.
    #[schema(value_type = Given)]
    pub value: Value,
    /// The last layer that made it so. Where a layer only adds to another (two lists of words), it names the one that added.
    pub source: Layer,
    /// Who set it. Absent for defaults and bounds, and where several guardians made it together.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub by: Option<AccountId>,
    /// Since when it is set so. Absent for defaults and bounds: nobody set them on a day; a law's rule says from when it counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why, in the words of whoever set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The rules of law that made it so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleId>,
    /// Until when, where a grant or a hold has a say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What holds after `until`: for a device that nobody reaches then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Given>)]
    pub after: Option<Value>,
}

/// What holds for a teen, for every control of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Policy(BTreeMap<ControlId, Effective>);

impl Policy {
    /// What holds for one control.
    pub fn get(&self, id: impl AsRef<str>) -> Option<&Effective> {
        self.0.get(id.as_ref())
    }

    /// The same with other rows.
    pub fn with(mut self, rows: impl IntoIterator<Item = (ControlId, Effective)>) -> Self {
        self.0.extend(rows);
        self
    }

    /// Its rows.
    pub fn into_rows(self) -> impl Iterator<Item = (ControlId, Effective)> {
        self.0.into_iter()
    }

    /// Every control with what holds, ordered by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&ControlId, &Effective)> {
        self.0.iter()
    }
}

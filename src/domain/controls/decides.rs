//! The questions that the platform's servers ask, and how a control answers one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::value::Kind;

/// What somebody wants to do: `message`, `use`, `view_profile`. Several controls may have a say in one action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "message")]
pub struct Action(pub String);

impl Action {
    /// The name under which a control has a say in everything that somebody does with the teen.
    pub const ANY: &str = "any";
    /// To use the app at all.
    pub const USE: &str = "use";
    /// A call, which a guardian may always make.
    pub const CALL: &str = "call";
    /// Help, which no control ever limits: a catalogue that tries does not load.
    pub const NEVER_LIMITED: [&str; 3] = ["call_emergency", "reach_help_line", "report"];

    /// Whether no control may ever limit it.
    pub fn is_never_limited(&self) -> bool {
        Self::NEVER_LIMITED.contains(&self.0.as_str())
    }
}

/// A control's say in an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decides {
    /// Which action.
    pub action: Action,
    /// How its value is read as an answer.
    pub how: How,
}

/// How a value is read as an answer. `domain::decision` does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// A choice of who may, by what the actor is to the teen.
    Audience,
    /// A flag whose strict side is no.
    Permission,
    /// A flag whose strict side leaves friends only.
    FriendsOnly,
    /// A flag whose strict side asks a guardian.
    Approval,
    /// A choice of levels: what is asked for must be at least as strict.
    Level,
    /// Windows in which the answer is no.
    Hours,
    /// Minutes of the day after which the answer is no.
    Budget,
    /// Words that must not occur.
    Words,
    /// Identifiers that must not take part.
    Subjects,
    /// Allowed, with a guardian's consent, or not at all.
    Consent,
    /// Whether there must be a guardian.
    Guardian,
}

/// Who a choice of who may can name, from the loosest to the strictest.
pub const AUDIENCES: [&str; 4] = ["everyone", "suggested_friends", "friends", "no_one"];

impl How {
    /// Whether values of this kind can be read so.
    pub fn fits(self, kind: &Kind) -> bool {
        match (self, kind) {
            (Self::Audience, Kind::Choice { values }) => {
                let places: Option<Vec<_>> =
                    values.iter().map(|value| AUDIENCES.iter().position(|known| known == value)).collect();
                places.is_some_and(|places| places.is_sorted())
            }
            (Self::Consent, Kind::Choice { values }) => *values == ["allowed", "with_consent", "prohibited"],
            (Self::Guardian, Kind::Choice { values }) => *values == ["optional", "needed"],
            (Self::Level, Kind::Choice { .. })
            | (Self::Permission, Kind::Flag { .. })
            | (Self::FriendsOnly | Self::Approval, Kind::Flag { strict: true })
            | (Self::Hours, Kind::Windows)
            | (Self::Budget, Kind::Minutes)
            | (Self::Words, Kind::Words)
            | (Self::Subjects, Kind::Ids) => true,
            _ => false,
        }
    }
}

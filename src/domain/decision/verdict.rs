//! The answer, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{controls::ControlId, law::RuleId, policy::Layer};

/// The answer, from the loosest to the strictest: of several the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Yes.
    Allow,
    /// Not until a guardian has said yes.
    Ask,
    /// No.
    Deny,
}

impl Outcome {
    /// The word in JSON and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// Why a control says what it says. Stable, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// No: the other side is none of those who may.
    NotInAudience,
    /// No: switched off for this teen.
    NotAllowed,
    /// No: for friends only, and the other side is none.
    FriendsOnly,
    /// Ask: a guardian has to say yes each time.
    ApprovalNeeded,
    /// No: made for somebody older, or not rated.
    AboveLevel,
    /// No: at this time it is off.
    OffHours,
    /// No: the minutes of the teen's day are used up.
    BudgetUsed,
    /// Has no say: the question did not tell what it depends on.
    NotAsked,
    /// No: a word or phrase is on the teen's list.
    BlockedWord,
    /// No: somebody or something that takes part is on the teen's list.
    Blocked,
    /// Ask: a guardian's consent is needed, and none was verified.
    ConsentNeeded,
    /// No: prohibited, whatever a guardian says.
    Prohibited,
    /// Ask: a guardian is needed, and none is paired.
    GuardianNeeded,
    /// No: the teen's newest revision says nothing about this action. It was made by another version of this program.
    NotKnown,
    /// No: there is no teen with this id.
    UnknownTeen,
}

impl ReasonCode {
    /// Every code.
    pub const ALL: [Self; 15] = [
        Self::NotInAudience,
        Self::NotAllowed,
        Self::FriendsOnly,
        Self::ApprovalNeeded,
        Self::AboveLevel,
        Self::OffHours,
        Self::BudgetUsed,
        Self::NotAsked,
        Self::BlockedWord,
        Self::Blocked,
        Self::ConsentNeeded,
        Self::Prohibited,
        Self::GuardianNeeded,
        Self::NotKnown,
        Self::UnknownTeen,
    ];

    /// What a control that gives this code says.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::NotAsked => Outcome::Allow,
            Self::ApprovalNeeded | Self::ConsentNeeded | Self::GuardianNeeded => Outcome::Ask,
            Self::NotInAudience
            | Self::NotAllowed
            | Self::FriendsOnly
            | Self::AboveLevel
            | Self::OffHours
            | Self::BudgetUsed
            | Self::BlockedWord
            | Self::Blocked
            | Self::Prohibited
            | Self::NotKnown
            | Self::UnknownTeen => Outcome::Deny,
        }
    }
}

/// One control's part in a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// Which control; null where none has a value.
    pub control: Option<ControlId>,
    /// Why.
    pub code: ReasonCode,
    /// Which layer decided the control's value; null where none did, or where the value is what a grant or hold leaves behind.
    pub source: Option<Layer>,
    /// The rules of law that made the value so.
    pub rules: Vec<RuleId>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verdict {
    /// The answer.
    pub outcome: Outcome,
    /// The controls that made it so, and those that could not say because something was not asked. Ordered by control.
    pub reasons: Vec<Reason>,
    /// The first instant at which the outcome becomes another although nobody does anything: a window ends or begins, a grant or
    /// hold ends, the teen's next day begins, of which no minute is used yet. Null: none within eight days. People, laws and
    /// birthdays may change it sooner.
    pub until: Option<Timestamp>,
}

/// The answer at one instant of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The answer.
    pub outcome: Outcome,
    /// Why; as in [`Verdict`].
    pub reasons: Vec<Reason>,
    /// The next instant at which a control may say something else, whether or not that makes a difference. Of budgets this tells
    /// nothing: they have to be asked anew each day.
    pub next: Option<Timestamp>,
}

impl Verdict {
    /// For what is never limited.
    pub const fn unlimited() -> Self {
        Self { outcome: Outcome::Allow, reasons: vec![], until: None }
    }

    /// For somebody who is not a teen here.
    pub fn unknown_teen() -> Self {
        Self::without_control(ReasonCode::UnknownTeen)
    }

    /// For a revision that knows none of an action's controls.
    pub(super) fn not_known() -> Self {
        Self::without_control(ReasonCode::NotKnown)
    }

    fn without_control(code: ReasonCode) -> Self {
        let reason = Reason { control: None, code, source: None, rules: vec![] };
        Self { outcome: code.outcome(), reasons: vec![reason], until: None }
    }
}

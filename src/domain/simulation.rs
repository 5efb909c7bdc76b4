//! How a teen's limits will be at another time, or would be with other settings, without changing anything.
//!
//! Nothing here decides by itself what holds. A simulation asks the very functions that enforcement asks ([`renewed`],
//! [`Facts::next_change`], the [timeline](super::timeline), the [decision](super::decision)), in the order in which the server
//! will: from one instant at which something changes by itself to the next. So what is shown here is what will be stored
//! then, unless a person, or an operator with other laws, changes something in between.
//!
//! - **Ahead of now** everything counts that is known today: grants and holds that begin and end, birthdays, laws with
//!   their dates and months.
//! - **Before now**, which a week on a page may reach back to, the answer is what today's settings would have made of that
//!   time. It is no history.
//! - **Nothing is predicted.** Minutes of use are those that were asked about, as if they were used up already.
//!
//! A birthday that changes nothing leaves no trace in an answer: a cut where nothing changes would tell a birth date.

mod asked;
mod budget;
mod course;
mod draft;
mod moment;
mod rows;
mod usable;

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

pub use self::{
    asked::{Asked, AskedError, asked},
    budget::{Budget, Usage, Used},
    course::TooMuchAhead,
    draft::{Draft, Drafter, Place, Refusal},
    moment::{ControlThen, Difference, Hours, Moment, moment},
    rows::{Held, Row, Timeline, timeline},
    usable::Usable,
};
use super::{
    age::AgeBand,
    controls::Registry,
    law::RuleBook,
    policy::{Change, Facts, Layers, Policy, Renewed, Situation, diff, renewed},
    timeline::Calendar,
};

/// What a simulation starts from: all that a teen's limits follow from, as it stands now.
#[derive(Debug, Clone)]
pub struct Present<'a> {
    /// The controls.
    pub registry: &'a Registry,
    /// The laws.
    pub book: &'a RuleBook,
    /// What is known of the teen.
    pub facts: &'a Facts,
    /// Which day it is for the teen.
    pub calendar: &'a Calendar,
    /// Whether anybody guards the teen.
    pub guarded: bool,
    /// What people have set, as it is stored.
    pub layers: Layers,
    /// The band that the stored policy was computed for.
    pub computed_for: Option<AgeBand>,
    /// The stored policy.
    pub policy: &'a Policy,
    /// The present instant.
    pub now: Timestamp,
}

impl Present<'_> {
    /// What differs from the stored policy: nothing, unless there is a draft or something that is due was not looked at yet.
    pub fn changes(&self) -> Vec<Change> {
        diff(self.registry, self.policy, &self.renewed().policy)
    }

    /// What the policy follows from now.
    pub fn situation(&self) -> Situation<'_> {
        self.at(&self.layers, self.now)
    }

    /// What the policy follows from at an instant, with layers as they are then.
    fn at<'b>(&'b self, layers: &'b Layers, at: Timestamp) -> Situation<'b> {
        self.facts.at(self.registry, self.book, layers, at)
    }

    /// What the server would store now.
    fn renewed(&self) -> Renewed {
        renewed(&self.situation(), self.computed_for)
    }

    const fn zone(&self) -> &TimeZone {
        &self.facts.zone
    }
}

/// An instant and a time, within the calendar.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    // A duration without days or months is always possible.
    at.saturating_add(by).unwrap_or(at)
}

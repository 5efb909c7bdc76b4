//! Whether the app can be used: the answer that the platform's servers would get.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Present, Usage,
    course::{Look, Stretch},
};
use crate::domain::{
    age::AgeBand,
    controls::Action,
    decision::{Compiled, Deciders, Grounds, Outcome, Question, Reason, Relationship, Standing},
    policy::day_gifts,
    timeline::{LocalDay, Span},
};

/// A stretch in which the answer, and why, stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usable {
    /// From when to when.
    #[serde(flatten)]
    pub span: Span,
    /// Whether the app can be used.
    pub outcome: Outcome,
    /// The controls that make it so, and the one that cannot say because no minutes were given.
    pub reasons: Vec<Reason>,
}

/// When the app can be used, stretch by stretch and without a hole.
pub(super) fn usable(
    present: &Present<'_>,
    course: &[Stretch],
    days: &[LocalDay],
    usage: Option<&Usage>,
) -> Vec<Usable> {
    let deciders = Deciders::of(present.registry);
    let mut row: Vec<Usable> = Vec::new();
    for stretch in course {
        let compiled = compiled(present, &deciders, &stretch.look);
        let mut at = stretch.span.from;
        while at < stretch.span.to {
            let day = days.iter().position(|day| at < day.to).unwrap_or_default();
            let Standing { outcome, reasons, next } = compiled.stands(&question(day, usage), at);
            let midnight = days.get(day).map(|day| day.to);
            let to = next.into_iter().chain(midnight).filter(|end| at < *end).fold(stretch.span.to, Timestamp::min);
            match row.last_mut().filter(|last| last.outcome == outcome && last.reasons == reasons) {
                Some(last) => last.span.to = to,
                None => row.push(Usable { span: Span { from: at, to }, outcome, reasons }),
            }
            at = to;
        }
    }
    row
}

/// What the server decides on then.
fn compiled(present: &Present<'_>, deciders: &Deciders, look: &Look) -> Compiled {
    let grounds = Grounds {
        revision: 0,
        policy: Some(look.policy.clone()),
        calendar: present.calendar.clone(),
        gifts: day_gifts(&present.layers),
        // Pairings end at 18.
        paired: present.guarded && look.band != AgeBand::Adult,
        consented: !present.layers.verified.is_empty(),
    };
    deciders.compile(0, grounds)
}

/// On a day of the answer, counted from 0.
fn question(day: usize, usage: Option<&Usage>) -> Question {
    Question {
        action: Action(Action::USE.to_owned()),
        relationship: Relationship::Themself,
        used_minutes: usage.map(|usage| usage.on(day).into()),
        ..Question::default()
    }
}

//! Whether the app can be used: the answer that the platform's servers would get.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Present, Row, Usage,
    course::{Look, Stretch},
};
use crate::domain::{
    age::AgeBand,
    controls::{Action, ControlId},
    decision::{Compiled, Deciders, Grounds, Outcome, Question, Reason, Relationship, Verdict},
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
    rows: &BTreeMap<ControlId, Row>,
    usage: Option<&Usage>,
) -> Vec<Usable> {
    let (deciders, edges) = (Deciders::of(present.registry), edges(rows));
    let mut row: Vec<Usable> = Vec::new();
    for stretch in course {
        let compiled = compiled(present, &deciders, &stretch.look);
        let mut at = stretch.span.from;
        while at < stretch.span.to {
            let Verdict { outcome, reasons, until } = compiled.decide(&question(days, usage, at), at);
            // A verdict tells until when the answer stays; the edges, when one of several reasons for it comes or goes.
            let edge = edges.iter().copied().find(|edge| at < *edge);
            let to = until.into_iter().chain(edge).filter(|end| at < *end).fold(stretch.span.to, Timestamp::min);
            match row.last_mut().filter(|last| last.outcome == outcome && last.reasons == reasons) {
                Some(last) => last.span.to = to,
                None => row.push(Usable { span: Span { from: at, to }, outcome, reasons }),
            }
            at = to;
        }
    }
    row
}

/// The answer at an instant.
pub(super) fn verdict(
    present: &Present<'_>,
    look: &Look,
    days: &[LocalDay],
    usage: Option<&Usage>,
    at: Timestamp,
) -> Verdict {
    compiled(present, &Deciders::of(present.registry), look).decide(&question(days, usage, at), at)
}

/// What the server decides on then.
fn compiled(present: &Present<'_>, deciders: &Deciders, look: &Look) -> Compiled {
    let grounds = Grounds {
        revision: 0,
        policy: Some(look.policy.clone()),
        zone: present.zone().clone(),
        day_start_minute: present.day_start_minute,
        // Pairings end at 18.
        paired: present.guarded && look.band != AgeBand::Adult,
        consented: !present.layers.verified.is_empty(),
    };
    deciders.compile(0, grounds)
}

fn question(days: &[LocalDay], usage: Option<&Usage>, at: Timestamp) -> Question {
    let day = days.iter().position(|day| at < day.to).unwrap_or_default();
    Question {
        action: Action(Action::USE.to_owned()),
        relationship: Relationship::Themself,
        used_minutes: usage.map(|usage| usage.on(day).into()),
        ..Question::default()
    }
}

/// Every instant at which windows go on or off or a budget changes, in order.
fn edges(rows: &BTreeMap<ControlId, Row>) -> Vec<Timestamp> {
    let windows = rows.values().flat_map(|row| row.blocked.iter().flatten());
    let budgets = rows.values().flat_map(|row| row.budget.iter().flatten()).map(|budget| &budget.span);
    let mut edges: Vec<Timestamp> = windows.chain(budgets).flat_map(|span| [span.from, span.to]).collect();
    edges.sort_unstable();
    edges
}

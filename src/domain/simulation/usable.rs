//! Whether the app can be used: all controls that have a say in that, together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Present, Row, budget::Budget};
use crate::domain::{
    controls::{Action, Control, ControlId, How},
    timeline::Span,
    value::{Kind, Value},
};

/// A stretch in which the app can be used, or cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Usable {
    /// From when to when.
    #[serde(flatten)]
    pub span: Span,
    /// Whether it can.
    pub allowed: bool,
    /// The controls that say no.
    pub by: Vec<ControlId>,
}

/// When the app can be used, from one end of the rows to the other and without a hole.
pub(super) fn usable(present: &Present<'_>, span: Span, rows: &BTreeMap<ControlId, Row>) -> Vec<Usable> {
    let says_no = |control: &Control| Some((control.id.clone(), denied(present, control, rows.get(&control.id)?)));
    let no: Vec<(ControlId, Vec<Span>)> = present.registry.iter().filter_map(says_no).collect();
    let within = |at: &Timestamp| span.from < *at && *at < span.to;
    let edges = no.iter().flat_map(|(_, spans)| spans).flat_map(|span| [span.from, span.to]).filter(within);
    let edges: BTreeSet<Timestamp> = edges.chain([span.from]).collect();
    let ends = edges.iter().copied().skip(1).chain([span.to]);
    let mut stretches: Vec<Usable> = Vec::new();
    for (from, to) in edges.iter().copied().zip(ends) {
        let on = |spans: &[Span]| spans.iter().any(|span| span.from <= from && from < span.to);
        let by: Vec<ControlId> = no.iter().filter(|(_, spans)| on(spans)).map(|(id, _)| id.clone()).collect();
        match stretches.last_mut().filter(|last| last.by == by) {
            Some(last) => last.span.to = to,
            None => stretches.push(Usable { span: Span { from, to }, allowed: by.is_empty(), by }),
        }
    }
    stretches
}

/// When a control says that the app cannot be used.
fn denied(present: &Present<'_>, control: &Control, row: &Row) -> Vec<Span> {
    let while_held = |no: &dyn Fn(&Value) -> bool| {
        row.spans.iter().filter(|entry| no(&entry.held.value)).map(|entry| entry.span).collect()
    };
    let Some(decides) = control.decides.as_ref().filter(|decides| decides.action.0 == Action::USE) else {
        return vec![];
    };
    match decides.how {
        How::Hours => row.blocked.clone().unwrap_or_default(),
        How::Budget => used_up(row.budget.as_deref().unwrap_or_default()),
        How::Permission => while_held(&|value| is_no(control, value)),
        How::Guardian => while_held(&|value| !present.guarded && is_needed(value)),
        // About somebody else, or about what is looked at: no say in whether the app can be used at all.
        How::Audience | How::FriendsOnly | How::Approval | How::Level | How::Words | How::Subjects | How::Consent => {
            vec![]
        }
    }
}

fn used_up(budgets: &[Budget]) -> Vec<Span> {
    budgets.iter().filter(|budget| budget.is_used_up()).map(|budget| budget.span).collect()
}

fn is_no(control: &Control, value: &Value) -> bool {
    matches!((&control.kind, value), (Kind::Flag { strict }, Value::Flag(flag)) if flag == strict)
}

fn is_needed(value: &Value) -> bool {
    matches!(value, Value::Choice(choice) if choice == "needed")
}

//! How things go over some days: days, controls, and whether the app can be used.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Budget, Present, Usable, Usage,
    budget::budgets,
    course::{Stretch, TooMuchAhead, course},
    usable::usable,
};
use crate::domain::{
    controls::{Control, ControlId},
    policy::Effective,
    timeline::{LocalDay, Span, blocked},
    value::{Kind, Value},
};

/// How things go from one instant to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Timeline {
    /// From when to when.
    #[serde(flatten)]
    pub span: Span,
    /// The local days that it touches, whole, with the turn of the clock where there is one.
    pub days: Vec<LocalDay>,
    /// Whether the app can be used, without a hole.
    #[serde(rename = "use")]
    pub usable: Vec<Usable>,
    /// Every control.
    pub controls: BTreeMap<ControlId, Row>,
}

/// How one control goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Row {
    /// What holds, without a hole: a new entry wherever the value, or why it holds, changes by itself.
    pub spans: Vec<Held>,
    /// For windows: when they are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Vec<Span>>,
    /// For minutes: the limit of each local day, in more than one piece where it changes within the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Vec<Budget>>,
}

/// A stretch in which one value holds for one reason. `until` and `after` are left out: the stretch's end and the next one say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Held {
    /// From when to when.
    #[serde(flatten)]
    pub span: Span,
    /// What holds, and why.
    #[serde(flatten)]
    pub held: Effective,
}

/// How things go in a stretch of time.
pub fn timeline(present: &Present<'_>, span: Span, usage: Option<&Usage>) -> Result<Timeline, TooMuchAhead> {
    let days = present.calendar.days(span.from, span.to);
    let course = course(present, span.from, span.to)?;
    let mut spans = held(&course);
    let row = |control: &Control| {
        let spans = spans.remove(&control.id)?;
        Some((control.id.clone(), Row::new(present, control, spans, &days, usage)))
    };
    let controls: BTreeMap<ControlId, Row> = present.registry.iter().filter_map(row).collect();
    let usable = usable(present, &course, &days, usage);
    Ok(Timeline { span, days, usable, controls })
}

/// What holds for each control, neighbours that are the same joined.
pub(super) fn held(course: &[Stretch]) -> BTreeMap<ControlId, Vec<Held>> {
    let mut rows: BTreeMap<ControlId, Vec<Held>> = BTreeMap::new();
    for Stretch { span, look } in course {
        for (id, held) in look.policy.iter() {
            let held = Effective { until: None, after: None, ..held.clone() };
            let row = rows.entry(id.clone()).or_default();
            match row.last_mut().filter(|last| last.held == held) {
                Some(last) => last.span.to = span.to,
                None => row.push(Held { span: *span, held }),
            }
        }
    }
    rows
}

impl Row {
    fn new(
        present: &Present<'_>,
        control: &Control,
        spans: Vec<Held>,
        days: &[LocalDay],
        usage: Option<&Usage>,
    ) -> Self {
        let blocked = matches!(control.kind, Kind::Windows).then(|| hours(present, &spans));
        let budget = matches!(control.kind, Kind::Minutes).then(|| budgets(control, &spans, days, usage));
        Self { spans, blocked, budget }
    }
}

/// When windows are on, whichever windows hold at the time.
fn hours(present: &Present<'_>, spans: &[Held]) -> Vec<Span> {
    let of_one = |Held { span, held }: &Held| match &held.value {
        Value::Windows(windows) => blocked(windows, present.zone(), span.from, span.to),
        _ => vec![],
    };
    joined(spans.iter().flat_map(of_one))
}

/// Joins what touches; the spans come in order.
pub(super) fn joined(spans: impl Iterator<Item = Span>) -> Vec<Span> {
    let mut apart: Vec<Span> = Vec::new();
    for span in spans {
        match apart.last_mut().filter(|last| last.to == span.from) {
            Some(last) => last.to = span.to,
            None => apart.push(span),
        }
    }
    apart
}

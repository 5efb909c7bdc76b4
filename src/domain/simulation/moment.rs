//! How things are at one instant, and what differs from now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Budget, Present, Row, Usage,
    asked::{AHEAD, EIGHT_DAYS},
    course::{TooMuchAhead, course, then},
    later,
    rows::{Held, held, timeline},
    usable::Usable,
};
use crate::domain::{
    age::AgeBand,
    controls::ControlId,
    decision::Verdict,
    policy::{Change, Effective, When, diff},
    timeline::{LocalDay, Span},
    value::{Direction, Given, Value},
};

/// How things are at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// The local day that it belongs to, with the turn of the clock where there is one.
    pub day: LocalDay,
    /// The teen's age band then.
    pub age_band: AgeBand,
    /// What differs from now, ordered by control.
    pub changes: Vec<Difference>,
    /// Whether the app can be used, and until when that is so; null: for more than a week.
    #[serde(rename = "use")]
    pub usable: Verdict,
    /// Every control.
    pub controls: BTreeMap<ControlId, ControlThen>,
}

/// One control whose value is another then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Difference {
    /// Which control.
    pub control: ControlId,
    /// What holds now.
    #[schema(value_type = Given)]
    pub from: Value,
    /// What holds then.
    #[schema(value_type = Given)]
    pub to: Value,
    /// Which way that leads.
    pub direction: Direction,
}

/// What holds for one control then, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ControlThen {
    /// Just as it is enforced then.
    #[serde(flatten)]
    pub held: Effective,
    /// When the value becomes another by itself. Absent: nothing that is known today changes it within five years.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes_at: Option<Timestamp>,
    /// For windows: whether they are on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// For minutes: the limit of the local day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
}

/// Whether windows are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hours {
    /// Whether something is off because of them.
    pub blocked: bool,
    /// Until when that is so; null: for more than a week.
    pub until: Option<Timestamp>,
}

/// How things are at an instant. The minutes of `usage` are those of its local day; nothing is used on the days after.
pub fn moment(present: &Present<'_>, at: Timestamp, usage: Option<&Usage>) -> Result<Moment, TooMuchAhead> {
    let look = then(present, at)?;
    let usage = usage.map(Usage::of_first_day);
    let week = timeline(present, Span { from: at, to: later(at, EIGHT_DAYS) }, usage.as_ref())?;
    let ahead = held(&course(present, at, later(at.max(present.now), AHEAD))?);
    let controls = look.policy.iter().filter_map(|(id, held)| {
        let row = week.controls.get(id)?;
        Some((id.clone(), ControlThen::new(held, row, ahead.get(id)?, week.span)))
    });
    Ok(Moment {
        at,
        day: present.calendar.day_of(at),
        age_band: look.band,
        changes: diff(present.registry, present.policy, &look.policy).into_iter().map(Difference::from).collect(),
        controls: controls.collect(),
        usable: first(&week.usable),
    })
}

/// The answer at the beginning, and when it becomes another.
fn first(week: &[Usable]) -> Verdict {
    let Some(Usable { outcome, reasons, .. }) = week.first().cloned() else { return Verdict::unlimited() };
    let until = week.iter().find(|entry| entry.outcome != outcome).map(|entry| entry.span.from);
    Verdict { outcome, reasons, until }
}

impl ControlThen {
    fn new(held: &Effective, row: &Row, ahead: &[Held], week: Span) -> Self {
        let changes_at = ahead.iter().find(|entry| entry.held.value != held.value).map(|entry| entry.span.from);
        let hours = row.blocked.as_deref().map(|blocked| Hours::new(blocked, week));
        let budget = row.budget.as_ref().and_then(|days| days.first().cloned());
        Self { held: held.clone(), changes_at, hours, budget }
    }
}

impl Hours {
    fn new(blocked: &[Span], week: Span) -> Self {
        match blocked.first() {
            Some(first) if first.from == week.from => Self { blocked: true, until: before(week, first.to) },
            first => Self { blocked: false, until: first.map(|first| first.from) },
        }
    }
}

/// An instant, unless only the end of the look ahead made it one.
fn before(look: Span, at: Timestamp) -> Option<Timestamp> {
    Some(at).filter(|at| *at < look.to)
}

impl From<&Difference> for Change {
    fn from(difference: &Difference) -> Self {
        let Difference { control, from, to, direction } = difference.clone();
        Self { control, from, to, direction, hidden: None, effective: When::Now }
    }
}

impl From<Change> for Difference {
    fn from(change: Change) -> Self {
        let Change { control, from, to, direction, .. } = change;
        Self { control, from, to, direction }
    }
}

//! What differs between two policies, and which way.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Policy, Registry};
use crate::domain::{
    controls::ControlId,
    value::{Direction, Given, Value, as_reported},
};

/// One control whose effective value differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Change {
    /// Which control.
    pub control: ControlId,
    /// What held before.
    #[serde(deserialize_with = "as_reported")]
    #[schema(value_type = Given)]
    pub from: Value,
    /// What holds after.
    #[serde(deserialize_with = "as_reported")]
    #[schema(value_type = Given)]
    pub to: Value,
    /// Which way that leads.
    pub direction: Direction,
    /// For a guardian, where the teen added entries of their own or took some away: how many there are, never which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Hidden>,
    /// When it begins.
    pub effective: When,
}

/// How many entries of a list are the teen's own, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hidden {
    /// Before.
    pub from: usize,
    /// After.
    pub to: usize,
}

/// When a change begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// With this revision.
    Now,
}

/// The controls whose effective value differs, ordered by id.
///
/// Only values count: another author of the same value is no change. A control that only one of the two policies knows
/// was added to or dropped from the catalogue between them; that is not something anybody changed, so it is left out.
pub fn diff(registry: &Registry, before: &Policy, after: &Policy) -> Vec<Change> {
    let changed = |(id, to): (&ControlId, &super::Effective)| {
        let (control, from) = (registry.get(id)?, before.get(id)?);
        let direction = control.kind.direction(&from.value, &to.value);
        (from.value != to.value).then(|| Change {
            control: id.clone(),
            from: from.value.clone(),
            to: to.value.clone(),
            direction,
            hidden: None,
            effective: When::Now,
        })
    };
    after.iter().filter_map(changed).collect()
}

/// Where several changes lead together.
pub fn direction_of(changes: &[Change]) -> Direction {
    changes.iter().map(|change| change.direction).fold(Direction::Same, Direction::and)
}

//! Minutes of a local day: the limit, and what is left of it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Held;
use crate::domain::{
    controls::{Action, Control},
    timeline::{LocalDay, Span},
    value::{DayMinutes, Value},
};

/// Minutes that are used up, as if. Nothing is predicted: they count for the whole of their day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// For every day of the answer, or for one after the other from the first on; what the list does not reach is unused.
    pub minutes_used: Used,
}

/// Minutes of use a day, 0–1500: a day has 25 hours at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Used {
    /// The same on every day.
    EveryDay(u16),
    /// Day by day.
    DayByDay(Vec<u16>),
}

/// The minutes of a local day, or of a part of it in which the limit does not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Budget {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// From when to when.
    #[serde(flatten)]
    pub span: Span,
    /// The minutes of the whole day; null: no limit.
    pub limit_minutes: Option<u16>,
    /// Those that were asked about. Absent where nothing was asked, or where the control does not count use of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_minutes: Option<u16>,
    /// What is left then. Absent together with the minutes used, and where there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_minutes: Option<u16>,
}

impl Usage {
    /// The most minutes of one day, on which the clock may go back.
    pub const MOST: u16 = 1500;

    /// Whether a day can have as many.
    pub fn is_possible(&self) -> bool {
        match &self.minutes_used {
            Used::EveryDay(minutes) => *minutes <= Self::MOST,
            Used::DayByDay(days) => days.iter().all(|minutes| *minutes <= Self::MOST),
        }
    }

    /// What is used on the first day of an answer; on all others nothing is.
    pub(super) fn of_first_day(&self) -> Self {
        Self { minutes_used: Used::DayByDay(vec![self.on(0)]) }
    }

    /// The minutes of a day of the answer, counted from 0.
    pub(super) fn on(&self, day: usize) -> u16 {
        match &self.minutes_used {
            Used::EveryDay(minutes) => *minutes,
            Used::DayByDay(days) => days.get(day).copied().unwrap_or_default(),
        }
    }
}

/// The budgets of a control, day by day.
pub(super) fn budgets(control: &Control, spans: &[Held], days: &[LocalDay], usage: Option<&Usage>) -> Vec<Budget> {
    let usage = usage.filter(|_| control.decides.as_ref().is_some_and(|decides| decides.action.0 == Action::USE));
    let mut pieces: Vec<Budget> = Vec::new();
    for (number, day) in days.iter().enumerate() {
        for Held { span, held } in spans {
            let part = Span { from: span.from.max(day.from), to: span.to.min(day.to) };
            let Value::Minutes(minutes) = &held.value else { continue };
            if part.to <= part.from {
                continue;
            }
            let limit = limit_on(*minutes, day);
            match pieces.last_mut().filter(|last| last.date == day.date && last.limit_minutes == limit) {
                Some(last) => last.span.to = part.to,
                None => pieces.push(Budget::new(day, part, limit, usage.map(|usage| usage.on(number)))),
            }
        }
    }
    pieces
}

impl Budget {
    fn new(day: &LocalDay, span: Span, limit_minutes: Option<u16>, used_minutes: Option<u16>) -> Self {
        let remaining_minutes = limit_minutes.zip(used_minutes).map(|(limit, used)| limit.saturating_sub(used));
        Self { date: day.date, span, limit_minutes, used_minutes, remaining_minutes }
    }
}

fn limit_on(minutes: DayMinutes, day: &LocalDay) -> Option<u16> {
    Some(minutes.on(day.date.weekday().into())).filter(|limit| *limit < DayMinutes::NO_LIMIT)
}

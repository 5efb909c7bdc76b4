//! Whether something may be used now, why not, and until when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClockReading, Device, Silence};
use crate::domain::{
    budget::{Budget, Limits},
    timeline::Until,
};

/// Why something is closed. Stable, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No policy has come yet.
    NoPolicy,
    /// A guardian has paused everything.
    Paused,
    /// School, sleep, or time away.
    OffHours,
    /// The minutes of the day, the week or the item are used up.
    BudgetUsed,
    /// What was lent is used, and so is what is allowed without the server.
    Offline,
}

/// Something is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Why.
    pub why: Why,
    /// Which hours (a control) or which budget (`day`, `week`, an item), where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When it opens by itself, as far as that is known.
    pub until: Option<Timestamp>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Nothing: it may be used.
    pub closed: Option<Closed>,
    /// Seconds that it can go on as things stand; nothing: no end is known.
    pub left_seconds: Option<u32>,
    /// It goes on without the server, on the minutes that the policy allows for that.
    pub alone: bool,
}

impl Device {
    /// Whether an item may be used now. `in_use`: it has been until now, and may have the last minutes of a changed budget.
    pub fn may_use(&self, item: &str, in_use: bool, reading: &ClockReading) -> Verdict {
        let time = self.time(reading);
        let (Some(held), Some(today)) = (&self.held, self.today(time.least)) else {
            return match Limits::default().never_closes(item) {
                true => Verdict::open(None, false),
                false => Verdict::closed(Why::NoPolicy, None, None),
            };
        };
        let silence = self.silence(time);
        let limits = held.limits(today.date, time.least, silence);
        if limits.never_closes(item) {
            return Verdict::open(None, false);
        }
        if time.instants().any(|at| held.is_paused(at, silence)) {
            return Verdict::closed(Why::Paused, None, None);
        }
        // Where the time is not known, it is closed as long as it is by either.
        let hours = time.instants().filter_map(|at| held.off_hours(at, silence)).max_by_key(|(_, until)| *until);
        if let Some((control, until)) = hours {
            let until = match until {
                Until::Time(at) => Some(at),
                Until::Forever => None,
            };
            return Verdict::closed(Why::OffHours, Some(control.to_owned()), until);
        }
        let closes = time.instants().filter_map(|at| Some((held.closes_at(at, silence)?, at)));
        let open_for = closes.map(|(closes, at)| seconds(closes.duration_since(at))).min();
        let budget = self.budget_of(today, &limits);
        let last_minutes = in_use && self.last_minutes.is_some_and(|until| time.least < until);
        if let Some(used_up) = used_up(&budget, &limits, item).filter(|_| !last_minutes) {
            return Verdict::closed(Why::BudgetUsed, Some(used_up), Some(today.to));
        }
        let counts = limits.counts(item);
        let left = budget.concerning(item, counts).filter_map(|left| left.remaining_seconds).min();
        let left = left.into_iter().chain(open_for).min();
        let is_limited = counts && budget.remaining().is_some();
        match is_limited && !last_minutes && !self.is_lent(today, time) {
            true => match self.left_alone(today, &limits) {
                0 => Verdict::closed(Why::Offline, None, Some(today.to)),
                alone => Verdict::open(left.into_iter().chain([alone]).min(), true),
            },
            false => Verdict::open(left, false),
        }
    }

    /// Minutes before the end at which something is to be announced: the least one that is not shorter than what is left.
    pub fn warning(&self, left_seconds: u32) -> Option<u16> {
        let warnings = self.held.as_ref().map(|held| held.warnings.as_slice()).unwrap_or_default();
        warnings.iter().copied().filter(|minutes| left_seconds <= u32::from(*minutes).saturating_mul(60)).min()
    }

    /// Seconds until a night begins, where the app is to wind down: the sooner of both where the time is not known.
    pub fn winds_down(&self, reading: &ClockReading) -> Option<u32> {
        let time = self.time(reading);
        time.instants().filter_map(|at| self.held.as_ref()?.winds_down(at, self.silence(time))).min()
    }

    /// Whether the policy was not confirmed for so long that the device says so, or falls back.
    pub fn is_silent(&self, reading: &ClockReading) -> Silence {
        self.silence(self.time(reading))
    }
}

fn used_up(budget: &Budget, limits: &Limits, item: &str) -> Option<String> {
    let mut concerning = budget.concerning(item, limits.counts(item));
    concerning.find(|left| left.is_used_up()).map(|left| left.item.clone())
}

fn seconds(duration: jiff::SignedDuration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or_default()
}

impl Verdict {
    const fn open(left_seconds: Option<u32>, alone: bool) -> Self {
        Self { closed: None, left_seconds, alone }
    }

    const fn closed(why: Why, by: Option<String>, until: Option<Timestamp>) -> Self {
        Self { closed: Some(Closed { why, by, until }), left_seconds: Some(0), alone: false }
    }
}

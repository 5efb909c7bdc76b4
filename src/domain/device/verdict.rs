//! Whether something may be used now, why not, and until when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClockReading, Device, Silence, Time, held::Today};
use crate::domain::{
    budget::{Left, Limits, WEEK},
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
        let all_limits = self.limits_by_all(today, time, silence);
        if all_limits.iter().all(|limits| limits.never_closes(item)) {
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
        let within = all_limits.iter().map(|limits| self.within(today, time, limits, item, in_use));
        let strictest = within.reduce(Verdict::stricter).unwrap_or(Verdict::open(None, false));
        strictest.for_no_longer_than(open_for)
    }

    /// By budgets and leases alone.
    fn within(&self, today: Today, time: Time, limits: &Limits, item: &str, in_use: bool) -> Verdict {
        let budget = self.budget_of(today, limits);
        let concerning = || budget.concerning(item, limits.counts(item));
        let is_closed = |left: &&Left| left.is_used_up() && self.ends(left, in_use, time).is_none();
        if let Some(used_up) = concerning().find(is_closed) {
            let week_ends = self.held.as_ref().filter(|_| used_up.item == WEEK).map(|held| held.week_ends(today));
            let until = week_ends.unwrap_or(today.to);
            return Verdict::closed(Why::BudgetUsed, Some(used_up.item.clone()), Some(until));
        }
        let left_of = |left: &Left| self.ends(left, in_use, time).or(left.remaining_seconds);
        let left = concerning().filter_map(left_of).min();
        if self.is_lent(today, time, limits, item, in_use) {
            return Verdict::open(left, false);
        }
        match self.left_alone(today, limits) {
            0 => Verdict::closed(Why::Offline, None, Some(today.to)),
            alone => Verdict::open(left.into_iter().chain([alone]).min(), true),
        }
    }

    /// Seconds of the last minutes of a limit of which a change has left nothing.
    pub(super) fn ends(&self, left: &Left, in_use: bool, time: Time) -> Option<u32> {
        let until = self.last_minutes.get(&left.item).filter(|_| in_use && left.is_used_up())?;
        (time.least < *until).then(|| seconds(until.duration_since(time.least)))
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

fn seconds(duration: jiff::SignedDuration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or_default()
}

impl Verdict {
    const fn open(left_seconds: Option<u32>, alone: bool) -> Self {
        Self { closed: None, left_seconds, alone }
    }

    /// Of two answers the one that allows less; of two refusals the first.
    fn stricter(self, other: Self) -> Self {
        match (&self.closed, &other.closed) {
            (Some(_), _) => self,
            (None, Some(_)) => other,
            (None, None) => {
                let left_seconds = self.left_seconds.into_iter().chain(other.left_seconds).min();
                Self::open(left_seconds, self.alone || other.alone)
            }
        }
    }

    fn for_no_longer_than(self, seconds: Option<u32>) -> Self {
        match self.closed {
            Some(_) => self,
            None => Self { left_seconds: self.left_seconds.into_iter().chain(seconds).min(), ..self },
        }
    }

    const fn closed(why: Why, by: Option<String>, until: Option<Timestamp>) -> Self {
        Self { closed: Some(Closed { why, by, until }), left_seconds: Some(0), alone: false }
    }
}

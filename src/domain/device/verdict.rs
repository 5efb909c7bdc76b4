//! Whether something may be used now, why not, and until when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ClockReading, Device, Silence, Time, held::Today, left::View};
use crate::domain::{
    budget::{DAY, Limits, WEEK},
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
        let views = self.views(today, time);
        if views.iter().all(|view| view.limits.never_closes(item)) {
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
        self.by_budgets(today, time, &views, item, in_use).for_no_longer_than(open_for)
    }

    /// By budgets and leases alone.
    fn by_budgets(&self, today: Today, time: Time, views: &[View], item: &str, in_use: bool) -> Verdict {
        let mut rows: BTreeMap<(u8, &str), u32> = BTreeMap::new();
        for (limited, left) in views.iter().flat_map(|view| view.concerning(item)) {
            let least = rows.entry((place(limited), limited)).or_insert(left);
            *least = left.min(*least);
        }
        // The last minutes of what a change has left nothing of.
        let ends = |limited: &str| {
            let until = self.last_minutes.get(limited).filter(|until| in_use && time.least < **until)?;
            Some(seconds(until.duration_since(time.least)))
        };
        let mut ending: Vec<&str> = Vec::new();
        for ((_, limited), left) in rows.iter_mut().filter(|(_, left)| **left == 0) {
            match ends(limited) {
                Some(seconds) => {
                    *left = seconds;
                    ending.push(limited);
                }
                None => {
                    let week_ends = self.held.as_ref().filter(|_| *limited == WEEK).map(|held| held.week_ends(today));
                    let until = week_ends.unwrap_or(today.to);
                    return Verdict::closed(Why::BudgetUsed, Some((*limited).to_owned()), Some(until));
                }
            }
        }
        if ending.iter().any(|limited| matches!(*limited, DAY | WEEK)) {
            ending.extend([DAY, WEEK]);
        }
        let left = rows.into_values().min();
        let not_lent = views.iter().filter(|view| !self.is_lent(today, time, view, item, &ending));
        match not_lent.map(|view| self.left_alone(today, &view.limits)).min() {
            None => Verdict::open(left, false),
            Some(0) => Verdict::closed(Why::Offline, None, Some(today.to)),
            Some(alone) => Verdict::open(left.into_iter().chain([alone]).min(), true),
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

/// Day, week, then items by name.
fn place(limited: &str) -> u8 {
    match limited {
        DAY => 0,
        WEEK => 1,
        _ => 2,
    }
}

fn seconds(duration: jiff::SignedDuration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or_default()
}

impl Verdict {
    const fn open(left_seconds: Option<u32>, alone: bool) -> Self {
        Self { closed: None, left_seconds, alone }
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

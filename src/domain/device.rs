//! A device that enforces a teen's policy, with the server or without it: all that it decides, and nothing that it does.
//!
//! No sockets, files, clocks or randomness: a driver hands in what the clocks show, what came and what is being used, and asks what
//! may be. `family-pairing device` is one such driver; an app in another language copies what is here, and `docs/DEVICE.md` has
//! the rules in words. What is [kept](Device::kept) must be on disk before anything is done by it.
//!
//! - **Time** is the server's, carried on by a clock that counts sleep; see [`clock`]. Where it is not known, the stricter counts.
//! - **Days** come from the policy's timeline, open once and only by time that has surely passed.
//! - **What is left** is limit and gifts of the policy, without what all devices have told and what this one has counted since.
//! - **Alone**, a device may use what it was lent, and then what the policy allows it without the server.

pub mod clock;
pub mod code;
mod held;
mod ledger;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{
    clock::{Anchor, ClockReading, Time},
    held::Held,
    ledger::Ledger,
    verdict::{Closed, Verdict, Why},
};
use self::{
    code::{BadCode, CodeKey, MOST_WRONG, Redeemed},
    held::Today,
};
use super::{
    budget::{Budget, DAY, Gifts, Lease, Limits, Spent, WEEK},
    snapshot::{Payload, Silence},
};

/// After a change of the policy that leaves nothing, what is in use may go on so long, to be brought to an end.
const LAST_MINUTES_MS: i64 = 120_000;
/// Wrong codes are forgotten after this long.
const WRONG_FOR_SECONDS: i64 = 3_600;

/// What the server has told of a day, and what this device had counted by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    budget: Budget,
    /// What the server counted of this device's own use by then, on the whole and of each item.
    own: BTreeMap<String, u32>,
    lease: Option<Lease>,
}

/// What a device must not forget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    anchor: Option<Anchor>,
    /// When the server was heard last, by the time as it was known.
    heard_at: Option<Timestamp>,
    /// The latest day that has opened.
    opened: Option<Date>,
    ledger: Ledger,
    told: Option<Told>,
    /// What was used today without a lease.
    alone: Option<(Date, u32)>,
    /// Codes that were good, those of today with what they gave.
    last_code: u32,
    codes: Vec<Typed>,
    wrong_codes: Vec<Timestamp>,
}

/// A code that was typed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// The day that it gave its minutes to.
    pub day: Date,
    /// What it gave.
    #[serde(flatten)]
    pub redeemed: Redeemed,
    /// The gift of the policy that it becomes once the server knows of it.
    grant_id: Uuid,
    /// The server knows of it.
    told: bool,
    /// A policy has had it: from then on the policies say whether it counts, also that it does not any more.
    #[serde(default)]
    in_policy: bool,
}

/// The device.
#[derive(Clone, Debug)]
pub struct Device {
    kept: Kept,
    held: Option<Held>,
    /// Until when what is in use may go on although a change has left nothing of it.
    last_minutes: Option<Timestamp>,
    /// The app lacks a control that may not be missing.
    lacking: bool,
}

impl Device {
    /// Wakes up with what was kept and with the policy that was in force.
    pub fn wake(kept: Kept, payload: Option<&Payload>) -> Self {
        Self { kept, held: payload.and_then(Held::of), last_minutes: None, lacking: false }
    }

    /// What to write down, at least once a minute and after everything that came.
    pub const fn kept(&self) -> &Kept {
        &self.kept
    }

    /// The time, as far as it is known.
    pub fn time(&self, reading: &ClockReading) -> Time {
        Anchor::time(self.kept.anchor.as_ref(), reading)
    }

    /// A minute went by, or less: the time that has passed is never lost again.
    pub fn tick(&mut self, reading: &ClockReading) {
        self.kept.anchor = Some(Anchor::kept(self.kept.anchor.as_ref(), reading));
        // Before the server has ever told the time there is only the wall clock: a day that it opened in a year would stay open till then.
        let today = self.kept.heard_at.and_then(|_| self.today(self.time(reading).least));
        self.kept.opened = today.map(|today| today.date).max(self.kept.opened);
    }

    /// The server has answered what was asked: an answer to this device's own question, which took so long.
    pub fn heard(&mut self, server_time: Timestamp, took_ms: u64, reading: &ClockReading) {
        self.kept.anchor = Some(Anchor::told(self.kept.anchor.as_ref(), server_time, took_ms, reading));
        self.kept.heard_at = Some(self.time(reading).least);
        self.tick(reading);
    }

    /// Another policy is in force from now on.
    pub fn apply(&mut self, payload: &Payload, reading: &ClockReading) {
        let before = self.remaining(reading);
        self.held = Held::of(payload);
        if let Some(held) = &self.held {
            self.kept.codes.iter_mut().for_each(|code| code.in_policy |= held.gives(code.grant_id));
        }
        self.tick(reading);
        let now = self.time(reading).least;
        let closes = before != Some(0) && self.remaining(reading) == Some(0);
        let later = now.saturating_add(jiff::SignedDuration::from_millis(LAST_MINUTES_MS)).ok();
        self.last_minutes = if closes { later } else { self.last_minutes };
    }

    /// Whether the app lacks a control of the policy that may not be missing: then the safe side of every control counts, as after long silence.
    pub const fn lacks(&mut self, lacking: bool) {
        self.lacking = lacking;
    }

    /// What the server counts, and what it lends.
    pub fn told(&mut self, budget: Budget, own: BTreeMap<String, u32>, lease: Option<Lease>) {
        // One of a day before comes late.
        if self.kept.told.as_ref().is_none_or(|told| told.budget.day <= budget.day) {
            self.kept.told = Some(Told { budget, own, lease });
        }
    }

    /// Something was used for so many seconds until now.
    pub fn used(&mut self, item: &str, seconds: u32, reading: &ClockReading) {
        let time = self.time(reading);
        let without_a_lease = self.today(time.least).filter(|today| {
            let limits = self.limits_in(*today, time.least, self.silence(time));
            let is_limited = self.budget_of(*today, &limits).remaining().is_some();
            is_limited && limits.counts(item) && !self.is_lent(*today, time)
        });
        self.kept.ledger.count(item, time.least, seconds);
        if let Some(today) = without_a_lease {
            self.kept.alone = Some((today.date, self.used_alone(today).saturating_add(seconds)));
        }
    }

    /// What to tell the server.
    pub const fn ledger(&self) -> &Ledger {
        &self.kept.ledger
    }

    /// The codes that were typed in and of which the server does not know yet.
    pub fn codes(&self) -> impl Iterator<Item = Typed> {
        self.kept.codes.iter().filter(|code| !code.told).copied()
    }

    /// The server knows of these by now.
    pub fn codes_told(&mut self, numbers: &[u32]) {
        let told = self.kept.codes.iter_mut().filter(|code| numbers.contains(&code.redeemed.number));
        told.for_each(|code| code.told = true);
    }

    /// Somebody typed in a code. A good one gives its minutes to today, on this device.
    pub fn redeem(&mut self, key: &CodeKey, typed: &str, reading: &ClockReading) -> Result<Redeemed, BadCode> {
        let now = self.time(reading).least;
        self.kept.wrong_codes.retain(|at| now.duration_since(*at).as_secs() < WRONG_FOR_SECONDS);
        if self.kept.wrong_codes.len() >= MOST_WRONG {
            return Err(BadCode::Wrong);
        }
        match key.redeem(typed, self.kept.last_code) {
            Ok(redeemed) => {
                self.kept.last_code = redeemed.number;
                if let Some(today) = self.today(now) {
                    self.kept.codes.retain(|code| code.day >= today.date || !code.told);
                    let grant_id = key.grant_id(redeemed.number);
                    self.kept.codes.push(Typed { day: today.date, redeemed, grant_id, told: false, in_policy: false });
                }
                Ok(redeemed)
            }
            Err(BadCode::Wrong) => {
                self.kept.wrong_codes.push(now);
                Err(BadCode::Wrong)
            }
            Err(BadCode::Form) => Err(BadCode::Form),
        }
    }

    /// How long nothing was heard, as far as it matters.
    pub fn silence(&self, time: Time) -> Silence {
        if self.lacking {
            return Silence::Safe;
        }
        let (Some(held), Some(heard_at)) = (&self.held, self.kept.heard_at) else { return Silence::Short };
        time.instants().map(|at| held.staleness.silence(heard_at, at)).max().unwrap_or_default()
    }

    /// The day that is open: one that has opened does not close again before the next one opens.
    fn today(&self, at: Timestamp) -> Option<Today> {
        let today = self.held.as_ref()?.day(at);
        Some(match self.kept.opened.filter(|opened| *opened > today.date) {
            Some(opened) => Today { date: opened, ..today },
            None => today,
        })
    }

    fn limits(&self, today: Today, at: Timestamp) -> Limits {
        self.limits_in(today, at, self.silence(Time { least: at, most: at, tampered: false }))
    }

    fn limits_in(&self, today: Today, at: Timestamp, silence: Silence) -> Limits {
        self.held.as_ref().map(|held| held.limits(today.date, at, silence)).unwrap_or_default()
    }

    /// What is left of today.
    pub fn budget(&self, reading: &ClockReading) -> Option<Budget> {
        let now = self.time(reading).least;
        let today = self.today(now)?;
        let limits = self.limits(today, now);
        Some(self.budget_of(today, &limits))
    }

    fn budget_of(&self, today: Today, limits: &Limits) -> Budget {
        let own = self.kept.ledger.spent(today, limits);
        let told = self.kept.told.as_ref();
        let of_today = told.filter(|told| told.budget.day == today.date);
        // What others have told, and what is counted here.
        let used = |item: &str, counted: u32| {
            let Some(told) = of_today else { return counted };
            let all = told.budget.items.iter().find(|left| left.item == item).map_or(0, |left| left.used_seconds);
            let mine = told.own.get(item).copied().unwrap_or_default();
            all.saturating_sub(mine.min(all)).saturating_add(counted.max(mine))
        };
        let items = own.items.iter().map(|(item, seconds)| (item.clone(), used(item, *seconds))).collect();
        let spent = Spent { seconds: used(DAY, own.seconds), items };
        let week_before = self.week_before(today, limits);
        let gifts = self.gifts(today);
        Budget::of(today.date, limits, &gifts, &spent, week_before)
    }

    /// What was used in this week before today, by what the server said and by what was counted here.
    fn week_before(&self, today: Today, limits: &Limits) -> u32 {
        let Some(held) = &self.held else { return 0 };
        let week = held.week(today);
        let before: Vec<&Today> = week.iter().filter(|day| day.date < today.date).collect();
        let counted =
            before.iter().map(|day| self.kept.ledger.spent(**day, limits).seconds).fold(0, u32::saturating_add);
        let told = self.kept.told.as_ref().filter(|told| week.iter().any(|day| day.date == told.budget.day));
        let said = told.map_or(0, |told| {
            let used = |item: &str| {
                told.budget.items.iter().find(|left| left.item == item).map_or(0, |left| left.used_seconds)
            };
            if told.budget.day == today.date {
                return used(WEEK).saturating_sub(used(DAY));
            }
            // What was counted here after the server's last word, on its day and on those since.
            let mine =
                |day: &Today| told.own.get(DAY).copied().filter(|_| day.date == told.budget.day).unwrap_or_default();
            let untold = |day: &&&Today| day.date >= told.budget.day;
            let since = before
                .iter()
                .filter(untold)
                .map(|day| self.kept.ledger.spent(**day, limits).seconds.saturating_sub(mine(day)));
            since.fold(used(WEEK), u32::saturating_add)
        });
        counted.max(said)
    }

    fn gifts(&self, today: Today) -> Gifts {
        let mut gifts = self.held.as_ref().map(|held| held.gifts(today.date)).unwrap_or_default();
        for code in self.codes_of(today).filter(|code| !code.in_policy) {
            gifts.today = gifts.today.and(Some(code.redeemed.minutes));
            gifts.week = gifts.week.and(Some(code.redeemed.minutes));
        }
        gifts
    }

    /// What is left of day and week; nothing: no limit.
    fn remaining(&self, reading: &ClockReading) -> Option<u32> {
        self.budget(reading)?.remaining()
    }

    /// Whether the device may go on without asking anybody. Where the time is not known, a lease has to last by either.
    fn is_lent(&self, today: Today, time: Time) -> bool {
        let told = self.kept.told.as_ref().filter(|told| told.budget.day == today.date);
        let Some(lease) = told.and_then(|told| told.lease) else { return false };
        let own = self.kept.ledger.spent(today, &self.limits(today, time.least)).seconds;
        time.instants().all(|at| at < lease.until) && own < lease.up_to_seconds
    }

    fn codes_of(&self, today: Today) -> impl Iterator<Item = &Typed> {
        self.kept.codes.iter().filter(move |code| code.day == today.date)
    }

    /// What is left of the minutes without the server, what codes have given on top.
    fn left_alone(&self, today: Today, limits: &Limits) -> u32 {
        let seconds = |code: &Typed| u32::from(code.redeemed.minutes).saturating_mul(60);
        let given = self.codes_of(today).map(seconds).fold(0, u32::saturating_add);
        limits.offline.saturating_add(given).saturating_sub(self.used_alone(today))
    }

    fn used_alone(&self, today: Today) -> u32 {
        self.kept.alone.filter(|(day, _)| *day == today.date).map_or(0, |(_, seconds)| seconds)
    }
}

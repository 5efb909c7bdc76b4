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
mod left;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

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
    left::Said,
};
use super::{
    budget::{Limits, Told},
    snapshot::{Payload, Silence},
};

/// After a change of the policy that leaves nothing, what is in use may go on so long, to be brought to an end.
const LAST_MINUTES_MS: i64 = 120_000;
/// Wrong codes are forgotten after this long.
const WRONG_FOR_SECONDS: i64 = 3_600;

/// What a device must not forget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    anchor: Option<Anchor>,
    /// When the server was heard last, by the time as it was known.
    heard_at: Option<Timestamp>,
    /// The latest day that has opened.
    opened: Option<Date>,
    ledger: Ledger,
    told: Option<Said>,
    /// What was used today without a lease.
    alone: Option<(Date, u32)>,
    /// Codes that were good, those of today with what they gave.
    last_code: u32,
    codes: Vec<Typed>,
    wrong_codes: Vec<Timestamp>,
    /// Since when the wall clock was wrong, until the server knows.
    #[serde(default)]
    wrong_since: Option<Timestamp>,
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
    /// The limits of which a change has left nothing, and until when what is in use may go on all the same.
    last_minutes: BTreeMap<String, Timestamp>,
    /// The app lacks a control that may not be missing.
    lacking: bool,
}

impl Device {
    /// Wakes up with what was kept and with the policy that was in force.
    pub fn wake(kept: Kept, payload: Option<&Payload>) -> Self {
        Self { kept, held: payload.and_then(Held::of), last_minutes: BTreeMap::new(), lacking: false }
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
        let Time { least, tampered, .. } = self.time(reading);
        self.kept.wrong_since = self.kept.wrong_since.or(tampered.then_some(least));
        // Before the server has ever told the time there is only the wall clock: a day that it opened in a year would stay open till then.
        let today = self.kept.heard_at.and_then(|_| self.today(least));
        self.kept.opened = today.map(|today| today.date).max(self.kept.opened);
    }

    /// The server has answered what was asked: an answer to this device's own question, which took so long.
    pub fn heard(&mut self, server_time: Timestamp, took_ms: u64, reading: &ClockReading) {
        self.kept.anchor = Some(Anchor::told(self.kept.anchor.as_ref(), server_time, took_ms, reading));
        let now = self.time(reading).least;
        self.kept.heard_at = Some(now);
        self.put_right(now);
        self.tick(reading);
    }

    /// A server whose clock was wrong may have opened days that have not come: only a server can, and the next one puts it right.
    fn put_right(&mut self, now: Timestamp) {
        let Some(today) = self.held.as_ref().map(|held| held.day(now).date) else { return };
        let latest = today.tomorrow().unwrap_or(today);
        if self.kept.opened.is_some_and(|opened| opened > latest) {
            self.kept.opened = Some(today);
            self.kept.told = self.kept.told.take().filter(|told| told.budget.day <= latest);
            self.kept.alone = self.kept.alone.filter(|(day, _)| *day <= latest);
            self.kept.wrong_since = self.kept.wrong_since.filter(|since| *since <= now);
            self.kept.wrong_codes.retain(|at| *at <= now);
        }
    }

    /// Another policy is in force from now on.
    pub fn apply(&mut self, payload: &Payload, reading: &ClockReading) {
        let before = self.used_up(reading);
        self.held = Held::of(payload);
        if let Some(held) = &self.held {
            self.kept.codes.iter_mut().for_each(|code| code.in_policy |= held.gives(code.grant_id));
        }
        self.tick(reading);
        let now = self.time(reading).least;
        let until = now.saturating_add(jiff::SignedDuration::from_millis(LAST_MINUTES_MS)).unwrap_or(now);
        let after = self.used_up(reading);
        // What has something left again has no last minutes any more.
        self.last_minutes.retain(|limit, _| after.contains(limit));
        self.last_minutes.extend(after.into_iter().filter(|limit| !before.contains(limit)).map(|limit| (limit, until)));
    }

    /// The limits of which nothing is left.
    fn used_up(&self, reading: &ClockReading) -> BTreeSet<String> {
        let items = self.budget(reading).into_iter().flat_map(|budget| budget.items);
        items.filter(|left| left.is_used_up()).map(|left| left.item).collect()
    }

    /// Whether the app lacks a control of the policy that may not be missing: then the safe side of every control counts, as after long silence.
    pub const fn lacks(&mut self, lacking: bool) {
        self.lacking = lacking;
    }

    /// What the server counts, and what it lends.
    pub fn told(&mut self, told: Told, reading: &ClockReading) {
        // One of a day before comes late.
        if self.kept.told.as_ref().is_none_or(|known| known.budget.day <= told.budget.day) {
            let counted = self.counted_on(told.budget.day, self.time(reading).least);
            self.kept.told = Some(Said::of(told, &counted));
        }
    }

    /// Something was used for so many seconds until now.
    pub fn used(&mut self, item: &str, seconds: u32, reading: &ClockReading) {
        let time = self.time(reading);
        let alone = self.today(time.least).filter(|today| {
            let views = self.views(*today, time);
            views.iter().any(|view| !self.is_lent(*today, time, view, item, &[]))
        });
        self.kept.ledger.count(item, time.least, seconds);
        if let Some(today) = alone {
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

    /// The server knows of these by now, and says how many minutes each of them gives.
    pub fn codes_told(&mut self, counted: &[Redeemed]) {
        for Redeemed { number, minutes } in counted {
            if let Some(code) = self.kept.codes.iter_mut().find(|code| code.redeemed.number == *number) {
                (code.told, code.redeemed.minutes) = (true, *minutes);
            }
        }
    }

    /// Since when the wall clock is known to have been wrong: to be told to the server with the next hello.
    pub const fn wrong_since(&self) -> Option<Timestamp> {
        self.kept.wrong_since
    }

    /// The server has answered a hello that said so.
    pub fn clock_told(&mut self, since: Timestamp) {
        self.kept.wrong_since = self.kept.wrong_since.filter(|known| *known != since);
    }

    /// Somebody typed in a code. A good one gives its minutes to today, on this device.
    pub fn redeem(&mut self, key: &CodeKey, typed: &str, reading: &ClockReading) -> Result<Redeemed, BadCode> {
        let now = self.time(reading).least;
        self.kept.wrong_codes.retain(|at| now.duration_since(*at).as_secs() < WRONG_FOR_SECONDS);
        if self.kept.wrong_codes.len() >= MOST_WRONG {
            return Err(BadCode::Wrong);
        }
        let Some(today) = self.today(now) else { return Err(BadCode::NoPolicy) };
        match key.redeem(typed, self.kept.last_code) {
            Ok(redeemed) => {
                self.kept.last_code = redeemed.number;
                self.kept.codes.retain(|code| code.day >= today.date || !code.told);
                let grant_id = key.grant_id(redeemed.number);
                // A device that lost its memory may take a code again whose gift it has.
                let in_policy = self.held.as_ref().is_some_and(|held| held.gives(grant_id));
                self.kept.codes.push(Typed { day: today.date, redeemed, grant_id, told: false, in_policy });
                Ok(redeemed)
            }
            Err(BadCode::Wrong) => {
                self.kept.wrong_codes.push(now);
                Err(BadCode::Wrong)
            }
            Err(bad) => Err(bad),
        }
    }

    /// How long nothing was heard, as far as it matters.
    pub fn silence(&self, time: Time) -> Silence {
        if self.lacking {
            return Silence::Safe;
        }
        let Some(held) = &self.held else { return Silence::Short };
        // One that knows of no answer has lost its memory, or its policy was put there by hand.
        let heard_at = self.kept.heard_at.unwrap_or(held.issued_at);
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

    fn limits(&self, today: Today, at: Timestamp, silence: Silence) -> Limits {
        self.held.as_ref().map(|held| held.limits(today.date, at, silence)).unwrap_or_default()
    }
}

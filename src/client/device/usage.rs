//! A pretend user: so many seconds of something per minute, as far as the limits let them, counted as the protocol asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use jiff::{Timestamp, civil::Date};

use crate::client::{
    bodies::TypedCode,
    keep::{Keep, KeepError},
};
use crate::domain::{
    budget::DeviceBudget,
    device::{
        ClockReading, Closed, Device as Core, Kept, Time, Typed,
        code::{BadCode, CodeKey, MOST_TOLD, Redeemed},
    },
    snapshot::Payload,
    usage::{MOST_SLOTS, UsageSlot},
};
use crate::sync::frame::UsageFrame;

/// What is used, and how many seconds of each minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    item: String,
    seconds: u32,
}

impl FromStr for Use {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let told = "is not ITEM=SECONDS with 0 to 60 seconds, as in feed=30";
        let (item, seconds) = text.rsplit_once('=').ok_or(told)?;
        let seconds = seconds.parse().ok().filter(|seconds| (0..=60).contains(seconds)).ok_or(told)?;
        match crate::domain::text::word(item) {
            Ok(item) => Ok(Self { item, seconds }),
            Err(_) => Err(told),
        }
    }
}

/// Something opened or closed for the pretend user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What.
    pub item: String,
    /// Why it is closed; nothing: it is open.
    pub closed: Option<Closed>,
}

/// What is used here, what may be, and what of it the server has.
#[derive(Debug)]
pub struct Counter {
    uses: Vec<Use>,
    core: Core,
    keep: Keep,
    /// What the server has durably taken, per slot and item.
    taken: BTreeMap<(i64, String), i16>,
    sent: Option<UsageFrame>,
    number: u64,
    closed: BTreeMap<String, bool>,
    /// The day of the last minute.
    day: Option<Date>,
}

impl Counter {
    /// Goes on with what is kept, under the policy that was in force.
    pub fn wake(keep: Keep, payload: Option<&Payload>) -> Result<Self, KeepError> {
        let core = Core::wake(keep.usage()?.unwrap_or_default(), payload);
        let taken = BTreeMap::new();
        Ok(Self { uses: vec![], core, keep, taken, sent: None, number: 0, closed: BTreeMap::new(), day: None })
    }

    /// Uses these from now on.
    pub fn uses(&mut self, uses: Vec<Use>) {
        self.uses = uses;
    }

    /// Somebody typed in a code that a guardian has read out.
    pub fn redeem(&mut self, key: &CodeKey, typed: &str, reading: &ClockReading) -> Result<Redeemed, BadCode> {
        self.core.redeem(key, typed, reading)
    }

    /// Codes of which the server does not know yet, as many as it takes at once; the others come after them.
    pub fn codes(&self) -> Vec<TypedCode> {
        let told =
            |code: Typed| TypedCode { number: code.redeemed.number, minutes: code.redeemed.minutes, day: code.day };
        self.core.codes().take(MOST_TOLD).map(told).collect()
    }

    /// The server knows of these by now, and says how many minutes each gives.
    pub fn codes_told(&mut self, counted: &[Redeemed]) {
        self.core.codes_told(counted);
    }

    /// What time it is, as far as it is known.
    pub fn time(&self, reading: &ClockReading) -> Time {
        self.core.time(reading)
    }

    /// Since when the wall clock was wrong, as long as the server does not know.
    pub const fn wrong_since(&self) -> Option<Timestamp> {
        self.core.wrong_since()
    }

    /// The server has answered a hello that said so.
    pub fn clock_told(&mut self, since: Timestamp) {
        self.core.clock_told(since);
    }

    /// The app lacks a control that may not be missing, or does not any more.
    pub fn lacks(&mut self, lacking: bool) {
        self.core.lacks(lacking);
    }

    /// Whether there is anything to count.
    pub fn is_idle(&self) -> bool {
        self.uses.is_empty()
    }

    /// Another policy is in force.
    pub fn applied(&mut self, payload: &Payload, reading: &ClockReading) {
        self.core.apply(payload, reading);
    }

    /// The server has answered a question of this device, which took so long.
    pub fn heard(&mut self, server_time: Timestamp, took_ms: u64, reading: &ClockReading) {
        self.core.heard(server_time, took_ms, reading);
    }

    /// The server says what is left.
    pub fn told(&mut self, budget: DeviceBudget, reading: &ClockReading) {
        self.core.told(budget.into(), reading);
    }

    /// A minute went by: what may be used was used, and what opened or closed is told.
    pub fn minute(&mut self, reading: &ClockReading) -> Vec<Turn> {
        self.core.tick(reading);
        let mut turns = Vec::new();
        let day = self.core.budget(reading).map(|budget| budget.day);
        let is_another = self.day.is_some() && self.day != day;
        self.day = day;
        // A day has opened: first it is told, so that something is lent of it.
        if is_another {
            return turns;
        }
        for Use { item, seconds } in self.uses.clone() {
            let in_use = self.closed.get(&item) == Some(&false);
            let closed = self.core.may_use(&item, in_use, reading).closed;
            if closed.is_none() {
                self.core.used(&item, seconds, reading);
            }
            if self.closed.insert(item.clone(), closed.is_some()) != Some(closed.is_some()) {
                turns.push(Turn { item, closed });
            }
        }
        turns
    }

    /// What must be on disk before a minute counts.
    pub fn kept(&self) -> (Keep, Kept) {
        (self.keep.clone(), self.core.kept().clone())
    }

    /// Everything that the server has not confirmed, newest first. Nothing to tell is told as well: the answer says what is left.
    pub fn report(&mut self) -> UsageFrame {
        self.number = self.number.saturating_add(1);
        let news = |slot: &UsageSlot| self.taken.get(&(slot.slot, slot.item.clone())) != Some(&slot.seconds);
        let slots = self.core.ledger().slots().into_iter().rev().filter(news).take(MOST_SLOTS).collect();
        let frame = UsageFrame { id: Some(format!("usage-{}", self.number)), slots };
        self.sent = Some(frame.clone());
        frame
    }

    /// The server has durably taken a report.
    pub fn confirmed(&mut self, id: &str) {
        let Some(sent) = self.sent.take_if(|sent| sent.id.as_deref() == Some(id)) else { return };
        self.taken.extend(sent.slots.into_iter().map(|slot| ((slot.slot, slot.item), slot.seconds)));
        let known: BTreeSet<(i64, String)> =
            self.core.ledger().slots().into_iter().map(|slot| (slot.slot, slot.item)).collect();
        self.taken.retain(|slot, _| known.contains(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::server_double::{payload_with, scratch};
    use crate::domain::device::Why;

    fn reading(minute: i64) -> ClockReading {
        let wall = Timestamp::from_second(1_800_000_000 + minute * 60).unwrap();
        let monotonic_ms = u64::try_from(minute * 60_000).unwrap();
        ClockReading { wall, monotonic_ms, boot_id: "a".into(), zone: String::new() }
    }

    #[test]
    fn what_may_be_used_is_counted_and_told_until_it_is_confirmed() {
        let policy = payload_with(
            serde_json::json!({"time.daily_minutes": {"value": 3}, "time.offline_minutes": {"value": 60}}),
        );
        let keep = Keep::at(scratch());
        let mut counter = Counter::wake(keep.clone(), Some(&policy)).unwrap();
        counter.uses(vec!["feed=60".parse().unwrap(), "help=10".parse().unwrap()]);
        counter.heard(reading(0).wall, 0, &reading(0));
        let turns: Vec<Turn> = (1..=5).flat_map(|minute| counter.minute(&reading(minute))).collect();
        let said: Vec<_> =
            turns.iter().map(|turn| (turn.item.as_str(), turn.closed.as_ref().map(|it| it.why))).collect();
        assert_eq!(said, [("feed", None), ("help", None), ("feed", Some(Why::BudgetUsed))]);
        let seconds = |frame: &UsageFrame| -> i32 { frame.slots.iter().map(|slot| i32::from(slot.seconds)).sum() };
        let report = counter.report();
        assert_eq!(seconds(&report), 180 + 50);
        counter.confirmed("usage-0");
        assert_eq!(seconds(&counter.report()), 230, "nothing was confirmed");
        counter.confirmed("usage-2");
        assert_eq!(counter.report().slots, []);
        let (kept, state) = counter.kept();
        kept.keep_usage(&state).unwrap();
        let mut again = Counter::wake(keep.clone(), Some(&policy)).unwrap();
        again.uses(vec!["feed=60".parse().unwrap()]);
        assert!(again.minute(&reading(6))[0].closed.is_some(), "a restart gives nothing back");
        std::fs::remove_dir_all(keep.dir()).unwrap();
    }

    #[test]
    fn uses_are_bounded() {
        assert!("cat:games=60".parse::<Use>().is_ok());
        for bad in ["feed", "feed=61", "feed=-1", "=3", "a b=3"] {
            assert!(bad.parse::<Use>().is_err(), "{bad}");
        }
    }
}

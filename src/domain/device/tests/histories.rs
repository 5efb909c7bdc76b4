//! Random histories: several devices of one teen, a server that loses what it hears, and clocks that lie.
//!
//! The teen uses every device whenever it lets them. What they get out of it is never more than `docs/DEVICE.md` says.
//! `HISTORIES=20000 cargo test --lib histories` is the long run.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::domain::{
    budget::{Counted, Gifts, LONGEST, Leases, Limits},
    ids::DeviceId,
    usage::UsageSlot,
};

/// Seconds from one look to the next.
const STEP: i64 = 30;
const LIMIT: u32 = 3_600;
const ALONE: u32 = 900;
/// An item with minutes of its own, which do not count towards the day: nothing but its own leases keeps it apart.
const GAMES: &str = "games";
const GAMES_LIMIT: u32 = 3_600;

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one_in(&mut self, most: u64) -> bool {
        self.below(most) == 0
    }
}

/// A device, and what is done to it.
struct Phone {
    id: DeviceId,
    core: Device,
    /// What is on its disk.
    disk: Kept,
    connected: bool,
    /// One look in so many finds it connected or away otherwise than before.
    stays: u64,
    on: bool,
    frozen: bool,
    /// How far its wall clock is off, in seconds.
    wall_off: i64,
    boots: u64,
    booted_at: Timestamp,
    /// What it has told that may come again.
    late: Vec<UsageSlot>,
    /// What was really used, by the true day and by the day that it took it for.
    used: Days,
    counted: Days,
}

/// Seconds of the whole and of the item, by day.
type Days = BTreeMap<(Date, &'static str), u32>;

#[derive(Default)]
struct Faults {
    jumps: u32,
    restarts: u32,
    freezes: u32,
    losses: u32,
    repeats: u32,
}

struct Server {
    /// It lends without end, as one that does not know of others would: then the bound cannot hold.
    lends_without_end: bool,
    slots: BTreeMap<(DeviceId, i64, String), i16>,
    leases: Option<Leases>,
}

fn controls() -> serde_json::Value {
    json!({"time.daily_minutes": LIMIT / 60, "time.offline_minutes": ALONE / 60, "time.counting": "sum",
        "time.item_minutes": [{"item": GAMES, "minutes": GAMES_LIMIT / 60}], "time.not_counted": [GAMES]})
}

fn policy() -> Payload {
    let mut policy = payload(&controls());
    let days: BTreeMap<String, i64> = (0..20_i64)
        .map(|day| ((at(NOON) + SignedDuration::from_hours(24 * day)).to_string()[..10].to_owned(), day * 1440 - 720))
        .collect();
    let timeline = json!({"from": NOON, "until": "2027-01-01T12:00:00Z", "tzdata": "x", "days": days, "blocks": {}});
    policy.timeline = serde_json::value::RawValue::from_string(timeline.to_string()).unwrap();
    policy
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

impl Server {
    /// Takes what a device tells, and answers.
    fn hears(&mut self, device: DeviceId, slots: &[UsageSlot], now: Timestamp) -> crate::domain::budget::Told {
        for UsageSlot { item, slot, seconds } in slots {
            let known = self.slots.entry((device, *slot, item.clone())).or_default();
            *known = (*known).max(*seconds);
        }
        let today = date(now);
        let of_today = |slot: i64| date(Timestamp::from_second(slot * 300).unwrap()) == today;
        let slots =
            self.slots.iter().filter(|((_, slot, _), _)| of_today(*slot)).map(|((device, slot, item), seconds)| {
                (*device, UsageSlot { item: item.clone(), slot: *slot, seconds: *seconds })
            });
        let held = controls();
        let limits = Limits::read(today, |id| held.get(id).cloned());
        let counted = Counted { day: today, limits, gifts: Gifts::default(), slots: slots.collect(), week_before: 0 };
        let mut leases = self.leases.take().unwrap_or(Leases::on(today)).for_day(today);
        let told = counted.tell(device, &mut leases, now);
        self.leases = Some(leases);
        if self.lends_without_end {
            let endless = Lease { up_to_seconds: u32::MAX, until: Timestamp::MAX };
            let leases = [(GAMES.to_owned(), endless)].into();
            return Told { lease: Some(endless), leases, ..told };
        }
        told
    }
}

impl Phone {
    fn new(number: u128, stays: u64, now: Timestamp, policy: &Payload) -> Self {
        let mut phone = Self {
            id: Uuid::from_u128(number).into(),
            core: Device::wake(Kept::default(), Some(policy)),
            disk: Kept::default(),
            connected: true,
            stays,
            on: true,
            frozen: false,
            wall_off: 0,
            boots: 0,
            booted_at: now,
            late: vec![],
            used: BTreeMap::new(),
            counted: BTreeMap::new(),
        };
        let reading = phone.reading(now);
        phone.core.heard(now, 50, &reading);
        phone
    }

    fn reading(&self, now: Timestamp) -> ClockReading {
        ClockReading {
            wall: now + SignedDuration::from_secs(self.wall_off),
            monotonic_ms: u64::try_from(now.duration_since(self.booted_at).as_millis()).unwrap(),
            boot_id: format!("boot-{}", self.boots),
            zone: String::new(),
        }
    }

    /// Whatever happens to a device within a step.
    fn suffers(&mut self, now: Timestamp, policy: &Payload, dice: &mut Dice, faults: &mut Faults) {
        if dice.one_in(self.stays) {
            self.connected = !self.connected;
        }
        if dice.one_in(60) {
            let hours = i64::try_from(dice.below(96)).unwrap() - 48;
            (self.wall_off, faults.jumps) = (hours * 3_600, faults.jumps + 1);
        }
        if dice.one_in(2 * self.stays) {
            self.on = !self.on;
            if self.on {
                (self.boots, self.booted_at, faults.restarts) = (self.boots + 1, now, faults.restarts + 1);
                self.core = Device::wake(self.disk.clone(), Some(policy));
            }
        }
        if dice.one_in(50) {
            (self.frozen, faults.freezes) = (!self.frozen, faults.freezes + 1);
        }
    }

    /// The teen uses it, if it lets them; and it tells the server, if that hears it.
    fn runs(&mut self, now: Timestamp, server: &mut Server, dice: &mut Dice, faults: &mut Faults) {
        if !self.on || self.frozen {
            return;
        }
        let reading = self.reading(now);
        self.core.tick(&reading);
        let item = if dice.one_in(2) { GAMES } else { "feed" };
        if self.core.may_use(item, true, &reading).closed.is_none() {
            let seconds = u32::try_from(STEP).unwrap();
            let day = date(self.core.time(&reading).least - SignedDuration::from_secs(1));
            self.core.used(item, seconds, &reading);
            for of in [item, if item == GAMES { "all" } else { DAY }] {
                *self.used.entry((date(now - SignedDuration::from_secs(1)), of)).or_default() += seconds;
                *self.counted.entry((day, of)).or_default() += seconds;
            }
        }
        self.disk = self.core.kept().clone();
        if !self.connected || dice.one_in(2) {
            return;
        }
        if dice.one_in(5) {
            faults.losses += 1;
            return;
        }
        let mut slots = self.core.ledger().slots();
        if dice.one_in(4) {
            // What was said before comes again, behind what is newer.
            slots.extend(self.late.clone());
            faults.repeats += 1;
        }
        self.late = slots.clone();
        let told = server.hears(self.id, &slots, now);
        if dice.one_in(5) {
            faults.losses += 1;
            return;
        }
        self.core.heard(now, 50, &reading);
        self.core.told(told, &reading);
        self.disk = self.core.kept().clone();
    }
}

/// The most that was used of the whole and of the item on one day, by the day that the devices took it for.
struct Played {
    devices: u32,
    counted: Vec<Days>,
    used: Vec<Days>,
}

fn play(history: u64, policy: &Payload, lends_without_end: bool, faults: &mut Faults) -> Played {
    let mut dice = Dice(history.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66);
    let devices = u32::try_from(1 + dice.below(3)).unwrap();
    let begin = at(NOON) + SignedDuration::from_mins(i64::try_from(dice.below(1440)).unwrap());
    // Away for twenty minutes or for hours; a day, or several.
    let (stays, days) =
        ([40, 400][usize::try_from(dice.below(2)).unwrap()], [1, 4][usize::try_from(history % 2).unwrap()]);
    let mut server = Server { slots: BTreeMap::new(), leases: None, lends_without_end };
    let mut phones: Vec<Phone> = (1..=devices).map(|number| Phone::new(number.into(), stays, begin, policy)).collect();
    for step in 1..=(days * 1_440 * 60 / STEP) {
        let now = begin + SignedDuration::from_secs(step * STEP);
        for phone in &mut phones {
            phone.suffers(now, policy, &mut dice, faults);
            phone.runs(now, &mut server, &mut dice, faults);
        }
    }
    let (counted, used) = phones.into_iter().map(|phone| (phone.counted, phone.used)).unzip();
    Played { devices, counted, used }
}

fn on_each_day(of: &[Days]) -> Days {
    let mut days = Days::new();
    of.iter().flatten().for_each(|(day, seconds)| *days.entry(*day).or_default() += seconds);
    days
}

/// How far beyond the bound a history went, if it did. `most`: the greatest of both, of those that have a limit.
fn beyond(played: &Played, most: &mut BTreeMap<&'static str, u32>) -> Option<String> {
    let Played { devices, counted, used } = played;
    let look = u32::try_from(2 * STEP).unwrap();
    for (days, each, which) in [
        (on_each_day(counted), LONGEST + ALONE + look, "as counted"),
        // A device that was off without the server may take a day for one before, and begin the next before it is heard.
        (on_each_day(used), 2 * LONGEST + 3 * ALONE + 3 * look, "in truth"),
    ] {
        for ((day, item), seconds) in days {
            let limit = match item {
                DAY => LIMIT,
                GAMES => GAMES_LIMIT,
                _ => continue,
            };
            let greatest = most.entry(item).or_default();
            *greatest = seconds.max(*greatest);
            let bound = limit + devices * each;
            if seconds > bound {
                return Some(format!("{seconds} of {bound} s of {item} on {day}, {which}"));
            }
        }
    }
    None
}

fn histories() -> u64 {
    option_env!("HISTORIES").and_then(|number| number.parse().ok()).unwrap_or(24)
}

/// Promise 10, when clocks lie: what all devices together give in a day is never more than the bound.
#[test]
fn no_history_gives_more_than_the_bound() {
    let (policy, mut faults, mut most) = (policy(), Faults::default(), BTreeMap::new());
    for history in 0..histories() {
        let played = play(history, &policy, false, &mut faults);
        assert_eq!(beyond(&played, &mut most), None, "history {history}");
    }
    let Faults { jumps, restarts, freezes, losses, repeats } = faults;
    assert!([jumps, restarts, freezes, losses, repeats].iter().all(|number| *number > 0), "nothing was done to them");
    assert!(most.len() == 2 && most.values().all(|most| *most > LIMIT / 2), "something was used: {most:?}");
    let histories = histories();
    println!(
        "{histories} histories: {jumps} jumps, {restarts} restarts, {freezes} freezes, {losses} losses, {repeats} repeats; most of a day {most:?} s"
    );
}

/// And it is the leases that hold it: with a server that lends without end, the same histories go beyond.
#[test]
fn without_leases_the_bound_does_not_hold() {
    let (policy, mut faults) = (policy(), Faults::default());
    let goes_beyond = |history| beyond(&play(history, &policy, true, &mut faults), &mut BTreeMap::new());
    let first = (0..histories()).find_map(goes_beyond);
    assert!(first.is_some(), "no history would notice");
}

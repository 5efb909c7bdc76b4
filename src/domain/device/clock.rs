//! What time it is on a device that its owner may lie to.
//!
//! The wall clock is the teen's to set. So a device holds on to what the server said last, and counts on from there with a clock
//! that nobody can set and that counts sleep. It writes that down each minute. After a restart without the server it knows only
//! that at least the time since has passed for which it was on; what the wall clock shows beyond that may be true. Then the
//! stricter of both counts, and no new day opens that only the wall clock tells of.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The wall clock is told of when it is this far off.
const OFF: SignedDuration = SignedDuration::from_mins(2);
/// An answer that took less time tells the time better; for this long.
const BEST_FOR_MS: u64 = 3_600_000;

/// What the device's clocks say, to find skew and tampering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReading {
    /// The wall clock.
    pub wall: Timestamp,
    /// Milliseconds of a clock that nobody can set and that counts sleep.
    pub monotonic_ms: u64,
    /// Changes with each boot.
    #[serde(default)]
    pub boot_id: String,
    /// The device's own zone; informative only.
    #[serde(default)]
    pub zone: String,
}

/// What a device knew of the time at one reading of its clocks. Kept on the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The time: at least, if not verified.
    at: Timestamp,
    monotonic_ms: u64,
    boot_id: String,
    /// Whether the server has told it since the device was started.
    verified: bool,
    /// How long the answer took that told it, and when by the monotonic clock.
    took_ms: u64,
    told_ms: u64,
}

/// The time, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Not earlier than this. Days open by it.
    pub least: Timestamp,
    /// Not later, as far as anybody says so; the same where the server has told it.
    pub most: Timestamp,
    /// The wall clock cannot be right, or is more than two minutes off.
    pub tampered: bool,
}

impl Time {
    /// Whether it is known.
    pub fn is_verified(&self) -> bool {
        self.least == self.most
    }

    /// The instants at which a rule must be looked at: the stricter answer counts.
    pub fn instants(&self) -> impl Iterator<Item = Timestamp> {
        [self.least].into_iter().chain((self.most != self.least).then_some(self.most))
    }
}

impl Anchor {
    /// The time by what the clocks show, with what was known before.
    pub fn time(known: Option<&Self>, reading: &ClockReading) -> Time {
        let ClockReading { wall, monotonic_ms, .. } = reading;
        let Some(known) = known else { return Time { least: *wall, most: *wall, tampered: false } };
        let same_boot = known.is_of_this_boot(reading);
        // Since a restart the monotonic clock counts from nothing.
        let passed = if same_boot { monotonic_ms - known.monotonic_ms } else { *monotonic_ms };
        let least = later(known.at, passed);
        if same_boot && known.verified {
            return Time { least, most: least, tampered: wall.duration_since(least).abs() > OFF };
        }
        Time { least, most: least.max(*wall), tampered: least.duration_since(*wall) > OFF }
    }

    /// Whether the device has been on since. A clock that counts from nothing again says that it has not, whatever name the start has.
    fn is_of_this_boot(&self, reading: &ClockReading) -> bool {
        self.boot_id == reading.boot_id && self.monotonic_ms <= reading.monotonic_ms
    }

    /// What to keep of a reading, so that a restart loses no more than the time since. Nothing is gained by it.
    pub fn kept(known: Option<&Self>, reading: &ClockReading) -> Self {
        let same_boot = known.filter(|known| known.is_of_this_boot(reading));
        Self {
            at: Self::time(known, reading).least,
            monotonic_ms: reading.monotonic_ms,
            boot_id: reading.boot_id.clone(),
            verified: same_boot.is_some_and(|known| known.verified),
            took_ms: same_boot.map_or(u64::MAX, |known| known.took_ms),
            told_ms: same_boot.map_or(0, |known| known.told_ms),
        }
    }

    /// The server has told its time, in an answer that took so long and came at this reading.
    pub fn told(known: Option<&Self>, server_time: Timestamp, took_ms: u64, reading: &ClockReading) -> Self {
        let fresh = |known: &&Self| reading.monotonic_ms.saturating_sub(known.told_ms) < BEST_FOR_MS;
        let at = later(server_time, took_ms / 2);
        // Of two that do not agree the later one counts: a server whose clock was wrong must not be believed for an hour.
        let agrees = |known: &&Self| {
            let apart = Self::time(Some(known), reading).least.duration_since(at).abs();
            apart <= OFF.saturating_add(SignedDuration::from_millis(i64::try_from(took_ms).unwrap_or(i64::MAX)))
        };
        let better = known.filter(|known| {
            known.verified && known.is_of_this_boot(reading) && known.took_ms <= took_ms && fresh(known)
        });
        let better = better.filter(agrees);
        match better {
            Some(_) => Self::kept(known, reading),
            None => Self {
                at,
                monotonic_ms: reading.monotonic_ms,
                boot_id: reading.boot_id.clone(),
                verified: true,
                took_ms,
                told_ms: reading.monotonic_ms,
            },
        }
    }
}

fn later(at: Timestamp, by_ms: u64) -> Timestamp {
    let by = SignedDuration::from_millis(i64::try_from(by_ms).unwrap_or(i64::MAX));
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn reading(boot: &str, minutes_on: u64, wall: &str) -> ClockReading {
        ClockReading { wall: at(wall), monotonic_ms: minutes_on * 60_000, boot_id: boot.into(), zone: String::new() }
    }

    /// Told at noon, in a second.
    fn noon() -> Anchor {
        Anchor::told(None, at("2026-11-27T12:00:00Z"), 1_000, &reading("a", 5, "2026-11-27T12:00:00Z"))
    }

    /// Edge cases 14 and 15: whatever the wall clock is set to, the time goes on from what the server said.
    #[test]
    fn the_wall_clock_is_not_believed_while_the_device_is_on() {
        for (wall, tampered) in [
            ("2026-11-28T12:10:00Z", true),
            ("2026-11-27T11:10:00Z", true),
            ("1970-01-01T00:00:00Z", true),
            ("2026-11-27T12:11:00Z", false),
        ] {
            let time = Anchor::time(Some(&noon()), &reading("a", 15, wall));
            assert_eq!((time.least, time.is_verified()), (at("2026-11-27T12:10:00.5Z"), true));
            assert_eq!(time.tampered, tampered, "{wall}");
        }
    }

    /// Edge case 18: eight hours of sleep are eight hours, by a clock that counts them. 19: a step of 400 ms is nothing.
    #[test]
    fn sleep_counts_and_a_small_step_does_not() {
        let time = Anchor::time(Some(&noon()), &reading("a", 485, "2026-11-27T20:00:00.4Z"));
        assert_eq!((time.least, time.tampered), (at("2026-11-27T20:00:00.5Z"), false));
    }

    /// Edge case 17: a battery that is dead lets the wall clock begin in 1970.
    #[test]
    fn after_a_restart_it_is_at_least_as_late_as_what_was_written_down() {
        let kept = Anchor::kept(Some(&noon()), &reading("a", 65, "2026-11-27T13:00:00Z"));
        let dead = Anchor::time(Some(&kept), &reading("b", 10, "1970-01-01T00:10:00Z"));
        assert_eq!(
            (dead.least, dead.most, dead.tampered),
            (at("2026-11-27T13:10:00.5Z"), at("2026-11-27T13:10:00.5Z"), true)
        );
        let off_for_a_day = Anchor::time(Some(&kept), &reading("b", 10, "2026-11-28T13:00:00Z"));
        assert_eq!(
            (off_for_a_day.least, off_for_a_day.most),
            (at("2026-11-27T13:10:00.5Z"), at("2026-11-28T13:00:00Z"))
        );
        assert!(!off_for_a_day.is_verified() && !off_for_a_day.tampered);
    }

    /// Edge case 16: a loop of restarts with another wall clock each time.
    #[test]
    fn no_restart_takes_time_back() {
        let (mut known, mut least) = (noon(), at("2026-11-27T12:00:00Z"));
        for (number, wall) in
            ["2026-12-24T00:00:00Z", "2020-01-01T00:00:00Z", "2026-11-27T12:00:00Z"].iter().cycle().take(30).enumerate()
        {
            let boot = format!("boot-{number}");
            for minutes in [1, 2, 3] {
                let time = Anchor::time(Some(&known), &reading(&boot, minutes, wall));
                assert!(time.least >= least && time.most >= time.least);
                least = time.least;
                known = Anchor::kept(Some(&known), &reading(&boot, minutes, wall));
            }
        }
        assert_eq!(least, at("2026-11-27T13:30:00.5Z"), "three minutes each time");
    }

    /// A system that gives every start the same name: the clock that counts from nothing again tells.
    #[test]
    fn a_restart_without_a_name_of_its_own_is_a_restart() {
        let kept = Anchor::kept(Some(&noon()), &reading("a", 65, "2026-11-27T13:00:00Z"));
        let after = reading("a", 1, "2026-11-27T21:30:00Z");
        assert!(!Anchor::time(Some(&kept), &after).is_verified());
        let ticked = Anchor::kept(Some(&kept), &after);
        assert!(!Anchor::time(Some(&ticked), &reading("a", 2, "2026-11-27T21:31:00Z")).is_verified());
    }

    #[test]
    fn the_quickest_answer_of_an_hour_tells_the_time_best() {
        let slow =
            Anchor::told(Some(&noon()), at("2026-11-27T12:10:03Z"), 6_000, &reading("a", 15, "2026-11-27T12:10:00Z"));
        assert_eq!(slow.at, at("2026-11-27T12:10:00.5Z"));
        let quick =
            Anchor::told(Some(&noon()), at("2026-11-27T12:10:00Z"), 20, &reading("a", 15, "2026-11-27T12:10:00Z"));
        assert_eq!(quick.at, at("2026-11-27T12:10:00.01Z"));
        let hours_later =
            Anchor::told(Some(&noon()), at("2026-11-27T14:10:00Z"), 6_000, &reading("a", 135, "2026-11-27T14:10:00Z"));
        assert_eq!(hours_later.at, at("2026-11-27T14:10:03Z"));
    }
}

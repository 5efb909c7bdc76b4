//! What is wrong with a device's clock, by its own word: how far it is off, whether it is at home, and whether it was wrong meanwhile.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Status;
use crate::domain::words;

/// What is over is told of for this long.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether something is so short ago that it is told of.
pub(super) fn is_lately(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < TOLD_FOR
}

/// What is wrong with a device's clock. Nothing, most often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockFault {
    /// How many seconds it is ahead; 0: it is right.
    pub off_seconds: i64,
    /// It is set to another local time than that of the teen's home. Which one, nobody is told: it would be a place.
    pub other_zone: bool,
    /// It was wrong from then on, and put right before the device was heard again. Told for a week.
    pub was_wrong_since: Option<Timestamp>,
}

impl ClockFault {
    /// By what a device said last. Its local time is compared with that of its home at the time when it was read.
    pub(super) fn of(off_seconds: i64, status: &Status, home: &str, seen_at: Timestamp, now: Timestamp) -> Self {
        let read_at = status.offset_read_at.unwrap_or(seen_at);
        let told = status.clock_told_at.filter(|told_at| is_lately(*told_at, now));
        Self {
            off_seconds,
            other_zone: status.utc_offset_minutes.is_some_and(|minutes| minutes != offset_at(home, read_at)),
            was_wrong_since: told.filter(|_| off_seconds == 0).and(status.clock_wrong_since),
        }
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        *self != Self::default()
    }
}

/// What is wrong with a device's clock, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockInWords {
    /// How many seconds it is ahead of ours (less than nothing: behind); 0: it is right.
    pub off_seconds: i64,
    /// It is set to another local time than that of the teen's home.
    pub other_zone: bool,
    /// It was wrong from then on while the device was away, and is right now. Told for a week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_wrong_since: Option<Timestamp>,
    /// The same in a sentence.
    pub sentence: String,
}

impl ClockInWords {
    /// Says it, if there is anything to say.
    pub fn of(device: &str, fault: &ClockFault) -> Option<Self> {
        let ClockFault { off_seconds, other_zone, was_wrong_since } = *fault;
        let sentence = words::clock(device, off_seconds, other_zone, was_wrong_since.is_some());
        fault.is_there().then_some(Self { off_seconds, other_zone, was_wrong_since, sentence })
    }
}

/// How far the local time of a home is from UTC, in minutes.
fn offset_at(home: &str, at: Timestamp) -> i32 {
    TimeZone::get(home).unwrap_or(TimeZone::UTC).to_offset(at).seconds() / 60
}

//! Local days on the time line.

use std::iter;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::passing::Passing;

/// A local day: what a daily budget is for. The rule is that of [the timeline](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalDay {
    /// The date on which it begins. With a start after midnight its last hours are on the next date.
    pub date: Date,
    /// First instant inside.
    pub from: Timestamp,
    /// First instant after, which is the next day's first.
    pub to: Timestamp,
    /// Its length: 1440 but for days on which the clock turns.
    pub minutes: i64,
    /// The turn of the clock within it, at its very beginning included.
    pub shift: Option<ClockShift>,
}

impl LocalDay {
    /// The last instant inside: what holds until the day's end still holds then.
    pub fn last_instant(&self) -> Timestamp {
        self.to.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(self.from)
    }
}

/// A turn of a zone's clock, for daylight saving or for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockShift {
    /// The first instant with the new time.
    pub at: Timestamp,
    /// By how many minutes the clock goes forward; negative where it goes back.
    pub minutes: i32,
}

/// All local days that share an instant with `[from, to)`, whole and in order; none where `to` is not after `from`.
///
/// `day_start_minute` is the teen's: minutes after midnight, 0–1439, by the clock.
pub fn days(zone: &TimeZone, day_start_minute: i16, from: Timestamp, to: Timestamp) -> Vec<LocalDay> {
    if to <= from {
        return vec![];
    }
    days_since(zone, day_start_minute, from).take_while(|day| day.from < to).collect()
}

/// The local day to which an instant belongs. `day_start_minute` as in [`days`].
pub fn day_of(zone: &TimeZone, day_start_minute: i16, at: Timestamp) -> LocalDay {
    let shown = date_shown(zone, day_start_minute, at);
    // Nothing is left only in the last hours of the calendar.
    days_since(zone, day_start_minute, at).next().unwrap_or_else(|| day(zone, day_start_minute, shown))
}

/// The day of `at` and all that follow.
pub(super) fn days_since(zone: &TimeZone, day_start_minute: i16, at: Timestamp) -> impl Iterator<Item = LocalDay> {
    let shown = date_shown(zone, day_start_minute, at);
    iter::successors(Some(shown), |date| date.tomorrow().ok())
        .map(move |date| day(zone, day_start_minute, date))
        // After a fold over the day's start the clock shows a date whose day is over; a skipped date has no day.
        .filter(move |day| at < day.to && day.from < day.to)
}

/// The date on the clock, as if days began at midnight.
fn date_shown(zone: &TimeZone, day_start_minute: i16, at: Timestamp) -> Date {
    zone.to_datetime(at).saturating_sub(SignedDuration::from_mins(day_start_minute.into())).date()
}

fn day(zone: &TimeZone, day_start_minute: i16, date: Date) -> LocalDay {
    let from = opening(zone, day_start_minute, date);
    let to = date.tomorrow().map_or(Timestamp::MAX, |next| opening(zone, day_start_minute, next));
    LocalDay { date, from, to, minutes: to.duration_since(from).as_mins(), shift: shift_within(zone, from, to) }
}

fn opening(zone: &TimeZone, day_start_minute: i16, date: Date) -> Timestamp {
    let start = SignedDuration::from_mins(day_start_minute.into());
    Passing::of(zone, date.to_datetime(Time::midnight()).saturating_add(start)).first
}

pub(super) fn shift_within(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Option<ClockShift> {
    let just_before = from.checked_sub(SignedDuration::from_secs(1)).ok()?;
    let offset = zone.to_offset(just_before);
    let mut turns = zone.following(just_before).take_while(|turn| turn.timestamp() < to);
    // A turn may change the zone's name and leave the clock alone.
    let turn = turns.find(|turn| turn.offset() != offset)?;
    Some(ClockShift { at: turn.timestamp(), minutes: (turn.offset().seconds() - offset.seconds()) / 60 })
}

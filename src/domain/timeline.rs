//! Local schedules on the one time line: when a window is on, and when a day begins, in UTC.
//!
//! Schedules and days are meant in local time ("from 22:00 to 07:00, on Sundays"); what is enforced, reported and
//! simulated are instants. Between both stands a zone's clock, which now and then skips local times (a gap) and shows
//! some twice (a fold). Server, devices and pages have to agree on every minute of such a night, so here is the rule
//! for whoever writes it again in another language.
//!
//! # The rule
//!
//! *The clock* is the local time that the zone shows. A window begins when the clock comes to its start, and ends when
//! it comes to its end:
//!
//! | what the clock does with that time | the start of a window | the end of a window |
//! |---|---|---|
//! | shows it once | then | then |
//! | skips it | the first instant after the gap | the first instant after the gap |
//! | shows it twice | the first time | the second time |
//!
//! A window wholly inside a gap is therefore empty, and one inside a fold is on from its first start to its second end
//! without a break. What is left between two windows, an allowance, has it the other way round: it begins at the later
//! end and is over at the earlier start.
//!
//! Minute by minute: windows are a set of minutes of civil days (of the week, of months, of dates), half-open, so that a window until 07:00 holds
//! 06:59 and not 07:00. **A minute of a window blocks from the first time that the clock comes to it until the last
//! time that the clock comes to the minute after it.** Nothing more is needed: it makes no difference how windows are
//! written, cut or joined (a night from Sunday to Monday is one block), and two schedules together block exactly what
//! either blocks, so a stricter one never gives a minute more.
//!
//! For an instant this means: **outside of folds it is blocked exactly when the minute on the clock lies in a window.**
//! In a fold, say one that repeats the hour from 01:00 to 02:00, it is blocked exactly when a window holds
//!
//! - at 01:20 for the first time: any minute from 00:59 to 01:20 (00:59, as a window until 01:00 ends at the second 01:00);
//! - at 01:20 for the second time: any minute from 01:20 to 01:59.
//!
//! **A day begins as a window does, at its date's start by the clock, and ends where the next one begins.** So an instant
//! belongs to the date of the latest local time that the clock has shown by then, after the minutes of the day's start
//! are taken off. Every instant is in exactly one day, and no day comes back: not when midnight comes twice, nor when
//! the clock goes back over it. A date that the clock skips altogether (Samoa, 30 December 2011) is no day.
//!
//! Each gap and fold must be over before the next begins: since 1970, in every zone of the database, the clock runs on
//! for at least a week after a turn. Beyond the calendar, at the end of the year 9999, every local time counts as the
//! last instant.

mod blocks;
mod calendar;
mod days;
mod passing;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    blocks::{Until, blocked, blocked_until, next_edge},
    calendar::{Calendar, FormerHome, Opening},
    days::{ClockShift, LocalDay, day_of, days},
};

/// A stretch of the time line, half-open and never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant after.
    pub to: Timestamp,
}

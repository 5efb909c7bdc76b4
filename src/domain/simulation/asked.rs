//! What a simulation is asked about: one instant, or a stretch of days.

use jiff::{SignedDuration, Timestamp, civil::Weekday};
use thiserror::Error;

use super::{Present, later};
use crate::domain::timeline::{LocalDay, Span};

/// The longest stretch: a week, and a day beside it.
pub(super) const EIGHT_DAYS: SignedDuration = SignedDuration::from_hours(8 * 24);
/// A stretch without an end.
const SEVEN_DAYS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How far ahead: five years. What laws will be then, nobody knows.
pub(super) const AHEAD: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// What holds at an instant, and what differs from now.
    Moment(Timestamp),
    /// How things go from one instant to another.
    Stretch(Span),
}

/// Why a question cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct AskedError {
    /// The field that is wrong: `at`, `from` or `to`.
    pub field: &'static str,
    why: &'static str,
}

const fn wrong(field: &'static str, why: &'static str) -> AskedError {
    AskedError { field, why }
}

/// Reads a question: an instant; or a stretch of at most eight days, seven where it has no end; or else the local week of now.
///
/// Nothing may be asked that is more than eight days ago, which the history tells, or more than five years ahead.
pub fn asked(
    present: &Present<'_>,
    at: Option<Timestamp>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Result<Asked, AskedError> {
    let span = match (at, from, to) {
        (None, None, None) => return Ok(Asked::Stretch(week(present))),
        (Some(at), None, None) => return near(present.now, "at", at).map(Asked::Moment),
        (Some(_), ..) => return Err(wrong("at", "is one instant: it cannot go with from or to")),
        (None, None, Some(_)) => return Err(wrong("from", "is needed where there is an end")),
        (None, Some(from), to) => Span { from, to: to.unwrap_or_else(|| later(from, SEVEN_DAYS)) },
    };
    near(present.now, "from", span.from)?;
    near(present.now, "to", span.to)?;
    match span.to.duration_since(span.from) {
        length if length <= SignedDuration::ZERO => Err(wrong("to", "must be later than from")),
        length if length > EIGHT_DAYS => Err(wrong("to", "must be at most eight days later than from")),
        _ => Ok(Asked::Stretch(span)),
    }
}

fn near(now: Timestamp, field: &'static str, at: Timestamp) -> Result<Timestamp, AskedError> {
    match at.duration_since(now) {
        ahead if ahead > AHEAD => Err(wrong(field, "must be within five years")),
        ahead if ahead < -EIGHT_DAYS => Err(wrong(field, "must not be more than eight days ago: see the history")),
        _ => Ok(at),
    }
}

/// The local days from Monday to Sunday around now.
fn week(present: &Present<'_>) -> Span {
    let (calendar, now) = (present.calendar, present.now);
    let today = calendar.day_of(now);
    let monday = |day: &LocalDay| day.date.saturating_sub(since_monday(day.date.weekday()));
    let around = calendar.days(later(now, -EIGHT_DAYS), later(now, EIGHT_DAYS));
    let week = around.iter().filter(|day| monday(day) == monday(&today));
    let span = week.map(|day| Span { from: day.from, to: day.to }).reduce(|a, b| Span { from: a.from, to: b.to });
    span.unwrap_or(Span { from: today.from, to: today.to })
}

fn since_monday(day: Weekday) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(day.to_monday_zero_offset()))
}

//! The clock of a zone, and when it comes to a local time.

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset, TimeZone},
};

/// When the clock comes to a local time: the same instant twice, but in a fold.
pub(super) struct Passing {
    /// The first time.
    pub(super) first: Timestamp,
    /// The last time.
    pub(super) last: Timestamp,
}

impl Passing {
    /// When the clock of this zone comes to a local time. To one in a gap it comes when the gap is over.
    pub(super) fn of(zone: &TimeZone, local: DateTime) -> Self {
        match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Self::once(instant(offset, local)),
            AmbiguousOffset::Gap { before, after } => Self::once(end_of_gap(zone, local, before, after)),
            AmbiguousOffset::Fold { before, after } => {
                Self { first: instant(before, local), last: instant(after, local) }
            }
        }
    }

    const fn once(at: Timestamp) -> Self {
        Self { first: at, last: at }
    }
}

/// A local time to which the clock does not come again after `at`, nor to any before it: a minute that is past for good.
pub(super) fn past_for_good(zone: &TimeZone, at: Timestamp) -> DateTime {
    let local = zone.to_datetime(at);
    let Passing { first, last } = Passing::of(zone, local);
    // The clock goes back to where the fold begins, and that was shown less than the fold's own length ago.
    local.saturating_sub(last.duration_since(first))
}

/// Read with the offset after the gap, a skipped time lies before the turn of the clock: the turn is the next to come.
fn end_of_gap(zone: &TimeZone, skipped: DateTime, before: Offset, after: Offset) -> Timestamp {
    let turn = zone.following(instant(after, skipped)).find(|turn| turn.offset() == after);
    turn.map_or_else(|| instant(before, skipped), |turn| turn.timestamp())
}

/// The instant at which a clock with this offset shows a local time; beyond the calendar its first or last instant.
fn instant(offset: Offset, local: DateTime) -> Timestamp {
    let edge = if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
    offset.to_timestamp(local).unwrap_or(edge)
}

//! Windows of local time as blocks in UTC.

use std::iter;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Span,
    passing::{Passing, past_for_good},
};
use crate::domain::value::Windows;

/// How long a block stays on. Ordered, so that of several blocks the greatest is when all are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// The first instant that is not blocked any more.
    Time(Timestamp),
    /// Nothing ends it any more: all weeks to come are covered, and every date that is named.
    Forever,
}

/// When something is off within `[from, to)`: the blocks in order, apart from each other, cut at both ends.
///
/// Empty where `to` is not after `from`. The rule is that of [the timeline](super).
pub fn blocked(windows: &Windows, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Span> {
    joined(windows_ahead(windows, zone, from).take_while(|window| window.from < to))
        .map(|block| Span { from: block.from.max(from), to: block.to.min(to) })
        .filter(|block| block.from < block.to)
        .collect()
}

/// Whether `at` lies in a block, and when that block is over, adjoining ones included; `None` where nothing is blocked.
pub fn blocked_until(windows: &Windows, zone: &TimeZone, at: Timestamp) -> Option<Until> {
    let block = block_ahead(windows, zone, at)?;
    (block.from <= at).then_some(if block.to < Timestamp::MAX { Until::Time(block.to) } else { Until::Forever })
}

/// The next instant after `at` at which a block begins or ends; `None` where no window is to come, or no gap in them.
pub fn next_edge(windows: &Windows, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let block = block_ahead(windows, zone, at)?;
    let edge = if at < block.from { block.from } else { block.to };
    (edge < Timestamp::MAX).then_some(edge)
}

/// The block that is on at `at`, or else the next one. What never ends, ends with the calendar.
fn block_ahead(windows: &Windows, zone: &TimeZone, at: Timestamp) -> Option<Span> {
    joined(windows_ahead(windows, zone, at)).next()
}

/// The windows that end after `at`, one by one as they begin, until the calendar ends.
///
/// Only what is asked for is worked out, and the first window is at most one back: cheap enough for every decision.
fn windows_ahead(windows: &Windows, zone: &TimeZone, at: Timestamp) -> impl Iterator<Item = Span> {
    let local = past_for_good(zone, at);
    windows
        .ahead(local.date())
        .skip_while(move |(_, end)| *end <= local)
        .map(|(start, end)| Span { from: Passing::of(zone, start).first, to: Passing::of(zone, end).last })
        .take_while(|window| window.from < Timestamp::MAX)
        .filter(move |window| window.from < window.to && at < window.to)
}

/// Joins spans that overlap or touch; they come in the order in which they begin, which is that in which they end.
fn joined(spans: impl Iterator<Item = Span>) -> impl Iterator<Item = Span> {
    let mut spans = spans.peekable();
    iter::from_fn(move || {
        let mut block = spans.next()?;
        while let Some(more) = spans.next_if(|next| next.from <= block.to) {
            block.to = more.to;
        }
        Some(block)
    })
}

//! How old somebody is taken to be, from all the signals about them.
//!
//! Pure and stateless: the same signals at the same instant give the same decision, on any node, today or in a replay. Nothing is
//! remembered between two decisions, so none can be missed, and a decision for next May is made by asking with next May.
//!
//! **Younger at once, older after 72 hours.** A decision at an instant is the youngest of what the signals said at any time in the
//! 72 hours before it. So a signal that makes somebody younger counts when it is received, and one that makes them older counts
//! 72 hours after it was received and not a second earlier, whatever else arrives in between: time for the family to object. The
//! very first signal has nothing to be older than and counts at once. A signal that ended or was withdrawn is left out
//! of the past as well: its end was known or decided, so nothing waits for it.
//!
//! **A newer word of the same speaker** takes the place of the older one from its receipt on, if it is at least as sure: a guardian's of
//! their own, a store's of that store's. What was said before stays in the past, so an older age waits for its 72 hours then too.

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::{
    AgeBand, AgeSignal, Ages, Birth, Level, Reason,
    signal::day_in,
    weigh::{Heard, Weighed, counted, weigh},
};
use crate::domain::ids::AgeSignalId;

/// How long a signal waits before it can make somebody older.
pub const OLDER_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// How old somebody is taken to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeDecision {
    /// When they were born, as far as rules may know on the day of the decision. While being 18 does not count, nobody is older
    /// than 17 here, so that no reader can mistake them for an adult; such a birth moves with the day.
    pub birth: Birth,
    /// The surest level that puts the person into their band without help from the levels below it.
    pub level: Level,
    /// The signals that it rests on, surest first. Signals that count and are not here contradict it.
    pub basis: Vec<AgeSignalId>,
    /// How they were weighed.
    pub reason: Reason,
    /// When the signals that led here had been received, and every younger word before them had run out.
    pub effective_at: Timestamp,
    /// What comes by itself if nothing else is said, where somebody's getting older waits.
    pub waiting: Option<Waiting>,
    /// The day from which being 18 counts; none while nothing that may end supervision says when.
    pub majority: Option<Date>,
}

/// An older age that does not count yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// When it begins to.
    pub until: Timestamp,
    /// The birth that counts then.
    pub birth: Birth,
}

impl AgeDecision {
    /// The band on a day: that of the youngest possible age, and never adult before being 18 counts.
    pub fn band_on(&self, day: Date) -> AgeBand {
        counted(self.birth.band_on(day), self.majority, day)
    }

    /// The ages that the person is taken to be of on the day of the decision.
    pub fn ages_on(&self, day: Date) -> Ages {
        self.birth.ages_on(day)
    }
}

/// What the signals said once one more had been received.
struct View {
    received_at: Timestamp,
    said: Weighed,
}

impl View {
    /// When it may make somebody older, because all that was said before it has run out.
    fn settles_at(&self) -> Timestamp {
        self.received_at.saturating_add(OLDER_AFTER).unwrap_or(Timestamp::MAX)
    }
}

/// Decides at `now`, by the calendar of the person's own zone. None if no signal counts: then nothing is known, and the most
/// protected band is for them.
pub fn decide(signals: &[AgeSignal], now: Timestamp, zone: &TimeZone) -> Option<AgeDecision> {
    let views = views(signals, now, zone);
    let settled = views.iter().rposition(|view| view.settles_at() <= now).unwrap_or(0);
    let (index, view) = views.iter().enumerate().skip(settled).max_by_key(|(_, view)| view.said.youth())?;
    let (before, newer) = (views.get(..index)?, views.get(index + 1..)?);
    let effective_at = effective_at(before, view);
    let Weighed { birth, level, basis, reason, majority, .. } = view.said.clone();
    let waiting = waiting(newer, birth);
    Some(AgeDecision { birth, level, basis, reason, effective_at, waiting, majority })
}

/// When a decision may change by itself, with no new signal: one is received, settles or ends, or a birthday comes at either end
/// of what one of them says. It may also come out the same then.
pub fn next_change(signals: &[AgeSignal], now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = day_in(zone, now);
    let counting = || signals.iter().filter(|signal| signal.is_live(now) || signal.received_at > now);
    let turns = counting().flat_map(|signal| signal.turns(OLDER_AFTER));
    let birthdays = counting().filter_map(|signal| signal.birth(zone).next_birthday(today));
    let mornings = birthdays.filter_map(|day| Some(day.to_zoned(zone.clone()).ok()?.timestamp()));
    turns.chain(mornings).filter(|at| *at > now).min()
}

/// What the signals that count now said after each receipt, first to last.
fn views(signals: &[AgeSignal], now: Timestamp, zone: &TimeZone) -> Vec<View> {
    let today = day_in(zone, now);
    let live = signals.iter().filter(|signal| signal.is_live(now));
    let mut heard: Vec<Heard<'_>> = live.map(|signal| Heard::new(signal, zone)).collect();
    heard.sort_by_key(|it| it.signal.received_at);
    let mut until_then = Vec::new();
    let together = heard.chunk_by(|a, b| a.signal.received_at == b.signal.received_at);
    together
        .filter_map(|received| {
            until_then.retain(|it: &Heard<'_>| !received.iter().any(|newer| newer.signal.replaces(it.signal)));
            until_then.extend_from_slice(received);
            let received_at = received.first()?.signal.received_at;
            weigh(&until_then, today, zone).map(|said| View { received_at, said })
        })
        .collect()
}

/// When a view began to decide: when the first of those that say the same without a break was received, and not before the younger
/// ones had settled.
fn effective_at(before: &[View], view: &View) -> Timestamp {
    let same = before.iter().rev().take_while(|it| it.said.agrees_with(&view.said)).last().unwrap_or(view);
    let followed = before.iter().zip(before.iter().skip(1).chain([view]));
    let younger = followed.filter(|(it, _)| it.said.youth() > view.said.youth());
    younger.map(|(_, next)| next.settles_at()).fold(same.received_at, Timestamp::max)
}

/// The first other birth that comes when newer views settle one after the other.
fn waiting(newer: &[View], birth: Birth) -> Option<Waiting> {
    newer.iter().enumerate().find_map(|(index, view)| {
        let then = newer.iter().skip(index).max_by_key(|it| it.said.youth())?.said.birth;
        (then != birth).then_some(Waiting { until: view.settles_at(), birth: then })
    })
}

//! Which day it is for a teen, whatever becomes of their home.
//!
//! In one home days are those of the clock, as [the timeline](super) says. When the home moves, to another zone or another start
//! of the day, a budget must not come twice: **a day opens once, and at the earliest twelve hours after the last one opened.**
//! The day that is open at the move stays open. The next to open is the first later date that the new home's clock shows from
//! then on, not before those twelve hours are over. Going west makes the day longer, going east shortens it to no less than
//! twelve hours, and going there and back gives nothing.

use std::iter;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    LocalDay,
    days::{day_of, days_since, shift_within},
};

/// The least time from one opening to the next.
const LEAST: SignedDuration = SignedDuration::from_hours(12);
/// A home that was left so long ago is forgotten: its days are over, and the days since are those of the clock again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(40 * 24);

/// When a day opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Which day.
    pub date: Date,
    /// Its first instant.
    pub at: Timestamp,
}

/// A home that was left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerHome {
    /// Its IANA zone.
    pub zone: String,
    /// Minutes after midnight at which the day started there.
    pub day_start_minute: i16,
    /// The first instant at which it did not count any more.
    pub until: Timestamp,
    /// The day that was open then.
    pub open: Opening,
}

/// The homes of a teen, as far back as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    day_start_minute: i16,
    former: Vec<FormerHome>,
}

/// A home while it counted.
struct Home {
    zone: TimeZone,
    day_start_minute: i16,
    /// Since when, and the day that was open then; nothing for the first one that is known.
    moved_in: Option<(Timestamp, Opening)>,
}

impl Calendar {
    /// Of a home that never moved. `day_start_minute`: minutes after midnight, 0–1439.
    pub const fn new(zone: TimeZone, day_start_minute: i16) -> Self {
        Self { zone, day_start_minute, former: vec![] }
    }

    /// With the homes before, in their order.
    pub fn after(self, former: Vec<FormerHome>) -> Self {
        Self { former, ..self }
    }

    /// The zone of the present home.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Minutes after midnight at which the day starts in the present home.
    pub const fn day_start_minute(&self) -> i16 {
        self.day_start_minute
    }

    /// The homes before, for whoever keeps them.
    pub fn former(&self) -> &[FormerHome] {
        &self.former
    }

    /// When the week of an instant ends: the first instant of a day of the next one.
    pub fn week_ends(&self, at: Timestamp) -> Option<Timestamp> {
        let later = at.saturating_add(SignedDuration::from_hours(24 * 9)).unwrap_or(at);
        let days = self.days(at, later);
        let place = |day: &LocalDay| day.date.weekday().to_monday_zero_offset();
        let begins = days.iter().zip(days.iter().skip(1)).find(|(day, next)| place(next) <= place(day));
        begins.map(|(_, next)| next.from)
    }

    /// The calendar after a move at `now`.
    pub fn moved(&self, zone: TimeZone, day_start_minute: i16, now: Timestamp) -> Self {
        // Days open at whole minutes.
        let now = Timestamp::from_second(now.as_second().div_euclid(60).saturating_mul(60)).unwrap_or(now);
        let mut former: Vec<FormerHome> =
            self.former.iter().filter(|home| now.duration_since(home.until) < REMEMBERED).cloned().collect();
        former.push(FormerHome {
            zone: self.zone.iana_name().unwrap_or("UTC").to_owned(),
            day_start_minute: self.day_start_minute,
            until: now,
            open: self.opening(now),
        });
        Self { zone, day_start_minute, former }
    }

    /// The day to which an instant belongs.
    pub fn day_of(&self, at: Timestamp) -> LocalDay {
        let open = self.opening(at);
        let to = self.next(open).map_or(Timestamp::MAX, |next| next.at);
        let home = self.homes().filter(|home| home.counts_at(open.at)).last();
        let shift = home.and_then(|home| shift_within(&home.zone, open.at, to));
        LocalDay { date: open.date, from: open.at, to, minutes: to.duration_since(open.at).as_mins(), shift }
    }

    /// All days that share an instant with `[from, to)`, whole and in order; none where `to` is not after `from`.
    pub fn days(&self, from: Timestamp, to: Timestamp) -> Vec<LocalDay> {
        let first = (from < to).then(|| self.day_of(from));
        iter::successors(first, |day| (day.to < to).then(|| self.day_of(day.to))).collect()
    }

    /// The last opening that is not after `at`.
    fn opening(&self, at: Timestamp) -> Opening {
        let home = self.homes().filter(|home| home.counts_at(at)).last();
        home.map_or_else(|| on_the_clock(&self.zone, self.day_start_minute, at), |home| home.opening(at))
    }

    /// The opening after one; nothing at the end of the calendar.
    fn next(&self, open: Opening) -> Option<Opening> {
        self.homes().fold(None, |next: Option<Opening>, home| {
            match home.counts_at(open.at) || next.is_some_and(|next| home.counts_before(next.at)) {
                true => home.next(open),
                false => next,
            }
        })
    }

    /// In their order, the present one last.
    fn homes(&self) -> impl Iterator<Item = Home> {
        // A zone that has left the database counts as UTC, here as everywhere.
        let zone = |home: &FormerHome| TimeZone::get(&home.zone).unwrap_or(TimeZone::UTC);
        let former = self.former.iter().map(move |home| (zone(home), home.day_start_minute));
        let moves = self.former.iter().map(|home| Some((home.until, home.open)));
        iter::once(None)
            .chain(moves)
            .zip(former.chain([(self.zone.clone(), self.day_start_minute)]))
            .map(|(moved_in, (zone, day_start_minute))| Home { zone, day_start_minute, moved_in })
    }
}

impl Home {
    /// Whether the teen has moved in by then.
    fn counts_at(&self, at: Timestamp) -> bool {
        self.moved_in.is_none_or(|(since, _)| since <= at)
    }

    /// Whether the teen has moved in before then. What opens at the very instant of a move has opened in the home before.
    fn counts_before(&self, at: Timestamp) -> bool {
        self.moved_in.is_none_or(|(since, _)| since < at)
    }

    /// The last opening that is not after an instant at which the teen lives here.
    fn opening(&self, at: Timestamp) -> Opening {
        let by_the_clock = on_the_clock(&self.zone, self.day_start_minute, at);
        let Some((_, mut open)) = self.moved_in else { return by_the_clock };
        while let Some(next) = self.next(open).filter(|next| next.at <= at) {
            // Once a day opens by the clock, all later ones do.
            if on_the_clock(&self.zone, self.day_start_minute, next.at) == next {
                return by_the_clock;
            }
            open = next;
        }
        open
    }

    /// What opens after a day, as long as the teen lives here.
    fn next(&self, open: Opening) -> Option<Opening> {
        let earliest = open.at.checked_add(LEAST).ok()?;
        let earliest = self.moved_in.map_or(earliest, |(since, _)| earliest.max(since));
        let shown = on_the_clock(&self.zone, self.day_start_minute, earliest);
        if shown.date > open.date {
            return Some(Opening { date: shown.date, at: earliest.max(shown.at) });
        }
        let mut later = days_since(&self.zone, self.day_start_minute, earliest);
        later.find(|day| day.date > open.date).map(|day| Opening { date: day.date, at: day.from })
    }
}

/// The day that a clock alone would have open.
fn on_the_clock(zone: &TimeZone, day_start_minute: i16, at: Timestamp) -> Opening {
    let LocalDay { date, from, .. } = day_of(zone, day_start_minute, at);
    Opening { date, at: from }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const ZONES: [&str; 8] = [
        "Europe/Berlin",
        "Asia/Tokyo",
        "America/New_York",
        "Pacific/Kiritimati",
        "Etc/GMT+12",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/Santiago",
    ];

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn opened(day: &LocalDay) -> (String, Timestamp) {
        (day.date.to_string(), day.from)
    }

    /// A week ends with its Sunday, by the clock of the home; edge case 8: also one in which a date was skipped.
    #[test]
    fn a_week_ends_before_monday() {
        let ends = |name: &str, now: &str| Calendar::new(zone(name), 0).week_ends(at(now));
        assert_eq!(ends("Europe/Berlin", "2026-11-28T12:00:00Z"), Some(at("2026-11-29T23:00:00Z")));
        assert_eq!(ends("Europe/Berlin", "2026-11-29T22:59:59Z"), Some(at("2026-11-29T23:00:00Z")));
        assert_eq!(ends("Europe/Berlin", "2026-11-29T23:00:00Z"), Some(at("2026-12-06T23:00:00Z")));
        assert_eq!(ends("Pacific/Apia", "2011-12-29T12:00:00Z"), Some(at("2012-01-01T10:00:00Z")));
    }

    /// Edge case 11: nine hours east, the day is not shorter than twelve hours.
    #[test]
    fn a_flight_east_leaves_a_day_at_least_twelve_hours() {
        let berlin = Calendar::new(zone("Europe/Berlin"), 0);
        // 18:00 on Wednesday in Berlin is 01:00 on Thursday in Tokyo: Thursday may open, eighteen hours after Wednesday did.
        let late = berlin.moved(zone("Asia/Tokyo"), 0, at("2026-06-10T16:00:00Z"));
        assert_eq!(opened(&late.day_of(at("2026-06-10T16:00:00Z"))), ("2026-06-11".into(), at("2026-06-10T16:00:00Z")));
        // At 09:00 on Wednesday it is Wednesday in both. Thursday opens with Tokyo's midnight, fifteen hours after Wednesday.
        let early = berlin.moved(zone("Asia/Tokyo"), 0, at("2026-06-10T07:00:00Z"));
        assert_eq!(
            opened(&early.day_of(at("2026-06-10T15:00:00Z"))),
            ("2026-06-11".into(), at("2026-06-10T15:00:00Z"))
        );
        // Kiritimati is on Thursday at 12:00 UTC on Wednesday already; Berlin's Wednesday began at 22:00 UTC.
        let far = berlin.moved(zone("Pacific/Kiritimati"), 0, at("2026-06-10T06:00:00Z"));
        assert_eq!(opened(&far.day_of(at("2026-06-10T09:59:59Z"))), ("2026-06-10".into(), at("2026-06-09T22:00:00Z")));
        assert_eq!(opened(&far.day_of(at("2026-06-10T10:00:00Z"))), ("2026-06-11".into(), at("2026-06-10T10:00:00Z")));
    }

    /// Edge case 12: nine hours west, it is the same day still, and its budget is not renewed.
    #[test]
    fn a_flight_west_renews_no_day() {
        let tokyo = Calendar::new(zone("Asia/Tokyo"), 0);
        let moved = tokyo.moved(zone("Europe/Berlin"), 0, at("2026-06-10T16:00:00Z"));
        let open = tokyo.day_of(at("2026-06-10T16:00:00Z"));
        assert_eq!(open.date.to_string(), "2026-06-11");
        let day = moved.day_of(at("2026-06-11T12:00:00Z"));
        assert_eq!((opened(&day), day.to), (opened(&open), at("2026-06-11T22:00:00Z")), "31 hours of one day");
    }

    /// Edge case 13: to Kiritimati and then to Baker, and no second day comes of it.
    #[test]
    fn hopping_over_the_date_line_opens_no_day_twice() {
        let home = Calendar::new(zone("Europe/Berlin"), 0);
        let east = home.moved(zone("Pacific/Kiritimati"), 0, at("2026-06-10T13:00:00Z"));
        assert_eq!(east.day_of(at("2026-06-10T13:00:00Z")).date.to_string(), "2026-06-11");
        let west = east.moved(zone("Etc/GMT+12"), 0, at("2026-06-10T14:00:00Z"));
        let day = west.day_of(at("2026-06-10T15:00:00Z"));
        assert_eq!((day.date.to_string(), day.from), ("2026-06-11".into(), at("2026-06-10T13:00:00Z")));
        assert_eq!(day.to, at("2026-06-12T12:00:00Z"), "until the twelfth begins on Baker");
    }

    proptest! {
        /// Whatever moves there are: days follow each other without a hole, each date comes once, none is shorter than twelve
        /// hours, and what was open stays open at a move.
        #[test]
        fn a_day_opens_once_and_twelve_hours_after_the_last(
            moves in vec((select(&ZONES[..]), prop_oneof![Just(0_i16), 0_i16..1440], 1_i64..60 * 60), 0..8),
            begin in 0_i64..400 * 24 * 60,
        ) {
            let start = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(begin);
            let (mut now, mut calendar) = (start, Calendar::new(zone("Europe/Berlin"), 0));
            for (name, day_start, later) in moves {
                now += SignedDuration::from_mins(later);
                let before = calendar.day_of(now);
                let seen: Vec<_> = calendar.days(start, now).iter().map(opened).collect();
                calendar = calendar.moved(zone(name), day_start, now);
                let after = calendar.day_of(now);
                prop_assert!(after.date == before.date || after.from == now, "{before:?} {after:?}");
                let seen_now: Vec<_> = calendar.days(start, now).iter().map(opened).collect();
                prop_assert_eq!(seen, seen_now, "a move does not change the past");
            }
            let days = calendar.days(start, now + SignedDuration::from_hours(24 * 10));
            for pair in days.windows(2) {
                prop_assert_eq!(pair[0].to, pair[1].from);
                prop_assert!(pair[0].date < pair[1].date);
                prop_assert!(pair[1].from.duration_since(pair[0].from) >= LEAST);
            }
            for day in &days {
                prop_assert_eq!(&calendar.day_of(day.from), day);
                prop_assert_eq!(&calendar.day_of(day.to - SignedDuration::from_nanos(1)), day);
            }
            let settled = days.last().unwrap();
            prop_assert_eq!(on_the_clock(calendar.zone(), calendar.day_start_minute(), settled.from), Opening { date: settled.date, at: settled.from });
        }
    }
}

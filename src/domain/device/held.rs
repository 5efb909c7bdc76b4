//! The policy that a device holds, and what it says at an instant without anybody's help.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::domain::{
    budget::{Gifts, Limits},
    controls::ControlId,
    policy::TimeGrant,
    receiver::{Entry, entries},
    snapshot::{Payload, Silence, Staleness, Timeline},
    timeline::{Until, blocked_until, day_of},
    value::{Given, Kind, Value},
};

/// The controls whose windows close everything that can be closed.
pub const HOURS: [&str; 3] = ["time.away_windows", "time.school_windows", SLEEP];
const ALWAYS_ALLOWED: &str = "time.always_allowed";
const SLEEP: &str = "time.sleep_windows";

/// A policy in force.
#[derive(Clone, Debug)]
pub struct Held {
    controls: BTreeMap<ControlId, Entry>,
    timeline: Option<Timeline>,
    zone: TimeZone,
    day_start_minute: i16,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When to say that nothing was heard, and when to fall back.
    pub staleness: Staleness,
    /// Minutes before something closes at which it is announced.
    pub warnings: Vec<u16>,
}

/// A local day, as far as a device knows its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today {
    /// Which.
    pub date: Date,
    /// Its first instant.
    pub from: Timestamp,
    /// The next day's.
    pub to: Timestamp,
}

impl Held {
    /// Takes a payload that was verified; nothing where its controls cannot be read.
    pub fn of(payload: &Payload) -> Option<Self> {
        Some(Self {
            controls: entries(payload).ok()?,
            timeline: payload.timeline(),
            // Needed only beyond the timeline.
            zone: TimeZone::get(&payload.home_zone).unwrap_or(TimeZone::UTC),
            day_start_minute: payload.day_start_minute,
            issued_at: payload.issued_at,
            staleness: payload.staleness,
            warnings: payload.warnings.clone(),
        })
    }

    /// What counts for a control.
    pub fn value(&self, control: &str, at: Timestamp, silence: Silence) -> Option<&Json> {
        Some(self.controls.get(control)?.value_at(at, silence))
    }

    /// The day of an instant.
    pub fn day(&self, at: Timestamp) -> Today {
        let told = self.timeline.as_ref().filter(|timeline| at < timeline.until);
        let openings = told.map(Timeline::openings).unwrap_or_default();
        let next = openings.iter().position(|(_, opens)| at < *opens).unwrap_or(openings.len());
        let by_the_clock = day_of(&self.zone, self.day_start_minute, at);
        match next.checked_sub(1).and_then(|open| openings.get(open)) {
            // The last day of a timeline ends beyond it, where the clock says how.
            Some((date, from)) => {
                let to = openings.get(next).map_or_else(|| self.after(*date, by_the_clock.to), |(_, opens)| *opens);
                Today { date: *date, from: *from, to }
            }
            None => Today { date: by_the_clock.date, from: by_the_clock.from, to: by_the_clock.to },
        }
    }

    /// The end of a day that is open beyond the timeline.
    fn after(&self, date: Date, by_the_clock: Timestamp) -> Timestamp {
        let next = day_of(&self.zone, self.day_start_minute, by_the_clock);
        if next.date > date { by_the_clock } else { next.to }
    }

    /// The days of the week of a day up to it, the first one first.
    pub fn week(&self, today: Today) -> Vec<Today> {
        let monday = |date: Date| date.weekday().to_monday_zero_offset();
        let mut days = vec![today];
        while let Some(first) = days.last().filter(|day| monday(day.date) > 0 && days.len() < 7) {
            let Ok(before) = first.from.checked_sub(jiff::SignedDuration::from_nanos(1)) else { break };
            let before = self.day(before);
            if before.date >= first.date || monday(before.date) > monday(first.date) {
                break;
            }
            days.push(before);
        }
        days.reverse();
        days
    }

    /// When the week of a day ends: with the first day after it that is of another one.
    pub fn week_ends(&self, today: Today) -> Timestamp {
        let left = i64::from(6 - today.date.weekday().to_monday_zero_offset());
        let sunday = today.date.saturating_add(jiff::SignedDuration::from_hours(24 * left));
        let mut ends = today.to;
        while let Some(day) = Some(self.day(ends)).filter(|day| day.date <= sunday && day.to > ends) {
            ends = day.to;
        }
        ends
    }

    /// Which hours close everything at an instant, and until when; the longest of several.
    pub fn off_hours(&self, at: Timestamp, silence: Silence) -> Option<(&'static str, Until)> {
        let closed = HOURS.into_iter().filter_map(|control| Some((control, self.blocked(control, at, silence)?)));
        closed.max_by_key(|(_, until)| *until)
    }

    /// The next instant at which hours close something that is open.
    pub fn closes_at(&self, at: Timestamp, silence: Silence) -> Option<Timestamp> {
        let timeline = self.timeline.as_ref()?;
        let rows = HOURS.into_iter().flat_map(|control| timeline.row(control, silence == Silence::Safe));
        rows.map(|span| span.from).filter(|from| *from > at).min()
    }

    /// Seconds until a night begins, where the app winds down by now.
    pub fn winds_down(&self, at: Timestamp, silence: Silence) -> Option<u32> {
        let timeline = self.timeline.as_ref()?;
        let minutes = timeline.wind_down_minutes?;
        let nights = timeline.row(SLEEP, silence == Silence::Safe).into_iter();
        let left = nights.map(|night| night.from.duration_since(at).as_secs()).filter(|left| *left > 0).min()?;
        u32::try_from(left).ok().filter(|left| *left <= u32::from(minutes).saturating_mul(60))
    }

    fn blocked(&self, control: &str, at: Timestamp, silence: Silence) -> Option<Until> {
        let timeline = self.timeline.as_ref().filter(|timeline| (timeline.from..timeline.until).contains(&at));
        if let Some(timeline) = timeline {
            let mut row = timeline.row(control, silence == Silence::Safe).into_iter();
            return row.find(|span| (span.from..span.to).contains(&at)).map(|span| Until::Time(span.to));
        }
        // Beyond the timeline the windows themselves count, by the device's own tables.
        let given: Given = serde_json::from_value(self.value(control, at, silence)?.clone()).ok()?;
        let Ok(Value::Windows(windows)) = Kind::Windows.restore(given) else { return None };
        blocked_until(&windows, &self.zone, at)
    }

    /// What limits a day.
    pub fn limits(&self, date: Date, at: Timestamp, silence: Silence) -> Limits {
        Limits::read(date, |id| {
            // What a family lists stays open, also when everything else falls back.
            let silence = if id == ALWAYS_ALLOWED { Silence::Short } else { silence };
            self.value(id, at, silence).cloned()
        })
    }

    /// What was given, as far as the policy says so.
    pub fn gifts(&self, date: Date) -> Gifts {
        let grants = self.timeline.iter().flat_map(|timeline| &timeline.grants);
        Gifts::on(date, grants.map(TimeGrant::gift))
    }

    /// Whether a gift is among those of the policy.
    pub fn gives(&self, id: Uuid) -> bool {
        self.timeline.iter().flat_map(|timeline| &timeline.grants).any(|grant| grant.id == id)
    }

    /// Whether everything is paused.
    pub fn is_paused(&self, at: Timestamp, silence: Silence) -> bool {
        self.value("time.paused", at, silence) == Some(&Json::Bool(true))
    }
}

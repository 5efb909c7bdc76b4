//! The nights that break calendars, one by one, and all others against a walk through every minute.

mod agreement;
mod blocks;
mod dates;
mod days;
mod oracle;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::*;
use crate::domain::value::{Day, Given, GivenEntry, GivenWindow, Kind, Value, Windows};

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

/// One window, as people write it: `weekly(&[Day::Sat], "22:00", "01:30")`.
fn weekly(days: &[Day], from: &str, to: &str) -> Windows {
    let days = days.iter().copied().collect();
    restored(vec![GivenWindow { days, from: from.into(), to: to.into(), months: None }])
}

fn both(a: &Windows, b: &Windows) -> Windows {
    windows_in(Kind::Windows.meet(&Value::Windows(a.clone()), &Value::Windows(b.clone())))
}

/// A window from a minute of the week on, counted from Monday 00:00, at most a week long.
fn stretch(start: i64, length: i64) -> Windows {
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (mut pieces, end) = (vec![], start + length);
    let mut from = start;
    while from < end {
        let midnight = (from.div_euclid(1440) + 1) * 1440;
        let to = end.min(midnight);
        pieces.push(GivenWindow {
            days: BTreeSet::from([Day::ALL[usize::try_from(from.div_euclid(1440).rem_euclid(7)).unwrap()]]),
            from: clock(from.rem_euclid(1440)),
            to: clock(to - midnight + 1440),
            months: None,
        });
        from = to;
    }
    restored(pieces)
}

fn restored(given: Vec<GivenWindow>) -> Windows {
    let given = given.into_iter().map(GivenEntry::Weekly).collect();
    windows_in(Kind::Windows.restore(Given::Windows(given)).unwrap())
}

/// Windows as JSON has them.
fn given(json: serde_json::Value) -> Windows {
    windows_in(Kind::Windows.parse(serde_json::from_value(json).unwrap()).unwrap())
}

fn windows_in(value: Value) -> Windows {
    let Value::Windows(windows) = value else { panic!("windows") };
    windows
}

/// The turns of a zone's clock from 2000 to 2045: when, and by how many minutes it goes forward.
fn turns(zone: &TimeZone) -> Vec<ClockShift> {
    let mut offset = zone.to_offset(at("2000-01-01T00:00:00Z"));
    let mut turns = vec![];
    for turn in
        zone.following(at("2000-01-01T00:00:00Z")).take_while(|turn| turn.timestamp() < at("2045-01-01T00:00:00Z"))
    {
        let minutes = (turn.offset().seconds() - offset.seconds()) / 60;
        offset = turn.offset();
        if minutes != 0 {
            turns.push(ClockShift { at: turn.timestamp(), minutes });
        }
    }
    turns
}

/// The rule of the timeline takes this for granted.
#[test]
fn in_every_zone_a_clock_runs_on_for_a_week_after_a_turn() {
    let mut zones = 0;
    for name in jiff::tz::db().available() {
        let since_1970 = zone(name.as_str());
        let mut offset = since_1970.to_offset(Timestamp::UNIX_EPOCH);
        let mut over = Timestamp::UNIX_EPOCH;
        for turn in
            since_1970.following(Timestamp::UNIX_EPOCH).take_while(|turn| turn.timestamp() < at("2100-01-01T00:00:00Z"))
        {
            let length = turn.offset().duration_since(offset).abs();
            if length > SignedDuration::ZERO {
                assert!(turn.timestamp().duration_since(over) >= minutes(6 * 1440), "{} {}", name, turn.timestamp());
                (offset, over) = (turn.offset(), turn.timestamp() + length);
            }
        }
        zones += 1;
    }
    assert!(zones > 400, "the whole database was read");
}

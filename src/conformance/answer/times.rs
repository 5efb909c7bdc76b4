//! Time: blocks and days.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Fault;
use crate::domain::{
    timeline::{self, Until},
    value::{Given, Kind, Value, Windows},
};

#[derive(Deserialize)]
pub(super) struct Stretch {
    windows: Given,
    zone: String,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Moment {
    windows: Given,
    zone: String,
    at: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Dates {
    zone: String,
    day_start_minute: i16,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Dated {
    zone: String,
    day_start_minute: i16,
    at: Timestamp,
}

pub(super) fn blocked(Stretch { windows, zone, from, to }: Stretch) -> Result<Json, Fault> {
    Ok(json!({"blocks": timeline::blocked(&read(windows)?, &TimeZone::get(&zone)?, from, to)}))
}

pub(super) fn blocked_until(Moment { windows, zone, at }: Moment) -> Result<Json, Fault> {
    let until = match timeline::blocked_until(&read(windows)?, &TimeZone::get(&zone)?, at) {
        Some(Until::Time(end)) => json!(end),
        Some(Until::Forever) => json!("forever"),
        None => Json::Null,
    };
    Ok(json!({"until": until}))
}

pub(super) fn next_edge(Moment { windows, zone, at }: Moment) -> Result<Json, Fault> {
    Ok(json!({"at": timeline::next_edge(&read(windows)?, &TimeZone::get(&zone)?, at)}))
}

pub(super) fn days(Dates { zone, day_start_minute, from, to }: Dates) -> Result<Json, Fault> {
    Ok(json!({"days": timeline::days(&TimeZone::get(&zone)?, day_start_minute, from, to)}))
}

pub(super) fn day_of(Dated { zone, day_start_minute, at }: Dated) -> Result<Json, Fault> {
    Ok(json!({"day": timeline::day_of(&TimeZone::get(&zone)?, day_start_minute, at)}))
}

fn read(given: Given) -> Result<Windows, Fault> {
    match Kind::Windows.restore(given)? {
        Value::Windows(windows) => Ok(windows),
        _ => Ok(Windows::default()),
    }
}

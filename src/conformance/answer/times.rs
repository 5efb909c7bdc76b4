//! Time: blocks and days.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Fault;
use crate::domain::{
    timeline::{self, Calendar, LocalDay, Until},
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

/// A home from an instant on.
#[derive(Deserialize)]
struct Home {
    zone: String,
    day_start_minute: i16,
    since: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct Homes {
    windows: Given,
    homes: Vec<Home>,
    from: Timestamp,
    to: Timestamp,
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

/// The blocks that each home in turn makes of the time that belongs to it, and the days that the family has over all of them.
pub(super) fn moved(Homes { windows, homes, from, to }: Homes) -> Result<Json, Fault> {
    let windows = read(windows)?;
    let ends = homes.iter().skip(1).map(|next| next.since).chain([to]);
    let told = homes.iter().zip(ends).map(|(Home { zone, since, .. }, end)| {
        let (from, to, clock) = (from.max(*since), to.min(end), TimeZone::get(zone)?);
        Ok(json!({"zone": zone, "blocks": timeline::blocked(&windows, &clock, from, to)}))
    });
    let told = told.collect::<Result<Vec<Json>, Fault>>()?;
    let mut calendar: Option<Calendar> = None;
    for Home { zone, day_start_minute, since } in &homes {
        let zone = TimeZone::get(zone)?;
        calendar = Some(match calendar {
            None => Calendar::new(zone, *day_start_minute),
            Some(before) => before.moved(zone, *day_start_minute, *since),
        });
    }
    let days = calendar.map(|calendar| calendar.days(from, to)).unwrap_or_default();
    let day = |day: LocalDay| json!({"date": day.date, "from": day.from, "to": day.to});
    Ok(json!({"homes": told, "days": days.into_iter().map(day).collect::<Vec<_>>()}))
}

fn read(given: Given) -> Result<Windows, Fault> {
    match Kind::Windows.restore(given)? {
        Value::Windows(windows) => Ok(windows),
        _ => Ok(Windows::default()),
    }
}

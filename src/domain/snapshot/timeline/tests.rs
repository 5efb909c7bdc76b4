//! Timelines one after the other against a walk through every minute of 400 days; and what is in one.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use serde_json::json;

use super::*;

/// Two zones of each sort: gaps and folds of an hour, of half an hour, of two hours; at midnight and by the moon; quarter hours; none.
const ZONES: [&str; 20] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Havana",
    "America/Los_Angeles",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Chatham",
    "UTC",
];
const MINUTES: usize = 400 * 1440;
const WEEK: i64 = 10_080;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A small generator of its own, so that a failure can be named by zone and number.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % most
    }
}

/// What a zone's clock shows in each minute, in minutes since a Monday; and what it has shown at the latest, and has still to
/// come back to. Asks the zone for nothing but the offset at an instant.
struct Watch {
    begin: i64,
    earliest: Vec<i64>,
    latest: Vec<i64>,
}

impl Watch {
    fn of(zone: &TimeZone, begin: Timestamp) -> Self {
        let begin = begin.as_second() / 60;
        let margin = 3 * 1440;
        let shown: Vec<i64> = (begin - margin..begin + i64::try_from(MINUTES).unwrap() + margin)
            .map(|minute| {
                let offset = zone.to_offset(Timestamp::from_second(minute * 60).unwrap()).seconds();
                // 1970 began on a Thursday.
                minute + i64::from(offset) / 60 + 3 * 1440
            })
            .collect();
        let mut most = i64::MIN;
        let latest: Vec<i64> = shown
            .iter()
            .map(|local| {
                most = most.max(*local);
                most
            })
            .collect();
        let mut least_to_come = i64::MAX;
        let mut earliest: Vec<i64> = shown
            .iter()
            .rev()
            .map(|local| {
                let earliest = *local.min(&(least_to_come - 1));
                least_to_come = least_to_come.min(*local);
                earliest
            })
            .collect();
        earliest.reverse();
        let inner = usize::try_from(margin).unwrap();
        let cut = |row: Vec<i64>| row[inner..inner + MINUTES].to_vec();
        Self { begin, earliest: cut(earliest), latest: cut(latest) }
    }

    /// Whether each minute is blocked by these minutes of the week.
    fn blocked(&self, covered: &[bool]) -> Vec<bool> {
        let on = |local: i64| covered[usize::try_from(local.rem_euclid(WEEK)).unwrap()];
        self.earliest.iter().zip(&self.latest).map(|(from, to)| (*from..=*to).any(on)).collect()
    }
}

/// Up to six windows, as a family writes them, and the minutes of the week in them, laid out one by one.
fn schedule(dice: &mut Dice) -> (serde_json::Value, Vec<bool>) {
    let mut covered = vec![false; usize::try_from(WEEK).unwrap()];
    let mut windows = vec![];
    for _ in 0..dice.below(6) {
        let days: BTreeSet<i64> = (0..=dice.below(4)).map(|_| dice.below(7)).collect();
        let (from, to) = (dice.below(1440), dice.below(1441));
        let length = if to > from { to - from } else { 1440 - from + to };
        for day in &days {
            for minute in 0..length {
                covered[usize::try_from((day * 1440 + from + minute) % WEEK).unwrap()] = true;
            }
        }
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let days: Vec<&str> = days.iter().map(|day| DAYS[usize::try_from(*day).unwrap()]).collect();
        windows.push(json!({"days": days, "from": clock(from), "to": clock(to)}));
    }
    (json!(windows), covered)
}

fn registry() -> Registry {
    Registry::load().unwrap()
}

fn policy(registry: &Registry, held: serde_json::Value) -> Policy {
    Policy::from_json(registry, &held.to_string()).unwrap()
}

fn compiled(registry: &Registry, policy: &Policy, calendar: &Calendar, now: Timestamp) -> Timeline {
    let compiling = Compiling { registry, band: AgeBand::Adult, policy, calendar, grants: &[] };
    serde_json::from_str(&compiling.text(now, 0).unwrap()).unwrap()
}

/// Promise 10, with the zones' own trouble. `SCHEDULES=2000 bin/test every_minute_of_400_days` is the long run.
#[test]
fn every_minute_of_400_days_is_as_a_walk_says() {
    let schedules: u64 = option_env!("SCHEDULES").and_then(|number| number.parse().ok()).unwrap_or(3);
    let (registry, begin) = (registry(), at("2026-01-10T00:00:00Z"));
    let control: ControlId = "time.away_windows".into();
    for (place, name) in (1_u64..).zip(ZONES) {
        let zone = TimeZone::get(name).unwrap();
        let (watch, calendar) = (Watch::of(&zone, begin), Calendar::new(zone, 0));
        for number in 0..schedules {
            let (windows, covered) = schedule(&mut Dice(place << 32 | number));
            let policy = policy(&registry, json!({"time.away_windows": {"value": windows, "source": "guardian"}}));
            let mut now = begin;
            let mut row: Vec<Span> = vec![];
            while now.duration_since(begin).as_hours() < 400 * 24 {
                let timeline = compiled(&registry, &policy, &calendar, now);
                row.extend(timeline.blocks.get(&control).map(|edges| timeline.spans(edges)).unwrap_or_default());
                now = timeline.until;
            }
            let mut told = vec![false; MINUTES];
            for span in row {
                let minute = |at: Timestamp| usize::try_from(at.as_second() / 60 - watch.begin).unwrap().min(MINUTES);
                told[minute(span.from)..minute(span.to)].fill(true);
            }
            let walked = watch.blocked(&covered);
            let differs = told.iter().zip(&walked).position(|(told, walked)| told != walked);
            assert_eq!(differs, None, "{name}, schedule {number}, {windows}");
        }
    }
}

#[test]
fn a_hold_that_ends_is_in_it_and_so_is_the_safe_side() {
    let (registry, now) = (registry(), at("2026-11-27T14:40:30Z"));
    let night = json!([{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "22:00", "to": "07:00"}]);
    let policy = policy(
        &registry,
        json!({
            "time.away_windows": {"value": [{"days": ["fri"], "from": "00:00", "to": "24:00"}], "source": "hold",
                "until": "2026-11-27T16:00:00Z", "after": []},
            "time.sleep_windows": {"value": night, "source": "guardian"},
            "quiet.notifications": {"value": [], "source": "guardian"},
        }),
    );
    let calendar = Calendar::new(TimeZone::UTC, 0);
    let compiling =
        Compiling { registry: &registry, band: AgeBand::Under13, policy: &policy, calendar: &calendar, grants: &[] };
    let timeline = compiling.timeline(now, 2);
    assert_eq!((timeline.from, timeline.until), (at("2026-11-27T14:40:00Z"), at("2026-11-29T14:40:00Z")));
    assert_eq!(json!(timeline.days), json!({"2026-11-27": -880, "2026-11-28": 560, "2026-11-29": 2000}));
    // The hold ends at 16:00, eighty minutes on; nothing is away then.
    assert_eq!(timeline.blocks["time.away_windows"], [0, 80]);
    assert_eq!(timeline.blocks["time.sleep_windows"], [440, 980, 1880, 2420]);
    assert!(!timeline.blocks.contains_key("quiet.notifications"));
    // Under 13 the default of sleep is from nine to six, and of quiet from eight to eight: the stricter of both.
    assert_eq!(timeline.safe["time.sleep_windows"], [380, 980, 1820, 2420]);
    assert_eq!(timeline.safe["quiet.notifications"], [320, 1040, 1760, 2480]);
    assert_eq!(timeline.safe["time.away_windows"], [0, 560], "as strict as what was told: the whole of this Friday");
}

/// Edge cases 9 and 10: the tables of the program change, and the timeline is made anew; as long as they do not, it stays.
#[test]
fn a_timeline_stays_until_its_week_is_over_or_a_clock_changes() {
    let (registry, now) = (registry(), at("2026-11-27T14:40:00Z"));
    let night = json!([{"days": ["sun"], "from": "22:00", "to": "07:00"}]);
    let policy = policy(&registry, json!({"time.sleep_windows": {"value": night, "source": "guardian"}}));
    let (berlin, lisbon) = (TimeZone::get("Europe/Berlin").unwrap(), TimeZone::get("Europe/Lisbon").unwrap());
    let made = |zone: &TimeZone, now| compiled(&registry, &policy, &Calendar::new(zone.clone(), 0), now);
    let first = made(&berlin, now);
    assert_eq!(first.renewed_at(), now + SignedDuration::from_hours(7 * 24));
    assert!(first.agrees(&made(&berlin, now + SignedDuration::from_hours(6 * 24))));
    assert!(
        !first.agrees(&made(&lisbon, now + SignedDuration::from_hours(6 * 24))),
        "as if Berlin had got another clock"
    );
}

#[test]
fn where_much_is_set_it_reaches_less_far() {
    let (registry, now) = (registry(), at("2026-11-27T14:40:00Z"));
    let every_half_hour: Vec<_> = (0..48)
        .map(|half| json!({"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "from": format!("{:02}:{:02}", half / 2, half % 2 * 30), "to": format!("{:02}:{:02}", half / 2, half % 2 * 30 + 10)}))
        .collect();
    let policy = policy(&registry, json!({"time.school_windows": {"value": every_half_hour, "source": "guardian"}}));
    let calendar = Calendar::new(TimeZone::UTC, 0);
    let compiling =
        Compiling { registry: &registry, band: AgeBand::Adult, policy: &policy, calendar: &calendar, grants: &[] };
    let reach = |controls| {
        let timeline: Timeline = serde_json::from_str(&compiling.text(now, controls).unwrap()).unwrap();
        timeline.until.duration_since(timeline.from).as_hours() / 24
    };
    assert_eq!((reach(0), reach(30_000), reach(ROOM)), (35, 17, 0));
}

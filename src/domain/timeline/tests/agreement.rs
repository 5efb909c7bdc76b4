//! Random schedules in the weeks around the turns of the oddest clocks agree with a walk through every minute.

use jiff::civil::date;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::{oracle::Walk, *};

/// Gaps and folds of 20, 30 and 60 minutes, of 2, 3 and 24 hours, at midnight, over midnight, a minute past; for good
/// or every year, backwards in winter, for a month of fasting, with quarter hours; and clocks that never turn.
const ZONES: [&str; 36] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Juba",
    "Africa/Sao_Tome",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/Metlakatla",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Antarctica/Casey",
    "Antarctica/Troll",
    "Antarctica/Vostok",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Bougainville",
    "Pacific/Chatham",
    "Pacific/Fakaofo",
    "Pacific/Norfolk",
    "UTC",
];

/// Some minutes near a turn of some clock, and a schedule whose edges are near it too.
#[derive(Debug)]
struct Night {
    zone: &'static str,
    windows: Windows,
    from: Timestamp,
    to: Timestamp,
}

fn any_night() -> impl Strategy<Value = Night> {
    let near = || prop_oneof![3 => -200_i64..200, 2 => (-13_i64..13).prop_map(|m| m * 15), 1 => -3000_i64..3000];
    let length = || prop_oneof![4 => 1_i64..180, 3 => 180_i64..1440, 1 => 1440_i64..10_000, 1 => 10_000_i64..=10_080];
    let turn = (select(&ZONES[..]), any::<prop::sample::Index>());
    let named = prop_oneof![2 => Just(0_usize..1), 1 => Just(0..3)].prop_flat_map(|many| vec(any_named(), many));
    let schedule = (vec((near(), length()), 0..5), named);
    (turn, schedule, near(), 0_i64..3000).prop_map(|((name, which), (edges, named), shift, span)| {
        let turns = turns(&zone(name));
        let turn = if turns.is_empty() { at("2026-06-01T00:00:00Z") } else { which.get(&turns).at };
        // The minute of the week at which the clock stood when it turned.
        let offset = i64::from(zone(name).to_offset(turn - minutes(1)).seconds());
        let stood = turn.as_second().div_euclid(60) + offset / 60 + 3 * 1440;
        let windows = edges.iter().fold(Windows::default(), |windows, (near, length)| {
            both(&windows, &stretch((stood + near).rem_euclid(10_080), *length))
        });
        let windows = named.iter().fold(windows, |windows, named| named.added_to(&windows, stood, turn, name));
        let from = turn + minutes(shift);
        Night { zone: name, windows, from, to: from + minutes(span) }
    })
}

/// What else a schedule says near a turn: of a month, or of some dates in a row.
#[derive(Debug, Clone)]
struct NamedTimes {
    how: usize,
    first: i64,
    dates: i64,
    from: i64,
    length: i64,
}

fn any_named() -> impl Strategy<Value = NamedTimes> {
    let from = prop_oneof![-200_i64..200, (-6_i64..6).prop_map(|m| m * 30)];
    let length = prop_oneof![3 => 1_i64..180, 1 => 180_i64..=1440];
    (0..5_usize, -2_i64..2, 1_i64..4, from, length).prop_map(|(how, first, dates, from, length)| NamedTimes {
        how,
        first,
        dates,
        from,
        length,
    })
}

impl NamedTimes {
    /// `stood` is the minute of the week at which the clock turned.
    fn added_to(&self, windows: &Windows, stood: i64, turn: Timestamp, name: &str) -> Windows {
        let clock = |minute: i64| format!("{:02}:{:02}", minute.rem_euclid(1440) / 60, minute.rem_euclid(60));
        let date = (turn - minutes(1)).to_zoned(zone(name)).date() + jiff::Span::new().days(self.first);
        let last = date + jiff::Span::new().days(self.dates - 1);
        let (from, to) = (clock(stood + self.from), clock(stood + self.from + self.length));
        let mut entries = serde_json::to_value(Value::Windows(windows.clone())).unwrap();
        let on = json!([{"first": date.to_string(), "last": last.to_string()}]);
        let span = json!([{"from": from, "to": to}]);
        let rest = if to > from { span.clone() } else { json!([{"from": from, "to": "24:00"}]) };
        entries.as_array_mut().unwrap().push(match self.how {
            0 => json!({"days": Day::ALL, "from": from, "to": to, "months": [date.month()]}),
            1 => json!({"on": on, "windows": span, "also": true}),
            2 => json!({"on": on, "windows": span}),
            3 => json!({"on": on, "windows": []}),
            _ => json!({"on": on, "only": rest}),
        });
        windows_in(Kind::Windows.restore(serde_json::from_value(entries).unwrap()).unwrap())
    }
}

/// A day and more around a stretch of time, with a week before, for windows that long.
fn walk(zone: &TimeZone, from: Timestamp, to: Timestamp) -> Walk {
    Walk::new(zone, from - minutes(9 * 1440), to + minutes(2 * 1440))
}

/// Where a row of minutes is blocked, as spans.
fn spans(walk: &Walk, blocked: &[bool], from: Timestamp, to: Timestamp) -> Vec<Span> {
    let mut spans: Vec<Span> = vec![];
    for index in (walk.index(from)..walk.index(to)).filter(|index| blocked[*index]) {
        let (from, to) = (walk.instant(index), walk.instant(index + 1));
        match spans.last_mut() {
            Some(last) if last.to == from => last.to = to,
            _ => spans.push(Span { from, to }),
        }
    }
    spans
}

proptest! {
    #[test]
    fn blocks_are_those_of_a_walk_through_every_minute(Night { zone: name, windows, from, to } in any_night()) {
        let zone = zone(name);
        let walk = walk(&zone, from, to);
        let row = walk.blocked_by_windows(&windows);
        let by_minutes = walk.blocked_by_minutes(&windows);
        prop_assert_eq!(spans(&walk, &row, from, to), spans(&walk, &by_minutes, from, to), "the rule, said in two ways");
        prop_assert_eq!(blocked(&windows, &zone, from, to), spans(&walk, &row, from, to));
    }

    #[test]
    fn what_holds_at_an_instant_is_what_the_walk_says(Night { zone: name, windows, from, to } in any_night(), second in 0_i64..60) {
        let zone = zone(name);
        let walk = walk(&zone, from, to);
        let row = walk.blocked_by_minutes(&windows);
        for index in (walk.index(from)..=walk.index(to)).step_by(97) {
            let now = walk.instant(index) + SignedDuration::from_secs(second);
            let until = blocked_until(&windows, &zone, now);
            let edge = next_edge(&windows, &zone, now);
            prop_assert_eq!(until.is_some(), row[index], "{} {}", name, now);
            if let Some(next) = (index..walk.minutes() - 1440).find(|next| row[*next] != row[index]) {
                prop_assert_eq!(edge, Some(walk.instant(next)));
                prop_assert!(!row[index] || until == Some(Until::Time(walk.instant(next))));
            } else {
                prop_assert!(edge.is_none_or(|edge| edge >= walk.instant(walk.minutes() - 1440)));
            }
        }
    }

    #[test]
    fn days_are_those_of_a_walk_through_every_minute(
        Night { zone: name, from, to, .. } in any_night(),
        start in prop_oneof![Just(0), Just(240), 0_i16..1440],
    ) {
        let zone = zone(name);
        let walk = walk(&zone, from, to);
        let numbers = walk.days(start.into());
        let days = days(&zone, start, from, to);
        for (index, number) in numbers.iter().enumerate().take(walk.index(to)).skip(walk.index(from)) {
            let day = days.iter().find(|day| (day.from..day.to).contains(&walk.instant(index))).expect("a day");
            let days_since = day.date.duration_since(date(1969, 12, 29)).as_hours() / 24;
            prop_assert_eq!(days_since, *number, "{} {}", name, walk.instant(index));
        }
        for pair in days.windows(2) {
            prop_assert_eq!(pair[0].to, pair[1].from, "no hole, no overlap");
            prop_assert!(pair[0].date < pair[1].date);
        }
        for day in &days {
            let (first, last) = (walk.index(day.from), walk.index(day.to));
            prop_assert!(numbers[first - 1] < numbers[first] && numbers[last - 1] < numbers[last]);
            prop_assert_eq!(day.minutes, i64::try_from(last - first).unwrap());
            let turn = turns(&zone).into_iter().find(|turn| (day.from..day.to).contains(&turn.at));
            prop_assert_eq!(day.shift, turn);
            prop_assert_eq!(&day_of(&zone, start, day.from), day);
            prop_assert_eq!(&day_of(&zone, start, day.to - SignedDuration::from_nanos(1)), day);
        }
    }

    /// The lattice of schedules holds on the time line: two together block what either blocks, and not a minute more.
    #[test]
    fn two_schedules_together_block_what_either_blocks(
        Night { zone: name, windows, from, to } in any_night(),
        start in 0_i64..10_080,
        length in 1_i64..3000,
    ) {
        let zone = zone(name);
        let other = stretch(start, length);
        let walk = Walk::new(&zone, from, to + minutes(1));
        let row = |windows: &Windows| {
            let blocks = blocked(windows, &zone, from, to);
            let in_block = |index: usize| blocks.iter().any(|block| (block.from..block.to).contains(&walk.instant(index)));
            (0..walk.index(to)).map(in_block).collect::<Vec<_>>()
        };
        let either = row(&windows).into_iter().zip(row(&other)).map(|(a, b)| a || b).collect::<Vec<_>>();
        prop_assert_eq!(row(&both(&windows, &other)), either);
    }
}

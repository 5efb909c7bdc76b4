//! Windows in nights in which the clock turns, with the instants that must come out.

use super::*;

const WEEKEND: [Day; 2] = [Day::Sat, Day::Sun];

/// Blocks as `from/to`, in UTC.
fn written(name: &str, windows: &Windows, from: &str, to: &str) -> Vec<String> {
    let blocks = blocked(windows, &zone(name), at(from), at(to));
    blocks.iter().map(|block| format!("{}/{}", block.from, block.to)).collect()
}

#[test]
fn an_ordinary_night_is_one_block() {
    let night = weekly(&Day::ALL, "22:00", "07:00");
    let blocks = written("Europe/Berlin", &night, "2026-01-12T11:00:00Z", "2026-01-14T05:00:00Z");
    assert_eq!(blocks, ["2026-01-12T21:00:00Z/2026-01-13T06:00:00Z", "2026-01-13T21:00:00Z/2026-01-14T05:00:00Z"]);
}

#[test]
fn a_night_from_sunday_to_monday_is_one_block() {
    let night = weekly(&[Day::Sun], "22:00", "07:00");
    let blocks = written("Europe/Berlin", &night, "2026-01-11T00:00:00Z", "2026-01-13T00:00:00Z");
    assert_eq!(blocks, ["2026-01-11T21:00:00Z/2026-01-12T06:00:00Z"]);
    let before_midnight = at("2026-01-11T22:30:00Z");
    let until = blocked_until(&night, &zone("Europe/Berlin"), before_midnight);
    assert_eq!(until, Some(Until::Time(at("2026-01-12T06:00:00Z"))));
}

#[test]
fn a_window_wholly_in_a_gap_is_empty() {
    let gone = weekly(&[Day::Sun], "02:15", "02:45");
    let new_york = |from, to| written("America/New_York", &gone, from, to);
    assert_eq!(new_york("2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"), [""; 0]);
    assert_eq!(new_york("2026-03-15T04:00:00Z", "2026-03-16T04:00:00Z"), ["2026-03-15T06:15:00Z/2026-03-15T06:45:00Z"]);
    assert_eq!(
        next_edge(&gone, &zone("America/New_York"), at("2026-03-01T07:45:00Z")),
        Some(at("2026-03-15T06:15:00Z"))
    );
}

#[test]
fn a_time_in_a_gap_means_the_first_instant_after_it() {
    let day = |from, to| {
        written("America/New_York", &weekly(&[Day::Sun], from, to), "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")
    };
    assert_eq!(day("01:30", "02:30"), ["2026-03-08T06:30:00Z/2026-03-08T07:00:00Z"]);
    assert_eq!(day("02:30", "03:30"), ["2026-03-08T07:00:00Z/2026-03-08T07:30:00Z"]);
    assert_eq!(day("02:00", "03:00"), [""; 0]);
}

#[test]
fn in_a_fold_bedtime_ends_at_the_second_time_and_unlocks_once() {
    let bedtime = weekly(&WEEKEND, "22:00", "01:30");
    let blocks = written("America/New_York", &bedtime, "2026-10-31T12:00:00Z", "2026-11-01T18:00:00Z");
    assert_eq!(blocks, ["2026-11-01T02:00:00Z/2026-11-01T06:30:00Z"]);
    let (new_york, second) = (zone("America/New_York"), at("2026-11-01T06:30:00Z"));
    assert_eq!(blocked_until(&bedtime, &new_york, second - minutes(60)), Some(Until::Time(second)));
    assert_eq!(blocked_until(&bedtime, &new_york, second), None);
    assert_eq!(next_edge(&bedtime, &new_york, second), Some(at("2026-11-02T03:00:00Z")));
}

#[test]
fn in_a_fold_a_block_begins_at_the_first_time() {
    let late = weekly(&[Day::Sun], "01:30", "03:00");
    let blocks = written("America/New_York", &late, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    assert_eq!(blocks, ["2026-11-01T05:30:00Z/2026-11-01T08:00:00Z"]);
}

#[test]
fn windows_inside_one_fold_run_together() {
    let two = both(&weekly(&[Day::Sun], "01:00", "01:10"), &weekly(&[Day::Sun], "01:50", "01:55"));
    let blocks = written("America/New_York", &two, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z");
    assert_eq!(blocks, ["2026-11-01T05:00:00Z/2026-11-01T06:55:00Z"]);
}

#[test]
fn an_allowance_of_the_repeated_hour_is_one_hour() {
    let but_one_to_two = both(&weekly(&[Day::Sun], "00:00", "01:00"), &weekly(&[Day::Sun], "02:00", "24:00"));
    let blocks = written("America/New_York", &but_one_to_two, "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z");
    assert_eq!(blocks, ["2026-11-01T04:00:00Z/2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z/2026-11-02T05:00:00Z"]);
}

#[test]
fn an_allowance_inside_the_repeated_hour_is_none() {
    let but_half_an_hour = both(&weekly(&[Day::Sun], "00:00", "01:15"), &weekly(&[Day::Sun], "01:45", "24:00"));
    let blocks = written("America/New_York", &but_half_an_hour, "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z");
    assert_eq!(blocks, ["2026-11-01T04:00:00Z/2026-11-02T05:00:00Z"]);
}

#[test]
fn a_midnight_that_does_not_exist_is_the_first_instant_after_it() {
    let night = both(&weekly(&[Day::Sat], "22:00", "00:30"), &weekly(&[Day::Sun], "00:45", "02:00"));
    let blocks = written("America/Santiago", &night, "2025-09-06T12:00:00Z", "2025-09-08T00:00:00Z");
    assert_eq!(blocks, ["2025-09-07T02:00:00Z/2025-09-07T05:00:00Z"]);
}

#[test]
fn a_midnight_that_comes_twice_ends_a_block_at_the_second() {
    let evening = weekly(&[Day::Thu], "22:00", "24:00");
    let blocks = written("Asia/Amman", &evening, "2021-10-28T12:00:00Z", "2021-10-29T12:00:00Z");
    assert_eq!(blocks, ["2021-10-28T19:00:00Z/2021-10-28T22:00:00Z"]);
}

#[test]
fn half_an_hour_of_daylight_saving_is_half_an_hour() {
    let lord_howe = |from_to: (&str, &str), from, to| {
        written("Australia/Lord_Howe", &weekly(&[Day::Sun], from_to.0, from_to.1), from, to)
    };
    let (spring, autumn) =
        (("2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z"), ("2026-04-04T12:00:00Z", "2026-04-05T12:00:00Z"));
    assert_eq!(lord_howe(("02:00", "02:30"), spring.0, spring.1), [""; 0]);
    assert_eq!(lord_howe(("01:45", "02:45"), spring.0, spring.1), ["2026-10-03T15:15:00Z/2026-10-03T15:45:00Z"]);
    assert_eq!(lord_howe(("01:30", "02:00"), autumn.0, autumn.1), ["2026-04-04T14:30:00Z/2026-04-04T15:30:00Z"]);
    assert_eq!(lord_howe(("01:40", "01:50"), autumn.0, autumn.1), ["2026-04-04T14:40:00Z/2026-04-04T15:20:00Z"]);
}

#[test]
fn quarter_hour_zones_keep_their_quarters() {
    let night = weekly(&Day::ALL, "21:00", "06:00");
    let kathmandu = written("Asia/Kathmandu", &night, "2026-05-04T10:00:00Z", "2026-05-05T10:00:00Z");
    assert_eq!(kathmandu, ["2026-05-04T15:15:00Z/2026-05-05T00:15:00Z"]);
    // Its clock goes back from 03:45 to 02:45.
    let chatham = written("Pacific/Chatham", &night, "2026-04-04T06:00:00Z", "2026-04-05T06:00:00Z");
    assert_eq!(chatham, ["2026-04-04T07:15:00Z/2026-04-04T17:15:00Z"]);
}

#[test]
fn the_windows_of_a_skipped_date_are_empty_and_those_across_it_are_cut() {
    let samoa = |windows: &Windows| written("Pacific/Apia", windows, "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z");
    assert_eq!(samoa(&weekly(&[Day::Fri], "00:00", "24:00")), [""; 0]);
    assert_eq!(samoa(&weekly(&[Day::Thu], "22:00", "07:00")), ["2011-12-30T08:00:00Z/2011-12-30T10:00:00Z"]);
    assert_eq!(samoa(&weekly(&[Day::Fri], "22:00", "07:00")), ["2011-12-30T10:00:00Z/2011-12-30T17:00:00Z"]);
    let nights = weekly(&[Day::Thu, Day::Fri], "22:00", "07:00");
    assert_eq!(samoa(&nights), ["2011-12-30T08:00:00Z/2011-12-30T17:00:00Z"]);
}

#[test]
fn the_whole_week_is_one_block_for_ever() {
    let (always, berlin) = (weekly(&Day::ALL, "00:00", "24:00"), zone("Europe/Berlin"));
    let (from, to) = (at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z"));
    assert_eq!(blocked(&always, &berlin, from, to), [Span { from, to }]);
    assert_eq!(blocked_until(&always, &berlin, from), Some(Until::Forever));
    assert_eq!(next_edge(&always, &berlin, from), None);
    assert!(Until::Forever > Until::Time(Timestamp::MAX));
}

#[test]
fn a_hole_that_a_gap_swallows_comes_a_week_later() {
    let but_a_minute = stretch(6 * 1440 + 150, 10_080 - 1);
    let until = blocked_until(&but_a_minute, &zone("America/New_York"), at("2026-03-07T00:00:00Z"));
    assert_eq!(until, Some(Until::Time(at("2026-03-15T06:29:00Z"))));
}

#[test]
fn no_windows_block_nothing() {
    let (none, berlin) = (Windows::default(), zone("Europe/Berlin"));
    for now in [Timestamp::MIN, at("2026-01-01T00:00:00Z"), Timestamp::MAX] {
        assert_eq!(blocked(&none, &berlin, now, Timestamp::MAX), []);
        assert_eq!((blocked_until(&none, &berlin, now), next_edge(&none, &berlin, now)), (None, None));
    }
}

#[test]
fn a_block_includes_its_first_instant_and_not_its_end() {
    let (lesson, utc) = (weekly(&[Day::Mon], "08:00", "09:00"), TimeZone::UTC);
    let (start, end) = (at("2026-01-12T08:00:00Z"), at("2026-01-12T09:00:00Z"));
    let nano = SignedDuration::from_nanos(1);
    assert_eq!(blocked_until(&lesson, &utc, start - nano), None);
    assert_eq!(blocked_until(&lesson, &utc, start), Some(Until::Time(end)));
    assert_eq!(blocked_until(&lesson, &utc, end - nano), Some(Until::Time(end)));
    assert_eq!(blocked_until(&lesson, &utc, end), None);
    assert_eq!(next_edge(&lesson, &utc, start - nano), Some(start));
    assert_eq!(next_edge(&lesson, &utc, start), Some(end));
    assert_eq!(next_edge(&lesson, &utc, end), Some(at("2026-01-19T08:00:00Z")));
    assert_eq!(blocked(&lesson, &utc, end, start), []);
    assert_eq!(blocked(&lesson, &utc, start, start), []);
    assert_eq!(blocked(&lesson, &utc, end - nano, start + nano), []);
}

#[test]
fn the_ends_of_the_calendar_are_reached_without_harm() {
    let night = weekly(&Day::ALL, "22:00", "07:00");
    for name in ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12"] {
        let (first, last) = (Timestamp::MIN, Timestamp::MAX);
        assert!(!blocked(&night, &zone(name), first, first + minutes(3000)).is_empty());
        assert!(!blocked(&night, &zone(name), last - minutes(3000), last).is_empty());
        for now in [first, last] {
            let _ = (blocked_until(&night, &zone(name), now), next_edge(&night, &zone(name), now));
        }
    }
}

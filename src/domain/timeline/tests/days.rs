//! Days on which the clock turns, with the instants that must come out.

use super::*;

/// Days as `date from/to minutes`, with the shift where there is one.
fn written(name: &str, day_start_minute: i16, from: &str, to: &str) -> Vec<String> {
    let shift = |day: &LocalDay| day.shift.map_or(String::new(), |turn| format!(" {:+} at {}", turn.minutes, turn.at));
    let days = days(&zone(name), day_start_minute, at(from), at(to));
    days.iter().map(|day| format!("{} {}/{} {}{}", day.date, day.from, day.to, day.minutes, shift(day))).collect()
}

#[test]
fn a_day_has_23_hours_in_spring_and_25_in_autumn() {
    let spring = written("America/New_York", 0, "2026-03-08T12:00:00Z", "2026-03-09T12:00:00Z");
    assert_eq!(
        spring,
        [
            "2026-03-08 2026-03-08T05:00:00Z/2026-03-09T04:00:00Z 1380 +60 at 2026-03-08T07:00:00Z",
            "2026-03-09 2026-03-09T04:00:00Z/2026-03-10T04:00:00Z 1440",
        ]
    );
    let autumn = written("America/New_York", 0, "2026-11-01T12:00:00Z", "2026-11-01T12:00:01Z");
    assert_eq!(autumn, ["2026-11-01 2026-11-01T04:00:00Z/2026-11-02T05:00:00Z 1500 -60 at 2026-11-01T06:00:00Z"]);
}

#[test]
fn a_day_without_a_midnight_begins_at_one() {
    let chile = written("America/Santiago", 0, "2025-09-06T12:00:00Z", "2025-09-07T12:00:00Z");
    assert_eq!(
        chile,
        [
            "2025-09-06 2025-09-06T04:00:00Z/2025-09-07T04:00:00Z 1440",
            "2025-09-07 2025-09-07T04:00:00Z/2025-09-08T03:00:00Z 1380 +60 at 2025-09-07T04:00:00Z",
        ]
    );
}

#[test]
fn a_midnight_that_comes_twice_opens_one_day() {
    let amman = written("Asia/Amman", 0, "2021-10-28T12:00:00Z", "2021-10-29T12:00:00Z");
    assert_eq!(
        amman,
        [
            "2021-10-28 2021-10-27T21:00:00Z/2021-10-28T21:00:00Z 1440",
            "2021-10-29 2021-10-28T21:00:00Z/2021-10-29T22:00:00Z 1500 -60 at 2021-10-28T22:00:00Z",
        ]
    );
    for minute in 0..120 {
        let day = day_of(&zone("Asia/Amman"), 0, at("2021-10-28T21:00:00Z") + minutes(minute));
        assert_eq!(day.date, "2021-10-29".parse().unwrap());
    }
}

#[test]
fn a_clock_that_goes_back_over_midnight_does_not_bring_yesterday_back() {
    // In Chile the clock goes back when it would show midnight: the day goes on.
    let chile = written("America/Santiago", 0, "2026-04-05T03:30:00Z", "2026-04-05T03:31:00Z");
    assert_eq!(chile, ["2026-04-04 2026-04-04T03:00:00Z/2026-04-05T04:00:00Z 1500 -60 at 2026-04-05T03:00:00Z"]);
    // In Newfoundland it went back a minute after midnight: the new day had come, and stayed.
    let st_johns = zone("America/St_Johns");
    let turn = at("2006-10-29T02:31:00Z");
    assert_eq!(st_johns.to_datetime(turn).to_string(), "2006-10-28T23:01:00");
    assert_eq!(day_of(&st_johns, 0, turn - minutes(2)).date, "2006-10-28".parse().unwrap());
    for minute in -1..60 {
        assert_eq!(day_of(&st_johns, 0, turn + minutes(minute)).date, "2006-10-29".parse().unwrap());
    }
}

#[test]
fn half_hours_and_quarters_are_kept() {
    let lord_howe = written("Australia/Lord_Howe", 0, "2026-04-05T00:00:00Z", "2026-04-05T00:01:00Z");
    assert_eq!(lord_howe, ["2026-04-05 2026-04-04T13:00:00Z/2026-04-05T13:30:00Z 1470 -30 at 2026-04-04T15:00:00Z"]);
    let kathmandu = written("Asia/Kathmandu", 0, "2026-05-04T00:00:00Z", "2026-05-04T00:01:00Z");
    assert_eq!(kathmandu, ["2026-05-04 2026-05-03T18:15:00Z/2026-05-04T18:15:00Z 1440"]);
    let chatham = written("Pacific/Chatham", 0, "2026-04-05T00:00:00Z", "2026-04-05T00:01:00Z");
    assert_eq!(chatham, ["2026-04-05 2026-04-04T10:15:00Z/2026-04-05T11:15:00Z 1500 -60 at 2026-04-04T14:00:00Z"]);
}

/// Usage is counted in slots of five minutes: a day that begins on a five-minute mark begins between two.
#[test]
fn days_begin_between_two_usage_slots() {
    for name in ["Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Antarctica/Troll"] {
        for day in days(&zone(name), 245, at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")) {
            assert_eq!(day.from.as_second() % crate::domain::usage::SLOT_SECONDS, 0, "{name} {}", day.date);
        }
    }
}

#[test]
fn a_zone_that_changes_only_its_name_does_not_turn_the_clock() {
    // Turkey kept its summer time, and called it standard time from that night on.
    let istanbul = written("Europe/Istanbul", 0, "2016-09-06T21:00:00Z", "2016-09-07T21:00:00Z");
    assert_eq!(
        zone("Europe/Istanbul").following(at("2016-09-06T20:00:00Z")).next().unwrap().timestamp(),
        at("2016-09-06T21:00:00Z")
    );
    assert_eq!(istanbul, ["2016-09-07 2016-09-06T21:00:00Z/2016-09-07T21:00:00Z 1440"]);
}

#[test]
fn a_skipped_date_is_no_day() {
    let samoa = written("Pacific/Apia", 0, "2011-12-29T12:00:00Z", "2011-12-31T09:00:00Z");
    assert_eq!(
        samoa,
        [
            "2011-12-29 2011-12-29T10:00:00Z/2011-12-30T10:00:00Z 1440",
            "2011-12-31 2011-12-30T10:00:00Z/2011-12-31T10:00:00Z 1440 +1440 at 2011-12-30T10:00:00Z",
        ]
    );
    // With days from four in the morning, the hours before four on the 31st are all that there is of the 30th.
    let from_four = written("Pacific/Apia", 240, "2011-12-30T09:00:00Z", "2011-12-30T15:00:00Z");
    assert_eq!(
        from_four,
        [
            "2011-12-29 2011-12-29T14:00:00Z/2011-12-30T10:00:00Z 1200",
            "2011-12-30 2011-12-30T10:00:00Z/2011-12-30T14:00:00Z 240 +1440 at 2011-12-30T10:00:00Z",
            "2011-12-31 2011-12-30T14:00:00Z/2011-12-31T14:00:00Z 1440",
        ]
    );
}

#[test]
fn a_day_start_that_a_gap_skips_is_the_end_of_the_gap() {
    let days = written("America/New_York", 150, "2026-03-08T06:00:00Z", "2026-03-08T12:00:00Z");
    assert_eq!(
        days,
        [
            "2026-03-07 2026-03-07T07:30:00Z/2026-03-08T07:00:00Z 1410",
            "2026-03-08 2026-03-08T07:00:00Z/2026-03-09T06:30:00Z 1410 +60 at 2026-03-08T07:00:00Z",
        ]
    );
}

/// A teen who moves their zone from the east to the west sees dates again; none is later than what was open before.
#[test]
fn from_kiritimati_to_baker_no_later_date_opens_for_a_day() {
    let (kiritimati, baker, now) = (zone("Pacific/Kiritimati"), zone("Etc/GMT+12"), at("2026-05-01T10:00:00Z"));
    let opened = day_of(&kiritimati, 0, now);
    assert_eq!((opened.date, opened.from), ("2026-05-02".parse().unwrap(), now));
    for hour in 0..50 {
        assert!(day_of(&baker, 0, now + minutes(hour * 60)).date <= opened.date);
    }
    assert_eq!(day_of(&baker, 0, now + minutes(50 * 60)).date, "2026-05-03".parse().unwrap());
}

#[test]
fn the_ends_of_the_calendar_have_days_too() {
    for name in ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"] {
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let day = day_of(&zone(name), 240, now);
            assert!(day.from <= now && now <= day.to, "{name} {day:?}");
        }
    }
    assert_eq!(days(&TimeZone::UTC, 0, at("2026-01-02T00:00:00Z"), at("2026-01-02T00:00:00Z")), []);
}

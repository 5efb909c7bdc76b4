//! Windows of months and of dates on the time line, and what comes long after.

use serde_json::json;

use super::*;

fn berlin() -> TimeZone {
    zone("Europe/Berlin")
}

fn nights(more: &[serde_json::Value]) -> Windows {
    let night = json!({"days": Day::ALL, "from": "22:00", "to": "07:00"});
    given([&[night][..], more].concat().into())
}

fn written(windows: &Windows, from: &str, to: &str) -> Vec<String> {
    let blocks = blocked(windows, &berlin(), at(from), at(to));
    blocks.iter().map(|block| format!("{}/{}", block.from, block.to)).collect()
}

#[test]
fn a_night_over_the_end_of_the_last_month_ends_at_midnight() {
    let july = given(json!([{"days": Day::ALL, "from": "22:00", "to": "07:00", "months": [7]}]));
    let end = written(&july, "2026-07-30T12:00:00Z", "2026-08-02T12:00:00Z");
    assert_eq!(end, ["2026-07-30T20:00:00Z/2026-07-31T05:00:00Z", "2026-07-31T20:00:00Z/2026-07-31T22:00:00Z"]);
    let begin = written(&july, "2026-06-30T12:00:00Z", "2026-07-01T12:00:00Z");
    assert_eq!(begin, ["2026-06-30T22:00:00Z/2026-07-01T05:00:00Z"]);
}

#[test]
fn a_window_of_a_month_is_found_from_the_month_after_it() {
    let july = given(json!([{"days": ["sat"], "from": "10:00", "to": "12:00", "months": [7]}]));
    for (now, next) in
        [("2026-08-01T00:00:00Z", "2027-07-03T08:00:00Z"), ("2026-07-25T10:00:00Z", "2027-07-03T08:00:00Z")]
    {
        assert_eq!(next_edge(&july, &berlin(), at(now)), Some(at(next)));
        assert_eq!(blocked_until(&july, &berlin(), at(now)), None);
    }
    let leap = given(json!([{"on": ["2028-02-29"], "windows": [{"from": "22:00", "to": "07:00"}]}]));
    assert_eq!(next_edge(&leap, &berlin(), at("2026-01-01T00:00:00Z")), Some(at("2028-02-29T21:00:00Z")));
    assert_eq!(next_edge(&leap, &berlin(), at("2028-02-29T21:00:00Z")), Some(at("2028-03-01T06:00:00Z")));
    assert_eq!(next_edge(&leap, &berlin(), at("2028-03-01T06:00:00Z")), None);
}

#[test]
fn a_block_lasts_until_a_free_month_or_a_free_date() {
    let but_august = given(
        json!([{"days": Day::ALL, "from": "00:00", "to": "24:00", "months": [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]}]),
    );
    let now = at("2026-09-15T12:00:00Z");
    assert_eq!(blocked_until(&but_august, &berlin(), now), Some(Until::Time(at("2027-07-31T22:00:00Z"))));
    assert_eq!(next_edge(&but_august, &berlin(), at("2027-08-15T12:00:00Z")), Some(at("2027-08-31T22:00:00Z")));
    let always = json!({"days": Day::ALL, "from": "00:00", "to": "24:00"});
    let free_once = given(json!([always, {"on": ["2199-05-01"], "only": [{"from": "00:00", "to": "12:00"}]}]));
    assert_eq!(blocked_until(&free_once, &berlin(), now), Some(Until::Time(at("2199-05-01T10:00:00Z"))));
    let after = at("2199-05-02T00:00:00Z");
    assert_eq!(blocked_until(&free_once, &berlin(), after), Some(Until::Forever));
    assert_eq!(next_edge(&free_once, &berlin(), after), None);
}

#[test]
fn the_night_before_a_holiday_goes_on_into_it_and_the_night_of_it_does_not_begin() {
    let holiday = nights(&[json!({"on": ["2026-12-25"], "windows": []})]);
    assert_eq!(
        written(&holiday, "2026-12-24T12:00:00Z", "2026-12-27T12:00:00Z"),
        ["2026-12-24T21:00:00Z/2026-12-25T06:00:00Z", "2026-12-26T21:00:00Z/2026-12-27T06:00:00Z"]
    );
    let longer = nights(&[json!({"on": ["2026-12-24"], "windows": [{"from": "23:30", "to": "09:00"}]})]);
    assert_eq!(
        written(&longer, "2026-12-24T12:00:00Z", "2026-12-25T12:00:00Z"),
        ["2026-12-24T22:30:00Z/2026-12-25T08:00:00Z"]
    );
    assert_eq!(
        blocked_until(&longer, &berlin(), at("2026-12-24T22:30:00Z")),
        Some(Until::Time(at("2026-12-25T08:00:00Z")))
    );
}

/// The clock skips from 02:00 to 03:00 on 29 March 2026 and shows that hour twice on 25 October.
#[test]
fn windows_of_dates_in_which_the_clock_turns() {
    let on = |date: &str, from: &str, to: &str| given(json!([{"on": [date], "windows": [{"from": from, "to": to}]}]));
    let spring = |windows: &Windows| written(windows, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
    assert_eq!(spring(&on("2026-03-29", "02:00", "03:00")), [""; 0]);
    assert_eq!(spring(&on("2026-03-28", "22:00", "02:30")), ["2026-03-28T21:00:00Z/2026-03-29T01:00:00Z"]);
    let autumn = |windows: &Windows| written(windows, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
    assert_eq!(autumn(&on("2026-10-24", "22:00", "02:30")), ["2026-10-24T20:00:00Z/2026-10-25T01:30:00Z"]);
    assert_eq!(autumn(&on("2026-10-25", "02:30", "03:00")), ["2026-10-25T00:30:00Z/2026-10-25T02:00:00Z"]);
    // A free date in a week that is never free ends at the second of both times.
    let but_an_hour = given(json!([
        {"days": Day::ALL, "from": "00:00", "to": "24:00"},
        {"on": ["2026-10-25"], "only": [{"from": "00:00", "to": "02:00"}, {"from": "03:00", "to": "24:00"}]},
    ]));
    assert_eq!(
        blocked_until(&but_an_hour, &berlin(), at("2026-10-01T00:00:00Z")),
        Some(Until::Time(at("2026-10-25T01:00:00Z")))
    );
}

/// Samoa left 30 December 2011 out: what is only free on it is never free, and what is only on it never comes.
#[test]
fn a_date_that_the_clock_skips_says_nothing() {
    let samoa = zone("Pacific/Apia");
    let free = given(json!([{"days": Day::ALL, "from": "00:00", "to": "24:00"}, {"on": ["2011-12-30"], "only": []}]));
    assert_eq!(blocked_until(&free, &samoa, at("2011-12-01T00:00:00Z")), Some(Until::Forever));
    let only = given(json!([{"on": ["2011-12-30"], "windows": [{"from": "08:00", "to": "20:00"}]}]));
    assert_eq!(next_edge(&only, &samoa, at("2011-12-01T00:00:00Z")), None);
}

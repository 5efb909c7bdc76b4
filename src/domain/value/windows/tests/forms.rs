//! The one form of windows, and what is none.

use serde_json::{Value as Json, json};

use super::{
    super::super::{
        Value,
        tests::{canonical, parse},
    },
    *,
};

fn windows(json: &Json) -> Windows {
    let Value::Windows(windows) = parse(&Kind::Windows, json).unwrap() else { panic!("windows") };
    windows
}

fn nights() -> Json {
    json!({"days": Day::ALL, "from": "22:00", "to": "07:00"})
}

#[test]
fn a_month_has_its_own_days_and_nights() {
    let july = windows(&json!([{"days": Day::ALL, "from": "22:00", "to": "07:00", "months": [7]}]));
    let on = |month, day| july.on(jiff::civil::date(2026, month, day)).collect::<Vec<_>>();
    assert_eq!(on(6, 30), []);
    assert_eq!(on(7, 1), [(0, 420), (1320, 1440)]);
    assert_eq!(on(7, 31), [(0, 420), (1320, 1440)]);
    assert_eq!(on(8, 1), []);
}

#[test]
fn months_are_written_where_not_all_share_a_window() {
    let summer = json!([
        {"days": ["sat"], "from": "08:00", "to": "10:00", "months": [6, 7]},
        {"days": ["sat"], "from": "09:00", "to": "12:00", "months": [7, 8]},
        {"days": ["mon"], "from": "08:00", "to": "10:00"},
    ]);
    assert_eq!(
        canonical(&Kind::Windows, summer),
        json!([
            {"days": ["mon"], "from": "08:00", "to": "10:00"},
            {"days": ["sat"], "from": "08:00", "to": "10:00", "months": [6]},
            {"days": ["sat"], "from": "08:00", "to": "12:00", "months": [7]},
            {"days": ["sat"], "from": "09:00", "to": "12:00", "months": [8]},
        ])
    );
    let all = json!([{"days": ["sat"], "from": "08:00", "to": "10:00", "months": [1, 2, 3, 4, 5, 6]},
        {"days": ["sat"], "from": "08:00", "to": "10:00", "months": [7, 8, 9, 10, 11, 12]}]);
    assert_eq!(canonical(&Kind::Windows, all), json!([{"days": ["sat"], "from": "08:00", "to": "10:00"}]));
}

#[test]
fn on_a_holiday_no_window_begins() {
    let holiday = json!([nights(), {"on": ["2026-12-24"], "windows": []}]);
    assert_eq!(
        canonical(&Kind::Windows, holiday),
        json!([
            nights(),
            {"on": ["2026-12-24"], "only": [{"from": "00:00", "to": "07:00"}]},
            {"on": ["2026-12-25"], "only": [{"from": "22:00", "to": "24:00"}]},
        ])
    );
    let days = json!([nights(), {"on": [{"first": "2026-12-24", "last": "2026-12-27"}], "windows": [{"from": "23:30", "to": "09:00"}]}]);
    let between = json!([{"from": "00:00", "to": "09:00"}, {"from": "23:30", "to": "24:00"}]);
    assert_eq!(
        canonical(&Kind::Windows, days),
        json!([
            nights(),
            {"on": ["2026-12-24"], "only": [{"from": "00:00", "to": "07:00"}, {"from": "23:30", "to": "24:00"}]},
            {"on": [{"first": "2026-12-25", "last": "2026-12-27"}], "only": between},
            {"on": ["2026-12-28"], "only": [{"from": "00:00", "to": "09:00"}, {"from": "22:00", "to": "24:00"}]},
        ])
    );
}

#[test]
fn a_one_off_comes_also() {
    let school = json!({"days": ["mon", "tue"], "from": "08:00", "to": "13:00"});
    let trip = json!([school, {"on": ["2026-07-13", "2026-07-15"], "windows": [{"from": "12:00", "to": "18:00"}], "also": true}]);
    assert_eq!(
        canonical(&Kind::Windows, trip),
        json!([
            school,
            {"on": ["2026-07-13"], "only": [{"from": "08:00", "to": "18:00"}]},
            {"on": ["2026-07-15"], "only": [{"from": "12:00", "to": "18:00"}]},
        ])
    );
    // Another entry takes the week away, whatever this one says, and what both begin adds up.
    let both = json!([school, {"on": ["2026-07-13"], "windows": [{"from": "12:00", "to": "18:00"}], "also": true}, {"on": ["2026-07-13"], "windows": []}]);
    assert_eq!(
        canonical(&Kind::Windows, both)[1],
        json!({"on": ["2026-07-13"], "only": [{"from": "12:00", "to": "18:00"}]})
    );
}

#[test]
fn what_a_date_says_as_the_week_does_is_not_written() {
    let same = json!([nights(), {"on": ["2026-07-13"], "windows": [{"from": "22:00", "to": "07:00"}]}, {"on": ["2026-08-01"], "only": [{"from": "22:00", "to": "24:00"}, {"from": "00:00", "to": "07:00"}]}]);
    assert_eq!(canonical(&Kind::Windows, same), json!([nights()]));
    assert!(windows(&json!([{"on": ["2026-07-13"], "windows": []}])).is_empty());
    assert!(!windows(&json!([nights(), {"on": ["2026-07-13"], "windows": []}])).is_empty());
}

/// The last year that has dates ends in a night: the next morning has no date to be named by.
#[test]
fn after_the_last_year_the_week_alone_counts() {
    let last = json!([nights(), {"on": ["2200-12-31"], "windows": []}]);
    assert_eq!(
        canonical(&Kind::Windows, last),
        json!([nights(), {"on": ["2200-12-31"], "only": [{"from": "00:00", "to": "07:00"}]}])
    );
}

#[test]
fn long_rows_of_dates_are_cut_into_ranges() {
    let on = json!([{"first": "2026-01-01", "last": "2026-04-10"}, {"first": "2026-04-11", "last": "2026-07-19"}, "2026-07-20", "2026-07-22"]);
    let given = json!([{"on": on, "windows": [{"from": "12:00", "to": "13:00"}]}]);
    assert_eq!(canonical(&Kind::Windows, given), json!([{"on": on, "only": [{"from": "12:00", "to": "13:00"}]}]));
}

#[test]
fn months_and_dates_that_are_none_are_refused() {
    let refused = |entry: Json| parse(&Kind::Windows, &json!([entry])).unwrap_err();
    for months in [json!([]), json!([0]), json!([13]), json!([7, -7])] {
        let window = json!({"days": ["mon"], "from": "07:00", "to": "08:00", "months": months});
        assert_eq!(refused(window), ValueError::WindowMonths);
    }
    for date in [
        "2026-02-29",
        "2026-13-01",
        "2026-7-01",
        "1999-12-31",
        "2201-01-01",
        "20260701",
        "+026-07-01",
        "2026-07-01T00:00",
        "",
        "٢٠٢٦-07-01",
    ] {
        assert_eq!(refused(json!({"on": [date], "windows": []})), ValueError::WindowDate, "{date}");
        assert_eq!(refused(json!({"on": [{"first": "2026-01-01", "last": date}], "only": []})), ValueError::WindowDate);
    }
    for (first, last) in [("2026-07-02", "2026-07-01"), ("2026-01-01", "2026-04-11"), ("2000-01-01", "2200-12-31")] {
        assert_eq!(refused(json!({"on": [{"first": first, "last": last}], "windows": []})), ValueError::WindowDates);
    }
    assert_eq!(refused(json!({"on": [], "windows": []})), ValueError::WindowDates);
    for (from, to) in [("08:00", "08:00"), ("22:00", "07:00"), ("00:00", "00:00")] {
        let night = json!({"on": ["2026-07-01"], "only": [{"from": from, "to": to}]});
        assert_eq!(refused(night), ValueError::WindowOverMidnight);
    }
    for (from, to) in [("24:00", "01:00"), ("07:60", "08:00"), ("7:00", "08:00")] {
        assert_eq!(
            refused(json!({"on": ["2026-07-01"], "windows": [{"from": from, "to": to}]})),
            ValueError::WindowTime
        );
        assert_eq!(refused(json!({"on": ["2026-07-01"], "only": [{"from": from, "to": to}]})), ValueError::WindowTime);
    }
}

#[test]
fn windows_and_dates_are_counted_together() {
    let hours = |many: u16| -> Json {
        (0..many).map(|at| json!({"from": clock(at * 20), "to": clock(at * 20 + 10)})).collect()
    };
    let dated = |many| json!([{"days": ["mon"], "from": "20:00", "to": "20:01"}, {"on": ["2026-07-07"], "windows": hours(many)}]);
    assert!(parse(&Kind::Windows, &dated(49)).is_ok());
    assert_eq!(parse(&Kind::Windows, &dated(50)), Err(ValueError::TooManyWindows));
    let ranges = |last: &str| {
        json!([{"on": [
        {"first": "2026-01-01", "last": "2026-04-10"}, {"first": "2026-04-11", "last": "2026-07-19"},
        {"first": "2026-07-20", "last": "2026-10-27"}, {"first": "2026-10-28", "last": last},
    ], "only": [{"from": "12:00", "to": "13:00"}]}])
    };
    assert!(parse(&Kind::Windows, &ranges("2027-02-04")).is_ok());
    assert_eq!(parse(&Kind::Windows, &ranges("2027-02-05")), Err(ValueError::WindowDates));
    let more = json!([ranges("2027-02-04")[0], {"on": ["2028-01-01"], "windows": []}]);
    assert_eq!(parse(&Kind::Windows, &more), Err(ValueError::TooManyDates));
    // 400 nights that do not begin are 401 days without one of its ends.
    let free = json!([nights(), {"on": ranges("2027-02-04")[0]["on"], "windows": []}]);
    assert_eq!(parse(&Kind::Windows, &free), Err(ValueError::TooManyDates));
    // Two guardians together may have more than one may send.
    let both = Kind::Windows.meet(
        &parse(&Kind::Windows, &ranges("2027-02-04")).unwrap(),
        &parse(&Kind::Windows, &json!([{"on": ["2028-01-01"], "only": [{"from": "12:00", "to": "13:00"}]}])).unwrap(),
    );
    assert_eq!(Kind::Windows.restore(Given::from(&both)), Ok(both));
}

#[test]
fn windows_have_one_form() {
    let week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let night = json!([{"days": week, "from": "22:00", "to": "07:00"}]);
    assert_eq!(canonical(&Kind::Windows, night.clone()), night);
    let overlapping = json!([
        {"days": ["sun", "mon"], "from": "08:00", "to": "12:00"},
        {"days": ["mon"], "from": "11:00", "to": "13:00"},
        {"days": ["sun"], "from": "12:00", "to": "13:00"},
    ]);
    assert_eq!(
        canonical(&Kind::Windows, overlapping),
        json!([{"days": ["mon", "sun"], "from": "08:00", "to": "13:00"}])
    );
    let always = json!([{"days": week, "from": "10:00", "to": "10:00"}]);
    assert_eq!(canonical(&Kind::Windows, always), json!([{"days": week, "from": "00:00", "to": "24:00"}]));
    let weekend = json!([{"days": ["fri", "sat"], "from": "18:00", "to": "18:00"}, {"days": ["sun"], "from": "18:00", "to": "06:00"}]);
    assert_eq!(
        canonical(&Kind::Windows, weekend),
        json!([
            {"days": ["mon"], "from": "00:00", "to": "06:00"},
            {"days": ["sat", "sun"], "from": "00:00", "to": "24:00"},
            {"days": ["fri"], "from": "18:00", "to": "24:00"},
        ])
    );
}

#[test]
fn a_window_longer_than_a_day_is_cut_at_midnight() {
    let day = json!([{"days": ["sat"], "from": "10:00", "to": "10:00"}]);
    assert_eq!(canonical(&Kind::Windows, day.clone()), day);
    let and_a_minute = json!([day[0], {"days": ["sun"], "from": "10:00", "to": "10:01"}]);
    assert_eq!(
        canonical(&Kind::Windows, and_a_minute),
        json!([{"days": ["sun"], "from": "00:00", "to": "10:01"}, {"days": ["sat"], "from": "10:00", "to": "24:00"}])
    );
}

#[test]
fn windows_refuse_what_is_not_a_window() {
    for (from, to) in [
        ("24:00", "01:00"),
        ("07:60", "08:00"),
        ("7:00", "08:00"),
        ("+1:00", "08:00"),
        ("07:00", "24:01"),
        ("٠٧:00", "1"),
    ] {
        let bad = json!([{"days": ["mon"], "from": from, "to": to}]);
        assert_eq!(parse(&Kind::Windows, &bad), Err(ValueError::WindowTime), "{from} {to}");
    }
    let dayless = json!([{"days": [], "from": "07:00", "to": "08:00"}]);
    assert_eq!(parse(&Kind::Windows, &dayless), Err(ValueError::WindowDays));
    let many: Vec<Json> = (0..51).map(|_| json!({"days": ["mon"], "from": "07:00", "to": "08:00"})).collect();
    assert_eq!(parse(&Kind::Windows, &json!(many)), Err(ValueError::TooManyWindows));
}

/// Three windows that touch on some days only are four lines when written, so 48 of them would be 64.
#[test]
fn windows_that_could_not_be_sent_back_are_refused() {
    let clock = |at: u16| format!("{:02}:{:02}", at / 60, at % 60);
    let given = |slots: u16| -> Json {
        let three = |slot: u16| {
            let at = slot * 60;
            [
                json!({"days": Day::ALL, "from": clock(at + 10), "to": clock(at + 20)}),
                json!({"days": ["mon", "tue", "wed", "thu"], "from": clock(at), "to": clock(at + 10)}),
                json!({"days": ["mon", "tue", "fri", "sat"], "from": clock(at + 20), "to": clock(at + 30)}),
            ]
        };
        (0..slots).flat_map(three).collect()
    };
    assert!(parse(&Kind::Windows, &given(12)).is_ok());
    assert_eq!(parse(&Kind::Windows, &given(16)), Err(ValueError::TooManyWindows));
}

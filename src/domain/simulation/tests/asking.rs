//! What can be asked, and about which time.

use super::*;

/// A Sunday afternoon in Berlin.
const NOW: &str = "2026-11-22T12:00:00Z";

fn ask(teen: &Teen, at: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<Asked, &'static str> {
    let read = |text: Option<&str>| text.map(super::at);
    asked(&teen.present(), read(at), read(from), read(to)).map_err(|error| error.field)
}

#[test]
fn without_a_time_it_is_the_local_week_from_monday_to_sunday() {
    let week = |start, now| {
        let teen = Teen::born(date(2012, 5, 3), now);
        let teen = Teen { calendar: Calendar::new(teen.facts.zone.clone(), start), ..teen };
        ask(&teen, None, None, None).unwrap()
    };
    let whole = Asked::Stretch(span("2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z"));
    assert_eq!(week(0, NOW), whole);
    assert_eq!(week(0, "2026-11-15T23:00:00Z"), whole);
    assert_eq!(week(0, "2026-11-22T22:59:59Z"), whole);
    let from_four = Asked::Stretch(span("2026-11-16T03:00:00Z", "2026-11-23T03:00:00Z"));
    assert_eq!(week(240, "2026-11-23T02:00:00Z"), from_four, "before four it is still Sunday");
    let of_23_hours = Asked::Stretch(span("2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"));
    assert_eq!(week(0, "2026-03-25T12:00:00Z"), of_23_hours, "the clock goes forward on this Sunday");
}

#[test]
fn a_date_that_a_zone_left_out_is_no_day_of_its_week() {
    // Samoa had no 30 December 2011, a Friday.
    let mut teen = Teen::born(date(1998, 5, 3), "2011-12-28T12:00:00Z");
    teen.calendar = Calendar::new(TimeZone::get("Pacific/Apia").unwrap(), 0);
    let Ok(Asked::Stretch(week)) = ask(&teen, None, None, None) else { panic!("a week") };
    assert_eq!(week.to.duration_since(week.from).as_hours(), 6 * 24);
}

#[test]
fn a_stretch_is_seven_days_long_unless_it_says_otherwise() {
    let teen = Teen::born(date(2012, 5, 3), NOW);
    let from = Some("2026-12-01T00:00:00Z");
    assert_eq!(ask(&teen, None, from, None), Ok(Asked::Stretch(span("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z"))));
    let until = |to| ask(&teen, None, from, Some(to));
    assert!(until("2026-12-09T00:00:00Z").is_ok());
    assert_eq!(until("2026-12-09T00:00:00.000001Z"), Err("to"), "more than eight days");
    assert_eq!(until("2026-12-01T00:00:00Z"), Err("to"), "nothing");
    assert_eq!(until("2026-11-30T00:00:00Z"), Err("to"), "backwards");
}

#[test]
fn nothing_is_asked_that_is_long_ago_or_far_ahead() {
    let teen = Teen::born(date(2012, 5, 3), NOW);
    assert_eq!(ask(&teen, Some("2031-11-20T00:00:00Z"), None, None), Ok(Asked::Moment(at("2031-11-20T00:00:00Z"))));
    assert_eq!(ask(&teen, Some("2032-01-01T00:00:00Z"), None, None), Err("at"));
    assert_eq!(ask(&teen, Some("9999-12-30T22:00:00Z"), None, None), Err("at"));
    assert!(ask(&teen, Some("2026-11-15T12:00:00Z"), None, None).is_ok());
    assert_eq!(ask(&teen, Some("2026-11-14T11:59:59Z"), None, None), Err("at"));
    assert_eq!(ask(&teen, None, Some("2026-11-14T11:59:59Z"), Some(NOW)), Err("from"));
    assert_eq!(ask(&teen, None, Some("-009999-01-02T01:59:59Z"), None), Err("from"));
    assert_eq!(ask(&teen, None, Some("9999-12-30T22:00:00Z"), None), Err("from"));
}

#[test]
fn an_instant_and_a_stretch_are_two_questions() {
    let teen = Teen::born(date(2012, 5, 3), NOW);
    assert_eq!(ask(&teen, Some(NOW), Some(NOW), None), Err("at"));
    assert_eq!(ask(&teen, Some(NOW), None, Some(NOW)), Err("at"));
    assert_eq!(ask(&teen, None, None, Some(NOW)), Err("from"));
}

//! What families would ask.

use serde_json::{Value as Json, json};

use super::*;
use crate::domain::decision::Outcome;

fn shown<T: serde::Serialize>(value: &T) -> Json {
    serde_json::to_value(value).unwrap()
}

fn week(teen: &Teen, from: &str, to: &str, usage: Option<Json>) -> Timeline {
    let usage: Option<Usage> = usage.map(|usage| serde_json::from_value(usage).unwrap());
    timeline(&teen.present(), span(from, to), usage.as_ref())
}

#[test]
fn what_changes_on_the_third_of_may() {
    // Mia turns 16 on 3 May 2028.
    let teen = Teen::born(date(2012, 5, 3), "2026-11-22T12:00:00Z").with(set("time.daily_minutes", json!(30)));
    let eve = moment(&teen.present(), at("2028-05-02T21:59:59Z"), None);
    assert_eq!((eve.age_band, &eve.changes), (AgeBand::From13To15, &vec![]));
    let day = moment(&teen.present(), at("2028-05-02T22:00:00Z"), None);
    assert_eq!(day.age_band, AgeBand::From16To17);
    // Nothing got looser by itself: what the younger band held is kept.
    assert_eq!(shown(&day.changes), json!([]));
    let dm = &day.controls["dm.from"];
    assert_eq!(shown(&dm.held), json!({"value": "no_one", "source": "kept", "since": "2028-05-02T22:00:00Z"}));
    assert_eq!(dm.changes_at, Some(at("2030-05-02T22:00:00Z")), "until supervision ends");
    assert_eq!(shown(&eve.controls["dm.from"])["changes_at"], "2030-05-02T22:00:00Z", "two birthdays on");
    let grown = moment(&teen.present(), at("2030-05-02T22:00:00Z"), None);
    assert_eq!(grown.age_band, AgeBand::Adult);
    assert_eq!(grown.changes.len(), 5, "at 18 nothing lingers, not even what guardians set");
    assert_eq!(
        shown(&grown.changes)[1],
        json!({"control": "dm.from", "from": "no_one", "to": "everyone", "direction": "looser"})
    );
}

#[test]
fn a_sunday_of_23_hours_is_marked_and_its_night_is_as_enforced() {
    let teen = Teen::born(date(2012, 5, 3), "2026-03-27T12:00:00Z");
    let days = week(&teen, "2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z", None);
    assert_eq!(
        shown(&days.days[1]),
        json!({"date": "2026-03-29", "from": "2026-03-28T23:00:00Z", "to": "2026-03-29T22:00:00Z", "minutes": 1380,
            "shift": {"at": "2026-03-29T01:00:00Z", "minutes": 60}})
    );
    let blocked = days.controls["time.sleep_windows"].blocked.as_ref().unwrap();
    assert_eq!(blocked[1], span("2026-03-28T23:00:00Z", "2026-03-29T04:00:00Z"), "midnight to six is five hours then");
}

#[test]
fn a_grant_ends_and_what_was_before_comes_back() {
    let layers = set("time.sleep_windows", json!([{"days": ["sun"], "from": "21:00", "to": "06:00"}]));
    let (from, until) = (at("2026-11-22T20:00:00Z"), at("2026-11-22T20:30:00Z"));
    let later = timed("time.sleep_windows", json!([]), from, until);
    let teen = Teen::born(date(2012, 5, 3), "2026-11-22T12:00:00Z").with(Layers { grants: vec![later], ..layers });
    let night = week(&teen, "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z", Some(json!({"minutes_used": 0})));
    let row = &night.controls["time.sleep_windows"];
    let sources: Vec<_> = row.spans.iter().map(|entry| shown(&entry.held.source)).collect();
    assert_eq!(sources, ["guardian", "grant", "guardian"]);
    assert_eq!(row.blocked.as_deref(), Some(&[span("2026-11-22T20:30:00Z", "2026-11-23T05:00:00Z")][..]));
    let outcomes: Vec<_> = night.usable.iter().map(|entry| (entry.outcome, entry.span.to)).collect();
    assert_eq!(
        outcomes,
        [
            (Outcome::Allow, at("2026-11-22T20:30:00Z")),
            (Outcome::Deny, at("2026-11-23T05:00:00Z")),
            (Outcome::Allow, at("2026-11-23T12:00:00Z"))
        ]
    );
    let evening = moment(&teen.present(), at("2026-11-22T20:10:00Z"), None);
    let hours = evening.controls["time.sleep_windows"].hours.unwrap();
    assert_eq!((hours.blocked, hours.until), (false, Some(until)));
    assert_eq!((evening.usable.outcome, evening.usable.until), (Outcome::Allow, Some(until)));
}

#[test]
fn minutes_used_leave_what_is_left_and_nothing_is_predicted() {
    let layers = set(
        "time.daily_minutes",
        json!({"mon": 0, "tue": 60, "wed": 60, "thu": 60, "fri": 60, "sat": 1440, "sun": 90}),
    );
    let teen = Teen::born(date(2012, 5, 3), "2026-11-21T08:00:00Z").with(layers);
    let (from, to) = ("2026-11-20T23:00:00Z", "2026-11-24T23:00:00Z");
    let days = week(&teen, from, to, Some(json!({"minutes_used": [300, 100, 0]})));
    let rows = days.controls["time.daily_minutes"].budget.as_ref().unwrap().iter();
    let rows: Vec<_> =
        rows.map(|day| (day.date.day(), day.limit_minutes, day.used_minutes, day.remaining_minutes)).collect();
    assert_eq!(
        rows,
        [
            (21, None, Some(300), None),
            (22, Some(90), Some(100), Some(0)),
            (23, Some(0), Some(0), Some(0)),
            (24, Some(60), Some(0), Some(60))
        ]
    );
    let daytime = |day: &str| {
        let noon = at(&format!("2026-11-{day}T11:00:00Z"));
        days.usable.iter().find(|entry| noon < entry.span.to).unwrap().outcome
    };
    assert_eq!(["21", "22", "23", "24"].map(daytime), [Outcome::Allow, Outcome::Deny, Outcome::Deny, Outcome::Allow]);
    let unasked = week(&teen, from, to, None);
    let sunday = unasked.usable.iter().find(|entry| at("2026-11-22T11:00:00Z") < entry.span.to).unwrap();
    assert_eq!(shown(&sunday.reasons)[0]["code"], "not_asked", "nobody said how much was used");
    assert!(!Usage { minutes_used: Used::DayByDay(vec![0, 1501]) }.is_possible());
    assert!(Usage { minutes_used: Used::EveryDay(1500) }.is_possible());
}

#[test]
fn a_child_needs_a_guardian_until_thirteen() {
    let mut teen = Teen::born(date(2013, 11, 24), "2026-11-22T12:00:00Z");
    teen.guarded = false;
    let days = week(&teen, "2026-11-23T12:00:00Z", "2026-11-24T12:00:00Z", Some(json!({"minutes_used": 0})));
    let outcomes: Vec<_> = days.usable.iter().map(|entry| (entry.outcome, entry.span.from)).collect();
    assert_eq!(
        outcomes,
        [
            (Outcome::Ask, at("2026-11-23T12:00:00Z")),
            (Outcome::Deny, at("2026-11-23T20:00:00Z")),
            (Outcome::Allow, at("2026-11-24T05:00:00Z"))
        ],
        "it asks while there is none; the night begins at nine and ends at six, in two bands"
    );
}

#[test]
fn what_is_before_now_is_as_todays_settings_would_have_had_it() {
    let teen = Teen::born(date(2010, 11, 20), "2026-11-22T12:00:00Z").with(set("time.daily_minutes", json!(20)));
    let days = week(&teen, "2026-11-18T23:00:00Z", "2026-11-23T23:00:00Z", None);
    assert_eq!(days.controls["time.daily_minutes"].spans.len(), 1, "as if it had been 20 all week");
    let quiet = &days.controls["quiet.notifications"].spans;
    assert_eq!((quiet.len(), quiet[1].span.from), (2, at("2026-11-19T23:00:00Z")), "the birthday was then");
}

#[test]
fn a_birthday_that_nobody_looked_at_yet_counts_as_if_somebody_had() {
    let up_to_date = Teen::born(date(2010, 11, 22), "2026-11-22T12:00:00Z");
    let late = Teen { computed_for: Some(AgeBand::From13To15), ..up_to_date.clone() };
    let dm = |teen: &Teen| shown(&moment(&teen.present(), teen.now, None).controls["dm.from"].held);
    assert_eq!((&dm(&up_to_date)["value"], &dm(&late)["value"]), (&json!("friends"), &json!("no_one")));
    assert_eq!(shown(&late.present().changes())[0]["control"], "account.private");
}

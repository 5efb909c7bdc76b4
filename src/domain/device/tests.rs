//! The hard cases by number (`sync.md` of the research, kept in `docs/DEVICE.md`), and histories of devices that are lied to.

mod histories;
mod sharing;

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::{
    budget::{Budget, DAY, Lease, Left, WEEK},
    receiver::{Receiver, entries},
    report::{Issue, IssueCode},
    snapshot::{Payload, Staleness},
};

/// A Friday in Berlin, noon by UTC.
const NOON: &str = "2026-11-27T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn reading(time: &str) -> ClockReading {
    let wall = at(time);
    let on = wall.duration_since(at("2026-11-01T00:00:00Z")).as_millis();
    ClockReading { wall, monotonic_ms: u64::try_from(on).unwrap(), boot_id: "a".into(), zone: String::new() }
}

/// Berlin's days from Thursday to Saturday, a night, and these controls.
fn payload(controls: &serde_json::Value) -> Payload {
    let controls: serde_json::Map<String, serde_json::Value> =
        controls.as_object().unwrap().iter().map(|(id, value)| (id.clone(), json!({"value": value}))).collect();
    serde_json::from_value(json!({
        "teen_id": Uuid::nil(), "epoch": 1, "revision": 1, "issued_at": NOON, "home_zone": "Europe/Berlin", "day_start_minute": 0,
        "controls": controls, "warnings": [10, 2], "staleness": Staleness::default(),
        "timeline": {"from": NOON, "until": "2026-12-27T12:00:00Z", "tzdata": "x",
            "days": {"2026-11-27": -780, "2026-11-28": 660, "2026-11-29": 2100, "2026-11-30": 3540},
            "blocks": {"time.sleep_windows": [540, 1080]}},
    }))
    .unwrap()
}

/// A device that has been told the time at noon, with this policy.
fn device(controls: &serde_json::Value) -> Device {
    let mut device = Device::wake(Kept::default(), Some(&payload(controls)));
    device.heard(at(NOON), 0, &reading(NOON));
    device
}

fn left(item: &str, used_seconds: u32) -> Left {
    Left { item: item.into(), limit_seconds: None, granted_seconds: 0, used_seconds, remaining_seconds: None }
}

fn told(day: &str, used: u32, own: u32, lease: Option<(u32, &str)>) -> Told {
    let budget = Budget { day: day.parse().unwrap(), items: vec![left(DAY, used), left(WEEK, used)] };
    let lease = lease.map(|(up_to_seconds, until)| Lease { up_to_seconds, until: at(until) });
    Told { budget, own: [(DAY.to_owned(), own)].into(), lease, leases: BTreeMap::new() }
}

impl Device {
    fn hears(&mut self, told: Told) {
        self.told(told, &reading(NOON));
    }

    fn why(&self, item: &str, time: &str) -> Option<Why> {
        self.may_use(item, false, &reading(time)).closed.map(|closed| closed.why)
    }
}

#[test]
fn hours_close_and_open_by_themselves() {
    let phone = device(&json!({"time.daily_minutes": 1440}));
    assert_eq!(phone.why("feed", "2026-11-27T20:59:59Z"), None);
    let night = phone.may_use("feed", false, &reading("2026-11-27T21:00:00Z")).closed.unwrap();
    assert_eq!((night.why, night.by.as_deref()), (Why::OffHours, Some("time.sleep_windows")));
    assert_eq!(night.until, Some(at("2026-11-28T06:00:00Z")));
    assert_eq!(phone.why("emergency", "2026-11-27T21:00:00Z"), None, "never closed");
    let evening = phone.may_use("feed", false, &reading("2026-11-27T20:52:00Z"));
    assert_eq!((evening.left_seconds, phone.warning(480)), (Some(480), Some(10)));
}

/// Edge case 15: the wall clock is set back an hour at bedtime, and the night stays.
#[test]
fn a_wall_clock_does_not_move_the_night() {
    let phone = device(&json!({}));
    let back = ClockReading { wall: at("2026-11-27T20:00:00Z"), ..reading("2026-11-27T21:10:00Z") };
    assert!(phone.may_use("feed", false, &back).closed.is_some());
    assert!(phone.time(&back).tampered);
}

/// Edge case 14: the wall clock is set a day on while the server is away. No day opens, and after a restart neither.
#[test]
fn a_wall_clock_opens_no_day() {
    let mut phone = device(&json!({"time.daily_minutes": 60, "time.offline_minutes": 10}));
    phone.hears(told("2026-11-27", 0, 0, Some((600, "2026-11-27T12:10:00Z"))));
    for minute in 1..=19 {
        let now = reading(&format!("2026-11-27T12:{minute:02}:00Z"));
        assert_eq!(phone.may_use("feed", true, &now).closed, None, "{minute}");
        phone.used("feed", 60, &now);
    }
    phone.used("feed", 60, &reading("2026-11-27T12:20:00Z"));
    assert_eq!(phone.why("feed", "2026-11-27T12:20:01Z"), Some(Why::Offline));
    let tomorrow = ClockReading { wall: at("2026-11-28T12:21:00Z"), ..reading("2026-11-27T12:21:00Z") };
    assert!(phone.may_use("feed", false, &tomorrow).closed.is_some());
    phone.tick(&tomorrow);
    let restarted = ClockReading { boot_id: "b".into(), monotonic_ms: 60_000, ..tomorrow };
    let phone = Device::wake(
        phone.kept().clone(),
        Some(&payload(&json!({"time.daily_minutes": 60, "time.offline_minutes": 10}))),
    );
    assert_eq!(phone.may_use("feed", false, &restarted).closed.map(|closed| closed.why), Some(Why::Offline));
}

/// Edge case 26: the app was installed again at 59 minutes of 60. What the server has counted is told before anything is used.
#[test]
fn a_new_installation_starts_where_the_old_one_ended() {
    let mut phone = device(&json!({"time.daily_minutes": 60, "time.offline_minutes": 30}));
    phone.hears(told("2026-11-27", 59 * 60, 0, Some((60, "2026-11-27T12:10:00Z"))));
    assert_eq!(phone.budget(&reading(NOON)).unwrap().remaining(), Some(60));
    phone.used("feed", 60, &reading("2026-11-27T12:01:00Z"));
    assert_eq!(phone.why("feed", "2026-11-27T12:01:00Z"), Some(Why::BudgetUsed));
}

/// Edge case 31: a limit that is raised opens at once; 30: one that is lowered below what is used leaves the last two minutes.
#[test]
fn a_changed_limit_counts_when_it_is_applied() {
    let mut phone = device(&json!({"time.daily_minutes": 60, "time.offline_minutes": 120}));
    phone.hears(told("2026-11-27", 30 * 60, 0, Some((600, "2026-11-27T12:10:00Z"))));
    phone.apply(&payload(&json!({"time.daily_minutes": 20, "time.offline_minutes": 120})), &reading(NOON));
    assert_eq!(phone.may_use("feed", true, &reading("2026-11-27T12:01:59Z")).closed, None, "to bring it to an end");
    assert_eq!(phone.why("feed", "2026-11-27T12:01:59Z"), Some(Why::BudgetUsed), "nothing new is begun");
    assert!(phone.may_use("feed", true, &reading("2026-11-27T12:02:00Z")).closed.is_some());
    phone.apply(
        &payload(&json!({"time.daily_minutes": 90, "time.offline_minutes": 120})),
        &reading("2026-11-27T12:03:00Z"),
    );
    assert_eq!(phone.why("feed", "2026-11-27T12:03:00Z"), None);
    phone.apply(&payload(&json!({"time.daily_minutes": 90, "time.paused": true})), &reading("2026-11-27T12:04:00Z"));
    assert_eq!(phone.why("feed", "2026-11-27T12:04:00Z"), Some(Why::Paused), "a pause has no last minutes");
}

/// Edge case 21: a call to somebody who is always reachable goes on whatever runs out.
#[test]
fn what_is_always_allowed_goes_on() {
    let phone = device(&json!({"time.daily_minutes": 0, "time.paused": true, "time.always_allowed": ["call/grandma"]}));
    for item in ["call/grandma", "emergency", "help/line", "reporting", "family"] {
        assert_eq!(phone.why(item, "2026-11-27T23:00:00Z"), None, "{item}");
    }
    assert!(phone.why("call", "2026-11-27T23:00:00Z").is_some());
}

/// Edge case 46: midnight comes while the server is away and a lease of ten minutes runs.
#[test]
fn a_lease_ends_with_its_day() {
    let mut phone = device(&json!({"time.daily_minutes": 60, "time.offline_minutes": 5}));
    phone.hears(told("2026-11-27", 0, 0, Some((600, "2026-11-27T23:05:00Z"))));
    let verdict = phone.may_use("feed", false, &reading("2026-11-28T11:00:00Z"));
    assert!(verdict.closed.is_none() && verdict.alone, "a new day, and five minutes without the server");
    phone.used("feed", 300, &reading("2026-11-28T11:05:00Z"));
    assert_eq!(phone.why("feed", "2026-11-28T11:05:00Z"), Some(Why::Offline));
    assert_eq!(phone.kept().opened, Some("2026-11-27".parse().unwrap()), "nothing ticked yet");
    phone.tick(&reading("2026-11-28T11:05:00Z"));
    assert_eq!(phone.kept().opened, Some("2026-11-28".parse().unwrap()));
}

/// After three days without a word the stricter side of everything counts; help stays.
#[test]
fn long_silence_falls_back() {
    let controls = json!({"search.enabled": {"value": true}});
    let mut payload = payload(&json!({"time.daily_minutes": 600, "time.offline_minutes": 120}));
    let with_safe = json!({"time.daily_minutes": {"value": 600, "safe": 0}, "time.offline_minutes": {"value": 120}});
    payload.controls = serde_json::value::RawValue::from_string(with_safe.to_string()).unwrap();
    let mut phone = Device::wake(Kept::default(), Some(&payload));
    phone.heard(at(NOON), 0, &reading(NOON));
    assert_eq!(phone.is_silent(&reading("2026-11-28T12:00:00Z")), Silence::Warn);
    assert_eq!(phone.why("feed", "2026-11-30T11:59:59Z"), None);
    assert_eq!(phone.why("feed", "2026-11-30T12:00:00Z"), Some(Why::BudgetUsed));
    assert_eq!(phone.why("help", "2026-11-30T12:00:00Z"), None);
    drop(controls);
}

#[test]
fn without_a_policy_nothing_but_help_is_open() {
    let phone = Device::wake(Kept::default(), None);
    assert_eq!((phone.why("feed", NOON), phone.why("emergency", NOON)), (Some(Why::NoPolicy), None));
}

#[test]
fn a_code_opens_what_was_used_up() {
    let key = CodeKey::from_bytes([7; 32]);
    let mut phone = device(&json!({"time.daily_minutes": 10, "time.offline_minutes": 0}));
    phone.hears(told("2026-11-27", 600, 0, Some((0, "2026-11-27T12:10:00Z"))));
    assert_eq!(phone.why("feed", NOON), Some(Why::BudgetUsed));
    let code = key.code(1, 15).unwrap();
    for _ in 0..MOST_WRONG {
        assert_eq!(phone.redeem(&key, "0000000000", &reading(NOON)), Err(BadCode::Wrong));
    }
    assert_eq!(phone.redeem(&key, &code, &reading(NOON)), Err(BadCode::Wrong), "too many wrong ones");
    assert!(phone.redeem(&key, &code, &reading("2026-11-27T13:00:01Z")).is_ok());
    assert_eq!(phone.redeem(&key, &code, &reading("2026-11-27T13:00:01Z")), Err(BadCode::Wrong), "once");
    let verdict = phone.may_use("feed", false, &reading("2026-11-27T13:00:01Z"));
    assert_eq!((verdict.closed, verdict.left_seconds, verdict.alone), (None, Some(900), true));
    phone.used("feed", 900, &reading("2026-11-27T13:15:01Z"));
    assert!(phone.why("feed", "2026-11-27T13:15:01Z").is_some());
    assert_eq!(phone.codes().count(), 1);
}

#[test]
fn what_is_kept_reads_back() {
    let mut phone = device(&json!({"time.daily_minutes": 10}));
    phone.hears(told("2026-11-27", 600, 0, Some((0, "2026-11-27T12:10:00Z"))));
    phone.used("feed", 30, &reading(NOON));
    let json = serde_json::to_string(phone.kept()).unwrap();
    assert_eq!(&serde_json::from_str::<Kept>(&json).unwrap(), phone.kept());
}

/// Edge case 47: a week that was begun with the server goes on without it over midnight, and nothing of it is forgotten.
#[test]
fn a_week_goes_on_over_midnight_without_the_server() {
    let mut phone = device(&json!({"time.weekly_minutes": 60, "time.offline_minutes": 60}));
    // 40 minutes of all devices, 10 of them here.
    phone.used("feed", 600, &reading(NOON));
    phone.hears(told("2026-11-27", 2_400, 600, None));
    phone.used("feed", 600, &reading("2026-11-27T12:10:00Z"));
    let week = |phone: &Device, time: &str| {
        let budget = phone.budget(&reading(time)).unwrap();
        budget.items.iter().find(|left| left.item == WEEK).map(|left| left.used_seconds)
    };
    assert_eq!(week(&phone, "2026-11-27T12:10:00Z"), Some(3_000));
    assert_eq!(week(&phone, "2026-11-28T12:00:00Z"), Some(3_000), "what was counted after the last word too");
    phone.used("feed", 600, &reading("2026-11-28T12:00:00Z"));
    assert_eq!(phone.why("feed", "2026-11-28T12:00:00Z"), Some(Why::BudgetUsed));
}

/// Edge case 46: a lease that is good by its time ends with its day all the same.
#[test]
fn a_lease_does_not_reach_into_the_next_day() {
    let mut phone = device(&json!({"time.daily_minutes": 60, "time.offline_minutes": 0}));
    let mut nights =
        serde_json::to_value(payload(&json!({"time.daily_minutes": 60, "time.offline_minutes": 0}))).unwrap();
    nights["timeline"]["blocks"] = json!({});
    phone.apply(&serde_json::from_value(nights).unwrap(), &reading(NOON));
    phone.hears(told("2026-11-27", 0, 0, Some((600, "2026-11-27T23:05:00Z"))));
    assert_eq!(phone.why("feed", "2026-11-27T22:59:00Z"), None);
    assert_eq!(phone.why("feed", "2026-11-27T23:01:00Z"), Some(Why::Offline), "a minute past midnight in Berlin");
}

/// Edge case 9: the timeline that was signed counts, whatever the device's own tables say of the zone.
#[test]
fn the_signed_timeline_counts_before_the_devices_own_tables() {
    let mut odd = payload(&json!({"time.daily_minutes": 10, "time.offline_minutes": 60}));
    odd.home_zone = "Pacific/Kiritimati".to_owned();
    let mut phone = Device::wake(Kept::default(), Some(&odd));
    phone.heard(at(NOON), 0, &reading(NOON));
    // There it is Saturday already; by the timeline it is Friday until 23:00 UTC.
    let day = |time: &str| phone.budget(&reading(time)).map(|budget| budget.day.to_string());
    assert_eq!(day(NOON).as_deref(), Some("2026-11-27"));
    assert_eq!(day("2026-11-27T23:01:00Z").as_deref(), Some("2026-11-28"));
}

/// Edge case 38: the app lacks a control that may not be missing. Until it has it, the safe side of everything counts.
#[test]
fn an_app_that_lacks_what_may_not_be_missing_falls_back() {
    let mut strict = payload(&json!({}));
    let controls = json!({"time.daily_minutes": {"value": 60, "safe": 10}, "time.paused": {"value": false, "if_unsupported": "safe_mode"}});
    strict.controls = serde_json::value::to_raw_value(&controls).unwrap();
    let mut phone = Device::wake(Kept::default(), Some(&strict));
    phone.heard(at(NOON), 0, &reading(NOON));
    let left = |phone: &Device| phone.may_use("feed", false, &reading(NOON)).left_seconds;
    phone.hears(told("2026-11-27", 0, 0, Some((3_600, "2026-11-27T12:10:00Z"))));
    assert_eq!(left(&phone), Some(3_600));
    let issue = |control: &str| Issue { control: control.into(), code: IssueCode::Unsupported };
    let entries = entries(&strict).unwrap();
    assert!(!Receiver::must_fall_back(&entries, &[issue("time.daily_minutes")]), "that one may be missing");
    phone.lacks(Receiver::must_fall_back(&entries, &[issue("time.paused")]));
    assert_eq!(left(&phone), Some(600));
    phone.lacks(false);
    assert_eq!(left(&phone), Some(3_600));
}

/// The half hour before a night is in the policy, so that no app makes up its own.
#[test]
fn the_app_winds_down_before_a_night() {
    let mut phone = device(&json!({}));
    let winds = |phone: &Device, time: &str| phone.winds_down(&reading(time));
    assert_eq!(winds(&phone, "2026-11-27T20:45:00Z"), None, "a policy of an earlier program says nothing of it");
    let mut with = serde_json::to_value(payload(&json!({}))).unwrap();
    with["timeline"]["wind_down_minutes"] = json!(30);
    phone.apply(&serde_json::from_value(with).unwrap(), &reading(NOON));
    assert_eq!(winds(&phone, "2026-11-27T20:29:00Z"), None);
    assert_eq!(winds(&phone, "2026-11-27T20:45:00Z"), Some(900));
    assert_eq!(winds(&phone, "2026-11-27T21:00:00Z"), None, "the night itself");
}

/// Nobody has told the time yet, and the wall clock is a year ahead: the true day opens all the same once the server is heard.
#[test]
fn a_wall_clock_that_nobody_has_checked_opens_no_day_for_good() {
    let mut phone =
        Device::wake(Kept::default(), Some(&payload(&json!({"time.daily_minutes": 60, "time.offline_minutes": 10}))));
    let year_ahead = ClockReading { wall: at("2027-11-27T12:00:00Z"), ..reading(NOON) };
    phone.tick(&year_ahead);
    phone.heard(at(NOON), 0, &reading(NOON));
    phone.hears(told("2026-11-27", 0, 0, Some((600, "2026-11-27T12:10:00Z"))));
    assert_eq!(phone.budget(&reading(NOON)).map(|budget| budget.day.to_string()).as_deref(), Some("2026-11-27"));
    assert_eq!(phone.why("feed", NOON), None);
    // A budget of the day before that comes late takes nothing of that away.
    phone.hears(told("2026-11-26", 3_600, 0, None));
    assert_eq!(phone.may_use("feed", false, &reading(NOON)).left_seconds, Some(3_600));
}

/// A code that became a gift of the policy and was taken back there stays taken back.
#[test]
fn a_code_that_was_taken_back_does_not_come_to_life_again() {
    let (key, controls) = (CodeKey::from_bytes([7; 32]), json!({"time.daily_minutes": 10, "time.offline_minutes": 0}));
    let mut phone = device(&controls);
    phone.redeem(&key, &key.code(1, 30).unwrap(), &reading(NOON)).unwrap();
    let granted = |phone: &Device| {
        phone.budget(&reading(NOON)).map(|budget| budget.items.first().map(|left| left.granted_seconds))
    };
    assert_eq!(granted(&phone), Some(Some(1_800)));
    let mut with = serde_json::to_value(payload(&controls)).unwrap();
    with["timeline"]["grants"] = json!([{"id": key.grant_id(1), "day": "2026-11-27", "minutes": 30, "by": Uuid::nil(),
        "given_at": NOON, "until": "2026-11-27T23:00:00Z"}]);
    phone.apply(&serde_json::from_value(with).unwrap(), &reading(NOON));
    assert_eq!(granted(&phone), Some(Some(1_800)), "given once");
    phone.apply(&payload(&controls), &reading(NOON));
    assert_eq!(granted(&phone), Some(Some(0)));
}

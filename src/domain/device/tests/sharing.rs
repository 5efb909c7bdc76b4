//! What several devices share, and what a device that forgot something owes.

use super::*;

/// A budget of Friday: of the whole, and of games.
fn told_of(day: (u32, u32), games: (u32, u32), leases: (Option<u32>, Option<u32>)) -> Told {
    let lease = |up_to_seconds| Lease { up_to_seconds, until: at("2026-11-27T12:10:00Z") };
    let items = vec![left(DAY, day.0), left(WEEK, day.0), left("games", games.0)];
    Told {
        budget: Budget { day: "2026-11-27".parse().unwrap(), items },
        own: [(DAY.to_owned(), day.1), ("games".to_owned(), games.1)].into(),
        lease: leases.0.map(lease),
        leases: leases.1.map(|seconds| ("games".to_owned(), lease(seconds))).into_iter().collect(),
    }
}

/// Two devices cannot each spend all of an item's minutes: of these too, a device has only what it was lent.
#[test]
fn an_item_with_minutes_of_its_own_is_lent_apart() {
    let games = json!([{"item": "games", "minutes": 20}]);
    let mut phone = device(&json!({"time.item_minutes": games, "time.offline_minutes": 5}));
    phone.hears(told_of((0, 0), (0, 0), (None, Some(120))));
    let ask = |phone: &Device, item: &str, time: &str| phone.may_use(item, true, &reading(time));
    assert_eq!(ask(&phone, "games/chess", NOON).left_seconds, Some(1_200));
    phone.used("games/chess", 120, &reading("2026-11-27T12:02:00Z"));
    assert!(ask(&phone, "games", "2026-11-27T12:02:00Z").alone, "the lease is used up");
    assert_eq!(
        ask(&phone, "feed", "2026-11-27T12:02:00Z").left_seconds,
        Some(32_280),
        "nothing limits it but the night"
    );
    phone.used("games", 300, &reading("2026-11-27T12:07:00Z"));
    assert_eq!(phone.why("games", "2026-11-27T12:07:00Z"), Some(Why::Offline));
    assert_eq!(phone.why("feed", "2026-11-27T12:07:00Z"), None);
}

/// Where day and item are limited, both must be lent.
#[test]
fn a_lease_of_the_day_is_none_of_the_item() {
    let games = json!([{"item": "games", "minutes": 20}]);
    let mut phone = device(&json!({"time.daily_minutes": 60, "time.item_minutes": games, "time.offline_minutes": 0}));
    phone.hears(told_of((0, 0), (0, 0), (Some(600), Some(0))));
    assert_eq!((phone.why("feed", NOON), phone.why("games", NOON)), (None, Some(Why::Offline)));
    phone.hears(told_of((0, 0), (0, 0), (None, Some(600))));
    assert_eq!((phone.why("feed", NOON), phone.why("games", NOON)), (Some(Why::Offline), Some(Why::Offline)));
}

/// An app whose memory was wiped owes what it had told before, and its new use comes on top at once.
#[test]
fn a_memory_that_was_lost_gives_nothing_back() {
    let mut phone = device(&json!({"time.daily_minutes": 30, "time.offline_minutes": 0}));
    // It had told 20 minutes, and remembers none of them.
    phone.hears(told("2026-11-27", 1_200, 1_200, Some((1_800, "2026-11-27T12:10:00Z"))));
    let left = |phone: &Device, time: &str| phone.may_use("feed", false, &reading(time)).left_seconds;
    assert_eq!(left(&phone, NOON), Some(600));
    phone.used("feed", 300, &reading("2026-11-27T12:05:00Z"));
    assert_eq!(left(&phone, "2026-11-27T12:05:00Z"), Some(300));
    // What the server has heard meanwhile changes nothing of it.
    phone.told(
        told("2026-11-27", 1_500, 1_500, Some((1_800, "2026-11-27T12:14:00Z"))),
        &reading("2026-11-27T12:05:00Z"),
    );
    assert_eq!(left(&phone, "2026-11-27T12:05:00Z"), Some(300));
    phone.used("feed", 300, &reading("2026-11-27T12:10:00Z"));
    assert_eq!(phone.why("feed", "2026-11-27T12:10:00Z"), Some(Why::BudgetUsed));
    let week = phone.budget(&reading("2026-11-28T12:00:00Z")).unwrap().items[1].used_seconds;
    assert_eq!(week, 1_800, "and the week has all of it the next day");
}

/// R5 and edge case 29: minutes that were given on Wednesday count for the week on Friday, though the policy lists them no more.
#[test]
fn gifts_of_earlier_days_count_for_the_week() {
    let mut phone = device(&json!({"time.weekly_minutes": 60, "time.offline_minutes": 60}));
    let mut said = told("2026-11-27", 3_600, 0, Some((600, "2026-11-27T12:10:00Z")));
    said.budget.items[0].used_seconds = 0;
    said.budget.items[1].granted_seconds = 900;
    phone.hears(said);
    let week = |phone: &Device, time: &str| phone.budget(&reading(time)).unwrap().items[1].remaining_seconds;
    assert_eq!(week(&phone, NOON), Some(900));
    // And on Saturday, without the server.
    assert_eq!(week(&phone, "2026-11-28T12:00:00Z"), Some(900));
    assert_eq!(week(&phone, "2026-11-30T12:00:00Z"), Some(3_600), "another week");
}

/// A week that is used up opens on Monday, and not tomorrow.
#[test]
fn a_used_up_week_opens_on_monday() {
    let mut phone = device(&json!({"time.weekly_minutes": 60, "time.offline_minutes": 60}));
    phone.hears(told("2026-11-27", 3_600, 0, None));
    let closed = phone.may_use("feed", false, &reading(NOON)).closed.unwrap();
    assert_eq!((closed.by.as_deref(), closed.until), (Some(WEEK), Some(at("2026-11-29T23:00:00Z"))));
}

/// Edge case 30, for an item: what is in use has two minutes, and they are said to be left.
#[test]
fn an_items_own_limit_leaves_the_last_minutes_too() {
    let with =
        |minutes: u16| json!({"time.item_minutes": [{"item": "games", "minutes": minutes}], "time.offline_minutes": 0});
    let mut phone = device(&with(30));
    phone.hears(told_of((0, 0), (900, 0), (None, Some(600))));
    phone.apply(&payload(&with(10)), &reading(NOON));
    let ask = |phone: &Device, in_use, time: &str| phone.may_use("games", in_use, &reading(time));
    assert_eq!(ask(&phone, true, "2026-11-27T12:00:30Z").left_seconds, Some(90));
    assert!(ask(&phone, false, "2026-11-27T12:00:30Z").closed.is_some(), "nothing new is begun");
    assert!(ask(&phone, true, "2026-11-27T12:02:00Z").closed.is_some());
}

/// After a restart it may be later than is known: a grant that ends in between counts no more.
#[test]
fn a_limit_counts_by_either_time() {
    let mut lent = payload(&json!({}));
    let controls = json!({"time.daily_minutes": {"value": 600, "until": "2026-11-27T13:00:00Z", "after": 0}, "time.offline_minutes": {"value": 60}});
    lent.controls = serde_json::value::to_raw_value(&controls).unwrap();
    let mut phone = Device::wake(Kept::default(), Some(&lent));
    phone.heard(at(NOON), 0, &reading(NOON));
    assert_eq!(phone.why("feed", NOON), None);
    let later = ClockReading { boot_id: "b".into(), monotonic_ms: 60_000, ..reading("2026-11-27T13:30:00Z") };
    let phone = Device::wake(phone.kept().clone(), Some(&lent));
    assert_eq!(phone.may_use("feed", true, &later).closed.map(|closed| closed.why), Some(Why::BudgetUsed));
    assert_eq!(phone.may_use("help", true, &later).closed, None);
}

/// Edge case 15: the wall clock was put right before the device was online again. It is told all the same, until the server knows.
#[test]
fn a_clock_that_was_wrong_is_told_of() {
    let mut phone = device(&json!({}));
    phone.tick(&ClockReading { wall: at("2026-11-27T08:00:00Z"), ..reading("2026-11-27T12:30:00Z") });
    phone.tick(&reading("2026-11-27T12:40:00Z"));
    let since = at("2026-11-27T12:30:00Z");
    assert_eq!(phone.wrong_since(), Some(since));
    let mut phone = Device::wake(phone.kept().clone(), Some(&payload(&json!({}))));
    phone.clock_told(at("2026-11-27T12:00:00Z"));
    assert_eq!(phone.wrong_since(), Some(since), "an answer to another hello");
    phone.clock_told(since);
    assert_eq!(phone.wrong_since(), None);
}

/// What the server says of a code counts: the law may leave less of it.
#[test]
fn a_code_gives_what_the_server_says() {
    let key = CodeKey::from_bytes([7; 32]);
    let mut phone = device(&json!({"time.daily_minutes": 10, "time.offline_minutes": 0}));
    phone.redeem(&key, &key.code(1, 30).unwrap(), &reading(NOON)).unwrap();
    let left = |phone: &Device| phone.may_use("feed", false, &reading(NOON)).left_seconds;
    assert_eq!(left(&phone), Some(1_800), "without the server");
    phone.codes_told(&[Redeemed { number: 1, minutes: 5 }, Redeemed { number: 9, minutes: 60 }]);
    assert_eq!((left(&phone), phone.codes().count()), (Some(300), 0));
}

/// A code that is typed in before the first policy came is good afterwards.
#[test]
fn a_code_before_the_first_policy_is_not_lost() {
    let (key, mut phone) = (CodeKey::from_bytes([7; 32]), Device::wake(Kept::default(), None));
    let code = key.code(1, 30).unwrap();
    assert_eq!(phone.redeem(&key, &code, &reading(NOON)), Err(BadCode::NoPolicy));
    phone.apply(&payload(&json!({"time.daily_minutes": 10})), &reading(NOON));
    assert!(phone.redeem(&key, &code, &reading(NOON)).is_ok());
}

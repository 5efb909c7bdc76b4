//! Each way to read a value, by example.

use super::*;
use Outcome::{Allow, Ask, Deny};
use Relationship::{Friend, Guardian, Stranger, SuggestedFriend, Themself};

fn as_seen_by(held: Json, action: &str) -> Vec<Relationship> {
    let all = [Themself, Guardian, Friend, SuggestedFriend, Stranger];
    let may = |relationship: &Relationship| {
        let question = Question { relationship: *relationship, ..ask(action) };
        answer(held.clone(), &question).0 == Allow
    };
    all.into_iter().filter(may).collect()
}

#[test]
fn an_audience_is_who_may_and_oneself() {
    for (value, may) in [
        ("everyone", &[Themself, Guardian, Friend, SuggestedFriend, Stranger][..]),
        ("suggested_friends", &[Themself, Guardian, Friend, SuggestedFriend]),
        ("friends", &[Themself, Guardian, Friend]),
        ("no_one", &[Themself]),
    ] {
        assert_eq!(as_seen_by(json!({"dm.from": value}), "message"), may, "{value}");
    }
    assert_eq!(as_seen_by(json!({"comments.from": "friends"}), "comment"), [Themself, Guardian, Friend]);
    let nobody = answer(json!({"dm.from": "no_one"}), &ask("message"));
    assert_eq!(nobody, (Deny, vec![ReasonCode::NotInAudience]));
}

#[test]
fn a_permission_is_given_or_not() {
    assert_eq!(answer(json!({"search.enabled": true}), &ask("search")), (Allow, vec![]));
    assert_eq!(answer(json!({"search.enabled": false}), &ask("search")), (Deny, vec![ReasonCode::NotAllowed]));
    // Here the strict side is "on".
    assert_eq!(answer(json!({"dm.blur_nudity": true}), &ask("show_unblurred")).0, Deny);
    assert_eq!(answer(json!({"dm.blur_nudity": false}), &ask("show_unblurred")).0, Allow);
}

#[test]
fn a_private_account_is_for_friends() {
    assert_eq!(as_seen_by(json!({"account.private": true}), "view_profile"), [Themself, Guardian, Friend]);
    assert_eq!(as_seen_by(json!({"account.private": false}), "view_profile").len(), 5);
    let stranger = answer(json!({"account.private": true}), &ask("view_profile"));
    assert_eq!(stranger, (Deny, vec![ReasonCode::FriendsOnly]));
}

#[test]
fn an_approval_is_asked_for() {
    assert_eq!(answer(json!({"purchase.approval": true}), &ask("buy")), (Ask, vec![ReasonCode::ApprovalNeeded]));
    assert_eq!(answer(json!({"purchase.approval": false}), &ask("buy")), (Allow, vec![]));
}

#[test]
fn content_must_be_made_for_them_and_rated() {
    let held = json!({"content.maturity": "younger_teens"});
    for (level, outcome) in [("adults", Deny), ("older_teens", Deny), ("younger_teens", Allow), ("children", Allow)] {
        let question = Question { level: Some(level.to_owned()), ..ask("view_content") };
        assert_eq!(answer(held.clone(), &question).0, outcome, "{level}");
    }
    assert_eq!(answer(held, &ask("view_content")), (Deny, vec![ReasonCode::AboveLevel]));
    assert_eq!(answer(json!({"content.maturity": "adults"}), &ask("view_content")).0, Allow);
}

#[test]
fn hours_are_over_when_the_window_is() {
    let every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let quiet = ready(json!({"quiet.notifications": [{"days": every_day, "from": "21:00", "to": "08:00"}]}));
    let at_night = quiet.decide(&ask("notify"), at("2026-11-23T22:30:00Z"));
    assert_eq!(said(&at_night), (Deny, vec![ReasonCode::OffHours]));
    assert_eq!(at_night.until, Some(at("2026-11-24T07:00:00Z")));
    let in_the_evening = quiet.decide(&ask("notify"), at(EVENING));
    assert_eq!((in_the_evening.outcome, in_the_evening.until), (Allow, Some(at("2026-11-23T20:00:00Z"))));
    // Two windows one into the other: the no lasts until both are over.
    let held = json!({
        "time.away_windows": [{"days": every_day, "from": "19:00", "to": "21:00"}],
        "time.school_windows": [{"days": every_day, "from": "20:00", "to": "20:30"}],
    });
    let both = ready(held).decide(&ask("use"), at(EVENING));
    assert_eq!((both.reasons.len(), both.until), (2, Some(at("2026-11-23T20:00:00Z"))));
    let always = ready(json!({"time.away_windows": [{"days": every_day, "from": "00:00", "to": "24:00"}]}));
    let never_over = always.decide(&ask("use"), at(EVENING));
    assert_eq!((never_over.outcome, never_over.until), (Deny, None));
}

#[test]
fn a_budget_is_for_the_day_of_the_teens_home() {
    let week = json!({"mon": 60, "tue": 1440, "wed": 0, "thu": 60, "fri": 60, "sat": 60, "sun": 60});
    let limited = ready(json!({"time.daily_minutes": week}));
    let used = |minutes| Question { used_minutes: Some(minutes), ..ask("use") };
    let (monday, midnight) = (at(EVENING), at("2026-11-23T23:00:00Z"));
    let over = limited.decide(&used(60), monday);
    assert_eq!((said(&over), over.until), ((Deny, vec![ReasonCode::BudgetUsed]), Some(midnight)));
    assert_eq!(said(&limited.decide(&used(59), monday)), (Allow, vec![]));
    // Tuesday has begun in Berlin, and has no limit.
    assert_eq!(said(&limited.decide(&used(1_500), midnight)), (Allow, vec![]));
    // Without a count nothing is said of it until Wednesday, which has no minutes.
    let wednesday = at("2026-11-24T23:00:00Z");
    let not_asked = limited.decide(&ask("use"), monday);
    assert_eq!((said(&not_asked), not_asked.until), ((Allow, vec![ReasonCode::NotAsked]), Some(wednesday)));
    let never = ready(json!({"time.daily_minutes": 0})).decide(&used(0), monday);
    assert_eq!((never.outcome, never.until), (Deny, None));
    // A day without minutes needs no count.
    assert_eq!(limited.decide(&ask("use"), at("2026-11-25T12:00:00Z")).outcome, Deny);
    // With a day that starts at four, Monday is not over at midnight.
    let late = grounds(&json!({"time.daily_minutes": week}));
    let late = Grounds { calendar: Calendar::new(late.calendar.zone().clone(), 240), ..late };
    let late = DECIDERS.compile(3, late).decide(&used(60), midnight);
    assert_eq!((late.outcome, late.until), (Deny, Some(at("2026-11-24T03:00:00Z"))));
    let unlimited = ready(json!({"time.daily_minutes": 1440})).decide(&used(9_999), monday);
    assert_eq!((said(&unlimited), unlimited.until), ((Allow, vec![]), None));
}

#[test]
fn a_no_lasts_until_it_becomes_a_yes() {
    let every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    // The night ends where school begins: the one no goes on as another.
    let held = json!({
        "time.sleep_windows": [{"days": every_day, "from": "21:00", "to": "08:00"}],
        "time.school_windows": [{"days": ["tue"], "from": "08:00", "to": "15:00"}],
        "time.daily_minutes": 60,
    });
    let asked = Question { used_minutes: Some(60), ..ask("use") };
    let night = ready(held.clone()).decide(&asked, at("2026-11-23T21:00:00Z"));
    assert_eq!((night.outcome, night.until), (Deny, Some(at("2026-11-24T14:00:00Z"))));
    // The budget is new at midnight, but then it is night.
    let evening = ready(held).decide(&asked, at(EVENING));
    assert_eq!(
        (said(&evening), evening.until),
        ((Deny, vec![ReasonCode::BudgetUsed]), Some(at("2026-11-24T14:00:00Z")))
    );
    // Each hour another no, for ever: nobody can say when it is a yes.
    let (even, odd): (Vec<_>, Vec<_>) = (0..24).map(|hour| {
        json!({"days": every_day, "from": format!("{hour:02}:00"), "to": format!("{:02}:00", (hour + 1) % 24)})
    }).enumerate().partition(|(hour, _)| hour % 2 == 0);
    let windows = |some: Vec<(usize, Json)>| json!(some.into_iter().map(|(_, window)| window).collect::<Vec<_>>());
    let both = ready(json!({"time.away_windows": windows(even), "time.school_windows": windows(odd)}));
    let never_over = both.decide(&ask("use"), at(EVENING));
    assert_eq!((never_over.outcome, never_over.until), (Deny, None));
}

#[test]
fn a_word_is_found_however_it_is_written() {
    let list = ["#diet", "café", "go away now", ":)", "skinny!"];
    let held = json!({"content.maturity": "adults", "content.blocked_words": list});
    let found = |words: &[&str]| {
        let words = Some(words.iter().map(ToString::to_string).collect());
        match answer(held.clone(), &Question { words, ..ask("view_content") }) {
            (Deny, codes) => codes == [ReasonCode::BlockedWord],
            (_, codes) => !codes.is_empty(),
        }
    };
    for words in [
        &["a", "#DIET"][..],
        &["cafe\u{301}"],
        &["ca\u{200b}f\u{ad}é"],
        &["please", "GO", "away", "now", "!"],
        &["a whole text, of a #diet!"],
        &["«Café»"],
        &["go\taway\nnow"],
        &["please go", "away, now."],
        &["hi", ":)"],
        &["skinny"],
        &["*Skinny*"],
    ] {
        assert!(found(words), "{words:?}");
    }
    for words in [
        &[][..],
        &["diet", "cafe"],
        &["go", "away"],
        &["away", "go", "now"],
        &["", " "],
        &["goaway now"],
        &["a diet, :("],
        &["skinnys"],
    ] {
        assert!(!found(words), "{words:?}");
    }
}

#[test]
fn what_a_list_is_not_told_of_shows() {
    let list = json!({"content.maturity": "adults", "content.blocked_words": ["diet"], "blocked.subjects": ["acct:7"]});
    let not_asked = (Allow, vec![ReasonCode::NotAsked]);
    let read = |actor: Option<&str>, words: Option<Vec<String>>, relationship| {
        let question = Question { actor: actor.map(str::to_owned), words, relationship, ..ask("view_content") };
        answer(list.clone(), &question)
    };
    assert_eq!(read(Some("acct:8"), None, Stranger), not_asked);
    assert_eq!(read(None, Some(vec![]), Stranger), not_asked);
    assert_eq!(read(None, None, Stranger), (Allow, vec![ReasonCode::NotAsked, ReasonCode::NotAsked]));
    assert_eq!(read(Some("acct:8"), Some(vec![]), Stranger), (Allow, vec![]), "a picture has no words");
    assert_eq!(read(None, Some(vec![]), Themself), (Allow, vec![]), "there is no other side");
    let with = Question { subjects: vec!["acct:7".to_owned()], words: Some(vec![]), ..ask("view_content") };
    assert_eq!(answer(list, &with), (Deny, vec![ReasonCode::Blocked]));
    let empty = json!({"content.maturity": "adults", "content.blocked_words": [], "blocked.subjects": []});
    assert_eq!(answer(empty, &ask("view_content")), (Allow, vec![]), "with nothing on the lists nothing is missing");
}

#[test]
fn whoever_is_blocked_takes_part_in_nothing() {
    let held = json!({"blocked.subjects": ["acct:42"], "dm.from": "everyone", "download.from": "everyone"});
    let by = |actor: &str| Question { actor: Some(actor.to_owned()), ..ask("message") };
    assert_eq!(answer(held.clone(), &by("acct:42")), (Deny, vec![ReasonCode::Blocked]));
    assert_eq!(answer(held.clone(), &by("ACCT:42")).0, Allow, "identifiers are the platform's, letter for letter");
    let with = Question { subjects: vec!["sound:1".to_owned(), "acct:42".to_owned()], ..ask("download") };
    assert_eq!(answer(held, &with).0, Deny);
}

#[test]
fn consent_counts_once_it_was_verified() {
    let asked = |value: &str, consented| {
        let grounds = Grounds { paired: true, consented, ..grounds(&json!({"account.create": value})) };
        said(&DECIDERS.compile(3, grounds).decide(&ask("have_account"), at(EVENING)))
    };
    assert_eq!(asked("allowed", false), (Allow, vec![]));
    assert_eq!(asked("with_consent", false), (Ask, vec![ReasonCode::ConsentNeeded]));
    assert_eq!(asked("with_consent", true), (Allow, vec![]));
    assert_eq!(asked("prohibited", true), (Deny, vec![ReasonCode::Prohibited]));
}

#[test]
fn a_guardian_is_needed_or_not() {
    let asked = |value: &str, paired| {
        let grounds = Grounds { paired, ..grounds(&json!({"guardian.link": value})) };
        said(&DECIDERS.compile(3, grounds).decide(&ask("use"), at(EVENING)))
    };
    assert_eq!(asked("optional", false), (Allow, vec![]));
    assert_eq!(asked("needed", false), (Ask, vec![ReasonCode::GuardianNeeded]));
    assert_eq!(asked("needed", true), (Allow, vec![]));
}

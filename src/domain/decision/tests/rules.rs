//! What holds whatever is asked: the strictest wins, help is never limited, and what counts when.

use super::*;
use crate::domain::{policy::Layer, text::TextError};

#[test]
fn help_and_a_guardians_call_are_never_limited() {
    let strict = json!({"calls.from": "no_one", "blocked.subjects": ["acct:mum"]});
    let mum = Question { actor: Some("acct:mum".to_owned()), relationship: Relationship::Guardian, ..ask("call") };
    assert_eq!(answer(strict.clone(), &mum), (Outcome::Allow, vec![]));
    let message = Question { action: Action("comment".to_owned()), ..mum.clone() };
    assert_eq!(answer(strict.clone(), &message).0, Outcome::Deny, "other things of a guardian are as a friend's");
    let friend = Question { relationship: Relationship::Friend, ..mum };
    assert_eq!(answer(strict.clone(), &friend).0, Outcome::Deny);
    for action in Action::NEVER_LIMITED {
        let help = Question { actor: Some("acct:mum".to_owned()), ..ask(action) };
        assert_eq!(help.check(&DECIDERS), Ok(()));
        assert_eq!(answer(strict.clone(), &help), (Outcome::Allow, vec![]), "{action}");
    }
}

#[test]
fn the_strictest_wins_and_only_they_are_the_reason() {
    let held = json!({
        "guardian.link": "needed", "time.daily_minutes": 60,
        "time.away_windows": [{"days": ["mon"], "from": "19:00", "to": "21:00"}],
    });
    let verdict = ready(held).decide(&ask("use"), at(EVENING));
    // The budget could not say; a guardian would be asked, were it not a no anyway.
    assert_eq!(said(&verdict), (Outcome::Deny, vec![ReasonCode::OffHours, ReasonCode::NotAsked]));
    let reason = verdict.reasons.iter().find(|reason| reason.code == ReasonCode::OffHours).unwrap();
    assert_eq!(reason.control.as_ref().unwrap().as_str(), "time.away_windows");
    assert_eq!(reason.source, Some(Layer::Guardian));
}

#[test]
fn an_ask_may_become_a_no_at_the_next_window() {
    let held =
        json!({"guardian.link": "needed", "time.away_windows": [{"days": ["mon"], "from": "21:00", "to": "22:00"}]});
    let verdict = ready(held).decide(&ask("use"), at(EVENING));
    assert_eq!((verdict.outcome, verdict.until), (Outcome::Ask, Some(at("2026-11-23T20:00:00Z"))));
}

#[test]
fn what_follows_a_grant_counts_from_its_end() {
    let end = "2026-11-23T19:30:00Z";
    let granted = json!({"value": true, "source": "grant", "until": end, "after": false, "rules": ["x.y"]});
    let lent = ready(json!({"search.enabled": granted}));
    let before = lent.decide(&ask("search"), at(EVENING));
    assert_eq!((before.outcome, before.until), (Outcome::Allow, Some(at(end))));
    let after = lent.decide(&ask("search"), at(end));
    assert_eq!((said(&after), after.until), ((Outcome::Deny, vec![ReasonCode::NotAllowed]), None));
    assert_eq!((after.reasons[0].source, after.reasons[0].rules.len()), (None, 0), "no layer has decided this yet");
    let held = json!({"value": false, "source": "hold", "until": end, "after": true, "rules": ["x.y"]});
    let held = ready(json!({"search.enabled": held})).decide(&ask("search"), at(EVENING));
    assert_eq!((held.outcome, held.until, held.reasons[0].rules.len()), (Outcome::Deny, Some(at(end)), 1));
}

#[test]
fn a_revision_that_says_nothing_is_a_no() {
    let nothing = (Outcome::Deny, vec![ReasonCode::NotKnown]);
    // A list for every action says nothing about one in particular.
    assert_eq!(answer(json!({"blocked.subjects": []}), &ask("search")), nothing);
    let unreadable = Grounds { policy: None, ..grounds(&json!({})) };
    assert_eq!(said(&DECIDERS.compile(3, unreadable).decide(&ask("use"), at(EVENING))), nothing);
    // A revision from before a new control goes on with those that it knows.
    assert_eq!(answer(json!({"time.daily_minutes": 1440}), &ask("use")), (Outcome::Allow, vec![]));
}

#[test]
fn a_question_that_has_no_answer_is_said_so() {
    let refused = |question: Question| question.check(&DECIDERS).unwrap_err();
    for action in ["", "any", "Message", "teleport"] {
        assert_eq!(refused(ask(action)), Unaskable::UnknownAction, "{action}");
    }
    let level = Question { level: Some("teens".to_owned()), ..ask("view_content") };
    assert!(matches!(refused(level.clone()), Unaskable::UnknownLevel { allowed } if allowed.len() == 4));
    assert_eq!(Question { action: Action("message".to_owned()), ..level }.check(&DECIDERS), Ok(()), "tells none apart");
    let actor = Question { actor: Some("two words".to_owned()), ..ask("message") };
    assert_eq!(refused(actor), Unaskable::Actor(TextError::Malformed));
    let subject = Question { subjects: vec!["a".to_owned(), String::new()], ..ask("message") };
    assert_eq!(refused(subject), Unaskable::Subject { at: 1, why: TextError::Empty });
    let many = |count| vec!["a".to_owned(); count];
    let fits = Question { subjects: many(MOST_SUBJECTS), words: Some(many(MOST_WORDS)), ..ask("view_content") };
    assert_eq!(fits.check(&DECIDERS), Ok(()));
    let subjects = Question { subjects: many(MOST_SUBJECTS + 1), ..fits.clone() };
    assert_eq!(refused(subjects), Unaskable::TooManySubjects);
    for words in [many(MOST_WORDS + 1), vec!["a b ".repeat(MOST_WORDS / 2), String::new()]] {
        assert_eq!(refused(Question { words: Some(words), ..fits.clone() }), Unaskable::TooManyWords);
    }
}

#[test]
fn every_code_has_one_word_and_one_outcome() {
    let words: std::collections::BTreeSet<String> =
        ReasonCode::ALL.iter().map(|code| serde_json::to_value(code).unwrap().to_string()).collect();
    assert_eq!(words.len(), ReasonCode::ALL.len());
    for outcome in [Outcome::Allow, Outcome::Ask, Outcome::Deny] {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        assert!(ReasonCode::ALL.iter().any(|code| code.outcome() == outcome));
    }
    assert_eq!(said(&Verdict::unknown_teen()), (Outcome::Deny, vec![ReasonCode::UnknownTeen]));
    assert!(Outcome::Allow < Outcome::Ask && Outcome::Ask < Outcome::Deny);
}

#[test]
fn an_answer_says_which_policy_it_is_from() {
    assert_eq!(ready(json!({})).version(), crate::domain::version::Version { epoch: 3, revision: 7 });
}

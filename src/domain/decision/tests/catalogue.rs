//! Every control of the catalogue that decides something, and every action, whatever is asked and whenever.

use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::domain::{
    controls::Control,
    timeline::day_of,
    value::{Kind, Value, tests::any_value},
};

fn deciding() -> impl Iterator<Item = &'static Control> {
    REGISTRY.iter().filter(|control| control.decides.is_some())
}

fn actions() -> Vec<Action> {
    let all: std::collections::BTreeSet<Action> =
        deciding().map(|control| control.decides.clone().unwrap().action).collect();
    all.into_iter().filter(|action| action.0 != Action::ANY).collect()
}

/// The controls that have a say in an action.
fn concerned_with(action: &Action) -> Vec<&'static Control> {
    let has_say = |control: &&Control| {
        let of = &control.decides.as_ref().unwrap().action;
        of == action || of.0 == Action::ANY
    };
    deciding().filter(has_say).collect()
}

fn loosest(kind: &Kind) -> Json {
    match kind {
        Kind::Choice { values } => json!(values[0]),
        Kind::Flag { strict } => json!(!strict),
        Kind::Minutes => json!(1440),
        Kind::Number { most, .. } => json!(most),
        Kind::Words | Kind::Ids | Kind::Windows | Kind::ItemMinutes => json!([]),
        Kind::Exceptions => json!(["*"]),
    }
}

fn strictest(kind: &Kind) -> Json {
    match kind {
        Kind::Choice { values } => json!(values.last().unwrap()),
        Kind::Flag { strict } => json!(strict),
        Kind::Minutes => json!(0),
        Kind::Number { least, .. } => json!(least),
        Kind::Words | Kind::Ids => json!(["x"]),
        Kind::ItemMinutes => json!([{"item": "x", "minutes": 0}]),
        Kind::Exceptions => json!([]),
        Kind::Windows => {
            json!([{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "24:00"}])
        }
    }
}

/// What a stranger who is on every list asks about content for the oldest, after a minute of use.
fn bold(action: &Action) -> Question {
    let x = || Some("x".to_owned());
    let level = DECIDERS.levels(action).map(|levels| levels[0].clone());
    Question { actor: x(), words: x().map(|word| vec![word]), level, used_minutes: Some(1), ..ask(&action.0) }
}

#[test]
fn every_control_says_no_or_asks_at_its_strictest_and_yes_at_its_loosest() {
    let loose: BTreeMap<String, Json> =
        REGISTRY.iter().map(|control| (control.id.to_string(), loosest(&control.kind))).collect();
    for control in deciding() {
        let action = &control.decides.as_ref().unwrap().action;
        let some = Action("message".to_owned());
        let question = bold(if action.0 == Action::ANY { &some } else { action });
        assert_eq!(answer(json!(loose), &question), (Outcome::Allow, vec![]), "{} at its loosest", control.id);
        let mut held = loose.clone();
        held.insert(control.id.to_string(), strictest(&control.kind));
        let verdict = ready(json!(held)).decide(&question, at(EVENING));
        assert_ne!(verdict.outcome, Outcome::Allow, "{} at its strictest", control.id);
        assert_eq!(verdict.reasons.len(), 1, "{}", control.id);
        assert_eq!(verdict.reasons[0].control.as_ref(), Some(&control.id));
    }
}

#[test]
fn every_action_of_the_catalogue_can_be_asked_for() {
    assert!(actions().len() >= 30);
    for action in actions() {
        assert_eq!(ask(&action.0).check(&DECIDERS), Ok(()), "{action:?}");
        assert!(action.0.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{action:?}");
    }
}

/// A value now, and perhaps another from some seconds on.
type Held = (Value, Option<(i64, Value)>);

fn any_held(kind: &Kind) -> impl Strategy<Value = Held> + use<> {
    (any_value(kind), option::of((-5_000_i64..200_000, any_value(kind))))
}

type Asked = (Relationship, Option<String>, Vec<String>, Option<String>, Option<Vec<String>>, Option<u32>);

fn any_asked(action: &Action) -> impl Strategy<Value = Asked> + use<> {
    use Relationship::{Friend, Guardian, Stranger, SuggestedFriend, Themself};
    let id = || "[a-eA-E]{1,3}";
    let levels = DECIDERS.levels(action).map_or_else(|| vec![String::new()], <[String]>::to_vec);
    (
        select(vec![Themself, Guardian, Friend, SuggestedFriend, Stranger]),
        option::of(id()),
        vec(id(), 0..3),
        option::of(select(levels)),
        option::of(vec(id(), 0..4)),
        option::of(0_u32..1_500),
    )
}

fn question(action: &Action, asked: &Asked) -> Question {
    let (relationship, actor, subjects, level, words, used_minutes) = asked.clone();
    Question { action: action.clone(), relationship, actor, subjects, level, words, used_minutes }
}

/// Where and when: zones whose clocks turn, by an hour and by half of one, and one without.
fn any_moment() -> impl Strategy<Value = (&'static str, i16, Timestamp)> {
    let zones = vec!["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];
    let moment = (1_767_225_600_i64..1_830_297_600).prop_map(|second| Timestamp::from_second(second).unwrap());
    (select(zones), 0_i16..1_440, moment)
}

fn compiled(action: &Action, held: &[Held], (zone, day_start_minute, now): (&str, i16, Timestamp)) -> Compiled {
    let value = |(value, after): &Held| match after {
        None => json!({"value": value, "source": "guardian"}),
        Some((seconds, after)) => {
            let until = now + SignedDuration::from_secs(*seconds);
            json!({"value": value, "source": "guardian", "until": until, "after": after})
        }
    };
    let held: BTreeMap<String, Json> = concerned_with(action)
        .into_iter()
        .zip(held)
        .map(|(control, held)| (control.id.to_string(), value(held)))
        .collect();
    let calendar = Calendar::new(TimeZone::get(zone).unwrap(), day_start_minute);
    DECIDERS.compile(1, Grounds { calendar, ..grounds(&json!(held)) })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// A stricter policy never gives a looser answer, whatever is asked.
    #[test]
    fn a_stricter_policy_never_opens_anything(
        (action, held, asked) in select(actions()).prop_flat_map(|action| {
            let two = |control: &Control| (any_held(&control.kind), any_held(&control.kind));
            let held: Vec<_> = concerned_with(&action).into_iter().map(two).collect();
            let asked = any_asked(&action);
            (Just(action), held, asked)
        }),
        moment in any_moment(),
    ) {
        let stricter = |(control, (a, b)): (&&Control, &(Held, Held))| {
            let meet = |a, b| control.kind.meet(a, b);
            let after = match (&a.1, &b.1) {
                (Some((from, a)), Some((_, b))) => Some((*from, meet(a, b))),
                (after, _) => after.clone(),
            };
            (meet(&a.0, &b.0), after)
        };
        let loose: Vec<Held> = held.iter().map(|(a, _)| a.clone()).collect();
        let strict: Vec<Held> = concerned_with(&action).iter().zip(&held).map(stricter).collect();
        let question = question(&action, &asked);
        let said = |held: &[Held]| compiled(&action, held, moment).decide(&question, moment.2);
        let (loose, strict) = (said(&loose), said(&strict));
        prop_assert!(strict.outcome >= loose.outcome, "{:?} became {:?}", loose, strict);
    }

    /// Until then, the answer stays as it is unless somebody does something, and then it is another; without a then, it stays for
    /// eight days. On the days to come, nothing is used yet.
    #[test]
    fn no_answer_changes_by_itself_before_it_says_so_and_then_it_does(
        (action, held, asked) in select(actions()).prop_flat_map(|action| {
            let held: Vec<_> = concerned_with(&action).into_iter().map(|control| any_held(&control.kind)).collect();
            let asked = any_asked(&action);
            (Just(action), held, asked)
        }),
        moment in any_moment(),
        parts in vec(0_i64..1_000, 4),
    ) {
        let (policy, question) = (compiled(&action, &held, moment), question(&action, &asked));
        let (zone, day_start_minute, now) = moment;
        let midnight = day_of(&TimeZone::get(zone).unwrap(), day_start_minute, now).to;
        let used = |then| if then < midnight { question.used_minutes } else { Some(0) };
        let answer = |then| policy.decide(&Question { used_minutes: used(then), ..question.clone() }, then).outcome;
        let verdict = policy.decide(&question, now);
        let end = verdict.until.unwrap_or(now + SignedDuration::from_hours(24 * 8));
        prop_assert!(end > now);
        let last = end - SignedDuration::from_micros(1);
        let between = parts.iter().map(|part| now + (end.duration_since(now) / 1_000) * i32::try_from(*part).unwrap());
        for then in between.chain([last]) {
            prop_assert_eq!(answer(then), verdict.outcome, "at {} of {:?}", then, verdict);
        }
        if verdict.until.is_some() {
            prop_assert_ne!(answer(end), verdict.outcome, "at the end of {:?}", verdict);
        }
    }
}

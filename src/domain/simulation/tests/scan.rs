//! Against a server that looks at the teen every minute, and does nothing else.

use super::*;
use crate::domain::{
    controls::Action,
    decision::{Deciders, Grounds, Question, Relationship, Verdict},
    policy::Effective,
    timeline::blocked_until,
};

/// What a look found.
struct Found {
    at: Timestamp,
    band: AgeBand,
    policy: Policy,
}

/// Looks at every minute from now on. Whatever is over goes; a birthday that came since the last look keeps what it does not loosen.
fn looks(teen: &Teen, for_minutes: i64) -> Vec<Found> {
    let mut layers = teen.layers.clone();
    let mut band = teen.computed_for.unwrap();
    let look = |minute| {
        let at = teen.now + minutes(minute);
        layers = layers.clone().without_past(at);
        let now_in = teen.facts.at(&REGISTRY, &teen.book, &layers, at).band();
        layers = at_age(&REGISTRY, &layers, band, now_in, at);
        band = now_in;
        Found { at, band, policy: effective(&teen.facts.at(&REGISTRY, &teen.book, &layers, at)) }
    };
    (0..for_minutes).map(look).collect()
}

fn plain(held: &Effective) -> Effective {
    Effective { until: None, after: None, ..held.clone() }
}

fn verdict(teen: &Teen, found: &Found, used: u16) -> Verdict {
    let grounds = Grounds {
        revision: 1,
        policy: Some(found.policy.clone()),
        calendar: teen.calendar.clone(),
        gifts: vec![],
        paired: teen.guarded && found.band != AgeBand::Adult,
        consented: !teen.layers.verified.is_empty(),
    };
    let question = Question {
        action: Action("use".to_owned()),
        relationship: Relationship::Themself,
        used_minutes: Some(used.into()),
        ..Question::default()
    };
    Deciders::of(&REGISTRY).compile(1, grounds).decide(&question, found.at)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Promise 10: every minute of a timeline is what that server has stored at this minute, and what it would answer.
    #[test]
    fn a_timeline_is_what_a_server_makes_that_looks_every_minute(teen in any_teen(), used in 0_u16..120) {
        let length = 26 * 60;
        let asked = Span { from: teen.now, to: teen.now + minutes(length) };
        let usage = Usage { minutes_used: Used::EveryDay(used) };
        let timeline = timeline(&teen.present(), asked, Some(&usage));
        for found in looks(&teen, length) {
            for (id, held) in found.policy.iter() {
                let row = &timeline.controls[id];
                let entry = row.spans.iter().find(|entry| (entry.span.from..entry.span.to).contains(&found.at)).unwrap();
                prop_assert_eq!(&entry.held, &plain(held), "{} at {}", id, found.at);
                if let Value::Windows(windows) = &held.value {
                    let on = blocked_until(windows, &teen.facts.zone, found.at).is_some();
                    let blocked = row.blocked.as_ref().unwrap();
                    let shown = blocked.iter().any(|span| (span.from..span.to).contains(&found.at));
                    prop_assert_eq!(shown, on, "{} at {}", id, found.at);
                }
            }
            if found.at.as_second() % 420 == 0 {
                let answer = verdict(&teen, &found, used);
                let shown = timeline.usable.iter().find(|entry| (entry.span.from..entry.span.to).contains(&found.at)).unwrap();
                prop_assert_eq!((shown.outcome, &shown.reasons), (answer.outcome, &answer.reasons), "use at {}", found.at);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No instant is left out and none is in two entries; and no cut is without a reason.
    #[test]
    fn every_list_covers_the_time_that_was_asked_about(teen in any_teen(), back in 0_i64..10_000, length in 1_i64..11_000) {
        let from = teen.now - minutes(back);
        let asked = Span { from, to: from + minutes(length) };
        let Timeline { days, usable, controls, .. } = timeline(&teen.present(), asked, None);
        prop_assert!(days[0].from <= asked.from && asked.to <= days[days.len() - 1].to);
        prop_assert!(days.windows(2).all(|pair| pair[0].to == pair[1].from));
        tiles(asked, usable.iter().map(|entry| entry.span))?;
        prop_assert!(usable.windows(2).all(|pair| (pair[0].outcome, &pair[0].reasons) != (pair[1].outcome, &pair[1].reasons)));
        for row in controls.values() {
            tiles(asked, row.spans.iter().map(|entry| entry.span))?;
            prop_assert!(row.spans.windows(2).all(|pair| pair[0].held != pair[1].held));
            if let Some(budget) = &row.budget {
                tiles(asked, budget.iter().map(|piece| piece.span))?;
            }
            let blocked = row.blocked.as_deref().unwrap_or_default();
            prop_assert!(blocked.iter().all(|span| asked.from <= span.from && span.from < span.to && span.to <= asked.to));
            prop_assert!(blocked.windows(2).all(|pair| pair[0].to < pair[1].from));
        }
    }

    /// An instant is a cut through the timeline that it lies in, and says when the next entry begins.
    #[test]
    fn an_instant_is_a_cut_through_the_timeline(teen in any_teen(), ahead in 0_i64..4000) {
        let at = teen.now + minutes(ahead);
        let around = timeline(&teen.present(), Span { from: teen.now, to: at + minutes(2000) }, None);
        let moment = moment(&teen.present(), at, None);
        for (id, then) in &moment.controls {
            let row = &around.controls[id].spans;
            let index = row.iter().position(|entry| at < entry.span.to).unwrap();
            prop_assert_eq!(&row[index].held, &plain(&then.held));
            if let Some(next) = row[index..].iter().find(|entry| entry.held.value != then.held.value) {
                prop_assert_eq!(then.changes_at, Some(next.span.from));
            }
        }
        let entry = around.usable.iter().find(|entry| at < entry.span.to).unwrap();
        prop_assert_eq!((moment.usable.outcome, &moment.usable.reasons), (entry.outcome, &entry.reasons));
    }

    /// As long as nothing but time goes on, an instant and a server of the platform get the very same answer, with the same end.
    #[test]
    fn use_is_what_a_server_is_told(
        layers in (any_layer(person(1)), any_layer(person(9))),
        shift in 0_i64..20_000,
        used in 0_u16..120,
    ) {
        let (guardian, own) = layers;
        let layers = Layers { guardians: BTreeMap::from([(person(1), guardian)]), teen: own, ..Layers::default() };
        let born = Teen::born(date(2012, 6, 1), "2026-11-02T00:00:00Z").with(layers);
        let teen = Teen { now: born.now + minutes(shift), ..born };
        let shown = moment(&teen.present(), teen.now, Some(&Usage { minutes_used: Used::EveryDay(used) })).usable;
        let found = Found { at: teen.now, band: teen.computed_for.unwrap(), policy: teen.policy.clone() };
        prop_assert_eq!(shown, verdict(&teen, &found, used));
    }

    /// Without a draft, now is what is stored: a simulation of the present changes nothing.
    #[test]
    fn now_is_what_is_stored(teen in any_teen()) {
        let now = moment(&teen.present(), teen.now, None);
        prop_assert_eq!(&now.changes, &vec![]);
        prop_assert_eq!(teen.present().changes(), vec![]);
        for (id, held) in teen.policy.iter() {
            prop_assert_eq!(&now.controls[id].held, held);
        }
    }
}

fn tiles(asked: Span, spans: impl Iterator<Item = Span>) -> Result<(), TestCaseError> {
    let mut end = asked.from;
    for span in spans {
        prop_assert_eq!(span.from, end, "no hole, no overlap");
        prop_assert!(span.from < span.to);
        end = span.to;
    }
    prop_assert_eq!(end, asked.to);
    Ok(())
}

/// However much lies ahead, an answer is one of so many steps or none.
#[test]
fn a_way_with_too_many_steps_is_not_gone() {
    let gone = |count: i64| {
        let mut teen = Teen::born(date(2012, 6, 1), "2026-11-02T00:00:00Z");
        // Of a control that is not in the catalogue, so that each costs nothing but its steps.
        let some = |number| Timed {
            control: ControlId::from("gone.control"),
            ..timed(
                "account.private",
                serde_json::json!(true),
                teen.now + minutes(2 * number + 1),
                teen.now + minutes(2 * number + 2),
            )
        };
        teen.layers.grants = (0..count).map(some).collect();
        let week = Span { from: teen.now, to: teen.now + minutes(7 * 24 * 60) };
        let present = teen.present();
        (
            crate::domain::simulation::timeline(&present, week, None).map(|_| ()),
            crate::domain::simulation::moment(&present, teen.now, None).map(|_| ()),
        )
    };
    assert_eq!(gone(300), (Ok(()), Ok(())));
    assert_eq!(gone(501), (Err(TooMuchAhead), Err(TooMuchAhead)));
}

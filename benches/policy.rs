//! What the rules cost: `cargo bench --bench policy`. The targets are one core's: the effective policy of the full catalogue within
//! 50 µs, a decision within 5 µs.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up has nothing to say")]

use std::collections::BTreeMap;

use divan::{Bencher, black_box};
use family_pairing::{
    domain::{
        age::Ages,
        controls::{Action, ControlId, Registry},
        decision::{Compiled, Deciders, Grounds, Question, Relationship},
        ids::AccountId,
        law::RuleBook,
        policy::{Facts, Layers, Policy, Setting, Situation, Timed, allowed, diff, effective, patch_guardian},
        simulation::{Present, Usage, Used, moment, timeline},
        timeline::{Calendar, Span},
        value::Given,
    },
    store::law::shipped,
};
use jiff::{SignedDuration, Timestamp, civil::date, tz::TimeZone};
use uuid::Uuid;

fn main() {
    divan::main();
}

/// A teen in California with a guardian who set half of the catalogue, a teen's own settings, a grant and a hold.
struct Home {
    registry: Registry,
    book: RuleBook,
    layers: Layers,
    now: Timestamp,
}

impl Home {
    fn furnished() -> Self {
        let registry = Registry::load().expect("the catalogue");
        let book = RuleBook::parse(&registry, &shipped()).expect("the shipped rules");
        let now = Timestamp::from_second(1_795_000_000).expect("a time");
        let (guardian, teen) = (person(1), person(9));
        let set = |by: AccountId, part: usize| -> BTreeMap<ControlId, Setting> {
            let some = registry.iter().enumerate().filter(|(at, _)| at % part == 0).map(|(_, control)| control);
            let setting = |value| Setting { value, by, since: now, reason: Some("exam week".to_owned()) };
            let band = family_pairing::domain::age::AgeBand::From13To15;
            some.map(|control| (control.id.clone(), setting(control.default_for(band).clone()))).collect()
        };
        let timed = |control: &str, value: Given| {
            let kind = &registry.get(control).expect(control).kind;
            let (value, until) = (kind.parse(value).expect("a value"), now + SignedDuration::from_hours(1));
            Timed { id: Uuid::nil(), control: control.into(), value, by: guardian, from: now, until, reason: None }
        };
        let layers = Layers {
            guardians: BTreeMap::from([(guardian, set(guardian, 2))]),
            teen: set(teen, 5),
            grants: vec![timed("time.daily_minutes", Given::Number(90))],
            holds: vec![timed("search.enabled", Given::Flag(false))],
            ..Layers::default()
        };
        Self { registry, book, layers, now }
    }

    fn situation(&self) -> Situation<'_> {
        let (ages, day) = (Ages { from: 14, to: 14 }, date(2026, 11, 22));
        let Self { registry, book, layers, now } = self;
        Situation { registry, book, region: "US-CA", ages, joined: day, today: day, now: *now, layers }
    }
}

impl Home {
    /// The teen's newest policy, ready to decide.
    fn ready(&self) -> Compiled {
        let policy = Some(effective(&self.situation()));
        let zone = TimeZone::get("America/Los_Angeles").expect("a zone");
        let calendar = Calendar::new(zone, 0);
        let grounds = Grounds { revision: 1, policy, calendar, gifts: vec![], paired: true, consented: true };
        Deciders::of(&self.registry).compile(1, grounds)
    }

    fn facts(&self) -> Facts {
        let zone = TimeZone::get("America/Los_Angeles").expect("a zone");
        Facts::declared(date(2012, 6, 1), "US-CA", self.now, zone)
    }

    fn present<'a>(&'a self, facts: &'a Facts, calendar: &'a Calendar, policy: &'a Policy) -> Present<'a> {
        let Self { registry, book, layers, now } = self;
        let (layers, now) = (layers.clone(), *now);
        let (guarded, computed_for) = (true, Some(facts.band(now)));
        Present { registry, book, facts, calendar, guarded, layers, computed_for, policy, now }
    }
}

/// What a server asks of every sort of action in turn.
fn question(number: usize) -> Question {
    const ACTIONS: [&str; 6] = ["use", "message", "view_content", "notify", "search", "comment"];
    let action = ACTIONS.get(number % ACTIONS.len()).expect("one of six");
    Question {
        action: Action((*action).to_owned()),
        relationship: Relationship::Friend,
        actor: Some("acct:8812".to_owned()),
        level: Some("younger_teens".to_owned()),
        words: Some(vec!["See you at the station at five!".to_owned()]),
        used_minutes: Some(30),
        ..Question::default()
    }
}

fn person(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

#[divan::bench]
fn effective_policy_of_the_full_catalogue(bencher: Bencher) {
    let home = Home::furnished();
    bencher.bench(|| effective(black_box(&home.situation())));
}

/// As many holds as one control can have, each within the one before, with as many words as a list can have.
#[divan::bench]
fn effective_policy_with_the_most_that_can_hold_for_a_while(bencher: Bencher) {
    let mut home = Home::furnished();
    let words = |hold: i64| Given::Words((0..200).map(|n| format!("{hold}{n:03}{}", "x".repeat(12))).collect());
    let kind = &home.registry.get("content.blocked_words").expect("the words").kind;
    let hold = |number: i64| Timed {
        id: Uuid::nil(),
        control: "content.blocked_words".into(),
        value: kind.parse(words(number)).expect("words"),
        by: person(1),
        from: home.now + SignedDuration::from_mins(number),
        until: home.now + SignedDuration::from_mins(100 - number),
        reason: None,
    };
    let holds = (0..10).map(hold).collect();
    home.layers.holds = holds;
    bencher.bench(|| effective(black_box(&home.situation())));
}

#[divan::bench]
fn explanation_of_the_full_catalogue(bencher: Bencher) {
    let home = Home::furnished();
    let situation = home.situation();
    let policy = effective(&situation);
    bencher.bench(|| {
        let live = situation.live();
        let explain = |control| Some(allowed(&situation, &live, control, policy.get(&control.id)?));
        home.registry.iter().filter_map(explain).count()
    });
}

#[divan::bench]
fn a_guardians_change_and_what_differs(bencher: Bencher) {
    let home = Home::furnished();
    let situation = home.situation();
    let before = effective(&situation);
    let patch = BTreeMap::from([(ControlId::from("time.daily_minutes"), Some(Given::Number(45)))]);
    bencher.bench(|| {
        let layers = patch_guardian(&situation, person(1), black_box(&patch), None).expect("a change");
        diff(&home.registry, &before, &effective(&situation.with(&layers)))
    });
}

#[divan::bench]
fn the_laws_that_count_for_a_teen(bencher: Bencher) {
    let home = Home::furnished();
    bencher.bench(|| black_box(&home.situation()).live());
}

/// The dearest question: hours, minutes, a guardian and a list have a say, and the end of the answer is looked for.
#[divan::bench]
fn a_decision(bencher: Bencher) {
    let (home, question) = (Home::furnished(), question(0));
    let ready = home.ready();
    bencher.bench(|| ready.decide(black_box(&question), home.now));
}

#[divan::bench]
fn a_hundred_decisions(bencher: Bencher) {
    let home = Home::furnished();
    let (ready, questions): (_, Vec<Question>) = (home.ready(), (0..100).map(question).collect());
    bencher.bench(|| questions.iter().map(|question| ready.decide(black_box(question), home.now)).collect::<Vec<_>>());
}

#[divan::bench]
fn a_simulated_week(bencher: Bencher) {
    let home = Home::furnished();
    let (facts, policy) = (home.facts(), effective(&home.situation()));
    let calendar = Calendar::new(facts.zone.clone(), 0);
    let present = home.present(&facts, &calendar, &policy);
    let week = Span { from: home.now, to: home.now + SignedDuration::from_hours(7 * 24) };
    let usage = Usage { minutes_used: Used::EveryDay(30) };
    bencher.bench(|| timeline(black_box(&present), week, Some(&usage)).expect("few steps"));
}

#[divan::bench]
fn a_simulated_instant(bencher: Bencher) {
    let home = Home::furnished();
    let (facts, policy) = (home.facts(), effective(&home.situation()));
    let calendar = Calendar::new(facts.zone.clone(), 0);
    let present = home.present(&facts, &calendar, &policy);
    bencher.bench(|| moment(black_box(&present), home.now, None).expect("few steps"));
}

/// As many grants and holds as a teen can have, all of one control and each ending at another time.
#[divan::bench(sample_count = 10)]
fn the_dearest_simulated_instant(bencher: Bencher) {
    let mut home = Home::furnished();
    let base = home.layers.grants.first().expect("a grant").clone();
    let some = |offset: i64| {
        let (base, now) = (base.clone(), home.now);
        (0..50).map(move |n| Timed {
            from: now + SignedDuration::from_mins(10 * n + offset),
            until: now + SignedDuration::from_mins(10 * n + offset + 2_000),
            ..base.clone()
        })
    };
    let (grants, holds) = (some(1).collect(), some(6).collect());
    home.layers = Layers { grants, holds, ..home.layers };
    let (facts, policy) = (home.facts(), effective(&home.situation()));
    let calendar = Calendar::new(facts.zone.clone(), 0);
    let present = home.present(&facts, &calendar, &policy);
    bencher.bench(|| moment(black_box(&present), home.now, None).expect("few steps"));
}

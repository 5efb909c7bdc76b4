//! Sets of rules that come one after the other: whoever computes last gets what a fresh computation gives, and where nothing
//! that is applied differs, nothing differs.

use jiff::{civil::date, tz::TimeZone};
use proptest::{collection::vec, sample::subsequence};

use super::*;
use crate::domain::law::{Comparison, Effect, ForAges, InForce, LegalStatus, Rule, compare};

const PLACES: [&str; 6] = ["*", "EU", "DE", "US", "US-CA", "GB"];
const REGIONS: [&str; 5] = ["DE", "FR", "US-CA", "US-VA", "GB"];

fn any_rule(number: usize) -> impl Strategy<Value = Rule> {
    let control = select(SAMPLE.to_vec()).prop_flat_map(|id| (Just(id), any_value(&REGISTRY.get(id).unwrap().kind)));
    let effect = select(vec![Effect::Default, Effect::Bound, Effect::Right]);
    let powers = [WhoLoosens::Guardian, WhoLoosens::GuardianVerified, WhoLoosens::Teen, WhoLoosens::TeenAndGuardian];
    let who = subsequence(powers.to_vec(), 0..=4);
    let months = subsequence((1..=12).collect::<Vec<i8>>(), 0..=12);
    let days = (2025_i16..2028, option::of(2026_i16..2029), option::of(2025_i16..2027));
    (control, effect, who, select(PLACES.to_vec()), 0_i16..18, 1_i16..6, months, days, any::<bool>()).prop_map(
        move |((control, value), effect, who, place, youngest, span, months, (from, until, accounts), enforce)| Rule {
            id: format!("any.{number}").into(),
            law: "any".into(),
            jurisdiction: place.into(),
            control: control.into(),
            ages: ForAges { from: youngest, to: youngest + span },
            effect,
            value,
            months: months.into_iter().collect(),
            accounts_from: accounts.map(|year| date(year, 6, 1)),
            may_loosen: who.into_iter().collect(),
            in_force: InForce { from: date(from, 1, 1), until: until.map(|year| date(year, 12, 1)) },
            status: LegalStatus::InForce,
            enforce,
            note: None,
        },
    )
}

/// Books whose rules may differ in all or in none.
fn any_book() -> impl Strategy<Value = RuleBook> {
    let rules = (0..8_usize).map(|number| option::weighted(0.7, any_rule(number))).collect::<Vec<_>>();
    rules.prop_map(|rules| RuleBook { laws: vec![], rules: rules.into_iter().flatten().collect() })
}

/// A book, and what somebody edited of it: a few rules differ.
fn any_edit() -> impl Strategy<Value = (RuleBook, RuleBook)> {
    (any_book(), any_book(), vec(any::<bool>(), 8)).prop_map(|(before, other, taken)| {
        let place = |rule: &Rule| taken[rule.id.to_string()[4..].parse::<usize>().unwrap()];
        let kept = before.rules.iter().filter(|rule| !place(rule));
        let mut rules: Vec<Rule> = kept.chain(other.rules.iter().filter(|rule| place(rule))).cloned().collect();
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        (before, RuleBook { laws: vec![], rules })
    })
}

fn any_facts() -> impl Strategy<Value = Facts> {
    (5_i16..19, 1_i8..=12, select(REGIONS.to_vec()), 0_i64..700).prop_map(|(years, month, region, days)| {
        let joined = now() - jiff::SignedDuration::from_hours(24 * days);
        Facts::declared(date(2026 - years, month, 15), region, joined, TimeZone::UTC)
    })
}

/// With what a guardian verified, what a birthday kept, and a grant and a hold that may be over.
fn any_history() -> impl Strategy<Value = Layers> {
    let timed = |by: u128| {
        let value = select(SAMPLE.to_vec()).prop_flat_map(|id| (Just(id), any_value(&REGISTRY.get(id).unwrap().kind)));
        let timed = (value, -48_i64..48, 1_i64..48).prop_map(move |((id, value), start, hours)| {
            let from = now() + jiff::SignedDuration::from_hours(start);
            let until = from + jiff::SignedDuration::from_hours(hours);
            Timed { id: Uuid::nil(), control: id.into(), value, by: person(by), from, until, reason: None }
        });
        vec(timed, 0..3)
    };
    (any_layers(), any::<bool>(), timed(1), timed(2)).prop_map(|(layers, verified, grants, holds)| Layers {
        verified: verified.then(|| person(1)).into_iter().collect(),
        grants,
        holds,
        ..layers
    })
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn recomputed(book: &RuleBook, facts: &Facts, layers: &Layers, band: Option<AgeBand>) -> Renewed {
    renewed(&facts.at(&REGISTRY, book, layers, now()), band)
}

proptest! {
    /// An import and then a computation of whoever is there give what a fresh computation gives, whatever held before.
    #[test]
    fn import_then_recompute_is_a_fresh_compute(
        (before, after) in any_edit(), facts in any_facts(), layers in any_history(), band in option::of(any_band())
    ) {
        let fresh = recomputed(&after, &facts, &layers, band);
        let old = recomputed(&before, &facts, &layers, band);
        let again = recomputed(&after, &facts, &old.layers, Some(old.band));
        prop_assert_eq!(&again, &fresh);
        let there_and_back = recomputed(&before, &facts, &again.layers, Some(again.band));
        prop_assert_eq!(&there_and_back.policy, &old.policy);
        prop_assert_eq!(&fresh.policy, &effective(&facts.at(&REGISTRY, &after, &fresh.layers, now())));
    }

    /// Whoever lives where no set reaches keeps policy, reasons and the time of the next look: nobody is forgotten by an approval.
    #[test]
    fn whom_an_edit_does_not_touch_it_does_not_change(
        (before, after) in any_edit(), facts in any_facts(), layers in any_history()
    ) {
        let comparison: Comparison = compare(&REGISTRY, &before, &after);
        let held = [&before, &after].map(|book| {
            (recomputed(book, &facts, &layers, None), facts.next_change(book, &layers, now()))
        });
        prop_assert!(comparison.reach().covers(&facts.region) || held[0] == held[1]);
    }

    /// The same for a day to come: where no rule begins or ends until then, the law's calendar alone changes nothing.
    #[test]
    fn only_where_a_rule_turns_does_a_day_change_anything(
        book in any_book(), facts in any_facts(), layers in any_history(), ahead in 0_i64..400
    ) {
        let situation = facts.at(&REGISTRY, &book, &layers, now());
        let later = situation.today.saturating_add(jiff::Span::new().days(ahead));
        let turning = book.turning(situation.today, later);
        let here = crate::domain::law::Reach::of(turning.iter().copied()).covers(&facts.region);
        let then = Situation { today: later, ..situation };
        prop_assert!(here || effective(&situation) == effective(&then));
    }
}

use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::domain::age::{Stated, weigh::in_common};

/// The first instant of the random histories.
fn start() -> Timestamp {
    at("2026-03-01T00:30:00Z")
}

fn any_stated() -> impl Strategy<Value = (Channel, Stated)> {
    let born = (0_i64..24 * 365).prop_map(|days| (Channel::Declared, Stated::Born(date(2003, 1, 1) + days.days())));
    let channel = prop::sample::select(&Channel::ALL[1..]);
    let aged = (channel, 0_i16..22, prop::option::of(0_i16..6))
        .prop_map(|(channel, lo, more)| (channel, Stated::Aged(ages(lo, more.map(|more| lo + more)))));
    prop_oneof![born, aged]
}

/// Declared signals are asserted, as they are in truth; the others may be of any level.
fn any_signal() -> impl Strategy<Value = AgeSignal> {
    let level = prop::sample::select(Level::ALL);
    (any::<u128>(), 0_i64..240, any_stated(), level).prop_map(|(n, hour, (channel, stated), level)| {
        let level = if channel == Channel::Declared { Level::Asserted } else { level };
        let source = String::new();
        Reading { channel, level, stated, source }.signal(id(n), hours(start(), hour))
    })
}

fn any_history() -> impl Strategy<Value = Vec<AgeSignal>> {
    prop::collection::vec(any_signal(), 1..7)
}

/// As above, and some end or are withdrawn.
fn any_history_with_ends() -> impl Strategy<Value = Vec<AgeSignal>> {
    let ends = (prop::option::weighted(0.3, 1_i64..400), prop::option::weighted(0.1, 1_i64..400));
    let signal = (any_signal(), ends).prop_map(|(signal, (valid, withdrawn))| AgeSignal {
        valid_until: valid.map(|count| hours(signal.received_at, count)),
        withdrawn_at: withdrawn.map(|count| hours(signal.received_at, count)),
        ..signal
    });
    prop::collection::vec(signal, 1..7)
}

fn heard(signals: &[AgeSignal]) -> Vec<Heard<'_>> {
    signals.iter().map(|signal| Heard::new(signal, &ZONE)).collect()
}

/// What the signals that were received by `then` say on the day of `now`, with no waiting at all.
fn said(signals: &[AgeSignal], then: Timestamp, now: Timestamp) -> Option<Birth> {
    let by_then: Vec<_> = signals.iter().filter(|it| it.received_at <= then && it.is_live(now)).cloned().collect();
    let by_then = newest(&by_then);
    weigh(&heard(&by_then), day_in(&ZONE, now), &ZONE).map(|said| said.birth)
}

/// The signals that no other of the same speaker has taken the place of. Nobody here says who is behind a channel, so each is one speaker.
fn newest(signals: &[AgeSignal]) -> Vec<AgeSignal> {
    let takes_its_place = |old: &AgeSignal, new: &AgeSignal| {
        new.channel == old.channel && new.received_at > old.received_at && new.level >= old.level
    };
    let stays =
        |old: &&AgeSignal| old.channel == Channel::Provider || !signals.iter().any(|new| takes_its_place(old, new));
    signals.iter().filter(stays).cloned().collect()
}

fn last_receipt(signals: &[AgeSignal]) -> Timestamp {
    signals.iter().map(|signal| signal.received_at).max().unwrap()
}

fn without_the_last(signals: &[AgeSignal]) -> Vec<AgeSignal> {
    let last = last_receipt(signals);
    signals.iter().filter(|signal| signal.received_at < last).cloned().collect()
}

proptest! {
    /// The oracle knows nothing of views and windows: it asks hour by hour what was said in the last three days.
    #[test]
    fn a_decision_is_the_youngest_word_of_three_days(signals in any_history_with_ends(), hour in 0_i64..400) {
        let now = hours(start(), hour);
        let words = (0..=72).filter_map(|ago| said(&signals, hours(now, -ago), now));
        let youngest = words.max_by_key(|birth| birth.youth());
        prop_assert_eq!(decide(&signals, now, &ZONE).map(|decision| decision.birth), youngest);
    }

    #[test]
    fn younger_counts_at_once(signals in any_history()) {
        let now = last_receipt(&signals);
        let decision = decide(&signals, now, &ZONE).unwrap();
        prop_assert!(decision.birth.youth() >= said(&signals, now, now).unwrap().youth());
        if let Some(before) = decide(&without_the_last(&signals), now, &ZONE) {
            prop_assert!(decision.birth.youth() >= before.birth.youth(), "no signal makes older when it is received");
        }
    }

    #[test]
    fn older_counts_after_seventy_two_hours_and_not_before(signals in any_history()) {
        let received = last_receipt(&signals);
        let settled = hours(received, 72);
        let decision = decide(&signals, settled, &ZONE).unwrap();
        prop_assert_eq!(decision.birth, said(&signals, settled, settled).unwrap());
        prop_assert_eq!(decision.waiting, None);

        let just_before = settled - SignedDuration::from_secs(1);
        let decision = decide(&signals, just_before, &ZONE).unwrap();
        if let Some(earlier) = said(&without_the_last(&signals), just_before, just_before) {
            prop_assert!(decision.birth.youth() >= earlier.youth());
        }
    }

    #[test]
    fn what_waits_comes(signals in any_history(), hour in 0_i64..320) {
        let now = hours(start(), hour);
        let so_far: Vec<_> = signals.iter().filter(|it| it.received_at <= now).cloned().collect();
        let Some(decision) = decide(&so_far, now, &ZONE) else { return Ok(()) };
        prop_assert!(decision.effective_at <= now);
        if let Some(waiting) = decision.waiting {
            prop_assert!(waiting.until > now && waiting.birth.youth() < decision.birth.youth());
            let then = decide(&so_far, waiting.until, &ZONE).unwrap();
            prop_assert_eq!(then.effective_at, waiting.until);
            // Who is held at 17 today is held there, or not any more, on another day.
            let day = day_in(&ZONE, waiting.until);
            let held = waiting.birth.held_under_18(day);
            prop_assert!(then.birth == held || then.band_on(day) == AgeBand::Adult);
        }
    }

    #[test]
    fn the_order_of_a_list_means_nothing(signals in any_history_with_ends(), turn in 0_usize..7, hour in 0_i64..400) {
        let mut other = signals.clone();
        other.rotate_left(turn % signals.len());
        other.reverse();
        let now = hours(start(), hour);
        prop_assert_eq!(decide(&signals, now, &ZONE), decide(&other, now, &ZONE));
    }

    /// Whatever lower levels add: the person is within what the higher ones allow, so never older than they allow.
    #[test]
    fn a_lower_level_never_makes_the_decision_older(signals in any_history()) {
        let all = in_common(&heard(&signals)).levels;
        let (_, with_the_others) = all.last().unwrap();
        for level in Level::ALL {
            let sure: Vec<_> = signals.iter().filter(|signal| signal.level >= *level).cloned().collect();
            if let Some((_, alone)) = in_common(&heard(&sure)).levels.last() {
                prop_assert!(with_the_others.earliest() >= alone.earliest(), "an older age than {level:?} allows");
                prop_assert!(with_the_others.latest() <= alone.latest());
            }
        }
    }

    #[test]
    fn only_strict_signals_or_a_declared_birthday_make_an_adult(
        signals in any_history_with_ends(), years in 0_i64..30, hour in 0_i64..400,
    ) {
        let now = (hours(start(), hour).to_zoned(ZONE) + years.years()).timestamp();
        let today = day_in(&ZONE, now);
        let Some(decision) = decide(&signals, now, &ZONE) else { return Ok(()) };
        prop_assert_eq!(decision.band_on(today), decision.birth.band_on(today));
        if decision.band_on(today) != AgeBand::Adult {
            return Ok(());
        }
        let live: Vec<_> = signals.iter().filter(|signal| signal.is_live(now)).cloned().collect();
        let live = newest(&live);
        let adult = |birth: Birth| birth.band_on(today) == AgeBand::Adult;
        let strict = live.iter().any(|it| it.level == Level::Strict && adult(it.birth(&ZONE)));
        let grown = live.iter().any(|it| {
            let Stated::Born(date) = it.stated else { return false };
            let then = day_in(&ZONE, it.received_at);
            let contradicted = live.iter().any(|other| other.birth(&ZONE).earliest() > date);
            AgeBand::on(date, then) != AgeBand::Adult && AgeBand::on(date, today) == AgeBand::Adult && !contradicted
        });
        prop_assert!(strict || grown);
    }

    #[test]
    fn nobody_gets_younger_by_a_birthday(signals in any_history(), days in 10_i64..8000) {
        let now = hours(start(), 24 * days + 240);
        let (today, tomorrow) = (day_in(&ZONE, now), day_in(&ZONE, hours(now, 24)));
        let ages = |now, day| decide(&signals, now, &ZONE).unwrap().ages_on(day);
        let (a, b) = (ages(now, today), ages(hours(now, 24), tomorrow));
        prop_assert!(a.from <= b.from && a.to <= b.to, "{:?} then {:?}", a, b);
    }

    #[test]
    fn a_decision_knows_its_own_future(signals in any_history(), days in 0_i64..9000) {
        let now = hours(last_receipt(&signals), 72);
        let decision = decide(&signals, now, &ZONE).unwrap();
        let band = |at| decide(&signals, at, &ZONE).unwrap().band_on(day_in(&ZONE, at));
        let then = hours(now, 24 * days);
        prop_assert_eq!(decision.band_on(day_in(&ZONE, then)), band(then));

        let mut before = band(now);
        for change in decision.transitions(day_in(&ZONE, now)) {
            let morning = change.on.to_zoned(ZONE).unwrap().timestamp();
            prop_assert_eq!(change.from, before);
            prop_assert_eq!((band(morning - SignedDuration::from_secs(1)), band(morning)), (change.from, change.to));
            before = change.to;
        }
        let at_last = if decision.majority.is_some() { AgeBand::Adult } else { AgeBand::From16To17 };
        prop_assert_eq!(before, at_last);
    }

    #[test]
    fn nothing_changes_before_the_next_change(
        signals in any_history_with_ends(), hour in prop_oneof![0_i64..400, 400_i64..100_000], part in 0.0_f64..1.0,
    ) {
        let now = hours(start(), hour);
        let looks = |at: Timestamp| {
            decide(&signals, at, &ZONE).map(|it| {
                let day = day_in(&ZONE, at);
                let until = it.waiting.map(|waiting| waiting.until);
                (it.band_on(day), it.ages_on(day), it.level, it.basis, it.reason, it.effective_at, until, it.majority)
            })
        };
        let Some(next) = next_change(&signals, now, &ZONE) else {
            prop_assert_eq!(looks(now), None);
            return Ok(());
        };
        prop_assert!(next > now);
        let between = now + next.duration_since(now).mul_f64(part);
        prop_assert_eq!(looks(between), looks(now));
        prop_assert_eq!(looks(next - SignedDuration::from_micros(1)), looks(now));
    }
}

//! What is used and what is not, one step after the other.

use std::sync::{Arc, LazyLock};

use uuid::Uuid;

use super::*;
use crate::domain::{
    controls::Registry,
    decision::{Compiled, Deciders, Grounds},
    timeline::Calendar,
};

static DECIDERS: LazyLock<Deciders> = LazyLock::new(|| Deciders::of(&Registry::load().unwrap()));
const BOUND: Duration = Duration::from_secs(10);

fn teen(number: u128) -> TeenId {
    Uuid::from_u128(number).into()
}

fn policy(revision: i64) -> Arc<Compiled> {
    let calendar = Calendar::new(jiff::tz::TimeZone::UTC, 0);
    let grounds = Grounds { revision, policy: None, calendar, gifts: vec![], paired: false, consented: false };
    Arc::new(DECIDERS.compile(1, grounds))
}

fn memory() -> (Memory, Instant) {
    let now = Instant::now();
    (Memory::new(10, BOUND, now), now)
}

/// What a read brings: a policy of this revision, or that there is nobody.
fn brings(memory: &mut Memory, read: impl IntoIterator<Item = (u128, Option<i64>)>, now: Instant) -> Known {
    let mut read = read.into_iter().map(|(number, revision)| (teen(number), revision.map(policy))).collect();
    memory.end(&mut read, now);
    read
}

/// A read that nothing disturbs.
fn reads(memory: &mut Memory, number: u128, revision: i64) {
    let now = memory.good;
    memory.begin();
    assert_eq!(brings(memory, [(number, Some(revision))], now).len(), 1);
}

/// The revision that would be used.
fn known(memory: &Memory, number: u128, now: Instant) -> Option<i64> {
    let (found, missing) = memory.recall([teen(number)], now);
    assert_eq!(found.len() + missing.len(), 1);
    found.get(&teen(number)).map(|policy| policy.as_ref().map_or(0, |policy| policy.version().revision))
}

#[test]
fn what_was_read_is_used_until_something_newer_is_heard_of() {
    let (mut memory, now) = memory();
    reads(&mut memory, 1, 5);
    memory.changed(teen(1), 5);
    memory.changed(teen(2), 9);
    assert_eq!(known(&memory, 1, now), Some(5), "the sweep says again what is known");
    memory.changed(teen(1), 6);
    assert_eq!(known(&memory, 1, now), None);
}

/// The race: a read sees what was before a change, is told of the change, and ends only then.
#[test]
fn a_read_that_was_overtaken_is_not_kept() {
    let (mut memory, now) = memory();
    memory.begin();
    memory.changed(teen(1), 6);
    memory.changed(teen(1), 5);
    memory.changed(teen(2), i64::MAX);
    let answered = brings(&mut memory, [(1, Some(5)), (2, Some(5)), (3, Some(5))], now);
    assert_eq!(answered.into_keys().collect::<Vec<_>>(), [teen(3)], "nobody is answered what is known to be old");
    assert_eq!(known(&memory, 1, now), None, "the old one is not put in");
    assert_eq!(known(&memory, 2, now), None, "nor what a pairing's move may have changed");
    assert_eq!(known(&memory, 3, now), Some(5), "others are kept");
    memory.begin();
    memory.changed(teen(1), 6);
    assert_eq!(brings(&mut memory, [(1, Some(6))], now).len(), 1);
    assert_eq!(known(&memory, 1, now), Some(6), "a read that saw the change is kept");
    memory.begin();
    memory.forget();
    assert_eq!(brings(&mut memory, [(4, Some(1))], now).len(), 0);
    assert_eq!(known(&memory, 4, now), None, "after a gap nothing of before counts");
    assert_eq!(known(&memory, 1, now), None);
}

/// Ids that nobody has cost a read every few seconds, and never more room than there is.
#[test]
fn that_there_is_nobody_is_known_for_a_while() {
    let (mut memory, now) = memory();
    memory.begin();
    brings(&mut memory, [(1, None), (2, None)], now);
    assert_eq!(known(&memory, 1, now + NOBODY_FOR), Some(0));
    assert_eq!(known(&memory, 1, now + NOBODY_FOR + Duration::from_millis(1)), None);
    memory.changed(teen(1), 1);
    assert_eq!(known(&memory, 1, now), None, "somebody signed up");
    memory.begin();
    memory.changed(teen(3), 1);
    assert_eq!(brings(&mut memory, [(3, None)], now).len(), 0, "and was not there yet when it was read");
    assert_eq!(known(&memory, 2, now), Some(0));
    memory.forget();
    assert_eq!(known(&memory, 2, now), None);
    for number in 0..2 * u128::try_from(MOST_NOBODIES).unwrap() {
        memory.begin();
        brings(&mut memory, [(number, None)], now);
        assert!(memory.nobodies.len() <= MOST_NOBODIES);
    }
}

#[test]
fn a_read_that_failed_leaves_nothing_behind() {
    let (mut memory, now) = memory();
    memory.begin();
    memory.changed(teen(1), 9);
    assert_eq!(brings(&mut memory, [], now).len(), 0);
    reads(&mut memory, 1, 5);
    assert_eq!(known(&memory, 1, now), Some(5), "what an earlier read was told is that read's");
}

#[test]
fn without_a_good_sweep_nothing_is_used_for_longer_than_the_bound() {
    let (mut memory, start) = memory();
    reads(&mut memory, 1, 5);
    let late = BOUND + Duration::from_millis(1);
    assert_eq!(known(&memory, 1, start + BOUND), Some(5));
    assert_eq!(known(&memory, 1, start + late), None);
    memory.swept(start + BOUND);
    assert_eq!(known(&memory, 1, start + late), Some(5), "a sweep in time makes it good again");
    memory.swept(start + Duration::from_secs(1));
    assert_eq!(known(&memory, 1, start + BOUND * 2), Some(5), "an older one takes nothing back");
    memory.swept(start + BOUND * 2 + Duration::from_millis(1));
    assert_eq!(known(&memory, 1, start + BOUND * 2), None, "a sweep after too long a gap may have missed something");
    reads(&mut memory, 1, 5);
    assert_eq!(known(&memory, 1, start + BOUND * 3), Some(5));
}

#[test]
fn it_never_keeps_more_than_it_may_and_forgets_the_oldest() {
    let (mut memory, now) = memory();
    for number in 0..1_000 {
        reads(&mut memory, number, 1);
        assert!(memory.younger.len() + memory.older.len() <= 10);
    }
    assert_eq!(known(&memory, 900, now), None);
    for number in [999, 994] {
        assert_eq!(known(&memory, number, now), Some(1));
        memory.changed(teen(number), 2);
        assert_eq!(known(&memory, number, now), None, "in either half");
    }
}

//! Lists as long as they can be: what a device can still be sent, and what is refused.

use jiff::SignedDuration;

use super::*;

const TEEN: AgeBand = AgeBand::From13To15;

/// A list of 200 entries that take `bytes` each in JSON.
fn long_list(letter: &str, bytes: usize) -> Given {
    let word = |number: usize| format!("{number:03}{}", letter.repeat((bytes - 3) / letter.len()));
    Given::Words((0..200).map(word).collect())
}

fn taken(layers: &Layers, control: &str, list: Given) -> Result<Layers, PatchError> {
    let (situation, patch) = (situation(TEEN, layers), Patch::from([(control.into(), Some(list))]));
    sendable(&situation, patch_teen(&situation, person(9), &patch, None)?)
}

#[test]
fn what_no_device_could_be_sent_is_refused() {
    let words = taken(&Layers::default(), "content.blocked_words", long_list("ж", 125)).unwrap();
    assert_eq!(taken(&words, "blocked.subjects", long_list("x", 60)), Err(PatchError::TooBig));
    let shorter = taken(&words, "content.blocked_words", Given::Words(vec!["casino".to_owned()])).unwrap();
    assert!(taken(&shorter, "blocked.subjects", long_list("x", 60)).is_ok());
}

#[test]
fn what_is_too_long_already_can_get_shorter() {
    let list = |id: &str, given| {
        let value = REGISTRY.get(id).unwrap().kind.parse(given).unwrap();
        (ControlId::from(id), Setting { value, by: person(9), since: second(1), reason: None })
    };
    let teen = [list("content.blocked_words", long_list("ж", 125)), list("blocked.subjects", long_list("x", 60))];
    let old = Layers { teen: teen.into(), ..Layers::default() };
    assert!(most_bytes(&situation(TEEN, &old)) > MOST_BYTES);
    assert!(taken(&old, "content.blocked_words", Given::Words(vec!["casino".to_owned()])).is_ok());
    let longer = Patch::from([("time.daily_minutes".into(), Some(Given::Number(1)))]);
    let longer = patch_teen(&situation(TEEN, &old), person(9), &longer, Some("x".repeat(280))).unwrap();
    assert_eq!(sendable(&situation(TEEN, &old), longer), Err(PatchError::TooBig));
}

/// What holds will add counts from the beginning: later nobody is asked any more.
#[test]
fn what_comes_later_counts_too() {
    let put = |layers: &Layers, number: u32| {
        let list = (0..200).map(|n| format!("{number}{n:03}{}", "ж".repeat(28)));
        let value = REGISTRY.get("content.blocked_words").unwrap().kind.parse(Given::Words(list.collect())).unwrap();
        let (id, from) = (Uuid::from_u128(number.into()), second(100 * i64::from(number)));
        let until = from + SignedDuration::from_secs(50);
        let control = "content.blocked_words".into();
        let situation = situation(TEEN, layers);
        let after = hold(&situation, Timed { id, control, value, by: person(1), from, until, reason: None })?;
        sendable(&situation, after)
    };
    let one = put(&Layers::default(), 1).unwrap();
    assert_eq!(put(&one, 2), Err(PatchError::TooBig));
}

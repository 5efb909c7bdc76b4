//! Lists as long as they can be: each person has a share, and with all shares full a device can still be sent the policy.

use jiff::SignedDuration;

use super::*;

const TEEN: AgeBand = AgeBand::From13To15;

/// A list of 200 entries that take `bytes` each in JSON, quotes and comma apart.
fn long_list(letter: &str, bytes: usize) -> Given {
    let word = |number: usize| format!("{letter}{number:03}{}", letter.repeat(bytes / letter.len()));
    Given::Words((0..200).map(word).collect())
}

fn patch(control: &str, list: Given) -> Patch {
    Patch::from([(control.into(), Some(list))])
}

fn teen_sets(layers: &Layers, control: &str, list: Given) -> Result<Layers, PatchError> {
    patch_teen(&situation(TEEN, layers), person(9), &patch(control, list), None)
}

#[test]
fn what_is_longer_than_a_share_is_refused_and_what_gets_shorter_is_taken() {
    let words = teen_sets(&Layers::default(), "content.blocked_words", long_list("x", 12)).unwrap();
    assert_eq!(teen_sets(&words, "blocked.subjects", long_list("y", 12)), Err(PatchError::TooBig));
    let shorter = teen_sets(&words, "content.blocked_words", Given::Words(vec!["casino".to_owned()])).unwrap();
    assert!(teen_sets(&shorter, "blocked.subjects", long_list("y", 12)).is_ok());
    let list = |id: &str, given| {
        let value = REGISTRY.get(id).unwrap().kind.parse(given).unwrap();
        (ControlId::from(id), Setting { value, by: person(9), since: second(1), reason: None })
    };
    let old = [list("content.blocked_words", long_list("x", 50)), list("blocked.subjects", long_list("y", 50))];
    let old = Layers { teen: old.into(), ..Layers::default() };
    assert!(teen_sets(&old, "content.blocked_words", long_list("x", 40)).is_ok(), "still too long, but shorter");
    assert_eq!(teen_sets(&old, "time.daily_minutes", Given::Number(1)), Err(PatchError::TooBig));
}

/// Promise 9: a full share of one is nothing to another, who tightens freely and learns nothing by it.
#[test]
fn nobody_is_refused_for_what_another_has_set() {
    let teens = teen_sets(&Layers::default(), "blocked.subjects", long_list("y", 14)).unwrap();
    for layers in [&Layers::default(), &teens] {
        let set = |list| patch_guardian(&situation(TEEN, layers), person(1), &patch("blocked.subjects", list), None);
        assert!(set(long_list("z", 14)).is_ok());
        assert_eq!(set(long_list("z", 40)), Err(PatchError::TooBig));
    }
    let guardians =
        patch_guardian(&situation(TEEN, &teens), person(1), &patch("content.blocked_words", long_list("z", 14)), None);
    assert!(teen_sets(&guardians.unwrap(), "time.daily_minutes", Given::Number(1)).is_ok());
}

/// The most that three people can bring about: each has a list as long as their share allows, and a hold has all of it sent three
/// times, as what holds, as what follows and as what to fall back to. It fits into a frame of 64 KiB.
#[test]
fn three_full_shares_fit_into_a_frame() {
    const LIST: &str = "content.blocked_words";
    let parsed = |words: Vec<String>| REGISTRY.get(LIST).unwrap().kind.parse(Given::Words(words)).unwrap();
    let (id, value, from) = (Uuid::nil(), parsed(vec!["casino".to_owned()]), second(100));
    let until = from + SignedDuration::from_secs(50);
    let put = Timed { id, control: LIST.into(), value, by: person(1), from, until, reason: None };
    let mut layers = hold(&situation(TEEN, &Layers::default()), put).unwrap();
    for (who, letter) in [(1, "x"), (2, "y"), (9, "z")] {
        for count in 1_usize.. {
            let list = Given::Words((0..count).map(|n| format!("{letter}{n:03}{}", letter.repeat(40))).collect());
            let (now, patch) = (situation(TEEN, &layers), patch(LIST, list));
            let after = match who {
                9 => patch_teen(&now, person(9), &patch, None),
                _ => patch_guardian(&now, person(who), &patch, None),
            };
            match after {
                Ok(after) => layers = after,
                Err(refused) => {
                    assert_eq!(refused, PatchError::TooBig);
                    break;
                }
            }
        }
    }
    let bytes = carried(&REGISTRY, TEEN, &effective(&situation(TEEN, &layers))).unwrap().len();
    println!("three full shares: {bytes} bytes of JSON");
    assert!((40_000..48_800).contains(&bytes), "{bytes}");
}

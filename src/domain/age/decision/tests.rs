use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::domain::{
    age::{AgeSpan, Channel, ProviderOutcome, Reading},
    ids::{AccountId, AgeSignalId},
};

mod promises;

const ZONE: TimeZone = TimeZone::UTC;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn hours(start: Timestamp, count: i64) -> Timestamp {
    start + SignedDuration::from_hours(count)
}

fn id(n: u128) -> AgeSignalId {
    AgeSignalId::from_uuid(Uuid::from_u128(n))
}

fn ages(lo: i16, hi: impl Into<Option<i16>>) -> AgeSpan {
    AgeSpan::new(lo, hi.into()).unwrap()
}

fn declared(n: u128, when: &str, birth: Date) -> AgeSignal {
    Reading::declared(birth).signal(id(n), at(when))
}

fn attested(n: u128, when: &str, span: AgeSpan) -> AgeSignal {
    Reading::attested(span).signal(id(n), at(when))
}

fn checked(n: u128, when: &str, outcome: ProviderOutcome) -> AgeSignal {
    outcome.read().unwrap().signal(id(n), at(when))
}

fn decided(signals: &[AgeSignal], now: &str) -> AgeDecision {
    decide(signals, at(now), &ZONE).unwrap()
}

fn band(signals: &[AgeSignal], now: &str) -> AgeBand {
    decided(signals, now).band_on(day_in(&ZONE, at(now)))
}

const SIGN_UP: &str = "2026-01-10T10:00:00Z";

#[test]
fn nothing_said_is_nothing_known() {
    assert_eq!(decide(&[], at(SIGN_UP), &ZONE), None);
    assert_eq!(next_change(&[], at(SIGN_UP), &ZONE), None);
    let later = declared(1, "2026-01-11T00:00:00Z", date(2012, 5, 1));
    assert_eq!(decide(&[later], at(SIGN_UP), &ZONE), None);
}

#[test]
fn the_first_word_counts_at_once_and_comes_of_age_by_itself() {
    let signals = [declared(1, SIGN_UP, date(2010, 5, 1))];
    let decision = decided(&signals, SIGN_UP);
    assert_eq!((decision.reason, decision.level), (Reason::DeclaredOnly, Level::Asserted));
    assert_eq!((decision.effective_at, decision.waiting), (at(SIGN_UP), None));
    assert_eq!(decision.majority, Some(date(2028, 5, 1)));
    assert_eq!(band(&signals, SIGN_UP), AgeBand::From13To15);
    assert_eq!(band(&signals, "2026-05-01T00:00:00Z"), AgeBand::From16To17);
    assert_eq!(band(&signals, "2028-04-30T23:59:59Z"), AgeBand::From16To17);
    assert_eq!(band(&signals, "2028-05-01T00:00:00Z"), AgeBand::Adult);
}

#[test]
fn who_agrees_is_intersected() {
    let signals = [
        declared(1, SIGN_UP, date(2011, 5, 1)),
        attested(2, "2026-01-11T10:00:00Z", ages(13, 15)),
        checked(3, "2026-01-12T10:00:00Z", ProviderOutcome::IdAndFace { lo: 14, hi: Some(14) }),
    ];
    let decision = decided(&signals, "2026-01-12T10:00:00Z");
    assert_eq!(decision.birth, Birth::on(date(2011, 5, 1)));
    assert_eq!(decision.basis, [id(3), id(2), id(1)]);
    assert_eq!((decision.reason, decision.level), (Reason::Interval, Level::Strict));
    assert_eq!((decision.effective_at, decision.waiting), (at(SIGN_UP), None));
}

#[test]
fn the_level_is_what_stands_behind_the_band() {
    let signals = [declared(1, SIGN_UP, date(2009, 5, 1)), attested(2, SIGN_UP, ages(13, 17))];
    let decision = decided(&signals, SIGN_UP);
    assert_eq!(decision.band_on(date(2026, 1, 10)), AgeBand::From16To17);
    assert_eq!(decision.level, Level::Asserted, "the guardian alone says no more than 13");
}

#[test]
fn a_surer_word_wins_and_younger_counts_at_once() {
    let signals = [declared(1, SIGN_UP, date(2009, 5, 1)), attested(2, "2026-03-01T00:00:00Z", ages(13, 15))];
    let decision = decided(&signals, "2026-03-01T00:00:00Z");
    assert_eq!((decision.reason, decision.level), (Reason::HigherLevel, Level::Standard));
    assert_eq!(decision.basis, [id(2)]);
    assert_eq!((decision.effective_at, decision.waiting), (at("2026-03-01T00:00:00Z"), None));
    assert_eq!(decision.ages_on(date(2026, 3, 1)), Ages { from: 13, to: 15 });
}

#[test]
fn of_two_equal_words_the_younger_counts() {
    let store = Reading { channel: Channel::Apple, ..Reading::attested(ages(16, 17)) }.asserted();
    let signals = [declared(1, SIGN_UP, date(2011, 5, 1)), store.signal(id(2), at("2026-03-01T00:00:00Z"))];
    let decision = decided(&signals, "2026-06-01T00:00:00Z");
    assert_eq!((decision.birth, decision.reason), (Birth::on(date(2011, 5, 1)), Reason::YoungerOnTie));
    assert_eq!(decision.majority, Some(date(2029, 5, 1)), "saying older later does not put the birthday off");
}

/// What a guardian said by mistake they can put right, and a store that has seen a birthday is believed; but older still waits.
#[test]
fn a_newer_word_takes_the_place_of_the_speakers_older_one() {
    let signals = [attested(1, SIGN_UP, ages(5, 9)), attested(2, "2026-03-01T00:00:00Z", ages(14, 15))];
    assert_eq!(band(&signals, "2026-03-03T23:59:59Z"), AgeBand::Under13);
    let decision = decided(&signals, "2026-03-04T00:00:00Z");
    assert_eq!((decision.basis.as_slice(), decision.reason), ([id(2)].as_slice(), Reason::Interval));
    let stayed = AgeSignal { said_by: Some(AccountId::from_uuid(Uuid::max())), ..signals[0].clone() };
    assert_eq!(
        band(&[stayed, signals[1].clone()], "2026-03-04T00:00:00Z"),
        AgeBand::Under13,
        "another guardian's word"
    );
}

#[test]
fn a_weaker_word_takes_no_place_and_an_ended_one_gives_it_back() {
    let weaker = AgeSignal { level: Level::Asserted, ..attested(2, "2026-03-01T00:00:00Z", ages(16, 17)) };
    let strong = attested(1, SIGN_UP, ages(13, 14));
    assert_eq!(band(&[strong.clone(), weaker], "2026-03-09T00:00:00Z"), AgeBand::From13To15);
    let ending =
        AgeSignal { valid_until: Some(at("2026-04-01T00:00:00Z")), ..attested(2, "2026-03-01T00:00:00Z", ages(5, 9)) };
    let signals = [strong, ending];
    assert_eq!(band(&signals, "2026-03-31T00:00:00Z"), AgeBand::Under13);
    assert_eq!(band(&signals, "2026-04-01T00:00:00Z"), AgeBand::From13To15);
}

#[test]
fn a_doubt_that_is_taken_back_by_a_newer_word_gives_the_birthday_back() {
    let doubt = attested(2, "2027-11-01T00:00:00Z", ages(16, 16));
    let mended = attested(3, "2027-12-01T00:00:00Z", ages(17, 17));
    let signals = [declared(1, SIGN_UP, date(2010, 5, 1)), doubt];
    assert_eq!(decided(&signals, "2027-11-01T00:00:00Z").majority, None);
    let signals = [signals.as_slice(), &[mended]].concat();
    assert_eq!(decided(&signals, "2027-12-04T00:00:00Z").majority, Some(date(2028, 5, 1)));
}

#[test]
fn the_surest_contradiction_is_the_reason() {
    let document = checked(1, SIGN_UP, ProviderOutcome::IdAndFace { lo: 13, hi: Some(17) });
    let guardians = [attested(2, SIGN_UP, ages(13, 14)), attested(3, SIGN_UP, ages(16, 17))];
    let child = attested(4, SIGN_UP, ages(5, 6));
    let reason = |signals: &[AgeSignal]| decided(signals, SIGN_UP).reason;
    let [younger, older] = guardians;
    assert_eq!(reason(&[document.clone(), younger.clone(), older.clone()]), Reason::YoungerOnTie);
    assert_eq!(reason(&[document.clone(), child]), Reason::HigherLevel);
    let adult = declared(5, SIGN_UP, date(1990, 5, 1));
    assert_eq!(reason(&[document, younger, older, adult]), Reason::YoungerOnTie);
}

#[test]
fn twins_among_signals_keep_one_order() {
    let (a, b) = (attested(1, SIGN_UP, ages(13, 15)), attested(2, SIGN_UP, ages(13, 15)));
    let basis = |signals: &[AgeSignal]| decided(signals, SIGN_UP).basis;
    assert_eq!(basis(&[a.clone(), b.clone()]), basis(&[b, a]));
}

#[test]
fn older_waits_for_seventy_two_hours_and_says_so() {
    let signals = [
        declared(1, SIGN_UP, date(2011, 5, 1)),
        checked(2, "2026-03-01T00:00:00Z", ProviderOutcome::IdAndFace { lo: 16, hi: Some(16) }),
    ];
    let meanwhile = decided(&signals, "2026-03-03T23:59:59Z");
    assert_eq!(meanwhile.birth, Birth::on(date(2011, 5, 1)));
    let then = Waiting { until: at("2026-03-04T00:00:00Z"), birth: Birth::of(ages(16, 16), date(2026, 3, 1)) };
    assert_eq!(meanwhile.waiting, Some(then));
    assert_eq!(next_change(&signals, at("2026-03-03T00:00:00Z"), &ZONE), Some(then.until));

    let after = decided(&signals, "2026-03-04T00:00:00Z");
    assert_eq!((after.birth, after.waiting), (then.birth, None));
    assert_eq!((after.effective_at, after.reason), (then.until, Reason::HigherLevel));
}

#[test]
fn a_correction_back_to_older_waits_as_well() {
    let signals = [
        declared(1, SIGN_UP, date(2009, 5, 1)),
        attested(2, "2026-03-01T00:00:00Z", ages(13, 15)),
        checked(3, "2026-03-01T01:00:00Z", ProviderOutcome::IdAndFace { lo: 16, hi: Some(16) }),
    ];
    assert_eq!(band(&signals, "2026-03-01T02:00:00Z"), AgeBand::From13To15);
    assert_eq!(band(&signals, "2026-03-04T00:59:59Z"), AgeBand::From13To15);
    assert_eq!(band(&signals, "2026-03-04T01:00:00Z"), AgeBand::From16To17);
}

#[test]
fn what_an_appeal_found_wrong_is_skipped_at_once() {
    let mut signals = [declared(1, SIGN_UP, date(2009, 5, 1)), attested(2, "2026-03-01T00:00:00Z", ages(13, 15))];
    signals[1].withdrawn_at = Some(at("2026-03-05T12:00:00Z"));
    assert_eq!(band(&signals, "2026-03-05T11:59:59Z"), AgeBand::From13To15);
    let corrected = decided(&signals, "2026-03-05T12:00:00Z");
    assert_eq!((corrected.birth, corrected.basis), (Birth::on(date(2009, 5, 1)), vec![id(1)]));
}

#[test]
fn a_self_declared_adult_stays_seventeen() {
    let said = [declared(1, SIGN_UP, date(2005, 5, 1))];
    let decision = decided(&said, SIGN_UP);
    assert_eq!((decision.majority, decision.ages_on(date(2026, 1, 10))), (None, Ages { from: 17, to: 17 }));
    for now in [SIGN_UP, "2027-01-10T10:00:00Z", "2060-01-10T10:00:00Z"] {
        assert_eq!(band(&said, now), AgeBand::From16To17, "{now}");
        assert_eq!(decided(&said, now).birth.band_on(day_in(&ZONE, at(now))), AgeBand::From16To17, "{now}");
    }
}

#[test]
fn who_declares_on_their_eighteenth_birthday_declares_an_adult() {
    assert_eq!(decided(&[declared(1, SIGN_UP, date(2008, 1, 10))], SIGN_UP).majority, None);
    assert_eq!(decided(&[declared(1, SIGN_UP, date(2008, 1, 11))], SIGN_UP).majority, Some(date(2026, 1, 11)));
}

#[test]
fn a_doubt_takes_the_majority_away_at_once() {
    let face = ProviderOutcome::FacialEstimation { lo: 16, hi: Some(17), margin_years: 0 };
    let doubt = AgeSignal { level: Level::Asserted, ..attested(3, "2028-01-01T00:00:00Z", ages(5, 6)) };
    let signals = [declared(1, SIGN_UP, date(2009, 5, 1)), checked(2, SIGN_UP, face), doubt];
    assert_eq!(band(&signals, "2027-12-31T00:00:00Z"), AgeBand::Adult);
    let decision = decided(&signals, "2028-01-01T00:00:00Z");
    assert_eq!((decision.band_on(date(2028, 1, 1)), decision.majority), (AgeBand::From16To17, None));
    assert_eq!(decision.effective_at, at("2028-01-01T00:00:00Z"));
}

#[test]
fn a_teen_who_says_eighteen_later_stays_what_they_were() {
    let store = Reading { channel: Channel::Apple, ..Reading::attested(AgeSpan::ADULT) }.asserted();
    let signals = [declared(1, SIGN_UP, date(2011, 5, 1)), store.signal(id(2), at("2026-02-01T00:00:00Z"))];
    assert_eq!(band(&signals, "2026-06-01T00:00:00Z"), AgeBand::From13To15);
    assert_eq!(band(&signals, "2029-04-30T00:00:00Z"), AgeBand::From16To17);
    assert_eq!(band(&signals, "2029-05-01T00:00:00Z"), AgeBand::Adult);
}

#[test]
fn a_card_or_a_store_proves_no_majority() {
    let store = Reading { level: Level::Enhanced, channel: Channel::Google, ..Reading::attested(AgeSpan::ADULT) };
    for adult in [
        checked(2, "2026-02-01T00:00:00Z", ProviderOutcome::CreditCard {}),
        store.signal(id(2), at("2026-02-01T00:00:00Z")),
        attested(2, "2026-02-01T00:00:00Z", AgeSpan::ADULT),
    ] {
        let signals = [declared(1, SIGN_UP, date(2009, 5, 1)), adult];
        assert_eq!(band(&signals, "2026-06-01T00:00:00Z"), AgeBand::From16To17);
        assert_eq!(decided(&signals, "2026-06-01T00:00:00Z").majority, Some(date(2027, 5, 1)));
        assert_eq!(band(&signals, "2027-05-01T00:00:00Z"), AgeBand::Adult, "the declared birthday comes all the same");
    }
}

#[test]
fn a_strict_proof_ends_supervision_after_its_wait() {
    let proof = checked(2, "2026-02-01T00:00:00Z", ProviderOutcome::EuAv { age_over_18: true });
    let signals = [declared(1, SIGN_UP, date(2009, 5, 1)), proof];
    assert_eq!(band(&signals, "2026-02-03T23:59:59Z"), AgeBand::From16To17);
    assert_eq!(band(&signals, "2026-02-04T00:00:00Z"), AgeBand::Adult);
    assert_eq!(decided(&signals, "2026-02-04T00:00:00Z").level, Level::Strict);
}

#[test]
fn a_strict_range_does_not_lend_its_strength_to_what_narrows_it() {
    let range = checked(1, SIGN_UP, ProviderOutcome::IdAndFace { lo: 13, hi: None });
    let signals = [range, declared(2, SIGN_UP, date(2006, 5, 1))];
    let decision = decided(&signals, SIGN_UP);
    assert_eq!(decision.band_on(date(2026, 1, 10)), AgeBand::From16To17);
    assert_eq!(decision.majority, Some(date(2031, 1, 10)), "only the document's own lowest age comes of age");
}

#[test]
fn a_guardian_who_says_younger_puts_the_birthday_off() {
    let signals = [declared(1, SIGN_UP, date(2009, 5, 1)), attested(2, "2026-02-01T00:00:00Z", ages(13, 15))];
    assert_eq!(decided(&signals, "2026-02-01T00:00:00Z").majority, None);
    assert_eq!(band(&signals, "2027-05-01T00:00:00Z"), AgeBand::From13To15);
    assert_eq!(
        band(&signals, "2040-05-01T00:00:00Z"),
        AgeBand::From16To17,
        "until somebody checks or an appeal corrects"
    );
}

#[test]
fn a_birthday_begins_at_midnight_at_home() {
    let signals = [declared(1, SIGN_UP, date(2010, 5, 1))];
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    let midnight = at("2026-04-30T15:00:00Z");
    assert_eq!(next_change(&signals, at("2026-03-01T00:00:00Z"), &tokyo), Some(midnight));
    let decision = decide(&signals, midnight, &tokyo).unwrap();
    assert_eq!(decision.band_on(day_in(&tokyo, midnight)), AgeBand::From16To17);
}

#[test]
fn a_signal_that_ends_is_dropped() {
    let mut proof = checked(2, SIGN_UP, ProviderOutcome::IdAndFace { lo: 13, hi: Some(13) });
    proof.valid_until = Some(at("2026-03-01T00:00:00Z"));
    let signals = [declared(1, SIGN_UP, date(2009, 5, 1)), proof];
    assert_eq!(band(&signals, "2026-02-28T23:59:59Z"), AgeBand::From13To15);
    assert_eq!(next_change(&signals, at("2026-02-28T00:00:00Z"), &ZONE), Some(at("2026-03-01T00:00:00Z")));
    assert_eq!(band(&signals, "2026-03-01T00:00:00Z"), AgeBand::From16To17);
}

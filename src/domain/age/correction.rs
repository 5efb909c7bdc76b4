//! What an objection that was right brings about: the band that was claimed, and nothing else.
//!
//! The signals that were found wrong are withdrawn. Where that alone does not lead to the claim (nothing may be left that says anything, or
//! only something older), the answer itself is kept as a signal of the channel `appeal`. Whatever would still not lead there is refused,
//! so that no family hears "corrected" and reads another age.

use jiff::{Timestamp, tz::TimeZone};

use super::{AgeBand, AgeSignal, AppealError, Reading, decide, signal::day_in};
use crate::domain::ids::AgeSignalId;

/// What makes an age right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The signals that count no more.
    pub wrong: Vec<AgeSignalId>,
    /// The signal that is kept instead, if one is needed.
    pub instead: Option<AgeSignal>,
}

impl Correction {
    /// Finds what brings the claimed band at `now`. `named`: the signals that were found wrong; none named, all in the way. `id` names
    /// the new signal, if there is one.
    pub fn of(
        signals: &[AgeSignal],
        claims: AgeBand,
        named: Vec<AgeSignalId>,
        id: AgeSignalId,
        (now, zone): (Timestamp, &TimeZone),
    ) -> Result<Self, AppealError> {
        let wrong = if named.is_empty() { in_the_way(signals, claims, now, zone) } else { named };
        let band = |signals: &[AgeSignal]| band_at(signals, now, zone);
        if wrong.is_empty() && band(signals) == claims {
            return Err(AppealError::NothingWrong);
        }
        let mut right: Vec<AgeSignal> = signals.iter().filter(|it| !wrong.contains(&it.id)).cloned().collect();
        if band(&right) == claims {
            return Ok(Self { wrong, instead: None });
        }
        let instead = Reading::corrected(claims).ok_or(AppealError::NoAdult)?.signal(id, now);
        right.push(instead.clone());
        match band(&right) == claims {
            true => Ok(Self { wrong, instead: Some(instead) }),
            false => Err(AppealError::NotReached(claims)),
        }
    }
}

/// The signals that count and by themselves put the person into a band on the far side of the one that is claimed: with those that
/// agree with the claim, they led to the age that it objects to.
fn in_the_way(signals: &[AgeSignal], claims: AgeBand, now: Timestamp, zone: &TimeZone) -> Vec<AgeSignalId> {
    let (side, today) = (band_at(signals, now, zone).cmp(&claims), day_in(zone, now));
    let misleads = |signal: &&AgeSignal| {
        let says = signal.birth(zone).band_on(today);
        signal.is_live(now) && says != claims && says.cmp(&claims) == side
    };
    signals.iter().filter(misleads).map(|signal| signal.id).collect()
}

fn band_at(signals: &[AgeSignal], now: Timestamp, zone: &TimeZone) -> AgeBand {
    decide(signals, now, zone).map_or(AgeBand::Under13, |decision| decision.band_on(day_in(zone, now)))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::date};
    use uuid::Uuid;

    use super::*;
    use crate::domain::age::{AgeSpan, Channel, Level, ProviderOutcome};

    fn id(n: u128) -> AgeSignalId {
        AgeSignalId::from_uuid(Uuid::from_u128(n))
    }

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn said(n: u128, days_ago: i64, reading: Reading) -> AgeSignal {
        reading.signal(id(n), now() - SignedDuration::from_hours(24 * days_ago))
    }

    fn document(n: u128, age: i16) -> AgeSignal {
        said(n, 30, ProviderOutcome::IdAndFace { lo: age, hi: Some(age) }.read().unwrap())
    }

    fn correct(signals: &[AgeSignal], claims: AgeBand, named: &[AgeSignalId]) -> Result<Correction, AppealError> {
        Correction::of(signals, claims, named.to_vec(), id(99), (now(), &TimeZone::UTC))
    }

    #[test]
    fn what_led_astray_is_withdrawn_and_that_may_be_all() {
        let signals = [said(1, 99, Reading::declared(date(2011, 5, 1))), document(2, 10)];
        let done = correct(&signals, AgeBand::From13To15, &[]).unwrap();
        assert_eq!(done, Correction { wrong: vec![id(2)], instead: None });
    }

    #[test]
    fn where_nothing_is_left_the_answer_itself_counts_and_at_once() {
        let signals = [said(1, 99, Reading::declared(date(2015, 5, 1)))];
        let done = correct(&signals, AgeBand::From13To15, &[]).unwrap();
        let instead = done.instead.unwrap();
        assert_eq!((done.wrong, instead.channel, instead.level), (vec![id(1)], Channel::Appeal, Level::Standard));
        assert_eq!(band_at(std::slice::from_ref(&instead), now(), &TimeZone::UTC), AgeBand::From13To15);
        assert_eq!(
            correct(&[], AgeBand::From16To17, &[]).unwrap().instead.unwrap().stated,
            Reading::corrected(AgeBand::From16To17).unwrap().stated
        );
    }

    #[test]
    fn where_what_is_left_says_older_than_the_claim_the_answer_makes_it_younger() {
        let child = Reading::attested(AgeSpan::new(5, Some(9)).unwrap());
        let signals = [said(1, 99, Reading::declared(date(2009, 5, 1))), said(2, 50, child)];
        let done = correct(&signals, AgeBand::From13To15, &[]).unwrap();
        assert_eq!((done.wrong, done.instead.is_some()), (vec![id(2)], true));
    }

    #[test]
    fn what_would_not_bring_the_claim_is_refused() {
        let signals = [said(1, 99, Reading::declared(date(2011, 5, 1))), document(2, 10)];
        assert_eq!(correct(&signals, AgeBand::From13To15, &[id(1)]), Err(AppealError::NotReached(AgeBand::From13To15)));
        assert_eq!(correct(&signals, AgeBand::Under13, &[]), Err(AppealError::NothingWrong));
    }

    #[test]
    fn nobody_becomes_an_adult_by_an_answer() {
        let late = said(1, 9, Reading::declared(date(1999, 5, 1)));
        assert_eq!(correct(&[late], AgeBand::Adult, &[]), Err(AppealError::NoAdult));
        let doubted = [said(1, 900, Reading::declared(date(2008, 2, 1))), document(2, 16)];
        let done = correct(&doubted, AgeBand::Adult, &[]).unwrap();
        assert_eq!((done.wrong, done.instead), (vec![id(2)], None), "the declared birthday has come");
    }
}

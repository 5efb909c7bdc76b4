//! What a band change will do to a teen's limits, said before it comes.

use jiff::Timestamp;

use super::{Change, Facts, Layers, at_age, diff, effective};
use crate::domain::{age::Transition, controls::Registry, law::RuleBook};

/// A band change, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// When, from and to which band.
    pub birthday: Transition,
    /// What is different on that morning from the evening before, as long as nobody sets anything else.
    pub changes: Vec<Change>,
}

/// The band changes of the last days and all those ahead, with what each does.
///
/// Each is the difference between two computations, the last instant before the day and its first, and both are the ordinary
/// ones: so what is announced is what will be, and nothing else that happens until then (a grant that ends, a law) is mistaken
/// for an effect of the birthday.
pub fn ahead(registry: &Registry, book: &RuleBook, facts: &Facts, layers: &Layers, now: Timestamp) -> Vec<Ahead> {
    let mut layers = layers.clone();
    let mut next = |birthday: Transition| {
        let (eve, start) = facts.midnight(birthday.on)?;
        let then = at_age(registry, &layers, birthday.from, birthday.to, start);
        let before = effective(&facts.at(registry, book, &layers, eve));
        let after = effective(&facts.at(registry, book, &then, start));
        layers = then;
        Some(Ahead { birthday, changes: diff(registry, &before, &after) })
    };
    facts.birthdays(now).into_iter().filter_map(&mut next).collect()
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, civil::date, tz::TimeZone};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{
        age::{AgeBand, AgeSpan, Reading, Stage},
        ids::Id,
        policy::{Timed, grant},
        value::Given,
    };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A teen in Berlin who gets 16 on 3 May 2027.
    fn teen() -> Facts {
        let joined = at("2026-11-22T12:00:00Z");
        let declared = Reading::declared(date(2011, 5, 3)).signal(Id::from_uuid(Uuid::nil()), joined);
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Facts { signals: vec![declared], region: "DE".to_owned(), joined, zone }
    }

    fn coming(facts: &Facts, layers: &Layers, now: Timestamp) -> Vec<Ahead> {
        ahead(&Registry::load().unwrap(), &RuleBook::default(), facts, layers, now)
    }

    #[test]
    fn every_band_up_to_eighteen_is_ahead_with_what_it_does() {
        let list = coming(&teen(), &Layers::default(), at("2026-12-01T12:00:00Z"));
        let days: Vec<_> = list.iter().map(|it| (it.birthday.on, it.birthday.to)).collect();
        assert_eq!(days, [(date(2027, 5, 3), AgeBand::From16To17), (date(2029, 5, 3), AgeBand::Adult)]);
        let named = |it: &Ahead, id: &str| it.changes.iter().any(|change| change.control.as_ref() == id);
        assert!(list.iter().all(|it| named(it, "quiet.notifications")));
    }

    #[test]
    fn a_grant_that_ends_before_is_no_effect_of_the_birthday() {
        let (facts, now) = (teen(), at("2026-12-01T12:00:00Z"));
        let (registry, book, layers) = (Registry::load().unwrap(), RuleBook::default(), Layers::default());
        let control = registry.get("time.daily_minutes").unwrap();
        let value = control.kind.parse(Given::Number(90)).unwrap();
        let until = now + SignedDuration::from_hours(1);
        let by = Id::from_uuid(Uuid::nil());
        let timed = Timed { id: Uuid::nil(), control: control.id.clone(), value, by, from: now, until, reason: None };
        let granted = grant(&facts.at(&registry, &book, &layers, now), timed).unwrap();
        assert_eq!(coming(&facts, &granted, now), coming(&facts, &layers, now));
    }

    #[test]
    fn a_band_that_another_signal_holds_is_not_ahead() {
        let mut facts = teen();
        let attested = Reading::attested(AgeSpan::new(13, Some(13)).unwrap());
        facts.signals.push(attested.signal(Id::from_uuid(Uuid::max()), at("2026-11-30T12:00:00Z")));
        let days: Vec<_> =
            coming(&facts, &Layers::default(), at("2026-12-01T12:00:00Z")).iter().map(|it| it.birthday.on).collect();
        assert_eq!(days, [date(2029, 11, 30)], "16 by the attestation, and no 18 that counts");
    }

    #[test]
    fn a_band_that_a_signal_brought_is_no_birthday() {
        let mut facts = teen();
        let proven = Reading {
            level: crate::domain::age::Level::Strict,
            ..Reading::attested(AgeSpan::new(16, Some(17)).unwrap())
        };
        facts.signals.push(proven.signal(Id::from_uuid(Uuid::max()), at("2026-11-30T12:00:00Z")));
        let now = at("2026-12-04T12:00:00Z");
        assert_eq!(facts.band(now), AgeBand::From16To17);
        assert!(facts.birthdays(now).iter().all(|it| it.to == AgeBand::Adult));
    }

    #[test]
    fn the_days_of_announcements_are_looked_at() {
        let (facts, layers, book) = (teen(), Layers::default(), RuleBook::default());
        let mut now = at("2027-03-20T12:00:00Z");
        for _ in Stage::ALL {
            now = facts.next_change(&book, &layers, now).unwrap();
            let days_left = facts.birthdays(now)[0].on.duration_since(facts.day(now)).as_hours() / 24;
            assert!(Stage::ALL.iter().any(|stage| stage.days_before() == days_left), "{now}");
        }
        assert_eq!(now, at("2027-05-02T22:00:00Z"), "midnight at home");
    }
}

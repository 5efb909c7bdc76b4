//! What is known of a teen apart from what people set.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use uuid::Uuid;

use super::{Layers, Situation};
use crate::domain::{
    account::ADULT_AGE,
    age::{self, AgeBand, AgeDecision, AgeSignal, Ages, Reading, Stage, Transition},
    controls::Registry,
    ids::AgeSignalId,
    law::RuleBook,
};

/// Of whom nothing is known: the youngest, and of any age under 18.
const UNKNOWN: Ages = Ages { from: 0, to: ADULT_AGE - 1 };
/// A band change that is longer ago than this many days is not announced any more, and not listed.
pub const OLD_NEWS: i64 = 31;

/// A teen, as rules see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// All that was said about their age, the birth date that they declared included.
    pub signals: Vec<AgeSignal>,
    /// Where they live, as ISO 3166 writes it.
    pub region: String,
    /// When their account was made.
    pub joined: Timestamp,
    /// The zone on whose calendar ages and laws change: that of their home.
    pub zone: TimeZone,
}

impl Facts {
    /// Of somebody who said when they were born, and of whom nothing else was said.
    pub fn declared(birth: Date, region: &str, joined: Timestamp, zone: TimeZone) -> Self {
        let said = Reading::declared(birth).signal(AgeSignalId::from_uuid(Uuid::nil()), joined);
        Self { signals: vec![said], region: region.to_owned(), joined, zone }
    }

    /// The day of an instant at their home.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// How old they are taken to be at an instant; none if nothing is known.
    pub fn age(&self, at: Timestamp) -> Option<AgeDecision> {
        age::decide(&self.signals, at, &self.zone)
    }

    /// The ages that they can be of at an instant, as far as rules may know.
    pub fn ages(&self, at: Timestamp) -> Ages {
        self.age(at).map_or(UNKNOWN, |decision| decision.ages_on(self.day(at)))
    }

    /// The band that they are in at an instant: that of the youngest of these ages.
    pub fn band(&self, at: Timestamp) -> AgeBand {
        AgeBand::of_age(self.ages(at).from)
    }

    /// The band changes that the calendar brings by itself, those of the last days and all that are ahead, in their order.
    ///
    /// What a signal changes on the day of its receipt is none of them, nor is a birthday that changes nothing because another
    /// signal counts then.
    pub fn birthdays(&self, now: Timestamp) -> Vec<Transition> {
        let Some(decision) = self.age(now) else { return vec![] };
        let after = self.day(decision.effective_at).max(self.day(now).saturating_sub(OLD_NEWS.days()));
        let comes = |change: &Transition| {
            self.midnight(change.on)
                .is_some_and(|(eve, start)| (self.band(eve), self.band(start)) == (change.from, change.to))
        };
        decision.transitions(after).into_iter().filter(comes).collect()
    }

    /// Everything that their policy follows from at an instant.
    pub fn at<'a>(
        &'a self,
        registry: &'a Registry,
        book: &'a RuleBook,
        layers: &'a Layers,
        now: Timestamp,
    ) -> Situation<'a> {
        let today = self.day(now);
        let joined = self.day(self.joined);
        Situation { registry, book, region: &self.region, ages: self.ages(now), joined, today, now, layers }
    }

    /// The next instant after `now` at which their policy may change without anybody's doing, or a band change is announced: a
    /// grant or hold begins or ends, a signal about their age settles or ends, a birthday, a day on which another rule counts.
    pub fn next_change(&self, book: &RuleBook, layers: &Layers, now: Timestamp) -> Option<Timestamp> {
        let today = self.day(now);
        let days = book.next_date(&self.region, today).into_iter().chain(self.next_announcement(now));
        let mornings = days.filter_map(|day| self.start_of(day));
        mornings.chain(layers.next_change(now)).chain(age::next_change(&self.signals, now, &self.zone)).min()
    }

    /// The next day after that of `now` on which a band change is announced.
    fn next_announcement(&self, now: Timestamp) -> Option<Date> {
        let today = self.day(now);
        let ahead = self.age(now).map(|decision| decision.transitions(today)).unwrap_or_default();
        let days = ahead.iter().flat_map(|change| Stage::ALL.iter().map(|stage| change.announced(*stage).on));
        days.filter(|day| *day > today).min()
    }

    /// The last instant before a day of theirs, and its first.
    pub fn midnight(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        let start = self.start_of(day)?;
        Some((start.checked_sub(1.nanosecond()).ok()?, start))
    }

    /// The first instant of a day at their home; nothing at the end of the calendar.
    pub fn start_of(&self, day: Date) -> Option<Timestamp> {
        self.zone.to_zoned(day.at(0, 0, 0, 0)).ok().map(|start| start.timestamp())
    }
}

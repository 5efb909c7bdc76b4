//! What is known of a teen apart from what people set.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Layers, Situation};
use crate::domain::{age::Birth, controls::Registry, law::RuleBook};

/// A teen, as rules see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// When they can have been born.
    pub birth: Birth,
    /// Where they live, as ISO 3166 writes it.
    pub region: String,
    /// When their account was made.
    pub joined: Timestamp,
    /// The zone on whose calendar ages and laws change: that of their home.
    pub zone: TimeZone,
}

impl Facts {
    /// The day of an instant at their home.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
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
        Situation { registry, book, region: &self.region, ages: self.birth.ages_on(today), joined, today, now, layers }
    }

    /// The next instant after `now` at which their policy may change without anybody's doing: a grant or hold begins or ends, a
    /// birthday, a day on which another rule counts.
    pub fn next_change(&self, book: &RuleBook, layers: &Layers, now: Timestamp) -> Option<Timestamp> {
        let today = self.day(now);
        let day = book.next_date(&self.region, today).into_iter().chain(self.birth.next_birthday(today)).min();
        layers.next_change(now).into_iter().chain(day.and_then(|day| self.start_of(day))).min()
    }

    fn start_of(&self, day: Date) -> Option<Timestamp> {
        self.zone.to_zoned(day.at(0, 0, 0, 0)).ok().map(|start| start.timestamp())
    }
}

//! The band changes ahead, and when they are announced: 30 days before, 7 days before and on the day, to teen and guardians.

use jiff::{ToSpan, civil::Date};

use super::{AgeBand, AgeDecision, birthday::birthday, word::worded};

worded! {
    /// When a band change is announced, least urgent first.
    pub enum Stage {
        /// 30 days before.
        Days30 = "days_30",
        /// 7 days before.
        Days7 = "days_7",
        /// On the day itself.
        OnTheDay = "on_the_day",
    }
}

/// One band change ahead, going by what is known now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The day from whose first instant the new band holds, on the person's own calendar.
    pub on: Date,
    /// The band until then.
    pub from: AgeBand,
    /// The band from then.
    pub to: AgeBand,
}

/// One announcement of a band change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Which one.
    pub stage: Stage,
    /// The day on which it is due. A server that was down makes it later, so texts count the days that are left then.
    pub on: Date,
}

impl Stage {
    /// Days between the announcement and the change.
    pub const fn days_before(self) -> i64 {
        match self {
            Self::Days30 => 30,
            Self::Days7 => 7,
            Self::OnTheDay => 0,
        }
    }
}

impl Transition {
    /// When this change is announced at a stage.
    pub fn announced(&self, stage: Stage) -> Announcement {
        Announcement { stage, on: self.on.saturating_sub(stage.days_before().days()) }
    }

    /// The announcement to make now, if one is due by `today` that has not been made. `made` are the stages of this change, on
    /// this day, that have.
    ///
    /// Whoever is late makes the most urgent one and is done with those before it: nobody hears "in 30 days" after "in 7".
    pub fn due(&self, today: Date, made: &[Stage]) -> Option<Announcement> {
        let mut most_urgent_first = Stage::ALL.iter().rev().map(|stage| self.announced(*stage));
        let most_urgent = most_urgent_first.find(|it| it.on <= today)?;
        made.iter().all(|stage| *stage < most_urgent.stage).then_some(most_urgent)
    }
}

impl AgeDecision {
    /// The band changes after a day, in their order, as long as nobody says anything new.
    ///
    /// Being an adult is among them only if there is a day from which that counts. The day itself is not among them: who is said
    /// to be "13 to 15" today may turn 13 today, but nothing changes.
    pub fn transitions(&self, after: Date) -> Vec<Transition> {
        let [teen, older, _] = AgeBand::BORDERS;
        let days = [
            (birthday(self.birth.latest(), teen), AgeBand::Under13, AgeBand::From13To15),
            (birthday(self.birth.latest(), older), AgeBand::From13To15, AgeBand::From16To17),
            (self.majority, AgeBand::From16To17, AgeBand::Adult),
        ];
        let ahead = days.into_iter().filter_map(|(on, from, to)| Some(Transition { on: on?, from, to }));
        ahead.filter(|change| change.on > after).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::date, tz::TimeZone};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        age::{AgeSignal, AgeSpan, Reading, decide},
        ids::AgeSignalId,
    };

    fn decided(reading: Reading, day: Date) -> AgeDecision {
        let at = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
        let signal: AgeSignal = reading.signal(AgeSignalId::from_uuid(uuid::Uuid::nil()), at);
        decide(&[signal], at, &TimeZone::UTC).unwrap()
    }

    fn change() -> Transition {
        Transition { on: date(2027, 3, 31), from: AgeBand::From13To15, to: AgeBand::From16To17 }
    }

    #[test]
    fn every_change_up_to_eighteen_is_ahead() {
        let decision = decided(Reading::declared(date(2016, 2, 29)), date(2026, 1, 10));
        let days: Vec<_> = decision.transitions(date(2026, 1, 10)).iter().map(|it| (it.on, it.to)).collect();
        let birthdays = [
            (date(2029, 3, 1), AgeBand::From13To15),
            (date(2032, 2, 29), AgeBand::From16To17),
            (date(2034, 3, 1), AgeBand::Adult),
        ];
        assert_eq!(days, birthdays);
        assert_eq!(decision.transitions(date(2032, 2, 28)).len(), 2);
        assert_eq!(decision.transitions(date(2032, 2, 29)).len(), 1);
    }

    #[test]
    fn an_eighteenth_birthday_that_does_not_count_is_not_announced() {
        let attested = Reading::attested(AgeSpan::new(13, Some(15)).unwrap());
        let days: Vec<_> = decided(attested, date(2026, 1, 10)).transitions(date(2026, 1, 10));
        let only = Transition { on: date(2029, 1, 10), from: AgeBand::From13To15, to: AgeBand::From16To17 };
        assert_eq!(days, [only]);
        let held_at_17 = decided(Reading::attested(AgeSpan::ADULT), date(2026, 1, 10));
        assert_eq!(held_at_17.transitions(date(2026, 1, 10)), []);
    }

    #[test]
    fn each_stage_is_announced_on_its_day_and_once() {
        let due = |today, made: &[Stage]| change().due(today, made).map(|it| it.stage);
        assert_eq!(due(date(2027, 2, 28), &[]), None);
        assert_eq!(due(date(2027, 3, 1), &[]), Some(Stage::Days30));
        assert_eq!(due(date(2027, 3, 1), &[Stage::Days30]), None);
        assert_eq!(due(date(2027, 3, 23), &[Stage::Days30]), None);
        assert_eq!(due(date(2027, 3, 24), &[Stage::Days30]), Some(Stage::Days7));
        assert_eq!(due(date(2027, 3, 31), &[Stage::Days30, Stage::Days7]), Some(Stage::OnTheDay));
        assert_eq!(due(date(2027, 4, 9), &[Stage::OnTheDay]), None);
    }

    #[test]
    fn a_late_server_makes_only_the_most_urgent_one() {
        assert_eq!(change().due(date(2027, 3, 29), &[]), Some(change().announced(Stage::Days7)));
        assert_eq!(change().due(date(2027, 3, 29), &[Stage::Days7]), None);
        assert_eq!(change().due(date(2027, 4, 5), &[Stage::Days30]), Some(change().announced(Stage::OnTheDay)));
    }

    proptest! {
        /// A server that runs on some days only: stages only get more urgent, none twice, and the last is made if it runs at all
        /// after the day.
        #[test]
        fn announcements_only_get_more_urgent(runs in prop::collection::btree_set(-40_i64..10, 1..20)) {
            let mut made = Vec::new();
            for ahead in &runs {
                made.extend(change().due(change().on + ahead.days(), &made).map(|it| it.stage));
            }
            prop_assert!(made.is_sorted_by(|a, b| a < b));
            prop_assert_eq!(made.contains(&Stage::OnTheDay), runs.iter().any(|ahead| *ahead >= 0));
        }
    }
}

//! Completed years, and the days on which they are completed.

use jiff::{ToSpan, civil::Date};

use super::AgeBand;

/// Completed years on `today`; `None` while the birth lies in the future.
///
/// Who was born on 29 February completes a year on 1 March of a common year: nobody gets older a day early.
pub fn age_on(birth: Date, today: Date) -> Option<i16> {
    if birth > today {
        return None;
    }
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    Some(today.year() - birth.year() - i16::from(!had_birthday))
}

/// The first day after `today` on which the band changes; `None` for an adult.
pub fn next_transition(birth: Date, today: Date) -> Option<Date> {
    AgeBand::BORDERS.into_iter().filter_map(|years| birthday(birth, years)).find(|day| *day > today)
}

/// The day on which somebody completes `years`; `None` beyond the calendar (year 9999).
pub(super) fn birthday(birth: Date, years: i16) -> Option<Date> {
    let same_day_or_28_february = birth.checked_add(years.years()).ok()?;
    if same_day_or_28_february.day() == birth.day() {
        return Some(same_day_or_28_february);
    }
    same_day_or_28_february.tomorrow().ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn any_date() -> impl Strategy<Value = Date> {
        (1900_i16..2100, 1_i8..=12, 1_i8..=31).prop_filter_map("no such day", |(y, m, d)| Date::new(y, m, d).ok())
    }

    #[test]
    fn a_leap_day_child_gets_older_on_the_first_of_march() {
        let birth = date(2012, 2, 29);
        assert_eq!(age_on(birth, date(2025, 2, 28)), Some(12));
        assert_eq!(age_on(birth, date(2025, 3, 1)), Some(13));
        assert_eq!(age_on(birth, date(2028, 2, 29)), Some(16));
        assert_eq!(next_transition(birth, date(2025, 1, 1)), Some(date(2025, 3, 1)));
        assert_eq!(next_transition(birth, date(2025, 3, 1)), Some(date(2028, 2, 29)));
        assert_eq!(next_transition(birth, date(2028, 2, 29)), Some(date(2030, 3, 1)));
        assert_eq!(next_transition(birth, date(2030, 3, 1)), None);
    }

    #[test]
    fn a_birth_in_the_future_is_the_most_protected_band() {
        let (birth, today) = (date(2030, 1, 1), date(2026, 1, 1));
        assert_eq!(age_on(birth, today), None);
        assert_eq!(AgeBand::on(birth, today), AgeBand::Under13);
        assert_eq!(next_transition(birth, today), Some(date(2043, 1, 1)));
    }

    proptest! {
        #[test]
        fn nobody_gets_younger(birth in any_date(), today in any_date()) {
            let tomorrow = today.tomorrow().unwrap();
            prop_assert!(age_on(birth, today) <= age_on(birth, tomorrow));
            prop_assert!(AgeBand::on(birth, today) <= AgeBand::on(birth, tomorrow));
        }

        #[test]
        fn the_band_changes_on_the_transition_and_not_before(birth in any_date(), today in any_date()) {
            let Some(day) = next_transition(birth, today) else {
                prop_assert_eq!(AgeBand::on(birth, today), AgeBand::Adult);
                return Ok(());
            };
            prop_assert_eq!(AgeBand::on(birth, day.yesterday().unwrap()), AgeBand::on(birth, today));
            prop_assert!(AgeBand::on(birth, day) > AgeBand::on(birth, today));
        }
    }
}

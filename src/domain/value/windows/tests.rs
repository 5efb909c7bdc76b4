//! What windows cover, against the rules read minute by minute.

mod forms;

use proptest::{collection::vec, prelude::*, sample::subsequence};

use super::{
    super::{Day, Given, GivenDated, GivenDates, GivenSpan, Kind},
    *,
};

/// Windows of the week, of months and of dates, as many as can be sent back when they are written.
pub(crate) fn any_windows() -> impl Strategy<Value = Vec<GivenEntry>> {
    let dated = prop_oneof![2 => Just(0_usize..1), 1 => Just(0..3)].prop_flat_map(|many| vec(any_dated(), many));
    let entries = (vec(any_window().prop_map(GivenEntry::Weekly), 0..6), dated);
    let shuffled = entries.prop_map(|(weekly, dated)| [weekly, dated].concat()).prop_shuffle();
    shuffled.prop_filter("too many when written", |given| Kind::Windows.parse(Given::Windows(given.clone())).is_ok())
}

/// Mostly quarter hours, so that windows touch and coincide as people make them.
fn any_window() -> impl Strategy<Value = GivenWindow> {
    let months = subsequence((1..=12).collect::<Vec<i64>>(), 1..=12).prop_map(|months| months.into_iter().collect());
    let months = prop_oneof![3 => Just(None), 1 => months.prop_map(Some)];
    (subsequence(Day::ALL.to_vec(), 1..=7), any_span(), months).prop_map(|(days, GivenSpan { from, to }, months)| {
        GivenWindow { days: days.into_iter().collect(), from, to, months }
    })
}

fn any_span() -> impl Strategy<Value = GivenSpan> {
    let minute = || prop_oneof![3 => (0_u16..96).prop_map(|q| q * 15), 1 => 0_u16..1440];
    let end = prop_oneof![9 => minute(), 1 => Just(1440)];
    (minute(), end).prop_map(|(from, to)| GivenSpan { from: clock(from), to: clock(to) })
}

fn clock(at: u16) -> String {
    format!("{:02}:{:02}", at / 60, at % 60)
}

/// Of three weeks around the end of a month, where entries meet and follow each other.
fn any_dated() -> impl Strategy<Value = GivenEntry> {
    let on = || vec(any_dates(), 1..3);
    let within_the_day = any_span().prop_map(|GivenSpan { from, to }| {
        let to = if to > from { to } else { "24:00".to_owned() };
        GivenSpan { from, to }
    });
    prop_oneof![
        2 => (on(), vec(any_span(), 0..3), any::<bool>())
            .prop_map(|(on, windows, also)| GivenEntry::Dated(GivenDated { on, windows, also })),
        1 => (on(), vec(within_the_day, 0..3)).prop_map(|(on, only)| GivenEntry::Only(GivenOnly { on, only })),
    ]
}

fn any_dates() -> impl Strategy<Value = GivenDates> {
    (0_i64..21, 0_i64..4, any::<bool>()).prop_map(|(first, more, range)| {
        let date = |day: i64| (jiff::civil::date(2026, 6, 20) + jiff::Span::new().days(day)).to_string();
        match range {
            true => GivenDates::Range { first: date(first), last: date(first + more) },
            false => GivenDates::Date(date(first)),
        }
    })
}

/// The rules, read for one minute of one date.
mod rules {
    use super::*;

    pub(super) fn covered(given: &[GivenEntry], date: Date, minute: i32) -> bool {
        let eve = date.yesterday().unwrap();
        // A minute is the same one as 24 hours later counted from the midnight before.
        [(date, minute), (eve, minute + 1440)].into_iter().any(|(begin, minute)| {
            let of_the_week = !only_is_said_of(given, date) && !replaced(given, begin);
            given.iter().any(|entry| match entry {
                GivenEntry::Weekly(it) => {
                    let day = it.days.contains(&begin.weekday().into());
                    let month = it.months.as_ref().is_none_or(|months| months.contains(&date.month().into()));
                    of_the_week && day && month && lies_in(&it.from, &it.to, minute)
                }
                GivenEntry::Dated(it) => {
                    names(&it.on, begin) && it.windows.iter().any(|span| lies_in(&span.from, &span.to, minute))
                }
                GivenEntry::Only(it) => {
                    begin == date
                        && names(&it.on, date)
                        && it.only.iter().any(|span| lies_in(&span.from, &span.to, minute))
                }
            })
        })
    }

    fn only_is_said_of(given: &[GivenEntry], date: Date) -> bool {
        given.iter().any(|entry| matches!(entry, GivenEntry::Only(it) if names(&it.on, date)))
    }

    fn replaced(given: &[GivenEntry], date: Date) -> bool {
        given.iter().any(|entry| matches!(entry, GivenEntry::Dated(it) if !it.also && names(&it.on, date)))
    }

    fn names(on: &[GivenDates], date: Date) -> bool {
        // Dates in this form are in the order of their letters.
        let date = date.to_string();
        on.iter().any(|it| match it {
            GivenDates::Date(one) => *one == date,
            GivenDates::Range { first, last } => (first..=last).contains(&&date),
        })
    }

    fn lies_in(from: &str, to: &str, minute: i32) -> bool {
        let minutes = |clock: &str| clock[..2].parse::<i32>().unwrap() * 60 + clock[3..].parse::<i32>().unwrap();
        let (from, to) = (minutes(from), minutes(to));
        (from..if to > from { to } else { to + 1440 }).contains(&minute)
    }
}

/// Around the dates that are drawn, and on into other months.
fn any_date() -> impl Strategy<Value = Date> {
    let day = prop_oneof![3 => 0_i64..28, 1 => 28_i64..800];
    day.prop_map(|day| jiff::civil::date(2026, 6, 18) + jiff::Span::new().days(day))
}

proptest! {
    #[test]
    fn windows_cover_what_the_rules_say(given in any_windows(), dates in vec(any_date(), 6)) {
        let windows = Windows::from_given(&given).unwrap();
        for date in dates {
            for minute in 0..1440 {
                let covered = rules::covered(&given, date, minute);
                prop_assert_eq!(windows.contains(date, minute.try_into().unwrap()), covered, "{} {}", date, minute);
            }
        }
    }

    #[test]
    fn both_are_both_minute_by_minute(a in any_windows(), b in any_windows(), date in any_date(), minute in 0_u16..1440) {
        let (a, b) = (Windows::from_given(&a).unwrap(), Windows::from_given(&b).unwrap());
        let either = a.contains(date, minute) || b.contains(date, minute);
        let each = a.contains(date, minute) && b.contains(date, minute);
        prop_assert_eq!(a.union(&b).contains(date, minute), either);
        prop_assert_eq!(a.intersection(&b).contains(date, minute), each);
    }

    #[test]
    fn windows_are_sorted_and_apart(given in any_windows(), date in any_date()) {
        let windows = Windows::from_given(&given).unwrap();
        let on: Vec<_> = windows.on(date).collect();
        prop_assert!(on.iter().all(|(from, to)| from < to && *to <= 1440));
        prop_assert!(on.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    /// Whatever comes is found, whether a date far away says it or a month.
    #[test]
    fn what_is_ahead_is_what_the_days_say(given in any_windows(), from in any_date()) {
        let windows = Windows::from_given(&given).unwrap();
        let at = |date: Date, minute: u16| date.at(0, 0, 0, 0) + jiff::Span::new().minutes(minute);
        let mut ahead = windows.ahead(from).peekable();
        let mut date = from;
        for _ in 0..800 {
            for (start, end) in windows.on(date) {
                while ahead.next_if(|(_, over)| *over <= at(date, start)).is_some() {}
                let (begun, over) = *ahead.peek().unwrap();
                prop_assert!(begun <= at(date, start) && at(date, end) <= over);
            }
            date = date.tomorrow().unwrap();
        }
        for (begun, over) in windows.ahead(from).take(40) {
            prop_assert!(begun == from.at(0, 0, 0, 0) || !covers(&windows, begun - jiff::Span::new().minutes(1)));
            prop_assert!(covers(&windows, begun) && begun < over);
            prop_assert!(over == jiff::civil::DateTime::MAX || !covers(&windows, over));
        }
    }
}

fn covers(windows: &Windows, at: jiff::civil::DateTime) -> bool {
    windows.contains(at.date(), u16::try_from(at.hour()).unwrap() * 60 + u16::try_from(at.minute()).unwrap())
}

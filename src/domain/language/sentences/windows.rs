//! Windows in words: the weeks first, then the dates on which something else counts.

use super::{in_rows, runs};
use crate::domain::{
    language::{Language, key},
    value::{Day, GivenDates, GivenOnly, GivenSpan, GivenWindow, Windows},
};

impl Language {
    /// `Mon–Fri 21:00–07:00; 24 December 2026: no times`.
    pub(super) fn windows(self, windows: &Windows) -> String {
        if windows.is_empty() {
            return self.text("no-times");
        }
        let week = windows.of_the_week();
        let week = week.iter().map(|window| self.window(window));
        let dates = windows.dates_new_since(&Windows::default());
        self.parts(week.chain(dates.iter().map(|dates| self.on_dates(dates))))
    }

    /// What becomes of the weeks, and which dates come and go: a long list of holidays is not said twice for one more.
    pub(super) fn windows_change(self, from: &Windows, to: &Windows) -> String {
        let (before, after) = (from.of_the_week(), to.of_the_week());
        let weeks = (before != after).then(|| self.became(self.weeks(&before), self.weeks(&after)));
        let told = |key: &str, dates: Vec<GivenOnly>| {
            let dates = (!dates.is_empty()).then(|| self.parts(dates.iter().map(|dates| self.on_dates(dates))));
            dates.map(|dates| self.say(key, &[("entries", dates.into())]))
        };
        let dates = [told("added", to.dates_new_since(from)), told("taken-away", to.dates_gone_since(from))];
        self.parts([weeks].into_iter().chain(dates).flatten())
    }

    fn weeks(self, windows: &[GivenWindow]) -> String {
        match windows {
            [] => self.text("no-times"),
            windows => self.parts(windows.iter().map(|window| self.window(window))),
        }
    }

    fn parts(self, parts: impl Iterator<Item = String>) -> String {
        parts.collect::<Vec<_>>().join(&self.text("between-parts"))
    }

    /// `Sat, Sun 23:00–09:00 in July and August`.
    fn window(self, GivenWindow { days, from, to, months }: &GivenWindow) -> String {
        let days: Vec<Day> = days.iter().copied().collect();
        let (from, to) = (from.as_str().into(), to.as_str().into());
        let window = self.say("window", &[("days", self.short_days(&days).into()), ("from", from), ("to", to)]);
        let Some(months) = months else { return window };
        let months: Vec<i64> = months.iter().copied().collect();
        let in_a_row = |first, last| format!("{}–{}", self.month(first), self.month(last));
        let months = self.listed(in_rows(&months, |it, next| it + 1 == *next, in_a_row, |it| self.month(it)));
        self.say("window-in-months", &[("window", window.into()), ("months", months.into())])
    }

    /// `Mon–Wed, Fri`.
    fn short_days(self, days: &[Day]) -> String {
        if days.len() == Day::ALL.len() {
            return self.text("every-day");
        }
        let in_a_row = |first, last| format!("{}–{}", self.short_day(first), self.short_day(last));
        runs(days, in_a_row, |day| self.short_day(day)).join(&self.text("between-entries"))
    }

    pub(in crate::domain::language) fn month(self, month: i64) -> String {
        self.text(&key("month", &month.to_string()))
    }

    /// `24 December 2026 and 27 December 2026 to 31 December 2026: only 00:00–07:00, 22:00–24:00`.
    fn on_dates(self, GivenOnly { on, only }: &GivenOnly) -> String {
        let dates = ("dates", self.listed(on.iter().map(|dates| self.dates(dates)).collect()).into());
        if only.is_empty() {
            return self.say("on-dates-none", &[dates]);
        }
        let times: Vec<String> = only.iter().map(|GivenSpan { from, to }| format!("{from}–{to}")).collect();
        self.say("on-dates-only", &[dates, ("times", times.join(&self.text("between-entries")).into())])
    }

    fn dates(self, dates: &GivenDates) -> String {
        match dates {
            GivenDates::Date(date) => self.date(date),
            GivenDates::Range { first, last } => {
                self.say("dates-from-to", &[("first", self.date(first).into()), ("last", self.date(last).into())])
            }
        }
    }

    fn date(self, date: &str) -> String {
        let number = |text: &str| text.parse::<i64>().ok();
        let mut parts = date.splitn(3, '-');
        let (year, month, day) = (parts.next(), parts.next().and_then(number), parts.next().and_then(number));
        let (Some(year), Some(month), Some(day)) = (year, month, day) else { return date.to_owned() };
        self.say("date", &[("day", day.into()), ("month", self.month(month).into()), ("year", year.into())])
    }
}

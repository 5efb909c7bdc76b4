//! Values and changes in words: short, plain, and two different values never in the same words.

mod windows;

use std::collections::BTreeSet;

use super::{Language, key, unit_key};
use crate::domain::{
    controls::Control,
    policy::{Change, Hidden},
    value::{Day, DayMinutes, Given, ItemMinutes, Kind, Value},
};

impl Language {
    /// `Daily screen time: 60 → 90 minutes on Tuesday (looser)`.
    pub fn change(self, control: &Control, change: &Change) -> String {
        let (from, to) = (of_kind(control, &change.from), of_kind(control, &change.to));
        let what = match (&from, &to) {
            _ if from == to && change.hidden.is_some() => String::new(),
            _ if from == to => self.value(control, &to),
            (Value::Minutes(from), Value::Minutes(to)) => self.minutes_change(*from, *to),
            (Value::Words(from), Value::Words(to)) if control.kind != Kind::Exceptions => self.entries_change(from, to),
            (Value::Windows(from), Value::Windows(to)) => self.windows_change(from, to),
            _ => self.became(self.value(control, &from), self.value(control, &to)),
        };
        let own = change.hidden.map(|Hidden { from, to }| {
            self.say("own-entries", &[("from", from.to_string().into()), ("to", to.to_string().into())])
        });
        let parts: Vec<String> = [what].into_iter().filter(|what| !what.is_empty()).chain(own).collect();
        let what = parts.join(&self.text("between-parts"));
        let direction = self.direction(change.direction);
        self.say(
            "change",
            &[("control", self.label(control).into()), ("change", what.into()), ("direction", direction.into())],
        )
    }

    /// A value of a control: `friends`, `60 minutes`, `Mon–Fri 21:00–07:00`.
    pub fn value(self, control: &Control, value: &Value) -> String {
        match of_kind(control, value) {
            Value::Choice(choice) => self.text(&key("value", &choice)),
            Value::Flag(yes) => self.flag(control, yes),
            Value::Minutes(minutes) => self.week(|day| minutes.on(day), |minutes| Some(self.minutes(*minutes))),
            Value::Number(number) => self.amount(control, number),
            Value::Words(words) if words.is_empty() => self.text("no-entries"),
            Value::Words(words) if control.kind == Kind::Exceptions && words.contains("*") => self.text("all-entries"),
            Value::Words(words) => self.entries(&words),
            Value::Windows(windows) => self.windows(&windows),
            Value::ItemMinutes(items) if items.iter().len() == 0 => self.text("no-limit"),
            Value::ItemMinutes(items) => self.items(&items),
        }
    }

    fn became(self, from: String, to: String) -> String {
        self.say("from-to", &[("from", from.into()), ("to", to.into())])
    }

    fn flag(self, control: &Control, yes: bool) -> String {
        let family = if control.kind == (Kind::Flag { strict: false }) { "flag-allows" } else { "flag-protects" };
        self.text(&key(family, if yes { "yes" } else { "no" }))
    }

    /// A number in its unit. Where the unit has a word for the greatest, which limits nothing, it is that: `never`.
    fn amount(self, control: &Control, number: u32) -> String {
        let unit = control.unit.as_deref().map(unit_key).unwrap_or_default();
        let greatest = matches!(control.kind, Kind::Number { most, .. } if most == number);
        let most = greatest.then(|| self.own_or_english(&format!("{unit}.most"), &[])).flatten();
        let amount = || self.own_or_english(&format!("{unit}.amount"), &[("count", number.into())]);
        let plain = || self.unit(control).map_or_else(|| number.to_string(), |unit| format!("{number} {unit}"));
        most.or_else(amount).unwrap_or_else(plain)
    }

    fn minutes(self, minutes: u16) -> String {
        match minutes {
            DayMinutes::NO_LIMIT => self.text("no-limit"),
            minutes => self.say("minutes", &[("count", minutes.into())]),
        }
    }

    /// Only the days that differ, and the unit once.
    fn minutes_change(self, from: DayMinutes, to: DayMinutes) -> String {
        let said = |&(from, to): &(u16, u16)| match (from, to) {
            _ if from == to => None,
            (DayMinutes::NO_LIMIT, _) | (_, DayMinutes::NO_LIMIT) => {
                Some(self.became(self.minutes(from), self.minutes(to)))
            }
            _ => Some(self.say("minutes-from-to", &[("from", from.into()), ("count", to.into())])),
        };
        self.week(|day| (from.on(day), to.on(day)), said)
    }

    /// What there is to say about the days of a week, those of one kind together.
    fn week<T: PartialEq>(self, on: impl Fn(Day) -> T, said: impl Fn(&T) -> Option<String>) -> String {
        let mut kinds: Vec<(T, Vec<Day>)> = vec![];
        for day in Day::ALL {
            let found = on(day);
            match kinds.iter_mut().find(|(kind, _)| *kind == found) {
                Some((_, days)) => days.push(day),
                None => kinds.push((found, vec![day])),
            }
        }
        let one_kind = kinds.len() == 1;
        let parts = kinds.iter().filter_map(|(kind, days)| {
            let said = said(kind)?;
            Some(if one_kind { said } else { format!("{said} {}", self.on_days(days)) })
        });
        parts.collect::<Vec<_>>().join(&self.text("between-parts"))
    }

    /// `from Monday to Friday and on Sunday`.
    fn on_days(self, days: &[Day]) -> String {
        let days_from_to = |first: Day, last: Day| {
            self.say("days-from-to", &[("first", self.day(first).into()), ("last", self.day(last).into())])
        };
        self.listed(runs(days, days_from_to, |day| self.on_day(day)))
    }

    /// `a, b and c`.
    fn listed(self, mut pieces: Vec<String>) -> String {
        let last = pieces.pop().unwrap_or_default();
        match pieces.is_empty() {
            true => last,
            false => format!("{}{}{last}", pieces.join(&self.text("between-entries")), self.text("before-last")),
        }
    }

    fn items(self, items: &ItemMinutes) -> String {
        let said = |(item, minutes): (&String, &DayMinutes)| {
            let minutes = self.week(|day| minutes.on(day), |minutes| Some(self.minutes(*minutes)));
            self.say("item-minutes", &[("item", self.entry(item).into()), ("minutes", minutes.into())])
        };
        items.iter().map(said).collect::<Vec<_>>().join(&self.text("between-items"))
    }

    fn entries_change(self, from: &BTreeSet<String>, to: &BTreeSet<String>) -> String {
        let told = |key: &str, entries: BTreeSet<String>| {
            (!entries.is_empty()).then(|| self.say(key, &[("entries", self.entries(&entries).into())]))
        };
        let parts = [told("added", to - from), told("taken-away", from - to)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(&self.text("between-parts"))
    }

    fn entries(self, entries: &BTreeSet<String>) -> String {
        let entries: Vec<String> = entries.iter().map(|entry| self.entry(entry)).collect();
        entries.join(&self.text("between-entries"))
    }

    /// A single word as it is, and everything else in quotes, so that no entry can be mistaken for two, or for what is around it.
    fn entry(self, entry: &str) -> String {
        if entry.chars().all(|c| c.is_alphanumeric() || "#@_-.".contains(c)) {
            return entry.to_owned();
        }
        let (begins, ends) = (self.text("quote-begins"), self.text("quote-ends"));
        format!("{begins}{}{ends}", entry.replace(&ends, &ends.repeat(2)))
    }
}

/// The value as its control's kind has it. A report of the past has values by their form alone, where minutes and other numbers
/// look alike; what the kind does not know at all stays what it is.
fn of_kind(control: &Control, value: &Value) -> Value {
    control.kind.restore(Given::from(value)).unwrap_or_else(|_| value.clone())
}

/// Days in a row, from three on, as one piece; every other day for itself.
fn runs(days: &[Day], row: impl Fn(Day, Day) -> String, single: impl Fn(Day) -> String) -> Vec<String> {
    let tomorrow = |day: &Day, next: &Day| Day::of_minute(day.start() + DayMinutes::NO_LIMIT) == *next;
    in_rows(days, tomorrow, row, single)
}

/// What follows one another, from three on, as one piece; everything else for itself.
fn in_rows<T: Copy>(
    all: &[T],
    follow: impl Fn(&T, &T) -> bool,
    row: impl Fn(T, T) -> String,
    single: impl Fn(T) -> String,
) -> Vec<String> {
    let pieces = all.chunk_by(follow).flat_map(|all| match all {
        [first, _, .., last] => vec![row(*first, *last)],
        few => few.iter().map(|it| single(*it)).collect(),
    });
    pieces.collect()
}

//! What a control can be set to, and the order between settings.
//!
//! Every kind of value is a lattice: of two values there is always one that is exactly as strict as both together
//! ([`Kind::meet`]) and one that is as strict as neither alone ([`Kind::join`]). Merging guardians, the teen's own wish and the law is therefore the same operation everywhere,
//! and "tighter or looser" is computed, never guessed.

mod day;
mod given;
mod items;
mod minutes;
mod windows;
mod words;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;
use utoipa::ToSchema;

pub use self::{
    day::Day,
    given::{
        Given, GivenDated, GivenDates, GivenEntry, GivenItem, GivenMinutes, GivenOnly, GivenSpan, GivenWeek,
        GivenWindow,
    },
    items::ItemMinutes,
    minutes::DayMinutes,
    windows::Windows,
    words::MAX_WORDS,
};
pub(in crate::domain) use self::{
    given::{as_reported, unchecked},
    words::compared,
};
use super::text::TextError;

/// What sort of values a control takes, and which of them are the strict ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// One of a few named values.
    Choice {
        /// The values, from the loosest to the strictest.
        values: Vec<String>,
    },
    /// Yes or no.
    Flag {
        /// The strict answer: `false` for "may go LIVE", `true` for "account is private".
        strict: bool,
    },
    /// Minutes for each day of the week; fewer are stricter.
    Minutes,
    /// A whole number; fewer is stricter.
    Number {
        /// The least, where nothing below means anything; 0 without it.
        #[serde(default, skip_serializing_if = "is_zero")]
        least: u32,
        /// The greatest, which limits nothing.
        most: u32,
    },
    /// A set of words to keep out; a superset is stricter.
    Words,
    /// A set of the platform's own identifiers to keep out, kept letter for letter; a superset is stricter.
    Ids,
    /// Local times, by week, month and date, in which something is off; a superset is stricter.
    Windows,
    /// Minutes for each day of the week for single items of use; fewer are stricter, item by item.
    ItemMinutes,
    /// A set of items that a limit does not concern; a subset is stricter, and `*` is everything.
    Exceptions,
}

/// A checked value of some [`Kind`]. Its JSON form is that of [`Given`], in the one canonical way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Of [`Kind::Choice`].
    Choice(String),
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Minutes`].
    Minutes(DayMinutes),
    /// Of [`Kind::Number`].
    Number(u32),
    /// Of [`Kind::Words`], [`Kind::Ids`] and [`Kind::Exceptions`].
    Words(BTreeSet<String>),
    /// Of [`Kind::Windows`].
    Windows(Windows),
    /// Of [`Kind::ItemMinutes`].
    ItemMinutes(ItemMinutes),
}

/// Where a change leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Something more is limited and nothing less.
    Tighter,
    /// Something less is limited and nothing more.
    Looser,
    /// Something more and something else less.
    Mixed,
    /// Nothing changes.
    Same,
}

/// Why a given value was refused. The words are for whoever sent it and never repeat what they sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueError {
    /// Another JSON shape than the kind has.
    #[error("must be {expected}")]
    Shape {
        /// The shape in words.
        expected: &'static str,
    },
    /// Not among the control's values.
    #[error("must be one of: {}", allowed.join(", "))]
    NotAllowed {
        /// All that would be accepted, from loose to strict.
        allowed: Vec<String>,
    },
    /// Minutes of a day outside 0..=1440.
    #[error("must be between 0 and 1440 minutes a day")]
    MinutesRange,
    /// Beyond what the control can be set to.
    #[error("must be a whole number from {least} to {most}")]
    NumberRange {
        /// The least that would be accepted.
        least: u32,
        /// The greatest that would be accepted.
        most: u32,
    },
    /// A time that is not `HH:MM`.
    #[error("must have times from 00:00 to 23:59, or 24:00 as an end")]
    WindowTime,
    /// A window without a day never happens.
    #[error("must name at least one day in every window")]
    WindowDays,
    /// A month that is none, or none at all where a window has months.
    #[error("must name months from 1 to 12, at least one, in every window that has months")]
    WindowMonths,
    /// A date that is not `YYYY-MM-DD`, or of another time.
    #[error("must have dates as YYYY-MM-DD, of the years 2000 to 2200")]
    WindowDate,
    /// Dates that name no day, or too many in a row.
    #[error("must name a date in every entry that has dates, and ranges of 1 to {} days", windows::MAX_RANGE)]
    WindowDates,
    /// Under `only`, a time that does not end on the day on which it begins.
    #[error("must have times that end later on the same day, up to 24:00, under only")]
    WindowOverMidnight,
    /// More windows than a person can oversee.
    #[error("must have at most {} windows", windows::MAX_WINDOWS)]
    TooManyWindows,
    /// More dates than a person can oversee. What begins on a date, or does not, can change the next one too.
    #[error("must come to at most {} dates when it is written", windows::MAX_DATES)]
    TooManyDates,
    /// More items than a person can oversee.
    #[error("must have at most {} items", items::MAX_ITEMS)]
    TooManyItems,
    /// Two limits for one item.
    #[error("must name each item once")]
    ItemTwice,
    /// More words than a device should match against every text.
    #[error("must have at most {} entries", words::MAX_WORDS)]
    TooManyWords,
    /// One of the words is not acceptable.
    #[error("every entry {0}")]
    Word(TextError),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Kind {
    /// Checks what a client sent, with every limit on size.
    pub fn parse(&self, given: Given) -> Result<Value, ValueError> {
        given.within_limits()?;
        let value = self.restore(given)?;
        // Merging windows may split them: what is accepted can also be sent back as it is rendered.
        Given::from(&value).within_limits()?;
        Ok(value)
    }

    /// Checks what this house wrote itself. Without limits on size: the `meet` of two guardians' lists may exceed what
    /// one of them may send, and a limit that is lowered later must not make old rows unreadable.
    pub fn restore(&self, given: Given) -> Result<Value, ValueError> {
        match (self, given) {
            (Self::Choice { values }, Given::Text(text)) => {
                if values.contains(&text) {
                    Ok(Value::Choice(text))
                } else {
                    Err(ValueError::NotAllowed { allowed: values.clone() })
                }
            }
            (Self::Flag { .. }, Given::Flag(flag)) => Ok(Value::Flag(flag)),
            (Self::Minutes, Given::Number(minutes)) => DayMinutes::every_day(minutes).map(Value::Minutes),
            (Self::Minutes, Given::Week(week)) => DayMinutes::from_week(week).map(Value::Minutes),
            (Self::Number { least, most }, Given::Number(number)) => u32::try_from(number)
                .ok()
                .filter(|number| (least..=most).contains(&number))
                .map(Value::Number)
                .ok_or(ValueError::NumberRange { least: *least, most: *most }),
            (Self::Words | Self::Ids | Self::Exceptions, Given::Empty) => Ok(Value::Words(BTreeSet::new())),
            (Self::Exceptions, Given::Words(given)) => words::ids(&given).map(items::exceptions).map(Value::Words),
            (Self::ItemMinutes, Given::Empty) => Ok(Value::ItemMinutes(ItemMinutes::default())),
            (Self::ItemMinutes, Given::Items(given)) => ItemMinutes::from_given(given).map(Value::ItemMinutes),
            (Self::Words, Given::Words(given)) => words::words(&given).map(Value::Words),
            (Self::Ids, Given::Words(given)) => words::ids(&given).map(Value::Words),
            (Self::Windows, Given::Empty) => Ok(Value::Windows(Windows::default())),
            (Self::Windows, Given::Windows(given)) => Windows::from_given(&given).map(Value::Windows),
            _ => Err(ValueError::Shape { expected: self.shape() }),
        }
    }

    /// The value that is exactly as strict as both together.
    ///
    /// Total: where one of the two is not a value of this kind, it has no say and the other is the answer.
    pub fn meet(&self, a: &Value, b: &Value) -> Value {
        match (self, a, b) {
            (Self::Choice { .. }, Value::Choice(x), Value::Choice(y)) => {
                if self.rank(x) >= self.rank(y) {
                    a.clone()
                } else {
                    b.clone()
                }
            }
            (Self::Flag { strict }, Value::Flag(x), Value::Flag(y)) => {
                Value::Flag(if x == strict || y == strict { *strict } else { !strict })
            }
            (Self::Minutes, Value::Minutes(x), Value::Minutes(y)) => Value::Minutes(x.fewer(*y)),
            (Self::Number { .. }, Value::Number(x), Value::Number(y)) => Value::Number(*x.min(y)),
            (Self::Words | Self::Ids, Value::Words(x), Value::Words(y)) => Value::Words(x | y),
            (Self::Windows, Value::Windows(x), Value::Windows(y)) => Value::Windows(x.union(y)),
            (Self::ItemMinutes, Value::ItemMinutes(x), Value::ItemMinutes(y)) => Value::ItemMinutes(x.fewer(y)),
            (Self::Exceptions, Value::Words(x), Value::Words(y)) => Value::Words(items::common(x, y)),
            _ if self.holds(a) => a.clone(),
            _ => b.clone(),
        }
    }

    /// The strictest value that limits only what both limit: what is left when one of them gives way to the other.
    ///
    /// The other half of the lattice, total in the same way as [`Self::meet`].
    pub fn join(&self, a: &Value, b: &Value) -> Value {
        match (self, a, b) {
            (Self::Choice { .. }, Value::Choice(x), Value::Choice(y)) => {
                if self.rank(x) <= self.rank(y) {
                    a.clone()
                } else {
                    b.clone()
                }
            }
            (Self::Flag { strict }, Value::Flag(x), Value::Flag(y)) => {
                Value::Flag(if x == strict && y == strict { *strict } else { !strict })
            }
            (Self::Minutes, Value::Minutes(x), Value::Minutes(y)) => Value::Minutes(x.more(*y)),
            (Self::Number { .. }, Value::Number(x), Value::Number(y)) => Value::Number(*x.max(y)),
            (Self::Words | Self::Ids, Value::Words(x), Value::Words(y)) => Value::Words(x & y),
            (Self::Windows, Value::Windows(x), Value::Windows(y)) => Value::Windows(x.intersection(y)),
            (Self::ItemMinutes, Value::ItemMinutes(x), Value::ItemMinutes(y)) => Value::ItemMinutes(x.more(y)),
            (Self::Exceptions, Value::Words(x), Value::Words(y)) => Value::Words(items::exceptions(x | y)),
            _ if self.holds(a) => a.clone(),
            _ => b.clone(),
        }
    }

    /// The value that limits nothing.
    pub fn loosest(&self) -> Value {
        match self {
            Self::Choice { values } => Value::Choice(values.first().cloned().unwrap_or_default()),
            Self::Flag { strict } => Value::Flag(!strict),
            Self::Minutes => Value::Minutes(DayMinutes::UNLIMITED),
            Self::Number { most, .. } => Value::Number(*most),
            Self::Words | Self::Ids => Value::Words(BTreeSet::new()),
            Self::Windows => Value::Windows(Windows::default()),
            Self::ItemMinutes => Value::ItemMinutes(ItemMinutes::default()),
            Self::Exceptions => Value::Words(items::everything()),
        }
    }

    /// Where a change from one value to another leads.
    pub fn direction(&self, from: &Value, to: &Value) -> Direction {
        let both = self.meet(from, to);
        match (both == *from, both == *to) {
            (true, true) => Direction::Same,
            (false, true) => Direction::Tighter,
            (true, false) => Direction::Looser,
            (false, false) => Direction::Mixed,
        }
    }

    /// Whether `a` limits everything that `bound` limits.
    pub fn at_least_as_strict(&self, a: &Value, bound: &Value) -> bool {
        match (self, a, bound) {
            // Asked far more often than anything else, and a list costs most to merge.
            (Self::Words | Self::Ids, Value::Words(a), Value::Words(bound)) => a.is_superset(bound),
            _ => self.meet(a, bound) == *a,
        }
    }

    /// Whether this is a value of this kind.
    pub fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Choice { values }, Value::Choice(text)) => values.contains(text),
            (Self::Flag { .. }, Value::Flag(_))
            | (Self::Minutes, Value::Minutes(_))
            | (Self::Number { .. }, Value::Number(_))
            | (Self::Words | Self::Ids | Self::Exceptions, Value::Words(_))
            | (Self::ItemMinutes, Value::ItemMinutes(_))
            | (Self::Windows, Value::Windows(_)) => true,
            _ => false,
        }
    }

    /// How far along the list a choice stands; an unknown one is the loosest.
    pub fn rank(&self, choice: &str) -> Option<usize> {
        match self {
            Self::Choice { values } => values.iter().position(|value| value == choice),
            _ => None,
        }
    }

    /// The JSON shape in words.
    const fn shape(&self) -> &'static str {
        match self {
            Self::Choice { .. } => "a string",
            Self::Flag { .. } => "true or false",
            Self::Minutes => "a whole number of minutes, or an object with one for each of mon to sun",
            Self::Number { .. } => "a whole number",
            Self::Words | Self::Ids | Self::Exceptions => "a list of strings",
            Self::ItemMinutes => "a list of items with item and minutes",
            Self::Windows => "a list of windows with days, from and to, or with dates and what is on them",
        }
    }
}

impl Direction {
    /// The direction of two changes taken together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Same, it) | (it, Self::Same) => it,
            (a, b) if a == b => a,
            _ => Self::Mixed,
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Given::from(self).serialize(serializer)
    }
}

//! The JSON forms of a value: what a request or a stored row may hold, and nothing else.
//!
//! Written by hand instead of derived as untagged: an untagged enum buffers whatever comes and answers only "matched
//! nothing", and a derived struct also reads a bare list as its fields. Here every form is recognised by its first
//! token, a second `"from"` in one window is an error, and nothing nests deeper than the times of a dated window.

mod entries;
mod items;
mod windows;

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{AnyOfBuilder, ArrayBuilder},
    },
};

use self::entries::Entry;
pub use self::{
    items::{GivenItem, GivenMinutes},
    windows::{GivenDated, GivenDates, GivenEntry, GivenOnly, GivenSpan, GivenWindow},
};
use super::{
    DayMinutes, Kind, MAX_WORDS, Value, ValueError,
    items::MAX_ITEMS,
    windows::{MAX_DATES, MAX_WINDOWS, named_dates},
};

/// A value as JSON has it, not yet judged by a [`Kind`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Given {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    Text(String),
    /// `[]`, which no kind of list can claim for itself.
    #[serde(serialize_with = "empty_list")]
    Empty,
    /// A list of strings.
    Words(Vec<String>),
    /// A list of windows.
    Windows(Vec<GivenEntry>),
    /// Numbers for all seven days.
    Week(GivenWeek),
    /// A list of items with their minutes.
    Items(Vec<GivenItem>),
}

/// Minutes for each day, all seven required.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GivenWeek {
    pub mon: i64,
    pub tue: i64,
    pub wed: i64,
    pub thu: i64,
    pub fri: i64,
    pub sat: i64,
    pub sun: i64,
}

impl Given {
    /// Refuses lists that are longer than a client may send.
    pub(super) fn within_limits(&self) -> Result<(), ValueError> {
        match self {
            Self::Words(words) if words.len() > MAX_WORDS => Err(ValueError::TooManyWords),
            Self::Windows(entries) if entries.iter().map(GivenEntry::windows).sum::<usize>() > MAX_WINDOWS => {
                Err(ValueError::TooManyWindows)
            }
            Self::Windows(entries) if entries.iter().map(named_dates).sum::<usize>() > MAX_DATES => {
                Err(ValueError::TooManyDates)
            }
            Self::Items(items) if items.len() > MAX_ITEMS => Err(ValueError::TooManyItems),
            _ => Ok(()),
        }
    }
}

impl From<&Value> for Given {
    fn from(value: &Value) -> Self {
        match value {
            Value::Choice(text) => Self::Text(text.clone()),
            Value::Flag(flag) => Self::Flag(*flag),
            Value::Minutes(minutes) => match GivenMinutes::from(*minutes) {
                GivenMinutes::EveryDay(minutes) => Self::Number(minutes),
                GivenMinutes::Week(week) => Self::Week(week),
            },
            Value::Number(number) => Self::Number((*number).into()),
            Value::Words(words) if words.is_empty() => Self::Empty,
            Value::Words(words) => Self::Words(words.iter().cloned().collect()),
            Value::Windows(windows) if windows.is_empty() => Self::Empty,
            Value::Windows(windows) => Self::Windows(windows.to_given()),
            Value::ItemMinutes(items) if items.iter().len() == 0 => Self::Empty,
            Value::ItemMinutes(items) => Self::Items(items.to_given()),
        }
    }
}

/// Reads a value from a report (a notice, a row of the history) by its form alone, for showing it again.
///
/// A report outlives the control that it speaks of, so no [`Kind`] may be left to ask. Nothing may be *set* to what came
/// this way: that takes [`Kind::parse`].
pub(in crate::domain) fn as_reported<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    unchecked(Given::deserialize(deserializer)?).map_err(Error::custom)
}

/// The value that JSON has the form of, where there is no control to ask.
pub(in crate::domain) fn unchecked(given: Given) -> Result<Value, ValueError> {
    match given {
        Given::Text(text) => Ok(Value::Choice(text)),
        Given::Flag(flag) => Ok(Value::Flag(flag)),
        Given::Empty => Ok(Value::Words(BTreeSet::new())),
        Given::Words(words) => Ok(Value::Words(words.into_iter().collect())),
        // Minutes and other numbers look alike, and are written alike again.
        Given::Number(number) => match DayMinutes::every_day(number) {
            Ok(minutes) => Ok(Value::Minutes(minutes)),
            Err(_) => Kind::Number { least: 0, most: u32::MAX }.restore(given),
        },
        given @ Given::Week(_) => Kind::Minutes.restore(given),
        given @ Given::Windows(_) => Kind::Windows.restore(given),
        given @ Given::Items(_) => Kind::ItemMinutes.restore(given),
    }
}

impl GivenMinutes {
    pub(super) fn checked(self) -> Result<DayMinutes, ValueError> {
        match self {
            Self::EveryDay(minutes) => DayMinutes::every_day(minutes),
            Self::Week(week) => DayMinutes::from_week(week),
        }
    }
}

fn empty_list<S: serde::Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq([(); 0])
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false, a whole number, a string, a list of strings, windows or items, or minutes by day")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Given, E> {
        Ok(Given::Flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Given, E> {
        Ok(Given::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Given, E> {
        i64::try_from(number).map(Given::Number).map_err(|_| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Given, E> {
        Ok(Given::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Given, A::Error> {
        GivenWeek::deserialize(MapAccessDeserializer::new(map)).map(Given::Week)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Given, A::Error> {
        match list.next_element()? {
            None => Ok(Given::Empty),
            Some(Entry::Word(word)) => {
                let mut words = vec![word];
                while let Some(next) = list.next_element()? {
                    words.push(next);
                }
                Ok(Given::Words(words))
            }
            Some(Entry::Window(window)) => {
                let mut windows = vec![window];
                while let Some(next) = list.next_element()? {
                    let Entry::Window(next) = next else { return Err(mixed()) };
                    windows.push(next);
                }
                Ok(Given::Windows(windows))
            }
            Some(Entry::Item(item)) => {
                let mut items = vec![item];
                while let Some(next) = list.next_element()? {
                    let Entry::Item(next) = next else { return Err(mixed()) };
                    items.push(next);
                }
                Ok(Given::Items(items))
            }
        }
    }
}

fn mixed<E: Error>() -> E {
    E::custom("a list has entries of one sort")
}

impl PartialSchema for Given {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .item(bool::schema())
            .item(i64::schema())
            .item(String::schema())
            .item(Vec::<String>::schema())
            .item(ArrayBuilder::new().items(GivenEntry::schema()))
            .item(GivenWeek::schema())
            .item(Vec::<GivenItem>::schema())
            .description(Some(
                "The value of a control; its kind says which form it takes. Flag: true or false. Choice: one of the \
                 control's values. Minutes: 0 to 1440 for every day (1440 is no limit), or an object with all seven \
                 days. Words: at most 200 strings of 1 to 64 characters. Windows: at most 50 and at most 400 dates, in \
                 local time: of the week, of the week in some months, or of dates. On a date `windows` begin in place \
                 of the week's, with `also` beside them; `only` is how a date is written, from midnight to midnight. \
                 Items: at most 100, each with minutes.",
            ))
            .examples([
                serde_json::json!(60),
                serde_json::json!("friends"),
                serde_json::json!(false),
                serde_json::json!(["casino"]),
                serde_json::json!([{"days": ["sun", "mon"], "from": "22:00", "to": "07:00"}]),
                serde_json::json!([
                    {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "13:00"},
                    {"days": ["sat", "sun"], "from": "23:00", "to": "09:00", "months": [7, 8]},
                    {"on": [{"first": "2026-12-23", "last": "2027-01-06"}], "windows": []},
                    {"on": ["2026-07-14"], "windows": [{"from": "16:00", "to": "18:00"}], "also": true},
                ]),
                serde_json::json!([{"on": ["2026-12-24"], "only": [{"from": "00:00", "to": "07:00"}]}]),
                serde_json::json!([{"item": "games", "minutes": 30}]),
                serde_json::json!({"mon": 60, "tue": 60, "wed": 60, "thu": 60, "fri": 90, "sat": 120, "sun": 120}),
            ])
            .into()
    }
}

impl ToSchema for Given {
    fn name() -> Cow<'static, str> {
        "ControlValue".into()
    }
}

/// The same as that of [`Given`].
///
/// A derived schema takes any type *called* `Value` for arbitrary JSON: fields of this type need
/// `#[schema(value_type = Given)]`.
impl PartialSchema for Value {
    fn schema() -> RefOr<Schema> {
        Given::schema()
    }
}

impl ToSchema for Value {
    fn name() -> Cow<'static, str> {
        Given::name()
    }
}

//! The JSON forms of a value: what a request or a stored row may hold, and nothing else.
//!
//! Written by hand instead of derived as untagged: an untagged enum buffers whatever comes and answers only "matched
//! nothing", and a derived struct also reads a bare list as its fields. Here every form is recognised by its first
//! token, a second `"from"` in one window is an error, and nothing nests deeper than a list of windows.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::AnyOfBuilder},
};

use super::{Day, DayMinutes, Kind, MAX_WORDS, Value, ValueError, items::MAX_ITEMS, windows::MAX_WINDOWS};

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
    Windows(Vec<GivenWindow>),
    /// Numbers for all seven days.
    Week(GivenWeek),
    /// A list of items with their minutes.
    Items(Vec<GivenItem>),
}

/// A window of local time in the teen's home zone, repeated on each of its days, to the minute.
///
/// Where `to` is not after `from`, it is on the next day; equal times are 24 hours. The days are those of `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenWindow {
    /// The days on which it begins; at least one.
    #[schema(inline)]
    pub days: BTreeSet<Day>,
    /// `HH:MM`, 00:00 to 23:59.
    #[schema(example = "22:00")]
    pub from: String,
    /// `HH:MM`, 00:00 to 24:00; the first minute after the window.
    #[schema(example = "07:00")]
    pub to: String,
}

/// Minutes of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GivenItem {
    /// An app, a category or a feature, and all its parts: 1–64 printable ASCII characters without blanks.
    #[schema(example = "games")]
    pub item: String,
    /// For every day, or for each; 1440 is no limit.
    #[schema(inline)]
    pub minutes: GivenMinutes,
}

/// Minutes for every day, or for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GivenMinutes {
    /// The same every day.
    EveryDay(i64),
    /// Each day its own.
    Week(GivenWeek),
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
            Self::Windows(windows) if windows.len() > MAX_WINDOWS => Err(ValueError::TooManyWindows),
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
            Value::Windows(windows) if windows.intervals().is_empty() => Self::Empty,
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

impl From<DayMinutes> for GivenMinutes {
    fn from(minutes: DayMinutes) -> Self {
        let [mon, tue, wed, thu, fri, sat, sun] = Day::ALL.map(|day| i64::from(minutes.on(day)));
        let week = || Self::Week(GivenWeek { mon, tue, wed, thu, fri, sat, sun });
        minutes.same_every_day().map_or_else(week, |minutes| Self::EveryDay(minutes.into()))
    }
}

impl<'de> Deserialize<'de> for GivenMinutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Given::deserialize(deserializer)? {
            Given::Number(minutes) => Ok(Self::EveryDay(minutes)),
            Given::Week(week) => Ok(Self::Week(week)),
            _ => Err(Error::custom("minutes are a number, or one for each day")),
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

/// The first thing in a list decides what the list is.
enum Entry {
    Word(String),
    Window(GivenWindow),
    Item(GivenItem),
}

fn mixed<E: Error>() -> E {
    E::custom("a list has entries of one sort")
}

/// The fields of a window and of an item: which of them are there says what it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    days: Option<BTreeSet<Day>>,
    from: Option<String>,
    to: Option<String>,
    item: Option<String>,
    minutes: Option<GivenMinutes>,
}

impl Fields {
    fn entry<E: Error>(self) -> Result<Entry, E> {
        match self {
            Self { days: Some(days), from: Some(from), to: Some(to), item: None, minutes: None } => {
                Ok(Entry::Window(GivenWindow { days, from, to }))
            }
            Self { days: None, from: None, to: None, item: Some(item), minutes: Some(minutes) } => {
                Ok(Entry::Item(GivenItem { item, minutes }))
            }
            _ => Err(E::custom("an entry has days, from and to, or item and minutes")),
        }
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a window or an item")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Entry, E> {
        Ok(Entry::Word(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Entry, A::Error> {
        Fields::deserialize(MapAccessDeserializer::new(map))?.entry()
    }
}

impl PartialSchema for GivenMinutes {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new().item(i64::schema()).item(GivenWeek::schema()).into()
    }
}

impl ToSchema for GivenMinutes {}

impl PartialSchema for Given {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new()
            .item(bool::schema())
            .item(i64::schema())
            .item(String::schema())
            .item(Vec::<String>::schema())
            .item(Vec::<GivenWindow>::schema())
            .item(GivenWeek::schema())
            .item(Vec::<GivenItem>::schema())
            .description(Some(
                "The value of a control; its kind says which form it takes. Flag: true or false. Choice: one of the \
                 control's values. Minutes: 0 to 1440 for every day (1440 is no limit), or an object with all seven \
                 days. Words: at most 200 strings of 1 to 64 characters. Windows: at most 50, in local time. Items: at \
                 most 100, each with minutes.",
            ))
            .examples([
                serde_json::json!(60),
                serde_json::json!("friends"),
                serde_json::json!(false),
                serde_json::json!(["casino"]),
                serde_json::json!([{"days": ["sun", "mon"], "from": "22:00", "to": "07:00"}]),
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

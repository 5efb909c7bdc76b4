//! What stands in a list: words, windows or items.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    super::Day, GivenDated, GivenDates, GivenEntry, GivenItem, GivenMinutes, GivenOnly, GivenSpan, GivenWindow,
};

/// The first thing in a list decides what the list is.
pub(super) enum Entry {
    Word(String),
    Window(GivenEntry),
    Item(GivenItem),
}

/// The fields of windows and of items: which of them are there says what it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(default, deserialize_with = "present")]
    days: Option<BTreeSet<Day>>,
    #[serde(default, deserialize_with = "present")]
    from: Option<String>,
    #[serde(default, deserialize_with = "present")]
    to: Option<String>,
    #[serde(default, deserialize_with = "present")]
    months: Option<BTreeSet<i64>>,
    #[serde(default, deserialize_with = "present")]
    on: Option<Vec<GivenDates>>,
    #[serde(default, deserialize_with = "present")]
    windows: Option<Vec<GivenSpan>>,
    #[serde(default, deserialize_with = "present")]
    also: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    only: Option<Vec<GivenSpan>>,
    #[serde(default, deserialize_with = "present")]
    item: Option<String>,
    #[serde(default, deserialize_with = "present")]
    minutes: Option<GivenMinutes>,
}

/// `null` is no way to leave a field out.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Fields {
    fn entry<E: Error>(self) -> Result<Entry, E> {
        let Self { days, from, to, months, on, windows, also, only, item, minutes } = self;
        let window = |entry| Ok(Entry::Window(entry));
        match ((days, from, to, months), (on, windows, also, only), (item, minutes)) {
            ((Some(days), Some(from), Some(to), months), (None, None, None, None), (None, None)) => {
                window(GivenEntry::Weekly(GivenWindow { days, from, to, months }))
            }
            ((None, None, None, None), (Some(on), Some(windows), also, None), (None, None)) => {
                window(GivenEntry::Dated(GivenDated { on, windows, also: also.unwrap_or_default() }))
            }
            ((None, None, None, None), (Some(on), None, None, Some(only)), (None, None)) => {
                window(GivenEntry::Only(GivenOnly { on, only }))
            }
            ((None, None, None, None), (None, None, None, None), (Some(item), Some(minutes))) => {
                Ok(Entry::Item(GivenItem { item, minutes }))
            }
            _ => Err(E::custom("an entry has days, from and to, or on with windows or only, or item and minutes")),
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

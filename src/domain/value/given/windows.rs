//! The JSON forms of windows: entries for the week, and for dates.

use std::{borrow::Cow, collections::BTreeSet, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{AnyOfBuilder, Type},
    },
};

use super::super::Day;

/// An entry of a list of windows. All of them together cover what any of them covers, but for what dates take away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GivenEntry {
    /// Every week, or in the weeks of some months.
    Weekly(GivenWindow),
    /// What begins on dates.
    Dated(GivenDated),
    /// What counts on dates.
    Only(GivenOnly),
}

/// A window of local time in the teen's home zone, repeated on each of its days, to the minute.
///
/// Where `to` is not after `from`, it is on the next day; equal times are 24 hours. The days are those of `from`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
    /// The months, 1 to 12, on whose calendar days its minutes count; at least one. All months where it is left out. A night
    /// over the end of the last month ends at midnight, and the early hours of the first month's first day belong to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = json!([7, 8]))]
    pub months: Option<BTreeSet<i64>>,
}

/// Windows that begin on some dates: in place of the weekly ones, or also.
///
/// In place means that no window of the week begins on these dates, so what such a window would cover on the next day is gone too.
/// No windows at all are a free day. Several entries that name one date add up; the weekly ones stay only if all of them say `also`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GivenDated {
    /// The dates; at least one.
    #[schema(inline)]
    pub on: Vec<GivenDates>,
    /// What begins on each of them. Where `to` is not after `from`, it is on the next day.
    #[schema(inline)]
    pub windows: Vec<GivenSpan>,
    /// Whether the windows of the week begin too.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    pub also: bool,
}

/// The minutes that count on some dates, from midnight to midnight, whatever the week says.
///
/// What other entries say of these dates and of those before is added. The form in which values are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GivenOnly {
    /// The dates; at least one.
    #[schema(inline)]
    pub on: Vec<GivenDates>,
    /// The minutes; `to` is after `from`, at most 24:00. None for a free day.
    #[schema(inline)]
    pub only: Vec<GivenSpan>,
}

/// A time of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GivenSpan {
    /// `HH:MM`, 00:00 to 23:59.
    #[schema(example = "10:00")]
    pub from: String,
    /// `HH:MM`, 00:00 to 24:00; the first minute after.
    #[schema(example = "12:00")]
    pub to: String,
}

/// A date or some in a row, of the years 2000 to 2200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum GivenDates {
    /// `YYYY-MM-DD`.
    Date(String),
    /// At most 100 days.
    Range {
        /// `YYYY-MM-DD`.
        first: String,
        /// `YYYY-MM-DD`, not before `first`; the last date of the range.
        last: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl GivenEntry {
    /// How many windows it counts for.
    pub(super) const fn windows(&self) -> usize {
        match self {
            Self::Weekly(_) => 1,
            Self::Dated(GivenDated { windows, .. }) => windows.len(),
            Self::Only(GivenOnly { only, .. }) => only.len(),
        }
    }
}

impl<'de> Deserialize<'de> for GivenSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Span {
            from: String,
            to: String,
        }
        let Span { from, to } = deserializer.deserialize_map(Object(PhantomData))?;
        Ok(Self { from, to })
    }
}

/// A derived struct would also read a bare list as its fields.
struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<'de> Deserialize<'de> for GivenDates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DatesVisitor)
    }
}

struct DatesVisitor;

impl<'de> Visitor<'de> for DatesVisitor {
    type Value = GivenDates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date or a range of dates")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<GivenDates, E> {
        Ok(GivenDates::Date(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<GivenDates, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Range {
            first: String,
            last: String,
        }
        let Range { first, last } = Range::deserialize(MapAccessDeserializer::new(map))?;
        Ok(GivenDates::Range { first, last })
    }
}

impl PartialSchema for GivenEntry {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new().item(GivenWindow::schema()).item(GivenDated::schema()).item(GivenOnly::schema()).into()
    }
}

impl ToSchema for GivenEntry {
    fn name() -> Cow<'static, str> {
        "WindowEntry".into()
    }
}

impl PartialSchema for GivenDates {
    fn schema() -> RefOr<Schema> {
        let date = || {
            let format = SchemaFormat::KnownFormat(KnownFormat::Date);
            ObjectBuilder::new().schema_type(Type::String).format(Some(format)).examples(["2026-12-24"])
        };
        let range = ObjectBuilder::new()
            .property("first", date())
            .property("last", date().description(Some("Not before `first`; the last date of the range.")))
            .required("first")
            .required("last");
        AnyOfBuilder::new()
            .item(date())
            .item(range)
            .description(Some("A date, or a range of at most 100 days, of the years 2000 to 2200."))
            .into()
    }
}

impl ToSchema for GivenDates {
    fn name() -> Cow<'static, str> {
        "WindowDates".into()
    }
}

//! The JSON forms of minutes of single items.

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::AnyOfBuilder},
};

use super::{
    super::{Day, DayMinutes},
    Given, GivenWeek,
};

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

impl PartialSchema for GivenMinutes {
    fn schema() -> RefOr<Schema> {
        AnyOfBuilder::new().item(i64::schema()).item(GivenWeek::schema()).into()
    }
}

impl ToSchema for GivenMinutes {}

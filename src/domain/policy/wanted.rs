//! The controls that a request wants changed.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, Ref, RefOr, Schema, Type, schema::AnyOfBuilder},
};

use crate::domain::{controls::ControlId, value::Given};

/// What a request wants, per control; `None` takes back what was set.
///
/// In JSON an object of values and nulls. A control that is named twice is refused: two readers could disagree on which
/// of the two counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Wanted(pub BTreeMap<ControlId, Option<Given>>);

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WantedVisitor)
    }
}

struct WantedVisitor;

impl<'de> Visitor<'de> for WantedVisitor {
    type Value = Wanted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a value or null for each control to change")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Wanted, A::Error> {
        let mut wanted = BTreeMap::new();
        while let Some((control, given)) = entries.next_entry()? {
            if wanted.insert(control, given).is_some() {
                return Err(A::Error::custom("a control is named twice"));
            }
        }
        Ok(Wanted(wanted))
    }
}

/// By hand, as a derived schema of a map has no nullable values.
impl PartialSchema for Wanted {
    fn schema() -> RefOr<Schema> {
        let null = ObjectBuilder::new().schema_type(Type::Null).description(Some("Back to the default."));
        let given = Ref::from_schema_name(Given::name());
        ObjectBuilder::new()
            .additional_properties(Some(Schema::AnyOf(AnyOfBuilder::new().item(given).item(null).build())))
            .description(Some("The controls to change, by id."))
            .examples([serde_json::json!({"time.daily_minutes": 90, "search.enabled": null})])
            .into()
    }
}

impl ToSchema for Wanted {
    fn name() -> Cow<'static, str> {
        "WantedSettings".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Given::name().into(), Given::schema()));
    }
}

//! What an approved set of rules did, counted from what was written: whoever computed it, on whichever node.

use std::collections::BTreeMap;

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text, Timestamptz},
};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;

use super::{Directions, patient};
use crate::{
    domain::{controls::ControlId, value::Direction},
    store::{Store, StoreError, policies::RevisionKind},
};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    control: String,
    #[diesel(sql_type = Text)]
    direction: String,
    #[diesel(sql_type = BigInt)]
    policies: i64,
}

impl Store {
    /// How many policies the law has tightened and loosened since an instant of the database's clock, by control.
    pub async fn changed_by_law(&self, since: Timestamp) -> Result<BTreeMap<ControlId, Directions>, StoreError> {
        let rows = self
            .write(move |conn, _| {
                async move {
                    patient(conn).await?;
                    #[expect(clippy::disallowed_methods, reason = "counts inside of a JSON column; every value is a bind parameter")]
                    let query = diesel::sql_query(
                        "select change ->> 'control' as control, change ->> 'direction' as direction, count(*) as policies \
                         from policy_revisions, jsonb_array_elements(changes) change \
                         where recorded_at > $1 and kind = $2 group by 1, 2",
                    );
                    let query = query.bind::<Timestamptz, _>(since.to_diesel()).bind::<Text, _>(RevisionKind::Law.as_str());
                    Ok(query.load::<Row>(conn).await?)
                }
                .boxed()
            })
            .await?;
        let mut controls: BTreeMap<ControlId, Directions> = BTreeMap::new();
        for Row { control, direction, policies } in rows {
            let direction: Direction = serde_json::from_value(direction.into())?;
            let policies = u64::try_from(policies).unwrap_or_default();
            controls.entry(control.into()).or_default().count(direction, policies);
        }
        Ok(controls)
    }
}

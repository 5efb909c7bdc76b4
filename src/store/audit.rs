//! Who did what to whom. Rows are only ever added; a trigger refuses the rest. No personal data: ids and words only.

use diesel::ExpressionMethods;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{StoreError, Tools, schema::audit};
use crate::domain::ids::{AccountId, TeenId};

/// One thing that was done.
pub(crate) struct Deed {
    pub(crate) actor: Option<AccountId>,
    pub(crate) action: &'static str,
    pub(crate) teen: Option<TeenId>,
    pub(crate) subject: Option<Uuid>,
    pub(crate) detail: Value,
}

impl Deed {
    pub(crate) fn new(actor: AccountId, action: &'static str) -> Self {
        Self { actor: Some(actor), action, teen: None, subject: None, detail: json!({}) }
    }

    pub(crate) fn teen(self, teen: TeenId) -> Self {
        Self { teen: Some(teen), ..self }
    }

    pub(crate) fn subject(self, subject: Uuid) -> Self {
        Self { subject: Some(subject), ..self }
    }
}

/// Writes the row, in the transaction of the deed itself.
pub(crate) async fn record(conn: &mut AsyncPgConnection, tools: &Tools, deed: Deed) -> Result<(), StoreError> {
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(tools.world.uuid()),
            audit::at.eq(tools.world.now().to_diesel()),
            audit::actor_id.eq(deed.actor.map(AccountId::uuid)),
            audit::action.eq(deed.action),
            audit::teen_id.eq(deed.teen.map(TeenId::uuid)),
            audit::subject_id.eq(deed.subject),
            audit::detail.eq(deed.detail),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

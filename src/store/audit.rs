//! Who did what to whom. Rows are only ever added; a trigger refuses the rest. No personal data: ids and words only.

use diesel::ExpressionMethods;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{StoreError, Tools, operators::Operator, schema::audit};
use crate::domain::ids::{AccountId, TeenId};

/// One thing that was done.
pub(crate) struct Deed {
    pub(crate) actor: Option<Uuid>,
    pub(crate) action: &'static str,
    pub(crate) teen: Option<TeenId>,
    pub(crate) subject: Option<Uuid>,
    pub(crate) detail: Value,
}

impl Deed {
    pub(crate) fn new(actor: AccountId, action: &'static str) -> Self {
        Self { actor: Some(actor.uuid()), ..Self::by_itself(action) }
    }

    /// By a command on the installation: of the operator who signed for it, or of nobody who said so.
    pub(crate) fn command(operator: Option<&Operator>, action: &'static str) -> Self {
        let actor = operator.map(|operator| operator.operator().uuid());
        Self { actor, ..Self::by_itself(action) }
    }

    /// By the server: a time came.
    pub(crate) fn by_itself(action: &'static str) -> Self {
        Self { actor: None, action, teen: None, subject: None, detail: json!({}) }
    }

    pub(crate) fn teen(self, teen: TeenId) -> Self {
        Self { teen: Some(teen), ..self }
    }

    pub(crate) fn subject(self, subject: Uuid) -> Self {
        Self { subject: Some(subject), ..self }
    }

    pub(crate) fn detail(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}

/// Writes the row, in the transaction of the deed itself.
pub(crate) async fn record(conn: &mut AsyncPgConnection, tools: &Tools, deed: Deed) -> Result<(), StoreError> {
    diesel::insert_into(audit::table)
        .values((
            audit::id.eq(tools.world.uuid()),
            audit::at.eq(tools.world.now().to_diesel()),
            audit::actor_id.eq(deed.actor),
            audit::action.eq(deed.action),
            audit::teen_id.eq(deed.teen.map(TeenId::uuid)),
            audit::subject_id.eq(deed.subject),
            audit::detail.eq(deed.detail),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

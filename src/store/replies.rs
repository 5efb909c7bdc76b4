//! The teen's right of reply: what they say to a change of their limits stands beside it for both sides.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Event, Store, StoreError, Tools,
    audit::{self, Deed},
    kinship::TeenSelf,
    once::{self, Once},
    schema::{pairings, policy_revisions, revision_replies},
};
use crate::domain::{
    ids::{GuardianId, TeenId},
    pairing::PairingState,
};

/// What a teen answers to a change.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reply {
    /// In their words.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Whether it stands instead of an earlier one, which is gone.
    pub edited: bool,
}

pub(super) type ReplyRow = (String, jiff_diesel::Timestamp, bool);

impl From<ReplyRow> for Reply {
    fn from((text, at, edited): ReplyRow) -> Self {
        Self { text, at: at.to_jiff(), edited }
    }
}

impl Store {
    /// Puts the teen's answer beside a change, instead of an earlier one, and has those guardians told whose history shows the
    /// change.
    pub async fn reply(
        &self,
        teen: TeenSelf,
        revision: i64,
        text: String,
        once: Option<Once>,
    ) -> Result<Reply, StoreError> {
        let of = teen.teen();
        let (reply, told) = self
            .write(move |conn, tools| {
                let (teen, text, once) = (teen.clone(), text.clone(), once.clone());
                async move { write(conn, &tools, &teen, revision, text, once.as_ref()).await }.boxed()
            })
            .await?;
        for guardian in told {
            self.post(Event::Replied { teen: of, guardian, revision });
        }
        Ok(reply)
    }

    /// A reply, for the notice to one guardian. Not found where their history does not show the change.
    pub async fn reply_for(&self, teen: TeenId, guardian: GuardianId, revision: i64) -> Result<Reply, StoreError> {
        let mut conn = self.pool.get().await?;
        let made_at: jiff_diesel::Timestamp = policy_revisions::table
            .find((teen.uuid(), revision))
            .select(policy_revisions::made_at)
            .first(&mut conn)
            .await?;
        if !readers(&mut conn, teen, made_at).await?.contains(&guardian) {
            return Err(StoreError::NotFound);
        }
        let row: ReplyRow = revision_replies::table
            .find((teen.uuid(), revision))
            .select((revision_replies::text, revision_replies::made_at, revision_replies::edited))
            .first(&mut conn)
            .await?;
        Ok(row.into())
    }
}

async fn write(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    revision: i64,
    text: String,
    once: Option<&Once>,
) -> Result<(Reply, Vec<GuardianId>), StoreError> {
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok((before.answer, vec![]));
    }
    let key = (teen.teen().uuid(), revision);
    // The revision is locked, so that of two answers at once one is the later.
    let made_at: jiff_diesel::Timestamp =
        policy_revisions::table.find(key).select(policy_revisions::made_at).for_update().first(conn).await?;
    let earlier: Option<String> =
        revision_replies::table.find(key).select(revision_replies::text).first(conn).await.optional()?;
    let reply = Reply { text, at: tools.world.now(), edited: earlier.is_some() };
    let row = (
        revision_replies::text.eq(reply.text.clone()),
        revision_replies::made_at.eq(reply.at.to_diesel()),
        revision_replies::edited.eq(reply.edited),
    );
    diesel::insert_into(revision_replies::table)
        .values((
            revision_replies::teen_id.eq(key.0),
            revision_replies::revision.eq(key.1),
            row.0.clone(),
            row.1,
            row.2,
        ))
        .on_conflict((revision_replies::teen_id, revision_replies::revision))
        .do_update()
        .set(row)
        .execute(conn)
        .await?;
    let deed = Deed::new(teen.teen(), "policy.reply").teen(teen.teen()).detail(json!({ "revision": revision }));
    audit::record(conn, tools, deed).await?;
    once::keep(conn, tools, once, &reply).await?;
    Ok((reply, readers(conn, teen.teen(), made_at).await?))
}

/// The guardians whose history shows what was made at an instant.
async fn readers(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    made_at: jiff_diesel::Timestamp,
) -> Result<Vec<GuardianId>, StoreError> {
    let ids: Vec<Option<Uuid>> = pairings::table
        .filter(pairings::teen_id.eq(teen.uuid()))
        .filter(pairings::state.eq(PairingState::Active.as_str()))
        .filter(pairings::answered_at.le(made_at))
        .select(pairings::guardian_id)
        .load(conn)
        .await?;
    Ok(ids.into_iter().flatten().map(GuardianId::from).collect())
}

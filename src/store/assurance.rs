//! Whose consent was verified: some laws let only such a guardian loosen ("verifiable parental consent").
//!
//! The platform verifies, by means of its own, and says so here with its key; only the outcome and the name of the method are
//! kept. Taken back, what that guardian had loosened by it goes in the same instant.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Event, Store, StoreError, Tools,
    audit::{self, Deed},
    key_ring::KeyFor,
    policies::{self, Next, Origin, RevisionKind},
    schema::{pairings, teens},
    settings::Changed,
};
use crate::domain::{
    ids::{GuardianId, PlatformKeyId, TeenId},
    pairing::PairingState,
    platform::Assure,
    version::Version,
};

/// How a guardian's consent was verified: the methods of 16 CFR 312.5(b)(2), and what app stores say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A form, signed and sent back.
    SignedForm,
    /// A payment that tells its owner of each transaction.
    Payment,
    /// A call to trained staff.
    PhoneCall,
    /// A video call with trained staff.
    VideoCall,
    /// A government document checked against a database, and deleted.
    IdDatabase,
    /// Questions that a child could not answer.
    KnowledgeQuestions,
    /// A document compared with a face, and deleted.
    IdAndFace,
    /// An app store said so.
    AppStore,
}

/// What the platform found out about a guardian of a teen.
#[derive(Clone, Copy, Debug)]
pub struct Assurance {
    /// Of whom.
    pub teen: TeenId,
    /// Who.
    pub guardian: GuardianId,
    /// Whether the consent is verified now.
    pub verified: bool,
    /// By which means.
    pub method: Method,
}

impl Store {
    /// Notes that a guardian's consent was verified, or is not any more. Strangers to each other are not found.
    pub async fn assure(&self, key: &KeyFor<Assure>, said: Assurance) -> Result<Changed, StoreError> {
        let by = key.key();
        self.work_one(said.teen).await?;
        let changed = self.write(move |conn, tools| assure(conn, tools, by, said).boxed()).await?;
        self.post(Event::PolicyChanged { teen: said.teen, revision: changed.version.revision });
        Ok(changed)
    }
}

async fn assure(
    conn: &mut AsyncPgConnection,
    tools: Tools,
    by: PlatformKeyId,
    said: Assurance,
) -> Result<Changed, StoreError> {
    let Assurance { teen, guardian, verified, method } = said;
    teens::table.find(teen.uuid()).select(teens::revision).for_no_key_update().first::<i64>(conn).await?;
    let pairing: Uuid = pairings::table
        .filter(pairings::teen_id.eq(teen.uuid()))
        .filter(pairings::guardian_id.eq(guardian.uuid()))
        .filter(pairings::state.eq(PairingState::Active.as_str()))
        .select(pairings::id)
        .first(conn)
        .await?;
    let standing = policies::read(conn, &tools, teen, None).await?;
    let here = standing.version(&tools);
    let mut layers = standing.layers.clone();
    let moved = if verified { layers.verified.insert(guardian) } else { layers.verified.remove(&guardian) };
    if !moved {
        return Ok(Changed { version: here, changed: vec![], id: None });
    }
    let next = standing.with_layers(&tools, RevisionKind::Assurance, None, layers);
    let next = Next { origin: Origin::Platform, ..next };
    if policies::commit(conn, &tools, &standing, &next, None, None).await?.is_none() {
        return Err(StoreError::Corrupt("a locked teen's policy moved".to_owned()));
    }
    let detail = json!({ "key": by, "verified": verified, "method": method });
    let deed = Deed::by_itself("guardian.assured").teen(teen).subject(pairing).detail(detail);
    audit::record(conn, &tools, deed).await?;
    Ok(Changed { version: Version { revision: here.revision + 1, ..here }, changed: next.changes, id: None })
}

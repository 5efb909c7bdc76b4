//! Either side ends an active pairing. For now at once; notice periods by age and region come with co-guardians.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use super::{PairingView, Row, lock_of_teen, state_of, step, views};
use crate::{
    domain::{
        ids::{AccountId, PairingId, TeenId},
        pairing::{Move, PairingState},
        version::Version,
    },
    store::{
        Event, Store, StoreError, Tools, ages,
        audit::{self, Deed},
        due::{self, Done},
        kinship::{GuardianOf, TeenSelf},
        once::{self, Once},
        policies::{self, Origin},
        schema::{pairings, teens},
        settings,
    },
};

impl Store {
    /// The guardian ends the pairing.
    pub async fn unlink_by_guardian(&self, proof: GuardianOf, once: Option<Once>) -> Result<PairingView, StoreError> {
        let teen = proof.as_teen();
        self.unlink(teen, Some(proof.pairing()), proof.guardian(), once).await
    }

    /// The teen ends a pairing, or the only active one if none is named.
    pub async fn unlink_by_teen(
        &self,
        teen: TeenSelf,
        pairing: Option<PairingId>,
        once: Option<Once>,
    ) -> Result<PairingView, StoreError> {
        let by = teen.teen();
        self.unlink(teen, pairing, by, once).await
    }

    async fn unlink(
        &self,
        teen: TeenSelf,
        pairing: Option<PairingId>,
        by: AccountId,
        once: Option<Once>,
    ) -> Result<PairingView, StoreError> {
        self.work_one(teen.teen()).await?;
        let (view, moved) = self
            .write(move |conn, tools| {
                let (teen, once) = (teen.clone(), once.clone());
                async move { end(conn, &tools, &teen, pairing, by, once.as_ref()).await }.boxed()
            })
            .await?;
        if let Some(Unlinked { row, version, aged }) = moved {
            self.post(row.moved(view.state));
            self.post(Event::PolicyChanged { teen: row.teen, revision: version.revision });
            if let Some(done) = aged {
                self.tell(row.teen, &done);
            }
        }
        Ok(view)
    }
}

/// States of which something can still come.
const LIVE: [PairingState; 3] = [PairingState::Offered, PairingState::Claimed, PairingState::Active];

/// What the end of a pairing brought.
struct Unlinked {
    row: Row,
    /// The revision without the guardian's limits.
    version: Version,
    /// What followed for the teen's age, if the guardian had said something about it.
    aged: Option<Done>,
}

async fn end(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    pairing: Option<PairingId>,
    by: AccountId,
    once: Option<&Once>,
) -> Result<(PairingView, Option<Unlinked>), StoreError> {
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok((before.answer, None));
    }
    teens::table.find(teen.teen().uuid()).select(teens::revision).for_no_key_update().first::<i64>(conn).await?;
    let pairing = match pairing {
        Some(pairing) => pairing,
        None => active(conn, teen).await?,
    };
    let row = lock_of_teen(conn, tools, teen, pairing).await?;
    step(conn, &row, Move::End).await?;
    let before = policies::read(conn, tools, row.teen, None).await?.facts;
    ended_at(conn, tools, &row, Some(by)).await?;
    let guardian = row.guardian.ok_or_else(|| StoreError::Corrupt("a pairing without a guardian".to_owned()))?;
    let version = settings::release(conn, tools, row.teen, guardian, by).await?;
    let after = policies::read(conn, tools, row.teen, None).await?;
    let aged = match after.facts == before {
        true => None,
        false => Some(due::settle(conn, tools, &after, &before, Origin::Session, None).await?),
    };
    let deed = Deed::new(by, "pairing.ended").teen(row.teen).subject(pairing.uuid());
    audit::record(conn, tools, deed).await?;
    let view = views::one(conn, tools, pairing).await?;
    once::keep(conn, tools, once, &view).await?;
    Ok((view, Some(Unlinked { row, version, aged })))
}

async fn active(conn: &mut AsyncPgConnection, teen: &TeenSelf) -> Result<PairingId, StoreError> {
    let found: Option<Uuid> = pairings::table
        .filter(pairings::teen_id.eq(teen.teen().uuid()))
        .filter(pairings::state.eq(PairingState::Active.as_str()))
        .select(pairings::id)
        .first(conn)
        .await
        .optional()?;
    found.map(Into::into).ok_or(StoreError::NotFound)
}

/// Ends supervision at 18, within the transaction that brings an adult's policy: guardians lose sight and powers in the same
/// instant, and what was only offered or claimed can begin no more. Nobody ended it, so nobody is named.
pub(crate) async fn end_at_18(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
) -> Result<Vec<Row>, StoreError> {
    let rows: Vec<(Uuid, Option<Uuid>, String)> = pairings::table
        .filter(pairings::teen_id.eq(teen.uuid()))
        .filter(pairings::state.eq_any(LIVE.map(PairingState::as_str)))
        .select((pairings::id, pairings::guardian_id, pairings::state))
        .for_update()
        .load(conn)
        .await?;
    let mut ended = Vec::new();
    for (id, guardian, state) in rows {
        let row = Row { id: id.into(), teen, guardian: guardian.map(Into::into), state: state_of(&state)? };
        let state = step(conn, &row, Move::ComeOfAge).await?;
        if row.state == PairingState::Active {
            ended_at(conn, tools, &row, None).await?;
        }
        audit::record(conn, tools, Deed::by_itself("pairing.ended_at_18").teen(teen).subject(id)).await?;
        ended.push(Row { state, ..row });
    }
    Ok(ended)
}

/// Notes when an active pairing ended and by whom. What the guardian said of the teen's age counts no more.
async fn ended_at(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    row: &Row,
    by: Option<AccountId>,
) -> Result<(), StoreError> {
    let now = tools.world.now();
    diesel::update(pairings::table.find(row.id.uuid()))
        .set((pairings::ended_at.eq(now.to_diesel()), pairings::ended_by.eq(by.map(AccountId::uuid))))
        .execute(conn)
        .await?;
    let guardian = row.guardian.ok_or_else(|| StoreError::Corrupt("a pairing without a guardian".to_owned()))?;
    ages::end_words_of(conn, row.teen, guardian, now).await.map(drop)
}

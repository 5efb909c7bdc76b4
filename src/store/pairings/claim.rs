//! A guardian gives a code; the teen answers.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{PairingView, Row, codes::Macs, lock_minor, lock_of_teen, step, views};
use crate::{
    domain::{
        age::AgeBand,
        code::Code,
        ids::{GuardianId, PairingId, TeenId},
        pairing::{ANSWER_HOURS, Move, PairingState, ask_again_at},
    },
    store::{
        Store, StoreError, Tools, accounts,
        audit::{self, Deed},
        kinship::{GuardianSelf, TeenSelf},
        once::{self, Once},
        policies,
        schema::pairings,
        sessions::after,
    },
};

/// What became of a claim.
#[derive(Clone, Serialize, Deserialize)]
pub enum Claim {
    /// The teen is being asked.
    Asked(Box<PairingView>),
    /// Never existed, expired, used, cancelled, burned or wrong: one answer for all of them.
    NoSuchCode,
    /// Only adults can guard.
    NotAnAdult,
}

/// The teen's answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes: the guardian's powers begin.
    Confirm,
    /// No.
    Refuse,
}

impl Store {
    /// A guardian presents a code. A wrong secret counts against the code even though the claim fails.
    pub async fn claim_pairing(
        &self,
        guardian: GuardianSelf,
        code: Code,
        relationship: String,
        once: Option<Once>,
    ) -> Result<Claim, StoreError> {
        let claimed = self
            .write(move |conn, tools| {
                let (guardian, code) = (guardian.clone(), code.clone());
                let (relationship, once) = (relationship.clone(), once.clone());
                async move { claim(conn, &tools, guardian.guardian(), &code, relationship, once.as_ref()).await }
                    .boxed()
            })
            .await?;
        if let (Claim::Asked(view), Some(row)) = &claimed {
            self.post(row.moved(view.state));
        }
        Ok(claimed.0)
    }

    /// The teen answers a claim.
    pub async fn answer_claim(
        &self,
        teen: TeenSelf,
        pairing: PairingId,
        answer: Answer,
        once: Option<Once>,
    ) -> Result<PairingView, StoreError> {
        let (view, moved) = self
            .write(move |conn, tools| {
                let (teen, once) = (teen.clone(), once.clone());
                async move { answer_claim(conn, &tools, &teen, pairing, answer, once.as_ref()).await }.boxed()
            })
            .await
            .map_err(|error| match error.breaks("pairings_one_guardian") {
                true => StoreError::GuardianAgreementNeeded,
                false => error,
            })?;
        if let Some(row) = moved {
            self.post(row.moved(view.state));
        }
        Ok(view)
    }
}

async fn claim(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    guardian: GuardianId,
    code: &Code,
    relationship: String,
    once: Option<&Once>,
) -> Result<(Claim, Option<Row>), StoreError> {
    if let Some(before) = once::look(conn, tools, once).await? {
        return Ok((before.answer, None));
    }
    let profile = accounts::load(conn, tools, guardian).await?;
    if profile.age_band != Some(AgeBand::Adult) {
        return Ok((Claim::NotAnAdult, None));
    }
    let teen = offering(conn, code).await?;
    let adult = match teen {
        Some(teen) => lock_minor(conn, tools, teen).await,
        None => Ok(()),
    };
    let Some(row) = find(conn, tools, guardian, code, teen).await? else {
        // The same request may have used the code while this one waited for its row.
        let before = once::look(conn, tools, once).await?;
        return Ok((before.map_or(Claim::NoSuchCode, |before| before.answer), None));
    };
    // Whoever has the right code may hear it; nobody learns an age by guessing.
    adult?;
    refuse_if_guarded(conn, &row, guardian).await?;
    refuse_if_pressing(conn, tools, &row, guardian).await?;
    once::claim::<Claim>(conn, tools, once).await?;
    let now = tools.world.now();
    diesel::update(pairings::table.find(row.id.uuid()))
        .set((
            pairings::guardian_id.eq(guardian.uuid()),
            pairings::relationship.eq(relationship),
            pairings::claimed_at.eq(now.to_diesel()),
            pairings::deadline.eq(after(now, SignedDuration::from_hours(ANSWER_HOURS))?.to_diesel()),
        ))
        .execute(conn)
        .await?;
    step(conn, &row, Move::Claim).await?;
    let deed = Deed::new(guardian, "pairing.claimed").teen(row.teen).subject(row.id.uuid());
    audit::record(conn, tools, deed).await?;
    let view = views::one(conn, tools, row.id).await?;
    let answer = Claim::Asked(Box::new(view));
    once::keep(conn, tools, once, &answer).await?;
    Ok((answer, Some(Row { guardian: Some(guardian), ..row })))
}

type Offered = (Uuid, Vec<u8>, Vec<u8>, i16, jiff_diesel::Timestamp);

/// Whose offer has this locator. Their row is locked before the offer's, as in every change of a teen.
async fn offering(conn: &mut AsyncPgConnection, code: &Code) -> Result<Option<TeenId>, StoreError> {
    let teen: Option<Uuid> = pairings::table
        .filter(pairings::locator.eq(&code.locator))
        .filter(pairings::state.eq(PairingState::Offered.as_str()))
        .select(pairings::teen_id)
        .first(conn)
        .await
        .optional()?;
    Ok(teen.map(TeenId::from))
}

/// The open offer that this code opens. A wrong secret is counted, and burns the code at the fifth.
async fn find(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    guardian: GuardianId,
    code: &Code,
    teen: Option<TeenId>,
) -> Result<Option<Row>, StoreError> {
    let Some(teen) = teen else { return Ok(None) };
    let offered: Option<Offered> = pairings::table
        .filter(pairings::locator.eq(&code.locator))
        .filter(pairings::teen_id.eq(teen.uuid()))
        .filter(pairings::state.eq(PairingState::Offered.as_str()))
        .select((pairings::id, pairings::typed_mac, pairings::linked_mac, pairings::wrong_tries, pairings::deadline))
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let Some((id, typed, linked, wrong, deadline)) = offered else { return Ok(None) };
    let row = Row {
        id: id.into(),
        teen,
        guardian: None,
        state: PairingState::Offered.at(tools.world.now(), deadline.to_jiff()),
    };
    if row.state != PairingState::Offered {
        return Ok(None);
    }
    if (Macs { typed, linked }).are_of(&tools.vault, code) {
        return Ok(Some(row));
    }
    let tries = wrong.saturating_add(1);
    step(conn, &row, Move::WrongCode { tries }).await?;
    diesel::update(pairings::table.find(id)).set(pairings::wrong_tries.eq(tries)).execute(conn).await?;
    let deed = Deed::new(guardian, "pairing.wrong_code").teen(row.teen).subject(id);
    audit::record(conn, tools, deed).await?;
    Ok(None)
}

/// A teen who has a guardian needs that guardian's yes for another. The code stays open: nothing was used up.
pub(super) async fn refuse_if_guarded(
    conn: &mut AsyncPgConnection,
    row: &Row,
    guardian: GuardianId,
) -> Result<(), StoreError> {
    let guarding: Option<Option<Uuid>> = pairings::table
        .filter(pairings::teen_id.eq(row.teen.uuid()))
        .filter(pairings::state.eq(PairingState::Active.as_str()))
        .select(pairings::guardian_id)
        .first(conn)
        .await
        .optional()?;
    match guarding.flatten() {
        None => Ok(()),
        Some(other) if other == guardian.uuid() => Err(StoreError::AlreadyPaired),
        Some(_) => Err(StoreError::GuardianAgreementNeeded),
    }
}

/// Whoever was told no lately has to wait. The code stays open: nothing was used up.
pub(super) async fn refuse_if_pressing(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    row: &Row,
    guardian: GuardianId,
) -> Result<(), StoreError> {
    let refusals: Vec<Option<jiff_diesel::Timestamp>> = pairings::table
        .filter(pairings::teen_id.eq(row.teen.uuid()))
        .filter(pairings::guardian_id.eq(guardian.uuid()))
        .filter(pairings::state.eq(PairingState::Refused.as_str()))
        .select(pairings::answered_at)
        .load(conn)
        .await?;
    let refusals: Vec<Timestamp> = refusals.into_iter().flatten().map(|at| at.to_jiff()).collect();
    match ask_again_at(&refusals, tools.world.now()) {
        Some(at) => Err(StoreError::AskedTooSoon(at)),
        None => Ok(()),
    }
}

async fn answer_claim(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    pairing: PairingId,
    answer: Answer,
    once: Option<&Once>,
) -> Result<(PairingView, Option<Row>), StoreError> {
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok((before.answer, None));
    }
    // The teen's row first, as in every change of a teen: pairing, limits and unpairing come in one order.
    match answer {
        Answer::Confirm => lock_minor(conn, tools, teen.teen()).await?,
        Answer::Refuse => policies::lock(conn, tools, teen.teen()).await.map(drop)?,
    }
    let row = lock_of_teen(conn, tools, teen, pairing).await?;
    let (event, action) = match answer {
        Answer::Confirm => (Move::Confirm, "pairing.confirmed"),
        Answer::Refuse => (Move::Refuse, "pairing.refused"),
    };
    step(conn, &row, event).await?;
    diesel::update(pairings::table.find(pairing.uuid()))
        .set(pairings::answered_at.eq(tools.world.now().to_diesel()))
        .execute(conn)
        .await?;
    let deed = Deed::new(teen.teen(), action).teen(teen.teen()).subject(pairing.uuid());
    audit::record(conn, tools, deed).await?;
    let view = views::one(conn, tools, pairing).await?;
    once::keep(conn, tools, once, &view).await?;
    Ok((view, Some(row)))
}

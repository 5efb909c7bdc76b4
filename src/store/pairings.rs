//! Pairings: offered with a code, claimed by a guardian, answered by the teen, ended by either side.
//!
//! The moves are `domain::pairing`'s; here each is one locked row and one update, so that of forty guardians with the same
//! code exactly one gets in.

mod claim;
mod codes;
mod end;
mod invite;
mod views;

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, dsl::sql, sql_types::Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use claim::{Answer, Claim};
pub(crate) use end::end_at_18;
pub use invite::{Invitation, Invited};
pub use views::{PairingView, TeenView};

use self::codes::Macs;

use super::{
    Event, Store, StoreError, Tools,
    audit::{self, Deed},
    kinship::TeenSelf,
    once::{self, Once},
    policies,
    schema::pairings,
    sessions::after,
};
use crate::domain::{
    age::AgeBand,
    code::{CODE_MINUTES, Minted},
    ids::{GuardianId, PairingId, TeenId},
    pairing::{Move, OPEN_OFFERS, PairingState},
};

/// A fresh code, shown once: only its MACs are stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct Offer {
    /// Names the offer; the pairing keeps the same id.
    pub id: PairingId,
    /// `LLLL-SSSS-SSSS`.
    pub typed: String,
    /// The fragment of the link.
    pub linked: String,
    /// When the code stops working.
    pub expires_at: Timestamp,
}

/// How many guardians a teen has.
pub(super) async fn active_of(conn: &mut AsyncPgConnection, teen: TeenId) -> Result<i64, StoreError> {
    let active = pairings::state.eq(PairingState::Active.as_str());
    Ok(pairings::table.filter(pairings::teen_id.eq(teen.uuid()).and(active)).count().get_result(conn).await?)
}

/// A pairing that ended by itself, or the offer of one, with the state in which it is now.
pub(crate) type Ended = Row;

/// A pairing's row, as far as its moves need it.
pub(crate) struct Row {
    pub(crate) id: PairingId,
    pub(crate) teen: TeenId,
    pub(crate) guardian: Option<GuardianId>,
    pub(crate) state: PairingState,
}

impl Row {
    pub(crate) fn moved(&self, state: PairingState) -> Event {
        Event::PairingMoved { pairing: self.id, state, teen: self.teen, guardian: self.guardian }
    }
}

impl Store {
    /// Opens an offer with a fresh code.
    pub async fn offer_pairing(&self, teen: TeenSelf, once: Option<Once>) -> Result<Offer, StoreError> {
        self.write(move |conn, tools| {
            let (teen, once) = (teen.clone(), once.clone());
            async move { offer(conn, &tools, &teen, once.as_ref()).await }.boxed()
        })
        .await
    }

    /// Takes a code back before anybody used it.
    pub async fn cancel_offer(&self, teen: TeenSelf, offer: PairingId) -> Result<(), StoreError> {
        self.write(move |conn, tools| {
            let teen = teen.clone();
            async move {
                let row = lock_of_teen(conn, &tools, &teen, offer).await?;
                step(conn, &row, Move::Cancel).await?;
                let deed = Deed::new(teen.teen(), "pairing.cancelled").teen(teen.teen()).subject(offer.uuid());
                audit::record(conn, &tools, deed).await
            }
            .boxed()
        })
        .await
    }
}

async fn offer(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    once: Option<&Once>,
) -> Result<Offer, StoreError> {
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok(before.answer);
    }
    let now = tools.world.now();
    // Under the teen's lock, or codes asked for at the same instant would not count each other.
    lock_minor(conn, tools, teen.teen()).await?;
    expire(conn, now).await?;
    let open: i64 = pairings::table
        .filter(pairings::teen_id.eq(teen.teen().uuid()))
        .filter(pairings::state.eq(PairingState::Offered.as_str()))
        .count()
        .get_result(conn)
        .await?;
    if open >= OPEN_OFFERS {
        return Err(StoreError::TooManyOffers);
    }
    let offer = insert(conn, tools, teen, now).await?;
    let deed = Deed::new(teen.teen(), "pairing.offered").teen(teen.teen()).subject(offer.id.uuid());
    audit::record(conn, tools, deed).await?;
    once::keep(conn, tools, once, &offer).await?;
    Ok(offer)
}

/// Locks the teen's row, as the first of all rows, and refuses whoever is an adult by now, even where the worker has not looked yet:
/// supervision does not begin after 18.
async fn lock_minor(conn: &mut AsyncPgConnection, tools: &Tools, teen: TeenId) -> Result<(), StoreError> {
    let standing = policies::lock(conn, tools, teen).await?;
    match standing.facts.band(tools.world.now()) {
        AgeBand::Adult => Err(StoreError::TeenIsAdult),
        _ => Ok(()),
    }
}

/// Draws codes until one's locator is free among the open ones.
async fn insert(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    now: Timestamp,
) -> Result<Offer, StoreError> {
    let expires_at = after(now, SignedDuration::from_mins(CODE_MINUTES))?;
    loop {
        let minted = Minted::from_bytes(tools.world.bytes());
        let id: PairingId = tools.world.id();
        let macs = Macs::of(&tools.vault, &minted);
        let inserted = diesel::insert_into(pairings::table)
            .values((
                pairings::id.eq(id.uuid()),
                pairings::teen_id.eq(teen.teen().uuid()),
                pairings::state.eq(PairingState::Offered.as_str()),
                pairings::locator.eq(&minted.locator),
                pairings::typed_mac.eq(macs.typed),
                pairings::linked_mac.eq(macs.linked),
                pairings::deadline.eq(expires_at.to_diesel()),
                pairings::offered_at.eq(now.to_diesel()),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if inserted == 1 {
            return Ok(Offer { id, typed: minted.typed, linked: minted.linked, expires_at });
        }
    }
}

/// Marks what nobody answered in time. Called where it matters, so no job has to be on time for a code to be dead:
/// every look-up compares the deadline as well.
pub(crate) async fn expire(conn: &mut AsyncPgConnection, now: Timestamp) -> Result<usize, StoreError> {
    let waiting = [PairingState::Offered.as_str(), PairingState::Claimed.as_str()];
    let late = pairings::table.filter(pairings::state.eq_any(waiting)).filter(pairings::deadline.le(now.to_diesel()));
    Ok(diesel::update(late)
        .set((
            pairings::state.eq(PairingState::Expired.as_str()),
            pairings::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .execute(conn)
        .await?)
}

/// Locks a pairing of this teen. Anybody else's is not found.
pub(crate) async fn lock_of_teen(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    pairing: PairingId,
) -> Result<Row, StoreError> {
    let (guardian, state, deadline): (Option<Uuid>, String, jiff_diesel::Timestamp) = pairings::table
        .find(pairing.uuid())
        .filter(pairings::teen_id.eq(teen.teen().uuid()))
        .select((pairings::guardian_id, pairings::state, pairings::deadline))
        .for_update()
        .first(conn)
        .await?;
    Ok(Row {
        id: pairing,
        teen: teen.teen(),
        guardian: guardian.map(Into::into),
        state: state_of(&state)?.at(tools.world.now(), deadline.to_jiff()),
    })
}

/// Makes a move and writes the new state.
pub(crate) async fn step(conn: &mut AsyncPgConnection, row: &Row, event: Move) -> Result<PairingState, StoreError> {
    let next = row.state.after(event)?;
    diesel::update(pairings::table.find(row.id.uuid()))
        .set((
            pairings::state.eq(next.as_str()),
            pairings::moved_recorded_at.eq(sql::<Timestamptz>("clock_timestamp()")),
        ))
        .execute(conn)
        .await?;
    Ok(next)
}

pub(crate) fn state_of(word: &str) -> Result<PairingState, StoreError> {
    PairingState::from_word(word).ok_or_else(|| StoreError::Corrupt("an unknown pairing state".to_owned()))
}

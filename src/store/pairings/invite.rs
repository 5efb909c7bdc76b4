//! A guardian shows a code; a teen uses it, and is asked as by a claim: nobody is paired without the teen's last word.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    PairingView, Row,
    claim::{refuse_if_guarded, refuse_if_pressing},
    codes::Macs,
    lock_minor, views,
};
use crate::{
    domain::{
        age::AgeBand,
        code::{CODE_MINUTES, Code, Minted, WRONG_TRIES},
        ids::{GuardianId, InvitationId, PairingId},
        pairing::{ANSWER_HOURS, Move, OPEN_OFFERS, PairingState},
    },
    store::{
        Store, StoreError, Tools, accounts,
        audit::{self, Deed},
        kinship::{GuardianSelf, TeenSelf},
        once::{self, Once},
        schema::{accounts as accounts_table, invitations, pairings},
        sessions::after,
    },
};

/// A fresh invitation, shown once: only its MACs are stored.
#[derive(Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// Names it.
    pub id: InvitationId,
    /// `LLLL-SSSS-SSSS`.
    pub typed: String,
    /// The fragment of the link.
    pub linked: String,
    /// When the code stops working.
    pub expires_at: Timestamp,
}

/// What became of the wish to invite.
#[derive(Clone, Serialize, Deserialize)]
pub enum Invited {
    /// A code to show.
    Made(Invitation),
    /// Only adults can guard.
    NotAnAdult,
}

impl Store {
    /// A guardian opens an invitation with a fresh code.
    pub async fn invite(
        &self,
        guardian: GuardianSelf,
        relationship: String,
        once: Option<Once>,
    ) -> Result<Invited, StoreError> {
        self.write(move |conn, tools| {
            let (guardian, relationship, once) = (guardian.guardian(), relationship.clone(), once.clone());
            async move { invite(conn, &tools, guardian, &relationship, once.as_ref()).await }.boxed()
        })
        .await
    }

    /// A guardian takes an invitation back before anybody used it.
    pub async fn cancel_invitation(&self, guardian: GuardianSelf, id: InvitationId) -> Result<(), StoreError> {
        let guardian = guardian.guardian();
        self.write(move |conn, tools| {
            async move {
                let mine = invitations::table.find(id.uuid()).filter(invitations::guardian_id.eq(guardian.uuid()));
                let (state, deadline): (String, jiff_diesel::Timestamp) =
                    mine.select((invitations::state, invitations::deadline)).for_update().first(conn).await?;
                let state = super::state_of(&state)?.at(tools.world.now(), deadline.to_jiff()).after(Move::Cancel)?;
                set(conn, id.uuid(), state).await?;
                audit::record(conn, &tools, Deed::new(guardian, "invitation.cancelled").subject(id.uuid())).await
            }
            .boxed()
        })
        .await
    }

    /// A teen uses a guardian's code. What comes of it waits for their yes like any claim. Nothing: there is no such code.
    pub async fn use_invitation(
        &self,
        teen: TeenSelf,
        code: Code,
        once: Option<Once>,
    ) -> Result<Option<PairingView>, StoreError> {
        let (used, row) = self
            .write(move |conn, tools| {
                let (teen, code, once) = (teen.clone(), code.clone(), once.clone());
                async move { use_code(conn, &tools, &teen, &code, once.as_ref()).await }.boxed()
            })
            .await?;
        if let (Some(view), Some(row)) = (&used, row) {
            self.post(row.moved(view.state));
        }
        Ok(used)
    }
}

async fn invite(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    guardian: GuardianId,
    relationship: &str,
    once: Option<&Once>,
) -> Result<Invited, StoreError> {
    let profile = accounts::load(conn, tools, guardian).await?;
    if profile.age_band != Some(AgeBand::Adult) {
        return Ok(Invited::NotAnAdult);
    }
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok(before.answer);
    }
    let now = tools.world.now();
    // Under the guardian's lock, or codes asked for at the same instant would not count each other.
    accounts_table::table
        .find(guardian.uuid())
        .select(accounts_table::id)
        .for_no_key_update()
        .first::<Uuid>(conn)
        .await?;
    let open: i64 = invitations::table
        .filter(invitations::guardian_id.eq(guardian.uuid()))
        .filter(invitations::state.eq(PairingState::Offered.as_str()))
        .filter(invitations::deadline.gt(now.to_diesel()))
        .count()
        .get_result(conn)
        .await?;
    if open >= OPEN_OFFERS {
        return Err(StoreError::TooManyOffers);
    }
    let invitation = insert(conn, tools, guardian, relationship, now).await?;
    audit::record(conn, tools, Deed::new(guardian, "invitation.made").subject(invitation.id.uuid())).await?;
    let made = Invited::Made(invitation);
    once::keep(conn, tools, once, &made).await?;
    Ok(made)
}

/// Draws codes until one's locator is free among the open ones.
async fn insert(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    guardian: GuardianId,
    relationship: &str,
    now: Timestamp,
) -> Result<Invitation, StoreError> {
    let expires_at = after(now, SignedDuration::from_mins(CODE_MINUTES))?;
    let late = invitations::state.eq(PairingState::Offered.as_str()).and(invitations::deadline.le(now.to_diesel()));
    diesel::update(invitations::table.filter(late))
        .set(invitations::state.eq(PairingState::Expired.as_str()))
        .execute(conn)
        .await?;
    loop {
        let minted = Minted::from_bytes(tools.world.bytes());
        let id: InvitationId = tools.world.id();
        let macs = Macs::of(&tools.vault, &minted);
        let inserted = diesel::insert_into(invitations::table)
            .values((
                invitations::id.eq(id.uuid()),
                invitations::guardian_id.eq(guardian.uuid()),
                invitations::relationship.eq(relationship),
                invitations::state.eq(PairingState::Offered.as_str()),
                invitations::locator.eq(&minted.locator),
                invitations::typed_mac.eq(macs.typed),
                invitations::linked_mac.eq(macs.linked),
                invitations::deadline.eq(expires_at.to_diesel()),
                invitations::made_at.eq(now.to_diesel()),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if inserted == 1 {
            return Ok(Invitation { id, typed: minted.typed, linked: minted.linked, expires_at });
        }
    }
}

async fn use_code(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    code: &Code,
    once: Option<&Once>,
) -> Result<(Option<PairingView>, Option<Row>), StoreError> {
    if let Some(before) = once::look(conn, tools, once).await? {
        return Ok((before.answer, None));
    }
    // The teen's row first, as in every change of a teen.
    lock_minor(conn, tools, teen.teen()).await?;
    let Some(found) = find(conn, tools, teen, code).await? else {
        // The same request may have used the code while this one waited for its row.
        let before = once::look(conn, tools, once).await?;
        return Ok((before.and_then(|before| before.answer), None));
    };
    let (id, now): (PairingId, _) = (tools.world.id(), tools.world.now());
    let row = Row { id, teen: teen.teen(), guardian: Some(found.guardian), state: PairingState::Claimed };
    refuse_if_guarded(conn, &row, found.guardian).await?;
    refuse_if_pressing(conn, tools, &row, found.guardian).await?;
    once::claim::<Option<PairingView>>(conn, tools, once).await?;
    diesel::insert_into(pairings::table)
        .values((
            pairings::id.eq(id.uuid()),
            pairings::teen_id.eq(teen.teen().uuid()),
            pairings::guardian_id.eq(found.guardian.uuid()),
            pairings::relationship.eq(&found.relationship),
            pairings::state.eq(PairingState::Claimed.as_str()),
            pairings::locator.eq(&code.locator),
            pairings::typed_mac.eq(&found.known.typed),
            pairings::linked_mac.eq(&found.known.linked),
            pairings::deadline.eq(after(now, SignedDuration::from_hours(ANSWER_HOURS))?.to_diesel()),
            pairings::offered_at.eq(now.to_diesel()),
            pairings::claimed_at.eq(now.to_diesel()),
        ))
        .execute(conn)
        .await?;
    diesel::update(invitations::table.find(found.id))
        .set((
            invitations::state.eq(PairingState::Offered.after(Move::Claim)?.as_str()),
            invitations::pairing_id.eq(id.uuid()),
        ))
        .execute(conn)
        .await?;
    let deed = Deed::new(teen.teen(), "invitation.used").teen(teen.teen()).subject(id.uuid());
    audit::record(conn, tools, deed).await?;
    let view = Some(views::one(conn, tools, id).await?);
    once::keep(conn, tools, once, &view).await?;
    Ok((view, Some(row)))
}

/// An open invitation that a code opens.
struct Found {
    id: Uuid,
    guardian: GuardianId,
    relationship: String,
    known: Macs,
}

type OpenRow = (Uuid, Uuid, String, Vec<u8>, Vec<u8>, i16);

/// A wrong secret is counted, and burns the code at the fifth.
async fn find(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    code: &Code,
) -> Result<Option<Found>, StoreError> {
    let open: Option<OpenRow> = invitations::table
        .filter(invitations::locator.eq(&code.locator))
        .filter(invitations::state.eq(PairingState::Offered.as_str()))
        .filter(invitations::deadline.gt(tools.world.now().to_diesel()))
        .select((
            invitations::id,
            invitations::guardian_id,
            invitations::relationship,
            invitations::typed_mac,
            invitations::linked_mac,
            invitations::wrong_tries,
        ))
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let Some((id, guardian, relationship, typed, linked, wrong)) = open else { return Ok(None) };
    let known = Macs { typed, linked };
    if known.are_of(&tools.vault, code) {
        return Ok(Some(Found { id, guardian: guardian.into(), relationship, known }));
    }
    let tries = wrong.saturating_add(1).min(WRONG_TRIES);
    set(conn, id, PairingState::Offered.after(Move::WrongCode { tries })?).await?;
    diesel::update(invitations::table.find(id)).set(invitations::wrong_tries.eq(tries)).execute(conn).await?;
    audit::record(conn, tools, Deed::new(teen.teen(), "invitation.wrong_code").subject(id)).await?;
    Ok(None)
}

async fn set(conn: &mut AsyncPgConnection, id: Uuid, state: PairingState) -> Result<(), StoreError> {
    diesel::update(invitations::table.find(id)).set(invitations::state.eq(state.as_str())).execute(conn).await?;
    Ok(())
}

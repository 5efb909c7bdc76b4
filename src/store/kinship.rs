//! Proofs: values that exist only because a row says so.
//!
//! Their fields are private and they are minted here alone. A function that reads or changes something of a family takes
//! the proof, so whoever calls it has shown a live token and a live pairing. What a proof says was true when it was minted;
//! writes look at the pairing again under the teen's lock, so an ended pairing loses its powers at once.

use std::collections::HashMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension, QueryDsl,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use super::{
    Store, StoreError, Tools,
    guardian_work::Kin,
    prepared::among,
    schema::{accounts, devices, pairings, session_tokens, sessions, teens},
};
use crate::domain::{
    account::Role,
    ids::{AccountId, DeviceId, GuardianId, PairingId, SessionId, TeenId},
    pairing::PairingState,
    secret::TokenHash,
    version::Version,
};

/// Somebody signed in, whatever their role.
#[derive(Clone, Debug)]
pub struct SignedIn {
    account: AccountId,
    role: Role,
    session: SessionId,
    expires_at: Timestamp,
}

/// A device of a teen, by its own token.
#[derive(Clone, Debug)]
pub struct DeviceOf {
    teen: TeenId,
    device: DeviceId,
}

/// A teen, by session or by device.
#[derive(Clone, Debug)]
pub struct TeenSelf {
    teen: TeenId,
    device: Option<DeviceId>,
}

/// A guardian, by session. Says nothing about any teen.
#[derive(Clone, Debug)]
pub struct GuardianSelf {
    guardian: GuardianId,
}

/// A guardian with a live pairing to this teen.
#[derive(Clone, Debug)]
pub struct GuardianOf {
    guardian: GuardianId,
    teen: TeenId,
    pairing: PairingId,
}

impl SignedIn {
    /// Whose account.
    pub fn account(&self) -> AccountId {
        self.account
    }
    /// What the account may be.
    pub fn role(&self) -> Role {
        self.role
    }
    /// Which sign-in.
    pub fn session(&self) -> SessionId {
        self.session
    }
    /// When the token that was shown runs out.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
    /// As a guardian, if that is what they are.
    pub fn guardian(&self) -> Option<GuardianSelf> {
        (self.role == Role::Guardian).then_some(GuardianSelf { guardian: self.account })
    }
    /// As a teen, if that is what they are.
    pub fn teen(&self) -> Option<TeenSelf> {
        (self.role == Role::Teen).then_some(TeenSelf { teen: self.account, device: None })
    }
}

impl DeviceOf {
    /// A device whose token was found in a row of this teen's.
    pub(super) fn shown(teen: TeenId, device: DeviceId) -> Self {
        Self { teen, device }
    }

    /// Whose device.
    pub fn teen(&self) -> TeenId {
        self.teen
    }
    /// Which device.
    pub fn device(&self) -> DeviceId {
        self.device
    }
}

impl TeenSelf {
    /// The teen's account.
    pub fn teen(&self) -> TeenId {
        self.teen
    }

    /// The device, where its token was shown and not a session's.
    pub fn device(&self) -> Option<DeviceId> {
        self.device
    }

    /// The same as a device's proof.
    pub fn as_device(&self) -> Option<DeviceOf> {
        self.device.map(|device| DeviceOf { teen: self.teen, device })
    }
}

impl From<&DeviceOf> for TeenSelf {
    fn from(device: &DeviceOf) -> Self {
        Self { teen: device.teen, device: Some(device.device) }
    }
}

impl GuardianSelf {
    /// The guardian's account.
    pub fn guardian(&self) -> GuardianId {
        self.guardian
    }
}

impl GuardianOf {
    /// A guardian whose active pairing was found in its row.
    pub(super) fn found(guardian: GuardianId, teen: TeenId, pairing: PairingId) -> Self {
        Self { guardian, teen, pairing }
    }

    /// The guardian's account.
    pub fn guardian(&self) -> GuardianId {
        self.guardian
    }
    /// The teen's account.
    pub fn teen(&self) -> TeenId {
        self.teen
    }
    /// The pairing that gives the power.
    pub fn pairing(&self) -> PairingId {
        self.pairing
    }
    /// For the few rows that both sides may move.
    pub(crate) fn as_teen(&self) -> TeenSelf {
        TeenSelf { teen: self.teen, device: None }
    }
}

type SessionRow = (Uuid, String, Uuid, jiff_diesel::Timestamp);
type KinRow = (Vec<u8>, SessionRow, Option<(Uuid, Uuid)>);

impl Store {
    /// Who shows this session token, if it lives.
    pub async fn signed_in(&self, token: TokenHash) -> Result<Option<SignedIn>, StoreError> {
        let now = self.world.now().to_diesel();
        let mut conn = self.pool.get().await?;
        let row: Option<SessionRow> = session_tokens::table
            .inner_join(sessions::table.inner_join(accounts::table))
            .filter(session_tokens::token_hash.eq(token.as_bytes().to_vec()))
            .filter(session_tokens::kind.eq("session"))
            .filter(session_tokens::expires_at.gt(now))
            .filter(sessions::ended_at.is_null())
            .select((accounts::id, accounts::role, sessions::id, session_tokens::expires_at))
            .first(&mut conn)
            .await
            .optional()?;
        row.map(signed_in).transpose()
    }

    /// Who shows these session tokens, and their pairings with those teens, in one question.
    pub(super) async fn kin_of(
        &self,
        asked: Vec<(TokenHash, TeenId)>,
    ) -> Result<Vec<Result<Option<Kin>, StoreError>>, StoreError> {
        let now = self.world.now().to_diesel();
        let (hashes, teens): (Vec<Vec<u8>>, Vec<Uuid>) =
            asked.iter().map(|(token, teen)| (token.as_bytes().to_vec(), teen.uuid())).unzip();
        let mut conn = self.pool.get().await?;
        let rows: Vec<KinRow> = session_tokens::table
            .inner_join(sessions::table.inner_join(accounts::table))
            .left_join(
                pairings::table.on(pairings::guardian_id
                    .eq(accounts::id.nullable())
                    .and(among(pairings::teen_id, teens))
                    .and(pairings::state.eq(PairingState::Active.as_str()))),
            )
            .filter(among(session_tokens::token_hash, &hashes))
            .filter(session_tokens::kind.eq("session"))
            .filter(session_tokens::expires_at.gt(now))
            .filter(sessions::ended_at.is_null())
            .select((
                session_tokens::token_hash,
                (accounts::id, accounts::role, sessions::id, session_tokens::expires_at),
                (pairings::id, pairings::teen_id).nullable(),
            ))
            .load(&mut conn)
            .await?;
        let mut known: HashMap<Vec<u8>, (SessionRow, HashMap<Uuid, Uuid>)> = HashMap::new();
        for (hash, session, pairing) in rows {
            let (_, guarded) = known.entry(hash).or_insert_with(|| (session, HashMap::new()));
            guarded.extend(pairing.map(|(pairing, teen)| (teen, pairing)));
        }
        let kin = |(hash, (_, teen)): (&Vec<u8>, &(TokenHash, TeenId))| {
            let Some((session, guarded)) = known.get(hash) else { return Ok(None) };
            // One that cannot be read is no answer to the others.
            let who = signed_in(session.clone())?;
            let pairing = guarded.get(&teen.uuid()).filter(|_| who.role == Role::Guardian);
            let proof =
                pairing.map(|pairing| GuardianOf { guardian: who.account, teen: *teen, pairing: (*pairing).into() });
            Ok(Some((who, proof)))
        };
        Ok(hashes.iter().zip(&asked).map(kin).collect())
    }

    /// Who guards a teen, and did so already at that time.
    pub async fn guardians_since(&self, teen: TeenId, then: Timestamp) -> Result<Vec<GuardianId>, StoreError> {
        let mut conn = self.pool.get().await?;
        let guardians: Vec<Option<Uuid>> = pairings::table
            .filter(pairings::teen_id.eq(teen.uuid()).and(pairings::state.eq(PairingState::Active.as_str())))
            .filter(pairings::answered_at.le(then.to_diesel()))
            .select(pairings::guardian_id)
            .load(&mut conn)
            .await?;
        Ok(guardians.into_iter().flatten().map(GuardianId::from).collect())
    }

    /// Which devices show these tokens. One query for many: a storm of reconnecting devices must not become a storm of queries.
    pub async fn devices_of(&self, tokens: Vec<TokenHash>) -> Result<Vec<Option<DeviceOf>>, StoreError> {
        let hashes: Vec<Vec<u8>> = tokens.iter().map(|token| token.as_bytes().to_vec()).collect();
        let mut conn = self.pool.get().await?;
        let rows: Vec<(Vec<u8>, Uuid, Uuid)> = devices::table
            .filter(among(devices::token_hash, &hashes))
            .filter(devices::revoked_at.is_null())
            .select((devices::token_hash, devices::teen_id, devices::id))
            .load(&mut conn)
            .await?;
        let found = |hash: &Vec<u8>| {
            rows.iter()
                .find(|(known, ..)| known == hash)
                .map(|(_, teen, device)| DeviceOf { teen: (*teen).into(), device: (*device).into() })
        };
        Ok(hashes.iter().map(found).collect())
    }

    /// The teens that a guardian guards now and their newest policies' versions, for the notices of their socket.
    pub async fn guarded(&self, guardian: &GuardianSelf) -> Result<Vec<(TeenId, Version)>, StoreError> {
        let mut conn = self.pool.get().await?;
        let teens: Vec<(Uuid, i64)> = pairings::table
            .inner_join(teens::table)
            .filter(pairings::guardian_id.eq(guardian.guardian.uuid()))
            .filter(pairings::state.eq(PairingState::Active.as_str()))
            .select((pairings::teen_id, teens::revision))
            .load(&mut conn)
            .await?;
        let epoch = conn.epoch();
        Ok(teens.into_iter().map(|(teen, revision)| (teen.into(), Version { epoch, revision })).collect())
    }
}

fn signed_in((account, role, session, expires_at): SessionRow) -> Result<SignedIn, StoreError> {
    let role = Role::from_word(&role).ok_or_else(|| StoreError::Corrupt("an unknown role".to_owned()))?;
    Ok(SignedIn { account: account.into(), role, session: session.into(), expires_at: expires_at.to_jiff() })
}

/// The session behind a ticket, if it still lives. It is as good as the session's newest access token.
pub(crate) async fn session_by_id(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    session: Uuid,
) -> Result<Option<SignedIn>, StoreError> {
    let row: Option<SessionRow> = session_tokens::table
        .inner_join(sessions::table.inner_join(accounts::table))
        .filter(sessions::id.eq(session))
        .filter(session_tokens::kind.eq("session"))
        .filter(session_tokens::expires_at.gt(tools.world.now().to_diesel()))
        .filter(sessions::ended_at.is_null())
        .order(session_tokens::expires_at.desc())
        .select((accounts::id, accounts::role, sessions::id, session_tokens::expires_at))
        .first(conn)
        .await
        .optional()?;
    row.map(signed_in).transpose()
}

/// The device behind a ticket, if it was not revoked.
pub(crate) async fn device_by_id(conn: &mut AsyncPgConnection, device: Uuid) -> Result<Option<DeviceOf>, StoreError> {
    let teen: Option<Uuid> = devices::table
        .find(device)
        .filter(devices::revoked_at.is_null())
        .select(devices::teen_id)
        .first(conn)
        .await
        .optional()?;
    Ok(teen.map(|teen| DeviceOf { teen: teen.into(), device: device.into() }))
}

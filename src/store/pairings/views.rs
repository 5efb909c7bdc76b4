//! Pairings as the two sides see them.

use diesel::{ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::state_of;
use crate::{
    domain::{
        account::band_at,
        age::AgeBand,
        ids::{AccountId, GuardianId, PairingId, TeenId},
        pairing::{EndReason, PairingState},
        three_words::three_words,
        vault::{Purpose, Vault},
    },
    store::{
        Store, StoreError, Tools, accounts,
        kinship::{GuardianOf, GuardianSelf, TeenSelf},
        schema::{accounts as accounts_table, pairings, teens},
    },
};

/// A pairing that somebody claimed, with both people as they may know of each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PairingView {
    /// Names the pairing.
    pub pairing_id: PairingId,
    /// Where it stands.
    pub state: PairingState,
    /// The teen's account.
    pub teen_id: TeenId,
    /// What the teen is called.
    pub teen_name: String,
    /// The guardian's account.
    pub guardian_id: GuardianId,
    /// What the guardian is called.
    pub guardian_name: String,
    /// Since when the guardian has an account: a new one asks for a second look.
    pub guardian_since: Timestamp,
    /// Three words that both sides see, to compare.
    #[serde(default)]
    pub words: String,
    /// What the guardian says they are to the teen.
    pub relationship: String,
    /// When the code was used.
    pub claimed_at: Option<Timestamp>,
    /// Until when the teen can answer.
    pub answer_by: Timestamp,
    /// When the teen answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    #[serde(default)]
    pub end_reason: Option<EndReason>,
}

/// A teen as their guardian sees them.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({"teen_id": "01932c07-1111-7c3a-9a1e-3f1d2b4c5d6e", "display_name": "Mia", "age_band": "13_15",
    "home_zone": "Europe/Berlin", "day_start_minute": 0, "pairing_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e",
    "paired_at": "2026-11-22T13:42:00Z"}))]
pub struct TeenView {
    /// The teen's account.
    pub teen_id: TeenId,
    /// What they are called.
    pub display_name: String,
    /// Their age band; never the birth date.
    pub age_band: AgeBand,
    /// The zone in which windows and days are meant.
    pub home_zone: String,
    /// Minutes after midnight at which their day starts.
    pub day_start_minute: i16,
    /// The pairing that shows them to this guardian.
    pub pairing_id: PairingId,
    /// Since when.
    pub paired_at: Option<Timestamp>,
}

type Person = (Uuid, String, jiff_diesel::Timestamp);
type Row = (
    (Uuid, String, Uuid, Option<String>),
    (
        Option<jiff_diesel::Timestamp>,
        jiff_diesel::Timestamp,
        Option<jiff_diesel::Timestamp>,
        Option<jiff_diesel::Timestamp>,
    ),
    Option<Uuid>,
    Person,
    Person,
);

diesel::alias!(accounts_table as guardians: GuardiansAlias);

/// Everything of claimed pairings; the caller adds whose.
macro_rules! views {
    () => {
        pairings::table
            .inner_join(accounts_table::table.on(accounts_table::id.eq(pairings::teen_id)))
            .inner_join(guardians.on(guardians.field(accounts_table::id).nullable().eq(pairings::guardian_id)))
            .select((
                (pairings::id, pairings::state, pairings::teen_id, pairings::relationship),
                (pairings::claimed_at, pairings::deadline, pairings::answered_at, pairings::ended_at),
                pairings::ended_by,
                (accounts_table::id, accounts_table::display_name, accounts_table::created_at),
                guardians.fields((accounts_table::id, accounts_table::display_name, accounts_table::created_at)),
            ))
    };
}

impl Store {
    /// The teen's claimed pairings, newest first.
    pub async fn pairings_of_teen(&self, teen: &TeenSelf) -> Result<Vec<PairingView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = views!()
            .filter(pairings::teen_id.eq(teen.teen().uuid()))
            .order(pairings::id.desc())
            .limit(100)
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| view(row, &self.vault, self.world.now())).collect()
    }

    /// The claims that wait for the teen's answer.
    pub async fn open_claims(&self, teen: &TeenSelf) -> Result<Vec<PairingView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = views!()
            .filter(pairings::teen_id.eq(teen.teen().uuid()))
            .filter(pairings::state.eq(PairingState::Claimed.as_str()))
            .filter(pairings::deadline.gt(jiff_diesel::Timestamp::from(self.world.now())))
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| view(row, &self.vault, self.world.now())).collect()
    }

    /// The guardian's claims and pairings, newest first.
    pub async fn pairings_of_guardian(&self, guardian: &GuardianSelf) -> Result<Vec<PairingView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = views!()
            .filter(pairings::guardian_id.eq(guardian.guardian().uuid()))
            .order(pairings::id.desc())
            .limit(100)
            .load(&mut conn)
            .await?;
        rows.into_iter().map(|row| view(row, &self.vault, self.world.now())).collect()
    }

    /// One pairing, for the notices of `sync`: it goes to sockets of these two people only.
    pub async fn pairing_moved(&self, pairing: PairingId) -> Result<PairingView, StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        one(&mut conn, &tools, pairing).await
    }

    /// The teens that this guardian guards, oldest pairing first.
    pub async fn teens(&self, guardian: &GuardianSelf) -> Result<Vec<TeenView>, StoreError> {
        self.guarded_teens(guardian.guardian(), None).await
    }

    /// One guarded teen.
    pub async fn teen(&self, proof: &GuardianOf) -> Result<Option<TeenView>, StoreError> {
        Ok(self.guarded_teens(proof.guardian(), Some(proof.teen())).await?.pop())
    }

    async fn guarded_teens(&self, guardian: GuardianId, only: Option<TeenId>) -> Result<Vec<TeenView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let mut query = pairings::table
            .inner_join(teens::table.inner_join(accounts_table::table))
            .filter(pairings::guardian_id.eq(guardian.uuid()))
            .filter(pairings::state.eq(PairingState::Active.as_str()))
            .order(pairings::id)
            .select((
                accounts_table::id,
                accounts_table::display_name,
                accounts_table::time_zone,
                accounts_table::birth_date_sealed,
                teens::home_zone,
                teens::day_start_minute,
                teens::age_band,
                pairings::id,
                pairings::answered_at,
            ))
            .into_boxed();
        if let Some(teen) = only {
            query = query.filter(pairings::teen_id.eq(teen.uuid()));
        }
        let rows: Vec<TeenRow> = query.load(&mut conn).await?;
        rows.into_iter().map(|row| self.teen_view(row)).collect()
    }

    fn teen_view(&self, row: TeenRow) -> Result<TeenView, StoreError> {
        let (id, display_name, zone, birth, home_zone, day_start_minute, band, pairing, paired_at) = row;
        let teen_id = TeenId::from(id);
        let birth = accounts::birth_date(&self.vault, teen_id, birth.as_deref())?
            .ok_or_else(|| StoreError::Corrupt("a teen without a birth date".to_owned()))?;
        Ok(TeenView {
            teen_id,
            display_name,
            age_band: band
                .and_then(|band| band.parse().ok())
                .unwrap_or_else(|| band_at(birth, &zone, self.world.now())),
            home_zone,
            day_start_minute,
            pairing_id: pairing.into(),
            paired_at: paired_at.map(|at| at.to_jiff()),
        })
    }
}

type TeenRow =
    (Uuid, String, String, Option<Vec<u8>>, String, i16, Option<String>, Uuid, Option<jiff_diesel::Timestamp>);

pub(super) async fn one(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    pairing: PairingId,
) -> Result<PairingView, StoreError> {
    let row: Row = views!().filter(pairings::id.eq(pairing.uuid())).first(conn).await?;
    view(row, &tools.vault, tools.world.now())
}

fn view(row: Row, vault: &Vault, now: Timestamp) -> Result<PairingView, StoreError> {
    let ((id, state, _, relationship), (claimed, deadline, answered, ended), ended_by, teen, guardian) = row;
    let state = state_of(&state)?.at(now, deadline.to_jiff());
    let both = [id.as_bytes().as_slice(), teen.0.as_bytes(), guardian.0.as_bytes()].concat();
    Ok(PairingView {
        words: three_words(&vault.mac(Purpose::PairingWords, &both)),
        pairing_id: id.into(),
        state,
        teen_id: teen.0.into(),
        teen_name: teen.1,
        guardian_id: guardian.0.into(),
        guardian_name: guardian.1,
        guardian_since: guardian.2.to_jiff(),
        relationship: relationship.unwrap_or_default(),
        claimed_at: claimed.map(|at| at.to_jiff()),
        answer_by: deadline.to_jiff(),
        answered_at: answered.map(|at| at.to_jiff()),
        ended_at: ended.map(|at| at.to_jiff()),
        end_reason: state.end_reason(teen.0.into(), ended_by.map(AccountId::from)),
    })
}

//! Codes for a device that cannot reach the server: made here, typed in there, told of when the server is reached again.
//!
//! A code that was made gives nothing yet. It gives its minutes on the device where it is typed in, and everywhere once the device has
//! told of it: so no other device can spend them meanwhile.

mod typed;
mod views;

use std::collections::BTreeMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, PgSortExpressionMethods, QueryDsl,
    dsl::{exists, max, select},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{Timestamp, civil::Date};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::views::CodeView;
use self::views::Row;
use super::{
    Store, StoreError, Tools,
    audit::{self, Deed},
    guardian_work::Changing,
    history::since,
    kinship::{GuardianOf, TeenSelf},
    once::{self, Once},
    policies,
    schema::{accounts, devices, offline_codes, pairings},
};
use crate::domain::{
    device::code::{AHEAD, CodeKey},
    ids::{DeviceId, TeenId},
    pairing::PairingState,
    policy::{MOST_MINUTES, PatchError, TimeGift, give_time},
    vault::{Purpose, Vault},
};

/// Most codes in one list.
const LISTED: i64 = 100;

/// A new code, shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"code": "201-204-9182", "number": 1, "minutes": 30, "device_id": "01932c07-2c1e-7c3a-9a1e-3f1d2b4c5d6e",
    "made_at": "2026-11-27T17:00:00Z"}))]
pub struct NewCode {
    /// Ten digits to read out.
    pub code: String,
    /// Counted on this device, from 1.
    pub number: u32,
    /// How many minutes it gives.
    pub minutes: u16,
    /// Good on this device only.
    pub device_id: DeviceId,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A code that a device took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typed {
    /// Counted on this device, from 1.
    pub number: u32,
    /// How many minutes it gave.
    pub minutes: u16,
    /// The local day that they were for.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
}

/// Makes a device's key: of the installation's secret and the device's id, kept nowhere.
pub(super) fn key_of(vault: &Vault, device: DeviceId) -> CodeKey {
    CodeKey::from_bytes(vault.mac(Purpose::OfflineCode, device.uuid().as_bytes()))
}

impl Store {
    /// Makes a code for one device of a guarded teen.
    pub async fn make_code(
        &self,
        by: Changing,
        device: DeviceId,
        (minutes, reason): (u16, Option<String>),
        once: Option<Once>,
    ) -> Result<NewCode, StoreError> {
        let proof = GuardianOf::clone(&by);
        self.write(move |conn, tools| {
            let (proof, reason, once) = (proof.clone(), reason.clone(), once.clone());
            async move { make(conn, &tools, &proof, device, (minutes, reason), once.as_ref()).await }.boxed()
        })
        .await
    }

    /// The codes that were made for a guarded teen, newest first.
    pub async fn codes(&self, proof: &GuardianOf) -> Result<Vec<CodeView>, StoreError> {
        let mut conn = self.pool.get().await?;
        let from = since(&mut conn, proof).await?;
        drop(conn);
        self.list_codes(proof.teen(), Some(from)).await
    }

    /// The codes that were made for the teen, newest first.
    pub async fn own_codes(&self, teen: &TeenSelf) -> Result<Vec<CodeView>, StoreError> {
        self.list_codes(teen.teen(), None).await
    }

    /// `from`: what an earlier guardian made is not for the next one.
    async fn list_codes(
        &self,
        teen: TeenId,
        from: Option<jiff_diesel::Timestamp>,
    ) -> Result<Vec<CodeView>, StoreError> {
        let from = from.unwrap_or(Timestamp::UNIX_EPOCH.to_diesel());
        let mut conn = self.pool.get().await?;
        let rows: Vec<Row> = offline_codes::table
            .inner_join(devices::table.on(devices::id.eq(offline_codes::device_id)))
            .left_join(accounts::table.on(offline_codes::given_by.eq(accounts::id.nullable())))
            .filter(offline_codes::teen_id.eq(teen.uuid()))
            .filter(offline_codes::made_at.ge(from).or(offline_codes::told_at.ge(from)))
            .order((offline_codes::made_at.desc().nulls_last(), offline_codes::number.desc()))
            .limit(LISTED)
            .select((
                offline_codes::device_id,
                devices::name,
                offline_codes::number,
                offline_codes::minutes,
                offline_codes::given_by,
                accounts::display_name.nullable(),
                offline_codes::made_at,
                offline_codes::reason,
                offline_codes::typed_on,
                offline_codes::told_at,
            ))
            .load(&mut conn)
            .await?;
        Ok(rows.into_iter().map(Row::view).collect())
    }
}

async fn make(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    proof: &GuardianOf,
    device: DeviceId,
    (minutes, reason): (u16, Option<String>),
    once: Option<&Once>,
) -> Result<NewCode, StoreError> {
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok(before.answer);
    }
    let (teen, by, now) = (proof.teen(), proof.guardian(), tools.world.now());
    // The teen's row puts codes that are made at once in order; then the pairing is looked at again.
    let standing = policies::lock(conn, tools, teen).await?;
    let active = pairings::table.find(proof.pairing().uuid()).filter(pairings::state.eq(PairingState::Active.as_str()));
    let of_teen = devices::teen_id.eq(teen.uuid()).and(devices::revoked_at.is_null());
    let theirs = devices::table.find(device.uuid()).filter(of_teen);
    if !select(exists(active).and(exists(theirs))).get_result::<bool>(conn).await? {
        return Err(StoreError::NotFound);
    }
    // What a device tells of and nobody made says nothing of which number is next.
    let of_device = offline_codes::table
        .filter(offline_codes::device_id.eq(device.uuid()).and(offline_codes::made_at.is_not_null()));
    let last: Option<i32> = of_device.select(max(offline_codes::number)).first(conn).await?;
    let told: Option<i32> =
        of_device.filter(offline_codes::told_at.is_not_null()).select(max(offline_codes::number)).first(conn).await?;
    let count = |number: Option<i32>| u32::try_from(number.unwrap_or_default()).unwrap_or_default();
    // What a device took that nobody here made has a number too: perhaps it was made, and a fail-over lost it.
    let ahead = offline_codes::table
        .filter(offline_codes::device_id.eq(device.uuid()).and(offline_codes::number.gt(last.unwrap_or_default())));
    let taken: Vec<i32> = ahead.select(offline_codes::number).load(conn).await?;
    let is_free = |number: &u32| i32::try_from(*number).is_ok_and(|number| !taken.contains(&number));
    let number = (count(last).saturating_add(1)..).find(is_free).ok_or(StoreError::TooManyUntold)?;
    if number.saturating_sub(count(told)) > AHEAD {
        return Err(StoreError::TooManyUntold);
    }
    // Nobody reads out what the law or the platform would not let them give today, with the codes that may still be typed in.
    let open = open_minutes(conn, teen).await?;
    let with_open = minutes.saturating_add(open).min(MOST_MINUTES);
    let gift = TimeGift { id: tools.world.uuid(), day: None, item: None, minutes: Some(with_open) };
    give_time(&standing.situation(tools, now), &standing.calendar, gift, by, None).map_err(|error| match error {
        PatchError::BeyondBound { possible_minutes, rules } => {
            PatchError::BeyondBound { possible_minutes: possible_minutes.saturating_sub(open), rules }
        }
        other => other,
    })?;
    let code = key_of(&tools.vault, device).code(number, minutes).ok_or(PatchError::TimeRange(minutes))?;
    diesel::insert_into(offline_codes::table)
        .values((
            offline_codes::device_id.eq(device.uuid()),
            offline_codes::number.eq(i32::try_from(number).unwrap_or(i32::MAX)),
            offline_codes::teen_id.eq(teen.uuid()),
            offline_codes::minutes.eq(i16::try_from(minutes).unwrap_or(i16::MAX)),
            offline_codes::given_by.eq(by.uuid()),
            offline_codes::made_at.eq(now.to_diesel()),
            offline_codes::reason.eq(reason),
        ))
        .execute(conn)
        .await?;
    let deed = Deed::new(by, "offline_code.made").teen(teen).subject(device.uuid());
    audit::record(conn, tools, deed.detail(json!({"number": number, "minutes": minutes}))).await?;
    let made = NewCode { code: grouped(&code), number, minutes, device_id: device, made_at: now };
    once::keep(conn, tools, once, &made).await?;
    Ok(made)
}

/// Minutes of the codes of a teen that may still be typed in: those after the last that a device has told of, where the device is still
/// theirs and whoever made them still guards them.
async fn open_minutes(conn: &mut AsyncPgConnection, teen: TeenId) -> Result<u16, StoreError> {
    let guarding = pairings::table
        .filter(pairings::teen_id.eq(teen.uuid()).and(pairings::state.eq(PairingState::Active.as_str())))
        .select(pairings::guardian_id);
    let rows: Vec<(Uuid, i32, i16, Option<jiff_diesel::Timestamp>)> = offline_codes::table
        .inner_join(devices::table.on(devices::id.eq(offline_codes::device_id)))
        .filter(offline_codes::teen_id.eq(teen.uuid()).and(offline_codes::made_at.is_not_null()))
        .filter(devices::revoked_at.is_null().and(offline_codes::given_by.eq_any(guarding)))
        .select((offline_codes::device_id, offline_codes::number, offline_codes::minutes, offline_codes::told_at))
        .load(conn)
        .await?;
    let mut last: BTreeMap<Uuid, i32> = BTreeMap::new();
    for (device, number, ..) in rows.iter().filter(|(.., told_at)| told_at.is_some()) {
        let known = last.entry(*device).or_default();
        *known = (*known).max(*number);
    }
    let is_open = |(device, number, ..): &&(Uuid, i32, i16, _)| last.get(device).is_none_or(|last| number > last);
    let minutes = rows.iter().filter(is_open).map(|(_, _, minutes, _)| u16::try_from(*minutes).unwrap_or_default());
    Ok(minutes.fold(0, u16::saturating_add))
}

/// In threes and a four, to be read out.
fn grouped(code: &str) -> String {
    let part = |range| code.get(range).unwrap_or_default();
    format!("{}-{}-{}", part(0..3), part(3..6), part(6..10))
}

//! Codes for a device that cannot reach the server: made here, typed in there, told of when the server is reached again.
//!
//! A code that was made gives nothing yet. It gives its minutes on the device where it is typed in, and everywhere once the device has
//! told of it: so no other device can spend them meanwhile.

mod views;

use std::collections::BTreeMap;

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, OptionalExtension,
    PgSortExpressionMethods, QueryDsl,
    dsl::{exists, max, select},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp, civil::Date};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::views::CodeView;
use self::views::Row;
use super::{
    Event, Store, StoreError, Tools,
    audit::{self, Deed},
    guardian_work::Changing,
    history::since,
    kinship::{DeviceOf, GuardianOf, TeenSelf},
    once::{self, Once},
    policies,
    schema::{accounts, devices, offline_codes, pairings, time_grants},
};
use crate::domain::{
    device::code::{AHEAD, CodeKey, Redeemed},
    ids::{AccountId, DeviceId, TeenId},
    pairing::PairingState,
    policy::{MOST_MINUTES, PatchError, TimeGift, give_time},
    vault::{Purpose, Vault},
};

/// Most codes in one list.
const LISTED: i64 = 100;

/// Codes of days further back are written down and give nothing: nobody reads a report of them any more.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(9 * 24);
/// Codes that nobody made, of one device: more say nothing more.
const MOST_FORGED: i64 = 20;

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

    /// A device tells which codes were typed in. Each becomes minutes of its day, once; telling again changes nothing. Says how many
    /// minutes each gives.
    pub async fn codes_typed(&self, device: DeviceOf, typed: Vec<Typed>) -> Result<Vec<Redeemed>, StoreError> {
        for typed in &typed {
            let (of, one) = (device.clone(), typed.clone());
            let found = self
                .write(move |conn, tools| {
                    let (of, one) = (of.clone(), one.clone());
                    async move { find(conn, &tools, &of, &one).await }.boxed()
                })
                .await?;
            if let Some(made) = found {
                self.redeem(&device, typed, made).await?;
            }
        }
        self.counted(&device, &typed).await
    }

    /// What became of codes: the minutes of their gifts.
    async fn counted(&self, device: &DeviceOf, typed: &[Typed]) -> Result<Vec<Redeemed>, StoreError> {
        let key = key_of(&self.vault, device.device());
        let ids: Vec<Uuid> = typed.iter().map(|typed| key.grant_id(typed.number)).collect();
        let mut conn = self.pool.get().await?;
        let given: Vec<GiftRow> = time_grants::table
            .filter(time_grants::teen_id.eq(device.teen().uuid()).and(time_grants::revoked_at.is_null()))
            .filter(time_grants::id.eq_any(ids))
            .select((time_grants::id, time_grants::day, time_grants::minutes))
            .load(&mut conn)
            .await?;
        // A device that lost its memory may take a code once more: it gave its minutes to the day that was told first.
        let minutes = |typed: &Typed| {
            let is_this = |(id, day, _): &&GiftRow| *id == key.grant_id(typed.number) && day.to_jiff() == typed.day;
            given.iter().find(is_this).and_then(|(.., minutes)| u16::try_from((*minutes)?).ok()).unwrap_or_default()
        };
        Ok(typed.iter().map(|typed| Redeemed { number: typed.number, minutes: minutes(typed) }).collect())
    }

    /// A gift like any other, made by whoever made the code; and only then it is written down that the device told of it.
    async fn redeem(&self, device: &DeviceOf, typed: &Typed, made: Made) -> Result<(), StoreError> {
        let id = key_of(&self.vault, device.device()).grant_id(typed.number);
        let give = |minutes| {
            let gift = TimeGift { id, day: Some(typed.day), item: None, minutes: Some(minutes) };
            self.give_by_code(device, made.by, gift, made.reason.clone())
        };
        let mut given = give(typed.minutes).await;
        // A bound has come in between: what it leaves is given.
        if let Err(StoreError::Patch(PatchError::BeyondBound { possible_minutes: possible @ 1.., .. })) = given {
            given = give(possible.min(typed.minutes)).await;
        }
        match given {
            // Nothing more can be given on that day: the device is told so.
            Ok(_) | Err(StoreError::Patch(PatchError::BeyondBound { .. })) => {}
            Err(error) if error.breaks("time_grants_pkey") => {}
            // Its day is over. It was used all the same, and the sums of its day and week say so.
            Err(StoreError::Patch(_)) => self.enter(device, typed, &made, id).await?,
            Err(error) => return Err(error),
        }
        let (device, number, day) = (device.clone(), typed.number, typed.day);
        self.alone(move |conn, tools| {
            let now = tools.world.now().to_diesel();
            let key = (device.device().uuid(), i32::try_from(number).unwrap_or(i32::MAX));
            async move {
                diesel::update(offline_codes::table.find(key))
                    .set((offline_codes::typed_on.eq(day.to_diesel()), offline_codes::told_at.eq(now)))
                    .execute(conn)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Enters minutes of a day that is over into the ledger, which the reports read.
    async fn enter(&self, device: &DeviceOf, typed: &Typed, made: &Made, id: Uuid) -> Result<(), StoreError> {
        let (teen, typed, by, reason) = (device.teen(), typed.clone(), made.by, made.reason.clone());
        self.write(move |conn, tools| {
            let (typed, reason) = (typed.clone(), reason.clone());
            async move {
                let standing = policies::lock(conn, &tools, teen).await?;
                let now = tools.world.now();
                let week_ago = now.saturating_sub(TOLD_WITHIN).unwrap_or(now);
                let days = standing.calendar.days(week_ago, now);
                let Some(day) = days.into_iter().find(|day| day.date == typed.day) else { return Ok(()) };
                diesel::insert_into(time_grants::table)
                    .values((
                        time_grants::id.eq(id),
                        time_grants::teen_id.eq(teen.uuid()),
                        time_grants::day.eq(typed.day.to_diesel()),
                        time_grants::minutes.eq(i16::try_from(typed.minutes).ok()),
                        time_grants::given_by.eq(by.uuid()),
                        time_grants::given_at.eq(now.to_diesel()),
                        time_grants::until.eq(day.to.to_diesel()),
                        time_grants::reason.eq(reason),
                    ))
                    .on_conflict_do_nothing()
                    .execute(conn)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await?;
        self.post(Event::BudgetMoved { teen, told_by: None });
        Ok(())
    }
}

/// A gift, its day, and its minutes.
type GiftRow = (Uuid, jiff_diesel::Date, Option<i16>);
/// Minutes, who made it, why, and when a device told of it.
type KnownRow = (i16, Option<Uuid>, Option<String>, Option<jiff_diesel::Timestamp>);

/// Who made a code, and why.
struct Made {
    by: AccountId,
    reason: Option<String>,
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
    let number = count(last).saturating_add(1);
    if number.saturating_sub(count(told)) > AHEAD {
        return Err(StoreError::TooManyUntold);
    }
    // Nobody reads out what the law or the platform would not let them give today, with the codes that may still be typed in.
    let with_open = minutes.saturating_add(open_minutes(conn, teen).await?).min(MOST_MINUTES);
    let gift = TimeGift { id: tools.world.uuid(), day: None, item: None, minutes: Some(with_open) };
    give_time(&standing.situation(tools, now), &standing.calendar, gift, by, None)?;
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

/// Minutes of the codes of a teen that may still be typed in: those after the last that a device has told of.
async fn open_minutes(conn: &mut AsyncPgConnection, teen: TeenId) -> Result<u16, StoreError> {
    let rows: Vec<(Uuid, i32, i16, Option<jiff_diesel::Timestamp>)> = offline_codes::table
        .filter(offline_codes::teen_id.eq(teen.uuid()).and(offline_codes::made_at.is_not_null()))
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

/// What a device tells of, if it was made here and not told of before. What nobody made is written down for both sides to see.
async fn find(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    device: &DeviceOf,
    typed: &Typed,
) -> Result<Option<Made>, StoreError> {
    let (number, minutes) = (i32::try_from(typed.number), i16::try_from(typed.minutes));
    let (Ok(number), Ok(minutes)) = (number, minutes) else { return Ok(None) };
    let key = (device.device().uuid(), number);
    let known: Option<KnownRow> = offline_codes::table
        .find(key)
        .select((offline_codes::minutes, offline_codes::given_by, offline_codes::reason, offline_codes::told_at))
        .first(conn)
        .await
        .optional()?;
    match known {
        Some((made, Some(by), reason, None)) if made == minutes && guards(conn, by, device.teen()).await? => {
            Ok(Some(Made { by: by.into(), reason }))
        }
        Some(_) => Ok(None),
        None => {
            let forged = offline_codes::device_id.eq(key.0).and(offline_codes::made_at.is_null());
            let count: i64 = offline_codes::table.filter(forged).count().get_result(conn).await?;
            if count >= MOST_FORGED {
                return Ok(None);
            }
            let now = tools.world.now().to_diesel();
            diesel::insert_into(offline_codes::table)
                .values((
                    offline_codes::device_id.eq(key.0),
                    offline_codes::number.eq(number),
                    offline_codes::teen_id.eq(device.teen().uuid()),
                    offline_codes::minutes.eq(minutes),
                    offline_codes::typed_on.eq(typed.day.to_diesel()),
                    offline_codes::told_at.eq(now),
                ))
                .on_conflict_do_nothing()
                .execute(conn)
                .await?;
            let deed = Deed::new(device.teen(), "offline_code.forged").teen(device.teen()).subject(key.0);
            audit::record(conn, tools, deed.detail(json!({"number": number, "minutes": minutes}))).await?;
            Ok(None)
        }
    }
}

/// Whether whoever made a code guards the teen still: what they gave ended with their pairing.
async fn guards(conn: &mut AsyncPgConnection, guardian: Uuid, teen: TeenId) -> Result<bool, StoreError> {
    let active = pairings::table
        .filter(pairings::teen_id.eq(teen.uuid()).and(pairings::guardian_id.eq(guardian)))
        .filter(pairings::state.eq(PairingState::Active.as_str()));
    Ok(select(exists(active)).get_result(conn).await?)
}

/// In threes and a four, to be read out.
fn grouped(code: &str) -> String {
    let part = |range| code.get(range).unwrap_or_default();
    format!("{}-{}-{}", part(0..3), part(3..6), part(6..10))
}

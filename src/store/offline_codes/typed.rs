//! What devices tell of codes: each becomes a gift, once, and the device learns what it gives.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::SignedDuration;
use jiff_diesel::ToDiesel;
use serde_json::json;
use uuid::Uuid;

use super::{Typed, key_of};
use crate::{
    domain::{
        device::code::Redeemed,
        ids::TeenId,
        pairing::PairingState,
        policy::{PatchError, TimeGift},
    },
    store::{
        Event, Store, StoreError, Tools,
        audit::{self, Deed},
        kinship::{DeviceOf, GuardianOf},
        policies,
        schema::{offline_codes, pairings, time_grants},
    },
};

/// Codes of days further back are written down and give nothing: nobody reads a report of them any more.
const TOLD_WITHIN: SignedDuration = SignedDuration::from_hours(9 * 24);
/// Codes that nobody made, of one device: more say nothing more.
const MOST_FORGED: i64 = 20;

impl Store {
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
            self.give_by_code(device, made.proof.clone(), gift, made.reason.clone())
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
            // The pairing has ended in between: what they gave ended with it.
            Err(StoreError::NotFound) => {}
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
        let (teen, typed, by, reason) = (device.teen(), typed.clone(), made.proof.guardian(), made.reason.clone());
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

/// Who made a code and guards the teen still, and why.
struct Made {
    proof: GuardianOf,
    reason: Option<String>,
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
        Some((made, Some(by), reason, None)) if made == minutes => {
            Ok(guards(conn, by, device.teen()).await?.map(|proof| Made { proof, reason }))
        }
        // Not what was made under this number: a device that was tampered with.
        Some((made, .., None)) if made != minutes => {
            let deed = Deed::new(device.teen(), "offline_code.forged").teen(device.teen()).subject(key.0);
            audit::record(conn, tools, deed.detail(json!({"number": number, "minutes": minutes}))).await?;
            Ok(None)
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
async fn guards(conn: &mut AsyncPgConnection, guardian: Uuid, teen: TeenId) -> Result<Option<GuardianOf>, StoreError> {
    let active = pairings::table
        .filter(pairings::teen_id.eq(teen.uuid()).and(pairings::guardian_id.eq(guardian)))
        .filter(pairings::state.eq(PairingState::Active.as_str()));
    let pairing: Option<Uuid> = active.select(pairings::id).first(conn).await.optional()?;
    Ok(pairing.map(|pairing| GuardianOf::found(guardian.into(), teen, pairing.into())))
}

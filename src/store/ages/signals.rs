//! Signals as they are kept and read back.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, Queryable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{Timestamp, civil::Date};
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use crate::{
    domain::{
        age::{AgeSignal, AgeSpan, Channel, Level, Reading, Stated},
        ids::{AccountId, AgeSignalId, GuardianId, TeenId},
    },
    store::{
        StoreError,
        schema::{age_signals, teens},
    },
};

#[derive(Queryable)]
struct Row {
    id: Uuid,
    _teen: Uuid,
    received_at: jiff_diesel::Timestamp,
    channel: String,
    level: String,
    lo: Option<i16>,
    hi: Option<i16>,
    source: String,
    valid_until: Option<jiff_diesel::Timestamp>,
    provider: Option<String>,
    transaction: Option<Vec<u8>>,
    withdrawn_at: Option<jiff_diesel::Timestamp>,
    said_by: Option<Uuid>,
}

/// The signal that a declared birth date is. It has the teen's own id: there is one.
///
/// Another node's clock may be a little ahead of this one's. What it wrote has been received, or withdrawn, by now, whatever its time
/// says: else a teen who has just joined would be taken to be the youngest for a moment, and keep that band's limits.
pub(crate) fn declared(teen: TeenId, birth: Date, joined: Timestamp, now: Timestamp) -> AgeSignal {
    Reading::declared(birth).signal(AgeSignalId::from_uuid(teen.uuid()), joined.min(now))
}

/// All that was said of a teen: what they declared, and what has come since.
pub(crate) async fn of_teen(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    declared: AgeSignal,
    now: Timestamp,
) -> Result<Vec<AgeSignal>, StoreError> {
    let rows: Vec<Row> = age_signals::table
        .filter(age_signals::teen_id.eq(teen.uuid()))
        .order((age_signals::received_at, age_signals::id))
        .load(conn)
        .await?;
    let mut signals = vec![declared];
    for row in rows {
        match signals.iter_mut().find(|known| known.id.uuid() == row.id) {
            Some(declared) => declared.withdrawn_at = row.withdrawn_at.map(|at| at.to_jiff().min(now)),
            None => signals.push(signal(row, now)?),
        }
    }
    Ok(signals)
}

/// Keeps a signal.
pub(super) async fn keep(conn: &mut AsyncPgConnection, teen: TeenId, signal: &AgeSignal) -> Result<(), StoreError> {
    let ages = match signal.stated {
        Stated::Aged(ages) => Some(ages),
        // The date stays where it is.
        Stated::Born(_) => None,
    };
    diesel::insert_into(age_signals::table)
        .values((
            age_signals::id.eq(signal.id.uuid()),
            age_signals::teen_id.eq(teen.uuid()),
            age_signals::received_at.eq(signal.received_at.to_diesel()),
            age_signals::channel.eq(signal.channel.as_str()),
            age_signals::level.eq(signal.level.as_str()),
            age_signals::lo.eq(ages.map(AgeSpan::lo)),
            age_signals::hi.eq(ages.and_then(AgeSpan::hi)),
            age_signals::source.eq(&signal.source),
            age_signals::valid_until.eq(signal.valid_until.map(ToDiesel::to_diesel)),
            age_signals::provider.eq(&signal.provider),
            age_signals::transaction_sha256.eq(signal.transaction_sha256.map(Vec::from)),
            age_signals::withdrawn_at.eq(signal.withdrawn_at.map(ToDiesel::to_diesel)),
            age_signals::said_by.eq(signal.said_by.map(AccountId::uuid)),
        ))
        .execute(conn)
        .await?;
    diesel::update(teens::table.find(teen.uuid())).set(teens::has_age_signals.eq(true)).execute(conn).await?;
    Ok(())
}

/// Has a signal count no more from `at`.
pub(super) async fn withdraw(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    signal: &AgeSignal,
    at: Timestamp,
) -> Result<(), StoreError> {
    if signal.channel == Channel::Declared {
        return keep(conn, teen, &AgeSignal { withdrawn_at: Some(at), ..signal.clone() }).await;
    }
    diesel::update(age_signals::table.find(signal.id.uuid()))
        .set(age_signals::withdrawn_at.eq(at.to_diesel()))
        .execute(conn)
        .await?;
    Ok(())
}

/// Has all words of a guardian about a teen count no more: they end with the pairing.
pub(crate) async fn end_words_of(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    guardian: GuardianId,
    at: Timestamp,
) -> Result<usize, StoreError> {
    let words = age_signals::table
        .filter(age_signals::teen_id.eq(teen.uuid()))
        .filter(age_signals::said_by.eq(guardian.uuid()))
        .filter(age_signals::withdrawn_at.is_null());
    Ok(diesel::update(words).set(age_signals::withdrawn_at.eq(at.to_diesel())).execute(conn).await?)
}

/// Forgets signals that newer words took the place of long ago.
pub(super) async fn prune(conn: &mut AsyncPgConnection, outdated: &[AgeSignalId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = outdated.iter().map(|id| id.uuid()).collect();
    diesel::delete(age_signals::table.filter(age_signals::id.eq_any(ids))).execute(conn).await?;
    Ok(())
}

/// Of whom the outcome of a check was taken before.
pub(super) async fn taken(conn: &mut AsyncPgConnection, sha256: &[u8; 32]) -> Result<Option<TeenId>, StoreError> {
    let of: Option<Uuid> = age_signals::table
        .filter(age_signals::transaction_sha256.eq(sha256.to_vec()))
        .select(age_signals::teen_id)
        .first(conn)
        .await
        .optional()?;
    Ok(of.map(TeenId::from))
}

fn signal(row: Row, now: Timestamp) -> Result<AgeSignal, StoreError> {
    let broken = || StoreError::Corrupt("an age signal".to_owned());
    let ages = AgeSpan::new(row.lo.ok_or_else(broken)?, row.hi).map_err(|_| broken())?;
    let transaction = row.transaction.map(<[u8; 32]>::try_from).transpose().map_err(|_| broken())?;
    Ok(AgeSignal {
        id: row.id.into(),
        received_at: row.received_at.to_jiff().min(now),
        channel: Channel::from_word(&row.channel).ok_or_else(broken)?,
        level: Level::from_word(&row.level).ok_or_else(broken)?,
        stated: Stated::Aged(ages),
        source: row.source,
        said_by: row.said_by.map(AccountId::from),
        valid_until: row.valid_until.map(|at| at.to_jiff()),
        provider: row.provider,
        transaction_sha256: transaction,
        withdrawn_at: row.withdrawn_at.map(|at| at.to_jiff().min(now)),
    })
}

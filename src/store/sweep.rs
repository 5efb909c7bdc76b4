//! The first net under a lost hint: what changed lately, asked every two seconds.
//!
//! The window compares `recorded_at`, which the database's clock wrote inside the transaction, with the database's own
//! `now()`. A transaction cannot outlive about ten seconds (see `pool`), so thirty seconds cannot miss a late commit.

use diesel::{
    ExpressionMethods, NullableExpressionMethods, QueryDsl,
    dsl::{max, select, sql},
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Event, Store, StoreError, ages,
    pairings::state_of,
    prepared::{Prepared, among},
    reports::Reported,
    requests,
    schema::{device_reports, devices, pairings, policy_revisions, sessions},
    silences,
};
use crate::domain::{
    ids::{DeviceId, GuardianId, SessionId, TeenId},
    pairing::PairingState,
};

pub(super) const WINDOW: &str = "now() - interval '30 seconds'";

/// What changed lately.
#[derive(Debug)]
pub struct Lately {
    /// When that was read, by the database's clock, whose window it is.
    pub read_at: Timestamp,
    /// What changed.
    pub events: Vec<Event>,
}

/// Sessions that ended and devices that were revoked.
#[derive(Debug, Default)]
pub struct Gone {
    /// Their sockets close with "credentials".
    pub sessions: Vec<SessionId>,
    /// Their sockets close with "device revoked".
    pub devices: Vec<DeviceId>,
}

impl Store {
    /// Everything of the last thirty seconds that a hint would have told, as the hints it would have been.
    pub async fn changed_lately(&self) -> Result<Lately, StoreError> {
        let mut conn = self.pool.get().await?;
        let read_at: jiff_diesel::Timestamp = select(sql::<Timestamptz>("now()")).get_result(&mut conn).await?;
        let since = || sql::<Timestamptz>(WINDOW);
        let since_or_null = || sql::<Nullable<Timestamptz>>(WINDOW);
        let changed = policy_revisions::table
            .filter(policy_revisions::recorded_at.gt(since()))
            .group_by(policy_revisions::teen_id)
            .select((policy_revisions::teen_id, max(policy_revisions::revision)));
        let changed: Vec<(Uuid, Option<i64>)> = Prepared(changed).load(&mut conn).await?;
        let moved = pairings::table.filter(pairings::moved_recorded_at.gt(since())).select((
            pairings::id,
            pairings::state,
            pairings::teen_id,
            pairings::guardian_id,
        ));
        let moved: Vec<(Uuid, String, Uuid, Option<Uuid>)> = Prepared(moved).load(&mut conn).await?;
        let revoked = devices::table.filter(devices::revoked_recorded_at.gt(since_or_null())).select(devices::id);
        let revoked: Vec<Uuid> = Prepared(revoked).load(&mut conn).await?;
        let ended = sessions::table.filter(sessions::ended_recorded_at.gt(since_or_null())).select(sessions::id);
        let ended: Vec<Uuid> = Prepared(ended).load(&mut conn).await?;
        let mut events = ages::told_lately(&mut conn).await?;
        events.extend(requests::moved_lately(&mut conn).await?);
        events.extend(silences::moved_lately(&mut conn).await?);
        for (pairing, state, teen, guardian) in moved {
            events.push(Event::PairingMoved {
                pairing: pairing.into(),
                state: state_of(&state)?,
                teen: teen.into(),
                guardian: guardian.map(Into::into),
            });
        }
        let changed = changed.into_iter().filter_map(|(teen, revision)| Some((teen, revision?)));
        events.extend(changed.map(|(teen, revision)| Event::PolicyChanged { teen: teen.into(), revision }));
        events.extend(revoked.into_iter().map(|device| Event::DeviceRevoked(device.into())));
        events.extend(ended.into_iter().map(|session| Event::SessionEnded(session.into())));
        Ok(Lately { read_at: read_at.to_jiff(), events })
    }

    /// Devices of these teens that reported something in the last thirty seconds.
    pub async fn reported_lately(&self, of: &[TeenId]) -> Result<Vec<Reported>, StoreError> {
        let ids: Vec<Uuid> = of.iter().map(|teen| teen.uuid()).collect();
        let mut conn = self.pool.get().await?;
        let lately = devices::table
            .inner_join(device_reports::table)
            .filter(among(devices::teen_id, ids))
            .filter(device_reports::reported_recorded_at.gt(sql::<Nullable<Timestamptz>>(WINDOW)))
            .select((devices::id, device_reports::reported_recorded_at.assume_not_null()));
        let rows: Vec<(Uuid, jiff_diesel::Timestamp)> = Prepared(lately).load(&mut conn).await?;
        Ok(rows.into_iter().map(|(device, at)| Reported { device: device.into(), at: at.to_jiff() }).collect())
    }

    /// Which of these sessions and devices do not count any more: for the full compare after a gap.
    pub async fn gone(&self, sessions_here: &[SessionId], devices_here: &[DeviceId]) -> Result<Gone, StoreError> {
        let mut conn = self.pool.get().await?;
        let ended: Vec<Uuid> = sessions::table
            .filter(among(sessions::id, sessions_here.iter().map(|id| id.uuid()).collect::<Vec<_>>()))
            .filter(sessions::ended_at.is_not_null())
            .select(sessions::id)
            .load(&mut conn)
            .await?;
        let revoked: Vec<Uuid> = devices::table
            .filter(among(devices::id, devices_here.iter().map(|id| id.uuid()).collect::<Vec<_>>()))
            .filter(devices::revoked_at.is_not_null())
            .select(devices::id)
            .load(&mut conn)
            .await?;
        Ok(Gone {
            sessions: ended.into_iter().map(SessionId::from).collect(),
            devices: revoked.into_iter().map(DeviceId::from).collect(),
        })
    }

    /// Which teens these guardians guard now: for the full compare after a gap.
    pub async fn guarding_now(&self, guardians_here: &[GuardianId]) -> Result<Vec<(GuardianId, TeenId)>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<(Option<Uuid>, Uuid)> = pairings::table
            .filter(pairings::guardian_id.eq_any(guardians_here.iter().map(|id| id.uuid()).collect::<Vec<_>>()))
            .filter(pairings::state.eq(PairingState::Active.as_str()))
            .select((pairings::guardian_id, pairings::teen_id))
            .load(&mut conn)
            .await?;
        Ok(rows.into_iter().filter_map(|(guardian, teen)| Some((guardian?.into(), teen.into()))).collect())
    }
}

//! Devices: registered with the teen's session, known from then on by a token of their own, revoked at once.

use base64::{Engine, engine::general_purpose::STANDARD};
use diesel::{
    ExpressionMethods, NullableExpressionMethods, QueryDsl,
    dsl::sql,
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Event, Store, StoreError, Tools,
    audit::{self, Deed},
    kinship::TeenSelf,
    offline_codes::key_of,
    once::{self, Once},
    schema::{device_reports, devices, teens},
    silences,
};
use crate::domain::{
    ids::DeviceId,
    secret::{Token, TokenKind},
};

/// What a device says of itself at registration, checked.
#[derive(Clone)]
pub struct NewDevice {
    /// "Mia's phone".
    pub name: String,
    /// `android-16`, `ios-26`, …
    pub platform: String,
    /// Changes with each installation of the app.
    pub install_id: String,
    /// The app's own version.
    pub app_version: String,
}

/// A new device and its token, shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// Names the device.
    pub device_id: DeviceId,
    /// `fpd_…`: opens the teen's endpoints and the socket on this device, until revoked.
    pub device_token: String,
    /// 32 bytes, base64: checks codes that a guardian reads out while the device cannot reach the server. Belongs into the safest store
    /// that the system has.
    pub code_key: String,
    /// As given.
    pub name: String,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// A device as its teen sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Names the device.
    pub device_id: DeviceId,
    /// "Mia's phone".
    pub name: String,
    /// `android-16`, `ios-26`, …
    pub platform: String,
    /// The app's own version, as last reported.
    pub app_version: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its last frame or request reached us.
    pub last_seen_at: Option<Timestamp>,
}

/// Live devices of one teen at most: no family has more, and a script could.
pub const MOST_DEVICES: i64 = 20;

type DeviceRow = (Uuid, String, String, String, jiff_diesel::Timestamp, Option<jiff_diesel::Timestamp>);

impl Store {
    /// Registers a device of this teen.
    pub async fn register_device(
        &self,
        teen: TeenSelf,
        new: NewDevice,
        once: Option<Once>,
    ) -> Result<Registered, StoreError> {
        self.write(move |conn, tools| {
            let (teen, new, once) = (teen.clone(), new.clone(), once.clone());
            async move { register(conn, &tools, &teen, new, once.as_ref()).await }.boxed()
        })
        .await
    }

    /// The teen's devices, oldest first.
    pub async fn devices(&self, teen: &TeenSelf) -> Result<Vec<Device>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<DeviceRow> = devices::table
            .left_join(device_reports::table)
            .filter(devices::teen_id.eq(teen.teen().uuid()))
            .filter(devices::revoked_at.is_null())
            .order(devices::id)
            .select((
                devices::id,
                devices::name,
                devices::platform,
                devices::app_version,
                devices::created_at,
                device_reports::last_seen_at.nullable(),
            ))
            .load(&mut conn)
            .await?;
        Ok(rows.into_iter().map(device).collect())
    }

    /// Revokes a device: its token is dead at once, its socket closes.
    pub async fn revoke_device(&self, teen: TeenSelf, device: DeviceId) -> Result<(), StoreError> {
        let removed = self
            .write(move |conn, tools| {
                let teen = teen.clone();
                async move {
                    let of_teen = devices::table
                        .find(device.uuid())
                        .filter(devices::teen_id.eq(teen.teen().uuid()))
                        .filter(devices::revoked_at.is_null());
                    let revoked = diesel::update(of_teen)
                        .set((
                            devices::revoked_at.eq(tools.world.now().to_diesel()),
                            devices::revoked_recorded_at.eq(sql::<Nullable<Timestamptz>>("clock_timestamp()")),
                        ))
                        .execute(conn)
                        .await?;
                    if revoked == 0 {
                        return Err(StoreError::NotFound);
                    }
                    let deed = Deed::new(teen.teen(), "device.revoked").teen(teen.teen()).subject(device.uuid());
                    audit::record(conn, &tools, deed).await?;
                    silences::removed(conn, &tools, teen.teen(), device).await
                }
                .boxed()
            })
            .await?;
        removed.into_iter().for_each(|event| self.post(event));
        self.post(Event::DeviceRevoked(device));
        Ok(())
    }
}

async fn register(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: &TeenSelf,
    new: NewDevice,
    once: Option<&Once>,
) -> Result<Registered, StoreError> {
    if let Some(before) = once::claim(conn, tools, once).await? {
        return Ok(before.answer);
    }
    // The teen's row first, so that two registrations at once are counted one after the other.
    teens::table.find(teen.teen().uuid()).select(teens::revision).for_no_key_update().first::<i64>(conn).await?;
    let live: i64 = devices::table
        .filter(devices::teen_id.eq(teen.teen().uuid()))
        .filter(devices::revoked_at.is_null())
        .count()
        .get_result(conn)
        .await?;
    if live >= MOST_DEVICES {
        return Err(StoreError::TooManyDevices);
    }
    let device: DeviceId = tools.world.id();
    let token = Token::mint(TokenKind::Device, tools.world.bytes());
    let now = tools.world.now();
    diesel::insert_into(devices::table)
        .values((
            devices::id.eq(device.uuid()),
            devices::teen_id.eq(teen.teen().uuid()),
            devices::token_hash.eq(token.hash().as_bytes().to_vec()),
            devices::name.eq(&new.name),
            devices::platform.eq(new.platform),
            devices::install_id.eq(new.install_id),
            devices::app_version.eq(new.app_version),
            devices::created_at.eq(now.to_diesel()),
        ))
        .execute(conn)
        .await?;
    diesel::insert_into(device_reports::table)
        .values(device_reports::device_id.eq(device.uuid()))
        .execute(conn)
        .await?;
    let deed = Deed::new(teen.teen(), "device.registered").teen(teen.teen()).subject(device.uuid());
    audit::record(conn, tools, deed).await?;
    let registered = Registered {
        device_id: device,
        device_token: token.reveal().to_owned(),
        code_key: STANDARD.encode(key_of(&tools.vault, device).as_bytes()),
        name: new.name,
        created_at: now,
    };
    once::keep(conn, tools, once, &registered).await?;
    Ok(registered)
}

fn device((id, name, platform, app_version, created_at, seen): DeviceRow) -> Device {
    Device {
        device_id: id.into(),
        name,
        platform,
        app_version,
        created_at: created_at.to_jiff(),
        last_seen_at: seen.map(|at| at.to_jiff()),
    }
}

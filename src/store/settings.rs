//! Changing what is wanted: by a guardian, by the teen for themself, and back again.
//!
//! Each is one transaction: lock the teen's row, compare the version, apply the patch, write the revision with its
//! history, its audit row and the answer of the idempotency key; commit; then hint.

use std::collections::BTreeMap;

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::{FutureExt, future::BoxFuture};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::{
    Event, Store, StoreError, Tools,
    kinship::{GuardianOf, TeenSelf},
    once::{self, Once},
    policies::{self, Locked, Next, RevisionKind, Undo},
    schema::policy_revisions,
};
use crate::domain::{
    age::AgeBand,
    controls::ControlId,
    ids::{AccountId, TeenId},
    policy::{Change, Layers, Policy, Setting, patch_guardian, patch_teen, undo_patch},
    value::{Given, Value},
    version::Version,
};

/// Control → new value, or `None` for "back to the default".
pub type Patch = BTreeMap<ControlId, Option<Given>>;

/// A wanted change of settings.
#[derive(Clone)]
pub struct Wish {
    /// What to set.
    pub patch: Patch,
    /// Why, in the guardian's words.
    pub reason: Option<String>,
    /// The version that whoever asks has seen.
    pub seen: Version,
    /// The idempotency key.
    pub once: Option<Once>,
}

/// What a change did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// The newest version. Not greater than before, if nothing changed.
    #[serde(flatten)]
    pub version: Version,
    /// What changed, and in which direction. Empty: nothing did.
    pub changed: Vec<Change>,
}

/// The settings that people made, and where they stand.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The newest version.
    pub version: Version,
    /// Every layer.
    pub layers: Layers,
    /// The teen's age band today.
    pub band: AgeBand,
    /// What follows, as of the newest revision.
    pub policy: Policy,
    /// The zone in which windows and days are meant.
    pub home_zone: String,
    /// Minutes after midnight at which the day starts.
    pub day_start_minute: i16,
}

/// Where a teen is at home, for windows and days. Absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// IANA zone, checked.
    pub home_zone: Option<String>,
    /// 0–1439.
    pub day_start_minute: Option<i16>,
}

impl Store {
    /// Changes what a guardian wants.
    pub async fn change_settings(&self, proof: GuardianOf, wish: Wish) -> Result<Changed, StoreError> {
        let teen = proof.teen();
        self.change(teen, move |conn, tools| guardian_change(conn, tools, proof.clone(), wish.clone()).boxed()).await
    }

    /// Changes what a teen wants for themself: only ever tighter.
    pub async fn change_own_settings(&self, teen: TeenSelf, wish: Wish) -> Result<Changed, StoreError> {
        let of = teen.teen();
        self.change(of, move |conn, tools| teen_change(conn, tools, teen.clone(), wish.clone()).boxed()).await
    }

    /// Takes a revision back, as a new revision.
    pub async fn undo(&self, proof: GuardianOf, revision: i64, wish: Wish) -> Result<Changed, StoreError> {
        let teen = proof.teen();
        self.change(teen, move |conn, tools| undo(conn, tools, proof.clone(), revision, wish.clone()).boxed()).await
    }

    /// Sets the zone and the start of the day in which limits count.
    pub async fn change_home(&self, proof: GuardianOf, home: Home) -> Result<Changed, StoreError> {
        let teen = proof.teen();
        self.change(teen, move |conn, tools| change_home(conn, tools, proof.clone(), home.clone()).boxed()).await
    }

    /// The settings of a guarded teen.
    pub async fn settings(&self, proof: &GuardianOf) -> Result<Settings, StoreError> {
        self.read_settings(proof.teen(), Some(proof.clone())).await
    }

    /// A teen's own settings.
    pub async fn own_settings(&self, teen: &TeenSelf) -> Result<Settings, StoreError> {
        self.read_settings(teen.teen(), None).await
    }

    async fn read_settings(&self, teen: TeenId, proof: Option<GuardianOf>) -> Result<Settings, StoreError> {
        let tools = self.tools();
        let mut conn = self.pool.get().await?;
        let read = policies::read(&mut conn, &tools, teen, proof.as_ref()).await?;
        Ok(Settings {
            version: read.version(&tools),
            layers: read.layers,
            band: read.band,
            policy: read.policy,
            home_zone: read.home_zone,
            day_start_minute: read.day_start_minute,
        })
    }

    async fn change<F>(&self, teen: TeenId, act: F) -> Result<Changed, StoreError>
    where
        F: for<'c> Fn(&'c mut AsyncPgConnection, Tools) -> BoxFuture<'c, Result<Changed, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        let changed = self.write(act).await?;
        self.post(Event::PolicyChanged { teen, revision: changed.version.revision });
        Ok(changed)
    }
}

async fn guardian_change(
    conn: &mut AsyncPgConnection,
    tools: Tools,
    proof: GuardianOf,
    wish: Wish,
) -> Result<Changed, StoreError> {
    let guardian = proof.guardian();
    let patch = |locked: &Locked, at: Timestamp| {
        let reason = wish.reason.clone();
        Ok(patch_guardian(&tools.registry, locked.band, &locked.layers, guardian, &wish.patch, at, reason)?)
    };
    let locked = policies::lock(conn, &tools, proof.teen(), Some(&proof)).await?;
    change_layers(conn, &tools, locked, &wish, guardian, RevisionKind::Guardian, patch).await
}

async fn teen_change(
    conn: &mut AsyncPgConnection,
    tools: Tools,
    teen: TeenSelf,
    wish: Wish,
) -> Result<Changed, StoreError> {
    let patch = |locked: &Locked, at: Timestamp| {
        let reason = wish.reason.clone();
        Ok(patch_teen(&tools.registry, locked.band, &locked.layers, teen.teen(), &wish.patch, at, reason)?)
    };
    let locked = policies::lock(conn, &tools, teen.teen(), None).await?;
    change_layers(conn, &tools, locked, &wish, teen.teen(), RevisionKind::Teen, patch).await
}

async fn undo(
    conn: &mut AsyncPgConnection,
    tools: Tools,
    proof: GuardianOf,
    revision: i64,
    wish: Wish,
) -> Result<Changed, StoreError> {
    let guardian = proof.guardian();
    let locked = policies::lock(conn, &tools, proof.teen(), Some(&proof)).await?;
    let stored: Option<Json> = policy_revisions::table
        .find((proof.teen().uuid(), revision))
        .select(policy_revisions::undo)
        .first(conn)
        .await?;
    let undo: Undo = serde_json::from_value(stored.ok_or(StoreError::NotUndoable)?)?;
    if undo.guardian != guardian {
        return Err(StoreError::NotUndoable);
    }
    let back = undo
        .settings
        .into_iter()
        .map(|(control, value)| Ok((control, value.map(serde_json::from_value).transpose()?)))
        .collect::<Result<Patch, serde_json::Error>>()?;
    let patch = |locked: &Locked, at: Timestamp| {
        let reason = wish.reason.clone();
        Ok(patch_guardian(&tools.registry, locked.band, &locked.layers, guardian, &back, at, reason)?)
    };
    change_layers(conn, &tools, locked, &wish, guardian, RevisionKind::Undo, patch).await
}

/// The shape that every change of layers has.
async fn change_layers(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    locked: Locked,
    wish: &Wish,
    by: AccountId,
    kind: RevisionKind,
    patch: impl FnOnce(&Locked, Timestamp) -> Result<Layers, StoreError>,
) -> Result<Changed, StoreError> {
    if let Some(before) = once::claim(conn, tools, wish.once.as_ref()).await? {
        return Ok(before.answer);
    }
    let here = locked.version(tools);
    if wish.seen != here {
        return Err(StoreError::Stale(here));
    }
    let layers = patch(&locked, tools.world.now())?;
    let mut changed = Changed { version: here, changed: vec![] };
    if layers != locked.layers {
        let undo = undo_patch(&locked.layers, &layers, by);
        let next = locked.with_layers(tools, kind, by, layers);
        let next = Next {
            reason: wish.reason.clone(),
            undo: (kind != RevisionKind::Teen).then(|| policies::undo_of(by, undo)).transpose()?,
            ..next
        };
        changed.version = policies::commit(conn, tools, &locked, &next).await?;
        changed.changed = next.changes;
    }
    once::keep(conn, tools, wish.once.as_ref(), &changed).await?;
    Ok(changed)
}

async fn change_home(
    conn: &mut AsyncPgConnection,
    tools: Tools,
    proof: GuardianOf,
    home: Home,
) -> Result<Changed, StoreError> {
    let locked = policies::lock(conn, &tools, proof.teen(), Some(&proof)).await?;
    let zone = home.home_zone.unwrap_or_else(|| locked.home_zone.clone());
    let minute = home.day_start_minute.unwrap_or(locked.day_start_minute);
    if zone == locked.home_zone && minute == locked.day_start_minute {
        return Ok(Changed { version: locked.version(&tools), changed: vec![] });
    }
    let next = locked.with_layers(&tools, RevisionKind::Home, proof.guardian(), locked.layers.clone());
    let next = Next { home_zone: zone, day_start_minute: minute, ..next };
    let version = policies::commit(conn, &tools, &locked, &next).await?;
    Ok(Changed { version, changed: next.changes })
}

/// Removes a guardian's layer when the pairing ends: what is left is the age band's defaults and what the teen wants. Never "open".
pub(crate) async fn release(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    guardian: AccountId,
    by: AccountId,
) -> Result<Version, StoreError> {
    let locked = policies::lock(conn, tools, teen, None).await?;
    let mut layers = locked.layers.clone();
    layers.guardians.remove(&guardian);
    let next = locked.with_layers(tools, RevisionKind::Unlinked, by, layers);
    policies::commit(conn, tools, &locked, &next).await
}

/// The values that a layer holds, without who and why.
pub fn values(layer: Option<&BTreeMap<ControlId, Setting>>) -> BTreeMap<ControlId, Value> {
    layer.into_iter().flatten().map(|(control, setting)| (control.clone(), setting.value.clone())).collect()
}

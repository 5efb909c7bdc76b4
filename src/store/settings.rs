//! Changing what is wanted: by a guardian, by the teen for themself, and back again.
//!
//! Each is one atomic statement: it moves the teen's row on from the revision that was read, if it is still there and the
//! pairing still lives, and writes the revision with its history, its audit row and the answer of the idempotency key.
//! If anything moved in between it writes nothing, and everything is read again. Then comes the hint.

use std::{collections::BTreeMap, sync::Arc};

use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::{
    Event, Store, StoreError, Tools,
    kinship::{GuardianOf, TeenSelf},
    law::Book,
    once::{self, Once},
    policies::{self, Next, RevisionKind, Standing, Undo},
    schema::policy_revisions,
};
use crate::domain::{
    controls::{ControlId, Registry},
    ids::{AccountId, TeenId},
    policy::{self, Facts, Layers, Policy, Setting, Situation, patch_guardian, patch_teen, undo_patch},
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
    pub changed: Vec<policy::Change>,
}

/// The settings that people made, and where they stand.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The newest version.
    pub version: Version,
    /// Every layer.
    pub layers: Layers,
    /// What is known of the teen.
    pub facts: Facts,
    /// The laws.
    pub book: Arc<Book>,
    /// What follows, as of the newest revision.
    pub policy: Policy,
    /// The zone in which windows and days are meant.
    pub home_zone: String,
    /// Minutes after midnight at which the day starts.
    pub day_start_minute: i16,
}

impl Settings {
    /// What the policy follows from at an instant.
    pub fn situation<'a>(&'a self, registry: &'a Registry, now: Timestamp) -> Situation<'a> {
        self.facts.at(registry, &self.book.rules, &self.layers, now)
    }
}

/// Where a teen is at home, for windows and days. Absent fields stay.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// IANA zone, checked.
    pub home_zone: Option<String>,
    /// 0–1439.
    pub day_start_minute: Option<i16>,
}

/// What is to be done to a teen's policy.
#[derive(Clone)]
enum Plan {
    /// Set a guardian's layer.
    Guardian(Patch),
    /// Set the teen's own layer.
    Teen(Patch),
    /// Take a revision back.
    Undo(i64),
    /// Move the teen's home.
    Home(Home),
}

/// A change, with the proof that gives the power to it.
#[derive(Clone)]
struct Change {
    teen: TeenId,
    by: AccountId,
    guardian: Option<GuardianOf>,
    plan: Plan,
    reason: Option<String>,
    seen: Option<Version>,
    once: Option<Once>,
}

impl Store {
    /// Changes what a guardian wants.
    pub async fn change_settings(&self, proof: GuardianOf, wish: Wish) -> Result<Changed, StoreError> {
        let Wish { patch, reason, seen, once } = wish;
        self.change(Change { reason, seen: Some(seen), once, ..Change::by_guardian(proof, Plan::Guardian(patch)) })
            .await
    }

    /// Changes what a teen wants for themself: only ever tighter.
    pub async fn change_own_settings(&self, teen: TeenSelf, wish: Wish) -> Result<Changed, StoreError> {
        let Wish { patch, reason, seen, once } = wish;
        let (teen, plan) = (teen.teen(), Plan::Teen(patch));
        self.change(Change { teen, by: teen, guardian: None, plan, reason, seen: Some(seen), once }).await
    }

    /// Takes a revision back, as a new revision. The wish's patch is not looked at.
    pub async fn undo(&self, proof: GuardianOf, revision: i64, wish: Wish) -> Result<Changed, StoreError> {
        let Wish { reason, seen, once, .. } = wish;
        self.change(Change { reason, seen: Some(seen), once, ..Change::by_guardian(proof, Plan::Undo(revision)) }).await
    }

    /// Sets the zone and the start of the day in which limits count.
    pub async fn change_home(&self, proof: GuardianOf, home: Home) -> Result<Changed, StoreError> {
        self.change(Change::by_guardian(proof, Plan::Home(home))).await
    }

    /// The settings of a guarded teen.
    pub async fn settings(&self, proof: &GuardianOf) -> Result<Settings, StoreError> {
        self.read_settings(proof.teen(), Some(proof)).await
    }

    /// A teen's own settings.
    pub async fn own_settings(&self, teen: &TeenSelf) -> Result<Settings, StoreError> {
        self.read_settings(teen.teen(), None).await
    }

    async fn read_settings(&self, teen: TeenId, proof: Option<&GuardianOf>) -> Result<Settings, StoreError> {
        let tools = self.tools();
        let mut conn = self.pool.get().await?;
        let standing = policies::read(&mut conn, &tools, teen, proof).await?;
        Ok(Settings {
            version: standing.version(&tools),
            layers: standing.layers,
            facts: standing.facts,
            book: standing.book,
            policy: standing.policy,
            home_zone: standing.home_zone,
            day_start_minute: standing.day_start_minute,
        })
    }

    async fn change(&self, change: Change) -> Result<Changed, StoreError> {
        let teen = change.teen;
        let changed = self
            .alone(move |conn, tools| {
                let change = change.clone();
                async move { change.make(conn, &tools).await }.boxed()
            })
            .await?;
        self.post(Event::PolicyChanged { teen, revision: changed.version.revision });
        Ok(changed)
    }
}

/// How often a change without a version of its own is planned again because another one came first.
const TRIES: usize = 8;

impl Change {
    fn by_guardian(proof: GuardianOf, plan: Plan) -> Self {
        let (teen, by) = (proof.teen(), proof.guardian());
        Self { teen, by, guardian: Some(proof), plan, reason: None, seen: None, once: None }
    }

    /// Reads, plans, and writes in one statement that does nothing if anything has moved in between; then it is read again.
    async fn make(&self, conn: &mut AsyncPgConnection, tools: &Tools) -> Result<Changed, StoreError> {
        for _ in 0..TRIES {
            if let Some(before) = once::look(conn, tools, self.once.as_ref()).await? {
                return Ok(before.answer);
            }
            let standing = policies::read(conn, tools, self.teen, self.guardian.as_ref()).await?;
            let here = standing.version(tools);
            if self.seen.is_some_and(|seen| seen != here) {
                return Err(StoreError::Stale(here));
            }
            let Some(next) = self.next(conn, tools, &standing).await? else {
                return Ok(Changed { version: here, changed: vec![] });
            };
            let changed = Changed { version: next_version(here), changed: next.changes.clone() };
            let answer = once::sealed(tools, self.once.as_ref(), &changed)?;
            match policies::commit(conn, tools, &standing, &next, self.guardian.as_ref(), answer).await {
                Ok(true) => return Ok(changed),
                // Somebody was faster, with another change or with this very request: look again.
                Ok(false) => {}
                Err(error) if error.breaks("idempotency_pkey") => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable("too many changes of one teen at once".to_owned()))
    }

    /// The next revision, or `None` if nothing would change.
    async fn next(
        &self,
        conn: &mut AsyncPgConnection,
        tools: &Tools,
        standing: &Standing,
    ) -> Result<Option<Next>, StoreError> {
        let (kind, layers) = match &self.plan {
            Plan::Guardian(patch) => (RevisionKind::Guardian, self.patched(tools, standing, patch)?),
            Plan::Teen(patch) => (RevisionKind::Teen, self.tightened(tools, standing, patch)?),
            Plan::Undo(revision) => {
                let back = undo_of(conn, self.teen, *revision, self.by).await?;
                (RevisionKind::Undo, self.patched(tools, standing, &back)?)
            }
            Plan::Home(home) => return Ok(self.moved(tools, standing, home)),
        };
        if layers == standing.layers {
            return Ok(None);
        }
        let undo = undo_patch(&standing.layers, &layers, self.by);
        let next = standing.with_layers(tools, kind, Some(self.by), layers);
        let undo = (kind != RevisionKind::Teen).then(|| policies::undo_of(self.by, undo)).transpose()?;
        Ok(Some(Next { reason: self.reason.clone(), undo, ..next }))
    }

    fn patched(&self, tools: &Tools, standing: &Standing, patch: &Patch) -> Result<Layers, StoreError> {
        let situation = standing.situation(tools, tools.world.now());
        Ok(patch_guardian(&situation, self.by, patch, self.reason.clone())?)
    }

    fn tightened(&self, tools: &Tools, standing: &Standing, patch: &Patch) -> Result<Layers, StoreError> {
        let situation = standing.situation(tools, tools.world.now());
        Ok(patch_teen(&situation, self.by, patch, self.reason.clone())?)
    }

    fn moved(&self, tools: &Tools, standing: &Standing, home: &Home) -> Option<Next> {
        let home_zone = home.home_zone.clone().unwrap_or_else(|| standing.home_zone.clone());
        let day_start_minute = home.day_start_minute.unwrap_or(standing.day_start_minute);
        let moves = home_zone != standing.home_zone || day_start_minute != standing.day_start_minute;
        moves.then(|| standing.with_home(tools, self.by, home_zone, day_start_minute))
    }
}

fn next_version(here: Version) -> Version {
    Version { revision: here.revision + 1, ..here }
}

/// What takes a revision back: the values before it, in the layer of the guardian who made it.
async fn undo_of(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    revision: i64,
    guardian: AccountId,
) -> Result<Patch, StoreError> {
    let stored: Option<Json> =
        policy_revisions::table.find((teen.uuid(), revision)).select(policy_revisions::undo).first(conn).await?;
    let undo: Undo = serde_json::from_value(stored.ok_or(StoreError::NotUndoable)?)?;
    if undo.guardian != guardian {
        return Err(StoreError::NotUndoable);
    }
    let given = |(control, value): (ControlId, Option<Json>)| {
        Ok((control, value.map(serde_json::from_value::<Given>).transpose()?))
    };
    Ok(undo.settings.into_iter().map(given).collect::<Result<Patch, serde_json::Error>>()?)
}

/// Removes a guardian's layer when the pairing ends: what is left is the age band's defaults and what the teen wants. Never "open".
pub(crate) async fn release(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    guardian: AccountId,
    by: AccountId,
) -> Result<Version, StoreError> {
    let locked = policies::lock(conn, tools, teen).await?;
    let layers = locked.layers.clone().without_guardian(&guardian);
    let next = locked.with_layers(tools, RevisionKind::Unlinked, Some(by), layers);
    match policies::commit(conn, tools, &locked, &next, None, None).await? {
        true => Ok(next_version(locked.version(tools))),
        false => Err(StoreError::Corrupt("a locked teen's policy moved".to_owned())),
    }
}

/// The values that a layer holds, without who and why.
pub fn values(layer: Option<&BTreeMap<ControlId, Setting>>) -> BTreeMap<ControlId, Value> {
    layer.into_iter().flatten().map(|(control, setting)| (control.clone(), setting.value.clone())).collect()
}

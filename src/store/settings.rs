//! Changing what is wanted: by a guardian, by the teen for themself, and back again.
//!
//! Each is one atomic statement: it moves the teen's row on from the revision that was read, if it is still there and the
//! pairing still lives, and writes the revision with its history, its audit row and the answer of the idempotency key.
//! If anything moved in between it writes nothing, and everything is read again. Then comes the hint.

mod asked;
mod plan;

use std::{collections::BTreeMap, sync::Arc};

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::plan::{Change, Made, Plan, TRIES};
use super::{
    Event, Store, StoreError, Tools,
    guardian_work::Changing,
    kinship::{GuardianOf, TeenSelf},
    law::Book,
    once::Once,
    policies::{self, RevisionKind},
    requests,
    schema::{accounts, time_grants},
};
use crate::domain::{
    age::AgeBand,
    controls::{ControlId, Registry},
    ids::{AccountId, TeenId},
    policy::{
        self, Facts, Layers, PatchError, Policy, Renewed, Setting, Situation, TimeGift, Timed, Until, effective,
        renewed, value_of,
    },
    simulation::Present,
    supervision::seen,
    timeline::Calendar,
    value::{Given, Value},
    version::Version,
};
use crate::failpoint;

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
///
/// A repeated value makes no revision; a newly set value that changes nothing effective makes one, with nothing in `changed`: it is
/// somebody's now, and stays when what it equals goes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Changed {
    /// The newest version. Not greater than before, if all was set so before.
    #[serde(flatten)]
    pub version: Version,
    /// What changed of what holds, and in which direction. Empty: nothing did.
    pub changed: Vec<policy::Change>,
    /// The grant or hold that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

/// A value for a time.
#[derive(Clone, Debug)]
pub struct Lend {
    /// Of which control.
    pub control: ControlId,
    /// As loose as a grant makes it, or as strict as a hold.
    pub value: Given,
    /// From when; at once without.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Until,
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
    /// What follows, as of the newest revision; of a control that the program has since got, what follows now.
    pub policy: Policy,
    /// For a guardian: how many entries the teen added to lists of which guardians see the count. They are not in the layers.
    pub hidden: BTreeMap<ControlId, usize>,
    /// The band that this was computed for.
    pub computed_for: Option<AgeBand>,
    /// What those are called who set something: the teen, and the guardians of this family.
    pub names: BTreeMap<AccountId, String>,
    /// The zone in which windows and days are meant.
    pub home_zone: String,
    /// Minutes after midnight at which the day starts.
    pub day_start_minute: i16,
    /// Which day it is for the teen.
    pub calendar: Calendar,
}

impl Settings {
    /// What the policy follows from at an instant.
    pub fn situation<'a>(&'a self, registry: &'a Registry, now: Timestamp) -> Situation<'a> {
        self.facts.at(registry, &self.book.rules, &self.layers, now)
    }

    /// As far as guardians see them.
    fn seen(self, registry: &Registry, now: Timestamp) -> Self {
        let hidden = seen::hidden(registry, &self.layers);
        let layers = seen::layers(registry, &self.layers);
        let policy = seen::policy(&self.facts.at(registry, &self.book.rules, &layers, now), self.policy);
        Self { hidden, layers, policy, ..self }
    }

    /// With a row for every control, also for those that this program has and the one before it, which computed the policy, had not.
    fn whole(mut self, registry: &Registry, now: Timestamp) -> Self {
        if registry.iter().any(|control| self.policy.get(&control.id).is_none()) {
            self.policy = effective(&self.situation(registry, now)).with(self.policy.into_rows());
        }
        self
    }

    /// As somebody's change will find them: what is due by itself comes first.
    pub fn by(self, registry: &Registry, now: Timestamp) -> Self {
        let Renewed { band, layers, policy } = renewed(&self.situation(registry, now), self.computed_for);
        Self { layers, policy, computed_for: Some(band), ..self }
    }

    /// What a simulation starts from. `guarded`: whether anybody guards the teen.
    pub fn present<'a>(&'a self, registry: &'a Registry, now: Timestamp, guarded: bool) -> Present<'a> {
        Present {
            registry,
            book: &self.book.rules,
            facts: &self.facts,
            calendar: &self.calendar,
            guarded,
            layers: self.layers.clone(),
            computed_for: self.computed_for,
            policy: &self.policy,
            now,
        }
    }
}

impl Lend {
    /// The grant or hold that this asks for, which begins now at the earliest.
    pub fn timed(
        self,
        registry: &Registry,
        id: Uuid,
        by: AccountId,
        reason: Option<String>,
        (calendar, policy): (&Calendar, &Policy),
        now: Timestamp,
    ) -> Result<Timed, PatchError> {
        let Self { control, value, from, until } = self;
        let value = value_of(registry, &control, value)?;
        Ok(Timed {
            id,
            control,
            value,
            by,
            from: from.unwrap_or(now).max(now),
            until: until.instant(calendar, policy, now),
            reason,
        })
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

impl Store {
    /// Changes what a guardian wants.
    pub async fn change_settings(&self, by: Changing, wish: Wish) -> Result<Changed, StoreError> {
        let Wish { patch, reason, seen, once } = wish;
        self.change(Change { reason, seen: Some(seen), once, ..Change::by_guardian(by, Plan::Guardian(patch)) }).await
    }

    /// Changes what a teen wants for themself: only ever tighter.
    pub async fn change_own_settings(&self, teen: TeenSelf, wish: Wish) -> Result<Changed, StoreError> {
        let Wish { patch, reason, seen, once } = wish;
        self.change(Change { reason, seen: Some(seen), once, ..Change::by_teen(&teen, Plan::Teen(patch)) }).await
    }

    /// Takes a revision back, as a new revision. The wish's patch is not looked at.
    pub async fn undo(&self, by: Changing, revision: i64, wish: Wish) -> Result<Changed, StoreError> {
        let Wish { reason, seen, once, .. } = wish;
        self.change(Change { reason, seen: Some(seen), once, ..Change::by_guardian(by, Plan::Undo(revision)) }).await
    }

    /// Sets the zone and the start of the day in which limits count.
    pub async fn change_home(&self, by: Changing, home: Home, reason: Option<String>) -> Result<Changed, StoreError> {
        self.change(Change { reason, ..Change::by_guardian(by, Plan::Home(home)) }).await
    }

    /// Loosens something for a time.
    pub async fn grant(
        &self,
        by: Changing,
        lend: Lend,
        reason: Option<String>,
        once: Option<Once>,
    ) -> Result<Changed, StoreError> {
        let plan = Plan::Grant(self.world.uuid(), lend);
        self.change(Change { reason, once, ..Change::by_guardian(by, plan) }).await
    }

    /// Tightens something for a time.
    pub async fn hold(
        &self,
        by: Changing,
        lend: Lend,
        reason: Option<String>,
        once: Option<Once>,
    ) -> Result<Changed, StoreError> {
        let plan = Plan::Hold(self.world.uuid(), lend);
        self.change(Change { reason, once, ..Change::by_guardian(by, plan) }).await
    }

    /// Gives minutes beyond a limit.
    pub async fn give_time(
        &self,
        by: Changing,
        gift: TimeGift,
        reason: Option<String>,
        once: Option<Once>,
    ) -> Result<Changed, StoreError> {
        self.change(Change { reason, once, ..Change::by_guardian(by, Plan::GiveTime(gift)) }).await
    }

    /// Takes minutes back that this guardian gave.
    pub async fn take_time_back(&self, by: Changing, id: Uuid, reason: Option<String>) -> Result<Changed, StoreError> {
        self.change(Change { reason, ..Change::by_guardian(by, Plan::TakeTime(id)) }).await
    }

    /// Pauses everything until then, instead of an earlier pause of this guardian's.
    pub async fn pause(
        &self,
        by: Changing,
        until: Until,
        reason: Option<String>,
        once: Option<Once>,
    ) -> Result<Changed, StoreError> {
        let plan = Plan::Pause(self.world.uuid(), until);
        self.change(Change { reason, once, ..Change::by_guardian(by, plan) }).await
    }

    /// Ends this guardian's pause.
    pub async fn resume(&self, by: Changing) -> Result<Changed, StoreError> {
        self.change(Change::by_guardian(by, Plan::Resume)).await
    }

    /// Takes a grant or a hold that this guardian gave back before its time.
    pub async fn revoke_timed(&self, by: Changing, id: Uuid, reason: Option<String>) -> Result<Changed, StoreError> {
        self.change(Change { reason, ..Change::by_guardian(by, Plan::Revoke(id)) }).await
    }

    /// Gives a grant back: the teen would rather be without it.
    pub async fn give_grant_back(&self, teen: TeenSelf, id: Uuid) -> Result<Changed, StoreError> {
        self.change(Change::by_teen(&teen, Plan::GiveBack(id))).await
    }

    /// The settings of a guarded teen, as far as guardians see them.
    pub async fn settings(&self, proof: &GuardianOf) -> Result<Settings, StoreError> {
        let all = self.read_settings(proof.teen(), Some(proof)).await?;
        Ok(all.seen(&self.registry, self.world.now()))
    }

    /// A teen's own settings.
    pub async fn own_settings(&self, teen: &TeenSelf) -> Result<Settings, StoreError> {
        self.read_settings(teen.teen(), None).await
    }

    async fn read_settings(&self, teen: TeenId, proof: Option<&GuardianOf>) -> Result<Settings, StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        let standing = policies::read(&mut conn, &tools, teen, proof).await?;
        let names = names(&mut conn, teen, &standing.layers).await?;
        let settings = Settings {
            names,
            version: standing.version(&tools),
            hidden: BTreeMap::new(),
            layers: standing.layers,
            facts: standing.facts,
            book: standing.book,
            policy: standing.policy,
            computed_for: standing.computed_for,
            home_zone: standing.home_zone,
            day_start_minute: standing.day_start_minute,
            calendar: standing.calendar,
        };
        Ok(settings.whole(&self.registry, self.world.now()))
    }

    async fn change(&self, change: Change) -> Result<Changed, StoreError> {
        let (teen, mut change) = (change.teen, change);
        let moves_time = change.plan.moves_time();
        failpoint::pass("change.begun");
        for _ in 0..TRIES {
            let mine = change.clone();
            let made = self.alone(move |conn, tools| {
                let mine = mine.clone();
                async move { mine.make(conn, &tools).await }.boxed()
            });
            if let Made::Changed(changed, written) = made.await? {
                let event = Event::PolicyChanged { teen, revision: changed.version.revision };
                self.post_with(event, written.map(|written| (changed.version.epoch, written)));
                if moves_time {
                    self.post(Event::BudgetMoved { teen, told_by: None });
                }
                failpoint::pass("change.posted");
                return Ok(changed);
            }
            let (before, after) = self.work_one(teen).await?;
            // Whoever saw the newest version has not missed anything that a person did: what they want goes on top.
            change.seen = change.seen.map(|seen| if seen == before { after } else { seen });
        }
        Err(StoreError::Unavailable("too much is due for one teen at once".to_owned()))
    }
}

fn next_version(here: Version) -> Version {
    Version { revision: here.revision + 1, ..here }
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
    let now = tools.world.now().to_diesel();
    let theirs =
        time_grants::table.filter(time_grants::teen_id.eq(teen.uuid()).and(time_grants::given_by.eq(guardian.uuid())));
    diesel::update(theirs.filter(time_grants::until.gt(now).and(time_grants::revoked_at.is_null())))
        .set((time_grants::revoked_at.eq(now), time_grants::revoked_by.eq(by.uuid())))
        .execute(conn)
        .await?;
    requests::cancel_all(conn, teen).await?;
    let next = locked.with_layers(tools, RevisionKind::Unlinked, Some(by), layers);
    match policies::commit(conn, tools, &locked, &next, None, None).await? {
        Some(_) => Ok(next_version(locked.version(tools))),
        None => Err(StoreError::Corrupt("a locked teen's policy moved".to_owned())),
    }
}

/// What the teen is called, and everybody whose values are in the layers: only this family's guardians ever are.
async fn names(
    conn: &mut AsyncPgConnection,
    teen: TeenId,
    layers: &Layers,
) -> Result<BTreeMap<AccountId, String>, StoreError> {
    let lent = layers.grants.iter().chain(&layers.holds).map(|timed| timed.by);
    let ids: Vec<Uuid> = layers.guardians.keys().copied().chain(lent).chain([teen]).map(AccountId::uuid).collect();
    let rows: Vec<(Uuid, String)> = accounts::table
        .filter(accounts::id.eq_any(ids))
        .select((accounts::id, accounts::display_name))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
}

/// The values that a layer holds, without who and why.
pub fn values(layer: Option<&BTreeMap<ControlId, Setting>>) -> BTreeMap<ControlId, Value> {
    layer.into_iter().flatten().map(|(control, setting)| (control.clone(), setting.value.clone())).collect()
}

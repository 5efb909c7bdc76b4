//! A wanted change: read, planned, and written in one statement that does nothing if anything has moved in between.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Changed, Home, Lend, Patch, next_version};
use crate::{
    domain::{
        ids::{AccountId, TeenId},
        policy::{self, Layers, TimeGift, Timed, Undo, Until, patch_guardian, undo_of},
        supervision::seen,
        value::Given,
        version::Version,
    },
    failpoint,
    store::{
        StoreError, Tools,
        guardian_work::{Ahead, Changing},
        history,
        kinship::{GuardianOf, TeenSelf},
        once::{self, Once},
        policies::{self, Entry, Newest, Next, Origin, RevisionKind, Standing},
        requests::{self, Granting},
        schema::policy_revisions,
    },
};

/// What is to be done to a teen's policy.
#[derive(Clone)]
pub(super) enum Plan {
    /// Set a guardian's layer.
    Guardian(Patch),
    /// Set the teen's own layer.
    Teen(Patch),
    /// Take a revision back.
    Undo(i64),
    /// Move the teen's home.
    Home(Home),
    /// Loosen something for a time.
    Grant(Uuid, Lend),
    /// Tighten something for a time.
    Hold(Uuid, Lend),
    /// Take a grant or a hold of one's own back.
    Revoke(Uuid),
    /// Give a grant back.
    GiveBack(Uuid),
    /// Give minutes beyond a limit.
    GiveTime(TimeGift),
    /// Take minutes back.
    TakeTime(Uuid),
    /// Pause everything until then, instead of an earlier pause.
    Pause(Uuid, Until),
    /// End one's own pause.
    Resume,
}

impl Plan {
    /// Whether it changes what is left of a day. What a device works out itself from its policy is none of that.
    pub(super) const fn moves_time(&self) -> bool {
        matches!(self, Self::GiveTime(_) | Self::TakeTime(_))
    }
}

/// A change, with the proof that gives the power to it.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) teen: TeenId,
    pub(super) by: AccountId,
    pub(super) guardian: Option<GuardianOf>,
    /// How the teen stood when it was looked who asks.
    pub(super) ahead: Ahead,
    pub(super) origin: Origin,
    pub(super) plan: Plan,
    pub(super) reason: Option<String>,
    pub(super) seen: Option<Version>,
    pub(super) once: Option<Once>,
    /// The request that it answers.
    pub(super) request: Option<Granting>,
}

/// What came of a change.
pub(super) enum Made {
    /// It is done, now or before; what was written for it, if that was now.
    Changed(Changed, Option<Box<Newest>>),
    /// Something is due by itself, a law or a birthday. That comes first, so that nobody is said to have done it.
    TooEarly,
}

/// How often a change without a version of its own is planned again because another one came first.
pub(super) const TRIES: usize = 8;

impl Change {
    pub(super) fn by_guardian(changing: Changing, plan: Plan) -> Self {
        let (proof, ahead) = (GuardianOf::clone(&changing), changing.ahead);
        let (teen, by, origin) = (proof.teen(), proof.guardian(), Origin::Session);
        Self {
            teen,
            by,
            guardian: Some(proof),
            ahead,
            origin,
            plan,
            reason: None,
            seen: None,
            once: None,
            request: None,
        }
    }

    pub(super) fn by_teen(proof: &TeenSelf, plan: Plan) -> Self {
        let teen = proof.teen();
        let origin = proof.device().map_or(Origin::Session, |device_id| Origin::Device { device_id });
        Self {
            teen,
            by: teen,
            guardian: None,
            ahead: Ahead::default(),
            origin,
            plan,
            reason: None,
            seen: None,
            once: None,
            request: None,
        }
    }

    /// Reads, plans, and writes in one statement that does nothing if anything has moved in between; then it is read again.
    pub(super) async fn make(&self, conn: &mut AsyncPgConnection, tools: &Tools) -> Result<Made, StoreError> {
        for _ in 0..TRIES {
            if let Some(before) = once::look(conn, tools, self.once.as_ref()).await? {
                return Ok(Made::Changed(before.answer, None));
            }
            if let Some(request) = &self.request {
                requests::still_pending(conn, self.teen, request.id).await?;
            }
            let standing = match self.ahead.take(tools.epoch) {
                Some(row) => policies::understood(conn, tools, row).await?,
                None => policies::read(conn, tools, self.teen, self.guardian.as_ref()).await?,
            };
            failpoint::pass("change.read");
            if standing.is_due(tools.world.now()) {
                return Ok(Made::TooEarly);
            }
            let here = standing.version(tools);
            let planned = match self.seen {
                Some(seen) if seen != here => Err(StoreError::Stale(here)),
                _ => self.next(conn, tools, &standing).await,
            };
            let next = match planned {
                Ok(Some(next)) => next,
                refused => {
                    // This very request may have been done by its twin between the first look and the reading.
                    if let Some(before) = once::look(conn, tools, self.once.as_ref()).await? {
                        return Ok(Made::Changed(before.answer, None));
                    }
                    return refused.map(|_| Made::Changed(Changed { version: here, changed: vec![], id: None }, None));
                }
            };
            let changes = if self.guardian.is_some() { &next.seen.changes } else { &next.changes };
            let changed = Changed { version: next_version(here), changed: changes.clone(), id: self.made() };
            let answer = once::sealed(tools, self.once.as_ref(), &changed)?;
            failpoint::pass("change.planned");
            match policies::commit(conn, tools, &standing, &next, self.guardian.as_ref(), answer).await {
                Ok(Some(written)) => {
                    failpoint::pass("change.committed");
                    return Ok(Made::Changed(changed, Some(Box::new(written))));
                }
                // Somebody was faster, with another change or with this very request: look again.
                Ok(None) => {}
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
                let back = self.what_undoes(conn, tools, *revision).await?;
                let situation = standing.situation(tools, tools.world.now());
                (RevisionKind::Undo, back.apply(&situation, self.reason.clone())?)
            }
            Plan::Home(home) => {
                let moved = self.moved(tools, standing, home);
                return Ok(moved.map(|next| Next { reason: self.reason.clone(), ..next }));
            }
            Plan::Grant(id, lend) => (RevisionKind::Grant, self.lent(tools, standing, *id, lend, policy::grant)?),
            Plan::Hold(id, lend) => (RevisionKind::Hold, self.lent(tools, standing, *id, lend, policy::hold)?),
            Plan::Revoke(id) => {
                let left = policy::take_back(&standing.layers, self.by, *id, tools.world.now());
                (RevisionKind::Revoked, left.ok_or(StoreError::NotFound)?)
            }
            Plan::GiveTime(gift) => (RevisionKind::Grant, self.given_time(tools, standing, gift)?),
            Plan::TakeTime(id) => {
                let left = policy::take_time_back(&standing.layers, self.by, *id, tools.world.now());
                (RevisionKind::Revoked, left.ok_or(StoreError::NotFound)?)
            }
            Plan::Pause(id, until) => (RevisionKind::Hold, self.paused(tools, standing, *id, *until)?),
            Plan::Resume => (RevisionKind::Revoked, self.resumed(tools, standing)?),
            Plan::GiveBack(id) => {
                let left = policy::give_back(&standing.layers, *id, tools.world.now());
                (RevisionKind::Revoked, left.ok_or(StoreError::NotFound)?)
            }
        };
        if layers == standing.layers {
            return Ok(None);
        }
        let undo = undo_of(&standing.layers, &layers, self.by);
        let next = standing.with_layers(tools, kind, Some(self.by), layers);
        let undoable = matches!(kind, RevisionKind::Guardian | RevisionKind::Undo);
        let undo = undoable.then_some(undo);
        let seen = match &self.plan {
            Plan::Teen(patch) => next.seen.of_teens_wish(&tools.registry, patch),
            _ => next.seen,
        };
        let ledger = match &self.plan {
            Plan::GiveTime(gift) => {
                next.layers.time_grants.iter().find(|grant| grant.id == gift.id).cloned().map(Entry::Given)
            }
            Plan::TakeTime(id) => Some(Entry::TakenBack(*id)),
            _ => None,
        };
        let (reason, request) = (self.reason.clone(), self.request.clone());
        Ok(Some(Next { reason, undo, ledger, request, origin: self.origin, seen, ..next }))
    }

    fn patched(&self, tools: &Tools, standing: &Standing, patch: &Patch) -> Result<Layers, StoreError> {
        let situation = standing.situation(tools, tools.world.now());
        Ok(patch_guardian(&situation, self.by, patch, self.reason.clone())?)
    }

    fn tightened(&self, tools: &Tools, standing: &Standing, patch: &Patch) -> Result<Layers, StoreError> {
        let situation = standing.situation(tools, tools.world.now());
        Ok(seen::tighten(&situation, self.by, patch, self.reason.clone())?)
    }

    /// The id of the grant or hold that this makes.
    const fn made(&self) -> Option<Uuid> {
        match self.plan {
            Plan::Grant(id, _) | Plan::Hold(id, _) | Plan::Pause(id, _) => Some(id),
            Plan::GiveTime(TimeGift { id, .. }) => Some(id),
            _ => None,
        }
    }

    fn lent(
        &self,
        tools: &Tools,
        standing: &Standing,
        id: Uuid,
        lend: &Lend,
        give: fn(&policy::Situation<'_>, Timed) -> Result<Layers, policy::PatchError>,
    ) -> Result<Layers, StoreError> {
        let now = tools.world.now();
        let timed = lend.clone().timed(
            &tools.registry,
            id,
            self.by,
            self.reason.clone(),
            (&standing.calendar, &standing.policy),
            now,
        )?;
        Ok(give(&standing.situation(tools, now), timed)?)
    }

    fn given_time(&self, tools: &Tools, standing: &Standing, gift: &TimeGift) -> Result<Layers, StoreError> {
        let situation = standing.situation(tools, tools.world.now());
        Ok(policy::give_time(&situation, &standing.calendar, gift.clone(), self.by, self.reason.clone())?)
    }

    /// One pause of a guardian's at a time: another one takes its place.
    fn paused(&self, tools: &Tools, standing: &Standing, id: Uuid, until: Until) -> Result<Layers, StoreError> {
        let now = tools.world.now();
        let lend = Lend { control: PAUSED.into(), value: Given::Flag(true), from: None, until };
        let timed =
            lend.timed(&tools.registry, id, self.by, self.reason.clone(), (&standing.calendar, &standing.policy), now)?;
        let without = without_pause(&standing.layers, self.by);
        let facts = &standing.facts;
        let situation = facts.at(&tools.registry, &standing.book.rules, &without, now);
        Ok(policy::hold(&situation, timed)?)
    }

    fn resumed(&self, tools: &Tools, standing: &Standing) -> Result<Layers, StoreError> {
        let before = standing.layers.clone().without_past(tools.world.now());
        let after = without_pause(&before, self.by);
        if after == before { Err(StoreError::NotFound) } else { Ok(after) }
    }

    fn moved(&self, tools: &Tools, standing: &Standing, home: &Home) -> Option<Next> {
        let home_zone = home.home_zone.clone().unwrap_or_else(|| standing.home_zone.clone());
        let day_start_minute = home.day_start_minute.unwrap_or(standing.day_start_minute);
        let moves = home_zone != standing.home_zone || day_start_minute != standing.day_start_minute;
        moves.then(|| standing.with_home(tools, self.by, home_zone, day_start_minute))
    }

    /// What takes a revision back, for the guardian who made it. One that their history does not show is not found.
    async fn what_undoes(
        &self,
        conn: &mut AsyncPgConnection,
        tools: &Tools,
        revision: i64,
    ) -> Result<Undo, StoreError> {
        let since = history::since(conn, self.guardian.as_ref().ok_or(StoreError::NotFound)?).await?;
        let stored: Option<Json> = policy_revisions::table
            .find((self.teen.uuid(), revision))
            .filter(policy_revisions::made_at.ge(since))
            .select(policy_revisions::undo)
            .first(conn)
            .await?;
        let undo = Undo::from_json(&tools.registry, stored.ok_or(StoreError::NotUndoable)?)
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        match undo.guardian == self.by {
            true => Ok(undo),
            false => Err(StoreError::NotUndoable),
        }
    }
}

/// What a pause holds on.
const PAUSED: &str = "time.paused";

fn without_pause(layers: &Layers, by: AccountId) -> Layers {
    let mut without = layers.clone();
    without.holds.retain(|hold| hold.by != by || hold.control.as_ref() != PAUSED);
    without
}

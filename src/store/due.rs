//! Policies that change by themselves: a grant ends, a birthday comes, a law begins to count, a set of rules was approved.
//!
//! Each teen's row says when to look again (`teens.due_at`). Any number of nodes look at once: each teen is one transaction,
//! and a row that another node holds is left to it. Whom an import reaches is made due by rounds (`law::rounds`), which wait for this
//! to be done. What is computed here is what a fresh computation gives, so being late is the
//! only thing that can go wrong, and a device that is out of reach knows of a grant's end by itself (`until`, `after`).

use std::iter;

use diesel::{
    ExpressionMethods, NullableExpressionMethods, OptionalExtension, PgExpressionMethods, QueryDsl,
    dsl::{exists, sql},
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use super::{
    Event, Store, StoreError, Tools, ages, law,
    pairings::{self, Ended},
    policies::{self, Next, Origin, RevisionKind, Standing},
    schema::{installation, teens},
    sessions::after,
};
use crate::domain::{
    age::{AgeBand, Transition},
    controls::ControlId,
    ids::TeenId,
    law::Reach,
    policy::{Change, Facts, Policy},
    snapshot::made_with,
    version::Version,
};

/// A teen whose policy cannot be computed is looked at again after this long, and holds nobody else up.
const PUT_OFF: SignedDuration = SignedDuration::from_mins(10);

/// What came of looking at teens that were due.
#[derive(Debug, Default)]
pub struct Worked {
    /// Looked at. Fewer than asked for: nobody else is due, or others are looking at them.
    pub looked: usize,
    /// What changed for them.
    pub changes: Vec<Change>,
    /// How many got a new revision.
    pub revised: usize,
}

/// What became of one teen.
pub(crate) struct Done {
    revision: Option<i64>,
    pub(crate) changes: Vec<Change>,
    /// The same as guardians see it.
    pub(crate) seen: Vec<Change>,
    ended: Vec<Ended>,
    /// What to tell besides.
    told: Vec<Event>,
}

impl Done {
    /// Where the policy stands after it, having been at `before`.
    fn version(&self, before: Version) -> Version {
        Version { revision: self.revision.unwrap_or(before.revision), ..before }
    }
}

impl Store {
    /// Looks at teens whose policy may have changed by itself, at most `most` of them.
    pub async fn work_due(&self, most: i64) -> Result<Worked, StoreError> {
        let mut worked = Worked::default();
        let mut due = self.due(most).await?;
        if due.is_empty() && self.go_round(most).await? > 0 {
            due = self.due(most).await?;
        }
        for teen in due {
            match self.write(move |conn, tools| work(conn, tools, teen).boxed()).await {
                Ok(Some(done)) => {
                    worked.looked += 1;
                    worked.revised += usize::from(done.revision.is_some());
                    self.tell(teen, &done);
                    worked.changes.extend(done.changes);
                }
                Ok(None) => {}
                Err(error @ (StoreError::Unavailable(_) | StoreError::Interrupted)) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, %teen, "a policy that was due could not be computed; it is looked at again in ten minutes");
                    metrics::counter!("family_pairing_due_failures_total").increment(1);
                    self.write(move |conn, tools| put_off(conn, tools, teen).boxed()).await?;
                    worked.looked += 1;
                }
            }
        }
        Ok(worked)
    }

    /// Brings about what is due for one teen, before somebody's change comes on top of it. The versions before and after.
    pub(crate) async fn work_one(&self, teen: TeenId) -> Result<(Version, Version), StoreError> {
        let work = self.write(move |conn, tools| {
            async move {
                let standing = policies::lock(conn, &tools, teen).await?;
                let before = standing.version(&tools);
                match standing.is_due(tools.world.now()) {
                    true => Ok((before, Some(look(conn, &tools, &standing, Origin::Server, None).await?))),
                    false => Ok((before, None)),
                }
            }
            .boxed()
        });
        let (before, done) = work.await?;
        let Some(done) = done else { return Ok((before, before)) };
        self.tell(teen, &done);
        Ok((before, done.version(before)))
    }

    /// How many teens are to be looked at, those whom rounds have still to reach included: for each round anew.
    pub async fn count_due(&self) -> Result<i64, StoreError> {
        let mut conn = self.pool.get().await?;
        // In this order: a round that is worked off in between has made its teens due by the second look, and nobody is overlooked.
        let not_yet = law::not_yet_due(&mut conn, self.world.now().to_diesel()).await?;
        let due = teens::table.filter(teens::due_at.le(self.world.now().to_diesel()));
        Ok(not_yet + due.count().get_result::<i64>(&mut conn).await?)
    }

    /// Has every teen looked at again if this program has another catalogue of controls than the last one had: a row more, or
    /// only another default or floor; or another time-zone database.
    pub(crate) async fn take_up_catalogue(&self) -> Result<(), StoreError> {
        self.write(move |conn, tools| {
            async move {
                let ours = made_with(&tools.registry).to_vec();
                let other = installation::table.filter(installation::catalogue.is_distinct_from(&ours));
                let is_other = diesel::update(other).set(installation::catalogue.eq(&ours)).execute(conn).await? > 0;
                match is_other
                    && diesel::select(exists(teens::table.select(teens::account_id))).get_result(conn).await?
                {
                    true => law::begin_round(conn, &Reach::of(["*"])).await,
                    false => Ok(()),
                }
            }
            .boxed()
        })
        .await
    }

    async fn due(&self, most: i64) -> Result<Vec<TeenId>, StoreError> {
        let mut conn = self.pool.get().await?;
        let now = self.world.now().to_diesel();
        let due = teens::table.filter(teens::due_at.le(now)).order(teens::due_at).limit(most);
        let ids: Vec<Uuid> = due.select(teens::account_id).load(&mut conn).await?;
        Ok(ids.into_iter().map(TeenId::from).collect())
    }

    pub(crate) fn tell(&self, teen: TeenId, done: &Done) {
        // First what is announced: a guardian who listens at this instant hears why it ends. Whoever does not finds the reason in
        // the list of pairings.
        done.told.iter().for_each(|event| self.post(*event));
        for ended in &done.ended {
            self.post(ended.moved(ended.state));
        }
        if let Some(revision) = done.revision {
            self.post(Event::PolicyChanged { teen, revision });
        }
    }
}

/// Looks at one teen, unless another node does so at this moment or has just done it.
async fn work(conn: &mut AsyncPgConnection, tools: Tools, teen: TeenId) -> Result<Option<Done>, StoreError> {
    let now = tools.world.now();
    let mine = teens::table
        .find(teen.uuid())
        .filter(teens::due_at.le(now.to_diesel()))
        .select(teens::revision)
        .for_no_key_update()
        .skip_locked()
        .first::<i64>(conn)
        .await
        .optional()?;
    if mine.is_none() {
        return Ok(None);
    }
    let standing = policies::read(conn, &tools, teen, None).await?;
    look(conn, &tools, &standing, Origin::Server, None).await.map(Some)
}

/// Brings about what follows from something that was said about a teen's age, or was found wrong, and has both sides told, as far
/// as they listen: the sweep makes a lost hint good for half a minute, and whoever comes later reads how it stands.
/// `before`: what was known until then; `from`: where it was said. `wrong_since`: since when a correction found it wrong. The
/// teen's row is locked.
pub(crate) async fn settle(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    before: &Facts,
    from: Origin,
    wrong_since: Option<Timestamp>,
) -> Result<Done, StoreError> {
    let mut done = look(conn, tools, standing, from, wrong_since).await?;
    let now = tools.world.now();
    let told = done.told.iter().any(|event| matches!(event, Event::AgeMoved { .. }));
    if !told && outlook(before, now) != outlook(&standing.facts, now) {
        done.told.push(age_moved(conn, standing.teen).await?);
    }
    if done.revision.is_none() {
        // A change of limits that was planned by what was known before must be planned again: it compares this instant.
        let due = teens::due_at.eq(now.to_diesel());
        diesel::update(teens::table.find(standing.teen.uuid())).set(due).execute(conn).await?;
    }
    Ok(done)
}

/// What both sides hear of when it moves: the band, and on which days it will change, majority included; the same for an older age that
/// waits. Else a word could put a birthday off, and nobody would know.
fn outlook(facts: &Facts, now: Timestamp) -> Vec<(Timestamp, AgeBand, Vec<Transition>)> {
    let waits = facts.age(now).and_then(|decision| decision.waiting).map(|waiting| waiting.until);
    let ahead = |at: Timestamp| facts.age(at).map(|decision| decision.transitions(facts.day(at))).unwrap_or_default();
    iter::once(now).chain(waits).map(|at| (at, facts.band(at), ahead(at))).collect()
}

/// Has both sides told that a teen's age moved. The database's clock says when, because the sweep compares with it.
async fn age_moved(conn: &mut AsyncPgConnection, teen: TeenId) -> Result<Event, StoreError> {
    let at: jiff_diesel::Timestamp = diesel::update(teens::table.find(teen.uuid()))
        .set(teens::age_moved_recorded_at.eq(sql::<Nullable<Timestamptz>>("clock_timestamp()")))
        .returning(teens::age_moved_recorded_at.assume_not_null())
        .get_result(conn)
        .await?;
    Ok(Event::AgeMoved { teen, at: at.to_jiff() })
}

/// Brings about what holds by now: a revision, the end of a pairing, announcements. The teen's row is locked.
/// Another age comes `from` where it was said; all else is the server's own.
async fn look(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    standing: &Standing,
    from: Origin,
    wrong_since: Option<Timestamp>,
) -> Result<Done, StoreError> {
    let (teen, now) = (standing.teen, tools.world.now());
    let mut next = planned(tools, standing, now, wrong_since);
    if next.kind == RevisionKind::Age {
        next.origin = from;
    }
    let ended = match next.band {
        AgeBand::Adult => pairings::end_at_18(conn, tools, teen).await?,
        _ => vec![],
    };
    ages::note(conn, tools, teen, &standing.facts).await?;
    let mut told = ages::announce(conn, tools, standing, now).await?;
    if next.kind == RevisionKind::Age {
        told.push(age_moved(conn, teen).await?);
    }
    if next.policy == standing.policy && next.layers == standing.layers {
        if let Some(renewed_at) = next.still_in_time(tools, standing.timeline(conn).await?, now)? {
            next.due_at = next.due_at.into_iter().chain([renewed_at]).min();
            policies::look_later(conn, standing, &next).await?;
            return Ok(Done { revision: None, changes: vec![], seen: vec![], ended, told });
        }
        next.kind = RevisionKind::Timeline;
    }
    match policies::commit(conn, tools, standing, &next, None, None).await? {
        Some(_) => {
            let revision = Some(standing.version(tools).revision + 1);
            Ok(Done { revision, changes: next.changes, seen: next.seen.changes, ended, told })
        }
        None => Err(StoreError::Corrupt("a locked teen's policy moved".to_owned())),
    }
}

/// What holds now by itself, and why it does.
fn planned(tools: &Tools, standing: &Standing, now: Timestamp, wrong_since: Option<Timestamp>) -> Next {
    let layers = standing.layers.clone().without_past(now);
    let next = match wrong_since {
        Some(since) => standing.with_corrected_age(tools, layers.without_kept_since(since)),
        None => standing.with_layers(tools, RevisionKind::Law, None, layers),
    };
    let kind = if wrong_since.is_some() {
        RevisionKind::Age
    } else if standing.computed_for.is_some_and(|band| band != next.band) {
        by_birthday_or_word(standing, next.band, now)
    } else if standing.policy.iter().any(|(_, held)| held.until.is_some_and(|until| until <= now)) {
        RevisionKind::Over
    } else if is_by_catalogue(&standing.policy, &next.policy) {
        RevisionKind::Catalogue
    } else {
        RevisionKind::Law
    };
    Next { kind, due_at: standing.next_look(&next.layers, now), ..next }
}

/// Whether the program's catalogue made the difference: a law is named where it had or has a say.
fn is_by_catalogue(before: &Policy, after: &Policy) -> bool {
    let ids = before.iter().chain(after.iter()).map(|(id, _)| id);
    let mut differs = ids.filter(|id| before.get(id) != after.get(id)).peekable();
    let lawless =
        |id: &ControlId| [before.get(id), after.get(id)].into_iter().flatten().all(|row| row.rules.is_empty());
    differs.peek().is_some() && differs.all(lawless)
}

/// Whether the calendar brought a new band, or something that was said.
fn by_birthday_or_word(standing: &Standing, band: AgeBand, now: Timestamp) -> RevisionKind {
    let today = standing.facts.day(now);
    let comes_from = |it: &Transition| it.on <= today && it.to == band && Some(it.from) >= standing.computed_for;
    match standing.facts.birthdays(now).iter().any(comes_from) {
        true => RevisionKind::Birthday,
        false => RevisionKind::Age,
    }
}

async fn put_off(conn: &mut AsyncPgConnection, tools: Tools, teen: TeenId) -> Result<(), StoreError> {
    let later = after(tools.world.now(), PUT_OFF)?.to_diesel();
    diesel::update(teens::table.find(teen.uuid())).set(teens::due_at.eq(later)).execute(conn).await?;
    Ok(())
}

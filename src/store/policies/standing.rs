//! How a teen's policy stands: everything that a change needs to know.

use std::{collections::HashMap, sync::Arc};

use diesel::{
    BoolExpressionMethods, ExpressionMethods, JoinOnDsl, NullableExpressionMethods, QueryDsl, Queryable,
    dsl::sql,
    expression::SqlLiteral,
    sql_types::{BigInt, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Next, Origin, RevisionKind, broken, newest::Same};
use crate::{
    domain::{
        age::{AgeBand, AgeSignal, Reading},
        ids::{AccountId, GuardianId, TeenId},
        law::{Reach, RuleBook},
        pairing::PairingState,
        policy::{Facts, Layers, Policy, Renewed, Situation, diff, renewed},
        snapshot::RENEWED_AFTER,
        supervision::seen::{self, Seen},
        timeline::Calendar,
        version::Version,
    },
    store::{
        StoreError, Tools, accounts, ages,
        kinship::GuardianOf,
        law::{self, Book, within},
        prepared::{Prepared, among},
        schema::{accounts as accounts_table, pairings, policy_revisions, teens},
    },
};

/// How a teen's policy stands, and what it follows from.
pub(crate) struct Standing {
    pub(crate) teen: TeenId,
    pub(super) revision: i64,
    /// When it may change by itself. A change that was planned while this moved is planned again.
    pub(crate) due_at: Option<jiff_diesel::Timestamp>,
    /// How often it was looked whether it does. The same for what was planned before such a look: it may have been by other laws.
    pub(super) looks: i64,
    /// The band that the policy was last computed for.
    pub(crate) computed_for: Option<AgeBand>,
    pub(crate) home_zone: String,
    pub(crate) day_start_minute: i16,
    pub(crate) calendar: Calendar,
    pub(crate) facts: Facts,
    pub(crate) book: Arc<Book>,
    pub(crate) layers: Layers,
    pub(crate) policy: Policy,
}

impl Standing {
    /// The version before the change.
    pub(crate) fn version(&self, tools: &Tools) -> Version {
        Version { epoch: tools.epoch, revision: self.revision }
    }

    /// What the policy follows from at this instant.
    pub(crate) fn situation<'a>(&'a self, tools: &'a Tools, now: Timestamp) -> Situation<'a> {
        self.facts.at(&tools.registry, &self.book.rules, &self.layers, now)
    }

    /// What holds by a set of rules without anybody's doing; as if it were the start of `on` at their home, and as if the laws'
    /// calendar showed `law_day`.
    pub(crate) fn by(&self, tools: &Tools, book: &RuleBook, on: Option<Date>, law_day: Option<Date>) -> Policy {
        let start = on.and_then(|day| self.facts.start_of(day));
        let now = start.unwrap_or_else(|| tools.world.now());
        let layers = self.layers.clone().without_past(now);
        let situation = self.facts.at(&tools.registry, book, &layers, now);
        let today = law_day.unwrap_or(situation.today);
        renewed(&Situation { today, ..situation }, self.computed_for).policy
    }

    /// What follows from new layers: the effective policy and how it differs from the last revision's.
    pub(crate) fn with_layers(&self, tools: &Tools, kind: RevisionKind, by: Option<AccountId>, layers: Layers) -> Next {
        self.plan(tools, (kind, by), layers, &self.facts, self.computed_for)
    }

    /// What follows from an age that was found wrong and is right now: as if no band change had brought the band that holds.
    pub(crate) fn with_corrected_age(&self, tools: &Tools, layers: Layers) -> Next {
        self.plan(tools, (RevisionKind::Age, None), layers, &self.facts, None)
    }

    /// A guardian's word on an age. Of whom nobody verified the consent, nobody knows that they are a guardian: that is an assertion.
    pub(crate) fn word_of(&self, guardian: GuardianId, reading: Reading) -> Reading {
        if self.layers.verified.contains(&guardian) { reading } else { reading.asserted() }
    }

    /// Whether the time has come at which it may change by itself, and nobody has looked yet.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.overdue(now).is_some()
    }

    /// What follows from another home: days, ages and laws are those of its calendar.
    pub(crate) fn with_home(&self, tools: &Tools, by: AccountId, home_zone: String, day_start_minute: i16) -> Next {
        let facts = Facts { zone: zone(&home_zone), ..self.facts.clone() };
        let next = self.plan(tools, (RevisionKind::Home, Some(by)), self.layers.clone(), &facts, self.computed_for);
        // A move can bring a birthday, or skip a day on which one is announced. What that ends and whom it is told to is the worker's, who
        // must not wait for another day.
        let now = tools.world.now();
        let is_same_day = facts.day(now) == self.facts.day(now) && Some(next.band) == self.computed_for;
        let due_at = if is_same_day { next.due_at } else { Some(now) };
        let calendar = self.calendar.moved(zone(&home_zone), day_start_minute, now);
        Next { home_zone, day_start_minute, calendar, due_at, ..next }
    }

    /// When to look, if that is past: whoever changes something in between leaves it to the worker, who also makes announcements and
    /// ends pairings.
    fn overdue(&self, now: Timestamp) -> Option<Timestamp> {
        self.due_at.map(|at| at.to_jiff()).filter(|at| *at <= now)
    }

    /// When to look again after having looked now.
    pub(crate) fn next_look(&self, layers: &Layers, now: Timestamp) -> Option<Timestamp> {
        due_after(&self.facts, &self.book.rules, layers, now)
    }

    fn plan(
        &self,
        tools: &Tools,
        (kind, by): (RevisionKind, Option<AccountId>),
        layers: Layers,
        facts: &Facts,
        computed_for: Option<AgeBand>,
    ) -> Next {
        let now = tools.world.now();
        // Whoever comes first after a birthday brings its effects along, be it the worker or a guardian's change.
        let Renewed { band, layers, policy } =
            renewed(&facts.at(&tools.registry, &self.book.rules, &layers, now), computed_for);
        let changes = diff(&tools.registry, &self.policy, &policy);
        let (before, after) = ((&self.layers, &self.policy), (&layers, &policy));
        let seen = Seen { changes: seen::changes(&tools.registry, now, before, after, &changes), hides_reason: false };
        Next {
            kind,
            changes,
            seen,
            policy,
            undo: None,
            ledger: None,
            request: None,
            by,
            origin: by.map_or(Origin::Server, |_| Origin::Session),
            reason: None,
            home_zone: self.home_zone.clone(),
            day_start_minute: self.day_start_minute,
            calendar: self.calendar.clone(),
            band,
            due_at: self.overdue(now).or_else(|| due_after(facts, &self.book.rules, &layers, now)),
            layers,
        }
    }
}

/// A zone that has left the database counts as UTC rather than locking a family out.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// When to look at a policy that was made now: when it may change by itself, and when its timeline is to be made anew.
pub(crate) fn due_after(facts: &Facts, book: &RuleBook, layers: &Layers, now: Timestamp) -> Option<Timestamp> {
    let renewed_at = now.checked_add(RENEWED_AFTER).ok();
    facts.next_change(book, layers, now).into_iter().chain(renewed_at).min()
}

/// Which day it is for a teen. Former homes that cannot be read are forgotten: what depends on them is when a day opens.
pub(crate) fn calendar(home_zone: &str, day_start_minute: i16, former: Json) -> Calendar {
    let read =
        serde_json::from_value(former).inspect_err(|error| tracing::error!(%error, "former homes cannot be read"));
    Calendar::new(zone(home_zone), day_start_minute).after(read.unwrap_or_default())
}

/// Locks the teen's row, which puts all changes of one teen in order.
///
/// Lock first, then read: a join that waits for the lock would look for the newest revision with the number that it saw
/// before it waited, and find nothing.
pub(crate) async fn lock(conn: &mut AsyncPgConnection, tools: &Tools, teen: TeenId) -> Result<Standing, StoreError> {
    teens::table.find(teen.uuid()).select(teens::revision).for_no_key_update().first::<i64>(conn).await?;
    read(conn, tools, teen, None).await
}

/// Reads how a teen's policy stands. With a guardian's proof the pairing is looked at again, in the same question: one that
/// has ended in between gives no power.
pub(crate) async fn read(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    guardian: Option<&GuardianOf>,
) -> Result<Standing, StoreError> {
    let pairing = guardian.map(|proof| proof.pairing().uuid()).unwrap_or_default();
    let one = teens_query(pairing).filter(teens::account_id.eq(teen.uuid()));
    let (row, paired): (TeenRow, Option<Uuid>) = Prepared(one).get_result(conn).await?;
    if guardian.is_some() && paired.is_none() {
        return Err(StoreError::NotFound);
    }
    understood(conn, tools, row).await
}

/// Makes sense of a row, with the laws that hold and all that was said of the teen's age.
pub(crate) async fn understood(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    row: TeenRow,
) -> Result<Standing, StoreError> {
    let teen = TeenId::from(row.teen);
    let book = law::edition(conn, tools, row.rules_version, &row.rules_sha256).await?;
    let declared = row.declared(tools, teen)?;
    let signals = match row.has_age_signals {
        true => ages::of_teen(conn, teen, declared, tools.world.now()).await?,
        false => vec![declared],
    };
    row.known(tools, teen, book, signals)
}

/// How the policies of the next teens stand, at most `most` after the last one, where rules of some places reach. One snapshot,
/// no locks; one whose row cannot be read is an error of its own.
pub(crate) async fn read_next(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    reach: &Reach,
    last: TeenId,
    most: i64,
) -> Result<Vec<(TeenId, Result<Standing, StoreError>)>, StoreError> {
    let next = teens_query(Uuid::nil())
        .filter(teens::account_id.gt(last.uuid()))
        .filter(within(reach))
        .order(teens::account_id)
        .limit(most);
    let rows: Vec<(TeenRow, Option<Uuid>)> = Prepared(next).load(conn).await?;
    let mut read = Vec::with_capacity(rows.len());
    for (row, _) in rows {
        read.push((row.teen.into(), understood(conn, tools, row).await));
    }
    Ok(read)
}

/// The rows of these teens, to be made sense of by whoever asked for them.
pub(crate) async fn rows_of(
    conn: &mut AsyncPgConnection,
    of: &[TeenId],
) -> Result<HashMap<TeenId, TeenRow>, StoreError> {
    let ids: Vec<Uuid> = of.iter().map(|teen| teen.uuid()).collect();
    let some = teens_query(Uuid::nil()).filter(among(teens::account_id, ids));
    let rows: Vec<(TeenRow, Option<Uuid>)> = Prepared(some).load(conn).await?;
    Ok(rows.into_iter().map(|(row, _)| (row.teen.into(), row)).collect())
}

/// A teen's row, as it is stored.
#[derive(Queryable)]
pub(crate) struct TeenRow {
    teen: Uuid,
    revision: i64,
    home_zone: String,
    day_start_minute: i16,
    former_homes: Json,
    settings: Json,
    age_band: Option<String>,
    due_at: Option<jiff_diesel::Timestamp>,
    has_age_signals: bool,
    looks: i64,
    birth: Option<Vec<u8>>,
    region: String,
    joined: jiff_diesel::Timestamp,
    controls: String,
    rules_version: i64,
    rules_sha256: String,
}

#[diesel::dsl::auto_type(no_type_alias)]
fn teens_query(pairing: Uuid) -> _ {
    let active: &'static str = PairingState::Active.as_str();
    let same: Same =
        policy_revisions::teen_id.eq(teens::account_id).and(policy_revisions::revision.eq(teens::revision));
    // Which laws hold, in the same question: whoever knows an older set must look again before it plans anything.
    let rules_version: SqlLiteral<BigInt> = sql::<BigInt>("(select rules_version from installation)");
    let rules_sha256: SqlLiteral<Text> =
        sql::<Text>("(select s.sha256 from installation i join rule_sets s on s.version = i.rules_version)");
    teens::table
        .inner_join(accounts_table::table)
        .inner_join(policy_revisions::table.on(same))
        .left_join(pairings::table.on(pairings::id.eq(pairing).and(pairings::state.eq(active))))
        .select((
            (
                teens::account_id,
                teens::revision,
                teens::home_zone,
                teens::day_start_minute,
                teens::former_homes,
                teens::settings,
                teens::age_band,
                teens::due_at,
                teens::has_age_signals,
                teens::looks,
                accounts_table::birth_date_sealed,
                accounts_table::region,
                accounts_table::created_at,
                policy_revisions::controls,
                rules_version,
                rules_sha256,
            ),
            pairings::id.nullable(),
        ))
}

impl TeenRow {
    /// What the teen said of their own age.
    fn declared(&self, tools: &Tools, teen: TeenId) -> Result<AgeSignal, StoreError> {
        let birth = accounts::birth_date(&tools.vault, teen, self.birth.as_deref())?
            .ok_or_else(|| broken("a teen without a birth date"))?;
        Ok(ages::declared(teen, birth, self.joined.to_jiff(), tools.world.now()))
    }

    /// Makes sense of a teen's row.
    fn known(
        self,
        tools: &Tools,
        teen: TeenId,
        book: Arc<Book>,
        signals: Vec<AgeSignal>,
    ) -> Result<Standing, StoreError> {
        let (layers, dropped) = Layers::from_json(&tools.registry, self.settings).map_err(broken)?;
        if !dropped.is_empty() {
            tracing::warn!(controls = ?dropped, "settings of controls that are not in the registry any more were left out");
        }
        let computed_for = self.age_band.map(|band| band.parse().map_err(broken)).transpose()?;
        let calendar = calendar(&self.home_zone, self.day_start_minute, self.former_homes);
        let zone = calendar.zone().clone();
        Ok(Standing {
            teen,
            revision: self.revision,
            due_at: self.due_at,
            looks: self.looks,
            computed_for,
            home_zone: self.home_zone,
            day_start_minute: self.day_start_minute,
            calendar,
            facts: Facts { signals, region: self.region, joined: self.joined.to_jiff().min(tools.world.now()), zone },
            book,
            layers,
            policy: Policy::from_json(&tools.registry, &self.controls).map_err(broken)?,
        })
    }
}

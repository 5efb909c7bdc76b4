//! A teen's policy: the row that is locked, the revision that is written, the newest that is read.
//!
//! One revision is one statement: it moves the teen's row on, keeps what is wanted now as exact text, and writes the
//! audit row and the answer of an idempotency key. Round trips, not the disk, are the price of a change.

mod commit;
mod newest;
mod standing;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

pub use self::newest::{Newest, Reading};
pub(crate) use self::newest::{RECORD, RecordRow, newest_versions, record};
pub(crate) use self::{
    commit::{commit, look_later},
    standing::{Standing, TeenRow, calendar, due_after, lock, read, read_next, rows_of, understood},
};
use super::{
    StoreError, Tools, law,
    requests::Granting,
    schema::{policy_revisions, teens},
};
use crate::domain::{
    age::AgeBand,
    ids::{AccountId, DeviceId, TeenId},
    policy::{Change, Facts, Layers, Policy, TimeGrant, Undo, effective},
    snapshot::{Compiling, Timeline, carried},
    supervision::seen::Seen,
    timeline::Calendar,
    value::Value,
};

/// How a revision came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevisionKind {
    /// The teen's account was made.
    Created,
    /// A guardian changed settings.
    Guardian,
    /// The teen tightened or took back their own.
    Teen,
    /// A guardian took an earlier revision back.
    Undo,
    /// A pairing ended.
    Unlinked,
    /// A guardian set the home zone or the start of the day.
    Home,
    /// A guardian loosened something for a time.
    Grant,
    /// A guardian tightened something for a time.
    Hold,
    /// A guardian took a grant or hold back, or the teen gave a grant back.
    Revoked,
    /// A grant or hold began or ended by itself.
    Over,
    /// The teen got into another age band by a birthday.
    Birthday,
    /// What is known of the teen's age changed.
    Age,
    /// A law began or ended to count, or another set of rules was approved.
    Law,
    /// Another version of the program brought other controls, or other defaults and floors.
    Catalogue,
    /// A guardian's consent was verified, or is not any more.
    Assurance,
    /// Only the days and schedules in UTC were made anew.
    Timeline,
}

impl RevisionKind {
    const ALL: [Self; 16] = [
        Self::Created,
        Self::Guardian,
        Self::Teen,
        Self::Undo,
        Self::Unlinked,
        Self::Home,
        Self::Grant,
        Self::Hold,
        Self::Revoked,
        Self::Over,
        Self::Birthday,
        Self::Age,
        Self::Law,
        Self::Catalogue,
        Self::Assurance,
        Self::Timeline,
    ];

    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Guardian => "guardian",
            Self::Teen => "teen",
            Self::Undo => "undo",
            Self::Unlinked => "unlinked",
            Self::Home => "home",
            Self::Grant => "grant",
            Self::Hold => "hold",
            Self::Revoked => "revoked",
            Self::Over => "over",
            Self::Birthday => "birthday",
            Self::Age => "age",
            Self::Law => "law",
            Self::Catalogue => "catalogue",
            Self::Assurance => "assurance",
            Self::Timeline => "timeline",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a change came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// Somebody who was signed in.
    Session,
    /// One of the teen's devices, by its own token.
    Device {
        /// Which.
        #[schema(value_type = uuid::Uuid)]
        device_id: DeviceId,
    },
    /// A server of the platform, with its key.
    Platform,
    /// An operator, by a command.
    Operator,
    /// The server by itself: a time came, or a law.
    Server,
}

/// A row of the ledger of minutes given.
pub(crate) enum Entry {
    /// These were given.
    Given(TimeGrant),
    /// Those with this id were taken back.
    TakenBack(Uuid),
}

/// The next revision, ready to be written.
pub(crate) struct Next {
    pub(crate) kind: RevisionKind,
    pub(crate) layers: Layers,
    pub(crate) policy: Policy,
    pub(crate) changes: Vec<Change>,
    /// What guardians see of it.
    pub(crate) seen: Seen,
    pub(crate) undo: Option<Undo>,
    /// What it writes into the ledger of minutes given.
    pub(crate) ledger: Option<Entry>,
    /// The request that it answers.
    pub(crate) request: Option<Granting>,
    pub(crate) by: Option<AccountId>,
    pub(crate) origin: Origin,
    pub(crate) reason: Option<String>,
    pub(crate) home_zone: String,
    pub(crate) day_start_minute: i16,
    pub(crate) calendar: Calendar,
    pub(crate) band: AgeBand,
    pub(crate) due_at: Option<Timestamp>,
}

impl Standing {
    /// Its days and schedules in UTC, as stored; nothing where a program before this one made the revision.
    pub(crate) async fn timeline(&self, conn: &mut AsyncPgConnection) -> Result<Option<Timeline>, StoreError> {
        let newest = policy_revisions::table.find((self.teen.uuid(), self.revision));
        let text: Option<String> = newest.select(policy_revisions::timeline).first(conn).await?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }
}

impl Next {
    /// When the stored timeline is to be made anew; nothing: now, because its time has come or the clocks of the world have changed.
    pub(crate) fn still_in_time(
        &self,
        tools: &Tools,
        stored: Option<Timeline>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(stored) = stored.filter(|stored| now < stored.renewed_at()) else { return Ok(None) };
        let fresh: Timeline = serde_json::from_str(&self.timeline(tools, now, 0)?)?;
        Ok(stored.agrees(&fresh).then(|| stored.renewed_at()))
    }

    /// Its days and schedules in UTC, beside controls that are so many bytes long.
    pub(crate) fn timeline(&self, tools: &Tools, now: Timestamp, controls: usize) -> Result<String, StoreError> {
        let Self { band, policy, calendar, layers, .. } = self;
        let grants = &layers.time_grants;
        let compiling = Compiling { registry: &tools.registry, band: *band, policy, calendar, grants };
        Ok(compiling.text(now, controls)?)
    }
}

/// Writes revision 1 of a new teen: where things start at their age and place. A teen without a guardian has a policy too.
pub(crate) async fn begin(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    teen: TeenId,
    facts: &Facts,
    home_zone: &str,
) -> Result<(), StoreError> {
    let (layers, now) = (Layers::default(), tools.world.now());
    let book = law::holding_on(conn, tools).await?;
    let situation = facts.at(&tools.registry, &book.rules, &layers, now);
    let (band, policy) = (situation.band(), effective(&situation));
    let controls = carried(&tools.registry, band, &policy)?;
    let calendar = Calendar::new(facts.zone.clone(), 0);
    let compiling = Compiling { registry: &tools.registry, band, policy: &policy, calendar: &calendar, grants: &[] };
    let timeline = compiling.text(now, controls.len())?;
    diesel::insert_into(teens::table)
        .values((
            teens::account_id.eq(teen.uuid()),
            teens::revision.eq(1),
            teens::home_zone.eq(home_zone),
            teens::settings.eq(serde_json::to_value(&layers)?),
            teens::age_band.eq(band.as_str()),
            teens::due_at.eq(due_after(facts, &book.rules, &layers, now).map(ToDiesel::to_diesel)),
            teens::quiet_hours.eq(quiet_hours(&policy)),
        ))
        .execute(conn)
        .await?;
    diesel::insert_into(policy_revisions::table)
        .values((
            policy_revisions::teen_id.eq(teen.uuid()),
            policy_revisions::revision.eq(1),
            policy_revisions::kind.eq(RevisionKind::Created.as_str()),
            policy_revisions::controls.eq(controls),
            policy_revisions::timeline.eq(timeline),
            policy_revisions::home_zone.eq(home_zone),
            policy_revisions::day_start_minute.eq(0),
            policy_revisions::changes.eq(json!([])),
            policy_revisions::made_by.eq(teen.uuid()),
            policy_revisions::made_at.eq(now.to_diesel()),
            policy_revisions::origin.eq(serde_json::to_value(Origin::Session)?),
            policy_revisions::recorded_epoch.eq(tools.epoch),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// After how long a silent device is told of.
fn quiet_hours(policy: &Policy) -> Option<i16> {
    match policy.get("devices.quiet_hours")?.value {
        Value::Number(hours) => i16::try_from(hours).ok(),
        _ => None,
    }
}

fn broken(error: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

//! How old a teen is taken to be, as the two sides see it.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    domain::{
        age::{AgeBand, AgeSignal, Channel, Level, Reason},
        ids::{AgeSignalId, TeenId},
        policy::Facts,
    },
    store::{
        Store, StoreError,
        kinship::{GuardianOf, TeenSelf},
        policies,
    },
};

/// How old somebody is taken to be. Never a birth date, and not what proved it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"band": "13_15", "level": "standard", "reason": "interval", "next_transition_on": "2027-05-03",
    "waiting": {"band": "16_17", "until": "2026-11-25T13:40:00Z"}}))]
pub struct AgeView {
    /// The band that rules see.
    pub band: AgeBand,
    /// The surest level that puts the person into this band; none if nothing is known.
    pub level: Option<Level>,
    /// How what was said was weighed; none if nothing is known.
    pub reason: Option<Reason>,
    /// The next day on which the band changes, on the calendar of the teen's home; none if none is ahead.
    #[schema(value_type = Option<String>, format = Date)]
    pub next_transition_on: Option<Date>,
    /// An older age that does not count yet: the family has 72 hours to object.
    pub waiting: Option<WaitingView>,
}

/// An older age that does not count yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingView {
    /// The band from then, if nobody says anything else.
    pub band: AgeBand,
    /// When it begins to count.
    pub until: Timestamp,
}

/// One thing that was said, as the person whom it is about sees it. Ages are left out: with a declared date they would be the date.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignalView {
    /// Names it, for an appeal.
    pub signal_id: AgeSignalId,
    /// Where it came from.
    pub channel: Channel,
    /// How sure it is.
    pub level: Level,
    /// When it came.
    pub received_at: Timestamp,
    /// Whether it counts now.
    pub counts: bool,
}

impl AgeView {
    /// How old somebody is taken to be now.
    pub fn of(facts: &Facts, now: Timestamp) -> Self {
        let decision = facts.age(now);
        let waits = decision.as_ref().and_then(|it| it.waiting);
        let waiting = waits.map(|it| WaitingView { band: facts.band(it.until), until: it.until });
        let band = facts.band(now);
        let today = facts.day(now);
        Self {
            band,
            level: decision.as_ref().map(|it| it.level),
            reason: decision.map(|it| it.reason),
            next_transition_on: facts.birthdays(now).iter().map(|it| it.on).find(|on| *on > today),
            // An older age within the same band changes nothing that anybody can see.
            waiting: waiting.filter(|it| it.band != band),
        }
    }
}

/// What was said, without the ages.
pub(super) fn said(signals: Vec<AgeSignal>, now: Timestamp) -> Vec<SignalView> {
    let view = |it: AgeSignal| SignalView {
        signal_id: it.id,
        channel: it.channel,
        level: it.level,
        received_at: it.received_at,
        counts: it.is_live(now),
    };
    signals.into_iter().map(view).collect()
}

impl Store {
    /// How old a guarded teen is taken to be.
    pub async fn age(&self, proof: &GuardianOf) -> Result<AgeView, StoreError> {
        Ok(self.known_age(proof.teen(), Some(proof)).await?.0)
    }

    /// How old a teen is taken to be, and all that was said.
    pub async fn own_age(&self, teen: &TeenSelf) -> Result<(AgeView, Vec<SignalView>), StoreError> {
        let (age, signals) = self.known_age(teen.teen(), None).await?;
        Ok((age, said(signals, self.world.now())))
    }

    /// The same, for the notices of `sync`: it goes to sockets of this family only.
    pub async fn age_moved(&self, teen: TeenId) -> Result<AgeView, StoreError> {
        Ok(self.known_age(teen, None).await?.0)
    }

    async fn known_age(
        &self,
        teen: TeenId,
        proof: Option<&GuardianOf>,
    ) -> Result<(AgeView, Vec<AgeSignal>), StoreError> {
        let mut conn = self.pool.get().await?;
        let tools = self.tools(&conn);
        let standing = policies::read(&mut conn, &tools, teen, proof).await?;
        Ok((AgeView::of(&standing.facts, self.world.now()), standing.facts.signals))
    }
}

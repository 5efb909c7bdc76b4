//! What people have set for one teen: the document that is stored with each revision.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{TimeGrant, WhoLoosens};
use crate::domain::{
    age::AgeBand,
    controls::ControlId,
    ids::AccountId,
    value::{Given, Value},
};

/// Most grants, and most holds, that one teen may have ahead or alive at once.
pub(super) const MOST_TIMED: usize = 50;
/// Most grants and holds together of one control: each of their ends is another value that is computed, sent and explained.
pub(super) const MOST_OF_ONE: usize = 10;

/// A value that somebody set, and the circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Setting {
    /// What it is set to.
    #[schema(value_type = Given)]
    pub value: Value,
    /// Who set it.
    #[schema(value_type = uuid::Uuid)]
    pub by: AccountId,
    /// Since when it has had this value.
    pub since: Timestamp,
    /// Why, in that person's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A grant or a hold: a value for a time, after which everything is as it would have been without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Timed {
    /// Names it.
    pub id: Uuid,
    /// Which control.
    pub control: ControlId,
    /// How loose a grant makes it, or how strict a hold.
    #[schema(value_type = Given)]
    pub value: Value,
    /// Who gave it.
    #[schema(value_type = uuid::Uuid)]
    pub by: AccountId,
    /// The first instant at which it counts.
    pub from: Timestamp,
    /// The first at which it does not any more.
    pub until: Timestamp,
    /// Why, in that person's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A value that a younger band's default held and that no birthday loosened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Kept {
    /// The value.
    #[schema(value_type = Given)]
    pub value: Value,
    /// Whose default it was.
    pub from_band: AgeBand,
    /// Since the birthday that did not loosen it.
    pub since: Timestamp,
}

/// All that people have set for one teen.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Layers {
    /// What each guardian has set. Kept apart, so that one who leaves takes their own values along and nobody else's.
    #[schema(value_type = BTreeMap<uuid::Uuid, BTreeMap<ControlId, Setting>>)]
    pub guardians: BTreeMap<AccountId, BTreeMap<ControlId, Setting>>,
    /// The guardians whose consent was verified: some laws let only them loosen.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<uuid::Uuid>)]
    pub verified: BTreeSet<AccountId>,
    /// What the teen has set for themself.
    pub teen: BTreeMap<ControlId, Setting>,
    /// What birthdays did not loosen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<ControlId, Kept>,
    /// What is loosened for a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Timed>,
    /// What is tightened for a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Timed>,
    /// Minutes that were given beyond a limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub time_grants: Vec<TimeGrant>,
}

impl Timed {
    /// Whether it counts at an instant.
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

impl Layers {
    /// Which of the powers that rules name a guardian has alone.
    pub(super) fn powers_of(&self, guardian: &AccountId) -> Vec<WhoLoosens> {
        let mut powers = vec![WhoLoosens::Guardian];
        if self.verified.contains(guardian) {
            powers.push(WhoLoosens::GuardianVerified);
        }
        powers
    }

    /// Removes a guardian with all that is theirs.
    pub fn without_guardian(mut self, guardian: &AccountId) -> Self {
        self.guardians.remove(guardian);
        self.verified.remove(guardian);
        self.grants.retain(|grant| grant.by != *guardian);
        self.holds.retain(|hold| hold.by != *guardian);
        self.time_grants.retain(|grant| grant.by != *guardian);
        self
    }

    /// Removes what was kept from `since` on: it was kept from a band that somebody never was in.
    pub fn without_kept_since(mut self, since: Timestamp) -> Self {
        self.kept.retain(|_, kept| kept.since < since);
        self
    }

    /// Removes grants and holds that are over.
    pub fn without_past(mut self, now: Timestamp) -> Self {
        self.grants.retain(|grant| grant.until > now);
        self.holds.retain(|hold| hold.until > now);
        self
    }

    /// The next instant after `now` at which a grant or hold begins or ends.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let edges = self.grants.iter().chain(&self.holds).flat_map(|timed| [timed.from, timed.until]);
        edges.filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::controls::Registry;

    #[test]
    fn what_was_kept_from_a_wrong_band_goes_and_what_was_kept_before_stays() {
        let registry = Registry::load().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let kept = |id: &str, since: &str| {
            let control = registry.get(id).unwrap();
            let (from_band, value) = (AgeBand::Under13, control.default_for(AgeBand::Under13).clone());
            (control.id.clone(), Kept { value, from_band, since: at(since) })
        };
        let before = kept("quiet.notifications", "2026-05-01T00:00:00Z");
        let after = kept("time.daily_minutes", "2026-07-01T00:00:00Z");
        let layers = Layers { kept: [before.clone(), after].into(), ..Layers::default() };
        assert_eq!(layers.without_kept_since(at("2026-06-01T00:00:00Z")).kept, [before].into());
    }
}

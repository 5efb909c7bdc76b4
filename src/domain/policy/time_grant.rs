//! Minutes that a guardian gives beyond a limit, for one local day. They add up: thirty and thirty are sixty.
//!
//! They change no control. What is left of a day is its limit and what was given without what was used; see
//! [`budget`](crate::domain::budget).

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Deciding, Layers, PatchError, Situation, layers::MOST_TIMED, size::within_share};
use crate::domain::{
    budget::{DAY, Gift, WEEK},
    controls::ControlId,
    ids::AccountId,
    text,
    timeline::Calendar,
    value::{DayMinutes, Value},
};

/// The control whose bounds no gift goes beyond.
const DAILY: &str = "time.daily_minutes";
/// The furthest day that minutes can be given for.
const DAYS_AHEAD: i64 = 7;
/// The most minutes of one gift: half a day. More is the rest of the day, or a setting.
pub const MOST_MINUTES: u16 = 720;

/// What was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"id": "01932c07-5555-7c3a-9a1e-3f1d2b4c5d6e", "day": "2026-11-27", "minutes": 30,
    "by": "01932c07-0000-7c3a-9a1e-3f1d2b4c5d6e", "given_at": "2026-11-27T17:00:00Z", "until": "2026-11-27T23:00:00Z", "reason": "film night"}))]
pub struct TimeGrant {
    /// Names it.
    pub id: Uuid,
    /// The local day that it is for.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// An item with minutes of its own; absent: the whole day's screen time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// How many minutes; absent: the rest of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// Who gave it.
    #[schema(value_type = Uuid)]
    pub by: AccountId,
    /// When.
    pub given_at: Timestamp,
    /// When its day ends.
    pub until: Timestamp,
    /// Why, in that person's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a guardian wants to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeGift {
    /// Names it.
    pub id: Uuid,
    /// For which day; the open one without.
    pub day: Option<Date>,
    /// For which item; the whole day without.
    pub item: Option<String>,
    /// How many minutes; the rest of the day without.
    pub minutes: Option<u16>,
}

impl TimeGrant {
    /// As it adds up.
    pub fn gift(&self) -> Gift<'_> {
        (self.item.as_deref(), self.day, self.minutes)
    }
}

/// Gives minutes. Refused where the law or the platform lets nobody have so many, with how many more there can be.
pub fn give_time(
    situation: &Situation<'_>,
    calendar: &Calendar,
    gift: TimeGift,
    by: AccountId,
    reason: Option<String>,
) -> Result<Layers, PatchError> {
    let TimeGift { id, day, item, minutes } = gift;
    let now = situation.now;
    let today = calendar.day_of(now);
    let far = now.saturating_add(SignedDuration::from_hours(24 * (DAYS_AHEAD + 2))).unwrap_or(now);
    let wanted = day.unwrap_or(today.date);
    let days = calendar.days(now, far).into_iter().take(usize::try_from(DAYS_AHEAD + 1).unwrap_or_default());
    let Some(open) = days.into_iter().find(|day| day.date == wanted) else { return Err(PatchError::NotNow) };
    let control = || ControlId::from(DAILY);
    if minutes.is_some_and(|minutes| !(1..=MOST_MINUTES).contains(&minutes)) {
        return Err(PatchError::TimeRange(MOST_MINUTES));
    }
    if item.as_deref().is_some_and(|item| text::word(item).is_err() || matches!(item, DAY | WEEK)) {
        return Err(PatchError::TimeItem);
    }
    let mut after = situation.layers.clone();
    after.time_grants.retain(|grant| grant.until > now);
    if after.time_grants.len() >= MOST_TIMED {
        return Err(PatchError::TooManyTimed(control()));
    }
    let grant = TimeGrant { id, day: wanted, item, minutes, by, given_at: now, until: open.to, reason };
    within_bound(situation, &after, &grant)?;
    after.time_grants.push(grant);
    within_share(situation.layers, after, by)
}

/// Takes minutes back. Only whoever gave them can; nothing: there are none of theirs.
pub fn take_time_back(layers: &Layers, by: AccountId, id: Uuid, now: Timestamp) -> Option<Layers> {
    let mut after = layers.clone();
    after.time_grants.retain(|grant| (grant.id, grant.by) != (id, by) || grant.until <= now);
    (after.time_grants.len() < layers.time_grants.len()).then_some(after)
}

/// Refuses what would go beyond the minutes that the guardian could set for that day.
fn within_bound(situation: &Situation<'_>, layers: &Layers, grant: &TimeGrant) -> Result<(), PatchError> {
    let Some(control) = situation.registry.get(DAILY).filter(|_| grant.item.is_none()) else { return Ok(()) };
    let live = situation.live();
    let deciding = Deciding::new(situation, control, live.on(control));
    let Some(bound) = deciding.loosest(&situation.layers.powers_of(&grant.by)) else { return Ok(()) };
    let weekday = grant.day.weekday().into();
    let Value::Minutes(most) = bound.value else { return Ok(()) };
    let most = most.on(weekday);
    let held = match deciding.held().value {
        Value::Minutes(minutes) => minutes.on(weekday),
        _ => most,
    };
    let same_day = layers.time_grants.iter().filter(|other| other.day == grant.day && other.item.is_none());
    let given = same_day.filter_map(|other| other.minutes).fold(0, u16::saturating_add);
    let possible = most.saturating_sub(held.saturating_add(given));
    match grant.minutes {
        _ if most >= DayMinutes::NO_LIMIT => Ok(()),
        Some(minutes) if minutes <= possible => Ok(()),
        _ => Err(PatchError::BeyondBound { possible_minutes: possible, rules: bound.rules }),
    }
}

/// What was given for the whole of each day, in minutes; none: the rest of it.
pub fn day_gifts(layers: &Layers) -> Vec<(Date, Option<u16>)> {
    layers.time_grants.iter().filter(|grant| grant.item.is_none()).map(|grant| (grant.day, grant.minutes)).collect()
}

/// The limits of a day with what was given for the whole of it: the platform is answered by these.
pub fn with_gifts(limit: u16, day: Date, gifts: &[(Date, Option<u16>)]) -> Option<u16> {
    let of_day = gifts.iter().filter(|(of, _)| *of == day);
    of_day.map(|(_, minutes)| *minutes).try_fold(limit, |limit, minutes| Some(limit.saturating_add(minutes?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_for_a_day_adds_to_its_limit() {
        let day = |day| jiff::civil::date(2026, 11, day);
        let gifts = [(day(27), Some(30)), (day(27), Some(30)), (day(28), None)];
        assert_eq!(with_gifts(60, day(27), &gifts), Some(120));
        assert_eq!(with_gifts(60, day(28), &gifts), None, "the rest of the day");
        assert_eq!(with_gifts(60, day(29), &gifts), Some(60));
    }
}

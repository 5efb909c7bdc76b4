//! What is left of today: by what the server has said, by what was counted here since, and by what codes have given.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{ClockReading, Device, Time, Typed, held::Today};
use crate::domain::budget::{Budget, DAY, Gifts, Granted, Lease, Left, Limits, Spent, Told, WEEK};

/// What a device may forget in a fall: it writes down once a minute what it counted.
const MOST_LOST: u32 = 60;

/// Today by one instant.
pub(super) struct View {
    pub(super) limits: Limits,
    budget: Budget,
    own: Spent,
}

impl View {
    /// The limits that concern an item, and what is left of each. None concerns what never closes.
    pub(super) fn concerning<'a>(&'a self, item: &'a str) -> impl Iterator<Item = (&'a str, u32)> {
        let closes = !self.limits.never_closes(item);
        let rows = self.budget.concerning(item, self.limits.counts(item)).filter(move |_| closes);
        rows.filter_map(|left| Some((left.item.as_str(), left.remaining_seconds?)))
    }
}

/// The server's last word on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) budget: Budget,
    /// What the server counted of this device's own use by then, on the whole and of each item.
    own: BTreeMap<String, u32>,
    /// How much more that was than what this device had counted itself: it has lost its memory since.
    #[serde(default)]
    missing: BTreeMap<String, u32>,
    lease: Option<Lease>,
    #[serde(default)]
    leases: BTreeMap<String, Lease>,
}

impl Said {
    /// `counted`: what this device has counted of that day by now.
    pub(super) fn of(told: Told, counted: &Spent) -> Self {
        let Told { budget, own, lease, leases } = told;
        let missing = own.iter().map(|(item, own)| (item.clone(), own.saturating_sub(counted.on(item))));
        let missing = missing.filter(|(_, seconds)| *seconds > 0).collect();
        Self { missing, budget, own, lease, leases }
    }

    fn row(&self, item: &str) -> Option<&Left> {
        self.budget.items.iter().find(|left| left.item == item)
    }

    fn used(&self, item: &str) -> u32 {
        self.row(item).map_or(0, |left| left.used_seconds)
    }

    fn granted(&self, item: &str) -> u32 {
        self.row(item).map_or(0, |left| left.granted_seconds)
    }

    fn own(&self, item: &str) -> u32 {
        self.own.get(item).copied().unwrap_or_default()
    }

    fn missing(&self, item: &str) -> u32 {
        self.missing.get(item).copied().unwrap_or_default()
    }

    /// What was used on all devices, of which so much was counted here.
    fn with_others(&self, item: &str, counted: u32) -> u32 {
        self.used(item).saturating_sub(self.own(item)).saturating_add(counted).saturating_add(self.missing(item))
    }

    fn lease_of(&self, limited: &str) -> Option<Lease> {
        if limited == DAY { self.lease } else { self.leases.get(limited).copied() }
    }
}

impl Device {
    /// What is left of today.
    pub fn budget(&self, reading: &ClockReading) -> Option<Budget> {
        let now = self.time(reading).least;
        let today = self.today(now)?;
        Some(self.budget_of(today, &self.limits_at(today, now)))
    }

    /// By an instant alone, the silence too.
    fn limits_at(&self, today: Today, at: Timestamp) -> Limits {
        self.limits(today, at, self.silence(Time { least: at, most: at, tampered: false }))
    }

    /// What was counted here on a day of this week; nothing on any other.
    pub(super) fn counted_on(&self, date: Date, now: Timestamp) -> Spent {
        let today = self.today(now).filter(|today| today.date >= date);
        let day = today
            .filter(|today| today.date == date)
            .or_else(|| self.held.as_ref()?.week(today?).into_iter().find(|day| day.date == date));
        day.map(|day| self.kept.ledger.spent(day, &self.limits_at(day, now))).unwrap_or_default()
    }

    pub(super) fn budget_of(&self, today: Today, limits: &Limits) -> Budget {
        let own = self.kept.ledger.spent(today, limits);
        let used = |item: &str, counted| self.said_of(today).map_or(counted, |said| said.with_others(item, counted));
        let items = own.items.iter().map(|(item, seconds)| (item.clone(), used(item, *seconds))).collect();
        let spent = Spent { seconds: used(DAY, own.seconds), items };
        Budget::of(today.date, limits, &self.gifts(today), &spent, self.week_before(today, limits))
    }

    /// The server's word on today, if there is one.
    fn said_of(&self, today: Today) -> Option<&Said> {
        self.kept.told.as_ref().filter(|said| said.budget.day == today.date)
    }

    /// The days of this week before today, and the server's last word if it is of one of them or of today.
    fn week(&self, today: Today) -> (Vec<Today>, Option<&Said>) {
        let mut week = self.held.as_ref().map(|held| held.week(today)).unwrap_or_default();
        let said = self.kept.told.as_ref();
        let said = said.filter(|said| week.iter().any(|day| day.date == said.budget.day));
        week.retain(|day| day.date < today.date);
        (week, said)
    }

    /// What was used in this week before today, by what the server said and by what was counted here.
    fn week_before(&self, today: Today, limits: &Limits) -> u32 {
        let (before, said) = self.week(today);
        let spent = |day: &Today| self.kept.ledger.spent(*day, limits).seconds;
        let counted = before.iter().map(spent).fold(0, u32::saturating_add);
        let said = said.map_or(0, |said| {
            if said.budget.day == today.date {
                return said.used(WEEK).saturating_sub(said.used(DAY));
            }
            // What was counted here after the server's last word, on its day and on those since.
            let since =
                before.iter().filter(|day| day.date >= said.budget.day).map(|day| match day.date == said.budget.day {
                    true => spent(day).saturating_add(said.missing(DAY)).saturating_sub(said.own(DAY)),
                    false => spent(day),
                });
            since.fold(said.used(WEEK), u32::saturating_add)
        });
        counted.max(said)
    }

    fn gifts(&self, today: Today) -> Gifts {
        let mut gifts = self.held.as_ref().map(|held| held.gifts(today.date)).unwrap_or_default();
        for code in self.codes_of(today).filter(|code| !code.in_policy) {
            gifts.today = gifts.today.and(Some(code.redeemed.minutes));
        }
        let rest_of_day = gifts.today.rest_of_day;
        let seconds = gifts.today.seconds.saturating_add(self.given_before(today));
        Gifts { week: Granted { seconds, rest_of_day }, ..gifts }
    }

    /// What was given for the days of this week before today, by what the server said, by the policy, and by codes of which the server
    /// does not know.
    fn given_before(&self, today: Today) -> u32 {
        let (before, said) = self.week(today);
        let listed = |day: &Today| self.held.as_ref().map_or(0, |held| held.gifts(day.date).today.seconds);
        let by_policy = before.iter().map(listed).fold(0, u32::saturating_add);
        let by_server = said.map_or(0, |said| {
            if said.budget.day == today.date {
                return said.granted(WEEK).saturating_sub(said.granted(DAY));
            }
            let since = before.iter().filter(|day| day.date > said.budget.day).map(listed);
            since.fold(said.granted(WEEK), u32::saturating_add)
        });
        let untold = |code: &&Typed| !code.told && !code.in_policy && before.iter().any(|day| day.date == code.day);
        let by_code = self.kept.codes.iter().filter(untold).map(seconds_of).fold(0, u32::saturating_add);
        by_policy.max(by_server).saturating_add(by_code)
    }

    /// Today by each instant that it may be: the stricter counts.
    pub(super) fn views(&self, today: Today, time: Time) -> Vec<View> {
        let silence = self.silence(time);
        let view = |at| {
            let limits = self.limits(today, at, silence);
            let (budget, own) = (self.budget_of(today, &limits), self.kept.ledger.spent(today, &limits));
            View { limits, budget, own }
        };
        time.instants().map(view).collect()
    }

    /// Whether the device may go on with an item without asking anybody: each limit that concerns it has a lease that lasts, but those that
    /// need none. Where the time is not known, a lease has to last by either.
    pub(super) fn is_lent(&self, today: Today, time: Time, view: &View, item: &str, needs_none: &[&str]) -> bool {
        let said = self.said_of(today);
        let lasts = |limited: &str| {
            let Some((said, lease)) = said.and_then(|said| Some((said, said.lease_of(limited)?))) else { return false };
            let used = view.own.on(limited).saturating_add(said.missing(limited));
            time.instants().all(|at| at < lease.until) && used < lease.up_to_seconds
        };
        // Day and week have one lease together.
        let lasts = |limited: &str| if limited == WEEK { lasts(DAY) } else { lasts(limited) };
        view.concerning(item).all(|(limited, _)| needs_none.contains(&limited) || lasts(limited))
    }

    fn codes_of(&self, today: Today) -> impl Iterator<Item = &Typed> {
        self.kept.codes.iter().filter(move |code| code.day == today.date)
    }

    /// What is left of the minutes without the server, what codes have given on top. A device that has lost its memory has none: it
    /// does not know what it used of them.
    pub(super) fn left_alone(&self, today: Today, limits: &Limits) -> u32 {
        let has_lost = self.said_of(today).is_some_and(|said| said.missing(DAY) > MOST_LOST);
        let own = if has_lost || self.kept.heard_at.is_none() { 0 } else { limits.offline };
        let given = self.codes_of(today).filter(|code| !code.in_policy).map(seconds_of).fold(0, u32::saturating_add);
        own.saturating_add(given).saturating_sub(self.used_alone(today))
    }

    pub(super) fn used_alone(&self, today: Today) -> u32 {
        self.kept.alone.filter(|(day, _)| *day == today.date).map_or(0, |(_, seconds)| seconds)
    }
}

fn seconds_of(code: &Typed) -> u32 {
    u32::from(code.redeemed.minutes).saturating_mul(60)
}

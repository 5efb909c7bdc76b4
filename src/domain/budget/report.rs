//! Days as they were used, for guardian and teen alike: the same numbers, and a gap where nothing is known.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Gifts, Left, Limits, spent};
use crate::domain::{
    timeline::{LocalDay, Span},
    usage::{SLOT_SECONDS, UsageSlot},
};

/// One local day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"day": "2026-11-26", "from": "2026-11-25T23:00:00Z", "to": "2026-11-26T23:00:00Z", "told": true,
    "seconds": 3420, "limit_seconds": 3600, "granted_seconds": 0, "kept": true, "quiet_night": true,
    "items": [{"item": "feed", "seconds": 2400}, {"item": "games/chess", "seconds": 1020}]}))]
pub struct DayUsed {
    /// Which.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Its first instant.
    pub from: Timestamp,
    /// The next day's first.
    pub to: Timestamp,
    /// Whether any device told anything of it. Where none did, nothing is known: a gap, not a day without use.
    pub told: bool,
    /// What counted towards the day's limit.
    pub seconds: u32,
    /// The limit at its end; null: none.
    pub limit_seconds: Option<u32>,
    /// What was given on top.
    pub granted_seconds: u32,
    /// Whether the limit was kept; null: there was none, the day is not over, or nothing is known.
    pub kept: Option<bool>,
    /// Whether nothing was used in its sleep hours; null: there were none, or nothing is known any more.
    pub quiet_night: Option<bool>,
    /// Each item, as it was told.
    pub items: Vec<ItemUsed>,
}

/// What was used of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemUsed {
    /// Which.
    pub item: String,
    /// How long.
    pub seconds: u32,
}

/// Several days in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(example = json!({"days_told": 7, "gaps": 0, "seconds": 21600, "days_kept": 6, "days_over": 1, "quiet_nights": 7, "disturbed_nights": 0}))]
pub struct Summary {
    /// Days of which something is known.
    pub days_told: u32,
    /// Days of which nothing is.
    pub gaps: u32,
    /// All use that counted.
    pub seconds: u64,
    /// Days on which the limit was kept.
    pub days_kept: u32,
    /// Days on which more was used.
    pub days_over: u32,
    /// Nights without use in the sleep hours.
    pub quiet_nights: u32,
    /// Nights with.
    pub disturbed_nights: u32,
}

/// What a day is made of.
pub struct DayTold<'a, D> {
    /// The day.
    pub day: LocalDay,
    /// What every device has told of it.
    pub slots: &'a [(D, UsageSlot)],
    /// What limited it.
    pub limits: Limits,
    /// What was given.
    pub gifts: Gifts,
    /// Its sleep hours.
    pub sleep: Vec<Span>,
    /// The instant at which it is looked at.
    pub now: Timestamp,
}

impl<D: Ord + Copy> DayTold<'_, D> {
    /// The day, as it is shown.
    pub fn used(&self) -> DayUsed {
        self.shown(spent(self.each(), &self.limits).seconds, self.items(), !self.slots.is_empty())
    }

    /// The same of a day of which only numbers are left; see [`rolled_up()`].
    pub fn used_by_numbers(&self, mut numbers: BTreeMap<String, u32>) -> DayUsed {
        let seconds = numbers.remove(super::DAY).unwrap_or_default();
        let items = numbers.into_iter().map(|(item, seconds)| ItemUsed { item, seconds }).collect();
        // Whether its night was quiet nobody knows any more.
        DayUsed { quiet_night: None, ..self.shown(seconds, items, true) }
    }

    fn shown(&self, seconds: u32, items: Vec<ItemUsed>, told: bool) -> DayUsed {
        let Self { day, limits, gifts, now, .. } = self;
        let whole = Left::of(super::DAY, limits.day, gifts.today, seconds);
        let is_over = day.to <= *now;
        DayUsed {
            day: day.date,
            from: day.from,
            to: day.to,
            told,
            seconds: whole.used_seconds,
            limit_seconds: whole.limit_seconds,
            granted_seconds: whole.granted_seconds,
            kept: whole.kept().filter(|_| is_over && told),
            quiet_night: self.is_quiet().filter(|_| is_over && told),
            items,
        }
    }

    fn each(&self) -> impl Iterator<Item = (D, &UsageSlot)> {
        self.slots.iter().map(|(device, slot)| (*device, slot))
    }

    /// Each item that was used, as if it alone had minutes of its own.
    fn items(&self) -> Vec<ItemUsed> {
        let mut names: Vec<&String> = self.slots.iter().map(|(_, slot)| &slot.item).collect();
        names.sort_unstable();
        names.dedup();
        let seconds = |name: &String| {
            let exactly = self.each().filter(|(_, slot)| slot.item == *name);
            let alone = Limits { counting: self.limits.counting, ..Limits::default() };
            // Counted whatever it is: help is shown too.
            let plain: Vec<(D, UsageSlot)> =
                exactly.map(|(device, slot)| (device, UsageSlot { item: "item".to_owned(), ..slot.clone() })).collect();
            spent(plain.iter().map(|(device, slot)| (*device, slot)), &alone).seconds
        };
        let used = names.into_iter().map(|name| ItemUsed { item: name.clone(), seconds: seconds(name) });
        used.filter(|used| used.seconds > 0).collect()
    }

    /// Whether nothing that sleep hours close was used in them. A slot that lies in them only in part says nothing.
    fn is_quiet(&self) -> Option<bool> {
        let inside = |slot: &UsageSlot| {
            let (from, to) =
                (slot.slot.saturating_mul(SLOT_SECONDS), slot.slot.saturating_add(1).saturating_mul(SLOT_SECONDS));
            self.sleep.iter().any(|span| span.from.as_second() <= from && to <= span.to.as_second())
        };
        let used = |slot: &UsageSlot| slot.seconds > 0 && !self.limits.never_closes(&slot.item);
        (!self.sleep.is_empty()).then(|| !self.slots.iter().any(|(_, slot)| used(slot) && inside(slot)))
    }
}

impl Left {
    /// Whether no more was used than allowed and given; nothing where there was no limit.
    pub fn kept(&self) -> Option<bool> {
        // A report comes once a minute, and a device may finish what it is at.
        let tolerated = 60;
        let most = self.limit_seconds?.saturating_add(self.granted_seconds).saturating_add(tolerated);
        Some(self.remaining_seconds.is_none() || self.used_seconds <= most)
    }
}

impl Summary {
    /// Of some days.
    pub fn of(days: &[DayUsed]) -> Self {
        let count = |is: &dyn Fn(&DayUsed) -> bool| {
            u32::try_from(days.iter().filter(|day| is(day)).count()).unwrap_or(u32::MAX)
        };
        Self {
            days_told: count(&|day| day.told),
            gaps: count(&|day| !day.told),
            seconds: days.iter().map(|day| u64::from(day.seconds)).sum(),
            days_kept: count(&|day| day.kept == Some(true)),
            days_over: count(&|day| day.kept == Some(false)),
            quiet_nights: count(&|day| day.quiet_night == Some(true)),
            disturbed_nights: count(&|day| day.quiet_night == Some(false)),
        }
    }
}

/// What is kept of a day when its slots go: the whole, and each item. Item `day` is the whole.
pub fn rolled_up<D: Ord + Copy>(slots: &[(D, UsageSlot)], limits: &Limits) -> Vec<(String, u32)> {
    let day = LocalDay { date: Date::ZERO, from: Timestamp::MIN, to: Timestamp::MAX, minutes: 0, shift: None };
    let told =
        DayTold { day, slots, limits: limits.clone(), gifts: Gifts::default(), sleep: vec![], now: Timestamp::MAX };
    let DayUsed { seconds, items, .. } = told.used();
    let items = items.into_iter().map(|used| (used.item, used.seconds));
    [(super::DAY.to_owned(), seconds)].into_iter().chain(items).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn told(slots: &[(u8, UsageSlot)], now: &str) -> DayUsed {
        let (from, to) = (at("2026-11-26T00:00:00Z"), at("2026-11-27T00:00:00Z"));
        let day = LocalDay { date: jiff::civil::date(2026, 11, 26), from, to, minutes: 1440, shift: None };
        let sleep = vec![Span { from, to: at("2026-11-26T06:00:00Z") }];
        let limits = Limits { day: Some(600), ..Limits::default() };
        DayTold { day, slots, limits, gifts: Gifts::default(), sleep, now: at(now) }.used()
    }

    fn slot(item: &str, at_: &str, seconds: i16) -> (u8, UsageSlot) {
        (1, UsageSlot { item: item.into(), slot: at(at_).as_second() / 300, seconds })
    }

    #[test]
    fn a_day_without_a_word_is_a_gap_and_no_day_without_use() {
        let gap = told(&[], "2026-12-01T00:00:00Z");
        assert_eq!((gap.told, gap.kept, gap.quiet_night), (false, None, None));
        let idle = told(&[slot("family", "2026-11-26T12:00:00Z", 0)], "2026-12-01T00:00:00Z");
        assert_eq!((idle.told, idle.kept, idle.quiet_night, idle.items.len()), (true, Some(true), Some(true), 0));
        let summary = Summary::of(&[gap, idle]);
        assert_eq!((summary.gaps, summary.days_told, summary.days_kept, summary.quiet_nights), (1, 1, 1, 1));
    }

    #[test]
    fn a_night_is_disturbed_by_what_sleep_closes() {
        let night = |item| told(&[slot(item, "2026-11-26T03:00:00Z", 60)], "2026-12-01T00:00:00Z").quiet_night;
        assert_eq!((night("feed"), night("emergency")), (Some(false), Some(true)));
        let over = told(
            &[
                slot("feed", "2026-11-26T12:00:00Z", 300),
                slot("feed", "2026-11-26T12:05:00Z", 300),
                slot("games", "2026-11-26T13:00:00Z", 90),
            ],
            "2026-12-01T00:00:00Z",
        );
        assert_eq!((over.seconds, over.kept), (690, Some(false)));
        assert_eq!(
            over.items.iter().map(|used| (used.item.as_str(), used.seconds)).collect::<Vec<_>>(),
            [("feed", 600), ("games", 90)]
        );
        assert_eq!(
            told(&[slot("feed", "2026-11-26T12:00:00Z", 300)], "2026-11-26T20:00:00Z").kept,
            None,
            "the day is not over"
        );
    }

    /// The rest of a day that was given is no limit, also when only numbers are left.
    #[test]
    fn a_day_whose_rest_was_given_stays_kept() {
        let (from, to) = (at("2026-11-26T00:00:00Z"), at("2026-11-27T00:00:00Z"));
        let day = LocalDay { date: jiff::civil::date(2026, 11, 26), from, to, minutes: 1440, shift: None };
        let gifts = Gifts::on(day.date, [(None, day.date, None)]);
        let limits = Limits { day: Some(600), ..Limits::default() };
        let told = DayTold::<u8> { day, slots: &[], limits, gifts, sleep: vec![], now: at("2026-12-10T00:00:00Z") };
        let used = told.used_by_numbers([("day".to_owned(), 7_200), ("feed".to_owned(), 7_200)].into());
        assert_eq!((used.told, used.seconds, used.kept, used.items.len()), (true, 7_200, Some(true), 1));
    }

    #[test]
    fn what_is_kept_of_a_day_are_its_numbers() {
        let slots = [slot("feed", "2026-11-26T12:00:00Z", 300), slot("help", "2026-11-26T12:05:00Z", 100)];
        assert_eq!(
            rolled_up(&slots, &Limits::default()),
            [("day".into(), 300), ("feed".into(), 300), ("help".into(), 100)]
        );
    }
}

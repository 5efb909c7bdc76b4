//! A control's value as an answer.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};

use super::{Question, ReasonCode, Relationship};
use crate::domain::{
    controls::{AUDIENCES, How},
    policy::with_gifts,
    timeline::{Calendar, Until, blocked_until, next_edge},
    value::{DayMinutes, Kind, Value, Windows, compared},
};

/// The place on [`AUDIENCES`] that leaves friends only.
const FRIENDS: usize = 2;

/// A value, made ready to answer. Small, because a node keeps one per control and teen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stance {
    /// Yes, whatever is asked.
    Open,
    /// Always the same, for this reason.
    Fixed(ReasonCode),
    /// Up to this place on [`AUDIENCES`], and else this reason.
    Audience(usize, ReasonCode),
    /// At least as strict as this place among the control's values.
    Level(usize),
    /// Not in these windows.
    Hours(Box<Windows>),
    /// So many minutes.
    Budget(DayMinutes),
    /// None of these words, sorted; one space between those of a phrase.
    Words(Box<[String]>),
    /// None of these identifiers, sorted.
    Subjects(Box<[String]>),
    /// With a guardian's verified consent.
    WithConsent,
    /// With a guardian.
    WithGuardian,
}

/// What is known of the teen beside the policy.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) calendar: Calendar,
    pub(super) gifts: Box<[(Date, Option<u16>)]>,
    pub(super) paired: bool,
    pub(super) consented: bool,
}

/// A question, and when.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    question: &'a Question,
    home: &'a Home,
    asked_at: Timestamp,
    pub(super) now: Timestamp,
}

impl<'a> Moment<'a> {
    /// The instant at which it is asked.
    pub(super) const fn of(question: &'a Question, home: &'a Home, now: Timestamp) -> Self {
        Self { question, home, asked_at: now, now }
    }

    /// The same question at a later instant. The minutes used stay those of the day on which it was asked.
    pub(super) const fn later(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }
}

/// What a control says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Said {
    /// Why it does not simply say yes.
    pub(super) code: Option<ReasonCode>,
    /// When it may say something else by itself.
    pub(super) next: Option<Timestamp>,
}

impl Stance {
    /// Reads a value; `None` if it is not of the control's kind or cannot be read so.
    pub(super) fn of(how: How, kind: &Kind, value: &Value) -> Option<Self> {
        Some(match (how, value) {
            (How::Audience, Value::Choice(who)) => match AUDIENCES.iter().position(|known| known == who)? {
                0 => Self::Open,
                place => Self::Audience(place, ReasonCode::NotInAudience),
            },
            (How::Permission, Value::Flag(flag)) => Self::at(kind, *flag, Self::Fixed(ReasonCode::NotAllowed))?,
            (How::FriendsOnly, Value::Flag(flag)) => {
                Self::at(kind, *flag, Self::Audience(FRIENDS, ReasonCode::FriendsOnly))?
            }
            (How::Approval, Value::Flag(flag)) => Self::at(kind, *flag, Self::Fixed(ReasonCode::ApprovalNeeded))?,
            (How::Level, Value::Choice(level)) => match kind.rank(level)? {
                0 => Self::Open,
                place => Self::Level(place),
            },
            (How::Hours, Value::Windows(windows)) if windows.is_empty() => Self::Open,
            (How::Hours, Value::Windows(windows)) => Self::Hours(Box::new(windows.clone())),
            (How::Budget, Value::Minutes(minutes)) if *minutes == DayMinutes::UNLIMITED => Self::Open,
            (How::Budget, Value::Minutes(minutes)) => Self::Budget(*minutes),
            (How::Words | How::Subjects, Value::Words(entries)) if entries.is_empty() => Self::Open,
            (How::Words, Value::Words(words)) => {
                let entries: BTreeSet<String> = words.iter().map(|entry| in_a_row(compared(entry))).collect();
                Self::Words(entries.into_iter().collect())
            }
            (How::Subjects, Value::Words(ids)) => Self::Subjects(ids.iter().cloned().collect()),
            (How::Consent, Value::Choice(word)) => match word.as_str() {
                "allowed" => Self::Open,
                "with_consent" => Self::WithConsent,
                "prohibited" => Self::Fixed(ReasonCode::Prohibited),
                _ => return None,
            },
            (How::Guardian, Value::Choice(word)) => match word.as_str() {
                "optional" => Self::Open,
                "needed" => Self::WithGuardian,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The stance of a flag at its strict side.
    fn at(kind: &Kind, flag: bool, strict: Self) -> Option<Self> {
        let Kind::Flag { strict: side } = kind else { return None };
        Some(if flag == *side { strict } else { Self::Open })
    }

    /// What it says to a question. `kind` is the control's.
    pub(super) fn asked(&self, kind: &Kind, moment: Moment<'_>) -> Said {
        let Moment { question, home, now, .. } = moment;
        let if_so = |so: bool, code| Said { code: so.then_some(code), next: None };
        match self {
            Self::Open => Said { code: None, next: None },
            Self::Fixed(code) => if_so(true, *code),
            Self::Audience(place, code) => if_so(question.relationship.reach() < *place, *code),
            Self::Level(place) => {
                let level = question.level.as_deref().and_then(|level| kind.rank(level));
                if_so(level.unwrap_or_default() < *place, ReasonCode::AboveLevel)
            }
            Self::Hours(windows) => off_hours(windows, home, now),
            Self::Budget(minutes) => used_up(*minutes, moment),
            Self::Words(list) => match &question.words {
                Some(words) => if_so(has_any(list, words), ReasonCode::BlockedWord),
                None => if_so(true, ReasonCode::NotAsked),
            },
            Self::Subjects(list) if question.parties().any(|id| holds(list, id)) => if_so(true, ReasonCode::Blocked),
            // Only who is alone has no other side to tell of.
            Self::Subjects(_) => {
                if_so(question.actor.is_none() && question.relationship != Relationship::Themself, ReasonCode::NotAsked)
            }
            Self::WithConsent => if_so(!home.consented, ReasonCode::ConsentNeeded),
            Self::WithGuardian => if_so(!home.paired, ReasonCode::GuardianNeeded),
        }
    }
}

fn off_hours(windows: &Windows, home: &Home, now: Timestamp) -> Said {
    match blocked_until(windows, home.calendar.zone(), now) {
        Some(Until::Time(end)) => Said { code: Some(ReasonCode::OffHours), next: Some(end) },
        Some(Until::Forever) => Said { code: Some(ReasonCode::OffHours), next: None },
        None => Said { code: None, next: next_edge(windows, home.calendar.zone(), now) },
    }
}

/// The minutes of the local day, which is the teen's. A day without any minutes is over before it begins, asked or not.
fn used_up(minutes: DayMinutes, moment: Moment<'_>) -> Said {
    let Moment { question, home, asked_at, now } = moment;
    let day = home.calendar.day_of(now);
    let set = minutes.on(day.date.weekday().into());
    let limit =
        with_gifts(set, day.date, &home.gifts).map_or(DayMinutes::NO_LIMIT, |limit| limit.min(DayMinutes::NO_LIMIT));
    // Of a day that is still to come, nothing is used.
    let used = if day.from <= asked_at { question.used_minutes } else { Some(0) };
    let code = match used {
        _ if limit == DayMinutes::NO_LIMIT => None,
        used if used.unwrap_or_default() >= u32::from(limit) => Some(ReasonCode::BudgetUsed),
        Some(_) => None,
        None => Some(ReasonCode::NotAsked),
    };
    let turns = match code {
        // What was given is given for one day.
        _ if !home.gifts.is_empty() => true,
        Some(ReasonCode::BudgetUsed) => minutes != DayMinutes::NONE,
        _ => minutes.leaves_a_day_out(),
    };
    Said { code, next: turns.then_some(day.to) }
}

/// Whether one of the words is on the list, or several in a row are a phrase on it.
fn has_any(list: &[String], words: &[String]) -> bool {
    let words: Vec<String> = words.iter().flat_map(|text| compared(text)).collect();
    let mut phrases = list.iter().filter(|entry| entry.contains(' '));
    let is_there = |phrase: &String| {
        let parts: Vec<&str> = phrase.split(' ').collect();
        words.windows(parts.len()).any(|row| row == parts)
    };
    words.iter().any(|word| holds(list, word)) || phrases.any(is_there)
}

fn in_a_row(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

fn holds(sorted: &[String], entry: &String) -> bool {
    sorted.binary_search(entry).is_ok()
}

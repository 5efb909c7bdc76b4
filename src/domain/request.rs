//! What a teen asks a guardian for, and what becomes of it.
//!
//! A request is pending until somebody answers it, the teen takes it back, or its time is over. Whatever it ends in is final: who
//! wants something else asks again. One is pending at a time for the same thing.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{budget::DAY, timeline::LocalDay, value::Given};

/// How long a request waits for an answer, unless its day is over before.
const WAITS: SignedDuration = SignedDuration::from_hours(24);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// Minutes today, on top of a limit.
    Time,
    /// Another value for a control.
    Setting,
    /// Something that a guardian has blocked.
    Unblock,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Nobody has answered yet.
    Pending,
    /// A guardian gave it, or something else instead.
    Granted,
    /// A guardian said no.
    Denied,
    /// The teen took it back, or nobody is there to answer any more.
    Cancelled,
    /// Nobody answered in time.
    Expired,
}

/// What is wished for, or given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// No limit for the rest of the day.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rest_of_day: bool,
    /// A value of the control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Given>,
    /// Until when, where what was given ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

impl RequestKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Time, Self::Setting, Self::Unblock];

    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Setting => "setting",
            Self::Unblock => "unblock",
        }
    }

    /// Reads such a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// When a request of this kind that is made now is over.
    pub fn expires_at(self, today: &LocalDay, now: Timestamp) -> Timestamp {
        let waits = now.saturating_add(WAITS).unwrap_or(now);
        match self {
            Self::Time => waits.min(today.to),
            Self::Setting | Self::Unblock => waits,
        }
    }

    /// Whether a wish or an answer is one of this kind.
    pub fn fits(self, wish: &Wish) -> bool {
        let Wish { minutes, rest_of_day, value, until } = wish;
        match self {
            Self::Time => minutes.is_some() != *rest_of_day && value.is_none() && until.is_none(),
            Self::Setting => minutes.is_none() && !rest_of_day && value.is_some(),
            Self::Unblock => minutes.is_none() && !rest_of_day && value.is_none() && until.is_none(),
        }
    }
}

impl RequestState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Granted, Self::Denied, Self::Cancelled, Self::Expired];

    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// Reads such a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether it may become another one: only what is pending may, and then anything else.
    pub fn may_become(self, next: Self) -> bool {
        self == Self::Pending && next != Self::Pending
    }
}

/// The item of a request for minutes; none: the whole day.
pub fn item_of(subject: &str) -> Option<&str> {
    (subject != DAY).then_some(subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timeline::day_of;

    #[test]
    fn what_has_ended_does_not_move_again() {
        for state in RequestState::ALL {
            assert_eq!(RequestState::from_word(state.as_str()), Some(state));
            for next in RequestState::ALL {
                assert_eq!(state.may_become(next), state == RequestState::Pending && next != RequestState::Pending);
            }
        }
        assert!(RequestKind::ALL.iter().all(|kind| RequestKind::from_word(kind.as_str()) == Some(*kind)));
    }

    #[test]
    fn a_request_for_minutes_ends_with_its_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let today = day_of(&jiff::tz::TimeZone::UTC, 0, at("2026-11-27T20:00:00Z"));
        assert_eq!(RequestKind::Time.expires_at(&today, at("2026-11-27T20:00:00Z")), at("2026-11-28T00:00:00Z"));
        assert_eq!(RequestKind::Setting.expires_at(&today, at("2026-11-27T20:00:00Z")), at("2026-11-28T20:00:00Z"));
    }

    #[test]
    fn a_wish_is_of_its_kind() {
        let minutes = Wish { minutes: Some(15), ..Wish::default() };
        let both = Wish { rest_of_day: true, ..minutes.clone() };
        let value = Wish { value: Some(Given::Flag(true)), ..Wish::default() };
        let fits = |wish: &Wish| RequestKind::ALL.map(|kind| kind.fits(wish));
        assert_eq!(fits(&minutes), [true, false, false]);
        assert_eq!(fits(&both), [false; 3]);
        assert_eq!(fits(&value), [false, true, false]);
        assert_eq!(fits(&Wish::default()), [false, false, true]);
    }
}

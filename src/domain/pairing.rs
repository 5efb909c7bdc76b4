//! A pairing's life, from the code a teen shows to its end. One table of moves, and nothing outside it.
//!
//! ```text
//! offered ─right code→ claimed ─teen confirms→ active ─either side ends→ ended
//!    │  ├─5 wrong→ burned  ├─teen refuses→ refused
//!    │  └─cancelled        └─nobody answers→ expired
//!    └─10 minutes→ expired
//! ```
//!
//! A guardian can begin too: they show a code (an invitation, which lives as an offer does), and the teen who uses it has a pairing that is
//! claimed, to which they have to say yes all the same.
//!
//! At 18 an active pairing ends by itself, and what is only offered or claimed expires: no supervision begins after that.
//!
//! A right code alone never pairs: it opens a request, and the teen, who has seen who asks and what they will see
//! and may set, confirms last.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::{
    code::WRONG_TRIES,
    ids::{AccountId, TeenId},
};

/// How long a claimed pairing waits for the teen's answer, in hours.
pub const ANSWER_HOURS: i64 = 24;
/// How many codes of one teen may be open at once.
pub const OPEN_OFFERS: i64 = 3;

/// After a no, a guardian may ask the same teen again after so many hours.
const AFTER_A_NO: SignedDuration = SignedDuration::from_hours(24);
/// After a second no within this time, only when so much has passed since.
const AFTER_TWO: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When a guardian may ask a teen again who has said no to them at these times; nothing: now.
pub fn ask_again_at(refusals: &[Timestamp], now: Timestamp) -> Option<Timestamp> {
    let lately = refusals.iter().filter(|at| now.duration_since(**at) < AFTER_TWO);
    let wait = if lately.clone().count() > 1 { AFTER_TWO } else { AFTER_A_NO };
    let again = lately.max()?.saturating_add(wait).ok()?;
    (again > now).then_some(again)
}

/// Where a pairing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairingState {
    /// The teen shows a code; nobody has used it.
    Offered,
    /// A guardian gave the right code; the teen has not answered.
    Claimed,
    /// Both agreed. The guardian's powers live exactly as long as this state.
    Active,
    /// The teen said no.
    Refused,
    /// Nobody acted in time.
    Expired,
    /// The teen took the code back.
    Cancelled,
    /// Too many wrong tries.
    Burned,
    /// One side ended it, or the teen came of age.
    Ended,
}

/// What can happen to a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Somebody gave this code's locator with a wrong secret, for the n-th time.
    WrongCode {
        /// Wrong tries so far, this one included.
        tries: i16,
    },
    /// A guardian gave the right code.
    Claim,
    /// The teen agrees.
    Confirm,
    /// The teen does not agree.
    Refuse,
    /// The teen takes the code back.
    Cancel,
    /// Either side ends an active pairing.
    End,
    /// The teen comes of age: supervision ends, and none can begin any more.
    ComeOfAge,
}

/// Why a pairing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The teen came of age.
    CameOfAge,
    /// The guardian ended it.
    Guardian,
    /// The teen ended it.
    Teen,
}

/// The move is not possible from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a pairing that is {0:?} cannot do this")]
pub struct Impossible(pub PairingState);

impl PairingState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Offered,
        Self::Claimed,
        Self::Active,
        Self::Refused,
        Self::Expired,
        Self::Cancelled,
        Self::Burned,
        Self::Ended,
    ];

    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Claimed => "claimed",
            Self::Active => "active",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Burned => "burned",
            Self::Ended => "ended",
        }
    }

    /// The state behind a word from the table.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// What the state is at `now`, when it was to be answered by `deadline`: time alone ends offers and claims.
    pub fn at(self, now: Timestamp, deadline: Timestamp) -> Self {
        match self {
            Self::Offered | Self::Claimed if now >= deadline => Self::Expired,
            other => other,
        }
    }

    /// The state after a move, or the reason there is none.
    pub fn after(self, event: Move) -> Result<Self, Impossible> {
        match (self, event) {
            (Self::Offered, Move::WrongCode { tries }) if tries >= WRONG_TRIES => Ok(Self::Burned),
            (Self::Offered, Move::WrongCode { .. }) => Ok(Self::Offered),
            (Self::Offered, Move::Claim) => Ok(Self::Claimed),
            (Self::Offered, Move::Cancel) => Ok(Self::Cancelled),
            (Self::Claimed, Move::Confirm) => Ok(Self::Active),
            (Self::Claimed, Move::Refuse) => Ok(Self::Refused),
            (Self::Active, Move::End | Move::ComeOfAge) => Ok(Self::Ended),
            (Self::Offered | Self::Claimed, Move::ComeOfAge) => Ok(Self::Expired),
            (state, _) => Err(Impossible(state)),
        }
    }

    /// Why it ended, if it did: by the one of the two who is named, or by itself.
    pub fn end_reason(self, teen: TeenId, ended_by: Option<AccountId>) -> Option<EndReason> {
        (self == Self::Ended).then(|| match ended_by {
            None => EndReason::CameOfAge,
            Some(by) if by == teen => EndReason::Teen,
            Some(_) => EndReason::Guardian,
        })
    }

    /// No move leaves this state.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Offered | Self::Claimed | Self::Active)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn moves() -> impl Strategy<Value = Move> {
        prop_oneof![
            (1i16..8).prop_map(|tries| Move::WrongCode { tries }),
            Just(Move::Claim),
            Just(Move::Confirm),
            Just(Move::Refuse),
            Just(Move::Cancel),
            Just(Move::End),
            Just(Move::ComeOfAge),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order: active only by a claim and then the teen's own yes, and an end is an end.
        #[test]
        fn only_the_teens_confirmation_pairs(history in proptest::collection::vec(moves(), 0..30)) {
            let mut state = PairingState::Offered;
            let (mut claimed, mut confirmed) = (false, false);
            for event in history {
                let before = state;
                if let Ok(next) = state.after(event) {
                    prop_assert!(!before.is_final(), "{before:?} left by {event:?}");
                    claimed |= event == Move::Claim;
                    if next == PairingState::Active {
                        prop_assert_eq!(event, Move::Confirm);
                        confirmed = true;
                    }
                    state = next;
                }
                if matches!(state, PairingState::Active | PairingState::Ended) {
                    prop_assert!(claimed && confirmed);
                }
            }
        }

        #[test]
        fn the_fifth_wrong_code_burns(tries in 1i16..20) {
            let next = PairingState::Offered.after(Move::WrongCode { tries }).unwrap();
            prop_assert_eq!(next == PairingState::Burned, tries >= WRONG_TRIES);
        }
    }

    #[test]
    fn whoever_comes_of_age_is_supervised_no_more_and_never_again() {
        for state in PairingState::ALL {
            let next = state.after(Move::ComeOfAge);
            assert_eq!(next.is_err(), state.is_final());
            assert!(next.is_ok_and(PairingState::is_final) || state.is_final(), "{state:?}");
        }
    }

    #[test]
    fn an_end_has_a_reason_and_nothing_else_has() {
        let (teen, guardian) = (AccountId::from_uuid(uuid::Uuid::nil()), AccountId::from_uuid(uuid::Uuid::max()));
        let why = |by| PairingState::Ended.end_reason(teen, by);
        assert_eq!(why(None), Some(EndReason::CameOfAge));
        assert_eq!(why(Some(teen)), Some(EndReason::Teen));
        assert_eq!(why(Some(guardian)), Some(EndReason::Guardian));
        assert_eq!(PairingState::Active.end_reason(teen, None), None);
    }

    #[test]
    fn after_a_no_nobody_is_pressed() {
        let at = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        assert_eq!(ask_again_at(&[], at(1_000)), None);
        assert_eq!(ask_again_at(&[at(1_000)], at(1_001)), Some(at(1_024)));
        assert_eq!(ask_again_at(&[at(1_000)], at(1_024)), None);
        assert_eq!(ask_again_at(&[at(1_000), at(1_030)], at(1_031)), Some(at(1_030 + 720)));
        assert_eq!(ask_again_at(&[at(1_000), at(1_030)], at(1_030 + 720)), None);
        assert_eq!(ask_again_at(&[at(0), at(1_030)], at(1_055)), None, "the first is long ago");
    }

    #[test]
    fn time_ends_only_what_waits() {
        let now = Timestamp::UNIX_EPOCH;
        for state in PairingState::ALL {
            let waits = matches!(state, PairingState::Offered | PairingState::Claimed);
            assert_eq!(state.at(now, now) == PairingState::Expired, waits || state == PairingState::Expired);
            assert_eq!(PairingState::from_word(state.as_str()), Some(state));
        }
    }
}

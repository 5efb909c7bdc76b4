//! Objecting to an age: opened by the teen or a guardian, answered within seven days, with reasons.
//!
//! ```text
//! open ─somebody finds it wrong→ corrected
//!   ├─a person finds it right→ upheld
//!   └─whoever opened it takes it back→ withdrawn
//! ```
//!
//! - There is always a way without an identity document, and more than one; the document comes last.
//! - A person answers, and signs: no machine has the last word.
//! - While an appeal is open the decision stands with all that it protects, because an appeal changes no signal. What corrects an age
//!   is the withdrawal of the signals that were found wrong, and a new one where that alone does not bring what was claimed
//!   ([`Correction`](super::Correction)).
//! - The reason is given to both sides, and never says how an age was proven.

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

use super::{AgeBand, word::worded};
use crate::domain::{
    ids::{AccountId, AgeDecisionId, AgeSignalId, OperatorId},
    text::{self, TextError},
};

/// How long an appeal may take.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

worded! {
    /// Who objects.
    pub enum Side {
        /// The person whose age it is.
        Teen = "teen",
        /// A guardian of theirs.
        Guardian = "guardian",
    }
}

worded! {
    /// A way to show an age.
    pub enum Route {
        /// Somebody the platform has chosen estimates it, and forgets the picture.
        ProviderEstimation = "provider_estimation",
        /// A guardian attests it.
        GuardianAttestation = "guardian_attestation",
        /// A payment card in the person's own name.
        PaymentCard = "payment_card",
        /// A teacher, a doctor, a youth worker or another adult vouches for it.
        TrustedAdult = "trusted_adult",
        /// An identity document, looked at by a provider and never kept.
        IdentityDocument = "identity_document",
    }
}

worded! {
    /// Where an appeal stands.
    pub enum AppealState {
        /// Waits for an answer.
        Open = "open",
        /// The age was wrong; the signals behind it are withdrawn.
        Corrected = "corrected",
        /// The age stays.
        Upheld = "upheld",
        /// Taken back by whoever opened it.
        Withdrawn = "withdrawn",
    }
}

/// One objection to a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appeal {
    /// What it is against.
    pub against: AgeDecisionId,
    /// As what it was opened.
    pub side: Side,
    /// Who opened it.
    pub opened_by: AccountId,
    /// When.
    pub opened_at: Timestamp,
    /// The band that they say is right.
    pub claims: AgeBand,
    /// Where it stands.
    pub state: AppealState,
    /// The answer; none while it is open and after a withdrawal.
    pub answer: Option<Answer>,
}

/// The answer to an appeal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who gave it.
    pub by: OperatorId,
    /// Why, in plain words, for both sides.
    pub reason: String,
    /// The signals that were found wrong. They count no more from the instant of the answer.
    pub wrong: Vec<AgeSignalId>,
}

/// What can happen to an appeal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppealMove {
    /// The age was wrong.
    Correct {
        /// Who found that.
        by: OperatorId,
        /// The signals that misled us, if any did: perhaps nothing was known.
        wrong: Vec<AgeSignalId>,
        /// Why, in plain words, 1–280 visible characters.
        reason: String,
    },
    /// The age was right.
    Uphold {
        /// Who found that.
        by: OperatorId,
        /// Why, in plain words, 1–280 visible characters.
        reason: String,
    },
    /// Taken back.
    Withdraw {
        /// By whom.
        by: AccountId,
    },
}

/// Why a move is not possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AppealError {
    /// It has been answered or taken back.
    #[error("this appeal is closed")]
    Closed,
    /// Nobody takes back what somebody else opened.
    #[error("only who opened an appeal can take it back")]
    NotYours,
    /// A correction that would change nothing.
    #[error("the age is what was claimed already: nothing is to be corrected")]
    NothingWrong,
    /// A correction that would not bring what was claimed.
    #[error("without these signals the age would still not be {0}: name all that are wrong with --signal")]
    NotReached(AgeBand),
    /// Nobody becomes an adult by an answer.
    #[error(
        "this would not make them an adult: that takes strict evidence, or a declared birthday that no signal contradicts"
    )]
    NoAdult,
    /// The reason is missing or unreadable.
    #[error("the reason {0}")]
    Reason(TextError),
}

impl Route {
    /// For whoever says that they are under 18.
    const OF_MINORS: &[Self] =
        &[Self::ProviderEstimation, Self::GuardianAttestation, Self::TrustedAdult, Self::IdentityDocument];
    /// For whoever says that they are an adult: no guardian has to agree.
    const OF_ADULTS: &[Self] =
        &[Self::ProviderEstimation, Self::PaymentCard, Self::TrustedAdult, Self::IdentityDocument];

    /// The ways that are offered to somebody who says that they are of this band, in the order in which to show them.
    pub const fn offered(claims: AgeBand) -> &'static [Self] {
        match claims {
            AgeBand::Under13 | AgeBand::From13To15 | AgeBand::From16To17 => Self::OF_MINORS,
            AgeBand::Adult => Self::OF_ADULTS,
        }
    }
}

impl Appeal {
    /// Opens one.
    pub const fn open(
        against: AgeDecisionId,
        side: Side,
        opened_by: AccountId,
        claims: AgeBand,
        at: Timestamp,
    ) -> Self {
        Self { against, side, opened_by, opened_at: at, claims, state: AppealState::Open, answer: None }
    }

    /// The ways that are offered.
    pub const fn routes(&self) -> &'static [Route] {
        Route::offered(self.claims)
    }

    /// When the answer is due.
    pub fn due_at(&self) -> Timestamp {
        self.opened_at.saturating_add(ANSWERED_WITHIN).unwrap_or(Timestamp::MAX)
    }

    /// Whether it should have been answered by `now`. Nothing happens to it then but that somebody is reminded.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state == AppealState::Open && now >= self.due_at()
    }

    /// The appeal after a move, or why there is none.
    pub fn after(self, event: AppealMove) -> Result<Self, AppealError> {
        if self.state != AppealState::Open {
            return Err(AppealError::Closed);
        }
        match event {
            AppealMove::Correct { by, wrong, reason } => self.answered(AppealState::Corrected, by, &reason, wrong),
            AppealMove::Uphold { by, reason } => self.answered(AppealState::Upheld, by, &reason, Vec::new()),
            AppealMove::Withdraw { by } if by != self.opened_by => Err(AppealError::NotYours),
            AppealMove::Withdraw { .. } => Ok(Self { state: AppealState::Withdrawn, ..self }),
        }
    }

    fn answered(
        self,
        state: AppealState,
        by: OperatorId,
        reason: &str,
        wrong: Vec<AgeSignalId>,
    ) -> Result<Self, AppealError> {
        let reason = text::reason(reason).map_err(AppealError::Reason)?;
        Ok(Self { state, answer: Some(Answer { by, reason, wrong }), ..self })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::Id;

    fn id<K>(n: u128) -> Id<K> {
        Id::from_uuid(Uuid::from_u128(n))
    }

    fn opened() -> Appeal {
        Appeal::open(id(1), Side::Teen, id(2), AgeBand::From16To17, Timestamp::UNIX_EPOCH)
    }

    fn any_move() -> impl Strategy<Value = AppealMove> {
        let reason = prop::sample::select(vec!["", "The school confirmed it.", "\u{0}"]).prop_map(str::to_owned);
        prop_oneof![
            (reason.clone(), 0_u128..3).prop_map(|(reason, wrong)| {
                AppealMove::Correct { by: id(9), wrong: (0..wrong).map(id).collect(), reason }
            }),
            reason.prop_map(|reason| AppealMove::Uphold { by: id(9), reason }),
            (1_u128..4).prop_map(|by| AppealMove::Withdraw { by: id(by) }),
        ]
    }

    #[test]
    fn two_ways_need_no_document_and_the_document_comes_last() {
        for band in AgeBand::ALL {
            let routes = Route::offered(band);
            let without: Vec<_> = routes.iter().filter(|route| **route != Route::IdentityDocument).collect();
            assert!(without.len() >= 2, "{band}");
            assert_eq!(routes.last(), Some(&Route::IdentityDocument));
            assert_eq!(routes.contains(&Route::PaymentCard), band == AgeBand::Adult, "minors have no cards");
        }
    }

    #[test]
    fn an_answer_is_due_within_seven_days() {
        let due = opened().due_at();
        assert_eq!(due.duration_since(opened().opened_at), SignedDuration::from_hours(168));
        assert!(!opened().is_overdue(due - SignedDuration::from_secs(1)) && opened().is_overdue(due));
        let closed = opened().after(AppealMove::Withdraw { by: id(2) }).unwrap();
        assert!(!closed.is_overdue(due));
    }

    #[test]
    fn a_correction_says_which_signals_were_wrong_and_why() {
        let reason = " The school confirmed it. ".to_owned();
        let corrected = opened().after(AppealMove::Correct { by: id(9), wrong: vec![id(7)], reason }).unwrap();
        let answer = corrected.answer.unwrap();
        assert_eq!((corrected.state, answer.by), (AppealState::Corrected, id(9)));
        assert_eq!((answer.wrong, answer.reason.as_str()), (vec![id(7)], "The school confirmed it."));
    }

    #[test]
    fn a_guardian_cannot_take_back_a_teens_appeal() {
        assert_eq!(opened().after(AppealMove::Withdraw { by: id(3) }), Err(AppealError::NotYours));
    }

    proptest! {
        #[test]
        fn an_appeal_is_answered_once_and_never_without_a_reason(history in prop::collection::vec(any_move(), 0..12)) {
            let mut appeal = opened();
            for event in history {
                let closed = appeal.state != AppealState::Open;
                let after = appeal.clone().after(event);
                prop_assert_eq!(closed, after == Err(AppealError::Closed));
                appeal = after.unwrap_or(appeal);
            }
            let answered = matches!(appeal.state, AppealState::Corrected | AppealState::Upheld);
            prop_assert_eq!(appeal.answer.is_some(), answered);
            if let Some(answer) = appeal.answer {
                prop_assert!(!answer.reason.is_empty());
                prop_assert!(answer.wrong.is_empty() || appeal.state == AppealState::Corrected);
            }
        }
    }
}

//! What the platform's servers ask.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::Deciders;
use crate::domain::{
    controls::Action,
    text::{self, TextError},
};

/// Most identifiers beside the actor in one question.
pub const MOST_SUBJECTS: usize = 50;
/// Most words in one question, in however many pieces they come.
pub const MOST_WORDS: usize = 200;

/// What the other side is to the teen, as the platform knows it: whoever acts on the teen, or whom the teen acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// There is no other side: the teen alone.
    #[serde(rename = "self")]
    Themself,
    /// A guardian who is paired with the teen. Counts as a friend, and may always call.
    Guardian,
    /// Both agreed to know each other.
    Friend,
    /// The platform suggests them to each other: friends of friends, a shared address book.
    SuggestedFriend,
    /// Anybody else, and whoever the platform says nothing about.
    #[default]
    Stranger,
}

impl Relationship {
    /// The last place on [`AUDIENCES`](crate::domain::controls::AUDIENCES) at which they are still among those who may.
    pub(super) const fn reach(self) -> usize {
        match self {
            Self::Stranger => 0,
            Self::SuggestedFriend => 1,
            Self::Friend | Self::Guardian => 2,
            Self::Themself => 3,
        }
    }
}

/// One question about one teen. Never stored and never logged: it says who wants what with whom.
#[derive(Clone, Default)]
pub struct Question {
    /// What somebody wants to do.
    pub action: Action,
    /// What the other side is to the teen.
    pub relationship: Relationship,
    /// Who the other side is: the platform's own identifier, printable ASCII, at most 64. Without it a list of those who are blocked
    /// has no say, unless the teen is alone.
    pub actor: Option<String>,
    /// What else takes part: accounts, sounds, pages, in the same form.
    pub subjects: Vec<String>,
    /// Whom the content is made for, as the control's values say it. What nobody has rated counts as the loosest.
    pub level: Option<String>,
    /// The words of a text, in their order and in pieces of any size; none where nothing is told of them. What has no words has an
    /// empty list of them.
    pub words: Option<Vec<String>>,
    /// Minutes of use on the teen's present day, all devices together.
    pub used_minutes: Option<u32>,
}

/// Why a question has no answer. The words never repeat what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unaskable {
    /// No control decides it.
    #[error("is no action that a control decides")]
    UnknownAction,
    /// The level is none of the control's.
    #[error("must be one of: {}", allowed.join(", "))]
    UnknownLevel {
        /// All levels, from loose to strict.
        allowed: Vec<String>,
    },
    /// An actor that could never be on a list.
    #[error(transparent)]
    Actor(TextError),
    /// A subject that could never be on a list.
    #[error("{why}")]
    Subject {
        /// Its place, from 0.
        at: usize,
        /// What is wrong with it.
        why: TextError,
    },
    /// Over [`MOST_SUBJECTS`].
    #[error("must have at most {MOST_SUBJECTS} entries")]
    TooManySubjects,
    /// Over [`MOST_WORDS`].
    #[error("must have at most {MOST_WORDS} words")]
    TooManyWords,
}

/// Keeps who wants what with whom out of logs.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Question(…)")
    }
}

impl Question {
    /// Whether it can be answered: a mistake in the platform's program should be loud, not a quiet yes or no.
    pub fn check(&self, deciders: &Deciders) -> Result<(), Unaskable> {
        if !self.is_never_limited() && !deciders.know(&self.action) {
            return Err(Unaskable::UnknownAction);
        }
        if self.subjects.len() > MOST_SUBJECTS {
            return Err(Unaskable::TooManySubjects);
        }
        if self.word_count() > MOST_WORDS {
            return Err(Unaskable::TooManyWords);
        }
        if let (Some(level), Some(allowed)) = (&self.level, deciders.levels(&self.action))
            && !allowed.contains(level)
        {
            return Err(Unaskable::UnknownLevel { allowed: allowed.to_vec() });
        }
        self.actor.as_deref().map_or(Ok(()), is_id).map_err(Unaskable::Actor)?;
        let mut ids = self.subjects.iter().enumerate();
        ids.try_for_each(|(at, id)| is_id(id).map_err(|why| Unaskable::Subject { at, why }))
    }

    /// Whether this is never limited, by nobody and for nobody: help, and calls of a guardian. No policy is looked at for it.
    pub fn is_never_limited(&self) -> bool {
        let guardian_calls = self.relationship == Relationship::Guardian && self.action.0 == Action::CALL;
        guardian_calls || self.action.is_never_limited()
    }

    /// A piece without a word counts as well.
    fn word_count(&self) -> usize {
        self.words.iter().flatten().map(|text| text.split_whitespace().count().max(1)).sum()
    }

    /// Everybody and everything that takes part.
    pub(super) fn parties(&self) -> impl Iterator<Item = &String> {
        self.actor.iter().chain(&self.subjects)
    }
}

fn is_id(id: &str) -> Result<(), TextError> {
    text::word(id).map(drop)
}

//! What may be done with a teen now: a policy read as an answer.
//!
//! The platform's servers ask, and whatever an answer depends on beside the teen's policy comes with the question: what the
//! other side is to the teen, who and what takes part, the words of a text, the minutes used. Nothing of a question is kept; this
//! server has no social graph and reads no content.
//!
//! Every control whose `decides` names the action (or [`Action::ANY`]) has a say, read by its [`How`]:
//!
//! | how | says no | asks a guardian |
//! |---|---|---|
//! | `audience` | the other side is none of those who may | |
//! | `permission` | the flag is at its strict side | |
//! | `friends_only` | the flag is at its strict side, and the other side is no friend | |
//! | `approval` | | the flag is at its strict side |
//! | `level` | made for somebody older, or for nobody knows whom | |
//! | `hours` | now lies in a window | |
//! | `budget` | the minutes of the teen's day are used up | |
//! | `words` | a word, or a phrase, is in the list | |
//! | `subjects` | somebody or something that takes part is in the list | |
//! | `consent` | prohibited | a guardian's consent is needed and was not verified |
//! | `guardian` | | a guardian is needed and there is none |
//!
//! A list of words or subjects that the question tells nothing of has no say, and neither has a budget without the minutes used: the
//! answer names them with `not_asked`, so that what was forgotten shows.
//!
//! The strictest say wins: no, then ask, then yes. A stricter policy therefore never gives a looser answer. The values are those
//! of the teen's newest revision, what follows a grant or hold included; nothing is computed here that devices and people
//! are not shown too. A revision that knows none of an action's controls says nothing about it, and that is a no.
//!
//! [`Action::ANY`]: super::controls::Action::ANY
//! [`How`]: super::controls::How

mod compiled;
mod question;
mod stance;
mod verdict;

#[cfg(test)]
mod tests;

pub use self::{
    compiled::{Compiled, Deciders, Grounds},
    question::{MOST_SUBJECTS, MOST_WORDS, Question, Relationship, Unaskable},
    verdict::{Outcome, Reason, ReasonCode, Standing, Verdict},
};

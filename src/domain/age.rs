//! What is known of somebody's age, and what follows from it.
//!
//! Rules see four bands, counted in completed years on the teen's local calendar. A birth date is a personal fact; a band
//! is all that most of the house needs to know.

mod appeal;
mod band;
mod birth;
mod birthday;
mod correction;
mod decision;
mod reading;
mod signal;
mod transition;
mod weigh;
mod word;

pub use self::{
    appeal::{Answer, Appeal, AppealError, AppealMove, AppealState, Route, Side},
    band::{AgeBand, PerBand, UnknownBand},
    birth::{AgeSpan, Ages, Birth, NotAges, OLDEST},
    birthday::{age_on, next_transition},
    correction::Correction,
    decision::{AgeDecision, OLDER_AFTER, Waiting, decide, next_change},
    reading::{AppleAgeRange, AppleAnswer, GoogleAgeSignals, ProviderOutcome, Reading},
    signal::{AgeSignal, Channel, Level, Stated, outdated},
    transition::{Announcement, Stage, Transition},
    weigh::Reason,
};

//! What is known of somebody's age, and what follows from it.
//!
//! Rules see four bands, counted in completed years on the teen's local calendar. A birth date is a personal fact; a band
//! is all that most of the house needs to know.

mod band;
mod birth;
mod birthday;
mod reading;
mod signal;
mod word;

pub use self::{
    band::{AgeBand, PerBand, UnknownBand},
    birth::{AgeSpan, Ages, Birth, NotAges, OLDEST},
    birthday::{age_on, next_transition},
    reading::{AppleAgeRange, AppleAnswer, GoogleAgeSignals, ProviderOutcome, Reading},
    signal::{AgeSignal, Channel, Level, Stated},
};

//! What is known of somebody's age, and what follows from it.
//!
//! Rules see four bands, counted in completed years on the teen's local calendar. A birth date is a personal fact; a band
//! is all that most of the house needs to know.

mod band;
mod birthday;

pub use self::{
    band::{AgeBand, PerBand, UnknownBand},
    birthday::{age_on, next_transition},
};

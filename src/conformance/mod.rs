//! CONFORMANCE: the published cases, what this program answers to them, and whether somebody else's program does too.
//!
//! The cases are in `conformance/v1/`; most expectations come from an oracle in another language (`conformance/oracle/`), so
//! that this program judges itself by them as well: [`answer()`] leads every operation to the function of `domain` that the
//! server and its devices use, and a unit test goes through all cases. [`run`] asks a foreign client the same over its
//! standard input and output, and writes a certificate.
//!
//! Who may enter: `main` for the command, `api` for the document that it serves. What never happens here: rules of its own, a
//! database, a socket, the clock.

pub mod answer;
mod certificate;
mod certify;
mod client;
mod command;
mod foreign;
pub mod kit;

#[cfg(test)]
mod tests;

pub use self::{
    answer::answer,
    certificate::{Certificate, Difference, Fault, Outcome, Tally},
    command::{ConformanceArgs, ConformanceError, run},
};

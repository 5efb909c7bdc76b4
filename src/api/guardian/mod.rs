//! Everything that the guardian app does over HTTP, in the order of the journey: claim a code, set limits, see them enforced.

pub mod devices;
pub mod grants;
pub mod history;
pub mod pairings;
pub mod policy;
pub mod settings;
pub mod teens;

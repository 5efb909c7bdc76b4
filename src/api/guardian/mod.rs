//! Everything that the guardian app does over HTTP, in the order of the journey: claim a code, set limits, see them enforced.

pub mod age;
pub mod devices;
pub mod grants;
pub mod history;
pub mod invitations;
pub mod offline_codes;
pub mod pairings;
pub mod policy;
pub mod presets;
pub mod requests;
pub mod settings;
pub mod simulation;
pub mod teens;
pub mod time;
pub mod usage;

//! Everything that the teen app does over HTTP. A device's token is enough, but for registering and revoking devices.

pub mod age;
pub mod devices;
pub mod offline_codes;
pub mod pairings;
pub mod policy;
pub mod requests;
pub mod settings;
pub mod simulation;
pub mod supervision;
pub mod usage;

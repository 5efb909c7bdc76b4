//! WHO: the only way from a request to the store.
//!
//! An extractor of [`who`] proves identity and kinship from rows and hands out the store together with the proof; a handler
//! without one has no store. Passwords are hashed behind a bounded gate, tries are throttled, and the browser's ticket is
//! checked here. What never happens here: deciding what somebody may set. That is `domain`'s.

pub mod gate;
pub mod password;
pub mod redis_servers;
pub mod shared;
pub mod throttle;
pub mod turns;
pub mod who;

pub use gate::Gate;

//! The rules, and nothing but the rules.
//!
//! Pure: no async, no actix, no diesel, no redis, no clock reads, no randomness. Whatever a rule needs is handed to it,
//! so every rule can be tested at any instant, on any input, without a server. Every other room may enter here;
//! this room enters none.

pub mod account;
pub mod age;
pub mod budget;
pub mod catalogue;
pub mod clock;
pub mod code;
pub mod controls;
pub mod decision;
pub mod device;
pub mod ids;
pub mod language;
pub mod law;
pub mod pairing;
pub mod platform;
pub mod policy;
pub mod presets;
pub mod receiver;
pub mod region;
pub mod report;
pub mod request;
pub mod secret;
pub mod silence;
pub mod simulation;
pub mod snapshot;
pub mod supervision;
pub mod text;
pub mod three_words;
pub mod timeline;
pub mod usage;
pub mod value;
pub mod vault;
pub mod version;
pub mod words;

//! The integration tests: real Postgres, real Redis, real sockets, real processes. One binary, so that there is one link.
//!
//! `bin/test` starts the services and says where they are. Each test has a database of its own, made from a template in a
//! few milliseconds, and a Redis prefix of its own; it names the promise that it keeps.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what must be by failing; clippy.toml lets functions marked as tests do so, not their helpers"
)]

mod house;

mod access;
mod accounts;
mod ages;
mod architecture;
mod budgets;
mod chaos;
mod cluster;
mod conformance;
mod controls;
mod decisions;
mod docs;
mod edges;
mod failover;
#[cfg(feature = "failpoints")]
mod failpoints;
mod faults;
mod fuzz;
mod journey;
mod knob;
mod law;
mod longpoll;
mod metrics;
mod nodes;
mod offline_codes;
mod openapi;
mod operators;
mod pairing;
mod platform;
mod policy;
mod postgres_faults;
mod presence;
mod processes;
mod reports;
mod requests;
mod resume;
mod revocation;
mod rfc6455;
mod rough;
mod rules;
mod signatures;
mod silences;
mod simulation;
mod sync;
mod tickets;
mod time_grants;
mod usage;
mod wire_limits;

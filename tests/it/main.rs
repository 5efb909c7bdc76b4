//! The integration tests: real Postgres, real Redis, real sockets, real processes. One binary, so that there is one link.
//!
//! `bin/test` starts the services and says where they are. Each test has a database of its own, made from a template in a
//! few milliseconds, and a Redis prefix of its own; it names the promise that it keeps.

mod house;

mod access;
mod accounts;
mod architecture;
mod edges;
mod journey;
mod metrics;
mod openapi;
mod pairing;
mod policy;

//! # Family Pairing
//!
//! The backend that lets a platform's families pair accounts: a guardian sets limits, every device of the teen gets them over a
//! WebSocket within milliseconds, applies them and says so; support resolves what goes wrong, without power to harm.
//!
//! ## The house
//!
//! | room | what happens there | may use |
//! |---|---|---|
//! | [`domain`] | the rules, pure | nothing |
//! | [`store`] | Postgres, the truth | `domain` |
//! | [`auth`] | who asks: proofs, passwords, throttles | `domain`, `store`, `problem` |
//! | [`sync`] | realtime: sockets, hints, presence | `domain`, `store`, `auth`, `problem` |
//! | [`api`] | HTTP: parse, one verb, answer | `domain`, `store`'s types, `auth`, `problem`; `sync` only to hand over a socket, `conformance` only to serve it |
//! | [`conformance`] | the published cases, and who passes them | `domain`, `sync::frame` |
//! | [`client`] | a small client: devices, guardians, the story | `domain`, `sync::frame` |
//! | [`failpoint`] | places where a test can have the program die | nothing; known to `store` and `sync` |
//! | [`app`], [`serve`], [`admin`] | everything, put together and run; the operator's commands | all |
//!
//! ```text
//! request   api → auth → store → domain            push     store → sync::relay → sync::hub → sync::session → device
//! report    device → sync::session → store → guardian's REST and socket
//! ```
//!
//! `tests/it/architecture.rs` enforces the table. The promises that all of it serves, each with its test, are in the README.

pub mod admin;
pub mod api;
pub mod app;
pub mod auth;
pub mod client;
pub mod config;
pub mod conformance;
pub mod domain;
pub mod failpoint;
pub mod problem;
pub mod serve;
pub mod store;
pub mod sync;
pub mod telemetry;

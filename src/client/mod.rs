//! CLIENT: a small client of the public API and of the sync protocol.
//!
//! The commands `device`, `guardian`, `story` and `demo seed` are made of it, and so are the integration tests: what
//! they can do, any client in any language can do, because nothing here reaches into the server.
//!
//! A device is `device::session`: it hears over a socket, believes what `domain::receiver` says it may, keeps it on
//! disk, switches, and only then reports. A guardian is a handful of HTTP calls and a socket of notices.
//!
//! Knows only `domain` and `sync::frame`. Never opens a database, never reads the clock or makes randomness by itself:
//! both come with the [`World`](crate::domain::clock::World) that `main` hands in.

pub mod api;
pub mod backoff;
pub mod bench;
pub mod bodies;
pub mod device;
mod error;
pub mod guardian;
pub mod keep;
pub mod people;
pub mod quit;
pub mod seed;
pub mod socket;
pub mod story;
pub mod terminal;
pub mod words;

#[cfg(test)]
mod server_double;

pub use error::ClientError;

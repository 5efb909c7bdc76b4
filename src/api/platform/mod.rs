//! Everything that the platform's own servers do over HTTP, each with a platform key.

pub mod ages;
pub mod assurances;
pub mod decisions;
pub mod key;

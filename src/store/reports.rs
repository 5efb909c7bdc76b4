//! What devices said: written in batches, monotone; and what guardians may conclude, computed when they look.
//!
//! Columns only ever grow in `(epoch, revision)`, so duplicates, late and reordered reports change nothing. A report is
//! judged before it is written: one about a revision that was never made, or with another hash, is refused.

mod clock;
mod hearing;
mod lost;
mod standings;
mod write;

use clock::is_lately;
pub use clock::{ClockFault, ClockInWords};
pub use hearing::{Arrived, Beat, Heard, OfItself, Status};
pub use lost::Had;
pub use standings::{DeviceStanding, WentBack};
pub use write::{Judged, Report, Reported, Said};

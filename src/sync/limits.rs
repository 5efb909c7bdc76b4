//! The numbers of a connection, in one place, with their reasons.

use std::time::Duration;

use super::frame::MOST_IN;

/// Limits of what a client may send. A line that only echoes, to be held against the standard, has others.
#[derive(Debug)]
pub struct Inbound {
    /// Bytes of a message.
    pub message: usize,
    /// Fragments of a message.
    pub fragments: u32,
    /// Frames at once.
    pub burst: u32,
}

/// A client says hello within this time, or gives its place to another.
pub const HELLO: Duration = Duration::from_secs(5);
/// A client that was not heard for this long is gone: two and a half heartbeats.
pub const SILENCE: Duration = Duration::from_secs(75);
/// A message must be taken by the connection within this time; a client that does not read parks its task otherwise.
pub const SEND: Duration = Duration::from_secs(5);
/// Frames a client may send at once.
pub const FRAME_BURST: u32 = 60;
/// Frames a client may send per second in the long run: 120 a minute.
pub const FRAMES_PER_SECOND: f64 = 2.0;
/// Fragments of one message. One-byte fragments cost sixty times their size.
pub const MOST_FRAGMENTS: u32 = 16;
/// What a line lets in.
pub static INBOUND: Inbound = Inbound { message: MOST_IN, fragments: MOST_FRAGMENTS, burst: FRAME_BURST };
/// A policy that the device has not answered holds the next one back this long: under rapid change a device gets only the newest.
pub const PACE: Duration = Duration::from_secs(1);
/// Questions to the database that one connection may have open; beyond, its frames wait unread.
pub const OPEN_QUESTIONS: usize = 8;
/// Orders that may wait for one device.
pub const DEVICE_LANE: usize = 8;
/// Orders that may wait for one guardian: notices of several devices.
pub const GUARDIAN_LANE: usize = 64;

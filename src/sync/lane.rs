//! What a session is told from outside, and the lane on which it hears it.

use std::time::Duration;

use bytestring::ByteString;
use tokio::sync::mpsc;

use super::frame::Close;

/// What a session is told from outside.
#[derive(Clone, Debug)]
pub enum Order {
    /// Send this.
    Say(ByteString),
    /// Close with this reason.
    Close(Close),
    /// Ask to reconnect after this time, then close.
    Drain(Duration),
}

/// Orders are boxed: a lane of 8 pointers costs a device a few hundred bytes less.
pub type Lane = mpsc::Sender<Box<Order>>;

/// A lane that is full belongs to a client that does not keep up; losing a notice costs nothing, and a close
/// that does not fit finds the lane closed or is repeated by the sweep.
pub fn tell(lane: &Lane, order: Order) {
    if lane.try_send(Box::new(order)).is_err() {
        metrics::counter!("family_pairing_hints_dropped_total").increment(1);
    }
}

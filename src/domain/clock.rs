//! Time and randomness come from outside, so that every rule can be tested at any instant.
//!
//! `clippy.toml` forbids reading the system clock or a global generator anywhere else.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::ids::Id;

/// Where the present instant comes from.
pub trait Clock: Send + Sync + 'static {
    /// Now, cut to whole microseconds: that is what Postgres keeps, and a time must equal itself after a round trip.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from. Production uses the operating system's generator.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer with fresh bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The two outside facts that a rule may ask for, handed around as one.
#[derive(Clone)]
pub struct World {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl World {
    /// Joins a clock and a source of bytes.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` unpredictable bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A new time-ordered id.
    pub fn id<K>(&self) -> Id<K> {
        let millis = u64::try_from(self.now().as_millisecond()).unwrap_or_default();
        Id::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid())
    }

    /// A new UUID for things without a kind of their own (a request, a revocation).
    pub fn uuid(&self) -> Uuid {
        self.id::<()>().uuid()
    }
}

/// Cuts an instant to whole microseconds.
pub fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

//! How long to wait before the next try: full jitter, so that a million devices do not come back in one second.

use std::time::Duration;

use crate::domain::clock::World;

/// No wait is longer than this.
const LONGEST: Duration = Duration::from_secs(60);
/// The first wait is at most this.
const FIRST: Duration = Duration::from_secs(1);
/// A connection that lived this long was healthy: the count starts again.
const HEALTHY: Duration = Duration::from_secs(60);

/// Counts failed tries in a row.
#[derive(Debug, Default)]
pub struct BackOff {
    tries: u32,
}

impl BackOff {
    /// The next wait: evenly spread over 0 … min(60 s, 1 s · 2ⁿ), where n grows by one with each call.
    pub fn wait(&mut self, world: &World) -> Duration {
        let most = self.most();
        self.tries = self.tries.saturating_add(1);
        up_to(world, most)
    }

    /// A connection ended after this long.
    pub fn lived(&mut self, lifetime: Duration) {
        if lifetime >= HEALTHY {
            self.tries = 0;
        }
    }

    fn most(&self) -> Duration {
        2u32.checked_pow(self.tries)
            .and_then(|factor| FIRST.checked_mul(factor))
            .map_or(LONGEST, |most| most.min(LONGEST))
    }
}

/// An evenly spread duration from nothing to `most`, in whole microseconds.
pub fn up_to(world: &World, most: Duration) -> Duration {
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
    let random = u64::from_le_bytes(world.bytes());
    // The bias of the remainder is below one in 10¹¹ for any wait in use.
    Duration::from_micros(random.checked_rem(micros.saturating_add(1)).unwrap_or(0))
}

/// `around` ± 10 %, so that heartbeats of devices that connected together drift apart.
pub fn about(world: &World, around: Duration) -> Duration {
    let tenth = around / 10;
    around.saturating_sub(tenth).saturating_add(up_to(world, tenth.saturating_mul(2)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::client::server_double::world;

    proptest! {
        #[test]
        fn waits_stay_in_bounds(tries in 0u32..100) {
            let mut backoff = BackOff { tries };
            let most = Duration::from_secs(1u64.checked_shl(tries.min(6)).unwrap().min(60));
            prop_assert_eq!(backoff.most(), most);
            prop_assert!(backoff.wait(&world()) <= most);
        }

        #[test]
        fn heartbeats_differ_by_a_tenth_at_most(seconds in 1u64..100) {
            let beat = about(&world(), Duration::from_secs(seconds));
            prop_assert!(beat >= Duration::from_millis(seconds * 900) && beat <= Duration::from_millis(seconds * 1100));
        }
    }

    #[test]
    fn only_a_healthy_connection_resets_the_count() {
        let mut backoff = BackOff { tries: 5 };
        backoff.lived(Duration::from_secs(59));
        assert_eq!(backoff.tries, 5);
        backoff.lived(Duration::from_secs(60));
        assert_eq!(backoff.tries, 0);
        let waits: Vec<_> = (0..32).map(|_| BackOff::default().wait(&world())).collect();
        assert!(waits.iter().any(|wait| Some(wait) != waits.first()), "full jitter spreads");
    }
}

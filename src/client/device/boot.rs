//! The clock that counts sleep and that nobody can set, as far as this machine has one.

use std::{fs, time::Duration};

use tokio::time::Instant;

use crate::domain::clock::World;

/// Seconds since the machine was started, with those that it slept.
const UPTIME: &str = "/proc/uptime";
/// Changes with each start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// One start of the machine; where it cannot be told, of this program.
#[derive(Debug)]
pub(super) struct Boot {
    /// Names it.
    pub(super) id: String,
    /// The machine has such a clock.
    counts_sleep: bool,
    began: Instant,
}

impl Boot {
    /// Looks which start this is.
    pub(super) fn look(world: &World) -> Self {
        let id = fs::read_to_string(BOOT_ID).ok().map(|id| id.trim().to_owned()).filter(|_| uptime().is_some());
        let counts_sleep = id.is_some();
        Self { id: id.unwrap_or_else(|| world.uuid().to_string()), counts_sleep, began: Instant::now() }
    }

    /// Milliseconds since that start.
    pub(super) fn uptime_ms(&self) -> u64 {
        let since = match self.counts_sleep {
            true => uptime().unwrap_or_default(),
            false => self.began.elapsed(),
        };
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

fn uptime() -> Option<Duration> {
    let text = fs::read_to_string(UPTIME).ok()?;
    Duration::try_from_secs_f64(text.split_whitespace().next()?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::server_double::world;

    /// Edge case 18: two looks are of one start, and the second is later, by a clock that goes on while the machine sleeps.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_restarted_program_goes_on_with_the_clock_of_the_machine() {
        let (first, second) = (Boot::look(&world()), Boot::look(&world()));
        assert!(first.counts_sleep && first.id == second.id);
        assert!(first.uptime_ms() > 0 && second.uptime_ms() >= first.uptime_ms());
    }
}

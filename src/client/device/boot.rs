//! The clock that counts sleep and that nobody can set, as far as this machine has one.

use std::{fs, time::Duration};

use tokio::time::Instant;

use crate::domain::clock::World;

/// Seconds since the machine was started, with those that it slept.
const UPTIME: &str = "/proc/uptime";
/// Changes with each start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// One start of the machine; where it cannot be told, of this program.
pub(super) struct Boot {
    /// Names it.
    pub(super) id: String,
    since: Since,
}

enum Since {
    /// The machine has such a clock.
    Machine,
    /// Since this program began.
    Program(Instant),
    /// By a clock that a test moves by hand.
    #[cfg(test)]
    Hand(World, jiff::Timestamp),
}

impl Boot {
    /// Looks which start this is.
    pub(super) fn look(world: &World) -> Self {
        let id = fs::read_to_string(BOOT_ID).ok().map(|id| id.trim().to_owned()).filter(|_| uptime().is_some());
        let since = if id.is_some() { Since::Machine } else { Since::Program(Instant::now()) };
        Self { id: id.unwrap_or_else(|| world.uuid().to_string()), since }
    }

    /// A start that went on for as long as a clock that is moved by hand.
    #[cfg(test)]
    pub(super) fn by_hand(world: World) -> Self {
        Self {
            id: "by-hand".to_owned(),
            since: Since::Hand(world, jiff::Timestamp::from_second(1_700_000_000).unwrap()),
        }
    }

    /// Milliseconds since that start.
    pub(super) fn uptime_ms(&self) -> u64 {
        let since = match &self.since {
            Since::Machine => uptime().unwrap_or_default(),
            Since::Program(began) => began.elapsed(),
            #[cfg(test)]
            Since::Hand(world, began) => world.now().duration_since(*began).unsigned_abs(),
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
        assert!(matches!(first.since, Since::Machine) && first.id == second.id);
        assert!(first.uptime_ms() > 0 && second.uptime_ms() >= first.uptime_ms());
    }
}

//! What a process takes, as the system counts it.

use std::{fs, time::Duration};

/// Ticks of processor time in a second: what Linux shows to programs (`USER_HZ`), on every architecture.
const TICKS: f64 = 100.0;

/// A process, by its number.
#[derive(Clone, Copy, Debug)]
pub struct Process(pub u32);

impl Process {
    /// Bytes that are its alone, and its share of those that several have (`Pss`).
    pub fn bytes(self) -> Option<u64> {
        let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.0)).ok()?;
        let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kilobytes * 1024)
    }

    /// Seconds of a core that it has used so far, in its own code and in the system's for it.
    pub fn core_seconds(self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name may contain anything; what follows its last bracket is numbers.
        let (_, numbers) = stat.rsplit_once(')')?;
        let mut fields = numbers.split_whitespace().skip(11);
        let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some((user + system) / TICKS)
    }

    /// The same with all that it has started and that these have.
    pub fn family_core_seconds(self) -> Option<f64> {
        let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
            .ok()?
            .filter_map(|entry| {
                let id: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
                let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
                let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
                Some((id, parent))
            })
            .collect();
        let (mut family, mut sum) = (vec![self.0], 0.0);
        while let Some(one) = family.pop() {
            sum += Self(one).core_seconds().unwrap_or_default();
            family.extend(parents.iter().filter(|(_, parent)| *parent == one).map(|(id, _)| *id));
        }
        Some(sum)
    }

    /// Percent of one core over a time.
    pub fn percent(before: Option<f64>, after: Option<f64>, time: Duration) -> Option<f64> {
        let (before, after) = before.zip(after)?;
        Some(100.0 * (after - before) / time.as_secs_f64().max(f64::EPSILON))
    }
}

/// Bytes for each of so many.
pub fn each(before: Option<u64>, after: Option<u64>, count: usize) -> Option<u64> {
    let (before, after) = before.zip(after)?;
    Some(after.saturating_sub(before) / u64::try_from(count).unwrap_or(u64::MAX).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_process_is_found() {
        let me = Process(std::process::id());
        assert!(me.bytes().is_some_and(|bytes| bytes > 100_000));
        assert!(me.core_seconds().is_some());
        assert_eq!(Process(u32::MAX).bytes(), None);
        assert_eq!(each(Some(1_000), Some(5_000), 4), Some(1_000));
    }
}

//! When the server was last heard: kept on disk, so that a restart does not end a silence.

use jiff::{SignedDuration, Timestamp};

use crate::domain::snapshot::{Silence, Staleness};

/// How often the last contact is written down. A crash in between makes the silence count as that much longer: the strict side.
const KEEP_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The last contact, and the rule for what follows from none.
#[derive(Debug)]
pub(super) struct Contact {
    heard_at: Timestamp,
    kept_at: Option<Timestamp>,
    /// The rule of the policy that is held.
    pub(super) staleness: Staleness,
}

impl Contact {
    /// As the disk says.
    pub(super) fn new(heard_at: Timestamp, staleness: Staleness) -> Self {
        Self { heard_at, kept_at: None, staleness }
    }

    /// The server is heard now. Says whether it is time to write that down.
    pub(super) fn heard(&mut self, now: Timestamp) -> bool {
        self.heard_at = now;
        let due = self.kept_at.is_none_or(|kept| now.duration_since(kept).abs() >= KEEP_EVERY);
        if due {
            self.kept_at = Some(now);
        }
        due
    }

    /// How silent it is.
    pub(super) fn silence(&self, now: Timestamp) -> Silence {
        self.staleness.silence(self.heard_at, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_is_written_down_once_an_hour() {
        let at = |minutes| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes);
        let mut contact = Contact::new(at(0), Staleness::default());
        assert_eq!([1, 2, 60, 61, 62].map(|minutes| contact.heard(at(minutes))), [true, false, false, true, false]);
        assert_eq!(contact.silence(at(62 + 24 * 60)), Silence::Warn);
    }
}

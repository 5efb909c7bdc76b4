//! What each channel sends, read into one form: the ages it says and the level that it has.
//!
//! The levels are those of our own table (`docs/AGE.md`). Words that a store invents later count as the lowest level and are
//! never an error: an app update of somebody else must not break a family's limits.

mod apple;
mod google;
mod provider;

use jiff::{Timestamp, civil::Date};

pub use self::{
    apple::{AppleAgeRange, AppleAnswer},
    google::GoogleAgeSignals,
    provider::ProviderOutcome,
};
use super::{AgeSignal, AgeSpan, Channel, Level, Stated};
use crate::domain::{ids::AgeSignalId, text};

/// What a channel says, before it has a name and a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where it comes from.
    pub channel: Channel,
    /// How sure it is.
    pub level: Level,
    /// What it says.
    pub stated: Stated,
    /// The channel's own word for its source.
    pub source: String,
}

impl Reading {
    /// The birth date that a person gave at sign-up.
    pub fn declared(birth: Date) -> Self {
        let stated = Stated::Born(birth);
        Self { channel: Channel::Declared, level: Level::Asserted, stated, source: "birth_date".to_owned() }
    }

    /// The ages that a paired guardian attests.
    pub fn attested(ages: AgeSpan) -> Self {
        let stated = Stated::Aged(ages);
        Self { channel: Channel::Guardian, level: Level::Standard, stated, source: "guardian".to_owned() }
    }

    /// The same with nothing behind it than the device that sent it.
    ///
    /// Both stores hand their answer to the app, and an app can be changed. Unless the platform has checked that the app is
    /// its own (App Attest, Play Integrity), such an answer is what the teen says.
    #[must_use]
    pub fn unattested(self) -> Self {
        Self { level: Level::Asserted, ..self }
    }

    /// The signal that this becomes when it is received. Validity, provider and transaction are the receiver's to add.
    pub fn signal(self, id: AgeSignalId, received_at: Timestamp) -> AgeSignal {
        let Self { channel, level, stated, source } = self;
        AgeSignal {
            id,
            received_at,
            channel,
            level,
            stated,
            source,
            valid_until: None,
            provider: None,
            transaction_sha256: None,
            withdrawn_at: None,
        }
    }
}

/// A store's word as it may be kept: short and printable, whatever was sent.
fn kept(word: Option<&str>) -> String {
    let Some(word) = word else { return "none".to_owned() };
    text::word(word).unwrap_or_else(|_| "unreadable".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_word_alone_is_an_assertion() {
        let reading = Reading::attested(AgeSpan::ADULT);
        assert_eq!(reading.level, Level::Standard);
        assert_eq!(reading.unattested().level, Level::Asserted);
    }

    #[test]
    fn a_word_that_is_kept_is_short_and_printable() {
        assert_eq!(kept(Some("TIER_E")), "TIER_E");
        assert_eq!(kept(None), "none");
        assert_eq!(kept(Some(&"x".repeat(65))), "unreadable");
        assert_eq!(kept(Some("a\u{0}b")), "unreadable");
    }
}

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
use super::{AgeBand, AgeSignal, AgeSpan, Channel, Level, Stated};
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

    /// The ages that a paired guardian attests whose consent was verified. Of anybody else it is [`asserted`](Self::asserted).
    pub fn attested(ages: AgeSpan) -> Self {
        let stated = Stated::Aged(ages);
        Self { channel: Channel::Guardian, level: Level::Standard, stated, source: "guardian".to_owned() }
    }

    /// What the answer to an objection says: the band that was claimed. There is none for adults, whom only strict evidence or a birthday
    /// makes.
    pub fn corrected(claims: AgeBand) -> Option<Self> {
        let (lo, hi) = claims.ages();
        let stated = Stated::Aged(AgeSpan::new(lo, Some(hi?)).ok()?);
        Some(Self { channel: Channel::Appeal, level: Level::Standard, stated, source: "appeal".to_owned() })
    }

    /// The same with nothing behind it than the word of whoever sent it.
    ///
    /// Both stores hand their answer to the app, and an app can be changed. Unless the platform has checked that the app is
    /// its own (App Attest, Play Integrity), such an answer is what the teen says. And of a guardian whose consent nobody verified,
    /// nobody knows that they are one.
    #[must_use]
    pub fn asserted(self) -> Self {
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
            said_by: None,
            valid_until: None,
            provider: None,
            transaction_sha256: None,
            withdrawn_at: None,
        }
    }
}

/// A store's word as it may be kept: a short name and nothing personal, whatever was sent.
fn kept(word: Option<&str>) -> String {
    let Some(word) = word else { return "none".to_owned() };
    text::source(word).unwrap_or_else(|_| "unreadable".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_word_alone_is_an_assertion() {
        let reading = Reading::attested(AgeSpan::ADULT);
        assert_eq!(reading.level, Level::Standard);
        assert_eq!(reading.asserted().level, Level::Asserted);
    }

    #[test]
    fn a_word_that_is_kept_is_a_short_name_and_nothing_personal() {
        assert_eq!(kept(Some("TIER_E")), "TIER_E");
        assert_eq!(kept(None), "none");
        assert_eq!(kept(Some(&"x".repeat(33))), "unreadable");
        assert_eq!(kept(Some("mia@example.com")), "unreadable");
        assert_eq!(kept(Some("a\u{0}b")), "unreadable");
    }
}

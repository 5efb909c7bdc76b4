//! A signal: one thing that somebody said about a person's age, and how much it counts.
//!
//! A signal is an outcome and never its evidence. No image, no document, no number of one, no card, no exact age from an
//! estimate reaches this house; what proved an age stays with whoever checked it, and a guardian never learns how it was
//! proven.

use std::fmt;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{AgeSpan, Birth, word::worded};
use crate::domain::ids::AgeSignalId;

worded! {
    /// Where a signal came from.
    pub enum Channel {
        /// The person, at sign-up: a birth date.
        Declared = "declared",
        /// A paired guardian's word.
        Guardian = "guardian",
        /// Apple's Declared Age Range.
        Apple = "apple",
        /// Google's Play Age Signals.
        Google = "google",
        /// Somebody who checks ages for the platform.
        Provider = "provider",
    }
}

worded! {
    /// How sure a signal is, weakest first. The names are those of IEEE 2089.1-2024; no conformity is claimed.
    pub enum Level {
        /// Somebody says so.
        Asserted = "asserted",
        /// Somebody responsible says so.
        Standard = "standard",
        /// Somebody checked, with a method that can be wrong.
        Enhanced = "enhanced",
        /// Somebody checked an identity and that it is this person's.
        Strict = "strict",
    }
}

/// What a signal says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stated {
    /// Born on this day. Only a declared signal says as much.
    Born(Date),
    /// Of one of these ages on the day on which the signal was received.
    Aged(AgeSpan),
}

/// Keeps birth dates out of logs.
impl fmt::Debug for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Born(_) => f.write_str("Born(…)"),
            Self::Aged(ages) => f.debug_tuple("Aged").field(ages).finish(),
        }
    }
}

/// One thing that somebody said about a person's age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgeSignal {
    /// Names the signal.
    pub id: AgeSignalId,
    /// When it reached us, by our clock.
    pub received_at: Timestamp,
    /// Where it came from.
    pub channel: Channel,
    /// How sure it is.
    pub level: Level,
    /// What it says.
    pub stated: Stated,
    /// The word for its source, as the channel gave it: `guardianDeclared`, `TIER_C`.
    pub source: String,
    /// It counts before this instant; always, where there is none.
    pub valid_until: Option<Timestamp>,
    /// Who checked, for [`Channel::Provider`].
    pub provider: Option<String>,
    /// SHA-256 of the provider's name for the check, so that one outcome is taken once.
    pub transaction_sha256: Option<[u8; 32]>,
    /// Since when it does not count any more, because an appeal found it wrong.
    pub withdrawn_at: Option<Timestamp>,
}

impl Channel {
    /// The day on which an upper age that is said on `day` was surely right.
    ///
    /// Google updates an age band two to eight weeks after a birthday. Apple goes on giving the old range until the
    /// anniversary of the day on which it was first shared, so that no answer gives a birthday away.
    fn upper_age_right_on(self, day: Date) -> Date {
        match self {
            Self::Apple => day.saturating_sub(1.year()),
            Self::Google => day.saturating_sub(8.weeks()),
            Self::Declared | Self::Guardian | Self::Provider => day,
        }
    }
}

impl AgeSignal {
    /// When the person was born, going by this signal alone. `zone` is the person's own: ages are counted on its calendar.
    pub fn birth(&self, zone: &TimeZone) -> Birth {
        match self.stated {
            Stated::Born(date) => Birth::on(date),
            Stated::Aged(ages) => {
                let day = day_in(zone, self.received_at);
                Birth::of_dated(ages, day, self.channel.upper_age_right_on(day))
            }
        }
    }

    /// Whether it counts at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.received_at <= now
            && self.valid_until.is_none_or(|end| now < end)
            && self.withdrawn_at.is_none_or(|end| now < end)
    }

    /// The instants at which it begins to count, has waited long enough to make somebody older, or ceases to count.
    pub(super) fn turns(&self, wait: SignedDuration) -> impl Iterator<Item = Timestamp> {
        let settled = self.received_at.saturating_add(wait).ok();
        [Some(self.received_at), settled, self.valid_until, self.withdrawn_at].into_iter().flatten()
    }
}

/// The date in a zone.
pub(super) fn day_in(zone: &TimeZone, at: Timestamp) -> Date {
    at.to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::age::Ages;

    fn signal(channel: Channel, stated: Stated) -> AgeSignal {
        AgeSignal {
            id: AgeSignalId::from_uuid(uuid::Uuid::nil()),
            received_at: "2026-11-22T22:30:00Z".parse().unwrap(),
            channel,
            level: Level::Standard,
            stated,
            source: "test".to_owned(),
            valid_until: None,
            provider: None,
            transaction_sha256: None,
            withdrawn_at: None,
        }
    }

    #[test]
    fn ages_are_counted_on_the_persons_own_calendar() {
        let said = signal(Channel::Guardian, Stated::Aged(AgeSpan::new(13, Some(15)).unwrap()));
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        assert_eq!(said.birth(&berlin).latest(), date(2013, 11, 22));
        assert_eq!(said.birth(&tokyo).latest(), date(2013, 11, 23));
    }

    #[test]
    fn a_stores_upper_age_may_be_out_of_date() {
        let today = date(2026, 11, 22);
        let oldest = |channel| {
            let birth = signal(channel, Stated::Aged(AgeSpan::new(13, Some(15)).unwrap())).birth(&TimeZone::UTC);
            assert_eq!(birth.latest(), date(2013, 11, 22));
            (birth.earliest(), birth.ages_on(today))
        };
        assert_eq!(oldest(Channel::Provider), (date(2010, 11, 23), Ages { from: 13, to: 15 }));
        assert_eq!(oldest(Channel::Google), (date(2010, 9, 28), Ages { from: 13, to: 16 }));
        assert_eq!(oldest(Channel::Apple), (date(2009, 11, 23), Ages { from: 13, to: 16 }));
    }

    #[test]
    fn a_signal_counts_from_its_receipt_until_it_ends() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut said = signal(Channel::Declared, Stated::Born(date(2012, 5, 1)));
        assert!(!said.is_live(at("2026-11-22T22:29:59Z")) && said.is_live(said.received_at));
        said.valid_until = Some(at("2026-12-01T00:00:00Z"));
        assert!(said.is_live(at("2026-11-30T23:59:59Z")) && !said.is_live(at("2026-12-01T00:00:00Z")));
        said.withdrawn_at = Some(at("2026-11-25T00:00:00Z"));
        assert!(said.is_live(at("2026-11-24T23:59:59Z")) && !said.is_live(at("2026-11-25T00:00:00Z")));
    }

    #[test]
    fn a_declared_date_stays_out_of_logs() {
        let text = format!("{:?}", signal(Channel::Declared, Stated::Born(date(2012, 5, 1))));
        assert!(!text.contains("2012"), "{text}");
    }

    #[test]
    fn words_are_the_same_everywhere_and_levels_have_their_order() {
        for channel in Channel::ALL {
            assert_eq!(serde_json::to_value(channel).unwrap(), channel.as_str());
            assert_eq!(Channel::from_word(channel.as_str()), Some(*channel));
        }
        assert!(
            Level::Asserted < Level::Standard && Level::Standard < Level::Enhanced && Level::Enhanced < Level::Strict
        );
        assert!(Level::ALL.is_sorted() && Level::from_word("certain").is_none());
    }
}

//! A signal: one thing that somebody said about a person's age, and how much it counts.
//!
//! A signal is an outcome and never its evidence. No image, no document, no number of one, no card, no exact age from an
//! estimate reaches this house; what proved an age stays with whoever checked it, and a guardian never learns how it was
//! proven.

use std::fmt;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{AgeSpan, Birth, word::worded};
use crate::domain::ids::{AccountId, AgeSignalId};

/// The same word of the same speaker within this time is the same signal: stores answer at every start of an app.
const SAID_AGAIN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a word is kept after a newer one of the same speaker has taken its place.
const KEPT_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);

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
        /// The answer to an objection.
        Appeal = "appeal",
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
    /// The account behind it, for [`Channel::Guardian`].
    pub said_by: Option<AccountId>,
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
            Self::Declared | Self::Guardian | Self::Provider | Self::Appeal => day,
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

    /// Whether this is a newer word of whoever said the other one, and at least as sure: then the other counts no more. Each outcome
    /// of a provider's check stands for itself.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        self.is_of_the_speaker_of(other) && self.level >= other.level && self.received_at > other.received_at
    }

    /// Whether this says nothing new after what the same speaker said last. Another end is something new.
    pub fn repeats(&self, last: &Self) -> bool {
        self.is_of_the_speaker_of(last)
            && last.is_live(self.received_at)
            && self.received_at.duration_since(last.received_at) < SAID_AGAIN
            && (self.level, self.stated, self.valid_until) == (last.level, last.stated, last.valid_until)
    }

    fn is_of_the_speaker_of(&self, other: &Self) -> bool {
        self.channel != Channel::Provider && (self.channel, self.said_by) == (other.channel, other.said_by)
    }

    /// The instants at which it begins to count, has waited long enough to make somebody older, or ceases to count.
    pub(super) fn turns(&self, wait: SignedDuration) -> impl Iterator<Item = Timestamp> {
        let settled = self.received_at.saturating_add(wait).ok();
        [Some(self.received_at), settled, self.valid_until, self.withdrawn_at].into_iter().flatten()
    }
}

/// The signals that need not be kept any more: a newer word, which has no end, took their place so long ago that no decision, and no
/// objection to one, can still be about them.
pub fn outdated(signals: &[AgeSignal], now: Timestamp) -> Vec<AgeSignalId> {
    let lasting = |it: &&AgeSignal| it.valid_until.is_none() && it.withdrawn_at.is_none();
    let long_here = |it: &&AgeSignal| now.duration_since(it.received_at) >= KEPT_AFTER;
    let newer: Vec<&AgeSignal> = signals.iter().filter(lasting).filter(long_here).collect();
    let replaced = signals.iter().filter(|old| newer.iter().any(|it| it.replaces(old)));
    replaced.map(|it| it.id).collect()
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
            said_by: None,
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

    fn later(said: &AgeSignal, days: i64) -> AgeSignal {
        AgeSignal { received_at: said.received_at + SignedDuration::from_hours(24 * days), ..said.clone() }
    }

    #[test]
    fn a_newer_word_replaces_only_its_speakers_own() {
        let said = signal(Channel::Guardian, Stated::Aged(AgeSpan::MINOR));
        assert!(later(&said, 1).replaces(&said) && !said.replaces(&later(&said, 1)) && !said.replaces(&said));
        let weaker = AgeSignal { level: Level::Asserted, ..later(&said, 1) };
        assert!(!weaker.replaces(&said) && later(&weaker, 1).level < said.level);
        let somebody = AgeSignal { said_by: Some(AccountId::from_uuid(uuid::Uuid::max())), ..later(&said, 1) };
        let store = AgeSignal { channel: Channel::Apple, ..later(&said, 1) };
        assert!(!somebody.replaces(&said) && !store.replaces(&said));
        let check = signal(Channel::Provider, Stated::Aged(AgeSpan::MINOR));
        assert!(!later(&check, 1).replaces(&check) && !later(&check, 1).repeats(&check));
    }

    #[test]
    fn the_same_word_within_thirty_days_is_the_same_signal() {
        let said = signal(Channel::Apple, Stated::Aged(AgeSpan::MINOR));
        assert!(later(&said, 29).repeats(&said) && !later(&said, 30).repeats(&said));
        let ending = AgeSignal { valid_until: Some(later(&said, 99).received_at), ..later(&said, 1) };
        assert!(!ending.repeats(&said), "another end is news");
        let other = AgeSignal { stated: Stated::Aged(AgeSpan::ADULT), ..later(&said, 1) };
        assert!(!other.repeats(&said));
        let withdrawn = AgeSignal { withdrawn_at: Some(said.received_at), ..said.clone() };
        assert!(!later(&said, 1).repeats(&withdrawn), "what was taken back can be said again");
    }

    #[test]
    fn what_was_replaced_is_kept_for_ninety_days() {
        let old = signal(Channel::Apple, Stated::Aged(AgeSpan::MINOR));
        let newer = AgeSignal { id: AgeSignalId::from_uuid(uuid::Uuid::max()), ..later(&old, 10) };
        let gone = |newer: &AgeSignal, days| outdated(&[old.clone(), newer.clone()], later(&old, days).received_at);
        assert_eq!((gone(&newer, 99), gone(&newer, 100)), (vec![], vec![old.id]));
        let ending = AgeSignal { valid_until: Some(later(&old, 999).received_at), ..newer };
        assert_eq!(gone(&ending, 100), [], "the old one counts again after that");
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

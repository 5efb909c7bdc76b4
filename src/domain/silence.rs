//! A device from which nothing is confirmed any more: since when, why, and what was known of it last.
//!
//! A guardian who set a limit and hears nothing believes that it counts. So silence is told: measured by what is written down of the
//! device's own word, never by whether a socket is open, after as many hours as the teen's policy says (`devices.quiet_hours`).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A device that was taken away is told of for this long.
const REMOVED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A wall clock that is off by less is right.
const OFF: SignedDuration = SignedDuration::from_mins(2);

/// Why nothing is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SilenceReason {
    /// The device was not heard at all.
    NotHeard,
    /// The device is heard, but does not confirm the limits.
    NotConfirmed,
    /// The teen took the device off the list, so no limits reach it any more.
    Removed,
}

impl SilenceReason {
    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotHeard => "not_heard",
            Self::NotConfirmed => "not_confirmed",
            Self::Removed => "removed",
        }
    }

    /// Reads such a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::NotHeard, Self::NotConfirmed, Self::Removed].into_iter().find(|reason| reason.as_str() == word)
    }
}

/// How a device is connected, as far as it says so. Never which network: that would be a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Some WLAN.
    Wifi,
    /// A mobile network.
    Mobile,
    /// Something else, or newer than this server.
    #[serde(other)]
    Other,
}

impl Network {
    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wifi => "wifi",
            Self::Mobile => "mobile",
            Self::Other => "other",
        }
    }

    /// What a stored word means.
    pub fn from_word(word: &str) -> Self {
        [Self::Wifi, Self::Mobile].into_iter().find(|network| network.as_str() == word).unwrap_or(Self::Other)
    }
}

/// What a device says of itself with a heartbeat: shown only once it is silent, because it may explain why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeviceStatus {
    /// How full its battery is, 0–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub battery_percent: Option<u8>,
    /// How it is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
}

impl DeviceStatus {
    /// Whether its numbers can be.
    pub fn is_sound(&self) -> bool {
        self.battery_percent.is_none_or(|percent| percent <= 100)
    }
}

/// By how many seconds a wall clock is ahead of ours; 0 where it is right, or nearly so.
pub fn clock_off_seconds(wall: Timestamp, now: Timestamp) -> i64 {
    let off = wall.duration_since(now);
    if off.abs() > OFF { off.as_secs() } else { 0 }
}

/// What is written down of a device's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastWord {
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it was last heard.
    pub last_seen_at: Option<Timestamp>,
    /// Whether it has confirmed any limits that it still holds.
    pub has_confirmed: bool,
    /// When it said that it holds nothing any more.
    pub forgot_at: Option<Timestamp>,
    /// When the first limits were made that it has not confirmed; nothing where it has confirmed the newest.
    pub behind_since: Option<Timestamp>,
}

impl LastWord {
    /// The silence that a guardian is to be told of, if there is one.
    pub fn silence(&self, quiet_hours: u16, now: Timestamp) -> Option<(SilenceReason, Timestamp)> {
        let quiet = SignedDuration::from_hours(i64::from(quiet_hours));
        let heard = self.last_seen_at.unwrap_or(self.registered_at);
        let confirmed = match self.has_confirmed {
            true => self.behind_since.unwrap_or(heard),
            false => self.forgot_at.unwrap_or(self.registered_at),
        };
        let too_long = |since: &Timestamp| now.duration_since(*since) >= quiet;
        let not_heard = Some(heard).filter(too_long).map(|since| (SilenceReason::NotHeard, since));
        not_heard.or_else(|| Some(confirmed).filter(too_long).map(|since| (SilenceReason::NotConfirmed, since)))
    }
}

/// Whether a device that was taken away is news no more.
pub fn removal_is_old(raised_at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(raised_at) >= REMOVED_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    /// Registered at hour 0, heard at 10, everything confirmed.
    const SOUND: fn() -> LastWord = || LastWord {
        registered_at: at(0),
        last_seen_at: Some(at(10)),
        has_confirmed: true,
        forgot_at: None,
        behind_since: None,
    };

    #[test]
    fn a_device_that_is_not_heard_is_told_of_when_its_hours_are_over() {
        assert_eq!(SOUND().silence(24, at(33)), None);
        assert_eq!(SOUND().silence(24, at(34)), Some((SilenceReason::NotHeard, at(10))));
        let never = LastWord { last_seen_at: None, has_confirmed: false, ..SOUND() };
        assert_eq!(never.silence(24, at(24)), Some((SilenceReason::NotHeard, at(0))));
    }

    /// A setting that says "on" and is not: the device is there, and says nothing about it.
    #[test]
    fn a_device_that_is_heard_and_confirms_nothing_is_told_of() {
        let heard = LastWord { last_seen_at: Some(at(40)), ..SOUND() };
        assert_eq!(heard.silence(24, at(41)), None);
        let behind = LastWord { behind_since: Some(at(12)), ..heard };
        assert_eq!(
            (behind.silence(24, at(35)), behind.silence(24, at(36))),
            (None, Some((SilenceReason::NotConfirmed, at(12))))
        );
        let never = LastWord { has_confirmed: false, ..heard };
        assert_eq!(never.silence(24, at(41)), Some((SilenceReason::NotConfirmed, at(0))));
        let reinstalled = LastWord { forgot_at: Some(at(39)), ..never };
        assert_eq!(reinstalled.silence(24, at(41)), None);
    }

    #[test]
    fn a_clock_within_two_minutes_is_right() {
        let now = at(100);
        let off = |seconds| clock_off_seconds(now + SignedDuration::from_secs(seconds), now);
        assert_eq!((off(120), off(-120), off(121), off(-7_200)), (0, 0, 121, -7_200));
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for reason in [SilenceReason::NotHeard, SilenceReason::NotConfirmed, SilenceReason::Removed] {
            assert_eq!(SilenceReason::from_word(reason.as_str()), Some(reason));
        }
        assert_eq!(serde_json::from_str::<Network>("\"satellite\"").unwrap(), Network::Other);
        assert!(removal_is_old(at(0), at(168)) && !removal_is_old(at(0), at(167)));
    }
}

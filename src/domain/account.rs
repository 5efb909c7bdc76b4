//! Who an account belongs to, and how long its sessions live.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::age::AgeBand;

/// What an account may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An adult who may pair with teens.
    Guardian,
    /// Somebody under 18 whose devices apply limits.
    Teen,
    /// A support agent. Made by an operator, never by sign-up.
    Agent,
}

/// A session token lives this long; then it is renewed with the refresh token.
pub const SESSION_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// A refresh token lives this long, and each use makes a new one.
pub const REFRESH_LIFE: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A browser's socket ticket lives this long and opens one socket.
pub const TICKET_LIFE: SignedDuration = SignedDuration::from_secs(30);
/// A refresh repeated with the same `Idempotency-Key` within this time gets the same answer instead of ending the session.
pub const REFRESH_GRACE: SignedDuration = SignedDuration::from_secs(60);
/// The age at which one may guard, and at which supervision ends.
pub const ADULT_AGE: i16 = 18;

impl Role {
    /// The word that table and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guardian => "guardian",
            Self::Teen => "teen",
            Self::Agent => "agent",
        }
    }

    /// The role behind a word from the table.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Guardian, Self::Teen, Self::Agent].into_iter().find(|role| role.as_str() == word)
    }
}

/// The age band at `now`, by the calendar of the person's own zone: a birthday starts at their midnight.
pub fn band_at(birth: Date, zone: &str, now: Timestamp) -> AgeBand {
    AgeBand::on(birth, local_date(zone, now))
}

/// The date in a zone, or in UTC should the zone have left the database.
pub fn local_date(zone: &str, now: Timestamp) -> Date {
    now.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).date()
}

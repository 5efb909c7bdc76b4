//! `(epoch, revision)`: the one order in which a teen's policies come.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// Which policy of a teen is meant. A device only ever moves to a greater one; the epoch, which grows when a database
/// comes back from a backup, counts more than any revision. Both stay below 2⁵³, so that every JSON reader has them exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Grows by itself after a database restore or a fail-over.
    pub epoch: i64,
    /// Grows by one with each change of this teen's policy.
    pub revision: i64,
}

/// The text was not `epoch.revision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not epoch.revision")]
pub struct NotAVersion;

impl Version {
    /// The strong entity tag of the settings and the policy at this version: `"3.41"`, quotes included.
    pub fn etag(self) -> String {
        format!("\"{self}\"")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.revision)
    }
}

impl FromStr for Version {
    type Err = NotAVersion;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, revision) = text.split_once('.').ok_or(NotAVersion)?;
        let number = |digits: &str| match digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse().map_err(|_| NotAVersion),
            false => Err(NotAVersion),
        };
        Ok(Self { epoch: number(epoch)?, revision: number(revision)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_counts_first_and_the_text_reads_back() {
        let old = Version { epoch: 3, revision: 99 };
        let restored = Version { epoch: 4, revision: 1 };
        assert!(restored > old);
        assert_eq!("3.99".parse(), Ok(old));
        for bad in ["", "3", "3.", ".3", "3.-1", "+3.1", "3.1.2", "99999999999999999999.1"] {
            assert_eq!(bad.parse::<Version>(), Err(NotAVersion), "{bad}");
        }
    }
}

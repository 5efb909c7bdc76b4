//! Passwords: argon2id behind a bounded gate.
//!
//! One hash takes 19 MiB and 14 ms of a core, so a few hundred logins at once would take the machine: they have to wait for
//! [`Turns`]. An unknown account costs the same hash as a known one.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use super::turns::{NoTurn, Turns};
use crate::problem::{Code, Problem};

/// Fewest characters of a password (NIST SP 800-63B-4 for a single factor).
pub const SHORTEST: usize = 15;
/// Most characters of a password.
pub const LONGEST: usize = 256;

/// Why a password was not accepted as a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Weakness {
    /// Under [`SHORTEST`] characters.
    #[error("must have at least 15 characters; a few words that do not belong together are easy to remember")]
    Short,
    /// Over [`LONGEST`] characters.
    #[error("must have at most 256 characters")]
    Long,
    /// Among the first that anybody tries.
    #[error("is too easy to guess; a few words that do not belong together are better")]
    Common,
}

/// A password in the one form in which it is hashed: NFKC, so that every keyboard's way to type it is the same.
pub struct Password(String);

impl Password {
    /// Reads a password that is being shown to sign in. Too long ones are cut off here, before they cost anything.
    pub fn shown(text: &str) -> Result<Self, Weakness> {
        match text.chars().count() {
            0..=LONGEST => Ok(Self(text.nfkc().collect())),
            _ => Err(Weakness::Long),
        }
    }

    /// Checks a password that is being chosen. `about` are words that others know of the person: e-mail, name.
    pub fn chosen(text: &str, about: &[&str]) -> Result<Self, Weakness> {
        let password = Self::shown(text)?;
        let length = password.0.chars().count();
        if length < SHORTEST {
            return Err(Weakness::Short);
        }
        if length > LONGEST {
            return Err(Weakness::Long);
        }
        let mut known = vec!["family", "pairing", "familypairing"];
        known.extend(about);
        match zxcvbn::zxcvbn(&password.0, &known).guesses() {
            0..EASY => Err(Weakness::Common),
            _ => Ok(password),
        }
    }
}

/// Passwords that fall within this many well-chosen guesses are refused.
const EASY: u64 = 1_000_000;

/// Hashes and checks passwords, a few at a time.
#[derive(Clone)]
pub struct Hasher {
    argon: Argon2<'static>,
    turns: Turns,
    dummy: Arc<str>,
}

/// The cost settings were out of range.
#[derive(Debug, Error)]
#[error("the password hash cannot be made with these costs: {0}")]
pub struct BadCost(String);

/// Why there is no answer about a password.
#[derive(Debug, Error)]
pub enum HashError {
    /// Too many at once, or the work broke.
    #[error(transparent)]
    NoTurn(#[from] NoTurn),
    /// A stored hash that is none, or the system has no randomness.
    #[error("the password hash is broken: {0}")]
    Broken(String),
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::NoTurn(why) => why.into(),
            HashError::Broken(why) => {
                tracing::error!(why, "a password hash is broken");
                Code::Internal.into()
            }
        }
    }
}

impl Hasher {
    /// Sets the cost and makes the hash that unknown accounts are compared with.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, BadCost> {
        let bad = |error: &dyn std::fmt::Display| BadCost(error.to_string());
        let params = Params::new(memory_kib, passes, 1, None).map_err(|error| bad(&error))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let dummy = argon.hash_password(b"nobody has this password").map_err(|error| bad(&error))?;
        Ok(Self {
            argon,
            turns: Turns::new(metrics::gauge!("family_pairing_hash_queue")),
            dummy: dummy.to_string().into(),
        })
    }

    /// Hashes a new password, as a PHC string.
    pub async fn hash(&self, password: Password) -> Result<String, HashError> {
        self.turn(move |argon| {
            argon
                .hash_password(password.0.as_bytes())
                .map(|hash| hash.to_string())
                .map_err(|error| HashError::Broken(error.to_string()))
        })
        .await
    }

    /// Compares a password with a stored hash, or with the dummy if there is no account: both take as long.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool, HashError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        let right = self
            .turn(move |argon| {
                let hash = PasswordHash::new(&hash).map_err(|error| HashError::Broken(error.to_string()))?;
                match argon.verify_password(password.0.as_bytes(), &hash) {
                    Ok(()) => Ok(true),
                    Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                    Err(error) => Err(HashError::Broken(error.to_string())),
                }
            })
            .await?;
        Ok(right && known)
    }

    /// Whether a hash was made with other costs than today's.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let params = PasswordHash::new(hash).ok().and_then(|hash| Params::try_from(&hash).ok());
        params.is_none_or(|params| {
            (params.m_cost(), params.t_cost()) != (self.argon.params().m_cost(), self.argon.params().t_cost())
        })
    }

    async fn turn<T, F>(&self, work: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce(Argon2<'static>) -> Result<T, HashError> + Send + 'static,
    {
        let argon = self.argon.clone();
        self.turns.take(move || work(argon)).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_enough_and_not_the_first_guess() {
        let check = |text: &str| Password::chosen(text, &["dana@example.com", "Dana"]).err();
        assert_eq!(check("short"), Some(Weakness::Short));
        assert_eq!(check(&"x".repeat(257)), Some(Weakness::Long));
        for easy in
            ["passwordpassword", "123456789012345", "aaaaaaaaaaaaaaaa", "qwertyuiopqwertyuiop", "familypairing12"]
        {
            assert_eq!(check(easy), Some(Weakness::Common), "{easy}");
        }
        assert_eq!(check("correct horse battery staple"), None);
        assert_eq!(check("tulip-harbour-seven-lamps"), None);
    }

    #[tokio::test]
    async fn the_same_password_typed_on_another_keyboard_is_right() {
        let hasher = Hasher::new(8, 1).unwrap();
        let hash = hasher.hash(Password::chosen("Zoe\u{308} likes ﬁve lamps", &[]).unwrap()).await.unwrap();
        let typed = |text: &str| Password::shown(text).unwrap();
        assert!(hasher.verify(typed("Zo\u{eb} likes five lamps"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(typed("zoe likes five lamps"), Some(hash.clone())).await.unwrap());
        assert!(!hasher.verify(typed("nobody has this password"), None).await.unwrap());
        assert!(!hasher.is_outdated(&hash) && Hasher::new(16, 1).unwrap().is_outdated(&hash));
    }
}

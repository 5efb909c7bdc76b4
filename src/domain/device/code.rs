//! Codes that a guardian reads out to a teen whose device cannot reach the server.
//!
//! Ten digits: how many minutes, the code's number on this device, and a MAC over both with a key that only the server and this
//! device have. So a code is good for one device, for a fixed number of minutes, and once: a device takes no number twice, nor one
//! below the last that it took. No clock is needed. What was typed in is told to the server when it is reached again.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use crate::domain::vault::mac;

/// What a code can be good for, in minutes. A code names one by its place.
pub const MINUTES: [u16; 6] = [5, 15, 30, 45, 60, 120];
/// Numbers go round after this many.
const ROUND: u32 = 100;
/// How far a number may be ahead of the last one: codes that were made and never typed in.
pub const AHEAD: u32 = 50;
/// Most codes that are told to the server at once.
pub const MOST_TOLD: usize = 20;
/// Seven digits of MAC.
const MACS: u64 = 10_000_000;
/// Wrong codes that a device takes within an hour, then none until that hour is over.
pub const MOST_WRONG: usize = 5;

/// The key of one device.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeKey([u8; 32]);

/// A code that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redeemed {
    /// Its number: counted from 1 on this device, and never twice.
    pub number: u32,
    /// How many minutes it gives.
    pub minutes: u16,
}

/// Why a code is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadCode {
    /// Not ten digits.
    #[error("a code has ten digits")]
    Form,
    /// Not made for this device, or used before.
    #[error("this code is not good here, or was used before")]
    Wrong,
    /// No policy has come yet: there is no day to give minutes to.
    #[error("a code can be used once this device has its limits")]
    NoPolicy,
}

impl CodeKey {
    /// From its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes, for the device.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Makes the code with this number; nothing where no code is good for so many minutes.
    pub fn code(&self, number: u32, minutes: u16) -> Option<String> {
        let place = MINUTES.iter().position(|known| *known == minutes)?;
        Some(format!("{place}{:02}{:07}", number % ROUND, self.mac(number, minutes)))
    }

    /// Reads a code that was typed in. `last`: the number of the last one that was good here; 0: none was. Blanks and dashes between
    /// the digits do not matter.
    pub fn redeem(&self, typed: &str, last: u32) -> Result<Redeemed, BadCode> {
        let digits: String =
            typed.chars().filter(|it| !matches!(it, ' ' | '-' | '\u{a0}' | '\u{2010}'..='\u{2015}')).collect();
        let (place, rest) = (digits.get(..1), digits.get(1..3).zip(digits.get(3..)));
        let is_code = digits.len() == 10 && digits.bytes().all(|it| it.is_ascii_digit());
        let (Some(place), Some((number, mac)), true) = (place, rest, is_code) else { return Err(BadCode::Form) };
        let place: usize = place.parse().map_err(|_| BadCode::Form)?;
        let (shown, mac): (u32, u64) =
            (number.parse().map_err(|_| BadCode::Form)?, mac.parse().map_err(|_| BadCode::Form)?);
        let minutes = MINUTES.get(place).copied().ok_or(BadCode::Wrong)?;
        let mut ahead = (1..=AHEAD).filter_map(|step| last.checked_add(step));
        let number = ahead.find(|number| number % ROUND == shown).ok_or(BadCode::Wrong)?;
        match self.mac(number, minutes) == mac {
            true => Ok(Redeemed { number, minutes }),
            false => Err(BadCode::Wrong),
        }
    }

    /// The id of the gift that a code becomes once the server knows of it: both sides work it out, so that a device knows its own code in a
    /// policy and does not give it twice.
    pub fn grant_id(&self, number: u32) -> Uuid {
        let full = mac(&self.0, &[b"id".as_slice(), &number.to_be_bytes()].concat());
        Builder::from_custom_bytes(full.first_chunk().copied().unwrap_or_default()).into_uuid()
    }

    fn mac(&self, number: u32, minutes: u16) -> u64 {
        let full = mac(&self.0, &[b"grant".as_slice(), &number.to_be_bytes(), &minutes.to_be_bytes()].concat());
        let first: [u8; 8] = full.first_chunk().copied().unwrap_or_default();
        u64::from_be_bytes(first) % MACS
    }
}

impl fmt::Debug for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> CodeKey {
        CodeKey::from_bytes([number; 32])
    }

    #[test]
    fn a_code_is_good_on_its_device_once() {
        let code = key(1).code(1, 30).unwrap();
        assert_eq!(code.len(), 10);
        let good = Redeemed { number: 1, minutes: 30 };
        assert_eq!(key(1).redeem(&code, 0), Ok(good));
        assert_eq!(key(1).redeem(&format!("{}-{} {}", &code[..3], &code[3..6], &code[6..]), 0), Ok(good));
        assert_eq!(key(1).redeem(&code, 1), Err(BadCode::Wrong), "used before");
        assert_eq!(key(2).redeem(&code, 0), Err(BadCode::Wrong), "another device's");
        assert_eq!(key(1).redeem(&code[..9], 0), Err(BadCode::Form));
        assert_eq!(key(1).redeem("12345678é", 0), Err(BadCode::Form));
        assert_eq!(key(1).code(1, 31), None);
    }

    #[test]
    fn codes_that_were_never_typed_in_do_not_matter_up_to_fifty() {
        for (last, number, is_good) in
            [(0, 50, true), (0, 51, false), (98, 101, true), (120, 119, false), (199, 249, true)]
        {
            let code = key(1).code(number, 15).unwrap();
            assert_eq!(key(1).redeem(&code, last).is_ok(), is_good, "{number} after {last}");
        }
    }

    #[test]
    fn each_code_becomes_a_gift_of_its_own() {
        assert_eq!(key(1).grant_id(1), key(1).grant_id(1));
        assert!(key(1).grant_id(1) != key(1).grant_id(2) && key(1).grant_id(1) != key(2).grant_id(1));
        assert_eq!(key(1).grant_id(1).get_version_num(), 8);
    }

    /// The minutes are in the MAC: fifteen cannot be made two hours.
    #[test]
    fn no_digit_can_be_changed() {
        let code = key(1).code(7, 15).unwrap();
        for place in 0..10 {
            for digit in '0'..='9' {
                let changed: String =
                    code.chars().enumerate().map(|(at, it)| if at == place { digit } else { it }).collect();
                assert_eq!(key(1).redeem(&changed, 0).is_ok(), changed == code, "{code} {changed}");
            }
        }
    }
}

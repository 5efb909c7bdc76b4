//! The installation's one secret, and what is derived from it: MACs for things people type, seals for personal fields.
//!
//! A copy of the database without this secret holds no usable code, address, birth date or token. Each use has a key of
//! its own (HMAC of the purpose's name), so that one leaked key opens one kind of thing. The nonce comes from outside.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

const NONCE: usize = 24;

/// A sealed value did not open: other key, other place, or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a sealed value does not open: wrong secret, or it was moved or changed")]
pub struct Broken;

/// What a MAC is for. The name is part of the key: never rename one.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Pairing codes: 40 bits are guessed in minutes from a plain hash.
    PairingCode,
    /// Finding an account by e-mail without storing the e-mail readable.
    EmailIndex,
    /// Throttle keys, so that Redis holds no address.
    Throttle,
    /// Scopes of idempotency keys.
    Idempotency,
    /// The keys of devices for codes that are read out.
    OfflineCode,
    /// The words that both sides of a pairing compare.
    PairingWords,
}

/// Where a sealed value lives. Part of what is authenticated, so a value cannot be moved elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// `table.column`.
    pub column: &'static str,
    /// The row's key.
    pub row: &'a [u8],
}

/// Holds the derived keys. `Debug` shows nothing.
pub struct Vault {
    root: [u8; 32],
    seal: XChaCha20Poly1305,
}

impl Vault {
    /// Derives everything from the installation's secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        let seal = XChaCha20Poly1305::new(&mac(secret, b"family-pairing/seal/1").into());
        Self { root: *secret, seal }
    }

    /// A keyed hash of `text`.
    pub fn mac(&self, purpose: Purpose, text: &[u8]) -> [u8; 32] {
        let name: &[u8] = match purpose {
            Purpose::PairingCode => b"family-pairing/pairing-code/1",
            Purpose::EmailIndex => b"family-pairing/email-index/1",
            Purpose::Throttle => b"family-pairing/throttle/1",
            Purpose::OfflineCode => b"family-pairing/offline-code/1",
            Purpose::PairingWords => b"family-pairing/pairing-words/1",
            Purpose::Idempotency => b"family-pairing/idempotency/1",
        };
        mac(&mac(&self.root, name), text)
    }

    /// Seals bytes for one place under a fresh nonce.
    pub fn seal(&self, place: Place<'_>, nonce: [u8; NONCE], bytes: &[u8]) -> Result<Vec<u8>, Broken> {
        let aad = place.bytes();
        let sealed = self.seal.encrypt(&XNonce::from(nonce), Payload { msg: bytes, aad: &aad }).map_err(|_| Broken)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Vault::seal`] made for the same place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE>().ok_or(Broken)?;
        let aad = place.bytes();
        self.seal.decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad }).map_err(|_| Broken)
    }
}

impl Place<'_> {
    fn bytes(self) -> Vec<u8> {
        [b"fp1|", self.column.as_bytes(), b"|", self.row].concat()
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// Compares two MACs in a time that does not depend on where they differ.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

pub(super) fn mac(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    // HMAC fills a short key up with zeros; so does this, which cannot fail.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(place, byte)| *place = *byte);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place { column: "accounts.email_sealed", row: b"1" };

    #[test]
    fn a_sealed_value_opens_only_at_its_place_and_unchanged() {
        let vault = Vault::new(&[1; 32]);
        let mut sealed = vault.seal(HERE, [9; 24], b"dana@example.com").unwrap();
        assert_eq!(vault.open(HERE, &sealed).unwrap(), b"dana@example.com");
        assert_eq!(vault.open(Place { row: b"2", ..HERE }, &sealed), Err(Broken));
        assert_eq!(Vault::new(&[2; 32]).open(HERE, &sealed), Err(Broken));
        sealed[30] ^= 1;
        assert_eq!(vault.open(HERE, &sealed), Err(Broken));
        assert_eq!(vault.open(HERE, b"short"), Err(Broken));
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let vault = Vault::new(&[1; 32]);
        let code = vault.mac(Purpose::PairingCode, b"x");
        assert!(same(&code, &vault.mac(Purpose::PairingCode, b"x")));
        assert!(!same(&code, &vault.mac(Purpose::EmailIndex, b"x")));
    }
}

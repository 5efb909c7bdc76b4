//! What is kept of a code: its two MACs.

use crate::domain::{
    code::{Code, Entry, Minted},
    vault::{Purpose, Vault, same},
};

/// The MACs of a code's two spellings.
pub(super) struct Macs {
    pub(super) typed: Vec<u8>,
    pub(super) linked: Vec<u8>,
}

impl Macs {
    /// Of a fresh code.
    pub(super) fn of(vault: &Vault, minted: &Minted) -> Self {
        let mac = |text: &str| {
            let plain: String = text.chars().filter(|c| *c != '-').collect();
            vault.mac(Purpose::PairingCode, plain.as_bytes()).to_vec()
        };
        Self { typed: mac(&minted.typed), linked: mac(&minted.linked) }
    }

    /// Whether somebody presented this code.
    pub(super) fn are_of(&self, vault: &Vault, code: &Code) -> bool {
        let known = match code.entry {
            Entry::Typed => &self.typed,
            Entry::Linked => &self.linked,
        };
        same(known, &vault.mac(Purpose::PairingCode, code.secret.as_bytes()))
    }
}

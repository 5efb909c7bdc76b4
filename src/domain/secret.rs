//! Tokens: `fp<kind>_<43 base62>_<6 base62>`.
//!
//! 43 characters carry 256 unpredictable bits; the last six are a CRC-32, so that a typing or copying error, or
//! any other string, is refused without a look-up, and so that secret scanners can recognise a leaked token.
//! Only the SHA-256 of a token is ever stored: with 256 unpredictable bits there is nothing to guess or salt.

use std::fmt;

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY: usize = 43;
const CHECK: usize = 6;

/// What a token opens. Never change the letter of an issued kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A signed-in account, for an hour.
    Session,
    /// Renews a session, once.
    Refresh,
    /// One device of one teen, until revoked.
    Device,
    /// Opens one browser socket within 30 seconds.
    Ticket,
    /// The platform's own servers, for the scopes of the key, until revoked.
    Platform,
    /// Signs for commands of somebody who runs the installation, until revoked. Opens nothing over HTTP.
    Operator,
    /// Makes its holder an operator in office, once, within a week. Signs for nothing.
    Invitation,
}

impl TokenKind {
    const ALL: [Self; 7] =
        [Self::Session, Self::Refresh, Self::Device, Self::Ticket, Self::Platform, Self::Operator, Self::Invitation];

    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "fps_",
            Self::Refresh => "fpr_",
            Self::Device => "fpd_",
            Self::Ticket => "fpt_",
            Self::Platform => "fpp_",
            Self::Operator => "fpo_",
            Self::Invitation => "fpi_",
        }
    }
}

/// A token as its holder has it. Shown once, never logged: `Debug` keeps the secret out.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kind: TokenKind,
    text: String,
}

/// SHA-256 of a token's text: what the database keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl Token {
    /// Spells 32 unpredictable bytes as a token.
    pub fn mint(kind: TokenKind, bytes: [u8; 32]) -> Self {
        let body = base62(&bytes, BODY);
        let text = format!("{}{}_{}", kind.prefix(), body, check(kind, &body));
        Self { kind, text }
    }

    /// Reads a token, refusing anything whose shape or checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = TokenKind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
        let (body, given) = text.strip_prefix(kind.prefix())?.split_once('_')?;
        let sound =
            body.len() == BODY && body.bytes().all(|byte| byte.is_ascii_alphanumeric()) && given == check(kind, body);
        sound.then(|| Self { kind, text: text.to_owned() })
    }

    /// What it opens.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The text to hand to its holder.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What to store and to look up by.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.text.as_bytes()).into())
    }
}

impl TokenHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.kind.prefix())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

fn check(kind: TokenKind, body: &str) -> String {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(kind.prefix().as_bytes());
    hasher.update(body.as_bytes());
    base62(&hasher.finalize().to_be_bytes(), CHECK)
}

/// Big-endian bytes as a base-62 number, padded to `width` digits.
fn base62(bytes: &[u8], width: usize) -> String {
    let mut number = bytes.to_vec();
    let mut digits = Vec::with_capacity(width);
    for _ in 0..width {
        let mut remainder = 0u16;
        for byte in &mut number {
            let value = (remainder << 8) | u16::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or_default();
            remainder = value % 62;
        }
        digits.push(ALPHABET.get(usize::from(remainder)).copied().unwrap_or(b'0'));
    }
    digits.into_iter().rev().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_minted_token_reads_back(bytes: [u8; 32], kind in 0..TokenKind::ALL.len()) {
            let token = Token::mint(TokenKind::ALL[kind], bytes);
            prop_assert_eq!(token.reveal().len(), 4 + BODY + 1 + CHECK);
            prop_assert_eq!(Token::parse(token.reveal()), Some(token));
        }

        #[test]
        fn one_wrong_character_is_refused(bytes: [u8; 32], at in 4usize..54, with in "[0-9A-Za-z_]") {
            let token = Token::mint(TokenKind::Session, bytes);
            let mut text = token.reveal().to_owned();
            text.replace_range(at..=at, &with);
            prop_assume!(text != token.reveal());
            prop_assert_eq!(Token::parse(&text), None);
        }
    }

    #[test]
    fn the_kind_is_part_of_the_checksum() {
        let token = Token::mint(TokenKind::Refresh, [7; 32]);
        let renamed = token.reveal().replacen("fpr_", "fps_", 1);
        assert_eq!(Token::parse(&renamed), None);
        assert!(!format!("{token:?}").contains(&token.reveal()[5..]));
    }
}

//! Pairing codes: `LLLL-SSSS-SSSS` to type, and a link with more bits to scan.
//!
//! The first group is a public locator (20 bits) that says which offer is meant, so that wrong tries can be counted
//! per code; the rest is the secret: 40 bits typed, 130 bits in the link. NIST SP 800-63B asks 40 bits of a code
//! that is used with a locator, once and for ten minutes, and 112 bits of one that is not typed.

use thiserror::Error;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LOCATOR: usize = 4;
const TYPED: usize = 8;
const LINKED: usize = 26;

/// How long a code lives, in minutes.
pub const CODE_MINUTES: i64 = 10;
/// How many wrong secrets burn a code.
pub const WRONG_TRIES: i16 = 5;

/// The code was not of either form. Nothing more is said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a pairing code")]
pub struct NotACode;

/// Which of an offer's two secrets was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Typed by hand.
    Typed,
    /// Scanned or followed as a link.
    Linked,
}

/// A code as somebody presented it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// Which offer is meant: four public characters.
    pub locator: String,
    /// The whole text to authenticate, locator included.
    pub secret: String,
    /// Typed or linked.
    pub entry: Entry,
}

/// Never logged: a live code opens a request to supervise a child.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({}-…)", self.locator)
    }
}

impl Code {
    /// Reads a typed code (any case, `O` as 0, `I` and `L` as 1, dashes and blanks ignored), a link or its fragment.
    pub fn parse(text: &str) -> Result<Self, NotACode> {
        let fragment = text.rsplit_once('#').map_or(text, |(_, fragment)| fragment);
        if fragment.len() > 64 {
            return Err(NotACode);
        }
        let mut plain = String::with_capacity(LOCATOR + LINKED);
        for c in fragment.chars().filter(|c| !matches!(c, '-' | ' ' | '\t')) {
            plain.push(fold(c).ok_or(NotACode)?);
        }
        let entry = match plain.len().checked_sub(LOCATOR) {
            Some(TYPED) => Entry::Typed,
            Some(LINKED) => Entry::Linked,
            _ => return Err(NotACode),
        };
        let locator = plain.get(..LOCATOR).ok_or(NotACode)?.to_owned();
        Ok(Self { locator, secret: plain, entry })
    }
}

/// A fresh offer's two spellings, made from unpredictable bytes. They are shown once and only their MACs are stored.
pub struct Minted {
    /// Four public characters.
    pub locator: String,
    /// `LLLL-SSSS-SSSS`.
    pub typed: String,
    /// The fragment of the link: locator and 26 characters.
    pub linked: String,
}

impl Minted {
    /// Spells 48 unpredictable bytes as a code and a link fragment.
    pub fn from_bytes(bytes: [u8; 48]) -> Self {
        let characters: String = bytes.iter().map(|byte| spell(*byte)).collect();
        let (locator, rest) = characters.split_at(LOCATOR);
        let (typed, rest) = rest.split_at(TYPED);
        let (left, right) = typed.split_at(TYPED / 2);
        let linked: String = rest.chars().take(LINKED).collect();
        Self {
            locator: locator.to_owned(),
            typed: format!("{locator}-{left}-{right}"),
            linked: format!("{locator}{linked}"),
        }
    }
}

fn spell(byte: u8) -> char {
    CROCKFORD.get(usize::from(byte & 31)).copied().map_or('0', char::from)
}

fn fold(c: char) -> Option<char> {
    let upper = c.to_ascii_uppercase();
    let folded = match upper {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    CROCKFORD.contains(&u8::try_from(folded).ok()?).then_some(folded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn both_spellings_read_back(low in any::<[u8; 24]>(), high in any::<[u8; 24]>()) {
            let mut bytes = [0; 48];
            bytes[..24].copy_from_slice(&low);
            bytes[24..].copy_from_slice(&high);
            let minted = Minted::from_bytes(bytes);
            let typed = Code::parse(&minted.typed.to_lowercase()).unwrap();
            prop_assert_eq!(&typed.locator, &minted.locator);
            prop_assert_eq!(typed.entry, Entry::Typed);
            let link = Code::parse(&format!("https://pair.example/p#{}", minted.linked)).unwrap();
            prop_assert_eq!(link.entry, Entry::Linked);
            prop_assert_eq!(link.secret.len(), LOCATOR + LINKED);
        }

        #[test]
        fn nothing_panics(text in ".{0,80}") {
            let _ = Code::parse(&text);
        }
    }

    #[test]
    fn people_mistype_kindly() {
        assert_eq!(Code::parse("o1il 2345 6789"), Code::parse("0111-2345-6789"));
        assert_eq!(Code::parse("0111-2345-678U"), Err(NotACode));
    }
}

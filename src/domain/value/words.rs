//! Sets of words and of identifiers.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::ValueError;
use crate::domain::text::{self, TextError};

/// The most entries that a client may send: every one is matched against every text that a device shows.
pub const MAX_WORDS: usize = 200;

/// The most visible characters in a word.
const MAX_LENGTH: usize = 64;

/// Words as they are matched: trimmed, composed (NFC) and in lower case, so that one word is one entry.
pub(super) fn words(given: &[String]) -> Result<BTreeSet<String>, ValueError> {
    given.iter().map(|text| word(text).map_err(ValueError::Word)).collect()
}

/// Identifiers of accounts, sounds or pages as the platform writes them; their case may matter.
pub(super) fn ids(given: &[String]) -> Result<BTreeSet<String>, ValueError> {
    given.iter().map(|text| text::word(text).map_err(ValueError::Word)).collect()
}

fn word(text: &str) -> Result<String, TextError> {
    let folded = text.nfc().collect::<String>().to_lowercase();
    let line = text::clean_line(&folded, MAX_LENGTH)?;
    // Names keep these for emoji and for hyphenation; in a word to match they only hide what it is.
    if line.contains(['\u{200D}', '\u{AD}']) {
        return Err(TextError::Invisible);
    }
    Ok(line)
}

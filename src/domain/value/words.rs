//! Sets of words and of identifiers.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::ValueError;
use crate::domain::text::{self, TextError};

/// The most entries that a client may send: every one is matched against every text that a device shows.
pub const MAX_WORDS: usize = 200;

/// The most code points in a word: what a client in any language can count without tables.
const MAX_LENGTH: usize = 64;

/// Names keep these for emoji and for hyphenation; in a word to match they only hide what it is.
const KEPT_IN_NAMES: [char; 2] = ['\u{200D}', '\u{AD}'];

/// Words as they are matched: trimmed, composed (NFC) and in lower case, so that one word is one entry.
pub(super) fn words(given: &[String]) -> Result<BTreeSet<String>, ValueError> {
    given.iter().map(|text| word(text).map_err(ValueError::Word)).collect()
}

/// Identifiers of accounts, sounds or pages as the platform writes them; their case may matter.
pub(super) fn ids(given: &[String]) -> Result<BTreeSet<String>, ValueError> {
    given.iter().map(|text| text::word(text).map_err(ValueError::Word)).collect()
}

fn word(text: &str) -> Result<String, TextError> {
    let lower = lower(text);
    if lower.contains(KEPT_IN_NAMES) {
        return Err(TextError::Invisible);
    }
    let line = text::clean_line(&lower, MAX_LENGTH)?;
    match line.chars().count() {
        0..=MAX_LENGTH => Ok(line),
        _ => Err(TextError::TooLong),
    }
}

/// A word of a text as a list would hold it. What nobody can see is left out, for it must not hide a word.
pub(in crate::domain) fn folded(word: &str) -> String {
    let seen = word.chars().filter(|c| !text::is_invisible(*c) && !KEPT_IN_NAMES.contains(c));
    lower(&seen.collect::<String>()).trim().nfc().collect()
}

fn lower(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

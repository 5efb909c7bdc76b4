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

/// What stands around words in a text and is none of them. `#` and `@` are not here: a hashtag is another word.
const MARKS: &[char] = &[
    '.', ',', ';', ':', '!', '?', '"', '\'', '`', '*', '_', '~', '-', '/', '\\', '|', '(', ')', '[', ']', '{', '}',
    '<', '>', '…', '–', '—', '“', '”', '„', '‘', '’', '‚', '«', '»', '‹', '›', '¡', '¿', '。', '、', '！', '，', '？',
    '：',
];

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

/// The words of a text or of an entry, as they are compared: apart at white space, without what nobody can see, in one case, and
/// without the marks around them.
pub(in crate::domain) fn compared(text: &str) -> impl Iterator<Item = String> {
    text.split_whitespace().map(|word| bare(&folded(word)).to_owned()).filter(|word| !word.is_empty())
}

/// A word without the marks before and after it. What is nothing but marks stays: `:)` is a word too.
fn bare(word: &str) -> &str {
    match word.trim_matches(MARKS) {
        "" => word,
        bare => bare,
    }
}

/// What nobody can see is left out, for it must not hide a word.
fn folded(word: &str) -> String {
    let seen = word.chars().filter(|c| !text::is_invisible(*c) && !KEPT_IN_NAMES.contains(c));
    lower(&seen.collect::<String>()).trim().nfc().collect()
}

fn lower(text: &str) -> String {
    text.nfc().collect::<String>().to_lowercase()
}

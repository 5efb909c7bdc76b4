//! What people type, parsed once: after this, a name is a name and an e-mail is an e-mail.
//!
//! NUL, control characters and bidirectional overrides are refused here for every string, because they break
//! Postgres (`\0`), logs (escapes) and people (a name that reads backwards).

use jiff::tz::TimeZone;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Why a text was refused. The words are for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TextError {
    /// Nothing left after trimming.
    #[error("must not be empty")]
    Empty,
    /// Over the limit of this field.
    #[error("is too long")]
    TooLong,
    /// A NUL, an escape, a direction override or another invisible character.
    #[error("must not contain control or invisible characters")]
    Invisible,
    /// Not of the field's form.
    #[error("is not in the expected form")]
    Malformed,
}

/// The address of each host that a URL names: `scheme://person@one:1,two:2/path` is two URLs that share the rest.
pub fn each_host(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_owned()] };
    let (place, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let (person, hosts) = place.rfind('@').map_or(("", place), |at| place.split_at(at + 1));
    hosts.split(',').map(|host| format!("{scheme}://{person}{host}{path}")).collect()
}

/// Trims, composes (NFC) and checks a line of text of at most `limit` visible characters.
pub fn clean_line(text: &str, limit: usize) -> Result<String, TextError> {
    let line: String = text.trim().nfc().collect();
    if line.chars().any(is_invisible) {
        return Err(TextError::Invisible);
    }
    if line.is_empty() {
        return Err(TextError::Empty);
    }
    // A grapheme can carry any number of marks, so the bytes are bounded as well.
    if line.graphemes(true).count() > limit || line.len() > limit.saturating_mul(16) {
        return Err(TextError::TooLong);
    }
    Ok(line)
}

/// Characters that nobody can see but that change what is stored, logged or shown. The zero-width joiner stays: family emoji need it.
pub(in crate::domain) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFD}' | '\u{E0000}'..='\u{E007F}')
}

/// An address to sign in with, folded so that one mailbox is one account.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// NFKC, lower case, one `@` with something on both sides, at most 254 bytes (RFC 5321).
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let folded: String = clean_line(text, 254)?.nfkc().collect::<String>().to_lowercase();
        let (local, host) = folded.split_once('@').ok_or(TextError::Malformed)?;
        let sound = !local.is_empty()
            && local.len() <= 64
            && host.len() >= 3
            && host.contains('.')
            && !host.starts_with('.')
            && !host.ends_with('.')
            && !host.contains('@')
            && !folded.contains(char::is_whitespace);
        if folded.len() > 254 {
            return Err(TextError::TooLong);
        }
        sound.then_some(Self(folded)).ok_or(TextError::Malformed)
    }

    /// The folded address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Keeps addresses out of logs.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(…)")
    }
}

/// What others call a person: 1–40 visible characters.
pub fn display_name(text: &str) -> Result<String, TextError> {
    clean_line(text, 40)
}

/// What a device is called ("Mia's phone"): 1–60 visible characters.
pub fn device_name(text: &str) -> Result<String, TextError> {
    clean_line(text, 60)
}

/// What a platform key is called ("chat-servers"): 1–60 visible characters.
pub fn key_name(text: &str) -> Result<String, TextError> {
    clean_line(text, 60)
}

/// A guardian's reason for a change: 1–280 visible characters.
pub fn reason(text: &str) -> Result<String, TextError> {
    clean_line(text, 280)
}

/// A short word chosen by a program (install id, platform, app version): printable ASCII, at most 64.
pub fn word(text: &str) -> Result<String, TextError> {
    match text.len() {
        0 => Err(TextError::Empty),
        65.. => Err(TextError::TooLong),
        _ if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
        _ => Err(TextError::Malformed),
    }
}

/// The name that a channel gives a source or a provider (`TIER_C`, `acme`): 1–32 letters, digits, `_`, `-`, `.`. Never more than four
/// digits on end, so that no number of a document, a card or a telephone gets in by mistake.
pub fn source(text: &str) -> Result<String, TextError> {
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    match text.len() {
        0 => Err(TextError::Empty),
        33.. => Err(TextError::TooLong),
        _ if text.chars().all(named) && numbers.map(str::len).all(|run| run <= 4) => Ok(text.to_owned()),
        _ => Err(TextError::Malformed),
    }
}

/// A language tag such as `en` or `pt-BR`.
pub fn locale(text: &str) -> Result<String, TextError> {
    let parts: Vec<&str> = text.split('-').collect();
    let sound = text.len() <= 35
        && parts.iter().all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
        && parts.first().is_some_and(|language| {
            (2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase())
        });
    sound.then(|| text.to_owned()).ok_or(TextError::Malformed)
}

/// An IANA zone name, checked against the bundled database.
///
/// Postgres accepts `XYZ-167` as a zone and shifts a week by it, so a client's zone never reaches SQL unless it came through here.
pub fn zone(text: &str) -> Result<String, TextError> {
    if text.len() > 64 {
        return Err(TextError::TooLong);
    }
    let zone = TimeZone::get(text).map_err(|_| TextError::Malformed)?;
    zone.iana_name().map(str::to_owned).ok_or(TextError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_name_and_no_number_of_anything() {
        for good in ["TIER_C", "acme-2.id", "guardianCheckedByOtherMethod", "v2026"] {
            assert_eq!(source(good).unwrap(), good);
        }
        for bad in ["", "mia@example.com", "Acme Ltd", "4111-11111", "id_123456", &"x".repeat(33)] {
            assert!(source(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn hostile_names_are_refused_and_emoji_families_are_not() {
        for bad in ["", "  ", "a\u{0}b", "a\u{1b}[2J", "evil\u{202e}eman", "a\u{200b}b"] {
            assert!(display_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(display_name(" Zoë 👩‍👧 ").unwrap(), "Zoë 👩‍👧");
        assert!(display_name(&"x".repeat(41)).is_err());
        assert!(display_name(&format!("a{}", "\u{301}".repeat(5000))).is_err());
    }

    #[test]
    fn one_mailbox_is_one_account() {
        assert_eq!(Email::parse(" Dana@Example.COM ").unwrap().as_str(), "dana@example.com");
        for bad in ["", "dana", "@example.com", "a@b", "a b@example.com", "a@b@example.com", "a@example.com."] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn zones_come_from_the_database_only() {
        assert_eq!(zone("europe/berlin").unwrap(), "Europe/Berlin");
        for bad in ["XYZ-167", "UTC+5", "", "../etc/passwd", "Europe/Nowhere", "posixrules"] {
            assert!(zone(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn locales_have_one_form() {
        assert!(locale("pt-BR").is_ok() && locale("en").is_ok() && locale("EN").is_err() && locale("en_US").is_err());
    }

    #[test]
    fn several_hosts_share_the_rest_of_the_url() {
        assert_eq!(each_host("redis://127.0.0.1:6379"), ["redis://127.0.0.1:6379"]);
        assert_eq!(
            each_host("rediss://default:p,@w@one:1,two:2,[::1]:3/0?protocol=resp2"),
            [
                "rediss://default:p,@w@one:1/0?protocol=resp2",
                "rediss://default:p,@w@two:2/0?protocol=resp2",
                "rediss://default:p,@w@[::1]:3/0?protocol=resp2",
            ]
        );
        assert_eq!(each_host("nonsense"), ["nonsense"]);
    }
}

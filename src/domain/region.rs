//! Where somebody lives, and where a law counts: a country of ISO 3166-1, or a part of one. A region that is written in no known
//! way would be under no law of its place, and nobody would notice.

use thiserror::Error;

/// Why a region was refused. The words are for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RegionError {
    /// Neither like `DE` nor like `US-CA`.
    #[error("is not in the expected form")]
    Malformed,
    /// No country has these letters.
    #[error("begins with no country that ISO 3166-1 has")]
    NoCountry,
    /// A country, in letters that ISO 3166-1 does not use for it.
    #[error("must be written with {0}, as in ISO 3166-1")]
    WrittenAs(&'static str),
}

/// Every country's two letters, and Kosovo's, which ISO leaves to users.
const COUNTRIES: [&str; 250] = [
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD",
    "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA",
    "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE",
    "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA",
    "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK",
    "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP",
    "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT",
    "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS",
    "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ",
    "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS",
    "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST",
    "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW",
    "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XK", "YE", "YT",
    "ZA", "ZM", "ZW",
];

/// Reads a region: `DE`, or `US-CA` where states make the law.
pub fn parse(text: &str) -> Result<String, RegionError> {
    let (country, part) = text.split_once('-').map_or((text, None), |(country, part)| (country, Some(part)));
    let sound = country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && part.is_none_or(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        });
    match country {
        _ if !sound => Err(RegionError::Malformed),
        // The Union's own words.
        "UK" => Err(RegionError::WrittenAs("GB")),
        "EL" => Err(RegionError::WrittenAs("GR")),
        country if COUNTRIES.binary_search(&country).is_err() => Err(RegionError::NoCountry),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_a_country_or_a_part_of_one() {
        assert!(COUNTRIES.is_sorted() && COUNTRIES.iter().all(|country| parse(country).is_ok()));
        assert_eq!(["US-CA", "GB", "NO-03"].map(parse), ["US-CA", "GB", "NO-03"].map(|region| Ok(region.to_owned())));
        for malformed in ["", "de", "USA", "US-", "US-CALI", "US-ca", "*", "D\u{0}", "US-CA-1"] {
            assert_eq!(parse(malformed), Err(RegionError::Malformed), "{malformed}");
        }
        assert_eq!(["ZZ", "EU", "XX-1"].map(parse), [const { Err(RegionError::NoCountry) }; 3]);
        assert_eq!(["UK", "EL-A"].map(parse), [Err(RegionError::WrittenAs("GB")), Err(RegionError::WrittenAs("GR"))]);
    }
}

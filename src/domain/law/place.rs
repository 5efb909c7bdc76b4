//! Which jurisdictions somebody in a region is under.

/// The 27 members of the Union, as ISO 3166-1 writes them.
const EU: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
/// Those of the European Economic Area that are no members.
const EEA_ONLY: [&str; 3] = ["IS", "LI", "NO"];

/// The jurisdictions of a region, from everywhere to the place itself: `US-CA` → `*`, `US`, `US-CA`; `FR` → `*`, `EEA`, `EU`, `FR`.
///
/// A region that nobody knows is under the rules for everywhere alone.
pub fn jurisdictions_of(region: &str) -> Vec<&str> {
    let country = region.split_once('-').map_or(region, |(country, _)| country);
    let member = EU.contains(&country);
    let mut places = vec!["*"];
    if member || EEA_ONLY.contains(&country) {
        places.push("EEA");
    }
    if member {
        places.push("EU");
    }
    places.push(country);
    if country != region {
        places.push(region);
    }
    places
}

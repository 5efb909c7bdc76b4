//! Which jurisdictions somebody in a region is under, and the other way round.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

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

/// The regions that a set of jurisdictions reaches: who has to be looked at when the rules of these places change.
///
/// Written so that a database can answer it without knowing any law: everywhere, whole countries, and parts of countries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// `*`: everybody.
    pub everywhere: bool,
    /// Countries with all of their parts.
    pub countries: BTreeSet<String>,
    /// Parts of countries alone.
    pub parts: BTreeSet<String>,
}

impl Reach {
    /// Where these jurisdictions are in force.
    pub fn of<'p>(jurisdictions: impl IntoIterator<Item = &'p str>) -> Self {
        let mut reach = Self::default();
        for place in jurisdictions {
            reach.everywhere |= place == "*";
            if place.contains('-') {
                reach.parts.insert(place.to_owned());
                continue;
            }
            reach.countries.insert(place.to_owned());
            let members: &[&str] = if matches!(place, "EU" | "EEA") { &EU } else { &[] };
            let others: &[&str] = if place == "EEA" { &EEA_ONLY } else { &[] };
            reach.countries.extend(members.iter().chain(others).map(ToString::to_string));
        }
        reach
    }

    /// Whether nobody is reached.
    pub fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }

    /// Whether somebody in this region is reached.
    pub fn covers(&self, region: &str) -> bool {
        let country = region.split_once('-').map_or(region, |(country, _)| country);
        self.everywhere || self.countries.contains(country) || self.parts.contains(region)
    }
}

//! What many inputs are made of: a catalogue, rules of law, a teen's situation.

use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Fault;
use crate::domain::{
    age::Ages,
    controls::Registry,
    law::{LawFile, RuleBook},
    policy::{Layers, Situation},
};

/// A catalogue of controls: rows as in `controls.toml`, or the name of the one that ships with the program.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Catalogue {
    /// By name.
    Named(Named),
    /// Row by row.
    Rows(Vec<Json>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Named {
    Shipped,
}

/// A teen, the laws, and what people have set.
#[derive(Deserialize)]
pub(super) struct Given {
    catalogue: Catalogue,
    #[serde(default)]
    rules: Vec<Json>,
    region: String,
    ages: GivenAges,
    joined: Date,
    today: Date,
    now: Timestamp,
    layers: Json,
}

/// The youngest and the oldest age that somebody may be of.
#[derive(Deserialize)]
struct GivenAges {
    from: i16,
    to: i16,
}

/// The same, read.
pub(super) struct Scene {
    pub(super) registry: Registry,
    book: RuleBook,
    layers: Layers,
    region: String,
    ages: Ages,
    joined: Date,
    today: Date,
    now: Timestamp,
}

impl Catalogue {
    pub(super) fn registry(self) -> Result<Registry, Fault> {
        let registry = match self {
            Self::Named(Named::Shipped) => Registry::load(),
            Self::Rows(rows) => Registry::parse(&toml::to_string(&json!({"control": rows}))?),
        };
        Ok(registry?)
    }
}

impl Given {
    pub(super) fn read(self) -> Result<Scene, Fault> {
        let Self { catalogue, rules, region, ages, joined, today, now, layers } = self;
        let registry = catalogue.registry()?;
        let book = book(&registry, &rules)?;
        let layers = read_layers(&registry, layers)?;
        let ages = Ages { from: ages.from, to: ages.to };
        Ok(Scene { registry, book, layers, region, ages, joined, today, now })
    }
}

impl Scene {
    pub(super) fn situation(&self) -> Situation<'_> {
        let Self { registry, book, layers, region, ages, joined, today, now } = self;
        Situation { registry, book, region, ages: *ages, joined: *joined, today: *today, now: *now, layers }
    }
}

pub(super) fn read_layers(registry: &Registry, layers: Json) -> Result<Layers, Fault> {
    Ok(Layers::from_json(registry, layers)?.0)
}

/// Rules of a law called `x`, in the form of a file under `rules/`.
fn book(registry: &Registry, rules: &[Json]) -> Result<RuleBook, Fault> {
    let law = json!({"id": "x", "name": "A law", "jurisdiction": "*", "cite": "1", "source": "https://example.org",
        "reviewed_on": "2026-01-01", "reviewed_by": "nobody"});
    let text = toml::to_string(&json!({"law": law, "rule": rules}))?;
    Ok(RuleBook::parse(registry, &[LawFile { name: "x.toml".to_owned(), text }])?)
}

//! The cases as they ship with the program.

use std::sync::LazyLock;

use rust_embed::RustEmbed;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::domain::snapshot::sha256_hex;

/// The version of the cases: their folder, and part of the address at which they are served.
pub const VERSION: &str = "v1";

/// Files that hold no cases.
const OTHERS: [&str; 2] = ["catalogue.json", "schema.json"];

#[derive(RustEmbed)]
#[folder = "conformance/v1/"]
#[include = "*.json"]
struct Files;

/// Cases about one thing.
#[derive(Debug, Clone, Deserialize)]
pub struct Group {
    /// Its name, and the beginning of its cases' ids.
    pub group: String,
    /// What they are about, in a sentence or two.
    pub about: String,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One question and its right answer.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Names it for ever: `turns/hard-01-new-york-inside-the-gap`.
    pub id: String,
    /// What is asked: an operation of `conformance/README.md`.
    pub op: String,
    /// The rule that it is about, in a sentence.
    pub why: String,
    /// Where the expectation comes from.
    pub origin: Origin,
    /// What is given.
    pub input: Json,
    /// The only right output.
    pub expect: Json,
}

/// Where an expectation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The slow second implementation in `conformance/oracle/` said so.
    Oracle,
    /// A person worked it out; the oracle agrees.
    Reviewed,
}

/// All cases in one document, as they are served.
#[derive(Debug)]
pub struct Document {
    /// JSON: `{version, catalogue, schema, groups}`.
    pub json: String,
    /// SHA-256 of it, lower-case hex: two certificates with the same one are about the same cases.
    pub sha256: String,
}

/// The document. It changes only with the program.
pub static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let groups: Vec<String> = names().map(|name| text(&name)).collect();
    let (catalogue, schema, groups) = (text("catalogue.json"), text("schema.json"), groups.join(","));
    let json =
        format!("{{\"version\":\"{VERSION}\",\"catalogue\":{catalogue},\"schema\":{schema},\"groups\":[{groups}]}}");
    Document { sha256: sha256_hex(json.as_bytes()), json }
});

/// Every group, by name. An error means that the program was built with a broken file.
pub fn groups() -> Result<Vec<Group>, serde_json::Error> {
    names().map(|name| serde_json::from_str(&text(&name))).collect()
}

/// The files with cases, in order.
fn names() -> impl Iterator<Item = String> {
    let mut names: Vec<String> = Files::iter().map(|name| name.into_owned()).collect();
    names.sort();
    names.into_iter().filter(|name| !OTHERS.contains(&name.as_str()))
}

/// A file of the kit; all of them are UTF-8.
pub fn text(name: &str) -> String {
    Files::get(name).map_or_else(String::new, |file| String::from_utf8_lossy(&file.data).into_owned())
}

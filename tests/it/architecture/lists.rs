//! Lists that must be complete: error codes and metrics.

use std::collections::BTreeSet;

use family_pairing::{problem::Code, telemetry::METRICS};

use super::sources;

/// Codes for what the HTTP layer below us refuses by itself; they are reached by status, see `Code::of_status`.
const BY_STATUS: &[Code] = &[Code::HeadersTooLarge];

/// A code that nothing answers is a promise to clients that nobody keeps.
#[test]
fn every_error_code_is_used() {
    let sources = sources("src");
    for code in Code::ALL.iter().filter(|code| !BY_STATUS.contains(code)) {
        let name = format!("Code::{code:?}");
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
        let uses = |text: &str| text.match_indices(&name).any(|(at, _)| ends(&text[at + name.len()..]));
        assert!(sources.iter().any(|file| uses(&file.code)), "nothing answers {name}");
    }
}

/// `Code::ALL` has every variant, and each has one word of its own on the wire.
#[test]
fn the_list_of_codes_is_complete() {
    let source = sources("src").into_iter().find(|file| file.path == "src/problem/code.rs").expect("problem");
    let body = source.code.split_once("pub enum Code {").expect("the enum").1.split_once('}').expect("its end").0;
    let variants = body.split(',').filter(|name| !name.trim().is_empty()).count();
    assert_eq!(variants, Code::ALL.len());
    let words: BTreeSet<String> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    assert!(Code::ALL.iter().all(|code| (400..600).contains(&code.about().status)));
}

/// The names in calls of one of the metric macros.
fn recorded() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in sources("src") {
        for shape in ["counter!(", "gauge!(", "histogram!("] {
            for (at, call) in file.code.match_indices(shape) {
                let described = file.code[..at].ends_with("describe_");
                let rest = file.code[at + call.len()..].trim_start();
                let name = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
                match name {
                    Some(name) => names.insert(name.to_owned()),
                    None if described => continue,
                    None => panic!("{} records a metric without a literal name", file.path),
                };
            }
        }
    }
    names
}

/// The table of metrics is what is recorded: nothing forgotten, nothing else.
#[test]
fn every_metric_is_in_the_table_and_used() {
    let table: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    assert_eq!(table.len(), METRICS.len(), "no name twice");
    assert_eq!(recorded(), table);
}

//! Reading the pages: blocks, tables, and what `…` stands for.

use std::{fs, path::PathBuf};

use serde_json::Value as Json;

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n## ").next().unwrap_or(rest)
}

/// A fenced block.
pub struct Block {
    pub kind: String,
    pub text: String,
}

pub fn blocks(page: &str) -> Vec<Block> {
    let fences: Vec<&str> = page.split("\n```").collect();
    let inside = fences.iter().skip(1).step_by(2);
    let block = |fence: &&str| {
        let (kind, text) = fence.split_once('\n').expect("a fence and its lines");
        Block { kind: kind.to_owned(), text: text.to_owned() }
    };
    inside.map(block).collect()
}

/// The rows of the table after the mark `<!-- name -->`, without its head.
pub fn table(path: &str, name: &str) -> Vec<Vec<String>> {
    let page = read(path);
    let (_, rest) = page.split_once(&format!("<!-- {name} -->\n")).unwrap_or_else(|| panic!("{path} has no {name}"));
    let lines = rest.lines().take_while(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = lines.map(cells).collect();
    assert!(!rows.is_empty(), "{path}: the table {name} is empty");
    rows
}

/// Writes the rows of a table instead of those that are there; its head stays.
pub fn write_table(path: &str, name: &str, rows: &[Vec<String>]) {
    let page = read(path);
    let mark = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&mark).unwrap_or_else(|| panic!("{path} has no {name}"));
    let lines = rest.split_inclusive('\n');
    let head: String = lines.clone().take(2).collect();
    let after: String = lines.skip_while(|line| line.starts_with('|')).collect();
    let rows: String = rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect();
    fs::write(root().join(path), format!("{before}{mark}{head}{rows}{after}")).expect("a page that can be written");
}

pub fn first_columns(rows: &[Vec<String>], count: usize) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().take(count).cloned().collect()).collect()
}

pub fn column(rows: &[Vec<String>], at: usize) -> Vec<String> {
    rows.iter().map(|row| row[at].clone()).collect()
}

pub fn code(text: &str) -> String {
    format!("`{text}`")
}

/// Compares row by row, so that a failure names the row; and prints what belongs there.
pub fn compare(written: &[Vec<String>], true_rows: &[Vec<String>]) {
    for (written, wanted) in written.iter().zip(true_rows) {
        assert_eq!(written, wanted, "the row should be | {} |", wanted.join(" | "));
    }
    let more: Vec<String> =
        true_rows.iter().skip(written.len()).map(|row| format!("| {} |", row.join(" | "))).collect();
    assert!(
        written.len() <= true_rows.len() && more.is_empty(),
        "the table lacks rows, or has too many:\n{}",
        more.join("\n")
    );
}

/// Whether an answer has everything that is shown of it. `…` stands for what differs each time.
pub fn shows(shown: &Json, said: &Json) -> bool {
    match (shown, said) {
        (Json::Object(shown), Json::Object(said)) => {
            shown.iter().all(|(name, value)| said.get(name).is_some_and(|said| shows(value, said)))
        }
        (Json::Array(shown), Json::Array(said)) => {
            shown.len() == said.len() && shown.iter().zip(said).all(|(shown, said)| shows(shown, said))
        }
        (Json::String(shown), Json::String(said)) => like(shown, said),
        (shown, said) => shown == said,
    }
}

/// Whether a text is as shown, where each `…` stands for any text.
pub fn like(shown: &str, said: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| said.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(end)
}

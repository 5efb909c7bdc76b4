//! The house's own rules, read from its source: who may use whom, how long a file may be, and that no list is out of date.

mod lists;
mod tables;
mod uses;

use std::{fs, path::Path};

/// One source file.
pub struct Source {
    /// From the root of the project.
    pub path: String,
    pub text: String,
    /// Without comments.
    pub code: String,
}

impl Source {
    /// The room: the folder right under `src`, or the file's own name.
    fn room(&self) -> &str {
        let inside = self.path.strip_prefix("src/").expect("a path in src");
        inside.split('/').next().map(|name| name.trim_end_matches(".rs")).expect("a name")
    }
}

/// Every Rust file below a folder of the project.
pub fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a file");
                let code = text.lines().map(without_comment).collect::<Vec<_>>().join("\n");
                let path = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
                found.push(Source { path, text, code });
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds sources");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") { "" } else { line }
}

/// A file is about one thing: none over 400 lines, half of them within 150.
#[test]
fn files_are_short() {
    let mut lengths = Vec::new();
    for file in sources("src").iter().chain(&sources("tests")) {
        let lines = file.text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines: split it by meaning", file.path);
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= 150, "the median file has {median} lines");
}

/// Whoever opens a room reads first what happens there, who may enter and what never happens.
#[test]
fn every_room_has_a_door_that_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut doors = 0;
    for entry in fs::read_dir(root).expect("src") {
        let folder = entry.expect("an entry").path();
        if !folder.is_dir() {
            continue;
        }
        let door = folder.join("mod.rs");
        let text = fs::read_to_string(&door).unwrap_or_else(|_| panic!("{} is missing", door.display()));
        let lines = text.lines().take_while(|line| line.starts_with("//!")).count();
        assert!(lines >= 3, "{} says too little at the door", door.display());
        doors += 1;
    }
    assert!(doors >= 6, "the rooms were found");
}

/// Every other file says in its first line what it is about; tests beside the code are about that code.
#[test]
fn every_file_says_what_it_is_about() {
    for file in sources("src").iter().chain(&sources("tests")) {
        let beside = file.path.starts_with("src/") && file.path.contains("/tests");
        assert!(beside || file.text.starts_with("//! "), "{} starts without a word", file.path);
    }
}

//! Which room uses which, and which crates it may know.

use std::collections::BTreeSet;

use super::{Source, sources};

/// What a room may use of the house. A path allows everything below it.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &["domain"]),
    ("store", &["store", "domain", "failpoint"]),
    ("auth", &["auth", "domain", "store", "problem"]),
    ("sync", &["sync", "domain", "store", "auth", "problem", "failpoint"]),
    ("api", &["api", "domain", "store", "auth", "problem"]),
    ("conformance", &["conformance", "domain", "sync::frame"]),
    ("client", &["client", "domain", "sync::frame"]),
    ("problem", &["problem", "domain", "store::StoreError"]),
    ("config", &[]),
    ("failpoint", &[]),
    ("telemetry", &[]),
];

/// What single files may use on top of their room's.
const EXCEPTIONS: &[(&str, &str)] = &[("src/api/conformance.rs", "conformance::kit"), ("src/api/live.rs", "sync")];

/// Rooms that put everything together.
const MAY_USE_ALL: &[&str] = &["app", "serve", "admin", "main", "lib"];

/// Crates that only some may know: a prefix of the path for each.
const CRATES: &[(&str, &[&str])] = &[
    ("diesel", &["src/store/"]),
    ("diesel_async", &["src/store/"]),
    ("diesel_migrations", &["src/store/"]),
    ("jiff_diesel", &["src/store/"]),
    ("deadpool", &["src/store/"]),
    ("tokio_postgres", &["src/store/"]),
    (
        "redis",
        &[
            "src/auth/redis_servers.rs",
            "src/auth/shared.rs",
            "src/auth/throttle.rs",
            "src/sync/bus.rs",
            "src/sync/presence.rs",
            "src/sync/mod.rs",
            "src/app.rs",
            "src/api/ops.rs",
        ],
    ),
    ("argon2", &["src/auth/password.rs"]),
    ("fail", &["src/failpoint.rs"]),
    ("fluent_bundle", &["src/domain/language/"]),
    ("actix_http", &["src/sync/", "src/serve/"]),
    ("actix_codec", &["src/serve/"]),
    ("actix_service", &["src/serve/"]),
    ("actix_web", &["src/api/", "src/auth/", "src/sync/", "src/problem/", "src/serve/"]),
    ("tokio_tungstenite", &["src/client/"]),
    ("reqwest", &["src/client/", "src/main.rs"]),
    ("rand", &["src/app.rs"]),
];

/// What the pure room never says.
const IMPURE: &[&str] = &[
    "async fn",
    ".await",
    "tokio",
    "actix",
    "diesel",
    "redis::",
    "reqwest",
    "metrics::",
    "tracing::",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant",
    "rand::",
    "std::fs",
    "std::net",
    "std::env",
    "thread::",
];

/// Every path below `crate::` that a file names, with two segments where it has them.
fn uses(file: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, word) in file.code.match_indices("crate::") {
        let before = file.code[..at].chars().next_back();
        if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$') {
            expand(&file.code[at + word.len()..], "", &mut found);
        }
    }
    found
}

/// Reads one use-tree and returns how much of the text it took.
fn expand(text: &str, prefix: &str, found: &mut BTreeSet<String>) -> usize {
    if !text.starts_with('{') {
        let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '*').collect();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}::{name}") };
        let rest = &text[name.len()..];
        if let Some(deeper) = rest.strip_prefix("::")
            && !deeper.starts_with('<')
        {
            return name.len() + 2 + expand(deeper, &path, found);
        }
        found.insert(path);
        return name.len();
    }
    let mut at = 1;
    while let Some(next) = text[at..].chars().next() {
        match next {
            '}' => return at + 1,
            c if c.is_alphanumeric() || c == '_' || c == '{' || c == '*' => at += expand(&text[at..], prefix, found),
            _ => at += next.len_utf8(),
        }
    }
    at
}

fn within(path: &str, allowed: &str) -> bool {
    path == allowed || path.starts_with(&format!("{allowed}::"))
}

/// Dependencies point one way, as the table in `lib.rs` says.
#[test]
fn rooms_use_only_what_the_map_allows() {
    let mut faults = Vec::new();
    for file in sources("src") {
        let room = file.room().to_owned();
        if MAY_USE_ALL.contains(&room.as_str()) {
            continue;
        }
        let (_, allowed) = MAY_USE.iter().find(|(name, _)| *name == room).unwrap_or_else(|| panic!("{room} is new"));
        for path in uses(&file) {
            let excepted = EXCEPTIONS.iter().any(|(name, extra)| *name == file.path && within(&path, extra));
            if !excepted && !allowed.iter().any(|allowed| within(&path, allowed)) {
                faults.push(format!("{} uses crate::{path}", file.path));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A room is entered through `crate::`, so that the test above sees it: nobody climbs out of their own with `super`.
#[test]
fn nobody_leaves_a_room_by_the_window() {
    for file in sources("src") {
        let folders = file.path.matches('/').count() - 1;
        let is_door = file.path.ends_with("/mod.rs");
        // How many `super`s lead out of the room: each folder below it and the file itself are one step.
        let inside = if is_door { folders.saturating_sub(1) } else { folders };
        let out = "super::".repeat(inside + 1);
        assert!(folders == 0 || !file.code.contains(&out), "{} leaves its room with {out}", file.path);
    }
}

/// Each crate has its rooms: SQL in one, Redis behind a few doors, sockets and pages where they belong.
#[test]
fn crates_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for file in sources("src") {
        for (name, rooms) in CRATES {
            if names_crate(&file.code, name) && !rooms.iter().any(|room| file.path.starts_with(room)) {
                faults.push(format!("{} knows {name}", file.path));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::")).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
    })
}

/// The rules are pure: no waiting, no clock, no randomness, no outside.
#[test]
fn the_domain_is_pure() {
    for file in sources("src/domain") {
        for word in IMPURE {
            assert!(!file.code.contains(word), "{} says {word}", file.path);
        }
    }
}

/// A handler cannot reach the store except through a proof.
#[test]
fn no_handler_gets_a_bare_store() {
    for file in sources("src").iter().filter(|file| file.room() != "store") {
        for word in ["Data<Store>", "web::Data<Store>", "Data::new(store"] {
            assert!(!file.code.contains(word), "{} hands out a bare store", file.path);
        }
    }
}

/// The reader of use-trees reads what people write, so that the rules above can fail.
#[test]
fn use_trees_are_read_whole() {
    let code = "use crate::{\n    a::{b, c::d},\n    e,\n};\nlet x = crate::f::g(); use othercrate::no;".to_owned();
    let file = Source { path: "src/x.rs".to_owned(), text: String::new(), code };
    assert_eq!(uses(&file), ["a::b", "a::c::d", "e", "f::g"].map(str::to_owned).into());
    assert!(names_crate("use redis::Client;", "redis") && !names_crate("self.x::redis::y", "redis"));
}

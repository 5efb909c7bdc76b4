//! The documents say what the program does: the tour is typed, every table is compared with the code, every frame is parsed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what must be by failing; clippy.toml allows it only inside of test functions"
)]

mod asyncapi;
mod catalogue;
mod client;
mod decisions;
mod page;
mod rules;
mod scaling;
mod simulation;
mod tour;

use std::{collections::BTreeSet, fs, path::PathBuf};

use clap::{Args, Command};
use family_pairing::{
    config::ServeConfig,
    domain::report::{IssueCode, RejectCode, Standing},
    problem::Code,
    sync::frame::{ClientFrame, Close, FrameFault, Notice, ServerFrame},
    telemetry::{METRICS, Shape},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

use self::page::{Block, blocks, code, column, compare, first_columns, read, root, shows, table};

// ------------------------------------------------------------------------------------------------------- the promises

/// Every promise names tests, and every test that is named is there.
#[test]
fn every_promise_names_tests_that_exist() {
    let rows = table("README.md", "promises");
    assert_eq!(column(&rows, 0), (1..=10).map(|n| n.to_string()).collect::<Vec<_>>());
    for row in &rows {
        names_tests_that_exist(&row[2]);
    }
}

/// At least one, as `file::test`, where a file without a path is one of ours here.
fn names_tests_that_exist(cell: &str) {
    let tests: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    assert!(!tests.is_empty(), "{cell:?} names no test");
    for test in tests {
        let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{test} is not file::test"));
        let path = if file.contains("src/") { file.to_owned() } else { format!("tests/it/{file}") };
        let path = if path.ends_with(".rs") { path } else { format!("{path}.rs") };
        let there = fs::read_to_string(root().join(&path)).unwrap_or_else(|_| panic!("{path} is not there"));
        assert!(there.contains(&format!("fn {name}(")), "{path} has no test {name}");
    }
}

// --------------------------------------------------------------------------------------------------------- the tables

#[test]
fn every_setting_is_in_the_table() {
    let command = ServeConfig::augment_args(Command::new("serve"));
    let settings = command.get_arguments().filter(|argument| !argument.is_hide_set()).map(|argument| {
        let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let default = match (argument.is_required_set(), default.is_empty()) {
            (true, _) => "needed".to_owned(),
            (_, true) => "none".to_owned(),
            _ => code(&default.join(",")),
        };
        let env = argument.get_env().expect("every setting has a name in the environment").to_string_lossy();
        let about = argument.get_help().expect("every setting says what it is").to_string();
        vec![code(&format!("--{}", argument.get_long().expect("a flag"))), code(&env), default, about]
    });
    compare(&table("docs/CONFIGURATION.md", "settings"), &settings.collect::<Vec<_>>());
}

#[test]
fn every_metric_is_in_the_table() {
    let shape = |shape| match shape {
        Shape::Counter => "counter",
        Shape::Gauge => "gauge",
        Shape::Seconds => "histogram, seconds",
    };
    let metrics: Vec<_> = METRICS
        .iter()
        .map(|metric| vec![code(metric.name), shape(metric.shape).to_owned(), metric.about.to_owned()])
        .collect();
    compare(&first_columns(&table("docs/CONFIGURATION.md", "metrics"), 3), &metrics);
}

#[test]
fn every_problem_code_is_in_the_table() {
    let rows = table("docs/CONFIGURATION.md", "problem codes");
    let codes = Code::ALL.iter().map(|each| {
        let about = each.about();
        vec![code(&each.word()), about.status.to_string(), about.title.to_owned(), about.what_to_do.to_owned()]
    });
    compare(&first_columns(&rows, 4), &codes.collect::<Vec<_>>());
    assert!(rows.iter().all(|row| row.len() == 6 && !row[4].is_empty() && !row[5].is_empty()));
}

#[test]
fn every_close_code_is_in_the_table() {
    let all = [
        Close::Protocol,
        Close::Credentials,
        Close::DeviceRevoked,
        Close::Superseded,
        Close::FrameTooBig,
        Close::Slow,
        Close::Rate,
        Close::Overloaded,
        Close::Heartbeat,
        Close::NoHello,
        Close::Drain,
        Close::TokenExpired,
    ];
    // A new code does not compile here until it is in the list above.
    let place = |close: Close| match close {
        Close::Protocol => 0,
        Close::Credentials => 1,
        Close::DeviceRevoked => 2,
        Close::Superseded => 3,
        Close::FrameTooBig => 4,
        Close::Slow => 5,
        Close::Rate => 6,
        Close::Overloaded => 7,
        Close::Heartbeat => 8,
        Close::NoHello => 9,
        Close::Drain => 10,
        Close::TokenExpired => 11,
    };
    assert!(all.iter().enumerate().all(|(at, close)| place(*close) == at));
    let reaction = |number| match number {
        4000..4100 => "stops",
        4100..4200 => "backs off",
        _ => "reconnects now",
    };
    let closes = all
        .iter()
        .map(|close| vec![close.code().to_string(), code(close.reason()), reaction(close.code()).to_owned()])
        .collect::<Vec<_>>();
    compare(&first_columns(&table("docs/PROTOCOL.md", "close codes"), 3), &closes);
}

/// Every limit has the number that the code has, and a test that attacks it. The constants are read as text, for most are of no concern outside.
#[test]
fn every_limit_is_the_one_in_the_code() {
    let files = ["src/sync/limits.rs", "src/sync/frame.rs", "src/domain/report.rs", "src/domain/usage.rs"];
    let source: String = files.iter().map(|file| read(file)).collect();
    let rows = table("docs/PROTOCOL.md", "limits");
    for row in &rows {
        let name = row[2].trim_matches('`');
        let (_, rest) = source.split_once(&format!("pub const {name}: ")).unwrap_or_else(|| panic!("no {name}"));
        let value = rest.split_once(" = ").and_then(|(_, value)| value.split_once(';')).expect("a value").0;
        assert_eq!(number(&row[1]), number(value), "{} is {value}", row[0]);
        names_tests_that_exist(&row[3]);
    }
    let named = column(&rows, 2);
    for line in read("src/sync/limits.rs").lines().filter_map(|line| line.strip_prefix("pub const ")) {
        let name = line.split(':').next().expect("a name");
        assert!(named.contains(&code(name)), "{name} is not in the table");
    }
}

/// The first number of a text: `16` of `16 KiB` and of `16 * 1024`.
fn number(text: &str) -> u32 {
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number in {text}"))
}

#[test]
fn every_word_of_a_device_is_one() {
    words("issue codes", |word: &IssueCode| *word != IssueCode::Other);
    words("reject codes", |word: &RejectCode| *word != RejectCode::Other);
    words("frame faults", |word: &FrameFault| *word != FrameFault::Other);
    words("standings", |_: &Standing| true);
}

fn words<T: DeserializeOwned>(name: &str, known: impl Fn(&T) -> bool) {
    for word in column(&table("docs/PROTOCOL.md", name), 0) {
        let word = word.trim_matches('`').to_owned();
        let read: Result<T, _> = serde_json::from_value(Json::String(word.clone()));
        assert!(read.is_ok_and(|read| known(&read)), "{name}: {word} is not a word of the program");
    }
}

#[test]
fn every_database_table_is_described() {
    let described: BTreeSet<String> = column(&table("docs/ARCHITECTURE.md", "tables"), 0).into_iter().collect();
    let (mut made, mut dropped) = (BTreeSet::new(), BTreeSet::new());
    for migration in fs::read_dir(root().join("migrations")).expect("migrations") {
        let sql = fs::read_to_string(migration.expect("one").path().join("up.sql")).unwrap_or_default();
        let named = |made: &str| {
            sql.split(made).skip(1).filter_map(|rest| rest.split([' ', ';']).next().map(code)).collect::<Vec<_>>()
        };
        made.extend(named("create table "));
        dropped.extend(named("drop table "));
    }
    assert_eq!(described, made.difference(&dropped).cloned().collect());
}

// --------------------------------------------------------------------------------------------------------- the frames

/// Every kind of frame, as a client (>) or the server (<) sends it.
const ALL_KINDS: &str = "> applied, > heartbeat, > hello, > rejected, > usage, < ack, < budget, < drain, < error, < heartbeat, \
    < notice age, < notice age_appeal, < notice change, < notice device, < notice pairing, < notice reply, \
    < notice request, < notice silence, < notice transition, < policy, < welcome";

/// Every frame on the protocol's page is one, with fields that it has, and every kind of frame has an example.
#[test]
fn every_frame_has_an_example_that_parses() {
    let page = read("docs/PROTOCOL.md");
    let mut kinds = BTreeSet::new();
    for Block { kind, text } in blocks(&page) {
        let shown: Json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
        match kind.as_str() {
            "json client" => kinds.insert(client_kind(&parsed(&shown))),
            "json server" => kinds.insert(server_kind(&parsed(&shown))),
            "json" => {
                assert!(shown.get("t").is_none(), "say whether the client or the server sends this:\n{text}");
                let _: family_pairing::domain::snapshot::Payload = serde_json::from_str(&text).expect(&text);
                continue;
            }
            other => panic!("a block of a kind that the test does not know: {other}"),
        };
    }
    assert_eq!(kinds, ALL_KINDS.split(", ").collect());
}

/// Reads a frame and makes sure that nothing in it was ignored.
fn parsed<T: DeserializeOwned + Serialize>(shown: &Json) -> T {
    let frame = serde_json::from_value(shown.clone()).unwrap_or_else(|error| panic!("{error} in\n{shown:#}"));
    let again = serde_json::to_value(&frame).expect("JSON");
    assert!(shows(shown, &again), "the program ignores something in\n{shown:#}\nand reads\n{again:#}");
    frame
}

// Both without a catch-all: a new frame does not compile here until it has a name, and then needs an example.
fn client_kind(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Hello(_) => "> hello",
        ClientFrame::Applied(_) => "> applied",
        ClientFrame::Rejected(_) => "> rejected",
        ClientFrame::Usage(_) => "> usage",
        ClientFrame::Heartbeat(_) => "> heartbeat",
        ClientFrame::Unknown => panic!("a frame that the program does not know"),
    }
}

fn server_kind(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Welcome(_) => "< welcome",
        ServerFrame::Policy(_) => "< policy",
        ServerFrame::Ack { .. } => "< ack",
        ServerFrame::Heartbeat { .. } => "< heartbeat",
        ServerFrame::Budget(_) => "< budget",
        ServerFrame::Notice(Notice::Device(_)) => "< notice device",
        ServerFrame::Notice(Notice::Pairing { .. }) => "< notice pairing",
        ServerFrame::Notice(Notice::Change { .. }) => "< notice change",
        ServerFrame::Notice(Notice::Transition { .. }) => "< notice transition",
        ServerFrame::Notice(Notice::Age { .. }) => "< notice age",
        ServerFrame::Notice(Notice::AgeAppeal { .. }) => "< notice age_appeal",
        ServerFrame::Notice(Notice::Reply { .. }) => "< notice reply",
        ServerFrame::Notice(Notice::Request { .. }) => "< notice request",
        ServerFrame::Notice(Notice::Silence { .. }) => "< notice silence",
        ServerFrame::Drain { .. } => "< drain",
        ServerFrame::Error { .. } => "< error",
        ServerFrame::Notice(Notice::Unknown) | ServerFrame::Unknown => panic!("a frame that the program does not know"),
    }
}

// ---------------------------------------------------------------------------------------------------------- the links

#[test]
fn every_link_leads_somewhere() {
    let pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(str::to_owned).into_iter();
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    let docs = docs.map(|page| format!("docs/{}", page.expect("a page").file_name().to_string_lossy()));
    for page in pages.chain(docs.filter(|page| page.ends_with(".md"))) {
        let text = read(&page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { root().join(&page) } else { folder_of(&page).join(path) };
            let there = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{page}: {target} leads nowhere"));
            let heads: Vec<String> = there.lines().filter(|line| line.starts_with('#')).map(anchor_of).collect();
            assert!(anchor.is_empty() || heads.iter().any(|head| head == anchor), "{page}: {target} leads nowhere");
        }
    }
}

fn folder_of(page: &str) -> PathBuf {
    root().join(page).parent().expect("a folder").to_owned()
}

fn anchor_of(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>().replace(' ', "-")
}

//! The page on scaling shows what `bench plan` reckons.

use std::process::Command;

use super::page::{compare, table, write_table};
use crate::house::process::PROGRAM;

#[test]
fn the_sums_are_those_of_the_program() {
    let output = Command::new(PROGRAM).args(["bench", "plan"]).env_clear().output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("text");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = said.lines().skip(2).map(cells).collect();
    assert_eq!(rows.len(), 14, "{said}");
    if std::env::var_os("WRITE_DOCS").is_some() {
        write_table("docs/SCALING.md", "plan", &rows);
    }
    compare(&table("docs/SCALING.md", "plan"), &rows);
}

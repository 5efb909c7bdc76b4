//! The README's tour, typed into bash against a house.

use std::{fs, path::PathBuf, process::Stdio, time::Duration};

use serde_json::Value as Json;

use super::page::{Block, blocks, like, read, section, shows};
use crate::house::{House, process::PROGRAM};

/// What the README shows is what a newcomer gets: its commands are typed into bash, its answers are compared.
#[tokio::test(flavor = "multi_thread")]
async fn the_tour_does_what_it_says() {
    let house = House::new().await;
    let readme = read("README.md");
    let tour = section(&readme, "## A tour");
    let steps: Vec<Step> = steps(&blocks(tour));
    assert!(steps.len() > 10, "the tour has its steps");
    let said = type_into_bash(&steps, house.url()).await;
    for (number, (step, said)) in steps.iter().zip(&said).enumerate() {
        let told = format!("step {number} of the tour:\n{}\nsaid:\n{said}", step.commands);
        match &step.shown {
            Some(Shown::Json(shown)) => {
                let said = serde_json::from_str(said).unwrap_or_else(|error| panic!("{error} in {told}"));
                assert!(shows(shown, &said), "not as shown:\n{shown:#}\n{told}");
            }
            Some(Shown::Lines(lines)) => {
                let mut said = said.lines();
                for line in lines {
                    assert!(said.any(|said| like(line, said)), "the line is missing: {line}\n{told}");
                }
            }
            None => assert_eq!(said.trim(), "", "says something that is not shown: {told}"),
        }
    }
}

struct Step {
    commands: String,
    shown: Option<Shown>,
}

enum Shown {
    Json(Json),
    Lines(Vec<String>),
}

fn steps(blocks: &[Block]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for Block { kind, text } in blocks {
        match kind.as_str() {
            "sh" => steps.push(Step { commands: text.clone(), shown: None }),
            "json" => last(&mut steps).shown = Some(Shown::Json(serde_json::from_str(text).expect(text))),
            "text" => last(&mut steps).shown = Some(Shown::Lines(text.lines().map(str::to_owned).collect())),
            "console" => {}
            other => panic!("a block of a kind that the test does not know: {other}"),
        }
    }
    steps
}

fn last(steps: &mut [Step]) -> &mut Step {
    steps.last_mut().expect("commands before an answer")
}

/// Runs all commands in one shell, as a person would, and takes apart what each step said.
async fn type_into_bash(steps: &[Step], url: &str) -> Vec<String> {
    const NEXT: &str = "\u{1e}";
    let curl = tokio::process::Command::new("curl").arg("--version").stdout(Stdio::null()).status().await;
    assert!(curl.is_ok_and(|status| status.success()), "the tour needs curl, which is not installed here");
    let script: String = steps.iter().map(|step| format!("{}\nprintf '{NEXT}'\n", step.commands)).collect();
    let home = std::env::temp_dir().join(format!("tour-{}", uuid::Uuid::now_v7()));
    fs::create_dir(&home).expect("a folder");
    let programs = PathBuf::from(PROGRAM).parent().expect("a folder").to_owned();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a PATH"));
    let bash = tokio::process::Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .env_clear()
        .envs([("PATH", path.as_str()), ("BASE_URL", url), ("LANG", "C.UTF-8")])
        .envs([("HOME", &home), ("TMPDIR", &home)])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let done = tokio::time::timeout(Duration::from_secs(60), bash).await.expect("the tour ends in time").expect("bash");
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let _ = fs::remove_dir_all(&home);
    assert!(done.status.success(), "the tour ended with {}\n{errors}\nafter saying\n{said}", done.status);
    said.split(NEXT).map(str::to_owned).collect()
}

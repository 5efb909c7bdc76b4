//! The commands of `rules/README.md`, typed into bash on a new installation.

use std::{fs, path::PathBuf, process::Command};

use super::page::{blocks, read};
use crate::house::{House, admin::text, process::PROGRAM};

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_rules_page_work_as_printed() {
    let house = House::empty(&[]).await;
    let commands: Vec<String> = blocks(&read("rules/README.md")).into_iter().map(|block| block.text).collect();
    assert_eq!(commands.len(), 3, "the page has its blocks");
    let line = house.command_line(&[]);
    let of = |flag: &str| line.iter().skip_while(|word| *word != flag).nth(1).expect("a flag").clone();
    let home = std::env::temp_dir().join(format!("rules-page-{}", uuid::Uuid::now_v7()));
    fs::create_dir(&home).expect("a folder");
    let programs = PathBuf::from(PROGRAM).parent().expect("a folder").to_owned();
    let done = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &commands.join("\n")])
        .current_dir(&home)
        .env_clear()
        .env("PATH", format!("{}:{}", programs.display(), std::env::var("PATH").expect("a PATH")))
        .env("DATABASE_URL", of("--database-url"))
        .env("FAMILY_PAIRING_SECRET_FILE", of("--secret-file"))
        .output()
        .expect("it runs");
    fs::remove_dir_all(&home).expect("removed");
    let said = text(&done.stdout);
    assert!(done.status.success(), "{said}\n{}", text(&done.stderr));
    for words in
        ["Proposed version 2, against version 1.", "Version 2 holds.", "us-ca-sb976.feed-minutes, in version 2"]
    {
        assert!(said.contains(words), "{words} is missing in\n{said}");
    }
    assert_eq!(house.database.count("select rules_version from installation", &[]).await, 2);
}

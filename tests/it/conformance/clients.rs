//! Clients as shell scripts, right and wrong ones, and the oracle's Python.

use std::{fs, path::PathBuf, process::Command};

use crate::house::process::PROGRAM;

/// A client in a file; removed when dropped.
pub struct Script(PathBuf);

impl Script {
    /// One that runs this.
    pub fn of(text: &str) -> Self {
        let file = std::env::temp_dir().join(format!("client-{}.sh", uuid::Uuid::now_v7()));
        fs::write(&file, text).expect("a script");
        Self(file)
    }

    /// This program as a client, with its answers changed on the way.
    pub fn piping(change: &str) -> Self {
        Self::of(&format!("{PROGRAM} conformance client | sed -u '{change}'"))
    }

    /// How to start it.
    pub fn command(&self) -> String {
        format!("sh {}", self.0.display())
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // A file that is gone already is gone.
        let _ = fs::remove_file(&self.0);
    }
}

/// The Python that runs the oracle, with time zones. Without one the tests fail: a check that nobody made proves nothing.
pub fn python() -> &'static str {
    let probe = "import tomllib, zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')";
    let done = Command::new("python3").args(["-c", probe]).output();
    let able = done.is_ok_and(|done| done.status.success());
    assert!(able, "python3 of version 3.11 or newer and the system's time zones are needed here: run bin/setup");
    "python3"
}

//! Clients as shell scripts, right and wrong ones, and the oracle's Python where there is one.

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

/// A Python that can run the oracle, with time zones; none on a bare machine, which is said.
pub fn python() -> Option<&'static str> {
    let probe = "import tomllib, zoneinfo; zoneinfo.ZoneInfo('Europe/Berlin')";
    let able = Command::new("python3").args(["-c", probe]).output().is_ok_and(|done| done.status.success());
    if !able {
        eprintln!("SKIPPED: there is no Python 3.11 with time zones here, so the oracle was not asked.");
    }
    able.then_some("python3")
}

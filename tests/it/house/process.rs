//! The program itself as a child process: for what must survive kill -9.

use std::{process::Stdio, time::Duration};

use serde_json::Value as Json;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use super::House;

/// The built program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_family-pairing");

/// A serving process. Killed when dropped.
pub struct ServerProcess {
    pub url: String,
    pub child: Child,
}

impl House {
    /// Starts the program on this house's database and waits until it serves.
    pub async fn process(&self, more: &[&str]) -> ServerProcess {
        self.process_that_dies("", more).await
    }

    /// The same with places where it is to die (`failpoint`).
    pub async fn process_that_dies(&self, at: &str, more: &[&str]) -> ServerProcess {
        let mut child = Command::new(PROGRAM)
            .arg("serve")
            .args(self.command_line(more))
            .env_clear()
            .env("FAILPOINTS", at)
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let address = timeout(Duration::from_secs(20), async {
            while let Some(line) = lines.next_line().await.expect("its log") {
                let said: Json = serde_json::from_str(&line).unwrap_or_default();
                match said["address"].as_str() {
                    Some(address) if said["message"] == "serving" => return Some(address.to_owned()),
                    _ if !line.starts_with('{') => eprintln!("server: {line}"),
                    _ => {}
                }
            }
            None
        });
        let address = address.await.expect("it serves in time").expect("it serves");
        // Read on, or the pipe fills up and the server stalls on its log.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        ServerProcess { url: format!("http://{address}"), child }
    }
}

impl ServerProcess {
    /// kill -9, and waits until it is gone.
    pub async fn kill(&mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// SIGSTOP: it stands still until it goes on.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().expect("it runs").to_string();
        let told = std::process::Command::new("kill").args([signal, &pid]).status().expect("kill runs");
        assert!(told.success());
    }
}

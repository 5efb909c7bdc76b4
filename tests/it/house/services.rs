//! The services that `bin/test` started, and private ones for tests that stop or freeze them.

use std::{env, path::PathBuf, process::Command};

fn variable(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run the tests with bin/test, which starts what they need"))
}

/// A superuser's URL of the shared Postgres.
pub fn postgres_admin() -> String {
    variable("TEST_DATABASE_URL")
}

/// The shared Redis.
pub fn redis_url() -> String {
    variable("TEST_REDIS_URL")
}

/// A service of this test alone, which it may stop, freeze or kill. Destroyed when dropped.
pub struct PrivateService {
    kind: &'static str,
    folder: PathBuf,
}

impl PrivateService {
    /// Makes and starts a Postgres.
    pub fn postgres() -> Self {
        Self::new("postgres")
    }

    /// Makes and starts a Redis.
    pub fn redis() -> Self {
        Self::new("redis")
    }

    fn new(kind: &'static str) -> Self {
        let folder = PathBuf::from(variable("TEST_SERVICES_FOLDER")).join(format!("{kind}-{}", uuid::Uuid::now_v7()));
        let service = Self { kind, folder };
        service.run("create");
        service
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.run("url")
    }

    /// `start`, `stop`, `restart`, `kill`, `freeze` or `thaw`.
    pub fn run(&self, verb: &str) -> String {
        let output = Command::new(variable("TEST_SERVICE"))
            .args([self.kind, verb])
            .arg(&self.folder)
            .output()
            .expect("the service script runs");
        assert!(output.status.success(), "{} {verb}: {}", self.kind, String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

impl Drop for PrivateService {
    fn drop(&mut self) {
        let _ = Command::new(variable("TEST_SERVICE")).args([self.kind, "destroy"]).arg(&self.folder).output();
    }
}

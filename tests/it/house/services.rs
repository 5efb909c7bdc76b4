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
        Self::made(kind, services_folder().join(format!("{kind}-{}", uuid::Uuid::now_v7())), "create")
    }

    fn made(kind: &'static str, folder: PathBuf, verb: &str) -> Self {
        let service = Self { kind, folder };
        service.run(verb);
        service
    }

    /// A Postgres that follows this one until it is promoted.
    pub fn follower(&self) -> Self {
        let folder = services_folder().join(format!("follower-{}", uuid::Uuid::now_v7()));
        let follower = Self { kind: self.kind, folder };
        follower.run_with("follow", Some(&self.folder));
        follower
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.run("url")
    }

    /// `start`, `stop`, `restart`, `kill`, `freeze` or `thaw`.
    pub fn run(&self, verb: &str) -> String {
        self.run_with(verb, None)
    }

    fn run_with(&self, verb: &str, other: Option<&PathBuf>) -> String {
        let output = Command::new(variable("TEST_SERVICE"))
            .args([self.kind, verb])
            .arg(&self.folder)
            .args(other)
            .output()
            .expect("the service script runs");
        assert!(output.status.success(), "{} {verb}: {}", self.kind, String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

/// Three Redis servers that are one cluster. Destroyed when dropped.
pub struct RedisCluster {
    pub members: Vec<PrivateService>,
    folder: PathBuf,
}

impl RedisCluster {
    /// Makes, starts and joins them; every slot has an owner when it returns.
    pub async fn start() -> Self {
        let folder = services_folder().join(format!("cluster-{}", uuid::Uuid::now_v7()));
        let member = |n: u32| PrivateService::made("redis", folder.join(n.to_string()), "create-member");
        let members: Vec<PrivateService> = tokio::task::block_in_place(|| (1..=3).map(member).collect());
        let cluster = Self { members, folder };
        let (mut lines, slots) = (vec![], [(0, 5460), (5461, 10922), (10923, 16383)]);
        for (member, (from, to)) in cluster.members.iter().zip(slots) {
            let client = redis::Client::open(member.url()).expect("a client");
            let mut line = client.get_multiplexed_async_connection().await.expect("a member");
            say(&mut line, &format!("CLUSTER ADDSLOTSRANGE {from} {to}")).await;
            lines.push(line);
        }
        let (first, others) = lines.split_first_mut().expect("three");
        for member in &cluster.members[1..] {
            let bus = std::fs::read_to_string(member.folder.join("bus-port")).expect("its bus");
            say(first, &format!("CLUSTER MEET 127.0.0.1 {} {}", port(&member.url()), bus.trim())).await;
        }
        for line in std::iter::once(first).chain(others) {
            while !whole(&say(line, "CLUSTER INFO").await) {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        cluster
    }

    /// What a server is told: all of them.
    pub fn url(&self) -> String {
        let [first, others @ ..] = self.members.as_slice() else { panic!("no members") };
        let others: String = others.iter().map(|member| format!(",127.0.0.1:{}", port(&member.url()))).collect();
        format!("{}{others}/", first.url().trim_end_matches('/'))
    }
}

fn whole(info: &str) -> bool {
    ["cluster_state:ok", "cluster_slots_assigned:16384", "cluster_known_nodes:3"].iter().all(|word| info.contains(word))
}

fn port(url: &str) -> &str {
    url.trim_end_matches('/').rsplit(':').next().expect("a port")
}

async fn say(line: &mut redis::aio::MultiplexedConnection, words: &str) -> String {
    let mut words = words.split(' ');
    let mut command = redis::cmd(words.next().expect("a word"));
    words.for_each(|word| {
        command.arg(word);
    });
    command.query_async(line).await.expect("an answer")
}

fn services_folder() -> PathBuf {
    PathBuf::from(variable("TEST_SERVICES_FOLDER"))
}

impl Drop for RedisCluster {
    fn drop(&mut self) {
        self.members.clear();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Drop for PrivateService {
    fn drop(&mut self) {
        let _ = Command::new(variable("TEST_SERVICE")).args([self.kind, "destroy"]).arg(&self.folder).output();
    }
}

//! What operators and readers see: alive, ready, documented, offline.

use std::time::Duration;

use serde_json::json;

use super::assert_problem;
use crate::house::{
    House,
    database::connect,
    raw::{self, Raw},
    services::{PrivateService, postgres_admin},
    until,
};

async fn get(house: &House, path: &str) -> Raw {
    raw::send("GET", &format!("{}{path}", house.url()), None, &[], None).await
}

/// Promise 5: without Redis a node is degraded and still ready; when it comes back, so does the word.
#[tokio::test(flavor = "multi_thread")]
async fn without_redis_a_node_is_degraded_and_ready() {
    let redis = PrivateService::redis();
    let house = House::with(&["--redis-url", &redis.url()]).await;
    let ready = get(&house, "/readyz").await;
    assert_eq!((ready.status, &ready.body), (200, &json!({"status": "ready", "postgres": "up", "redis": "up"})));
    redis.run("kill");
    let says = async |word: &str| get(&house, "/readyz").await.body["redis"] == word;
    until(Duration::from_secs(5), "it says that Redis is down", || says("down")).await;
    let degraded = get(&house, "/readyz").await;
    assert_eq!((degraded.status, &degraded.body["status"]), (200, &json!("degraded")));
    house.guardian("dana").await;
    redis.run("start");
    until(Duration::from_secs(10), "it says that Redis is back", || says("up")).await;
}

/// A node that never had Redis is ready: that is a way to run it.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_node_needs_no_redis() {
    let house = House::with(&["--redis-url", "none"]).await;
    let ready = get(&house, "/readyz").await;
    assert_eq!((ready.status, &ready.body["status"], &ready.body["redis"]), (200, &json!("ready"), &json!("none")));
}

/// Without Postgres a node is alive and not ready: no traffic, but no restart either. It recovers by itself.
#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_a_node_is_alive_and_not_ready() {
    let house = House::with(&["--database-wait-ms", "500"]).await;
    let dana = house.guardian("dana").await;
    let admin = connect(&postgres_admin()).await;
    let name = &house.database.name;
    let close = format!("alter database {name} allow_connections false");
    admin.batch_execute(&close).await.expect("closed");
    let cut = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    admin.batch_execute(&cut).await.expect("cut off");
    until(Duration::from_secs(5), "it is not ready", async || get(&house, "/readyz").await.status == 503).await;
    let refused = get(&house, "/readyz").await;
    assert_eq!(refused.code(), "unavailable");
    assert_problem(&refused);
    assert_eq!(get(&house, "/healthz").await.status, 200);
    let account = raw::send("GET", &format!("{}/v1/account", house.url()), Some(&dana.access), &[], None).await;
    assert_eq!((account.status, account.code()), (503, "unavailable"), "an outage is no 401 and no 500");
    assert!(!account.header("retry-after").is_empty());
    admin.batch_execute(&format!("alter database {name} allow_connections true")).await.expect("open");
    until(Duration::from_secs(5), "it is ready again", async || get(&house, "/readyz").await.status == 200).await;
}

/// The documentation works without the internet: nothing in its pages is loaded from elsewhere, and its policy lets
/// its own scripts run and no others.
#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_works_offline() {
    let house = House::new().await;
    // The bare path leads there.
    let page = get(&house, "/docs").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("script-src 'self'") && policy.contains("connect-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{policy}");
    assert!(!page.text.contains("<script>"), "inline scripts would not run");
    let mut loaded = 0;
    for part in page.text.split(['"', '\'']).filter(|part| part.ends_with(".js") || part.ends_with(".css")) {
        assert!(!part.contains("//"), "{part} comes from elsewhere");
        let answer = get(&house, &format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!(answer.status, 200, "{part}");
        loaded += 1;
    }
    assert!(loaded >= 3, "scripts and styles were found in {}", page.text);
    let start = get(&house, "/docs/swagger-initializer.js").await;
    assert!(start.text.contains("/openapi.json") && !start.text.contains("https://"), "{}", start.text);
}

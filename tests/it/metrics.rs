//! The metrics: readable by Prometheus, named in the table, and bounded whatever clients send.

use std::collections::BTreeSet;

use family_pairing::telemetry::METRICS;

use crate::house::{House, raw};

async fn scrape(house: &House) -> String {
    let answer = raw::send("GET", &format!("{}/metrics", house.url()), None, &[], None).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; version=0.0.4"));
    answer.text
}

/// The name of a sample's metric, without what histograms add.
fn base(name: &str) -> &str {
    let plain = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
    plain.filter(|plain| METRICS.iter().any(|metric| metric.name == *plain)).unwrap_or(name)
}

/// Every line is a comment or a sample with a number, and every sample is of a metric in the table.
#[tokio::test(flavor = "multi_thread")]
async fn every_line_can_be_read_and_is_in_the_table() {
    let house = House::new().await;
    let family = house.family().await;
    family.phone.connects(&house).await.policy().await;
    let text = scrape(&house).await;
    let mut seen = BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (sample, value) = line.rsplit_once(' ').expect(line);
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = base(sample.split('{').next().expect("a name"));
        assert!(METRICS.iter().any(|metric| metric.name == name), "{name} is in no table");
        seen.insert(name.to_owned());
    }
    for name in ["family_pairing_http_requests_total", "family_pairing_sockets", "family_pairing_database_connections"]
    {
        assert!(seen.contains(name), "{name} is missing");
    }
}

/// Nothing that a client chooses becomes a label: not a path, not a method, not a query. No ids, no names either.
#[tokio::test(flavor = "multi_thread")]
async fn clients_cannot_make_labels() {
    let house = House::new().await;
    let family = house.family().await;
    family.guardian.etag(family.teen.id).await;
    for number in 0..5 {
        for (method, path) in [
            ("GET", format!("/canary-{number}")),
            ("GET", format!("/v1/keys?canary={number}")),
            ("GET", format!("/v1/guardian/teens/canary-{number}")),
            ("GET", format!("/docs/canary-{number}")),
        ] {
            raw::send(method, &format!("{}{path}", house.url()), None, &[], None).await;
        }
        raw::send(&format!("CANARY{number}"), &format!("{}/v1/keys", house.url()), None, &[], None).await;
    }
    let text = scrape(&house).await;
    for line in text.lines() {
        assert!(!line.to_lowercase().contains("canary"), "{line}");
    }
    for secret in [family.teen.id.to_string(), family.guardian.id.to_string(), family.phone.id.to_string()] {
        assert!(!text.contains(&secret), "an id is in the metrics");
    }
    assert!(text.contains("route=\"/v1/guardian/teens/{teen_id}/settings\""), "routes are patterns");
}

//! Bodies that were made to break a reader: all of them refused, none of them repeated, none of them a 500.

use crate::{
    edges::assert_problem,
    house::{
        House,
        people::{Family, settings},
        raw::Raw,
    },
};

/// Sends bytes as they are.
async fn send_bytes(house: &House, family: &Family, body: Vec<u8>) -> Raw {
    let answer = reqwest::Client::new()
        .patch(format!("{}{}", house.url(), settings(family.teen.id)))
        .bearer_auth(&family.guardian.access)
        .header("content-type", "application/json")
        .header("if-match", "\"1.1\"")
        .body(body)
        .send()
        .await
        .expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.expect("a body");
    Raw { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
}

/// Deep, doubled, huge, cut off, not UTF-8, not JSON, not an object.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_json_is_refused() {
    let house = House::new().await;
    let family = house.family().await;
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let texts = [
        format!("{{\"settings\": {}}}", deep("[", "]")),
        format!("{{\"settings\": {{\"canary.x\": {}}}}}", deep("[", "]")),
        deep("[", "]"),
        "[".repeat(30_000),
        "{\"settings\":".repeat(2_000),
        format!("{{\"settings\": {{\"time.daily_minutes\": {}}}}}", "9".repeat(10_000)),
        "{\"settings\": {\"time.daily_minutes\": 1e999999}}".to_owned(),
        "{\"settings\": {\"time.daily_minutes\": -0.0001}}".to_owned(),
        "{\"settings\": {\"time.daily_minutes\": NaN}}".to_owned(),
        "{\"settings\": {\"time.daily_minutes\": 0x10}}".to_owned(),
        "{\"settings\": {\"a\\u0000b\": 1}}".to_owned(),
        "{\"settings\": {}, \"reason\": \"a\\u0000b\"}".to_owned(),
        "{\"settings\": {}, \"reason\": \"\\ud800\"}".to_owned(),
        "{\"settings\": {}, \"canary\": 1}".to_owned(),
        "{\"settings\": {}, \"__proto__\": {\"admin\": true}}".to_owned(),
        "{\"settings\": []}".to_owned(),
        "{\"settings\": \"canary\"}".to_owned(),
        "{\"settings\": null}".to_owned(),
        "{\"settings\": {}} {}".to_owned(),
        "{\"settings\": {}".to_owned(),
        "{'settings': {}}".to_owned(),
        "\u{feff}{\"settings\": {}}".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "[]".to_owned(),
        "\"canary\"".to_owned(),
        "<settings>canary</settings>".to_owned(),
        "settings=canary".to_owned(),
        " ".repeat(1000),
    ];
    let mut bodies: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    bodies.push(b"{\"settings\": {}, \"reason\": \"\xff\xfe\"}".to_vec());
    bodies.push(b"{\"settings\": {}, \"reason\": \"\xc0\x80\"}".to_vec());
    bodies.push(vec![0; 1000]);
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = send_bytes(&house, &family, body).await;
        assert!((400..500).contains(&answer.status), "{shown}: {} {}", answer.status, answer.text);
        assert_problem(&answer);
        assert!(!answer.text.contains("canary"), "{shown} is repeated: {}", answer.text);
    }
    assert_eq!(house.database.count("select revision from teens", &[]).await, 1);
}

/// Exactly the limit is read, one byte more is not.
#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_body_is_exact() {
    let house = House::new().await;
    let family = house.family().await;
    for (size, status) in [(32 * 1024, 200), (32 * 1024 + 1, 413)] {
        let mut body = b"{\"settings\": {}}".to_vec();
        body.resize(size, b' ');
        assert_eq!(send_bytes(&house, &family, body).await.status, status, "{size} bytes");
    }
}

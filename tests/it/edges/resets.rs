//! Clients that vanish: no half change, and nothing that they held stays taken.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use super::tcp::sends;
use crate::house::{
    House,
    people::{Family, settings},
    raw, until,
};

/// Sends this and resets the connection a moment later, as a phone does that loses its network.
async fn sends_and_resets(house: &House, bytes: &[u8], moment: Duration) {
    let stream: TcpStream = sends(house, bytes).await;
    tokio::time::sleep(moment).await;
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a socket option");
    drop(stream);
}

fn request(family: &Family, etag: &str, minutes: i64) -> (String, String) {
    let body = json!({"settings": {"time.daily_minutes": minutes, "search.enabled": minutes % 2 == 0}}).to_string();
    let head = format!(
        "PATCH {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIf-Match: {etag}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        settings(family.teen.id),
        family.guardian.access,
        body.len(),
    );
    (head, body)
}

/// Database connections that are open and not in use, and all that are open.
async fn connections(house: &House) -> (f64, f64) {
    let text = raw::send("GET", &format!("{}/metrics", house.url()), None, &[], None).await.text;
    let value = |state: &str| {
        let name = format!("family_pairing_database_connections{{state=\"{state}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).expect("a gauge")
    };
    (value("idle"), value("open"))
}

/// Forty clients reset in the middle of a change: each change is whole or not there, and every database connection comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_in_the_middle_leaves_no_half_change() {
    let house = House::with(&["--database-connections", "4"]).await;
    let family = house.family().await;
    for minutes in 0..40 {
        let etag = family.guardian.etag(family.teen.id).await;
        let (head, body) = request(&family, &etag, minutes);
        // Half of them vanish before they have said everything.
        let said = if minutes % 2 == 0 { format!("{head}{body}") } else { format!("{head}{}", &body[..20]) };
        // From before the server has read it to after it has answered.
        let moment = Duration::from_micros(250 * u64::try_from(minutes).expect("small"));
        sends_and_resets(&house, said.as_bytes(), moment).await;
    }
    until(Duration::from_secs(5), "every connection is idle again", async || {
        let (idle, open) = connections(&house).await;
        idle >= open
    })
    .await;
    let whole = "select count(*) from policy_revisions r where not exists
        (select 1 from policy_revisions p where p.teen_id = r.teen_id and p.revision = r.revision - 1) and revision > 1";
    assert_eq!(house.database.count(whole, &[]).await, 0, "revisions have no gap");
    let newest = "select count(*) from teens t where revision <> (select max(revision) from policy_revisions where teen_id = account_id)";
    assert_eq!(house.database.count(newest, &[]).await, 0, "the teen's row and the newest revision agree");
    let made = house.database.count("select count(*) from policy_revisions where kind = 'guardian'", &[]).await;
    let audited = house
        .database
        .count("select count(*) from audit where action like 'policy%' or action like 'settings%'", &[])
        .await;
    assert!((1..=20).contains(&made), "some were made, none of those that were cut off: {made}");
    assert_eq!(made, audited, "a change and its audit row come together");
    let now: serde_json::Value = family.guardian.api.get(&settings(family.teen.id)).await.expect("settings").body;
    if let Some(minutes) = now["settings"]["time.daily_minutes"].as_i64() {
        assert_eq!(minutes % 2, 0, "nothing of a body that was cut off");
        assert_eq!(now["settings"]["search.enabled"], true, "both halves of a change or none");
    }
    family.guardian.sets(family.teen.id, json!({"time.daily_minutes": 77})).await;
}

//! A browser's way to a socket: a ticket in the second subprotocol, from an allowed page, once, within thirty seconds.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::{
    house::{House, people::Person, raw},
    rough::{PROTOCOL, Refused, Rough, upgrade, upgrade_at},
};

type Headers<'a> = Vec<(&'static str, &'a str)>;

const PAGE: &str = "https://families.example";

async fn ticket(person: &Person) -> String {
    let answer: Json = person.api.post("/v1/sync-tickets", &json!({})).await.expect("a ticket");
    answer["ticket"].as_str().expect("a ticket").to_owned()
}

async fn with_ticket(house: &House, ticket: &str, origin: Option<&str>) -> Result<Rough, Refused> {
    let offered = format!("{PROTOCOL}, ticket.{ticket}");
    let mut headers = vec![("sec-websocket-protocol", offered.as_str())];
    headers.extend(origin.map(|origin| ("origin", origin)));
    upgrade(house.url(), &headers).await
}

async fn house() -> House {
    House::with(&["--origins", PAGE, "--public-url", "https://api.example:8443/base"]).await
}

/// Allowed is the exact origin of a listed page or of the public URL, and nothing that looks like it.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_counts_from_an_allowed_page_only() {
    let house = house().await;
    let family = house.family().await;
    for allowed in [PAGE, "https://api.example:8443"] {
        let mut socket = with_ticket(&house, &ticket(&family.guardian).await, Some(allowed)).await.expect(allowed);
        socket.says(json!({"t": "hello", "protocol": 1})).await;
        assert_eq!(socket.hears().await["t"], "welcome");
    }
    for foreign in [
        None,
        Some("null"),
        Some(""),
        Some("https://evil.example"),
        Some("http://families.example"),
        Some("https://families.example:444"),
        Some("https://families.example/"),
        Some("https://families.example.evil.example"),
        Some("https://sub.families.example"),
        Some("https://FAMILIES.example"),
        Some("https://api.example"),
    ] {
        let shown = ticket(&family.guardian).await;
        let refusal = with_ticket(&house, &shown, foreign).await.err().expect("no socket");
        assert_eq!(
            (refusal.status, refusal.body.contains("origin_refused")),
            (403, true),
            "{foreign:?}: {}",
            refusal.body
        );
        // A page that was refused did not use it up.
        assert!(with_ticket(&house, &shown, Some(PAGE)).await.is_ok());
    }
}

/// Once, within thirty seconds, while its session lives; a device's ticket is good for that device.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_works_once_and_soon() {
    let house = house().await;
    let family = house.family().await;
    let shown = ticket(&family.guardian).await;
    let _socket = with_ticket(&house, &shown, Some(PAGE)).await.expect("the first time");
    let dead = |refusal: Result<Rough, Refused>| refusal.err().expect("no socket").status;
    assert_eq!(dead(with_ticket(&house, &shown, Some(PAGE)).await), 401, "used");
    let late = ticket(&family.guardian).await;
    house.pass(Duration::from_secs(31));
    assert_eq!(dead(with_ticket(&house, &late, Some(PAGE)).await), 401, "late");
    let of_device: Json = family.phone.api.post("/v1/sync-tickets", &json!({})).await.expect("a ticket");
    let mut phone =
        with_ticket(&house, of_device["ticket"].as_str().expect("one"), Some(PAGE)).await.expect("a socket");
    phone.says(json!({"t": "hello", "protocol": 1})).await;
    assert_eq!(phone.hears().await["resume"], "snapshot");
    let orphan = ticket(&family.guardian).await;
    family.guardian.api.delete("/v1/sessions/current").await.expect("signed out");
    assert_eq!(dead(with_ticket(&house, &orphan, Some(PAGE)).await), 401, "signed out");
    for nonsense in ["", "x", "fpt_", &family.guardian.access, &family.phone.token] {
        assert_eq!(dead(with_ticket(&house, nonsense, Some(PAGE)).await), 401, "{nonsense}");
    }
    // A teen's own session has no socket: devices have.
    let teens =
        raw::send("POST", &format!("{}/v1/sync-tickets", house.url()), Some(&family.teen.access), &[], Some(json!({})))
            .await;
    assert_eq!((teens.status, teens.code()), (403, "wrong_role"));
}

/// Twenty at once show the same ticket: one gets in.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_shown_by_many_lets_one_in() {
    let house = house().await;
    let family = house.family().await;
    let shown = ticket(&family.guardian).await;
    let tries = (0..20).map(|_| with_ticket(&house, &shown, Some(PAGE)));
    let outcomes = futures_util::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(|refusal| refusal.status == 401));
}

/// Native clients show a bearer token and come from no page; nothing in the URL is looked at; the subprotocol is needed.
#[tokio::test(flavor = "multi_thread")]
async fn other_ways_in_are_closed() {
    let house = house().await;
    let family = house.family().await;
    let bearer = format!("Bearer {}", family.phone.token);
    let both = format!("{PROTOCOL}, ticket.{}", ticket(&family.guardian).await);
    let protocol = ("sec-websocket-protocol", PROTOCOL);
    let cases: [(&str, Headers<'_>, u16); 6] = [
        ("bearer and an allowed origin", vec![("authorization", &bearer), ("origin", PAGE), protocol], 403),
        (
            "bearer and a foreign origin",
            vec![("authorization", &bearer), ("origin", "https://evil.example"), protocol],
            403,
        ),
        ("bearer and ticket", vec![("authorization", &bearer), ("sec-websocket-protocol", &both)], 400),
        ("no subprotocol", vec![("authorization", &bearer)], 400),
        ("another subprotocol", vec![("authorization", &bearer), ("sec-websocket-protocol", "family-pairing.v2")], 400),
        ("only a ticket", vec![("origin", PAGE), ("sec-websocket-protocol", "ticket.x")], 400),
    ];
    for (case, headers, status) in cases {
        let refusal = upgrade(house.url(), &headers).await.err().expect(case);
        assert_eq!(refusal.status, status, "{case}: {}", refusal.body);
    }
    for query in ["ticket", "access_token", "token"] {
        let path = format!("/v1/sync?{query}={}", ticket(&family.guardian).await);
        let refusal = upgrade_at(house.url(), &path, &[("origin", PAGE), protocol]).await.err().expect("no socket");
        assert_eq!(refusal.status, 401, "{path}");
    }
    let plain = raw::send("GET", &format!("{}/v1/sync", house.url()), Some(&family.phone.token), &[], None).await;
    assert_eq!((plain.status, plain.code()), (426, "upgrade_required"));
}

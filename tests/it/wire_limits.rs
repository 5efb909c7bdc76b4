//! The limits of the wire: what a client may cost this server, whatever it sends or does not read.

use std::time::Duration;

use family_pairing::sync::frame::{HEARTBEAT_SECONDS, MOST_IN};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    house::{House, line::Line, raw, until, wire::PATIENCE},
    rough::{self, close_code, frame, text_frame, upgrade},
};

const HELLO: &str = r#"{"t":"hello","protocol":1}"#;

/// Resident memory of a process, in bytes.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("a number") * 1024
}

/// Sends bytes until the server takes no more of them, at most so many.
async fn streams(line: &mut TcpStream, most: usize) -> usize {
    let block = vec![0; 64 * 1024];
    let mut sent = 0;
    while sent < most {
        match timeout(Duration::from_secs(1), line.write(&block)).await {
            Ok(Ok(bytes)) if bytes > 0 => sent += bytes,
            _ => return sent,
        }
    }
    sent
}

/// A frame that declares a terabyte is stopped at its header, data or control, and costs no memory however much follows.
#[tokio::test(flavor = "multi_thread")]
async fn an_oversize_frame_is_stopped_at_its_header_and_costs_nothing() {
    let house = House::empty(&["--workers", "1"]).await;
    let server = house.process(&[]).await;
    let (phone, pid) = (people(&house, &server.url).await, server.child.id().expect("it runs"));
    // What the allocator keeps of ordinary work is there before the count begins.
    for _ in 0..3 {
        rough::welcomed(&server.url, &phone).await;
    }
    let cases = [
        ("text", frame(0x81, 1 << 40, b"{"), 4006),
        ("binary", frame(0x82, 1 << 40, b"{"), 4006),
        ("a little over", frame(0x81, u64::try_from(MOST_IN).expect("small") + 1, b"{"), 4006),
        ("a ping", frame(0x89, 1 << 40, b"x"), 4001),
        ("a pong", frame(0x8a, 1 << 40, b"x"), 4001),
        ("a close", frame(0x88, 1 << 40, b"x"), 4001),
        ("a ping a little over", frame(0x89, 126, b"x"), 4001),
    ];
    for (case, bytes, code) in cases {
        let before = memory(pid);
        let mut line = rough::bare(&server.url, &phone).await;
        line.write_all(&text_frame(HELLO)).await.expect("sent");
        line.write_all(&bytes).await.expect("sent");
        let said = timeout(PATIENCE, close_code(&mut line)).await.expect("an end in time");
        let sent = streams(&mut line, 20 << 20).await;
        let grown = memory(pid).saturating_sub(before);
        println!("{case}: closed with {said:?}, {sent} more bytes taken, memory +{} KiB", grown / 1024);
        assert_eq!(said, Some(code), "{case}");
        assert!(grown < 4 << 20, "{case}: {grown} bytes more");
    }
}

/// A device of a new teen on this server; only its token.
async fn people(house: &House, url: &str) -> String {
    let body = json!({"role": "teen", "email": format!("mia-{}@example.com", uuid::Uuid::now_v7().simple()),
        "password": crate::house::people::PASSWORD, "display_name": "Mia", "birth_date": crate::house::people::born(house, 14),
        "locale": "en", "time_zone": "Europe/Berlin", "region": "DE"});
    let signed_up = raw::send("POST", &format!("{url}/v1/accounts"), None, &[], Some(body)).await;
    let access = signed_up.body["access_token"].as_str().expect("a token");
    let device = json!({"name": "phone", "platform": "android-16", "install_id": "i", "app_version": "1.0"});
    let registered = raw::send("POST", &format!("{url}/v1/teen/devices"), Some(access), &[], Some(device)).await;
    registered.body["device_token"].as_str().expect("a token").to_owned()
}

/// A message in one-byte fragments costs sixty times its size: seventeen are too many.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_fragments_is_stopped() {
    let house = House::new().await;
    let family = house.family().await;
    let mut line = rough::bare(house.url(), &family.phone.token).await;
    line.write_all(&text_frame(HELLO)).await.expect("sent");
    let mut flood = frame(0x01, 1, b"x");
    for _ in 0..5_000 {
        flood.extend(frame(0x00, 1, b"x"));
    }
    // The server may cut the line while this is still being written.
    let _ = line.write_all(&flood).await;
    assert!(matches!(timeout(PATIENCE, close_code(&mut line)).await.expect("an end"), Some(4006) | None));
    until(PATIENCE, "the place is free", async || sockets(&house, "device") == 0).await;
    // In as many fragments as are allowed, a hello is a hello.
    let mut line = rough::bare(house.url(), &family.phone.token).await;
    let (first, rest) = HELLO.split_at(5);
    let mut bytes = frame(0x01, 5, first.as_bytes());
    bytes.extend(frame(0x89, 0, b""));
    bytes.extend(frame(0x80, u64::try_from(rest.len()).expect("short"), rest.as_bytes()));
    line.write_all(&bytes).await.expect("sent");
    until(PATIENCE, "seated", async || sockets(&house, "device") == 1).await;
}

/// What the metrics say of this node's sockets of a kind.
fn sockets(house: &House, kind: &str) -> u64 {
    let text = house.nodes[0].metrics.render();
    let name = format!("family_pairing_sockets{{kind=\"{kind}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().expect("a number"))
}

/// A peer that pings without end and never reads is dropped, and its pongs pile up nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_pings_and_does_not_read_is_dropped() {
    let house = House::empty(&["--workers", "1"]).await;
    let server = house.process(&[]).await;
    let (phone, pid) = (people(&house, &server.url).await, server.child.id().expect("it runs"));
    rough::welcomed(&server.url, &phone).await;
    let before = memory(pid);
    let mut line = rough::bare(&server.url, &phone).await;
    line.write_all(&text_frame(HELLO)).await.expect("sent");
    let pings: Vec<u8> = (0..20_000).flat_map(|_| frame(0x89, 125, &[7; 125])).collect();
    let mut sent = 0;
    for block in pings.chunks(64 * 1024) {
        match timeout(Duration::from_secs(1), line.write_all(block)).await {
            Ok(Ok(())) => sent += block.len(),
            _ => break,
        }
    }
    let count = async || {
        let text = raw::send("GET", &format!("{}/metrics", server.url), None, &[], None).await.text;
        text.contains("family_pairing_sockets{kind=\"device\"} 0")
    };
    let took = until(PATIENCE, "it is dropped", count).await;
    let grown = memory(pid).saturating_sub(before);
    println!("{sent} bytes of pings, dropped after {took:.1?}, memory +{} KiB", grown / 1024);
    assert!(grown < 4 << 20, "{grown} bytes more");
}

/// Sixty frames at once are taken, more are too many; of every kind, also those that the server ignores.
#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_burst_of_frames_is_too_many() {
    let house = House::new().await;
    let family = house.family().await;
    for message in
        [Message::text(r#"{"t":"heartbeat","n":1}"#), Message::text(r#"{"t":"x"}"#), Message::Ping(vec![].into())]
    {
        for token in [&family.phone.token, &family.guardian.access] {
            let (mut socket, _) = rough::welcomed(house.url(), token).await;
            for _ in 0..59 {
                socket.sends(message.clone()).await;
            }
            socket.everything(Duration::from_millis(700)).await;
            for _ in 0..10 {
                socket.tries_to_send(message.clone()).await;
            }
            assert_eq!(socket.closed().await, 4101, "{message:?}");
        }
    }
}

/// A request with a body stays HTTP, whatever it asks for: it gets no 101, so nobody holds a line that is neither.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_with_a_body_is_refused() {
    let house = House::new().await;
    let family = house.family().await;
    let bearer = format!("Bearer {}", family.phone.token);
    for (name, value) in [("transfer-encoding", "chunked"), ("content-length", "5")] {
        let headers = [("authorization", bearer.as_str()), ("sec-websocket-protocol", rough::PROTOCOL), (name, value)];
        let refused = upgrade(house.url(), &headers).await.err().expect("no socket");
        assert_eq!(refused.status, 400, "{name}: {}", refused.body);
    }
    let headers =
        [("authorization", bearer.as_str()), ("sec-websocket-protocol", rough::PROTOCOL), ("content-length", "0")];
    assert!(upgrade(house.url(), &headers).await.is_ok(), "no body is no body");
}

/// Eight questions of a connection are asked at a time; while the database stands still, what comes after them waits on the wire.
/// Nothing is lost by it.
#[tokio::test(flavor = "multi_thread")]
async fn frames_wait_for_the_database_and_all_are_answered() {
    let mut house = House::new().await;
    let line = Line::to(&house.database.url).await;
    house.add_node(&["--database-url", &line.url]).await;
    let family = house.family().await;
    let (mut phone, _) = rough::welcomed(&house.nodes[1].url, &family.phone.token).await;
    phone.hears_of("policy").await;
    line.freeze();
    for n in 0..40 {
        phone.says(json!({"t": "heartbeat", "n": n})).await;
    }
    assert_eq!(phone.everything(Duration::from_millis(600)).await, Vec::<Json>::new());
    let text = house.nodes[1].metrics.render();
    let name = "family_pairing_frames_in_total{kind=\"heartbeat\"} ";
    assert_eq!(text.lines().find_map(|line| line.strip_prefix(name)), Some("8"), "read so far");
    line.thaw();
    let mut answered = vec![];
    while answered.len() < 40 {
        answered.extend(phone.hears_of("heartbeat").await["n"].as_u64());
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..40).collect::<Vec<u64>>());
}

/// Without any sign of life a connection ends, a guardian's too; anything that comes keeps it. 75 seconds are 2 here.
#[tokio::test(flavor = "multi_thread")]
async fn a_silent_client_is_closed() {
    let house = House::with(&["--silence-ms", "2000"]).await;
    let family = house.family().await;
    for token in [&family.phone.token, &family.guardian.access] {
        let (mut silent, _) = rough::welcomed(house.url(), token).await;
        let started = Instant::now();
        for wait in 1..=4 {
            tokio::time::sleep(Duration::from_millis(700)).await;
            silent
                .sends(if wait % 2 == 0 { Message::Ping(vec![].into()) } else { Message::text(r#"{"t":"x"}"#) })
                .await;
        }
        assert_eq!(silent.closed().await, 4103);
        let took = started.elapsed();
        assert!((Duration::from_millis(4_700)..Duration::from_millis(6_500)).contains(&took), "{took:?}");
    }
}

/// Heartbeats keep a connection.
#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_are_answered_with_the_time_and_what_is_wanted() {
    assert_eq!(HEARTBEAT_SECONDS, 30);
    let house = House::new().await;
    let family = house.family().await;
    let (mut phone, welcome) = rough::welcomed(house.url(), &family.phone.token).await;
    for n in [1, 2, 3, u64::MAX] {
        phone.says(json!({"t": "heartbeat", "n": n, "applied": null})).await;
        let answer = phone.hears_of("heartbeat").await;
        assert_eq!((&answer["n"], &answer["desired"]), (&json!(n), &welcome["desired"]));
        let time: jiff::Timestamp = answer["server_time"].as_str().expect("a time").parse().expect("a time");
        assert!(house.world().now().duration_since(time).as_secs() < 5);
    }
}

/// Requests that never become whole are dropped after five seconds and keep nobody else out.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_upgrades_are_dropped() {
    let house = House::new().await;
    let family = house.family().await;
    let address = house.url().trim_start_matches("http://").to_owned();
    let mut lines = Vec::new();
    for n in 0..200 {
        let mut line = TcpStream::connect(&address).await.expect("a connection");
        if n % 2 == 0 {
            line.write_all(b"GET /v1/sync HTTP/1.1\r\nhost: x\r\nupgrade: webso").await.expect("sent");
        }
        lines.push(line);
    }
    let started = Instant::now();
    rough::welcomed(house.url(), &family.phone.token).await;
    assert!(started.elapsed() < Duration::from_secs(2), "the others wait for nobody");
    for mut line in lines {
        let mut rest = Vec::new();
        // An answer such as 408 or nothing, then the end.
        let end = timeout(Duration::from_secs(10), line.read_to_end(&mut rest)).await.expect("dropped in time");
        assert!(end.is_err() || !rest.starts_with(b"HTTP/1.1 101"));
    }
    assert!(started.elapsed() < Duration::from_secs(10));
}

/// Nobody gets a socket before they have shown who they are.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_socket_without_showing_who_they_are() {
    let house = House::new().await;
    house.family().await;
    let forged = format!("Bearer fpd_{}", "A".repeat(49));
    let mut refused = 0;
    for n in 0..200 {
        let mut headers = vec![("sec-websocket-protocol", rough::PROTOCOL)];
        match n % 4 {
            0 => headers.push(("authorization", forged.as_str())),
            1 => headers.push(("authorization", "Bearer ")),
            2 => headers.push(("authorization", "Basic dGVlbjp0ZWVu")),
            _ => {}
        }
        let refusal = upgrade(house.url(), &headers).await.err().expect("no socket");
        assert_eq!(refusal.status, 401, "{}", refusal.body);
        refused += 1;
    }
    assert_eq!((refused, sockets(&house, "device"), sockets(&house, "guardian")), (200, 0, 0));
}

/// A node that is full says so before the upgrade, and when to come back; one that left makes room. Sockets that have not
/// said hello yet count as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_node_says_so_before_the_upgrade() {
    let house = House::with(&["--most-sockets", "2"]).await;
    let family = house.family().await;
    let tablet = family.teen.registers("Mia's tablet").await;
    let bearer = format!("Bearer {}", tablet.token);
    let headers = [("authorization", bearer.as_str()), ("sec-websocket-protocol", rough::PROTOCOL)];
    let (phone, _) = rough::welcomed(house.url(), &family.phone.token).await;
    let mute = rough::open(house.url(), &family.guardian.access).await;
    let refusal = upgrade(house.url(), &headers).await.err().expect("no third socket");
    assert_eq!((refusal.status, refusal.body.contains("overloaded")), (503, true), "{}", refusal.body);
    assert!(refusal.retry_after.expect("Retry-After").parse::<u64>().expect("seconds") >= 1);
    drop(mute);
    until(PATIENCE, "room again", async || upgrade(house.url(), &headers).await.is_ok()).await;
    drop(phone);
}

/// Over the rate of new sockets there is no upgrade either.
#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_slowed_before_the_upgrade() {
    let house = House::with(&["--most-connects", "5"]).await;
    let family = house.family().await;
    let bearer = format!("Bearer {}", family.phone.token);
    let headers = [("authorization", bearer.as_str()), ("sec-websocket-protocol", rough::PROTOCOL)];
    let mut statuses = vec![];
    for _ in 0..20 {
        statuses.push(upgrade(house.url(), &headers).await.map_or_else(|refusal| refusal.status, |_| 101));
    }
    assert!(statuses.contains(&101) && statuses.contains(&503), "{statuses:?}");
    assert!(statuses.iter().all(|status| [101, 503].contains(status)), "{statuses:?}");
}

//! The line under every socket, held to RFC 6455 by the cases of Autobahn's test suite.
//!
//! Here it only echoes, with room for the suite's long messages; what it lets in otherwise, [`wire_limits`](crate::wire_limits) attacks.

use std::{process::Stdio, time::Duration};

use actix_http::ws::{CloseCode, CloseReason, Message};
use actix_web::web::BytesMut;
use family_pairing::sync::{
    limits::Inbound as Limits,
    line::{Broken, Inbound, Line, reason},
};
use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
    time::timeout,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Autobahn's longest message has 16 MiB, its smallest fragments 64 bytes of 4 MiB.
static ROOM: Limits = Limits { message: 32 << 20, fragments: 1 << 17, burst: 1 << 20 };
/// What is not played: compression, which this server does not offer.
const APART: [&str; 2] = ["12.*", "13.*"];

/// Takes the connection over as the product does: after the 101, with whatever the client sent too early.
async fn upgraded(mut connection: TcpStream) -> Option<Line> {
    let mut read = BytesMut::new();
    let end = loop {
        if connection.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let early = read.split_off(end);
    let head = String::from_utf8(read.to_vec()).ok()?;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim().to_owned())
    })?;
    let accept = derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    connection.write_all(answer.as_bytes()).await.ok()?;
    Some(Line::new(connection, &early, &ROOM))
}

/// Sends everything back until the end, and answers that with the standard's own codes.
async fn echo(mut line: Line) {
    let end = loop {
        let message = match line.next().await {
            Ok(Inbound::Text(text)) => Message::Text(text),
            Ok(Inbound::Binary(bytes)) => Message::Binary(bytes),
            Ok(Inbound::Ping(bytes)) => Message::Pong(bytes),
            Ok(Inbound::Pong) => continue,
            Err(broken) => break broken,
        };
        if let Err(broken) = line.send(message).await {
            break broken;
        }
    };
    let with = match end {
        Broken::Left(reason) => reason,
        Broken::Framing => Some(reason(CloseCode::Protocol.into(), "")),
        Broken::NotText => Some(reason(CloseCode::Invalid.into(), "")),
        Broken::TooBig | Broken::TooMany => Some(reason(CloseCode::Size.into(), "")),
        Broken::Slow | Broken::Gone => return,
    };
    line.close(with.map(|CloseReason { code, .. }| CloseReason { code, description: None })).await;
}

/// No case of the suite fails: framing, pings and pongs, reserved bits and opcodes, fragments, UTF-8, the closing handshake.
#[tokio::test(flavor = "multi_thread")]
async fn the_line_conforms_to_rfc_6455() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Some(line) = upgraded(connection).await {
                    echo(line).await;
                }
            });
        }
    });
    let cases = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/cases.py"))
        .arg(address.to_string())
        .args(APART.iter().flat_map(|case| ["--exclude", case]))
        .env("PYTHONPATH", std::env::var("TEST_WIRE_CASES").expect("the cases: run this through bin/test"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let played = timeout(Duration::from_secs(300), cases).await.expect("an end").expect("Python runs");
    server.abort();
    let errors = String::from_utf8_lossy(&played.stderr);
    let told: Json = serde_json::from_slice(&played.stdout).unwrap_or_else(|_| panic!("no verdict: {errors}"));
    println!("RFC 6455: {} cases: {}", told["cases"], told["verdicts"]);
    assert!(told["cases"].as_u64().is_some_and(|cases| cases > 300), "{told}");
    assert_eq!(told["failed"], serde_json::json!([]), "{errors}");
}

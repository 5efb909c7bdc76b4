//! Below HTTP: bytes that no library would send.

use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    edges::assert_problem,
    house::{House, raw::Raw},
};

/// Nothing takes longer than this.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a connection to a house and sends these bytes.
pub async fn sends(house: &House, bytes: &[u8]) -> TcpStream {
    let address = house.url().strip_prefix("http://").expect("an address");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("sent");
    stream
}

/// Everything until the server closes or the answer is whole.
async fn answer(mut stream: TcpStream) -> Raw {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&bytes) {
        match timeout(PATIENCE, stream.read(&mut buffer)).await.expect("an answer in time") {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    parse(&String::from_utf8_lossy(&bytes))
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| body.len() >= length)
}

fn parse(text: &str) -> Raw {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    Raw { status, headers, text: body.to_owned(), body: serde_json::from_str(body).unwrap_or_default() }
}

/// A body that trickles is cut off after five seconds, headers that trickle too; nobody keeps a worker waiting.
#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_are_cut_off() {
    let house = House::new().await;
    let started = Instant::now();
    let body = sends(
        &house,
        b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"em",
    )
    .await;
    let head = sends(&house, b"POST /v1/sessions HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
    let (body, head) = tokio::join!(answer(body), answer(head));
    assert_eq!((body.status, body.code()), (408, "body_timeout"));
    assert_problem(&body);
    assert!(matches!(head.status, 408 | 0), "answered or just closed: {}", head.status);
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
}

/// Requests that two readers could understand in two ways are refused and the connection is closed, so nothing can be
/// smuggled behind them.
#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_requests_are_refused() {
    let house = House::new().await;
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    for framing in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 40",
        "Content-Length: +4",
        "Content-Length: 4, 4",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: gzip, chunked, chunked",
        "Transfer-Encoding : chunked",
    ] {
        let head = "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let stream = sends(&house, format!("{head}{framing}\r\n\r\n0\r\n\r\n{smuggled}").as_bytes()).await;
        let answered = read_all(stream).await;
        assert!(answered.starts_with("HTTP/1.1 4"), "{framing}: {answered}");
        assert!(!answered.contains("alive"), "{framing}: what was smuggled got an answer");
    }
}

/// Everything until the server closes the connection.
async fn read_all(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let closed = timeout(Duration::from_secs(8), stream.read_to_end(&mut bytes)).await;
    assert!(closed.is_ok(), "the connection stays open after {}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is not HTTP at all, or far too much of it, is refused below the handlers: with a 4xx and without a word.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_is_refused_without_a_word() {
    let house = House::new().await;
    let headers = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Canary: {}\r\n\r\n", "x".repeat(300_000));
    let many = (0..200).map(|n| format!("X-{n}: canary\r\n")).collect::<String>();
    for (what, bytes) in [
        ("large headers", headers),
        ("many headers", format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{many}\r\n")),
        ("no HTTP", "canary canary canary\r\n\r\n".to_owned()),
        ("a TLS hello", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned()),
        ("HTTP/3.7", "GET /healthz HTTP/3.7\r\nHost: x\r\n\r\n".to_owned()),
        ("a header without a name", "GET /healthz HTTP/1.1\r\n: canary\r\n\r\n".to_owned()),
        ("NUL in a header", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\u{0}b\r\n\r\n".to_owned()),
    ] {
        let address = house.url().strip_prefix("http://").expect("an address");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        // The server may have closed before all of it was sent.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let answer = answer(stream).await;
        let expected = if what.ends_with(" headers") { 431 } else { 400 };
        assert_eq!((answer.status, answer.text.as_str()), (expected, ""), "{what}");
    }
}

/// Two requests in one packet get two answers, in order.
#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_answered_in_order() {
    let house = House::new().await;
    let two =
        "GET /v1/account HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answered = read_all(sends(&house, two.as_bytes()).await).await;
    let (first, second) = (answered.find("not_signed_in"), answered.find("alive"));
    assert!(first.is_some() && first < second, "{answered}");
}

//! Sockets that do what no real client would do: any text, any bytes, any header.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::house::wire::PATIENCE;

/// The subprotocol of this API.
pub const PROTOCOL: &str = "family-pairing.v1";

/// An open socket.
pub struct Rough(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// An upgrade that was refused.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: String,
}

/// Asks for a socket with exactly these headers beside those of the WebSocket itself.
pub async fn upgrade(base: &str, headers: &[(&'static str, &str)]) -> Result<Rough, Refused> {
    upgrade_at(base, "/v1/sync", headers).await
}

/// The same at another path and query.
pub async fn upgrade_at(base: &str, path: &str, headers: &[(&'static str, &str)]) -> Result<Rough, Refused> {
    let url = format!("{}{path}", base.replacen("http", "ws", 1));
    let mut request = url.into_client_request().expect("a request");
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).expect("a value"));
    }
    match timeout(PATIENCE, connect_async(request)).await.expect("an answer in time") {
        Ok((stream, _)) => Ok(Rough(stream)),
        Err(Error::Http(answer)) => {
            let retry_after = answer.headers().get("retry-after").map(|text| text.to_str().expect("text").to_owned());
            let body = String::from_utf8_lossy(answer.body().as_deref().unwrap_or_default()).into_owned();
            Err(Refused { status: answer.status().as_u16(), retry_after, body })
        }
        Err(error) => panic!("neither a socket nor a refusal: {error}"),
    }
}

/// A socket with a bearer token.
pub async fn open(base: &str, token: &str) -> Rough {
    let bearer = format!("Bearer {token}");
    upgrade(base, &[("authorization", &bearer), ("sec-websocket-protocol", PROTOCOL)]).await.expect("a socket")
}

/// A socket that has said hello, holding nothing, and its welcome.
pub async fn welcomed(base: &str, token: &str) -> (Rough, Json) {
    let mut socket = open(base, token).await;
    socket.says(json!({"t": "hello", "protocol": 1, "applied": null})).await;
    let welcome = socket.hears().await;
    assert_eq!(welcome["t"], "welcome");
    (socket, welcome)
}

impl Rough {
    /// Sends JSON.
    pub async fn says(&mut self, frame: Json) {
        self.sends(Message::text(frame.to_string())).await;
    }

    /// Sends anything.
    pub async fn sends(&mut self, message: Message) {
        timeout(PATIENCE, self.0.send(message)).await.expect("the server reads").expect("it is sent");
    }

    /// Sends if the line still holds.
    pub async fn tries_to_send(&mut self, message: Message) -> bool {
        matches!(timeout(PATIENCE, self.0.send(message)).await, Ok(Ok(())))
    }

    /// The next frame. Panics if the socket closes or nothing comes.
    pub async fn hears(&mut self) -> Json {
        match self.next().await {
            Ok(frame) => frame,
            Err(code) => panic!("the socket was closed with {code}"),
        }
    }

    /// The next frame of this kind; others in between are skipped.
    pub async fn hears_of(&mut self, kind: &str) -> Json {
        loop {
            let frame = self.hears().await;
            if frame["t"] == kind {
                return frame;
            }
        }
    }

    /// The next frame, or the close code (1006 if the line just broke).
    pub async fn next(&mut self) -> Result<Json, u16> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something came in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(text.as_str()).expect("JSON")),
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(1006),
                Some(Ok(_)) => {}
            }
        }
    }

    /// The close code that the socket ends with; frames before it are skipped.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// Every frame that comes before nothing has come for this long.
    pub async fn everything(&mut self, quiet: Duration) -> Vec<Json> {
        let mut frames = vec![];
        while let Ok(next) = timeout(quiet, self.next()).await {
            frames.push(next.expect("the socket stays open"));
        }
        frames
    }
}

/// A TCP connection after the 101, for bytes that no library would send.
pub async fn bare(base: &str, token: &str) -> TcpStream {
    let mut line = TcpStream::connect(base.trim_start_matches("http://")).await.expect("a connection");
    let request = format!(
        "GET /v1/sync HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: {PROTOCOL}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    line.write_all(request.as_bytes()).await.expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, line.read_u8()).await.expect("in time").expect("an answer"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    line
}

/// A client's frame: first byte, the length that it declares, and the body that really follows. The mask is zero.
pub fn frame(first: u8, declared: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u16::try_from(declared) {
        Ok(short) if short < 126 => bytes.push(0x80 | u8::try_from(short).expect("short")),
        Ok(middle) => {
            bytes.push(0x80 | 126);
            bytes.extend(middle.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend(declared.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(body);
    bytes
}

/// A whole text frame.
pub fn text_frame(text: &str) -> Vec<u8> {
    frame(0x81, u64::try_from(text.len()).expect("short"), text.as_bytes())
}

/// Reads a server's frames up to its close code; `None` if the line ends without one.
pub async fn close_code(line: &mut TcpStream) -> Option<u16> {
    loop {
        let first = line.read_u8().await.ok()?;
        let length = match line.read_u8().await.ok()? {
            126 => usize::from(line.read_u16().await.ok()?),
            127 => usize::try_from(line.read_u64().await.ok()?).expect("a length"),
            short => usize::from(short),
        };
        let mut body = vec![0; length];
        line.read_exact(&mut body).await.ok()?;
        if first == 0x88 {
            return Some(u16::from_be_bytes([body[0], body[1]]));
        }
    }
}

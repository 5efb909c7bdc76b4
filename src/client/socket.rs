//! A socket that speaks `family-pairing.v1`, and what to do when it closes.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use thiserror::Error;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{
        Error as WireError, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header},
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::sync::frame::{ClientFrame, MOST_OUT, Next, SUBPROTOCOL, ServerFrame};

/// Connecting or sending that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Small, because a load test opens thousands of these.
const BUFFER: usize = 4 * 1024;

/// Why there is no socket, or none any more.
#[derive(Debug, Error)]
pub enum SocketError {
    /// The address cannot carry a socket.
    #[error("the address {0} is not one of a server")]
    Address(String),
    /// Answered before the upgrade.
    #[error("{}", turned_away(*status))]
    Refused {
        /// HTTP status.
        status: u16,
        /// When to try again, if the server said so.
        retry_after: Option<Duration>,
    },
    /// Nobody answered, or the line broke.
    #[error("the connection failed ({0})")]
    Broken(String),
}

/// What came.
#[derive(Debug)]
pub enum Heard {
    /// A frame. Kinds that this client does not know, and frames that it cannot read, are `Unknown`.
    Frame(Box<ServerFrame>),
    /// The server closed, or the line broke.
    Closed(CloseInfo),
}

/// How a socket ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseInfo {
    /// The close code; 1006 if the line broke without one.
    pub code: u16,
    /// The server's word.
    pub reason: String,
}

impl CloseInfo {
    /// The line broke without a word.
    pub fn broken() -> Self {
        Self { code: 1006, reason: "the line broke".to_owned() }
    }
}

impl SocketError {
    /// What to do after a socket that could not be opened.
    pub fn next(&self) -> Next {
        match self {
            Self::Address(_) | Self::Refused { status: 400..=407 | 410, .. } => Next::Stop,
            Self::Refused { .. } | Self::Broken(_) => Next::BackOff,
        }
    }
}

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens the sync socket of the server at `base`, as whoever the token says.
    pub async fn open(base: &str, token: &str) -> Result<Self, SocketError> {
        let address = base
            .strip_prefix("http")
            .map(|rest| format!("ws{rest}/v1/sync"))
            .ok_or_else(|| SocketError::Address(base.to_owned()))?;
        let mut request = address.into_client_request().map_err(|_| SocketError::Address(base.to_owned()))?;
        let bearer =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| SocketError::Address(base.to_owned()))?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        let opening = connect_async_with_config(request, Some(config()), true);
        match timeout(PATIENCE, opening).await {
            Ok(Ok((stream, _))) => Ok(Self { stream }),
            Ok(Err(error)) => Err(not_opened(error)),
            Err(_) => Err(SocketError::Broken("no answer in time".to_owned())),
        }
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), SocketError> {
        let text = serde_json::to_string(frame).map_err(|error| SocketError::Broken(error.to_string()))?;
        match timeout(PATIENCE, self.stream.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SocketError::Broken(error.to_string())),
            Err(_) => Err(SocketError::Broken("the server does not read".to_owned())),
        }
    }

    /// Waits for the next frame or the end. Dropping the wait loses nothing.
    pub async fn recv(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(text.as_str()).unwrap_or(ServerFrame::Unknown);
                    return Heard::Frame(Box::new(frame));
                }
                Some(Ok(Message::Close(Some(close)))) => {
                    return Heard::Closed(CloseInfo { code: close.code.into(), reason: close.reason.to_string() });
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Heard::Closed(CloseInfo::broken()),
                // Pings are answered by the library.
                Some(Ok(_)) => {}
            }
        }
    }

    /// Says goodbye, so that the server need not find out by itself.
    pub async fn close(mut self) {
        let goodbye = CloseFrame { code: CloseCode::Normal, reason: "goodbye".into() };
        // The socket goes away in any case.
        let _ = timeout(Duration::from_secs(1), self.stream.close(Some(goodbye))).await;
    }
}

fn turned_away(status: u16) -> String {
    match status {
        401 | 403 => "the server does not know this sign-in any more".to_owned(),
        503 => "the server is busy".to_owned(),
        _ => format!("the server did not open the connection, status {status}"),
    }
}

fn config() -> WebSocketConfig {
    // Room for the envelope above the largest frame.
    let most = MOST_OUT.saturating_add(BUFFER);
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(most)
        .max_message_size(Some(most))
        .max_frame_size(Some(most))
}

fn not_opened(error: WireError) -> SocketError {
    let WireError::Http(answer) = error else {
        return SocketError::Broken(error.to_string());
    };
    let seconds = answer.headers().get(header::RETRY_AFTER).and_then(|text| text.to_str().ok()?.parse().ok());
    SocketError::Refused { status: answer.status().as_u16(), retry_after: seconds.map(Duration::from_secs) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{client::server_double, sync::frame::Close};

    #[test]
    fn the_range_says_what_to_do() {
        for code in [Close::Credentials, Close::DeviceRevoked, Close::Superseded, Close::FrameTooBig, Close::Protocol] {
            assert_eq!(Next::after(code.code()), Next::Stop);
        }
        for code in [Close::Slow, Close::Rate, Close::Overloaded, Close::Heartbeat, Close::NoHello] {
            assert_eq!(Next::after(code.code()), Next::BackOff);
        }
        assert_eq!(Next::after(Close::Drain.code()), Next::Now);
        assert_eq!(Next::after(Close::TokenExpired.code()), Next::Now);
        for (unknown, next) in
            [(4077, Next::Stop), (4177, Next::BackOff), (4277, Next::Now), (1006, Next::BackOff), (4300, Next::BackOff)]
        {
            assert_eq!(Next::after(unknown), next);
        }
    }

    #[tokio::test]
    async fn a_server_that_says_later_is_asked_later() {
        let busy = server_double::answering("503 Service Unavailable\r\nRetry-After: 7", "").await;
        let error = Socket::open(&busy, "t").await.err().unwrap();
        assert!(matches!(error, SocketError::Refused { status: 503, retry_after: Some(wait) } if wait.as_secs() == 7));
        assert_eq!(error.next(), Next::BackOff);
        let closed = server_double::answering("401 Unauthorized", "").await;
        assert_eq!(Socket::open(&closed, "t").await.err().unwrap().next(), Next::Stop);
        assert_eq!(Socket::open("ftp://x", "t").await.err().unwrap().next(), Next::Stop);
    }
}

//! A line in the words of the protocol: frames out, messages in. Every send has a deadline: a client that does not read is dropped, not waited for.

use actix_http::ws::{CloseReason, Message};
use actix_web::web::Bytes;
use bytestring::ByteString;

use super::{
    frame::{Close, MOST_OUT, ServerFrame},
    line::{Broken, Inbound, Line, reason},
    publish::text,
};

/// The client cannot be reached any more; there is nobody to tell why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// A client's line, as a session uses it.
pub struct Wire(Line);

impl Wire {
    /// Takes over a line.
    pub const fn new(line: Line) -> Self {
        Self(line)
    }

    /// The next message from the client.
    pub async fn next(&mut self) -> Result<Inbound, Broken> {
        self.0.next().await
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &ServerFrame) -> Result<(), Gone> {
        let text = text(frame).map_err(|error| {
            tracing::error!(%error, "a frame could not be encoded");
            Gone
        })?;
        self.text(text).await
    }

    /// Sends an encoded frame.
    pub async fn text(&mut self, text: ByteString) -> Result<(), Gone> {
        if text.len() > MOST_OUT {
            tracing::error!(bytes = text.len(), "a frame is over the limit of the protocol and was not sent");
            return Err(Gone);
        }
        self.message(Message::Text(text)).await
    }

    /// Sends an encoded policy, which the client is to answer.
    pub async fn policy(&mut self, text: ByteString) -> Result<(), Gone> {
        self.0.ask();
        self.text(text).await
    }

    /// Answers a ping.
    pub async fn pong(&mut self, bytes: Bytes) -> Result<(), Gone> {
        self.message(Message::Pong(bytes)).await
    }

    /// Says why and closes.
    pub async fn close(self, why: Close) {
        metrics::counter!("family_pairing_socket_closes_total", "reason" => why.reason()).increment(1);
        self.0.close(Some(reason(why.code(), why.reason()))).await;
    }

    /// Answers a client that said goodbye, with the code that it gave (RFC 6455 §5.5.1).
    pub async fn part(self, reason: Option<CloseReason>) {
        self.0.close(reason.map(|CloseReason { code, .. }| CloseReason { code, description: None })).await;
    }

    async fn message(&mut self, message: Message) -> Result<(), Gone> {
        self.0.send(message).await.map_err(|broken| {
            if broken == Broken::Slow {
                metrics::counter!("family_pairing_socket_closes_total", "reason" => Close::Slow.reason()).increment(1);
            }
            Gone
        })
    }
}

//! The sending half of a socket. Every send has a deadline: a client that does not read is dropped, not waited for.

use actix_ws::{CloseCode, CloseReason, Session};
use bytestring::ByteString;
use tokio::time::timeout;

use super::{
    frame::{Close, MOST_OUT, ServerFrame},
    limits::SEND,
    publish::text,
};

/// The client cannot be reached any more; there is nobody to tell why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// Sends with a deadline.
pub struct Outbox(Session);

impl Outbox {
    /// Takes over a session.
    pub fn new(session: Session) -> Self {
        Self(session)
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
        self.within(async |session| session.text(text).await).await
    }

    /// Answers a ping.
    pub async fn pong(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.within(async |session| session.pong(bytes).await).await
    }

    /// Says why and closes.
    pub async fn close(self, why: Close) {
        metrics::counter!("family_pairing_socket_closes_total", "reason" => why.reason()).increment(1);
        let reason = CloseReason { code: CloseCode::from(why.code()), description: Some(why.reason().to_owned()) };
        // A client that does not take even this is dropped all the same.
        let _ = timeout(SEND, self.0.close(Some(reason))).await;
    }

    async fn within(
        &mut self,
        send: impl AsyncFnOnce(&mut Session) -> Result<(), actix_ws::Closed>,
    ) -> Result<(), Gone> {
        match timeout(SEND, send(&mut self.0)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Gone),
            Err(_) => {
                metrics::counter!("family_pairing_socket_closes_total", "reason" => Close::Slow.reason()).increment(1);
                Err(Gone)
            }
        }
    }
}

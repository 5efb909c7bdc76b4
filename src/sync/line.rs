//! The wire under a socket: frames in and out on the bare connection, with every limit of the wire in front.
//!
//! After the 101 a connection is its socket's alone, and one task reads and writes it. So nothing waits in a channel between the two,
//! a client that does not read holds up one frame, and bytes are judged (by the guard) before they are kept. A line on which
//! nothing is under way holds no buffer: most sockets are silent most of the time.

use std::time::Duration;

use actix_http::ws::{CloseCode, CloseReason, Codec, Frame, Item, Message, ProtocolError};
use actix_web::{
    rt::net::TcpStream,
    web::{Bytes, BytesMut},
};
use bytestring::ByteString;
use tokio::{
    io::AsyncWriteExt,
    time::{Instant, timeout},
};
use tokio_util::codec::{Decoder, Encoder};

use super::{
    guard::Guard,
    limits::{self, SEND},
};

/// What one read takes at most.
const READ: usize = 4 * 1024;
/// How long a client may take to read why it was closed.
const FAREWELL: Duration = Duration::from_secs(2);
/// What a client that was told to go may still send before the line is cut.
const FAREWELL_BYTES: usize = 256 * 1024;

/// What came on a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Inbound {
    /// A whole text message.
    Text(ByteString),
    /// A whole binary message.
    Binary(Bytes),
    /// To be answered with the same bytes.
    Ping(Bytes),
    /// A sign of life.
    Pong,
}

/// Why a line is of no more use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Bytes that are no frame.
    Framing,
    /// A text that is not UTF-8.
    NotText,
    /// A message over the limit, or in too many fragments.
    TooBig,
    /// Too many frames.
    TooMany,
    /// The client said goodbye.
    Left(Option<CloseReason>),
    /// The client does not read.
    Slow,
    /// The connection is gone.
    Gone,
}

/// A message in fragments, as far as it has come.
struct Begun {
    is_text: bool,
    bytes: BytesMut,
}

/// A client's line.
pub struct Line {
    io: TcpStream,
    codec: Codec,
    guard: Guard,
    unread: BytesMut,
    begun: Option<Box<Begun>>,
    /// What is wrong with bytes that came before the 101 was sent.
    early: Option<Broken>,
}

impl Line {
    /// Takes over a connection. `early`: what the client sent without waiting for the 101.
    pub fn new(io: TcpStream, early: &[u8], limits: &'static limits::Inbound) -> Self {
        let codec = Codec::new().max_size(limits.message);
        let mut line = Self { io, codec, guard: Guard::new(limits), unread: BytesMut::new(), begun: None, early: None };
        line.early = line.keep(early).err();
        line
    }

    /// The next message. May be given up at any time; nothing is lost by it.
    pub async fn next(&mut self) -> Result<Inbound, Broken> {
        if let Some(broken) = self.early.take() {
            return Err(broken);
        }
        loop {
            if let Some(message) = self.decoded()? {
                return Ok(message);
            }
            self.io.readable().await.map_err(|_| Broken::Gone)?;
            self.take_in()?;
        }
    }

    /// Sends a message. A client that does not take it in time is lost.
    pub async fn send(&mut self, message: Message) -> Result<(), Broken> {
        let mut bytes = BytesMut::new();
        self.codec.encode(message, &mut bytes).map_err(|_| Broken::Framing)?;
        match timeout(SEND, self.io.write_all(&bytes)).await {
            Ok(sent) => sent.map_err(|_| Broken::Gone),
            Err(_) => Err(Broken::Slow),
        }
    }

    /// A frame of the client's was asked for: it is not to count as one too many.
    pub fn ask(&mut self) {
        self.guard.ask();
    }

    /// Says why, and stays until the client has read it: tearing a connection down with bytes unread would take it back.
    pub async fn close(mut self, reason: Option<CloseReason>) {
        let goodbye = async {
            self.send(Message::Close(reason)).await?;
            self.io.shutdown().await.map_err(|_| Broken::Gone)?;
            self.hear_out().await
        };
        // Whoever does not take even this is dropped all the same.
        let _ = timeout(FAREWELL, goodbye).await;
    }

    async fn hear_out(&self) -> Result<(), Broken> {
        let mut left = FAREWELL_BYTES;
        let mut scratch = [0; READ];
        loop {
            self.io.readable().await.map_err(|_| Broken::Gone)?;
            match self.io.try_read(&mut scratch) {
                Ok(bytes) if bytes > 0 && bytes < left => left -= bytes,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                _ => return Ok(()),
            }
        }
    }

    fn take_in(&mut self) -> Result<(), Broken> {
        let mut scratch = [0; READ];
        match self.io.try_read(&mut scratch) {
            Ok(bytes) if bytes > 0 => self.keep(scratch.get(..bytes).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
            _ => Err(Broken::Gone),
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        // What came in the same read before the frame that breaks a limit is not looked at either: the client is at fault.
        self.guard.read(bytes, Instant::now())?;
        self.unread.extend_from_slice(bytes);
        Ok(())
    }

    fn decoded(&mut self) -> Result<Option<Inbound>, Broken> {
        while !self.unread.is_empty() {
            let Some(frame) = self.codec.decode(&mut self.unread).map_err(|error| broken(&error))? else {
                return Ok(None);
            };
            if self.unread.is_empty() {
                self.unread = BytesMut::new();
            }
            if let Some(message) = self.whole(frame)? {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    fn whole(&mut self, frame: Frame) -> Result<Option<Inbound>, Broken> {
        match frame {
            Frame::Text(bytes) => text(bytes).map(Some),
            Frame::Binary(bytes) => Ok(Some(Inbound::Binary(bytes))),
            Frame::Ping(bytes) => Ok(Some(Inbound::Ping(bytes))),
            Frame::Pong(_) => Ok(Some(Inbound::Pong)),
            Frame::Close(reason) => Err(Broken::Left(reason)),
            Frame::Continuation(Item::FirstText(bytes)) => Ok(self.begin(true, &bytes)),
            Frame::Continuation(Item::FirstBinary(bytes)) => Ok(self.begin(false, &bytes)),
            Frame::Continuation(Item::Continue(bytes)) => self.more(&bytes).map(|_| None),
            Frame::Continuation(Item::Last(bytes)) => {
                self.more(&bytes)?;
                let Begun { is_text, bytes } = *self.begun.take().ok_or(Broken::Framing)?;
                if is_text { text(bytes.freeze()).map(Some) } else { Ok(Some(Inbound::Binary(bytes.freeze()))) }
            }
        }
    }

    fn begin(&mut self, is_text: bool, bytes: &[u8]) -> Option<Inbound> {
        self.begun = Some(Box::new(Begun { is_text, bytes: BytesMut::from(bytes) }));
        None
    }

    fn more(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        self.begun.as_mut().ok_or(Broken::Framing)?.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

fn text(bytes: Bytes) -> Result<Inbound, Broken> {
    ByteString::try_from(bytes).map(Inbound::Text).map_err(|_| Broken::NotText)
}

fn broken(error: &ProtocolError) -> Broken {
    match error {
        ProtocolError::Overflow => Broken::TooBig,
        _ => Broken::Framing,
    }
}

/// A close frame's reason.
pub fn reason(code: u16, word: &str) -> CloseReason {
    CloseReason { code: CloseCode::from(code), description: Some(word.to_owned()) }
}

//! How a session ends, and what the client is told of it.

use actix_http::ws::CloseReason;

use crate::sync::{
    frame::Close,
    line::Broken,
    wire::{Gone, Wire},
};

/// How a session ends.
pub enum End {
    /// With a reason that the client is told.
    Close(Close),
    /// The client said goodbye, with a reason or without one.
    Left(Option<CloseReason>),
    /// The client is gone or cannot be reached.
    Gone,
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Framing | Broken::NotText => Self::Close(Close::Protocol),
            Broken::TooBig => Self::Close(Close::FrameTooBig),
            Broken::TooMany => Self::Close(Close::Rate),
            Broken::Left(reason) => Self::Left(reason),
            Broken::Slow | Broken::Gone => Self::Gone,
        }
    }
}

impl End {
    /// Ends the wire as this says.
    pub async fn of(self, wire: Wire) {
        match self {
            Self::Close(why) => wire.close(why).await,
            Self::Left(reason) => wire.part(reason).await,
            Self::Gone => {}
        }
    }
}

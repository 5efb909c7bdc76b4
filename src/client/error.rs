//! Why a command ended early, in words for the person who typed it.

use thiserror::Error;

use super::{api::ApiError, keep::KeepError, socket::SocketError};

/// Why a command ended early.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The server said no, or did not answer.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The socket could not be opened or broke.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The state directory could not be read or written.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// Something that the person can put right, told as a whole sentence.
    #[error("{0}")]
    Told(String),
}

impl ClientError {
    /// A whole sentence for the person who typed the command.
    pub fn told(sentence: impl Into<String>) -> Self {
        Self::Told(sentence.into())
    }

    /// The server's stable error code, if it was the server who said no.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.code(),
            _ => None,
        }
    }
}

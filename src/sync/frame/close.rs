//! Close codes.

/// Why a socket was closed. The range tells an old client what to do with a code that it does not know:
/// 4000–4099 stop, 4100–4199 back off with full jitter, 4200–4299 reconnect now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Neither a sound frame nor one that a client can leave out (binary, not UTF-8).
    Protocol,
    /// The credentials do not count any more.
    Credentials,
    /// This device was revoked; keep enforcing, sign in again.
    DeviceRevoked,
    /// The same device connected again.
    Superseded,
    /// Over [`MOST_IN`](super::MOST_IN), or in too many fragments.
    FrameTooBig,
    /// The client does not read.
    Slow,
    /// Too many frames.
    Rate,
    /// The server cannot take it now.
    Overloaded,
    /// Nothing heard for too long.
    Heartbeat,
    /// No hello in five seconds.
    NoHello,
    /// This node is going away.
    Drain,
    /// The session token ran out; renew it and come back.
    TokenExpired,
}

impl Close {
    /// The number on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::Protocol => 4001,
            Self::Credentials => 4003,
            Self::DeviceRevoked => 4004,
            Self::Superseded => 4005,
            Self::FrameTooBig => 4006,
            Self::Slow => 4100,
            Self::Rate => 4101,
            Self::Overloaded => 4102,
            Self::Heartbeat => 4103,
            Self::NoHello => 4104,
            Self::Drain => 4200,
            Self::TokenExpired => 4201,
        }
    }

    /// The word in the close frame and in the metric's label.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Credentials => "credentials",
            Self::DeviceRevoked => "device_revoked",
            Self::Superseded => "superseded",
            Self::FrameTooBig => "frame_too_big",
            Self::Slow => "slow",
            Self::Rate => "rate",
            Self::Overloaded => "overloaded",
            Self::Heartbeat => "heartbeat",
            Self::NoHello => "no_hello",
            Self::Drain => "drain",
            Self::TokenExpired => "token_expired",
        }
    }
}

/// What a client does after a socket has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Stay away until a person does something.
    Stop,
    /// Come back after a wait with full jitter.
    BackOff,
    /// Come back at once.
    Now,
}

impl Next {
    /// The rule by range, so that a code from the future is handled too. Codes of the WebSocket standard mean: back off.
    pub const fn after(code: u16) -> Self {
        match code {
            4000..=4099 => Self::Stop,
            4200..=4299 => Self::Now,
            _ => Self::BackOff,
        }
    }
}

//! The codes of errors, ends of subscriptions and ends of connections, and what an SDK does about each.

use crate::close::{CloseCode, CloseFrame};

/// What the SDK does after the end of a connection or subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It connects, or subscribes, again, with a growing delay.
    Again,
    /// It gives up and tells the application.
    Never,
}

/// The code of an error reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// Something failed in the server. The SDK tries again.
    Internal = 100,
    /// The client has no valid token for this.
    Unauthorized = 101,
    /// There is no such channel: its namespace is not configured.
    UnknownChannel = 102,
    /// The client may not do this.
    PermissionDenied = 103,
    /// There is no such command, or no such method of `rpc`.
    MethodNotFound = 104,
    /// The client is subscribed to the channel.
    AlreadySubscribed = 105,
    /// A limit is reached.
    LimitExceeded = 106,
    /// A field is missing or wrong.
    BadRequest = 107,
    /// The server does not have this, or the channel does not.
    NotAvailable = 108,
    /// The token has expired. The SDK asks the application for a new one.
    TokenExpired = 109,
    /// The client or subscription has expired.
    Expired = 110,
    /// Too many requests. The SDK tries again.
    TooManyRequests = 111,
    /// The position is not one of the channel's history, or messages after it are gone.
    UnrecoverablePosition = 112,
}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Whether the same command may succeed later: then the SDK tries again by itself.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::Internal | Self::TooManyRequests)
    }

    /// The message, as the SDKs' documentation has it.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Internal => "internal server error",
            Self::Unauthorized => "unauthorized",
            Self::UnknownChannel => "unknown channel",
            Self::PermissionDenied => "permission denied",
            Self::MethodNotFound => "method not found",
            Self::AlreadySubscribed => "already subscribed",
            Self::LimitExceeded => "limit exceeded",
            Self::BadRequest => "bad request",
            Self::NotAvailable => "not available",
            Self::TokenExpired => "token expired",
            Self::Expired => "expired",
            Self::TooManyRequests => "too many requests",
            Self::UnrecoverablePosition => "unrecoverable position",
        }
    }
}

/// The code with which the server ends a subscription. From 2500 on the SDK subscribes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnsubscribeCode {
    /// The server has taken the client out of the channel.
    Server = 2000,
    /// Messages were lost, or may have been: the position of the subscription is not valid any more.
    InsufficientState = 2500,
    /// The subscription has expired.
    Expired = 2501,
    /// The rights of the client have changed.
    StateInvalidated = 2502,
}

impl UnsubscribeCode {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// What the SDK does.
    #[must_use]
    pub const fn retry(self) -> Retry {
        if self.number() < 2500 { Retry::Never } else { Retry::Again }
    }

    /// The reason that goes with it.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Server => "server unsubscribe",
            Self::InsufficientState => "insufficient state",
            Self::Expired => "subscription expired",
            Self::StateInvalidated => "state invalidated",
        }
    }
}

/// The code with which the server closes a connection. From 3500 on the SDK does not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disconnect {
    /// The server shuts down.
    Shutdown = 3001,
    /// Something failed in the server.
    ServerError = 3004,
    /// The client's token has expired, and it has brought no other in time.
    Expired = 3005,
    /// A subscription has expired.
    SubscriptionExpired = 3006,
    /// The client takes its messages too slowly: some were dropped.
    Slow = 3008,
    /// Messages of a subscription that the server made were lost.
    InsufficientState = 3010,
    /// The server wants the client to connect again.
    ForceReconnect = 3011,
    /// The client has not answered a ping in time.
    NoPong = 3012,
    /// The client sends too much.
    TooManyRequests = 3013,
    /// The token is not valid.
    InvalidToken = 3500,
    /// The client has broken the protocol.
    BadRequest = 3501,
    /// The client has not sent its connect command in time.
    Stale = 3502,
    /// The server does not want the client any more.
    ForceNoReconnect = 3503,
    /// The user has too many connections.
    ConnectionLimit = 3504,
    /// The client has too many channels.
    ChannelLimit = 3505,
    /// The client may not connect.
    PermissionDenied = 3507,
}

impl Disconnect {
    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// What the SDK does.
    #[must_use]
    pub const fn retry(self) -> Retry {
        if self.number() < 3500 { Retry::Again } else { Retry::Never }
    }

    /// The reason in the close frame.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Shutdown => "shutdown",
            Self::ServerError => "internal server error",
            Self::Expired => "connection expired",
            Self::SubscriptionExpired => "subscription expired",
            Self::Slow => "slow",
            Self::InsufficientState => "insufficient state",
            Self::ForceReconnect => "force reconnect",
            Self::NoPong => "no pong",
            Self::TooManyRequests => "too many requests",
            Self::InvalidToken => "invalid token",
            Self::BadRequest => "bad request",
            Self::Stale => "stale",
            Self::ForceNoReconnect => "force disconnect",
            Self::ConnectionLimit => "connection limit",
            Self::ChannelLimit => "channel limit",
            Self::PermissionDenied => "permission denied",
        }
    }

    /// The close frame, with the standard reason.
    #[must_use]
    pub fn close(self) -> CloseFrame {
        self.close_because(self.reason())
    }

    /// The close frame with a reason of the host's own.
    #[must_use]
    pub fn close_because(self, reason: &str) -> CloseFrame {
        CloseFrame::new(CloseCode(self.number()), reason)
    }
}

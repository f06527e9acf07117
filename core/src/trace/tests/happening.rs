//! What may happen in a [random run](super::random), and how often.

/// The events and their weights. Every few hundred events the weights are drawn again, so that a run varies.
pub(super) const SHARES: [(Happening, u64); 31] = [
    (Happening::Accept, 32),
    (Happening::Reserve, 48),
    (Happening::Open, 48),
    (Happening::SetUser, 12),
    (Happening::Join, 48),
    (Happening::Leave, 16),
    (Happening::LeaveAll, 1),
    (Happening::Publish, 104),
    (Happening::PublishAs, 24),
    (Happening::Place, 6),
    (Happening::ConfigureRoom, 4),
    (Happening::CloseRoom, 2),
    (Happening::RemoveHistory, 1),
    (Happening::Watch, 12),
    (Happening::Received, 40),
    (Happening::Ping, 16),
    (Happening::Pong, 12),
    (Happening::Heard, 32),
    (Happening::Working, 16),
    (Happening::PeerClosed, 1),
    (Happening::HalfClosed, 1),
    (Happening::Close, 1),
    (Happening::Vanish, 1),
    (Happening::Obey, 24),
    (Happening::Transmit, 24),
    (Happening::TransmitReady, 40),
    (Happening::Transmitted, 80),
    (Happening::Writable, 32),
    (Happening::Timeout, 24),
    (Happening::Misuse, 4),
    (Happening::Reconfigure, 1),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    Accept,
    Reserve,
    Open,
    SetUser,
    Join,
    Leave,
    LeaveAll,
    Publish,
    PublishAs,
    /// `Event::Place`: a client opens or gets a user, and some of the user's clients are closed.
    Place,
    ConfigureRoom,
    CloseRoom,
    RemoveHistory,
    /// A client watches the presence of a room, or no longer.
    Watch,
    Received,
    Ping,
    Pong,
    Heard,
    Working,
    PeerClosed,
    HalfClosed,
    Close,
    /// A transport ends by itself.
    Vanish,
    /// A transport ends because the hub asked for it, or because both close frames were exchanged.
    Obey,
    Transmit,
    TransmitReady,
    Transmitted,
    Writable,
    /// Time jumps to the next timeout.
    Timeout,
    /// Any event with a stale or invented id.
    Misuse,
    Reconfigure,
}

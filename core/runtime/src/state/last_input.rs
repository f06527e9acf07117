//! The last input from a peer.

use throng_core::CloseCode;
use throng_core::websocket::Utf8Bytes;

/// The last input from a peer.
pub(crate) enum LastInput {
    Close {
        code: Option<CloseCode>,
        reason: Utf8Bytes,
    },
    /// The end of its sending direction, with or without a close frame before.
    End,
    /// The transport could not be read any more.
    Broken,
}

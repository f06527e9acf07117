//! Whether the queue of a client that the hub closes is written, by cause.

use super::ending::Flush;
use crate::cause::Cause;

/// Whether the client's queue is still written.
pub(super) const fn flush_of(cause: Cause) -> Flush {
    match cause {
        Cause::Controls | Cause::TooSlow | Cause::ShutDown => Flush::Never,
        _ => Flush::First,
    }
}

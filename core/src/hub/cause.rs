//! What becomes of what is queued for a client that the hub closes, by cause.

use super::ending::Flush;
use crate::cause::Cause;

/// Whether what is queued still goes out.
pub(super) const fn flush_of(cause: Cause) -> Flush {
    match cause {
        Cause::Controls | Cause::TooSlow | Cause::ShutDown => Flush::Never,
        _ => Flush::First,
    }
}

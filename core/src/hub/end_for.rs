//! Ends a client for one of the hub's own causes.

use super::Hub;
use super::cause::flush_of;
use crate::cause::Cause;
use crate::close::{CloseCode, CloseFrame, ClosedBy};

impl Hub {
    /// Ends an open client for this cause, with the code and reason of the config.
    #[cold]
    pub(super) fn end_for(&mut self, index: u32, cause: Cause) {
        let CloseFrame { code, reason } = self.config.closes[cause].clone();
        self.end_with(index, cause, code, &reason);
    }

    /// Ends an open client for this cause, with another code and reason.
    pub(super) fn end_with(&mut self, index: u32, cause: Cause, code: CloseCode, reason: &str) {
        self.totals.count_cause(cause);
        self.end(index, code, reason, flush_of(cause), ClosedBy::Hub);
    }
}

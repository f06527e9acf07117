//! A run of items, written to a transport.

use super::transport::Writer;
use crate::outbox::Item;
pub(super) use crate::websocket::Flat;
pub(super) use crate::websocket::flat::FlatRun;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

/// Slices of one vectored write.
const SLICES: usize = 64;

impl FlatRun {
    /// One write of what follows the first `from` bytes of the run, whose items are `items`.
    pub(super) fn poll_write(
        &self,
        items: &[Item],
        from: usize,
        writer: &dyn Writer,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if let Some(bytes) = self.copied() {
            return writer.poll_write(cx, &bytes[from..]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.slices(items, from, &mut slices);
        writer.poll_write_vectored(cx, &slices[..count])
    }
}

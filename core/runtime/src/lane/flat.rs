//! Writes a run of items to a transport.

use crate::host::transport::Writer;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};
use throng_core::outbox::Item;
pub(crate) use throng_core::websocket::{Flat, FlatRun};

/// Slices of one vectored write.
const SLICES: usize = 64;

/// Writes what follows the first `from` bytes of a run with these items, in one call.
pub(crate) fn poll_write(
    run: &FlatRun,
    items: &[Item],
    from: usize,
    writer: &dyn Writer,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if let Some(bytes) = run.copied() {
        return writer.poll_write(cx, &bytes[from..]);
    }
    let mut slices = [IoSlice::new(&[]); SLICES];
    let count = run.slices(items, from, &mut slices);
    writer.poll_write_vectored(cx, &slices[..count])
}

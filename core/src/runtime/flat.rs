//! A run of items as bytes that a transport can be given.

use crate::hub::Progress;
use crate::outbox::{Control, Item};
use crate::websocket::ControlPayload;
use crate::websocket::encode::{encode_close, encode_ping, encode_pong};
use alloc::vec::Vec;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use super::transport::Writer;

/// A run up to this size is copied together and written in one plain call.
const COPIED: usize = 16 << 10;
/// The same for a run that several clients share: one copy serves them all.
const COPIED_SHARED: usize = 128 << 10;
/// A buffer that grew over this is not kept.
const KEPT: usize = 256 << 10;
/// Slices of one vectored write.
const SLICES: usize = 64;

/// The run that was written last, in the form in which it was written.
#[derive(Debug, Default)]
pub(super) struct Flat {
    run: Option<u32>,
    is_copied: bool,
    /// The whole run if it is copied, else its control frames.
    bytes: Vec<u8>,
    /// Where each item ends, counted from the start of the run.
    ends: Vec<u32>,
}

impl Flat {
    /// Takes up a run, unless it is the one that is there.
    pub(super) fn load(&mut self, run: u32, items: &[Item], is_shared: bool) {
        if self.run == Some(run) {
            return;
        }
        self.run = Some(run);
        self.bytes.clear();
        self.ends.clear();
        let most = if is_shared { COPIED_SHARED } else { COPIED };
        self.is_copied = items.iter().map(size_hint).sum::<usize>() <= most;
        let mut end = 0;
        for item in items {
            end += self.push(item);
            self.ends.push(end);
        }
    }

    /// Forgets the run: its number means another one in the next batch.
    pub(super) fn unload(&mut self) {
        self.run = None;
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
    }

    fn push(&mut self, item: &Item) -> u32 {
        let from = self.bytes.len();
        match item {
            Item::Frame(frame) => {
                if self.is_copied {
                    self.bytes.extend_from_slice(frame.head());
                    self.bytes.extend_from_slice(frame.payload());
                }
                return frame.size();
            }
            Item::Control(Control::Ping) => encode_ping(&ControlPayload::EMPTY, &mut self.bytes),
            Item::Control(Control::Pong(payload)) => {
                // The hub keeps no longer payload than a control frame can have.
                let payload = ControlPayload::new(payload.clone()).unwrap_or(ControlPayload::EMPTY);
                encode_pong(&payload, &mut self.bytes);
            }
            Item::Control(Control::Close { code, reason }) => {
                encode_close(*code, reason.as_deref().unwrap_or_default(), &mut self.bytes);
            }
        }
        (self.bytes.len() - from) as u32
    }

    /// Bytes of the run.
    pub(super) fn len(&self) -> usize {
        self.ends.last().map_or(0, |end| *end as usize)
    }

    /// The bytes of the run, if they were copied together.
    pub(super) fn copied(&self) -> Option<&[u8]> {
        self.is_copied.then_some(&self.bytes)
    }

    /// What the first `written` bytes of the run are for the hub.
    pub(super) fn progress(&self, written: usize) -> Progress {
        if written >= self.len() {
            return Progress::All;
        }
        let items = self.ends.partition_point(|end| *end as usize <= written);
        let start = if items == 0 { 0 } else { self.ends[items - 1] };
        Progress::Part { items: items as u32, bytes: written as u32 - start }
    }

    /// One write of what follows the first `from` bytes of the run, whose items are `items`.
    pub(super) fn poll_write(
        &self,
        items: &[Item],
        from: usize,
        writer: &dyn Writer,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.is_copied {
            return writer.poll_write(cx, &self.bytes[from..]);
        }
        let mut slices = [IoSlice::new(&[]); SLICES];
        let count = self.slices(items, from, &mut slices);
        writer.poll_write_vectored(cx, &slices[..count])
    }

    fn slices<'a>(&'a self, items: &'a [Item], from: usize, into: &mut [IoSlice<'a>; SLICES]) -> usize {
        let (mut count, mut skip, mut controls, mut start) = (0, from, 0, 0);
        for (item, end) in items.iter().zip(&self.ends) {
            let size = (*end - start) as usize;
            start = *end;
            let parts = match item {
                Item::Frame(frame) => [frame.head(), frame.payload()],
                Item::Control(_) => {
                    controls += size;
                    [&self.bytes[controls - size..controls], &[]]
                }
            };
            for part in parts {
                let skipped = skip.min(part.len());
                skip -= skipped;
                if skipped < part.len() {
                    into[count] = IoSlice::new(&part[skipped..]);
                    count += 1;
                    if count == SLICES {
                        return count;
                    }
                }
            }
        }
        count
    }
}

fn size_hint(item: &Item) -> usize {
    match item {
        Item::Frame(frame) => frame.size() as usize,
        Item::Control(_) => 0,
    }
}

//! Newline coalescing: joins several text messages in one frame.

use super::{COPIED_SHARED, Flat, FlatRun, size_hint, widest};
use crate::frame::{Frame, MessageKind, Window};
use crate::outbox::Item;
use crate::websocket::wire::{FIN, HeadBytes};

/// The longest payload of a joined frame in bytes. More would save almost nothing, and a joined frame that is partly written is
/// made again for its rest.
const MOST: usize = 4 << 10;

/// The separator of two messages.
const NEWLINE: u8 = b'\n';

/// The first byte of an unfragmented, uncompressed text frame (RFC 6455 section 5.2).
const TEXT: u8 = FIN | 1;

impl Flat {
    /// Like [`load`](Self::load), but joins consecutive texts by newlines in one frame, if they contain no newline and
    /// are not written deflated. The first `begun` items ([`Lease::begun`](crate::outbox::Lease::begun)) are those of frames
    /// that the transport has begun: they are joined as they were then, and with no others.
    ///
    /// A run that is too large to be copied is not joined.
    pub fn load_joined(&mut self, run: u32, items: &[Item], begun: u32, window: Window) -> &FlatRun {
        let (flat, window) = match window {
            Window::NONE => (&mut self.plain, window),
            _ => (&mut self.deflated, widest(items, window)),
        };
        flat.load_joined(run, items, begun, window);
        flat
    }
}

impl FlatRun {
    fn load_joined(&mut self, run: u32, items: &[Item], begun: u32, window: Window) {
        if self.run == Some(run) && self.window == window {
            return;
        }
        let size = items.iter().map(|item| size_hint(item, window)).sum::<usize>();
        // What was begun as a joined frame is joined again, whatever waits behind it now.
        if items.len() < 2 || size > COPIED_SHARED && begun < 2 {
            return self.load(run, items, true, window);
        }
        self.run = Some(run);
        self.window = window;
        self.clear();
        self.is_copied = true;
        // Where a frame ends depends on what is in it and next to it, so that begun frames come out the same if nothing joins them.
        let (begun, rest) = items.split_at(items.len().min(begun as usize));
        self.push_all(begun, window);
        self.push_all(rest, window);
    }

    /// Adds items, and joins those that can be.
    fn push_all(&mut self, mut items: &[Item], window: Window) {
        while let Some(first) = items.first() {
            match joinable(items, window) {
                0 | 1 => {
                    self.push_alone(first);
                    items = &items[1..];
                }
                count => {
                    self.push_joined(&items[..count], window);
                    items = &items[count..];
                }
            }
        }
    }

    fn push_alone(&mut self, item: &Item) {
        self.push(item);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Adds a joined frame. All its items end with the frame, since none is written before all are.
    fn push_joined(&mut self, items: &[Item], window: Window) {
        let texts = || items.iter().filter_map(|item| text(item, window));
        let length = texts().map(|text| text.payload().len()).sum::<usize>() + items.len() - 1;
        self.bytes.extend_from_slice(HeadBytes::new(TEXT, length, None).as_bytes());
        for (at, text) in texts().enumerate() {
            if at > 0 {
                self.bytes.push(NEWLINE);
            }
            text.append_payload(text, &mut self.bytes);
        }
        self.ends.extend(items.iter().map(|_| self.bytes.len() as u32));
    }
}

/// The number of leading items that can be joined.
fn joinable(items: &[Item], window: Window) -> usize {
    let mut length = 0;
    let fits = |item: &&Item| {
        let Some(frame) = text(item, window) else { return false };
        length += frame.payload().len() + 1;
        length <= MOST && memchr::memchr(NEWLINE, frame.payload()).is_none()
    };
    items.iter().take_while(fits).count()
}

/// The frame of an item, if it is a whole text message that is not written deflated.
fn text(item: &Item, window: Window) -> Option<&Frame> {
    match item {
        Item::Frame(frame) => {
            Some(frame.for_window(window)).filter(|it| it.kind() == Some(MessageKind::Text))
        }
        Item::Control(_) => None,
    }
}

//! Newline coalescing: joins several text messages in one frame.

use super::{COPIED_SHARED, Flat, FlatRun, size_hint, widest};
use crate::frame::{Frame, MessageKind, Window};
use crate::outbox::Item;
use crate::websocket::wire::{FIN, HeadBytes};
use core::ops::Range;

/// The longest payload of a joined frame in bytes. More would save almost nothing, and the rest of a partly written joined
/// frame is kept outside the outbox.
const MOST: usize = 4 << 10;

/// The separator of two messages.
const NEWLINE: u8 = b'\n';

/// The first byte of an unfragmented, uncompressed text frame (RFC 6455 section 5.2).
const TEXT: u8 = FIN | 1;

impl Flat {
    /// Like [`load`](Self::load), but joins consecutive texts by newlines in one frame, if they contain no newline and
    /// are not written deflated. If `skip` bytes of the run were written before, its first item is not joined.
    ///
    /// A run that is too large to be copied is not joined.
    pub fn load_joined(&mut self, run: u32, items: &[Item], skip: u32, window: Window) -> &FlatRun {
        let (flat, window) = match window {
            Window::NONE => (&mut self.plain, window),
            _ => (&mut self.deflated, widest(items, window)),
        };
        flat.load_joined(run, items, skip, window);
        flat
    }
}

impl FlatRun {
    fn load_joined(&mut self, run: u32, items: &[Item], skip: u32, window: Window) {
        if self.run == Some(run) && self.window == window {
            return;
        }
        let size = items.iter().map(|item| size_hint(item, window)).sum::<usize>();
        if items.len() < 2 || size > COPIED_SHARED {
            return self.load(run, items, true, window);
        }
        self.run = Some(run);
        self.window = window;
        self.clear();
        self.is_copied = true;
        let (begun, mut rest) = items.split_at(usize::from(skip > 0));
        begun.iter().for_each(|item| self.push_alone(item));
        while let Some(first) = rest.first() {
            match joinable(rest, window) {
                0 | 1 => {
                    self.push_alone(first);
                    rest = &rest[1..];
                }
                count => {
                    self.push_joined(&rest[..count], window);
                    rest = &rest[count..];
                }
            }
        }
    }

    /// The range of the joined frame in which the first `written` bytes of the run end, if they do. The rest of that
    /// frame must be written next, and none of its messages may be dropped.
    #[must_use]
    pub fn joined_at(&self, written: usize) -> Option<Range<usize>> {
        let at = self.ends.partition_point(|end| *end as usize <= written);
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]) as usize;
        let holds_several = self.is_copied && self.ends.get(at + 1) == Some(&end);
        (holds_several && written > start).then_some(start..end as usize)
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

/// A whole text message that is not written deflated.
fn text(item: &Item, window: Window) -> Option<&Frame> {
    match item {
        Item::Frame(frame) => {
            Some(frame.for_window(window)).filter(|it| it.kind() == Some(MessageKind::Text))
        }
        Item::Control(_) => None,
    }
}

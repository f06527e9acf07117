//! The bare variant of a frame: a message without its envelope.

use super::{Frame, MessageKind, More};
use alloc::vec::Vec;
use bytes::Bytes;

/// Where the bytes of a [bare variant](Frame::with_bare) are, for a frame that goes to another node: [`Frame::with_bare_part`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BarePart {
    /// The kind of the bare message.
    pub kind: MessageKind,
    /// The length of the message in its envelope: it comes first.
    pub envelope: u32,
    /// Where the bare message begins: within the envelope, or behind it.
    pub start: u32,
    /// Where the bare message ends.
    pub end: u32,
}

impl BarePart {
    /// Whether the parts are within a payload of this length.
    #[must_use]
    pub const fn is_within(&self, payload: usize) -> bool {
        self.start <= self.end && self.end as usize <= payload && self.envelope as usize <= payload
    }
}

impl Frame {
    /// Adds a variant of the same message without the envelope that this frame has around it, for clients whose [`Window`](super::Window) is
    /// [bare](super::Window::bare). So members of one room may speak different protocols, and the room has one history with one
    /// numbering. If the bare payload is a slice of this frame's payload, it takes no memory of its own. The frame's own size counts for all
    /// recipients. A variant that is not shorter is left out.
    ///
    /// The variant has no place: only the envelope tells the offset.
    #[must_use]
    pub fn with_bare(mut self, mut bare: Self) -> Self {
        let is_of_use = bare.size() < self.size() && bare.place().is_none();
        bare.drop_bare();
        let (deflated, placed) = (self.deflated().cloned(), self.placed().cloned());
        self.more = More { deflated, placed, bare: is_of_use.then_some(bare) }.share();
        self
    }

    /// The variant without an envelope.
    #[must_use]
    pub fn bare(&self) -> Option<&Self> {
        self.more.as_ref()?.bare.as_ref()
    }

    /// The payload for another node, and where the bare variant is in it. O(1) if the bare payload is a slice of the frame's.
    #[must_use]
    pub fn with_bare_part(&self) -> (Bytes, Option<BarePart>) {
        let payload = self.payload();
        let Some((bare, kind)) = self.bare().and_then(|bare| Some((bare.payload(), bare.kind()?))) else {
            return (payload.clone(), None);
        };
        let envelope = payload.len() as u32;
        // Bytes tell a slice of themselves only by its address.
        let start = (bare.as_ptr() as usize).wrapping_sub(payload.as_ptr() as usize);
        let part =
            |start: usize| BarePart { kind, envelope, start: start as u32, end: (start + bare.len()) as u32 };
        if start <= payload.len() && bare.len() <= payload.len() - start {
            return (payload.clone(), Some(part(start)));
        }
        let mut both = Vec::with_capacity(payload.len() + bare.len());
        both.extend_from_slice(payload);
        both.extend_from_slice(bare);
        (both.into(), Some(part(payload.len())))
    }

    fn drop_bare(&mut self) {
        if self.bare().is_some() {
            let (deflated, placed) = (self.deflated().cloned(), self.placed().cloned());
            self.more = More { deflated, placed, bare: None }.share();
        }
    }
}

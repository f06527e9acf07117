//! A cache for one publish: which frames of a span have the publish's key. The next recipients mostly have the same spans. See
//! [`conflate`](super::conflate).

use super::entry::NONE;
use super::nodes::Span;
use alloc::vec::Vec;

/// Spans that are remembered, by the slots of their first frames.
const REMEMBERED: usize = 64;

/// A frame within a span.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) frame: u32,
    /// The frame before it in the span; `NONE` for the first.
    pub(super) before: u32,
    /// The number of frames before it in the span.
    pub(super) at: u32,
}

/// The frames of a key within a span.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    Nothing,
    One(Place),
    Several,
}

/// The frames with the key of one publish, by span.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookups(Vec<(Span, Found)>);

impl Lookups {
    /// Begins another publish.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
    /// Returns the frames with the key in a span, or `None` if the span is not in the cache.
    pub(super) fn get(&self, span: Span) -> Option<Found> {
        let (known, found) = self.0.get(span.first as usize % REMEMBERED)?;
        (*known == span).then_some(*found)
    }

    pub(super) fn insert(&mut self, span: Span, found: Found) {
        if self.0.is_empty() {
            // No span has no frames.
            self.0.resize(REMEMBERED, (Span { first: NONE, count: 0 }, Found::Nothing));
        }
        self.0[span.first as usize % REMEMBERED] = (span, found);
    }
}

//! How messages of one client are put together before they are written.

use core::time::Duration;

/// What is put together beyond what waits for a client anyway, which always leaves in one write.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Batching {
    pub(crate) coalesce: Coalesce,
    pub(crate) delay: Option<Duration>,
}

impl Batching {
    /// Whether everything is left to the lanes, answers to a client's own messages too.
    pub(crate) const fn is_on(&self) -> bool {
        matches!(self.coalesce, Coalesce::Newlines) || self.delay.is_some()
    }
}

/// Whether several messages may share a frame: [`Builder::coalesce`](crate::Builder::coalesce).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coalesce {
    /// Each message has its frame.
    #[default]
    Nothing,
    /// Texts that wait for one client next to each other are joined by newlines in one text frame, of at most 4 KiB. A text that
    /// has a newline in it, a binary message, and one that is compressed once for all have their own frames. For a client whose
    /// context is kept, what shares a frame is compressed together.
    Newlines,
}

/// A longer delay would only be in the way of deadlines.
const LONGEST: Duration = Duration::from_secs(1);

/// As it is kept.
pub(crate) fn delay(delay: Duration) -> Option<Duration> {
    (!delay.is_zero()).then(|| delay.min(LONGEST))
}

//! State that few clients need at a time: queued control frames, and the progress in a partly written item.

use super::controls::Controls;

#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(super) controls: Controls,
    pub(super) cut: Option<Cut>,
}

/// The number of bytes written of the first item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(super) bytes: u32,
    pub(super) item: CutItem,
}

/// Which item is partly written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutItem {
    /// The first frame of the queue.
    Frame,
    /// The first control frame.
    Control,
}

//! What few clients have at any moment: control frames that wait, and a first item that is half written.

use super::controls::Controls;

#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(super) controls: Controls,
    pub(super) cut: Option<Cut>,
}

/// How much of the first item is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(super) bytes: u32,
    pub(super) item: CutItem,
}

/// Which item is half written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CutItem {
    /// The first frame of the queue.
    Frame,
    /// The first control frame.
    Control,
}

//! Which hooks an application has written.

/// The written hooks, of those that need preparation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WrittenHooks {
    pub(crate) before_message: bool,
    pub(crate) after_message: bool,
    pub(crate) before_join: bool,
    pub(crate) joined: bool,
    pub(crate) before_leave: bool,
    pub(crate) left: bool,
    pub(crate) dropped: bool,
    pub(crate) error: bool,
    pub(crate) presence_changed: bool,
    pub(crate) cluster_changed: bool,
    pub(crate) occupancy_changed: bool,
}

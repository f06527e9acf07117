//! The application's hooks, as a hub stores them.

use crate::handler::hooks::Hooks;
use crate::handshake::placement::Placing;
use crate::state::shared::Shared;
use alloc::boxed::Box;

/// The hooks, and the closure of [`Builder::per_user`](crate::Builder::per_user). [`Shared`] stores an `Application` as
/// `dyn Any`: hooks receive handles, and handles contain [`Shared`], so a typed field would make the modules import each
/// other.
pub(crate) struct Application {
    pub(crate) hooks: Box<dyn Hooks>,
    /// Decides what happens when a user gets one more client.
    pub(crate) placing: Option<Box<Placing>>,
}

impl Application {
    /// The application of the hub that owns `shared`.
    pub(crate) fn of(shared: &Shared) -> &Self {
        match shared.application.downcast_ref() {
            Some(application) => application,
            None => unreachable!("the builder gives every hub an application"),
        }
    }
}

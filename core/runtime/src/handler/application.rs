//! The application's hooks, as a hub stores them.

use crate::handler::hooks::Hooks;
use crate::handshake::placement::Placing;
use crate::state::shared::Shared;
use alloc::boxed::Box;

/// The hooks, and the function that decides about several clients of one user. [`Shared`] stores this type-erased:
/// hooks receive handles and handles contain [`Shared`], so a typed field would make the modules import each other.
pub(crate) struct Application {
    pub(crate) hooks: Box<dyn Hooks>,
    pub(crate) placing: Option<Box<Placing>>,
}

impl Application {
    /// The application of a hub.
    pub(crate) fn of(shared: &Shared) -> &Self {
        match shared.application.downcast_ref() {
            Some(application) => application,
            None => unreachable!("the builder gives every hub an application"),
        }
    }
}

//! What an application does, as its hub keeps it.

use crate::handler::hooks::Hooks;
use crate::handshake::placement::Placing;
use crate::state::shared::Shared;
use alloc::boxed::Box;

/// The hooks, and the function that decides about several clients of one user. [`Shared`] keeps it without a type, as hooks
/// are given handles, and handles know [`Shared`]: so that who is below need not know who is above.
pub(crate) struct Application {
    pub(crate) hooks: Box<dyn Hooks>,
    pub(crate) placing: Option<Box<Placing>>,
}

impl Application {
    /// That of a hub.
    pub(crate) fn of(shared: &Shared) -> &Self {
        match shared.application.downcast_ref() {
            Some(application) => application,
            None => unreachable!("the builder gives every hub an application"),
        }
    }
}

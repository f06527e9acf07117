//! Where an event puts what its outcome only counts.

use super::{Error, Unreached};
use crate::outbox::Batch;
use alloc::vec::Vec;

/// Where [`Hub::handle_into`](super::Hub::handle_into) puts what the outcome of an event only counts: memory of the host's own,
/// which it uses again. What is in there already stays there.
#[derive(Debug)]
#[non_exhaustive]
pub enum Sink<'a> {
    /// Nowhere. A transmit is refused then ([`Error::NeedsBatch`]), or its leases would be lost.
    Nowhere,
    /// The leases of a transmit.
    Batch(&'a mut Batch),
    /// The clients that a publish under [`Policy::Wait`](super::Policy::Wait) has not reached, in the order in which it would have.
    Unreached(&'a mut Vec<Unreached>),
}

impl Sink<'_> {
    /// The same, for a call.
    #[cfg(feature = "trace")]
    pub(crate) fn reborrow(&mut self) -> Sink<'_> {
        match self {
            Self::Nowhere => Sink::Nowhere,
            Self::Batch(batch) => Sink::Batch(batch),
            Self::Unreached(list) => Sink::Unreached(list),
        }
    }
}

impl<'a> Sink<'a> {
    #[inline]
    pub(super) fn batch(self) -> Result<&'a mut Batch, Error> {
        if let Self::Batch(batch) = self { Ok(batch) } else { Err(Error::NeedsBatch) }
    }
}

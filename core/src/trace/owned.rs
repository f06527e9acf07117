//! An event that owns its lists.

use crate::frame::Frame;
use crate::hub::{Config, Event, Policy, Target, Written};
use crate::id::ClientId;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// An event that owns its lists and its frame; only names are borrowed, from the log or wherever they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedEvent<'a>(pub(super) Kind<'a>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// It has no lists.
    Plain(Event<'a>),
    Publish {
        targets: Vec<Target<'a>>,
        except: Vec<ClientId>,
        frame: Frame,
        policy: Option<Policy>,
    },
    Transmitted {
        results: Vec<Written>,
    },
    Reconfigure {
        config: Box<Config>,
    },
}

impl<'a> OwnedEvent<'a> {
    /// [`Event::Publish`], its lists given away.
    #[must_use]
    pub fn publish(
        targets: Vec<Target<'a>>,
        except: Vec<ClientId>,
        frame: Frame,
        policy: Option<Policy>,
    ) -> Self {
        Self(Kind::Publish { targets, except, frame, policy })
    }

    /// [`Event::Transmitted`], its list given away.
    #[must_use]
    pub fn transmitted(results: Vec<Written>) -> Self {
        Self(Kind::Transmitted { results })
    }

    /// The event as [`Hub::handle`](crate::hub::Hub::handle) takes it.
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        match &self.0 {
            Kind::Plain(event) => *event,
            Kind::Publish { targets, except, frame, policy } => {
                Event::Publish { targets, except, frame, policy: *policy }
            }
            Kind::Transmitted { results } => Event::Transmitted { results },
            Kind::Reconfigure { config } => Event::Reconfigure { config },
        }
    }
}

impl OwnedEvent<'_> {
    /// [`Event::Reconfigure`], its config given away.
    #[must_use]
    pub fn reconfigure(config: Config) -> Self {
        Self(Kind::Reconfigure { config: Box::new(config) })
    }
}

impl<'a> From<Event<'a>> for OwnedEvent<'a> {
    fn from(event: Event<'a>) -> Self {
        Self(match event {
            Event::Publish { targets, except, frame, policy } => {
                Kind::Publish { targets: targets.into(), except: except.into(), frame: frame.clone(), policy }
            }
            Event::Transmitted { results } => Kind::Transmitted { results: results.into() },
            Event::Reconfigure { config } => Kind::Reconfigure { config: Box::new(config.clone()) },
            plain => Kind::Plain(plain),
        })
    }
}

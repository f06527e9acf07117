//! An event that owns its lists.

use crate::close::CloseCode;
use crate::frame::Frame;
use crate::hub::{Config, Dedup, Event, Incumbent, Policy, Target};
use crate::id::{ClientId, ConnectionId, Name};
use crate::outbox::Written;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// An event that owns its lists and its frame. Only names are borrowed, for example from the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedEvent<'a>(pub(super) Kind<'a>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// An event without lists.
    Plain(Event<'a>),
    Publish {
        publisher: Option<ClientId>,
        targets: Vec<Target<'a>>,
        except: Vec<ClientId>,
        frame: Frame,
        policy: Option<Policy>,
        dedup: Option<Dedup<'a>>,
    },
    Reserve {
        connection: ConnectionId,
        user: Option<&'a str>,
        session: Option<&'a str>,
        rooms: Vec<Name>,
    },
    Place {
        client: ClientId,
        user: &'a str,
        among: Vec<Incumbent>,
        code: CloseCode,
        reason: &'a str,
    },
    Transmitted {
        results: Vec<Written>,
    },
    Reconfigure {
        config: Box<Config>,
    },
}

impl<'a> OwnedEvent<'a> {
    /// Makes an [`Event::Publish`] that owns its lists.
    #[must_use]
    pub fn publish(
        targets: Vec<Target<'a>>,
        except: Vec<ClientId>,
        frame: Frame,
        policy: Option<Policy>,
    ) -> Self {
        Self(Kind::Publish { publisher: None, targets, except, frame, policy, dedup: None })
    }

    /// Sets the client that publishes. Other events do not change.
    #[must_use]
    pub fn on_behalf_of(mut self, client: ClientId) -> Self {
        if let Kind::Publish { publisher, .. } = &mut self.0 {
            *publisher = Some(client);
        }
        self
    }

    /// Sets what makes a publish the same as another or later than another. Other events do not change.
    #[must_use]
    pub fn once(mut self, once: Dedup<'a>) -> Self {
        if let Kind::Publish { dedup, .. } = &mut self.0 {
            *dedup = Some(once);
        }
        self
    }

    /// Makes an [`Event::Reserve`] that owns its list.
    #[must_use]
    pub fn reserve(
        connection: ConnectionId,
        user: Option<&'a str>,
        session: Option<&'a str>,
        rooms: Vec<Name>,
    ) -> Self {
        Self(Kind::Reserve { connection, user, session, rooms })
    }

    /// Makes an [`Event::Place`] that owns its list.
    #[must_use]
    pub fn place(
        client: ClientId,
        user: &'a str,
        among: Vec<Incumbent>,
        code: CloseCode,
        reason: &'a str,
    ) -> Self {
        Self(Kind::Place { client, user, among, code, reason })
    }

    /// Makes an [`Event::Transmitted`] that owns its list.
    #[must_use]
    pub fn transmitted(results: Vec<Written>) -> Self {
        Self(Kind::Transmitted { results })
    }

    /// The event for [`Hub::handle`](crate::hub::Hub::handle).
    #[must_use]
    pub fn as_event(&self) -> Event<'_> {
        match &self.0 {
            Kind::Plain(event) => *event,
            Kind::Publish { publisher, targets, except, frame, policy, dedup } => {
                let (publisher, policy, dedup) = (*publisher, *policy, dedup.as_ref());
                Event::Publish { publisher, targets, except, frame, policy, dedup }
            }
            Kind::Reserve { connection, user, session, rooms } => {
                Event::Reserve { connection: *connection, user: *user, session: *session, rooms }
            }
            Kind::Place { client, user, among, code, reason } => {
                Event::Place { client: *client, user, among, code: *code, reason }
            }
            Kind::Transmitted { results } => Event::Transmitted { results },
            Kind::Reconfigure { config } => Event::Reconfigure { config },
        }
    }
}

impl OwnedEvent<'_> {
    /// Makes an [`Event::Reconfigure`] that owns its config.
    #[must_use]
    pub fn reconfigure(config: Config) -> Self {
        Self(Kind::Reconfigure { config: Box::new(config) })
    }
}

impl<'a> From<Event<'a>> for OwnedEvent<'a> {
    fn from(event: Event<'a>) -> Self {
        Self(match event {
            Event::Publish { publisher, targets, except, frame, policy, dedup } => Kind::Publish {
                publisher,
                targets: targets.into(),
                except: except.into(),
                frame: frame.clone(),
                policy,
                dedup: dedup.copied(),
            },
            Event::Reserve { connection, user, session, rooms } => {
                Kind::Reserve { connection, user, session, rooms: rooms.into() }
            }
            Event::Place { client, user, among, code, reason } => {
                Kind::Place { client, user, among: among.into(), code, reason }
            }
            Event::Transmitted { results } => Kind::Transmitted { results: results.into() },
            Event::Reconfigure { config } => Kind::Reconfigure { config: Box::new(config.clone()) },
            plain => Kind::Plain(plain),
        })
    }
}

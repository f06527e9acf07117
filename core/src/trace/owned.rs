//! An event that owns its lists.

use crate::close::CloseCode;
use crate::frame::Frame;
use crate::hub::{Config, Event, Incumbent, Policy, Target, Written};
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
        /// On whose behalf, if it is a client's.
        from: Option<ClientId>,
        targets: Vec<Target<'a>>,
        except: Vec<ClientId>,
        frame: Frame,
        policy: Option<Policy>,
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
        Self(Kind::Publish { from: None, targets, except, frame, policy })
    }

    /// The same publish, on behalf of a client: [`Event::PublishAs`]. Other events stay as they are.
    #[must_use]
    pub fn on_behalf_of(mut self, client: ClientId) -> Self {
        if let Kind::Publish { from, .. } = &mut self.0 {
            *from = Some(client);
        }
        self
    }

    /// [`Event::Place`], its list given away.
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
            Kind::Publish { from: None, targets, except, frame, policy } => {
                Event::Publish { targets, except, frame, policy: *policy }
            }
            Kind::Publish { from: Some(from), targets, except, frame, policy } => {
                Event::PublishAs { client: *from, targets, except, frame, policy: *policy }
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
            Event::Publish { targets, except, frame, policy } => Kind::Publish {
                from: None,
                targets: targets.into(),
                except: except.into(),
                frame: frame.clone(),
                policy,
            },
            Event::PublishAs { client, targets, except, frame, policy } => Kind::Publish {
                from: Some(client),
                targets: targets.into(),
                except: except.into(),
                frame: frame.clone(),
                policy,
            },
            Event::Place { client, user, among, code, reason } => {
                Kind::Place { client, user, among: among.into(), code, reason }
            }
            Event::Transmitted { results } => Kind::Transmitted { results: results.into() },
            Event::Reconfigure { config } => Kind::Reconfigure { config: Box::new(config.clone()) },
            plain => Kind::Plain(plain),
        })
    }
}

//! A hub's settings.

use super::client::Client;
use super::closures::Closures;
use super::handler::{Denied, Handler, NoHandler, Owned};
use super::hub::Hub;
use super::inner::Inner;
use super::mailbox::Disconnected;
use super::recording::Record;
use super::request::Connecting;
use super::settings::{KeepRequests, Settings};
use crate::hub;
use crate::hub::{Config, ConfigError, Dropped};
use crate::trace::Payloads;
use crate::websocket::handshake::{AbsentOrigin, Origin, Policy, Protocol};
use crate::websocket::{Limits, Message, Refusal};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::future::Future;
use core::hash::{BuildHasher, Hasher};
use core::num::NonZeroU16;
use std::hash::RandomState;

/// A hub's settings: [`Hub::builder`].
///
/// What happens is told to a [`Handler`] or to closures; a closure takes the place of the handler's hook of the
/// same name. The closures of the plain methods return at once; each that may wait has a method of its own.
#[must_use]
pub struct Builder {
    config: Config,
    lanes: Option<NonZeroU16>,
    seed: Option<u64>,
    policy: Policy,
    limits: Limits,
    requests: KeepRequests,
    record: Record,
    payloads: Payloads,
    pub(super) hooks: Closures,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            config: Config::default(),
            lanes: None,
            seed: None,
            policy: Policy::default(),
            limits: Limits::default(),
            requests: KeepRequests::default(),
            record: Record::default(),
            payloads: Payloads::default(),
            hooks: Closures::before(Box::new(Owned(Arc::new(NoHandler)))),
        }
    }
}

impl Builder {
    /// The hub with these settings. It runs once a runtime crate serves it.
    ///
    /// # Errors
    /// The first field of the config that cannot stand.
    pub fn build(self) -> Result<Hub, ConfigError> {
        let Self { mut config, lanes, seed, policy, mut limits, requests, record, payloads, hooks } = self;
        config.host.lanes = lanes.map_or_else(cores, NonZeroU16::get);
        // Nobody can choose names that collide under a key that nobody knows.
        config.host.hash_key = [random(), random()];
        config.host.seed = seed.unwrap_or_else(random);
        limits.max_message = config.outbox.message_bytes;
        let recorder = record.recorder(&config, payloads);
        let inner = Inner::new(hub::Hub::new(config)?, recorder);
        Ok(Hub::new(inner, Box::new(hooks), Settings { policy, limits, requests }))
    }

    /// Every limit, deadline and rate. The fields of [`host`](Config::host) but its capacity are set by
    /// [`build`](Self::build).
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// What happens is told to this handler, in place of one that was set before.
    pub fn handler(mut self, handler: impl Handler) -> Self {
        self.hooks.handler = Box::new(Owned(Arc::new(handler)));
        self
    }

    /// How many tasks write. Default: as many as the machine has cores.
    pub fn lanes(self, lanes: NonZeroU16) -> Self {
        Self { lanes: Some(lanes), ..self }
    }

    /// The seed of the jitter of a drain. Default: a random number. For a host that is to run the same way twice.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Which pages may open a WebSocket here. Default: those of the same host and port.
    pub fn origin(mut self, origin: Origin) -> Self {
        self.policy.origin = origin;
        self
    }

    /// What to do without an Origin header. Default: allow; what is not a page has none.
    pub fn absent_origin(mut self, absent: AbsentOrigin) -> Self {
        self.policy.absent_origin = absent;
        self
    }

    /// The subprotocols that are spoken here, most wanted first.
    pub fn subprotocols(mut self, protocols: impl IntoIterator<Item = Protocol>) -> Self {
        self.policy.protocols = protocols.into_iter().collect();
        self
    }

    /// How long the request of a client is kept.
    pub fn keep_requests(self, requests: KeepRequests) -> Self {
        Self { requests, ..self }
    }

    /// Whether the hub is recorded, so that its run can be replayed in the bare core.
    pub fn record(self, record: Record) -> Self {
        Self { record, ..self }
    }

    /// Whether frames and pings are recorded whole. Default: only their lengths, so that a log says who spoke to whom, when
    /// and how much, and not what.
    pub fn record_payloads(self, payloads: Payloads) -> Self {
        Self { payloads, ..self }
    }

    /// [`Handler::before_connect`], by a closure that does not wait.
    pub fn before_connect<F>(mut self, closure: F) -> Self
    where
        F: Fn(&mut Connecting) -> Result<(), Refusal> + Send + Sync + 'static,
    {
        self.hooks.before_connect = Some(Box::new(closure));
        self
    }

    /// [`Handler::connected`], by a closure that does not wait.
    pub fn on_connect<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client) + Send + Sync + 'static,
    {
        self.hooks.connected = Some(Box::new(move |client, ()| {
            closure(client);
            None
        }));
        self
    }

    /// [`Handler::message`], by a closure that does not wait: nothing is allocated to call it.
    pub fn on_message<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, Message) + Send + Sync + 'static,
    {
        self.hooks.message = Some(Box::new(move |client, message| {
            closure(client, message);
            None
        }));
        self
    }

    /// [`Handler::message`], by a closure that may wait: nothing is read from its client meanwhile.
    pub fn on_message_async<F, Fut>(mut self, closure: F) -> Self
    where
        F: Fn(Client, Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.hooks.message =
            Some(Box::new(move |client, message| Some(Box::pin(closure(client.clone(), message)))));
        self
    }

    /// [`Handler::before_join`], by a closure that does not wait.
    pub fn before_join<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, &str) -> Result<(), Denied> + Send + Sync + 'static,
    {
        self.hooks.before_join = Some(Box::new(closure));
        self
    }

    /// [`Handler::dropped`], by a closure that does not wait.
    pub fn on_dropped<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, Dropped) + Send + Sync + 'static,
    {
        self.hooks.dropped = Some(Box::new(move |client, dropped| {
            closure(client, dropped);
            None
        }));
        self
    }

    /// [`Handler::disconnected`], by a closure that does not wait.
    pub fn on_disconnect<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Client, Disconnected) + Send + Sync + 'static,
    {
        self.hooks.disconnected = Some(Box::new(move |client, disconnected| {
            closure(client, disconnected);
            None
        }));
        self
    }
}

fn cores() -> u16 {
    const MOST: usize = 256;
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST) as u16)
}

/// A number of the operating system's that nobody outside knows.
#[expect(clippy::disallowed_methods, reason = "this is where the keys come from that the hub must be given")]
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

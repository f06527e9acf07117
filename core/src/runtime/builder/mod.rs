//! A hub's settings.

mod hooks;

use super::closures::Closures;
use super::handler::{Handler, NoHandler};
use super::hook::{Cause, Rejection};
use super::hooks::{Hooks, Owned, Wants};
use super::hub::Hub;
use super::inner::Inner;
use super::recording::Record;
use super::settings::{KeepRequests, Settings};
use crate::hub;
use crate::hub::{Config, ConfigError};
use crate::trace::Payloads;
use crate::websocket::Limits;
#[cfg(feature = "deflate")]
use crate::websocket::deflate::Compression;
use crate::websocket::handshake::{AbsentOrigin, Origin, Policy, Protocol};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::hash::{BuildHasher, Hasher};
use core::num::NonZeroU16;
use core::time::Duration;

/// A hub's settings: [`Hub::builder`].
///
/// What happens is told to a [`Handler`] or to closures; a closure takes the place of the handler's hook of the
/// same name.
#[must_use]
pub struct Builder {
    config: Config,
    lanes: Option<NonZeroU16>,
    seed: Option<u64>,
    settings: Settings,
    payloads: Payloads,
    pub(super) hooks: Closures,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            config: Config::default(),
            lanes: None,
            seed: None,
            settings: Settings {
                policy: Policy::default(),
                limits: Limits::default(),
                #[cfg(feature = "deflate")]
                compression: None,
                requests: KeepRequests::default(),
                record: Record::default(),
                hook_limit: Some(LIMIT),
                message_limit: None,
                authentication_limit: LIMIT,
                close_code: None,
                wants: Wants::default(),
            },
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
        let Self { mut config, lanes, seed, mut settings, payloads, hooks } = self;
        config.host.lanes = lanes.map_or_else(cores, NonZeroU16::get);
        // Nobody can choose names that collide under a key that nobody knows.
        config.host.hash_key = [random(), random()];
        config.host.seed = seed.unwrap_or_else(random);
        settings.limits.max_message = config.outbox.message_bytes;
        settings.wants = hooks.wants();
        #[cfg(feature = "deflate")]
        settings.compression.as_ref().map_or(Ok(()), Compression::validate)?;
        let recorder = settings.record.recorder(&config, payloads);
        let inner = Inner::new(hub::Hub::new(config)?, recorder, settings.wants);
        Ok(Hub::new(inner, Box::new(hooks), settings))
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
        self.settings.policy.origin = origin;
        self
    }

    /// What to do without an Origin header. Default: allow; what is not a page has none.
    pub fn absent_origin(mut self, absent: AbsentOrigin) -> Self {
        self.settings.policy.absent_origin = absent;
        self
    }

    /// The subprotocols that are spoken here, most wanted first.
    pub fn subprotocols(mut self, protocols: impl IntoIterator<Item = Protocol>) -> Self {
        self.settings.policy.protocols = protocols.into_iter().collect();
        self
    }

    /// Compression (RFC 7692), for those clients that ask for it. Default: none. What it costs, and when it pays:
    /// [`deflate`](crate::websocket::deflate).
    ///
    /// ```
    /// use throng_core::runtime::Hub;
    /// use throng_core::websocket::deflate::Compression;
    ///
    /// let hub = Hub::builder().compression(Compression::default()).build()?;
    /// assert_eq!(hub.compression_stats().deflated, 0);
    /// # Ok::<(), throng_core::hub::ConfigError>(())
    /// ```
    #[cfg(feature = "deflate")]
    pub fn compression(mut self, compression: impl Into<Option<Compression>>) -> Self {
        self.settings.compression = compression.into();
        self
    }

    /// How long the request of a client is kept.
    pub fn keep_requests(mut self, requests: KeepRequests) -> Self {
        self.settings.requests = requests;
        self
    }

    /// How long a hook may take. Default 5 s; `None`: as long as it likes.
    ///
    /// A hook that is over it is dropped, which is reported to the operator and told to
    /// [`error`](Handler::error); a question is answered by no:
    ///
    /// | hook | what follows |
    /// | --- | --- |
    /// | `before_connect` | the request is refused by 503 |
    /// | `authenticate` | has a [limit of its own](Self::authentication_limit) |
    /// | `connected` | the client is closed with 1011 |
    /// | `before_message` | the message is refused |
    /// | `before_join` | [`JoinError::TimedOut`](super::JoinError::TimedOut) |
    /// | all others | nothing: what the hook was told of has happened already |
    ///
    /// A timer is made only for a hook that has to wait.
    pub fn hook_limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings.hook_limit = limit.into();
        self
    }

    /// How long the handler of a message may take. Default: as long as [any hook](Self::hook_limit). A handler that waits
    /// for its own slow reader by [`send_wait`](super::Client::send_wait) may need longer, up to `deadlines.write`.
    pub fn message_limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.settings.message_limit = Some(limit.into());
        self
    }

    /// How long [`Handler::authenticate`] may take, from the answer to the handshake on. Default 5 s.
    ///
    /// The hub's own deadline for everything from accept to open, `deadlines.handshake`, holds as well, and ends the
    /// transport without a word. So an authentication that is still under way when nine tenths of that have passed is given
    /// up then, and the peer is told by a close frame.
    pub fn authentication_limit(mut self, limit: Duration) -> Self {
        self.settings.authentication_limit = limit;
        self
    }

    /// The codes and reasons with which the runtime closes clients, where the choice is its own. Default:
    /// [`Cause::rejection`].
    pub fn close_code<F>(mut self, closure: F) -> Self
    where
        F: Fn(Cause) -> Rejection + Send + Sync + 'static,
    {
        self.settings.close_code = Some(Box::new(closure));
        self
    }

    /// Whether the hub is recorded, so that its run can be replayed in the bare core.
    pub fn record(mut self, record: Record) -> Self {
        self.settings.record = record;
        self
    }

    /// Whether frames and pings are recorded whole. Default: only their lengths, so that a log says who spoke to whom, when
    /// and how much, and not what.
    pub fn record_payloads(self, payloads: Payloads) -> Self {
        Self { payloads, ..self }
    }
}

/// How long a hook may take.
const LIMIT: Duration = Duration::from_secs(5);

#[expect(
    clippy::disallowed_methods,
    reason = "a default for a host that does not say how many lanes it serves"
)]
fn cores() -> u16 {
    const MOST: usize = 256;
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST) as u16)
}

/// A number of the operating system's that nobody outside knows.
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where the keys come from that the hub must be given"
)]
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

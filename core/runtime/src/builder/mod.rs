//! A hub's settings.

mod hooks;

use crate::events::take_in;
use crate::handler::application::Application;
use crate::handler::closures::Closures;
use crate::handler::hooks::{Hooks, Owned, Wants};
use crate::handler::{Handler, NoHandler};
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::handshake::placement::{Newcomer, Placement, Placing};
use crate::measure::{Observer, Observing};
use crate::notice::hook::Rejection;
use crate::panic::PanicOutput;
use crate::state::backlog::{Backlog, EventsOptions};
use crate::state::batching;
use crate::state::batching::{Batching, Coalesce};
use crate::state::inner::Inner;
use crate::state::recording::Record;
use crate::state::settings::{Copied, KeepRequests, Settings};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::hash::{BuildHasher, Hasher};
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
use throng_core::hub;
use throng_core::hub::{Cause, Config, ConfigError, Must};
use throng_core::trace::Payloads;
#[cfg(feature = "deflate")]
use throng_core::websocket::deflate::Compression;
use throng_core::websocket::handshake::{AbsentOrigin, Origin, Policy, Protocol, UnmatchedProtocol};

/// A hub's settings: [`Hub::builder`].
///
/// What happens is told to a [`Handler`] or to closures. Each closure takes the place of one hook of the handler, which the docs
/// of its method name.
#[must_use]
pub struct Builder {
    config: Config,
    lanes: Option<NonZeroU16>,
    seed: Option<u64>,
    /// Of hooks, of messages, of authentications, where they are not to be the config's.
    hook_limit: Option<Option<Duration>>,
    message_limit: Option<Option<Duration>>,
    authentication_limit: Option<Duration>,
    /// How the hub is observed, told how often.
    observing: Option<Box<dyn FnOnce(Option<NonZeroU32>) -> Observing>>,
    observe_one_in: Option<NonZeroU32>,
    placing: Option<Box<Placing>>,
    pub(crate) settings: Settings,
    payloads: Payloads,
    pub(crate) hooks: Closures,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            config: Config::default(),
            lanes: None,
            seed: None,
            hook_limit: None,
            message_limit: None,
            authentication_limit: None,
            observing: None,
            observe_one_in: None,
            placing: None,
            settings: Settings {
                policy: Policy::default(),
                config: Copied::of(&Config::default()),
                #[cfg(feature = "deflate")]
                compression: None,
                requests: KeepRequests::default(),
                record: Record::default(),
                close_code: None,
                wants: Wants::default(),
                #[cfg(feature = "tower")]
                request_id: None,
                observing: None,
                batching: Batching::default(),
                events: None,
                panic_output: PanicOutput::default(),
            },
            payloads: Payloads::default(),
            hooks: Closures::before(Box::new(Owned(Arc::new(NoHandler)))),
        }
    }
}

impl Hub {
    /// Makes a hub: first its settings.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// The hub with these settings. It runs once a runtime crate serves it.
    ///
    /// # Errors
    /// The first field of the config, or other setting, that cannot stand.
    pub fn build(self) -> Result<Hub, ConfigError> {
        let Self {
            mut config,
            lanes,
            seed,
            mut settings,
            payloads,
            hooks,
            observing,
            observe_one_in,
            placing,
            ..
        } = self;
        let message_limit = self.message_limit.or(self.hook_limit);
        config.hooks.limit = self.hook_limit.unwrap_or(config.hooks.limit);
        config.hooks.message = message_limit.unwrap_or(config.hooks.message);
        config.hooks.authentication = self.authentication_limit.unwrap_or(config.hooks.authentication);
        config.host.lanes = lanes.map_or_else(cores, NonZeroU16::get);
        // Nobody can choose names that collide under a key that nobody knows.
        config.host.hash_key = [random(), random()];
        config.host.seed = seed.unwrap_or_else(random);
        settings.config.set(&config);
        settings.wants = hooks.wants();
        settings.observing = observing.map(|observing| observing(observe_one_in));
        settings.fill(&mut config.closes);
        #[cfg(feature = "deflate")]
        settings.compression.as_ref().map_or(Ok(()), Compression::validate)?;
        check_subprotocols(&settings.policy)?;
        let recorder = settings.record.recorder(&config, payloads);
        let application = Application { hooks: Box::new(hooks), placing };
        let mut inner = Inner::new(hub::Hub::new(config)?, recorder, settings.wants);
        inner.backlog = settings.events.map(|options| Box::new(Backlog::new(options)));
        Ok(Hub::new(inner, Box::new(application), settings))
    }

    /// Every limit, deadline and rate. The fields of [`host`](Config::host) but its capacity are set by
    /// [`build`](Self::build). [`Hub::reconfigure`] gives another one to the hub that runs.
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// What happens is told to this handler, in place of one that was set before.
    pub fn handler(mut self, handler: impl Handler) -> Self {
        self.hooks.handler = Box::new(Owned(Arc::new(handler)));
        self
    }

    /// What happens is told as a stream, in one order for the whole hub: [`Hub::events`] hands it out. Messages go there in
    /// place of the handler's [`message`](Handler::message), and [`message_limit`](Self::message_limit) does not apply to
    /// them; all other hooks are called as ever, beside the stream.
    pub fn events(mut self, options: EventsOptions) -> Self {
        self.hooks.message = Some(Box::new(take_in));
        self.settings.events = Some(options);
        self
    }

    /// How many tasks write. Default: as many as the machine has cores.
    pub fn lanes(self, lanes: NonZeroU16) -> Self {
        Self { lanes: Some(lanes), ..self }
    }

    /// Whether texts that wait for one client may share a frame, joined by newlines: fewer bytes, and fewer frames for the peer to
    /// take apart, for peers that know of it and take each line of a text for a message. Messages that may hold newlines are
    /// then best sent as JSON, which has none. All counts are of messages. Default: each message has its frame.
    ///
    /// What is on its way in a frame that a slow reader has taken in part, at most 4 KiB a client, counts as written.
    pub fn coalesce(mut self, coalesce: Coalesce) -> Self {
        self.settings.batching.coalesce = coalesce;
        self
    }

    /// How long a task that writes waits, from the first message on, before it writes to whoever has something to be written:
    /// later messages leave in the same write. A few milliseconds, at most a second, trade latency for system calls;
    /// everything waits for them, pongs and close frames too, until somebody's outbox has half of the messages that it may, or
    /// a transport that was full takes bytes again: then all is written at once, so that the wait loses nothing of a burst, but
    /// for large messages that fill the outbox's bytes before. Default, and zero: no longer than it takes to handle what has
    /// arrived in the same moment.
    pub fn write_delay(mut self, delay: Duration) -> Self {
        self.settings.batching.delay = batching::delay(delay);
        self
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

    /// What to do with a request that offers none of the [subprotocols](Self::subprotocols) that are spoken here. Default: the
    /// WebSocket opens without one. If such requests are to be refused and no subprotocol is spoken, [`build`](Self::build)
    /// fails.
    pub fn unmatched_subprotocol(mut self, unmatched: UnmatchedProtocol) -> Self {
        self.settings.policy.unmatched_protocol = unmatched;
        self
    }

    /// Compression (RFC 7692), for those clients that ask for it. Default: none. What it costs, and when it pays:
    /// [`deflate`](throng_core::websocket::deflate).
    ///
    /// ```
    /// use throng_runtime::Hub;
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

    /// How long a hook may take, whatever the config's [`hooks`](Config::hooks) say. Default 5 s; `None`: as long as it likes.
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
    /// | `before_join` | [`JoinError::TimedOut`](crate::JoinError::TimedOut) |
    /// | all others | nothing: what the hook was told of has happened already |
    ///
    /// A timer is made only for a hook that has to wait.
    pub fn hook_limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.hook_limit = Some(limit.into());
        self
    }

    /// How long the handler of a message may take. Default: as long as [any hook](Self::hook_limit). A handler that waits
    /// for its own slow reader by [`send_wait`](crate::Client::send_wait) may need longer, up to `deadlines.write`.
    pub fn message_limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.message_limit = Some(limit.into());
        self
    }

    /// How long [`Handler::authenticate`] may take, from the answer to the handshake on. Default 5 s.
    ///
    /// The hub's own deadline for everything from accept to open, `deadlines.handshake`, holds as well, and ends the
    /// transport without a word. So an authentication that is still under way when nine tenths of that have passed is given
    /// up then, and the peer is told by a close frame.
    pub fn authentication_limit(mut self, limit: Duration) -> Self {
        self.authentication_limit = Some(limit);
        self
    }

    /// The codes and reasons with which clients are closed, where the choice is the hub's or its host's. The closure is asked for
    /// each cause when the hub is built and whenever it is given another config, and only where
    /// [`Config::closes`] has its default: what stands in a config file goes before.
    ///
    /// ```
    /// use throng_core::CloseCode;
    /// use throng_runtime::{Cause, Hub, Rejection};
    ///
    /// let builder = Hub::builder().close_code(|cause| match cause {
    ///     Cause::Idle => Rejection::new(CloseCode(4408), "still there?"),
    ///     Cause::TooSlow => Rejection::new(CloseCode(4429), "you have missed something: reload"),
    ///     other => other.into(),
    /// });
    /// let hub = builder.build()?;
    /// assert_eq!(hub.config().closes[Cause::Idle].code, CloseCode(4408));
    /// # Ok::<(), throng_core::hub::ConfigError>(())
    /// ```
    pub fn close_code<F>(mut self, closure: F) -> Self
    where
        F: Fn(Cause) -> Rejection + Send + Sync + 'static,
    {
        self.settings.close_code = Some(Box::new(closure));
        self
    }

    /// What becomes of a newcomer whose user has clients already: a function of who they are, in their order, and of who
    /// comes. Default: whatever [`admission.per_user`](throng_core::hub::Admission::per_user) says, which holds beside this.
    ///
    /// It is asked about every connection that has a user: first when it asks for its place (so that a refusal can be an HTTP
    /// answer), when [authenticated](Handler::authenticate), or when a client's user is set; and again when it opens, which
    /// is when the answer counts. Whatever happens meanwhile, the answer is carried out only if the clients that it was
    /// given are still those of the user, else it is asked anew. Who is evicted is told as disconnected before the newcomer
    /// is as connected. No lock is held while it runs, and it must not wait; should it panic, the newcomer is refused.
    ///
    /// ```
    /// use throng_core::CloseCode;
    /// use throng_runtime::{Hub, Placement, Rejection};
    ///
    /// #[derive(Clone, PartialEq)]
    /// struct Device(String);
    ///
    /// // One client a device: it replaces the one before it. Three devices a user.
    /// let builder = Hub::builder().per_user(|newcomer, roster| {
    ///     let device: Option<Device> = newcomer.get();
    ///     let same: Vec<_> = roster.iter().filter(|client| client.get() == device).collect();
    ///     if !same.is_empty() {
    ///         return Placement::evict(same, Rejection::new(CloseCode(4001), "you are here again"));
    ///     }
    ///     match roster.len() {
    ///         0..3 => Placement::Admit,
    ///         _ => Placement::refuse(Rejection::new(CloseCode(4002), "three devices are all you may have")),
    ///     }
    /// });
    /// # builder.build().unwrap();
    /// ```
    pub fn per_user<F>(mut self, closure: F) -> Self
    where
        F: Fn(&Newcomer<'_>, &[Client]) -> Placement + Send + Sync + 'static,
    {
        self.placing = Some(Box::new(closure));
        self
    }

    /// Whether what a panic in a hook prints is limited. Default: [`PanicOutput::Limited`], for which the runtime crate puts a
    /// panic hook around the process's when it first serves a hub: a message that makes a handler panic may come again and
    /// again, and each panic prints a message, or with `RUST_BACKTRACE=1` pages.
    pub fn panic_output(mut self, output: PanicOutput) -> Self {
        self.settings.panic_output = output;
        self
    }

    /// Whether the hub is recorded, so that its run can be replayed in the bare core.
    pub fn record(mut self, record: Record) -> Self {
        self.settings.record = record;
        self
    }

    /// Measures what the hub does, and tells this observer: [`observe`](crate::observe). In place of one that was set before.
    pub fn observe(self, observer: impl Observer) -> Self {
        Self { observing: Some(Box::new(|one_in| Observing::by(observer, one_in))), ..self }
    }

    /// Of what an [observer](Self::observe) is told, one in so many is measured; the first of each thread is. Default 61.
    pub fn observe_one_in(self, one_in: NonZeroU32) -> Self {
        Self { observe_one_in: Some(one_in), ..self }
    }

    /// Whether frames and pings are recorded whole. Default: only their lengths, so that a log says who spoke to whom, when
    /// and how much, and not what.
    pub fn record_payloads(self, payloads: Payloads) -> Self {
        Self { payloads, ..self }
    }
}

/// Whether any request can offer what is demanded.
fn check_subprotocols(policy: &Policy) -> Result<(), ConfigError> {
    match policy.unmatched_protocol {
        UnmatchedProtocol::Refuse if policy.protocols.is_empty() => {
            Err(ConfigError { field: "subprotocols", value: 0, must: Must::NameASubprotocol })
        }
        _ => Ok(()),
    }
}

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

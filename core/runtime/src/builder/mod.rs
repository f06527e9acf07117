//! A hub's settings.

mod hooks;

use crate::cluster::broker::Broker;
use crate::cluster::options::ClusterOptions;
use crate::cluster::task::task;
use crate::events::take_in;
use crate::handler::application::Application;
use crate::handler::closures::Closures;
use crate::handler::hooks::{Hooks, Owned, WrittenHooks};
use crate::handler::{self, Handler, NoHandler};
use crate::handles::client::Client;
use crate::handles::hub::Hub;
use crate::handshake::placement::{Newcomer, Placement, Placing};
use crate::host::Task;
use crate::measure::{Observer, Observing};
use crate::panic::PanicOutput;
use crate::state::backlog::{Backlog, EventsOptions};
use crate::state::batching::{Batching, Coalesce};
use crate::state::inner::Inner;
use crate::state::recording::Record;
use crate::state::settings::{Copied, KeepRequests, Settings};
use crate::state::shared::Shared;
use crate::state::types::{ClusterTasks, Tasks};
use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use core::hash::{BuildHasher, Hasher};
use core::num::{NonZeroU16, NonZeroU32};
use core::time::Duration;
use std::sync::Mutex as PlainMutex;
use throng_core::cluster::NodeId;
use throng_core::hub::{Cause, Config, ConfigError};
use throng_core::trace::Payloads;
#[cfg(feature = "deflate")]
use throng_core::websocket::deflate::Compression;
use throng_core::websocket::handshake::{AbsentOrigin, Origin, Policy, Protocol, UnmatchedProtocol};
use throng_core::{CloseFrame, hub};

type MakeTask = Box<dyn FnOnce(Arc<Shared>) -> Task + Send>;

/// The settings of a hub: [`Hub::builder`].
///
/// A [`Handler`] or closures receive what happens in the hub. Each closure replaces one hook of the handler; the docs
/// of its method name the hook.
#[must_use]
pub struct Builder {
    config: Config,
    lanes: Option<NonZeroU16>,
    seed: Option<u64>,
    epoch_seed: Option<u64>,
    /// Time limits of hooks, messages and authentication; `None` leaves the config's.
    hook_limit: Option<Option<Duration>>,
    message_limit: Option<Option<Duration>>,
    authentication_limit: Option<Duration>,
    /// Makes the observing part when told its sampling rate.
    observing: Option<Box<dyn FnOnce(Option<NonZeroU32>) -> Observing>>,
    observe_one_in: Option<NonZeroU32>,
    placing: Option<Box<Placing>>,
    /// The options of the node, and what makes its task.
    cluster: Option<(ClusterOptions, MakeTask)>,
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
            epoch_seed: None,
            hook_limit: None,
            message_limit: None,
            authentication_limit: None,
            observing: None,
            observe_one_in: None,
            placing: None,
            cluster: None,
            settings: Settings {
                policy: Policy::default(),
                config: Copied::of(&Config::default()),
                #[cfg(feature = "deflate")]
                compression: None,
                requests: KeepRequests::default(),
                record: Record::default(),
                close_code: None,
                written_hooks: WrittenHooks::default(),
                #[cfg(feature = "tower")]
                request_id: None,
                replies: None,
                #[cfg(feature = "router")]
                ask_field: None,
                observing: None,
                batching: Batching::default(),
                events: None,
                panic_output: PanicOutput::default(),
                readiness: None,
            },
            payloads: Payloads::default(),
            hooks: Closures::before(Box::new(Owned(Arc::new(NoHandler)))),
        }
    }
}

impl Hub {
    /// Begins a hub: its settings, all at their defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl Builder {
    /// Builds the hub. It runs once a runtime crate serves it.
    ///
    /// # Errors
    /// Names the first invalid field of the config, or other invalid setting.
    pub fn build(self) -> Result<Hub, ConfigError> {
        let Self {
            mut config,
            lanes,
            seed,
            epoch_seed,
            mut settings,
            payloads,
            hooks,
            observing,
            observe_one_in,
            placing,
            cluster,
            ..
        } = self;
        let message_limit = self.message_limit.or(self.hook_limit);
        config.hooks.limit = self.hook_limit.unwrap_or(config.hooks.limit);
        config.hooks.message = message_limit.unwrap_or(config.hooks.message);
        config.hooks.authentication = self.authentication_limit.unwrap_or(config.hooks.authentication);
        config.host.lanes = lanes.map_or_else(cores, NonZeroU16::get);
        // With a secret random key, peers cannot choose names that collide.
        config.host.hash_key = [random(), random()];
        config.host.seed = seed.unwrap_or_else(random);
        // Random even with a fixed seed of the jitter: after a restart no client may take its old position for a new one.
        config.host.epoch_seed = epoch_seed.unwrap_or_else(random).max(1);
        settings.readiness = cluster.as_ref().map(|(options, _)| options.readiness);
        settings.config.set(&config);
        settings.written_hooks = hooks.written_hooks();
        config.host.occupancy = cluster.is_some() || settings.written_hooks.occupancy_changed;
        settings.observing = observing.map(|observing| observing(observe_one_in));
        settings.fill(&mut config.closes);
        #[cfg(feature = "deflate")]
        settings.compression.as_ref().map_or(Ok(()), Compression::validate)?;
        settings.policy.validate()?;
        settings.batching.validate()?;
        let recorder = settings.record.recorder(&config, payloads);
        let application = Application { hooks: Box::new(hooks), placing };
        let mut inner = Inner::new(hub::Hub::new(config)?, recorder, settings.written_hooks);
        inner.backlog = settings.events.map(|options| Box::new(Backlog::new(options)));
        let written = settings.written_hooks;
        let cluster = cluster.map(|(options, node)| ClusterTasks {
            config: options.config,
            id: options.node.unwrap_or_else(random_node),
            incarnation: options.incarnation,
            seed: seed.unwrap_or_else(random),
            node,
            teller: written.cluster_changed.then_some(handler::cluster::task as fn(_) -> _),
        });
        let tasks = Tasks {
            presence: written.presence_changed.then_some(handler::presence::task as fn(_) -> _),
            occupancy: written.occupancy_changed.then_some(handler::occupancy::task as fn(_) -> _),
            cluster: PlainMutex::new(cluster),
        };
        Ok(Hub::new(inner, Box::new(application), settings, tasks))
    }

    /// Sets every limit, deadline and rate. [`build`](Self::build) overwrites the fields of [`host`](Config::host),
    /// except its capacity. [`Hub::reconfigure`] changes the config of a running hub.
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Makes the hub a node of a [cluster](crate::cluster): what is published to rooms, users and all clients reaches those of the other
    /// nodes too, and theirs reach the clients of this one. `broker` carries the messages: each node gets one that leads to the same place.
    ///
    /// ```
    /// use throng_runtime::Hub;
    /// use throng_runtime::cluster::{ClusterOptions, Memory};
    ///
    /// // Two hubs of one process.
    /// let memory = Memory::new();
    /// let one = Hub::builder().cluster(memory.clone(), ClusterOptions::default()).build()?;
    /// let other = Hub::builder().cluster(memory, ClusterOptions::default()).build()?;
    /// # Ok::<(), throng_core::hub::ConfigError>(())
    /// ```
    pub fn cluster(self, broker: impl Broker, options: ClusterOptions) -> Self {
        let node: MakeTask = Box::new(move |shared| task(broker, shared));
        Self { cluster: Some((options, node)), ..self }
    }

    /// Sets the handler that is told what happens, in place of an earlier one.
    pub fn handler(mut self, handler: impl Handler) -> Self {
        self.hooks.handler = Box::new(Owned(Arc::new(handler)));
        self
    }

    /// Delivers what happens as a stream, in one order for the whole hub: [`Hub::events`] returns it. Messages go to
    /// the stream and no longer to the handler's [`message`](Handler::message), so
    /// [`message_limit`](Self::message_limit) does not apply to them. All other hooks are still called, beside the
    /// stream.
    pub fn events(mut self, options: EventsOptions) -> Self {
        self.hooks.message = Some(Box::new(take_in));
        self.settings.events = Some(options);
        self
    }

    /// Sets how many tasks write. Default: one per core of the machine, at most 256.
    pub fn lanes(self, lanes: NonZeroU16) -> Self {
        Self { lanes: Some(lanes), ..self }
    }

    /// Lets text messages that wait for one client share a frame, joined by newlines. Peers then receive fewer bytes
    /// and frames, and must treat each line of a text as a message. Send messages that may contain newlines as JSON,
    /// which has none. Counters still count messages. Default: one frame per message.
    ///
    /// Messages in a frame that a slow reader has taken in part (at most 4 KiB per client) stay in its outbox and count as waiting, until
    /// the whole frame is written.
    pub fn coalesce(mut self, coalesce: Coalesce) -> Self {
        self.settings.batching.coalesce = coalesce;
        self
    }

    /// Sets how long a writing task waits after the first queued message, so that later messages leave in the same
    /// write. Default zero: it waits only until everything that arrived at the same moment has been handled. A few
    /// milliseconds trade latency for fewer system calls; pongs and close frames are delayed, too. More than 1 s makes
    /// [`build`](Self::build) fail. The wait ends early, and everything is written, once an outbox has half of its allowed messages or a transport that
    /// was full takes bytes again. A burst therefore loses nothing to the wait, unless large messages reach the
    /// outbox's limit of bytes first.
    pub fn write_delay(mut self, delay: Duration) -> Self {
        self.settings.batching.delay = (!delay.is_zero()).then_some(delay);
        self
    }

    /// Sets the seed of a drain's jitter, for a host whose runs must repeat. Default: a random number.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Sets the seed of the epochs of histories, for a simulation whose runs must repeat. Default: a random number. Never set it in a
    /// process that is restarted: the hub would then take positions of the process before for its own, and recover the wrong messages.
    pub fn epoch_seed(self, seed: u64) -> Self {
        Self { epoch_seed: Some(seed), ..self }
    }

    /// Sets which web pages may open a WebSocket. Default: pages of the same host and port.
    pub fn origin(mut self, origin: Origin) -> Self {
        self.settings.policy.origin = origin;
        self
    }

    /// Sets the treatment of requests without an `Origin` header, which only browsers send. Default: allow them.
    pub fn absent_origin(mut self, absent: AbsentOrigin) -> Self {
        self.settings.policy.absent_origin = absent;
        self
    }

    /// Sets the subprotocols that the server speaks, most preferred first.
    pub fn subprotocols(mut self, protocols: impl IntoIterator<Item = Protocol>) -> Self {
        self.settings.policy.protocols = protocols.into_iter().collect();
        self
    }

    /// Sets the treatment of a request that offers none of the server's [subprotocols](Self::subprotocols). Default:
    /// the WebSocket opens without one. To refuse such requests while the server has no subprotocol makes
    /// [`build`](Self::build) fail.
    pub fn unmatched_subprotocol(mut self, unmatched: UnmatchedProtocol) -> Self {
        self.settings.policy.unmatched_protocol = unmatched;
        self
    }

    /// Compresses messages (permessage-deflate, RFC 7692) for clients that ask for it. Default: off. Costs and
    /// benefits: [`deflate`](throng_core::websocket::deflate).
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

    /// Sets how long a client's request is kept. Default: [`KeepRequests::UntilConnected`].
    pub fn keep_requests(mut self, requests: KeepRequests) -> Self {
        self.settings.requests = requests;
        self
    }

    /// Limits how long a hook may take, in place of the config's [`hooks`](Config::hooks). Default 5 s; `None`: no
    /// limit.
    ///
    /// A hook over its limit is dropped, reported to the operator and told to [`error`](Handler::error). A hook that
    /// was to decide is taken to have refused:
    ///
    /// | hook | result |
    /// | --- | --- |
    /// | `before_connect` | the request is refused by 503 |
    /// | `authenticate` | has a [limit of its own](Self::authentication_limit) |
    /// | `connected` | the client is closed with 1011 |
    /// | `before_message` | the message is refused |
    /// | `before_join` | [`JoinError::TimedOut`](crate::JoinError::TimedOut) |
    /// | all others | none: the hook was only told of something that has happened |
    ///
    /// The time in which the process [stood still](throng_core::hub::Deadlines::standstill) does not count. A timer is made only
    /// for a hook that has to wait; such a hook is polled up to ten times until its limit, even if nothing wakes it.
    pub fn hook_limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.hook_limit = Some(limit.into());
        self
    }

    /// Limits how long the handler of a message may take. Default: the limit of [any hook](Self::hook_limit). A handler
    /// that waits for its own slow reader with [`send_wait`](crate::Client::send_wait) may need up to
    /// `deadlines.write`.
    pub fn message_limit(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.message_limit = Some(limit.into());
        self
    }

    /// Limits how long [`Handler::authenticate`] may take after the answer to the handshake. Default 5 s.
    ///
    /// The hub's deadline from accept to open, `deadlines.handshake`, applies as well and ends the transport without a
    /// close frame. An authentication still running after nine tenths of that deadline is therefore given up, and the
    /// peer gets a close frame.
    pub fn authentication_limit(mut self, limit: Duration) -> Self {
        self.authentication_limit = Some(limit);
        self
    }

    /// Sets the codes and reasons with which the runtime and the hub close clients of their own accord. Default:
    /// [`CloseFrame::from`](throng_core::CloseFrame), and [`Config::closes`] for the hub's causes.
    ///
    /// ```
    /// use throng_core::hub::Cause;
    /// use throng_core::{CloseCode, CloseFrame};
    /// use throng_runtime::Hub;
    ///
    /// let builder = Hub::builder().close_code(|cause| match cause {
    ///     Cause::Idle => CloseFrame::new(CloseCode(4408), "still there?"),
    ///     Cause::TooSlow => CloseFrame::new(CloseCode(4429), "you have missed something: reload"),
    ///     other => other.into(),
    /// });
    /// let hub = builder.build()?;
    /// assert_eq!(hub.config().closes[Cause::Idle].code, CloseCode(4408));
    /// # Ok::<(), throng_core::hub::ConfigError>(())
    /// ```
    pub fn close_code<F>(mut self, closure: F) -> Self
    where
        F: Fn(Cause) -> CloseFrame + Send + Sync + 'static,
    {
        self.settings.close_code = Some(Box::new(closure));
        self
    }

    /// Decides about a newcomer whose user already has clients: the closure receives the newcomer and the user's open
    /// clients. Default: [`admission.per_user`](throng_core::hub::Admission::per_user), which also applies beside a closure.
    ///
    /// The closure is called for each connection that has a user: when the connection reserves its slot (a refusal can
    /// still be an HTTP answer), after [`authenticate`](Handler::authenticate), or when a client's user is set; and
    /// again when the connection opens, and only this last answer counts. The answer is carried out only if the user's
    /// clients are still the ones that the closure was given; otherwise the closure is called again. Evicted clients
    /// are told as disconnected before the newcomer is told as connected. No lock is held during the call. The closure
    /// must not block; if it panics, the newcomer is refused.
    ///
    /// ```
    /// use throng_core::{CloseCode, CloseFrame};
    /// use throng_runtime::{Hub, Placement};
    ///
    /// #[derive(Clone, PartialEq)]
    /// struct Device(String);
    ///
    /// // One client per device: it replaces the one before it. Three devices per user.
    /// let builder = Hub::builder().per_user(|newcomer, roster| {
    ///     let device: Option<Device> = newcomer.get();
    ///     let same: Vec<_> = roster.iter().filter(|client| client.get() == device).collect();
    ///     if !same.is_empty() {
    ///         return Placement::evict(same, CloseFrame::new(CloseCode(4001), "you are here again"));
    ///     }
    ///     match roster.len() {
    ///         0..3 => Placement::Admit,
    ///         _ => Placement::refuse(CloseFrame::new(CloseCode(4002), "three devices are all you may have")),
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

    /// Sets whether the output of panics in hooks is limited. Default: [`PanicOutput::Limited`]: the runtime crate
    /// wraps the process's panic hook when it first serves a hub. A message that makes a handler panic may be repeated
    /// without end, and each panic prints a message, or pages with `RUST_BACKTRACE=1`.
    pub fn panic_output(mut self, output: PanicOutput) -> Self {
        self.settings.panic_output = output;
        self
    }

    /// Sets whether the hub is recorded, so that the bare core can replay its run.
    pub fn record(mut self, record: Record) -> Self {
        self.settings.record = record;
        self
    }

    /// Measures the hub's work and tells this [observer](crate::observe), in place of an earlier one.
    pub fn observe(self, observer: impl Observer) -> Self {
        Self { observing: Some(Box::new(|one_in| Observing::by(observer, one_in))), ..self }
    }

    /// Measures one in `one_in` of the events that an [observer](Self::observe) is told of, and the first of each
    /// thread. Default 61.
    pub fn observe_one_in(self, one_in: NonZeroU32) -> Self {
        Self { observe_one_in: Some(one_in), ..self }
    }

    /// Sets whether recordings contain the payloads of frames and pings. Default: lengths only, so that a log shows who
    /// sent to whom, when and how much, but no contents.
    pub fn record_payloads(self, payloads: Payloads) -> Self {
        Self { payloads, ..self }
    }
}

fn random_node() -> NodeId {
    let digits = format!("{:016x}", random());
    match NodeId::new(&digits) {
        Ok(node) => node,
        Err(_) => unreachable!("sixteen digits are a node id"),
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

/// A random number from the operating system, unknown to peers.
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is where the keys come from that the hub must be given"
)]
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

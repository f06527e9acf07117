//! NATS as the [`Broker`] of a cluster.
//!
//! ```no_run
//! use throng_tokio::nats::Nats;
//!
//! # fn brokers() -> Result<(), throng_tokio::cluster::BrokerError> {
//! let alone = Nats::new(["nats://user:password@nats.example:4222"])?;
//! let cluster = Nats::new(["nats://token@nats-1", "nats://token@nats-2"])?;
//! # Ok(())
//! # }
//! ```
//!
//! # Why not the crate `async-nats`
//!
//! It bounds what a subscription holds in messages and not in bytes (65,536 for each subscription), holds a task and buffers for each, lets a publish wait
//! while it connects again by itself, and so hides a broken link from the node, which has to know. Of the protocol a node needs `CONNECT`, `SUB`, `UNSUB`, `PUB`, `MSG` and
//! `PING`, which this module speaks itself.
//!
//! # Guarantees
//!
//! | | |
//! | --- | --- |
//! | order | messages of one node to one subject arrive in their order |
//! | loss | what is published while a link is down, or while it is on its way to a server that ends. Core NATS keeps nothing |
//! | duplicates | none |
//! | own messages | arrive if the node has subscribed. NATS could leave them out (`no_echo`), but then the node's proof that the link works would not come back |
//! | confirmation | a subscription is confirmed when the server has answered a `PING` that follows it. In a cluster of servers this is the server of the link: the others learn of it some milliseconds later, and what is published there meanwhile is lost |
//! | subjects | any [`Subject`](crate::cluster::Subject), as it is |
//! | size | up to the server's `max_payload`, 1 MiB by default. A larger message is not sent, and told as [`Delivery::Dropped`](crate::cluster::Delivery::Dropped) |
//! | slow node | the connection is not read, so that the server's own buffer fills. At its limit (`max_pending`, by default 64 MiB, or `write_deadline`, 10 s) the server closes the connection, and the link fails |
//! | memory | a link holds one message and 64 KiB that were read, and the batch that is being written |
//!
//! # What NATS refuses
//!
//! Any error that the server tells breaks the link, with the server's text: a subject for which the user has no permission, too many
//! subscriptions, an account that is gone. So does a server that is about to end (lame duck mode), so that the node moves to another one.
//!
//! The user needs permission to publish and subscribe to the subjects of the node's prefix (`throng.>`).

mod connect;
mod info;
mod link;
mod options;
mod protocol;

pub use link::{NatsReceiver, NatsSender};

use crate::broker::address::{Address, Schemes};
use crate::broker::tls::Tls;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use options::{Credentials, Identity, Options};
use std::sync::Arc;
use throng_runtime::cluster::{Broker, BrokerError};

const SCHEMES: Schemes = Schemes { plain: "nats", tls: "tls", port: 4222 };

/// A connection to NATS that is opened for each link. See the [module](self) for what it guarantees.
#[derive(Clone)]
pub struct Nats {
    servers: Vec<Address>,
    options: Options,
    /// With which server the next attempt begins: after one that failed it is another one.
    turn: Arc<AtomicUsize>,
}

impl Nats {
    /// The servers of one system, which are tried in turn: `nats://host:port`, or `tls://…` to insist on TLS, which is also used if the server demands it.
    /// With `user:password@` or `token@` before the host. The port is 4222 if it is left out.
    ///
    /// # Errors
    /// A URL is none, or there is none.
    pub fn new<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Self, BrokerError> {
        let servers: Vec<_> =
            urls.into_iter().map(|url| Address::parse(url, &SCHEMES)).collect::<Result<_, _>>()?;
        if servers.is_empty() {
            return Err(BrokerError::new("at least one address of a server is needed"));
        }
        if let Some(server) = servers.iter().find(|server| !server.path.is_empty()) {
            return Err(BrokerError::new(format_args!(
                "{server}: a NATS URL has no path, and this has {:?}",
                server.path
            )));
        }
        let options = Options {
            message_bytes: 64 << 20,
            attempt_time: Duration::from_secs(3),
            credentials: None,
            tls: Tls::default(),
        };
        Ok(Self { servers, options, turn: Arc::default() })
    }

    /// Logs in by the user's JWT. The function signs what the server asks for with the user's key: Ed25519, of which crates such as
    /// `nkeys` read the seed in a `.creds` file. The signature has 64 bytes.
    #[must_use]
    pub fn credentials(
        self,
        jwt: impl Into<String>,
        sign: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        self.identified(Identity::Jwt(jwt.into()), sign)
    }

    /// Logs in by the user's public key (`U…`). The function signs as that of [`credentials`](Self::credentials) does.
    #[must_use]
    pub fn nkey(
        self,
        public: impl Into<String>,
        sign: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        self.identified(Identity::Nkey(public.into()), sign)
    }

    fn identified(
        mut self,
        identity: Identity,
        sign: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        self.options.credentials = Some(Credentials { identity, sign: Arc::new(sign) });
        self
    }

    /// The longest message that is accepted from the server, in bytes (default: 64 MiB). If it sends a longer one, the link fails.
    #[must_use]
    pub fn message_bytes(mut self, bytes: usize) -> Self {
        self.options.message_bytes = bytes;
        self
    }

    /// How long one server may take to be connected and logged in to (default: 3 s), before the next one is tried.
    #[must_use]
    pub fn attempt_time(mut self, time: Duration) -> Self {
        self.options.attempt_time = time;
        self
    }

    /// The certificates to trust, and the client's own.
    #[cfg(feature = "broker-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "broker-tls")))]
    #[must_use]
    pub fn tls(mut self, config: Arc<tokio_rustls::rustls::ClientConfig>) -> Self {
        self.options.tls = Tls::new(config);
        self
    }
}

impl Broker for Nats {
    type Sender = NatsSender;
    type Receiver = NatsReceiver;

    async fn connect(&self) -> Result<(NatsSender, NatsReceiver), BrokerError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        connect::any(&self.servers, turn, &self.options).await
    }

    fn name(&self) -> &'static str {
        "nats"
    }
}

/// Without secrets.
impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats").field("servers", &self.servers).finish_non_exhaustive()
    }
}

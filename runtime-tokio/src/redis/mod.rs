//! Redis, and servers that speak its protocol, as the [`Broker`] of a cluster.
//!
//! ```no_run
//! use throng_tokio::redis::Redis;
//!
//! # fn brokers() -> Result<(), throng_tokio::cluster::BrokerError> {
//! let alone = Redis::new("redis://user:password@redis.example:6379")?;
//! let sentinel = Redis::sentinel("mymaster", ["sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"])?;
//! let cluster = Redis::cluster(["redis://node-1:6379", "redis://node-2:6379"])?;
//! # Ok(())
//! # }
//! ```
//!
//! Needs Redis 6 (RESP3), for a Redis Cluster Redis 7 (sharded pub/sub: a message goes to the one node that serves its slot, and not
//! to all nodes).
//!
//! # Guarantees
//!
//! | | |
//! | --- | --- |
//! | order | messages of one node to one subject arrive in their order |
//! | loss | what is published while a link is down, during a failover or after the server has crashed. Redis keeps nothing |
//! | duplicates | none |
//! | own messages | arrive if the node has subscribed; Redis cannot leave them out |
//! | confirmation | Redis confirms each subscription. Replies to publishing are read: an error breaks the link, with Redis's text |
//! | subjects | any [`Subject`](crate::cluster::Subject), as the name of a channel |
//! | size | up to [`Redis::message_bytes`], 64 MiB by default. A larger message is not sent, and told as [`Delivery::Dropped`](crate::cluster::Delivery::Dropped) |
//! | slow node | the connection is not read, so that Redis's own buffer fills. At its limit (`client-output-buffer-limit pubsub`, by default 32 MiB, or 8 MiB for a minute) Redis closes the connection, and the link fails |
//! | memory | a link holds one message and 64 KiB that were read, and the batch that is being written |
//!
//! # Why not the crate `redis`
//!
//! A node needs little of Redis (`HELLO`, `SUBSCRIBE`, `PUBLISH`, `ECHO`, and the slots of a cluster) and much of its link: a bound in bytes for what was not
//! taken, and no link that lives on after it has lost a subscription. The crate `redis` (1.8) hands pushed messages to a channel of the caller's, which is bounded in
//! messages or not at all, takes an unasked `sunsubscribe` for the reply to the next command, and connects again by itself. So this module speaks the
//! protocol itself: a parser without I/O, and a socket that is not read while the node does not take what was read.
//!
//! # What Redis refuses
//!
//! `PUBLISH` and `SPUBLISH` are no writes to Redis. So they work when its memory is full (`OOM`), its disk is full (`MISCONF`), it has
//! too few replicas (`NOREPLICAS`), and on a replica, which would hand them to its own clients alone: so a link to a replica is not
//! opened. They are refused without the permission of an ACL (`NOPERM`), while a script blocks Redis (`BUSY`), and in a cluster that is
//! down (`CLUSTERDOWN`) or in which the slot has moved (`MOVED`): each of them breaks the link.
//!
//! The ACL of the node's user needs `+publish +subscribe +unsubscribe +hello +select +echo`, for a cluster
//! `+spublish +ssubscribe +sunsubscribe +cluster|slots`, and the channels of the node's prefix (`&throng.*`).
//!
//! # Sentinel
//!
//! A link asks the sentinels, one after the other, for the master, and stays connected to the sentinel to hear of a failover: then it
//! fails, so that nodes do not stay at a master that was replaced but still answers. It also fails when that sentinel ends.
//!
//! # Cluster
//!
//! A link has a connection to each master. It fails when one of them does, and when a slot of its subjects moves to another node; the
//! next one has the new topology. Each channel is subscribed by a command of its own, all of them in one write, so that subjects are
//! spread over all slots and need no partitions.
//!
//! # Silence
//!
//! With a batch that the node sends, at most once a second, each connection is asked for a sign of life. If the last one has not come
//! for [`Redis::reply_time`], the link fails with the next batch. Without it, a master of a cluster that hangs would go unnoticed, because
//! the node's own probe goes through one of them only.

mod connect;
mod link;
mod options;
mod resp;
mod slots;

pub use link::{RedisReceiver, RedisSender};

use crate::broker::address::{Address, Schemes};
use crate::broker::tls::Tls;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use options::{Login, Options, database};
use std::sync::Arc;
use throng_runtime::cluster::{Broker, BrokerError};

const SCHEMES: Schemes = Schemes { plain: "redis", tls: "rediss", port: 6379 };
const SENTINELS: Schemes = Schemes { plain: "redis", tls: "rediss", port: 26379 };

/// A connection to Redis that is opened for each link. See the [module](self) for what it guarantees.
#[derive(Clone)]
pub struct Redis {
    servers: Servers,
    options: Options,
    /// With which server the next attempt begins: after one that failed it is another one.
    turn: Arc<AtomicUsize>,
}

#[derive(Clone)]
enum Servers {
    One(Address),
    Sentinel { master: String, sentinels: Vec<Address>, login: Login },
    Cluster(Vec<Address>),
}

impl Redis {
    /// One server: `redis://user:password@host:port/database`, or `rediss://…` by TLS. User, password, port (6379) and database (0) may
    /// be left out. Pub/sub of Redis is not divided by databases: clusters are kept apart by their prefix.
    ///
    /// # Errors
    /// The URL is none of these.
    pub fn new(url: &str) -> Result<Self, BrokerError> {
        let address = Address::parse(url, &SCHEMES)?;
        database(&address)?;
        Ok(Self::with(Servers::One(address)))
    }

    /// The master of this name that the sentinels at these addresses (port 26379 by default) know. User and password in the URLs are those of the
    /// sentinels; those of the master come with [`master_login`](Self::master_login).
    ///
    /// # Errors
    /// A URL is none, there is none, or the name is empty or has a blank.
    pub fn sentinel<'a>(master: &str, urls: impl IntoIterator<Item = &'a str>) -> Result<Self, BrokerError> {
        if master.is_empty() || master.contains(char::is_whitespace) {
            return Err(BrokerError::new(format_args!("{master:?} cannot be the name of a Redis master")));
        }
        let (master, sentinels) = (master.to_owned(), addresses(urls, &SENTINELS)?);
        Ok(Self::with(Servers::Sentinel { master, sentinels, login: Login::default() }))
    }

    /// A Redis Cluster, some of whose nodes are at these addresses. The first that answers tells the others. User and password of the first
    /// URL are used for all nodes.
    ///
    /// # Errors
    /// A URL is none, or there is none.
    pub fn cluster<'a>(urls: impl IntoIterator<Item = &'a str>) -> Result<Self, BrokerError> {
        Ok(Self::with(Servers::Cluster(addresses(urls, &SCHEMES)?)))
    }

    fn with(servers: Servers) -> Self {
        let options = Options {
            message_bytes: 64 << 20,
            attempt_time: Duration::from_secs(3),
            reply_time: Duration::from_secs(10),
            tls: Tls::default(),
        };
        Self { servers, options, turn: Arc::default() }
    }

    /// How to log in to the master that the sentinels name: by a URL `redis://user:password@any/database`, or `rediss://…` by TLS; its
    /// host is ignored.
    ///
    /// # Errors
    /// The URL is none, or this broker has no sentinels.
    pub fn master_login(mut self, url: &str) -> Result<Self, BrokerError> {
        let Servers::Sentinel { login, .. } = &mut self.servers else {
            return Err(BrokerError::new(
                "master_login is for Redis::sentinel; else user and password are in the URL",
            ));
        };
        let address = Address::parse(url, &SCHEMES)?;
        let database = database(&address)?;
        *login = Login { is_tls: address.is_tls, user: address.user, password: address.password, database };
        Ok(self)
    }

    /// The longest message, in bytes (default: 64 MiB). One that is longer is not sent; if Redis hands in a longer one, the link fails.
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

    /// How long a server may be silent when it is asked for a sign of life (default: 10 s), before the link fails.
    #[must_use]
    pub fn reply_time(mut self, time: Duration) -> Self {
        self.options.reply_time = time;
        self
    }

    /// The certificates to trust, and the client's own, for `rediss://`.
    #[cfg(feature = "broker-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "broker-tls")))]
    #[must_use]
    pub fn tls(mut self, config: Arc<tokio_rustls::rustls::ClientConfig>) -> Self {
        self.options.tls = Tls::new(config);
        self
    }
}

fn addresses<'a>(
    urls: impl IntoIterator<Item = &'a str>,
    schemes: &Schemes,
) -> Result<Vec<Address>, BrokerError> {
    let addresses: Vec<_> =
        urls.into_iter().map(|url| Address::parse(url, schemes)).collect::<Result<_, _>>()?;
    if let Some(address) = addresses.iter().find(|address| !address.path.is_empty()) {
        return Err(BrokerError::new(format_args!(
            "{address}: there is no database to choose in a cluster or a sentinel"
        )));
    }
    if addresses.is_empty() {
        return Err(BrokerError::new("at least one address of a server is needed"));
    }
    Ok(addresses)
}

impl Broker for Redis {
    type Sender = RedisSender;
    type Receiver = RedisReceiver;

    async fn connect(&self) -> Result<(RedisSender, RedisReceiver), BrokerError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        match &self.servers {
            Servers::One(address) => connect::one(address, &self.options).await,
            Servers::Sentinel { master, sentinels, login } => {
                connect::by_sentinel(master, sentinels, login, turn, &self.options).await
            }
            Servers::Cluster(seeds) => connect::cluster(seeds, turn, &self.options).await,
        }
    }

    fn name(&self) -> &'static str {
        "redis"
    }
}

/// Without secrets.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, addresses) = match &self.servers {
            Servers::One(address) => ("one", core::slice::from_ref(address)),
            Servers::Sentinel { sentinels, .. } => ("sentinel", &sentinels[..]),
            Servers::Cluster(seeds) => ("cluster", &seeds[..]),
        };
        f.debug_struct("Redis").field(kind, &addresses).finish_non_exhaustive()
    }
}

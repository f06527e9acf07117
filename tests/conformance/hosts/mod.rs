//! Who is tested: our hosts, and servers that are not ours, against which the table itself is tested.

pub(crate) mod mio;
pub(crate) mod reference;
pub(crate) mod tokio;

use std::any::Any;
use std::net::SocketAddr;
use std::time::Duration;

use throng_tests::wait::PATIENCE;
use throng_tokio::Config;

use crate::cases::LARGEST;

/// A kind of server that echoes.
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) start: fn() -> Running,
    pub(crate) standard: Standard,
    /// Requests that it answers in another way, by name, and the status: the HTTP server in front of us speaks for
    /// itself, or a server that is not ours takes what is wrong and refuses what is right.
    pub(crate) answers: &'static [(&'static str, u16)],
}

/// A server, until it is dropped.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) path: &'static str,
    _server: Box<dyn Any + Send + Sync>,
}

/// What is asked of a host.
#[derive(Clone, Copy)]
pub(crate) enum Standard {
    /// The best answer to every case.
    Best,
    /// A legal answer to every case but those known.
    Legal(&'static [Deviation]),
}

/// Cases that a server that is not ours answers otherwise than the RFC says.
pub(crate) struct Deviation {
    /// A case's number; with a `*` at its end, all that begin so.
    pub(crate) case: &'static str,
    pub(crate) why: &'static str,
}

impl Host {
    /// Whether it is known to take a request that is wrong.
    pub(crate) fn takes(&self, name: &str) -> bool {
        self.answers.contains(&(name, 101))
    }
}

impl Running {
    pub(crate) fn new(address: SocketAddr, path: &'static str, server: impl Any + Send + Sync) -> Self {
        Self { address, path, _server: Box::new(server) }
    }
}

impl Standard {
    /// How long it may take to fail a connection that can be seen to be wrong.
    pub(crate) const fn late(self) -> Duration {
        match self {
            Self::Best => PATIENCE,
            Self::Legal(_) => Duration::from_millis(100),
        }
    }
}

impl Deviation {
    pub(crate) fn is_of(&self, id: &str) -> bool {
        self.case.strip_suffix('*').map_or(self.case == id, |begin| id.starts_with(begin))
    }
}

/// What a hub under test allows: messages as long as the table's, and closing for longer than a test waits, so that
/// nothing passes because a deadline ended it.
pub(crate) fn roomy(config: &mut Config) {
    config.outbox.message_bytes = LARGEST as u32;
    config.outbox.bytes = LARGEST as u32 + 64;
    config.deadlines.close = 2 * PATIENCE;
}

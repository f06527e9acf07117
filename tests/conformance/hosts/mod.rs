//! Who is tested: our hosts, and servers that are not ours, against which the table itself is tested.

pub(crate) mod async_std;
pub(crate) mod mio;
pub(crate) mod reference;
pub(crate) mod tokio;

use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use throng_core::hub::Config;
use throng_core::websocket::deflate::{Compression, Takeover};
use throng_runtime::{Builder, Hub};
use throng_tests::server::{Server, listener};
use throng_tests::wait::PATIENCE;

use crate::cases::LARGEST;

/// A kind of server that echoes.
pub(crate) struct Host {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) standard: Standard,
    /// Requests that it answers in another way, by name, and the status: the HTTP server in front of us speaks for
    /// itself, or a server that is not ours takes what is wrong and refuses what is right.
    pub(crate) answers: &'static [(&'static str, u16)],
    /// Wrong requests, by name, that the application's router answers: the hub does not hear of them.
    pub(crate) uncounted: &'static [&'static str],
    /// Wrong requests, by name, that ask for no WebSocket: the connection is kept for another request.
    pub(crate) kept: &'static [&'static str],
}

/// Serves a hub, until that has stopped.
pub(crate) type Serve = fn(TcpListener, Hub);

/// Where a host runs.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// In this process, whatever the application: tests reach the hub.
    Here(Serve),
    /// Where tests reach nothing but its port. `/echo` echoes; on a host of ours each message to any other path goes
    /// to all who opened it, its sender included.
    Apart(fn() -> Running),
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
    /// A host of ours in this process.
    pub(crate) const fn here(name: &'static str, serve: Serve) -> Self {
        Self {
            name,
            place: Place::Here(serve),
            standard: Standard::Best,
            answers: &[],
            uncounted: &[],
            kept: &[],
        }
    }

    /// A server that tests know by its port alone.
    pub(crate) const fn apart(
        name: &'static str,
        start: fn() -> Running,
        standard: Standard,
        answers: &'static [(&'static str, u16)],
    ) -> Self {
        Self { name, place: Place::Apart(start), standard, answers, uncounted: &[], kept: &[] }
    }

    /// A host with the fixed application. With all messages as long as the table's.
    pub(crate) fn start(&self) -> Running {
        match self.place {
            Place::Here(_) => {
                let server = self.server(roomy);
                Running::new(server.address, "/echo", server)
            }
            Place::Apart(start) => start(),
        }
    }

    /// The same on a hub that compresses. One apart always does, for those who ask for it.
    pub(crate) fn start_compressing(&self, takeover: Option<Takeover>) -> Running {
        if let Place::Apart(start) = self.place {
            return start();
        }
        let mut compression = Compression::default();
        compression.takeover = takeover;
        let server = self.server_on(listener(None), roomy, |builder| builder.compression(compression));
        Running::new(server.address, "/echo", server)
    }

    /// A hub with the defaults, but for what is changed, and the application of [`Server`].
    pub(crate) fn server(&self, change: impl FnOnce(&mut Config)) -> Server {
        self.server_on(listener(None), change, |builder| builder)
    }

    /// A hub with the defaults and an application of its own.
    pub(crate) fn application(&self, build: impl FnOnce(Builder) -> Builder) -> Server {
        self.server_on(listener(None), |_| {}, build)
    }

    /// A hub on a listener.
    pub(crate) fn server_on(
        &self,
        listener: TcpListener,
        change: impl FnOnce(&mut Config),
        build: impl FnOnce(Builder) -> Builder,
    ) -> Server {
        let Place::Here(serve) = self.place else { panic!("{} has no hub in this process", self.name) };
        Server::served_by(serve, listener, change, build)
    }

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

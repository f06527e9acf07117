//! throng on async-std, and on smol. What the hub recorded is replayed when the server ends.

use std::net::TcpListener;

use throng_tests::server::{Server, listener};
use throng_tokio::{Hub, ServeOptions, Stop};

use super::{Host, Running, Standard, roomy};

pub(crate) const ASYNC_STD: Host =
    Host { name: "async-std", start: async_std, standard: Standard::Best, answers: &[] };
pub(crate) const SMOL: Host = Host { name: "smol", start: smol, standard: Standard::Best, answers: &[] };

fn async_std() -> Running {
    running(Server::served_by(on_async_std, listener(None), roomy, |builder| builder))
}

fn smol() -> Running {
    running(Server::served_by(on_smol, listener(None), roomy, |builder| builder))
}

fn running(server: Server) -> Running {
    Running::new(server.address, "/echo", server)
}

fn on_async_std(listener: TcpListener, hub: Hub) {
    let serving = throng_async_std::serve_with(listener, hub, until_the_hub_ends());
    ::async_std::task::block_on(serving).expect("the listener can be watched");
}

fn on_smol(listener: TcpListener, hub: Hub) {
    let serving = throng_async_std::smol::serve_with(listener, hub, until_the_hub_ends());
    ::smol::block_on(serving).expect("the listener can be watched");
}

fn until_the_hub_ends() -> ServeOptions {
    let mut options = ServeOptions::default();
    options.stop = Stop::OnHub;
    options
}

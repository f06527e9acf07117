//! throng on async-std, and on smol.

use std::net::TcpListener;

use throng_async_std::{ServeOptions, Stop};
use throng_runtime::Hub;

use super::Host;

pub(crate) const ASYNC_STD: Host = Host::here("async-std", on_async_std);
pub(crate) const SMOL: Host = Host::here("smol", on_smol);

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

//! The smallest server: one room, and what one says, all hear. With smol it is `simple_smol`.

#![allow(clippy::print_stdout)]

use std::net::TcpListener;
use throng_async_std::{Fatal, Hub, serve};

fn main() -> Result<(), Fatal> {
    let hub = Hub::builder().on_message(|client, message| _ = client.hub().broadcast(message)).build()?;
    let listening = TcpListener::bind("127.0.0.1:8080");
    let listener = listening.map_err(|error| format!("cannot listen on 127.0.0.1:8080: {error}"))?;
    let serving = serve(listener, hub);
    println!("open ws://127.0.0.1:8080 twice");
    async_std::task::block_on(serving)?;
    Ok(())
}

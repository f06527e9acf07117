//! Messages dispatched by type, over a transport.

mod answers;
mod errors;
mod formats;
mod handlers;
mod requests;

use super::host::World;
use super::peer::Peer;
use crate::Hub;
use crate::router::{Codec, Router};
use throng_core::MessageKind;
use throng_core::websocket::encode::encode_client_message;

/// A world in which this router handles messages, with one peer.
fn world<C: Codec, S: Send + Sync + 'static>(router: Router<C, S>) -> (World, Peer) {
    let mut world = World::new(Hub::builder().messages(router));
    let peer = world.connect();
    (world, peer)
}

/// What the peer receives in answer to this message.
fn ask(world: &mut World, peer: &Peer, text: &str) -> Vec<String> {
    peer.send(text);
    world.run();
    peer.texts()
}

/// Like `ask`, with bytes; the answer is returned as it arrived, without the two bytes of its head.
fn ask_bytes(world: &mut World, peer: &Peer, bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_client_message(MessageKind::Binary, bytes, [4, 3, 2, 1], &mut frame);
    peer.push(&frame);
    world.run();
    peer.take().split_off(2)
}

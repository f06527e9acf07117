//! Messages by their type, over a transport.

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

/// A world in which messages go to this router, and one peer in it.
fn world<C: Codec, S: Send + Sync + 'static>(router: Router<C, S>) -> (World, Peer) {
    let mut world = World::new(Hub::builder().messages(router));
    let peer = world.connect();
    (world, peer)
}

/// What the peer hears when it has said this.
fn ask(world: &mut World, peer: &Peer, text: &str) -> Vec<String> {
    peer.send(text);
    world.run();
    peer.texts()
}

/// The same of bytes; what is heard as it came, without the two bytes of its head.
fn ask_bytes(world: &mut World, peer: &Peer, bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode_client_message(MessageKind::Binary, bytes, [4, 3, 2, 1], &mut frame);
    peer.push(&frame);
    world.run();
    peer.take().split_off(2)
}

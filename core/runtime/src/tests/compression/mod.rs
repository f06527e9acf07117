//! Clients that ask for compression get it, at the expected cost.

mod contexts;
mod negotiation;
mod publishing;
mod receiving;

use crate::tests::host::World;
use crate::tests::peer::Peer;
use crate::{Builder, Client, Handler, Hub};
use throng_core::MessageKind;
use throng_core::websocket::deflate::{Compression, Compressor, Inflater, Takeover};
use throng_core::websocket::encode::encode_client_compressed;
use throng_core::websocket::{Decoder, Item, Limits, Message, ReservedBits};

const ASKS: &str = "permessage-deflate; client_max_window_bits";
const KEY: [u8; 4] = [1, 2, 3, 4];

/// Broadcasts every message; sends one that begins with `/` only to its sender, waiting for room.
struct Echo;

impl Handler for Echo {
    async fn message(&self, client: &Client, message: Message) {
        if message.as_bytes().first() == Some(&b'/') {
            client.send_wait(message).await.expect("it is sent");
        } else {
            client.hub().broadcast(message).expect("it is sent");
        }
    }
}

fn builder() -> Builder {
    Hub::builder().handler(Echo).compression(Compression::default())
}

fn keeping(connections: u32) -> Builder {
    let mut takeover = Takeover::default();
    takeover.connections = connections;
    let mut compression = Compression::default();
    compression.takeover = Some(takeover);
    builder().compression(compression)
}

fn text(words: usize) -> String {
    (0..words).map(|word| format!("word {} ", word % 17)).collect()
}

/// A client, and an inflater for what it is sent.
struct Talker {
    peer: Peer,
    extensions: Option<String>,
    decoder: Decoder,
    inflater: Option<Inflater>,
    compressor: Compressor,
}

impl Talker {
    fn of(world: &mut World, offer: &str) -> Self {
        Self::under(world, "/", offer)
    }

    fn under(world: &mut World, path: &str, offer: &str) -> Self {
        let peer = world.accept();
        let offer =
            if offer.is_empty() { String::new() } else { format!("Sec-WebSocket-Extensions: {offer}\r\n") };
        peer.push(
            format!(
                "GET {path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{offer}\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            .as_bytes(),
        );
        world.run();
        let answer = String::from_utf8(peer.take()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        let header = "sec-websocket-extensions: ";
        let extensions = answer.lines().find_map(|line| line.strip_prefix(header)).map(str::to_owned);
        let bits = |name: &str| -> u8 {
            let extensions = extensions.as_deref().unwrap_or_default();
            let value = extensions.split("; ").find_map(|parameter| parameter.strip_prefix(name));
            value.map_or(15, |bits| bits.parse().unwrap())
        };
        let says = |word: &str| extensions.as_deref().is_some_and(|extensions| extensions.contains(word));
        let inflater = extensions.is_some().then(|| match says("server_no") {
            true => Inflater::new(),
            false => Inflater::keeping(bits("server_max_window_bits=")),
        });
        let compressor = match says("client_no") {
            true => Compressor::new(6),
            false => Compressor::keeping(6, bits("client_max_window_bits=")),
        };
        let decoder = Decoder::client(Limits::default()).allow(ReservedBits::COMPRESSED);
        Self { peer, extensions, decoder, inflater, compressor }
    }

    /// Sends a deflated text.
    fn say(&mut self, text: &str) {
        let mut bytes = Vec::new();
        let deflated = self.compressor.compress(text.as_bytes()).expect("it gets shorter");
        encode_client_compressed(MessageKind::Text, deflated, KEY, &mut bytes);
        self.peer.push(&bytes);
    }

    /// The texts received since the last call, each with its length on the wire if it was deflated.
    fn hears(&mut self) -> Vec<(String, Option<usize>)> {
        let mut bytes = self.peer.take();
        let mut input = &mut bytes[..];
        let mut heard = Vec::new();
        while let Some(item) = self.decoder.decode(&mut input).expect("frames") {
            heard.push(match item {
                Item::Message(Message::Text(text)) => (text.to_string(), None),
                Item::Compressed { kind, payload } => {
                    let inflater = self.inflater.as_mut().expect("it was agreed on");
                    let message = inflater.inflate(kind, &payload, 1 << 20).expect("deflated data");
                    (String::from_utf8(message.into_bytes().to_vec()).unwrap(), Some(payload.len()))
                }
                other => (format!("{other:?}"), None),
            });
        }
        heard
    }

    /// The only text received, and whether it was deflated.
    fn heard(&mut self) -> (String, bool) {
        let heard = self.hears();
        let [(text, deflated)] = &heard[..] else { panic!("{heard:?}") };
        (text.clone(), deflated.is_some())
    }
}

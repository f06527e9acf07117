//! Clients that ask for compression get it, at the expected cost.

use super::host::World;
use super::peer::{Peer, masked};
use crate::hosting::Report;
use crate::{Builder, Client, Coalesce, CompressionStats, Handler, Hub, Publish};
use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use throng_core::hub::{Config, Policy, Target};
use throng_core::websocket::deflate::{Compression, Compressor, Inflater, Takeover};
use throng_core::websocket::encode::encode_client_compressed;
use throng_core::websocket::{Decoder, Item, Limits, Message, ReservedBits};
use throng_core::{Frame, MessageKind};

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

#[test]
fn it_is_off_unless_the_hub_and_the_client_want_it() {
    let mut silent = World::new(Hub::builder().handler(Echo));
    assert_eq!(Talker::of(&mut silent, ASKS).extensions, None);
    assert_eq!(silent.hub.compression_stats(), CompressionStats::default());
    let mut world = World::new(builder());
    for (offer, answer) in [
        ("", None),
        ("foo", None),
        ("permessage-deflate; nonsense", None),
        (ASKS, Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover")),
    ] {
        assert_eq!(Talker::of(&mut world, offer).extensions.as_deref(), answer, "{offer}");
    }
}

#[test]
fn a_broadcast_is_deflated_once_and_each_gets_the_variant_that_it_takes() {
    let mut world = World::new(builder());
    let mut plain = Talker::of(&mut world, "");
    let mut takers: Vec<_> = (0..20).map(|_| Talker::of(&mut world, ASKS)).collect();
    let mut narrow = Talker::of(&mut world, "permessage-deflate; server_max_window_bits=9");
    assert_eq!(world.hub.compression_stats().takers, 21);
    for (text, narrow_takes) in [(text(50), true), (text(500), false)] {
        let before = world.hub.compression_stats();
        world.hub.broadcast(text.as_str()).unwrap();
        world.run();
        assert_eq!(plain.heard(), (text.clone(), false));
        assert_eq!(narrow.heard(), (text.clone(), narrow_takes));
        for taker in &mut takers {
            assert_eq!(taker.heard(), (text.clone(), true));
        }
        let after = world.hub.compression_stats();
        assert_eq!(after.deflated, before.deflated + 1);
        assert_eq!(after.deflated_from - before.deflated_from, text.len() as u64);
        assert!(after.deflated_to - before.deflated_to < text.len() as u64 / 2);
    }
    let stats = world.hub.stats();
    assert_eq!((stats.queued, stats.written, stats.queued_bytes), (44, 44, 0));
}

#[test]
fn what_is_short_or_does_not_get_shorter_is_sent_as_it_is() {
    let mut world = World::new(builder());
    let mut taker = Talker::of(&mut world, ASKS);
    let noise: String =
        (0..300_u32).map(|n| char::from(33 + (n.wrapping_mul(2_654_435_761) >> 25) as u8 % 94)).collect();
    for text in ["short", "", &text(60)[..255], &noise] {
        world.hub.broadcast(text).unwrap();
        world.run();
        let (heard, is_deflated) = taker.heard();
        assert_eq!(heard, text);
        assert!(!is_deflated || text == noise);
    }
    assert_eq!(world.hub.compression_stats().deflated + world.hub.compression_stats().incompressible, 1);
}

#[test]
fn whichever_way_it_is_published_it_is_deflated() {
    let mut world = World::new(builder());
    let mut taker = Talker::of(&mut world, ASKS);
    let (hub, all) = (world.hub.clone(), Publish::to(&[Target::All]));
    let client = hub.client(hub.clients()[0]).unwrap();
    for way in 0..5 {
        match way {
            0 => drop(hub.publish(&all, text(100)).unwrap()),
            1 => drop(hub.publish_where(&all, text(100), |_| true).unwrap()),
            2 => drop(client.publish(&all, text(100)).unwrap()),
            3 => drop(client.send_with_receipt(text(100)).unwrap()),
            _ => {
                let mut within = pin!(hub.publish_within(&all, text(100), Duration::from_secs(1)));
                let polled = within.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                assert!(matches!(polled, Poll::Ready(Ok(_))));
            }
        }
        world.run();
        assert_eq!(taker.heard(), (text(100), true), "way {way}");
    }
}

#[test]
fn nothing_is_deflated_while_nobody_takes_it() {
    let mut world = World::new(builder());
    let mut plain = Talker::of(&mut world, "");
    let taker = Talker::of(&mut world, ASKS);
    let client = world.hub.clients()[0];
    // For a client that does not take it, the deflated variant is not made either.
    world.hub.client(client).unwrap().send(text(100)).unwrap();
    world.run();
    assert_eq!(plain.heard(), (text(100), false));
    taker.peer.end();
    world.run();
    assert_eq!(world.hub.compression_stats().takers, 0);
    world.hub.broadcast(text(100)).unwrap();
    assert_eq!(world.hub.compression_stats().deflated, 0);
}

#[test]
fn a_frame_that_was_encoded_before_is_deflated_once_for_all_times() {
    let mut world = World::new(builder());
    let mut taker = Talker::of(&mut world, ASKS);
    let frame: Frame = world.hub.encode(text(100)).unwrap();
    for _ in 0..3 {
        world.hub.broadcast(&frame).unwrap();
        world.run();
        assert_eq!(taker.heard(), (text(100), true));
    }
    assert_eq!(world.hub.compression_stats().deflated, 1);
}

#[test]
fn what_comes_deflated_is_a_message_like_any_other() {
    let mut world = World::new(builder());
    let mut ada = Talker::of(&mut world, ASKS);
    for words in [100, 20_000, 200] {
        ada.say(&text(words));
        world.run();
        assert_eq!(ada.heard(), (text(words), true));
    }
    ada.peer.push(&masked("plain"));
    world.run();
    assert_eq!(ada.heard(), ("plain".to_owned(), false));
    let stats = world.hub.compression_stats();
    assert_eq!((stats.inflated, stats.deflated), (3, 3));
    assert_eq!(
        stats.inflated_to,
        [100, 20_000, 200].map(|words| text(words).len() as u64).iter().sum::<u64>()
    );
    assert_eq!(world.hub.stats().received_bytes, stats.inflated_to + 5);
}

#[test]
fn however_a_deflated_message_is_cut_it_is_the_same() {
    let mut world = World::new(builder());
    let mut ada = Talker::of(&mut world, ASKS);
    let mut bytes = Vec::new();
    let deflated = Compressor::new(6).compress(text(200).as_bytes()).unwrap().to_vec();
    encode_client_compressed(MessageKind::Text, &deflated, KEY, &mut bytes);
    for at in (1..bytes.len()).step_by(7) {
        for piece in [&bytes[..at], &bytes[at..]] {
            ada.peer.push(piece);
            world.run();
        }
        assert_eq!(ada.heard(), (text(200), true), "{at}");
    }
}

#[test]
fn what_cannot_be_inflated_closes_its_own_client_only() {
    let mut config = Config::default();
    config.outbox.message_bytes = 10_000;
    let mut world = World::new(builder().config(config));
    let mut other = Talker::of(&mut world, ASKS);
    let bomb = Compressor::new(9).compress(&vec![b'0'; 5 << 20]).unwrap().to_vec();
    let not_text = Compressor::new(9).compress(&[0xff; 300]).unwrap().to_vec();
    for (payload, code) in
        [(bomb, 1009), (not_text, 1007), (b"not deflated data".to_vec(), 1007), (vec![], 1007)]
    {
        let mut ada = Talker::of(&mut world, ASKS);
        let mut bytes = Vec::new();
        encode_client_compressed(MessageKind::Text, &payload, KEY, &mut bytes);
        ada.peer.push(&bytes);
        world.run();
        let heard = ada.heard().0;
        assert!(heard.contains(&format!("Some({code})")), "{heard} of {code}");
        assert!(
            matches!(world.reports().last(), Some(Report::Misbehaved { code: told, .. }) if *told == code)
        );
    }
    // A client that did not ask for compression must not send compressed messages.
    let ada = Talker::of(&mut world, "");
    ada.peer.push(&[0xc1, 0x80, 0, 0, 0, 0]);
    world.run();
    assert!(matches!(world.reports().last(), Some(Report::Misbehaved { code: 1002, .. })));
    other.say(&text(100));
    world.run();
    assert_eq!(other.heard(), (text(100), true));
}

#[test]
fn who_keeps_a_context_is_written_by_its_lane_and_sends_and_hears_less_each_time() {
    let mut world = World::new(keeping(1));
    let mut ada = Talker::of(&mut world, ASKS);
    ada.peer.let_answer();
    assert_eq!(
        ada.extensions.as_deref(),
        Some("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12")
    );
    let text = format!("/{}", &text(60)[..390]);
    let mut sizes = Vec::new();
    for _ in 0..3 {
        ada.say(&text);
        world.run();
        let heard = ada.hears();
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].0, text);
        sizes.push(heard[0].1.unwrap());
    }
    assert!(sizes[1] * 3 < sizes[0] && sizes[2] * 3 < sizes[0], "{sizes:?}");
    assert_eq!(ada.peer.answers(), 0);
    // Short messages are sent uncompressed; pings and close frames pass unchanged.
    ada.say("/short/short/short/short/short");
    world.hub.close(world.hub.clients()[0], throng_core::CloseCode(4000), "bye").unwrap();
    world.run();
    let heard = ada.hears();
    assert!(heard.last().unwrap().0.contains("4000"), "{heard:?}");
    assert_eq!(world.hub.compression_stats().deflated, 0, "no frame was deflated for all");
}

#[test]
fn only_so_many_keep_a_context_and_their_places_are_given_back() {
    let mut world = World::new(keeping(2));
    let keeps = |talker: &Talker| !talker.extensions.as_deref().unwrap().contains("no_context_takeover");
    let mut talkers: Vec<_> = (0..3).map(|_| Talker::of(&mut world, ASKS)).collect();
    assert_eq!(talkers.iter().map(keeps).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!((world.hub.compression_stats().keepers, world.hub.compression_stats().takers), (2, 1));
    world.hub.broadcast(text(100)).unwrap();
    world.run();
    for talker in &mut talkers {
        assert_eq!(talker.heard(), (text(100), true));
    }
    assert_eq!(world.hub.compression_stats().deflated, 1);
    // A client that does not want a context takes no slot.
    let drops = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    talkers[0].peer.end();
    world.run();
    assert!(!keeps(&Talker::of(&mut world, drops)));
    assert_eq!(world.hub.compression_stats().keepers, 1);
    assert!(keeps(&Talker::of(&mut world, ASKS)));
}

#[test]
fn a_kept_context_survives_a_transport_that_takes_little_at_a_time() {
    let mut world = World::new(keeping(1));
    let mut ada = Talker::of(&mut world, ASKS);
    let mut said = Vec::new();
    for room in [Some(0), Some(1), Some(7), Some(30), Some(400), None] {
        for words in [3, 60, 500, 20_000] {
            said.push(text(words + said.len()));
            world.hub.broadcast(said.last().unwrap().as_str()).unwrap();
        }
        ada.peer.set_room(room);
        world.run();
    }
    let heard: Vec<String> = ada.hears().into_iter().map(|(text, _)| text).collect();
    assert_eq!(heard, said);
    let stats = world.hub.stats();
    assert_eq!((stats.queued, stats.written), (24, 24));
}

/// A context has seen them, so that the peer could inflate nothing that follows if one of them were missing.
#[test]
fn nothing_is_dropped_that_is_in_a_context_and_nothing_counts_as_written_before_the_system_has_it() {
    for policy in [Policy::DropOldest, Policy::DropNewest] {
        let mut config = Config::default();
        config.outbox.messages = 12;
        config.outbox.policy = policy;
        let mut world = World::new(keeping(1).config(config));
        let mut ada = Talker::of(&mut world, ASKS);
        ada.peer.set_room(Some(1));
        let said: Vec<_> = (0..40).map(|number| format!("{number} {}", text(60))).collect();
        for text in &said[..6] {
            world.hub.broadcast(text.as_str()).unwrap();
        }
        world.run();
        let stats = world.hub.stats();
        assert_eq!((stats.written, stats.pending()), (0, 6));
        for text in &said[6..] {
            world.hub.broadcast(text.as_str()).unwrap();
            world.run();
        }
        assert_eq!(world.hub.stats().written, 0, "the transport takes nothing");
        ada.peer.set_room(None);
        world.run();
        let heard: Vec<String> = ada.hears().into_iter().map(|(text, _)| text).collect();
        assert_eq!(heard.len(), 12);
        assert_eq!(heard[0], said[0], "{policy:?}: what was begun");
        assert!(heard.windows(2).all(|two| {
            let [one, next] = [&two[0], &two[1]].map(|text| said.iter().position(|said| said == text));
            one < next
        }));
        let stats = world.hub.stats();
        assert_eq!((stats.written, stats.dropped()), (12, 28));
    }
}

#[test]
fn texts_are_joined_and_compressed_on_a_transport_that_takes_little_at_a_time() {
    for most in [1, 3, 50, 700] {
        let mut world = World::new(keeping(1).coalesce(Coalesce::Newlines));
        let mut ada = Talker::of(&mut world, ASKS);
        let mut said = Vec::new();
        for round in 0..12 {
            for words in [1, 40, 2, 900, 3] {
                said.push(format!("{round} {}", text(words)));
                world.hub.broadcast(said.last().unwrap().as_str()).unwrap();
            }
            ada.peer.set_room(Some(most));
            world.run();
        }
        ada.peer.set_room(None);
        world.run();
        let heard = ada.hears().into_iter().map(|(text, _)| text).collect::<Vec<_>>();
        assert!(heard.len() < said.len(), "some are joined");
        assert_eq!(heard.join("\n").split('\n').collect::<Vec<_>>(), said, "{most} at a time");
        assert_eq!(world.hub.stats().written, said.len() as u64);
    }
}

/// While a deflated frame is written in parts, the bytes that the transport takes count as progress for the write
/// deadline, but no message counts as written before it is.
#[test]
fn whoever_takes_what_is_compressed_slowly_is_not_late() {
    let mut config = Config::default();
    config.deadlines.write = Duration::from_secs(1);
    config.deadlines.write_rate = Some(150);
    let mut world = World::new(keeping(1).config(config));
    let mut ada = Talker::of(&mut world, ASKS);
    ada.peer.set_room(Some(0));
    // Compression makes it shorter, but only a little.
    let varied = |words: u32| {
        (0..words).map(|word| format!("{:x} ", word.wrapping_mul(0x9e37_79b9))).collect::<String>()
    };
    let said = [varied(2_000), varied(3), varied(300)];
    for text in &said {
        world.hub.broadcast(text.as_str()).unwrap();
    }
    world.run();
    let (mut seconds, mut written) = (0, Vec::new());
    while world.hub.stats().pending() > 0 {
        assert!(world.hub.client_count() == 1 && seconds < 1_000, "after {seconds} s");
        written.push(world.hub.stats().written);
        ada.peer.set_room(Some(200));
        world.run();
        world.pass(Duration::from_millis(900));
        seconds += 1;
    }
    assert!(seconds > 10, "it was slow: {seconds}");
    let first = written.iter().filter(|written| **written == 0).count();
    assert!(2 * first > written.len(), "the first is most of it: {first} of {}", written.len());
    ada.peer.set_room(None);
    assert_eq!(ada.hears().into_iter().map(|(text, _)| text).collect::<Vec<_>>(), said);
    // A client that takes nothing is ended.
    ada.peer.set_room(Some(0));
    world.hub.broadcast(said[0].as_str()).unwrap();
    world.run();
    world.pass(Duration::from_millis(1_100));
    world.pass(Duration::from_millis(1_100));
    assert_eq!((world.hub.client_count(), world.hub.stats().write_timeouts), (0, 1));
}

#[test]
fn short_messages_that_are_compressed_in_a_context_leave_in_one_write() {
    let mut world = World::new(keeping(1));
    let ada = Talker::of(&mut world, ASKS);
    for number in 0..16 {
        world.hub.broadcast(text(100 + number)).unwrap();
    }
    world.run();
    assert_eq!(ada.peer.writes().len(), 1);
    assert_eq!(world.hub.stats().written, 16);
}

#[test]
fn partial_writes_of_deflated_frames_are_counted_in_whole_messages() {
    let mut world = World::new(builder());
    let (mut taker, mut plain) = (Talker::of(&mut world, ASKS), Talker::of(&mut world, ""));
    let mut said = Vec::new();
    for room in [Some(0), Some(1), Some(50), Some(2), Some(300), Some(9_000), None] {
        for words in [3, 100, 5_000] {
            said.push(text(words + said.len()));
            world.hub.broadcast(said.last().unwrap().as_str()).unwrap();
        }
        taker.peer.set_room(room);
        plain.peer.set_room(room);
        world.run();
        let stats = world.hub.stats();
        assert_eq!(stats.queued, stats.written + stats.pending());
    }
    for (talker, deflated) in [(&mut taker, 14), (&mut plain, 0)] {
        let heard = talker.hears();
        assert_eq!(heard.iter().filter(|(_, deflated)| deflated.is_some()).count(), deflated);
        assert_eq!(heard.into_iter().map(|(text, _)| text).collect::<Vec<_>>(), said);
    }
    assert_eq!((world.hub.stats().pending(), world.hub.stats().written), (0, 42));
}

#[test]
fn an_application_may_decline_for_a_client() {
    let mut world = World::new(builder().before_connect(|connecting| {
        if connecting.path() == "/secret" {
            connecting.decline_compression();
        }
        Ok(())
    }));
    assert_eq!(Talker::under(&mut world, "/secret", ASKS).extensions, None);
    assert!(Talker::under(&mut world, "/", ASKS).extensions.is_some());
    assert_eq!(world.hub.compression_stats().takers, 1);
}

#[test]
fn before_it_is_a_client_a_peer_may_send_what_is_deflated_too() {
    for builder in [builder(), keeping(1)] {
        let mut world = World::new(
            builder
                .before_connect(|connecting| {
                    connecting.authenticate();
                    Ok(())
                })
                .authenticate(|session| {
                    Box::pin(async move {
                        let token = session.receive().await?;
                        session.insert(token.len());
                        Ok(())
                    })
                }),
        );
        let mut ada = Talker::of(&mut world, ASKS);
        ada.say(&text(300));
        // It refers back to a message from before the client existed.
        ada.say(&text(300));
        world.run();
        let client = world.hub.client(world.hub.clients()[0]).unwrap();
        assert_eq!(client.get::<usize>(), Some(text(300).len()));
        assert_eq!(ada.heard(), (text(300), true));
        // Invalid deflated data ends the connection before it is a client.
        let bad = Talker::of(&mut world, ASKS);
        bad.peer.push(&[0xc1, 0x81, 0, 0, 0, 0, 0x07]);
        world.run();
        assert!(world.reports().contains(&Report::Rejected { code: 1007 }));
    }
}

#[test]
fn a_setting_that_cannot_stand_is_named() {
    let mut compression = Compression::default();
    compression.level = 10;
    let error = Hub::builder().compression(compression).build().unwrap_err();
    assert_eq!((error.field, error.value), ("compression.level", 10));
    assert!(Hub::builder().compression(compression).compression(None).build().is_ok());
}

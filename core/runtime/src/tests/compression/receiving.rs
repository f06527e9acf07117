//! Messages that arrive compressed.

use super::{ASKS, KEY, Talker, builder, keeping, text};
use crate::hosting::Report;
use crate::tests::host::World;
use crate::tests::peer::masked;
use throng_core::MessageKind;
use throng_core::hub::Config;
use throng_core::websocket::deflate::Compressor;
use throng_core::websocket::encode::encode_client_compressed;

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

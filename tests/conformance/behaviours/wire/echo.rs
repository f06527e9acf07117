//! What is sent to an echo.

use futures_util::future::join_all;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

/// Around each length that is written in another way, and one that no single read takes.
const SIZES: [usize; 9] = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1 << 20];

pub(crate) fn messages_of_all_sizes_come_back_as_they_were(host: &Host) {
    let server = host.start();
    run(async {
        let mut peer = Peer::open(server.address, server.path).await;
        for size in SIZES {
            // Characters of one octet and of two, as many as fit.
            let text = "κόσμε ".repeat(size / 11) + &"y".repeat(size % 11);
            let bytes: Vec<u8> = (0..=255).cycle().take(size).collect();
            for message in [Message::text(text), Message::binary(bytes)] {
                peer.send(message.clone()).await;
                assert!(peer.hear().await == message, "{} bytes", message.len());
            }
        }
        peer.close(1000, "").await;
        assert_eq!(peer.closed().await.0, 1000);
    });
}

pub(crate) fn a_message_in_fragments_comes_back_whole_with_pings_between_them(host: &Host) {
    let server = host.start();
    run(async {
        let mut peer = Peer::open(server.address, server.path).await;
        for kind in [Data::Text, Data::Binary] {
            for number in 0..20_u8 {
                let opcode = OpCode::Data(if number == 0 { kind } else { Data::Continue });
                let fragment = Frame::message(b"more ".to_vec(), opcode, number == 19);
                peer.send(Message::Frame(fragment)).await;
                if number < 19 {
                    peer.send(Message::Ping(vec![number].into())).await;
                    assert_eq!(peer.next().await, Message::Pong(vec![number].into()));
                }
            }
            let whole = "more ".repeat(20);
            let whole = if kind == Data::Text { Message::text(whole) } else { Message::binary(whole) };
            assert_eq!(peer.hear().await, whole);
        }
    });
}

pub(crate) fn many_messages_at_once_come_back_in_order(host: &Host) {
    let server = host.start();
    run(async {
        let mut peer = Peer::open(server.address, server.path).await;
        for burst in 0..10 {
            let words = || (0..100).map(|number| Message::text(format!("{burst} {number}")));
            peer.send_all(words()).await;
            for word in words() {
                assert_eq!(peer.hear().await, word);
            }
        }
    });
}

pub(crate) fn each_of_many_hears_its_own_words(host: &Host) {
    let server = host.start();
    run(async {
        let talk = async |number: usize| {
            let mut peer = Peer::open(server.address, server.path).await;
            for round in 0..10 {
                let word = format!("{number} {round}");
                peer.say(&word).await;
                assert_eq!(peer.text().await, word);
            }
            peer.close(1000, "").await;
            assert_eq!(peer.closed().await.0, 1000);
        };
        join_all((0..100).map(talk)).await;
    });
}

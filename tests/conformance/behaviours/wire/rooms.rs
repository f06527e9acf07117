//! What is said in a room.

use futures_util::future::join_all;
use throng_tests::raw::{BINARY, Raw, frame};
use tokio_tungstenite::tungstenite::Message;

use crate::behaviours::peer::{Peer, run};
use crate::hosts::Host;

pub(crate) fn a_message_reaches_its_room_and_no_other(host: &Host) {
    let server = host.start();
    run(async {
        let open = async |room: &str| Peer::open(server.address, &format!("/room/{room}")).await;
        let mut blue = [open("blue").await, open("blue").await, open("blue").await];
        let mut red = open("red").await;
        let mut echo = Peer::open(server.address, server.path).await;
        blue[0].say("sky").await;
        blue[0].send(Message::binary(vec![0, 159, 146, 150])).await;
        for peer in &mut blue {
            assert_eq!(peer.text().await, "sky");
            assert_eq!(peer.hear().await, Message::binary(vec![0, 159, 146, 150]));
        }
        // The next that others hear is their own.
        for peer in [&mut red, &mut echo] {
            peer.say("rose").await;
            assert_eq!(peer.text().await, "rose");
        }
        blue[1].say("sea").await;
        assert_eq!(blue[2].text().await, "sea");
    });
}

pub(crate) fn each_hears_all_once_and_each_speaker_in_order(host: &Host) {
    const SPEAKERS: usize = 8;
    const EACH: usize = 20;
    let server = host.start();
    run(async {
        let mut members = Vec::new();
        for _ in 0..SPEAKERS {
            members.push(Peer::open(server.address, "/room/talk").await);
        }
        let talk = async |(me, mut peer): (usize, Peer)| {
            // Before it listens: all of it at once is less than an outbox holds.
            for number in 0..EACH {
                peer.say(&format!("{me} {number}")).await;
            }
            let mut heard = [0; SPEAKERS];
            for _ in 0..SPEAKERS * EACH {
                let text = peer.text().await;
                let (speaker, number) = text.split_once(' ').expect("two words");
                let next = &mut heard[speaker.parse::<usize>().expect("a number")];
                assert_eq!(number.parse(), Ok(*next), "from {speaker}");
                *next += 1;
            }
            peer
        };
        join_all(members.into_iter().enumerate().map(talk)).await;
    });
}

pub(crate) fn the_room_goes_on_without_who_closes_or_vanishes(host: &Host) {
    let server = host.start();
    run(async {
        let mut stays = Peer::open(server.address, "/room/a").await;
        for round in 0..10 {
            let mut closes = Peer::open(server.address, "/room/a").await;
            let vanishes = Raw::open(server.address, "/room/a");
            let mut dies = Raw::open(server.address, "/room/a");
            closes.say("hello").await;
            assert_eq!(stays.text().await, "hello");
            assert_eq!(closes.text().await, "hello");
            closes.close(1000, "").await;
            assert_eq!(closes.closed().await.0, 1000);
            drop(vanishes);
            // In the middle of a message.
            dies.send(&frame(BINARY, &[1; 1_000])[..500]);
            dies.reset();
            stays.say(&format!("{round}")).await;
            assert_eq!(stays.text().await, format!("{round}"), "half a message is none");
        }
        let mut again = Peer::open(server.address, "/room/a").await;
        again.say("back").await;
        assert_eq!((stays.text().await, again.text().await), ("back".to_owned(), "back".to_owned()));
    });
}

pub(crate) fn who_does_not_read_holds_up_nobody(host: &Host) {
    const MESSAGE: usize = 64 << 10;
    let server = host.start();
    run(async {
        let _stalled = Raw::open(server.address, "/room/a");
        let mut speaker = Peer::open(server.address, "/room/a").await;
        let mut listener = Peer::open(server.address, "/room/a").await;
        // More than an outbox and the system's buffers hold.
        for _ in 0..300 {
            speaker.send(Message::binary(vec![7; MESSAGE])).await;
            assert_eq!(speaker.hear().await.len(), MESSAGE);
            assert_eq!(listener.hear().await.len(), MESSAGE);
        }
    });
}

//! The close frame is written last, after everything that must precede it.

use super::every::{Seen, echoing, in_every_order, polling, settle, spawn, with_one};
use crate::tests::host::Whose;
use crate::tests::peer::masked;
use std::time::Duration;
use throng_core::CloseCode;

/// Longer than the default close deadline.
const PAST_CLOSE: Duration = Duration::from_secs(6);
const CLOSED: &str = "closed Some(1000)";
const HALF_CLOSED: &str = "closed None";

#[test]
fn a_send_meets_a_close() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        let other = client.clone();
        let lane = polling(world.lend(Whose::Lane), 2);
        let closing = spawn(move || other.close(CloseCode::NORMAL, "").expect("it is open"));
        let is_sent = client.send("sent").is_ok();
        closing.join().expect("it ends");
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || {
            assert!(seen.is_shut);
            let texts = if is_sent { vec!["sent", CLOSED] } else { vec![CLOSED] };
            assert_eq!(seen.texts(), texts);
        }
    });
}

#[test]
fn a_close_meets_an_answer() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.let_answer();
        peer.send("answer");
        let driver = polling(world.lend(Whose::Peer(&peer)), 2);
        let lane = polling(world.lend(Whose::Lane), 2);
        client.close(CloseCode::NORMAL, "").expect("it is open");
        settle(&mut world, [driver, lane]);
        let seen = Seen::by(&peer);
        move || {
            assert!(seen.is_shut);
            let texts = seen.texts();
            assert!(texts == ["answer", CLOSED] || texts == [CLOSED], "{texts:?}");
        }
    });
}

#[test]
fn a_close_meets_a_transport_that_is_full() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.set_room(Some(3));
        client.send("before").expect("there is room");
        let lane = polling(world.lend(Whose::Lane), 3);
        let emptying = spawn({
            let peer = peer.clone();
            move || peer.set_room(None)
        });
        client.close(CloseCode::NORMAL, "").expect("it is open");
        emptying.join().expect("it ends");
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || {
            assert!(seen.is_shut);
            assert_eq!(seen.texts(), ["before", CLOSED]);
        }
    });
}

#[test]
fn a_transport_that_ends_by_and_by_meets_its_lane() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.keep_back(true);
        client.close(CloseCode::NORMAL, "").expect("it is open");
        world.run();
        // A spurious wake-up: the lane asks, and is told to wait.
        peer.keep_back(true);
        let lane = polling(world.lend(Whose::Lane), 3);
        peer.keep_back(false);
        settle(&mut world, [lane]);
        let seen = Seen::by(&peer);
        move || {
            assert!(seen.is_shut);
            assert_eq!(seen.texts(), [CLOSED]);
        }
    });
}

#[test]
fn a_send_meets_the_end_of_its_transport() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.end();
        let driver = polling(world.lend(Whose::Peer(&peer)), 2);
        let lane = polling(world.lend(Whose::Lane), 2);
        let is_sent = client.send("last").is_ok();
        settle(&mut world, [driver, lane]);
        let (seen, left, is_over) = (Seen::by(&peer), world.hub.connection_count(), world.is_over(&peer));
        move || {
            assert_eq!((left, is_over), (0, true));
            // The peer has only ended its own direction: messages sent before that was noticed are written.
            let texts = if is_sent { vec!["last", HALF_CLOSED] } else { vec![HALF_CLOSED] };
            assert_eq!(seen.texts(), texts);
        }
    });
}

#[test]
fn an_answer_meets_the_close_frame_behind_its_question() {
    for answers in [false, true] {
        in_every_order(move || {
            let (mut world, peer, client) = with_one(echoing());
            if answers {
                peer.let_answer();
            }
            let mut bytes = masked("answer");
            // A close frame with the code 1000, and the end of the transport.
            bytes.extend([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
            peer.push(&bytes);
            peer.end();
            let driver = polling(world.lend(Whose::Peer(&peer)), 2);
            let lane = polling(world.lend(Whose::Lane), 2);
            settle(&mut world, [driver, lane]);
            let (seen, is_over) = (Seen::by(&peer), world.is_over(&peer));
            drop(client);
            move || {
                assert!(seen.is_shut && is_over);
                assert_eq!(seen.texts(), ["answer", CLOSED]);
            }
        });
    }
}

#[test]
fn a_send_meets_a_host_that_drops_the_task() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        let driver = world.lend(Whose::Peer(&peer));
        let dropping = spawn({
            let peer = peer.clone();
            move || {
                let driver = driver.cancel();
                peer.is_dropped();
                driver
            }
        });
        let _ = client.send("last");
        settle(&mut world, [dropping]);
        let seen = Seen::by(&peer);
        let (left, pending) = (world.hub.connection_count(), world.hub.stats().pending());
        move || {
            assert_eq!((left, pending), (0, 0));
            // The lane looks only after the drop.
            assert!(seen.texts().is_empty());
        }
    });
}

#[test]
fn a_lane_that_writes_meets_a_host_that_drops_the_task() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        client.send("last").expect("there is room");
        peer.keep_back(true);
        let driver = world.lend(Whose::Peer(&peer));
        let lane = polling(world.lend(Whose::Lane), 2);
        let dropping = spawn(move || driver.cancel());
        for thread in [lane, dropping] {
            world.give_back(thread.join().expect("it ends"));
        }
        world.run();
        // The lane may have written what it had leased. From here on it knows of the end, whatever the transport says.
        peer.is_dropped();
        peer.keep_back(false);
        world.run();
        let seen = Seen::by(&peer);
        let (left, pending) = (world.hub.connection_count(), world.hub.stats().pending());
        move || {
            assert_eq!((left, pending), (0, 0));
            let texts = seen.texts();
            assert!(texts.is_empty() || texts == ["last"], "{texts:?}");
        }
    });
}

#[test]
fn an_abort_by_the_timer_meets_a_lane_that_holds_a_lease() {
    in_every_order(|| {
        let (mut world, peer, client) = with_one(echoing());
        peer.set_room(Some(3));
        client.send("sent").expect("there is room");
        client.close(CloseCode::NORMAL, "").expect("it is open");
        world.run();
        // The deadline has passed, and the transport takes bytes again.
        world.advance(PAST_CLOSE);
        let lane = polling(world.lend(Whose::Lane), 3);
        // A late timer yields once before it acts.
        let timer = polling(world.lend(Whose::Timer), 2);
        peer.set_room(None);
        settle(&mut world, [lane, timer]);
        let seen = Seen::by(&peer);
        let (left, pending) = (world.hub.connection_count(), world.hub.stats().pending());
        let is_over = world.is_over(&peer);
        move || {
            assert_eq!((left, pending, is_over), (0, 0, true));
            let texts = seen.texts();
            assert!(["sent", CLOSED].iter().zip(&texts).all(|(one, other)| one == other), "{texts:?}");
            assert!(texts.len() <= 2, "{texts:?}");
        }
    });
}

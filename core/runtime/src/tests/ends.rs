//! The end of one direction is not the end of both: messages that a peer sent before its end are handled, and messages
//! for the peer are written before our close frame.

use super::host::World;
use super::peer::{Peer, masked};
use crate::{Builder, Client, Coalesce, Disconnected, EventsOptions, Hub, HubEvent};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use throng_core::websocket::Message;
use throng_core::{CloseCode, ClosedBy};

/// A close frame with the code 1001, masked by zeros.
const GOING_AWAY: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];
const CLOSED: &str = "closed Some(1001)";

type Ends = Arc<Mutex<Vec<(CloseCode, ClosedBy, u64)>>>;

fn echoing() -> Builder {
    Hub::builder().on_message(|client, message| _ = client.send(message))
}

/// How clients ended: code, side, and how many of their messages were handled.
fn told(builder: Builder) -> (World, Ends) {
    let ends = Ends::default();
    let seen = Arc::clone(&ends);
    let note = move |_: &Client, end: Disconnected| {
        seen.lock().unwrap().push((end.code, end.by, end.received));
    };
    (World::new(builder.on_disconnect(note)), ends)
}

/// Messages with these texts, and what follows them in the same read.
fn packet<'a>(texts: impl IntoIterator<Item = &'a str>, rest: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = texts.into_iter().flat_map(masked).collect();
    bytes.extend_from_slice(rest);
    bytes
}

#[test]
fn what_is_answered_to_messages_before_a_close_frame_is_written_before_ours() {
    let delays = [Duration::ZERO, Duration::from_millis(5)];
    let ways = [Coalesce::Nothing, Coalesce::Newlines].map(|coalesce| delays.map(|delay| (coalesce, delay)));
    for (coalesce, delay) in ways.into_iter().flatten() {
        for answers in [false, true] {
            let (mut world, ends) = told(echoing().coalesce(coalesce).write_delay(delay));
            let peer = world.connect();
            if answers {
                peer.let_answer();
            }
            peer.push(&packet(["a", "b"], &GOING_AWAY));
            world.run();
            world.pass(delay);
            let is_joined = coalesce == Coalesce::Newlines;
            let expected = if is_joined { &["a\nb", CLOSED][..] } else { &["a", "b", CLOSED] };
            assert_eq!(peer.texts(), expected);
            assert!(world.is_over(&peer));
            assert_eq!(*ends.lock().unwrap(), [(CloseCode::GOING_AWAY, ClosedBy::Peer, 2)]);
        }
    }
}

/// What a hook waits for.
#[derive(Clone, Default)]
struct Door(Arc<Mutex<(u32, Option<Waker>)>>);

impl Door {
    fn open(&self, times: u32) {
        let mut door = self.0.lock().unwrap();
        door.0 += times;
        if let Some(waker) = door.1.take() {
            waker.wake();
        }
    }

    async fn pass(&self) {
        poll_fn(|cx| {
            let mut door = self.0.lock().unwrap();
            match door.0.checked_sub(1) {
                Some(left) => door.0 = left,
                None => {
                    door.1 = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
            Poll::Ready(())
        })
        .await;
    }
}

#[test]
fn so_is_what_hooks_answer_that_wait_for_a_while() {
    let door = Door::default();
    let hook = door.clone();
    let (mut world, ends) = told(Hub::builder().on_message_async(move |client: Client, message: Message| {
        let hook = hook.clone();
        async move {
            hook.pass().await;
            let _ = client.send(message);
        }
    }));
    for half_closes in [false, true] {
        let peer = world.connect();
        let room = world.hub.clients()[0];
        world.hub.join(room, "room").unwrap();
        peer.push(&packet(["a", "b"], if half_closes { &[] } else { &GOING_AWAY }));
        peer.end();
        world.run();
        world.hub.send_to_room("room", "in between").unwrap();
        door.open(1);
        world.run();
        assert_eq!(peer.texts(), ["in between", "a"]);
        world.pass(Duration::from_secs(4));
        assert_eq!(*ends.lock().unwrap(), [], "the close deadline does not run yet");
        door.open(1);
        world.run();
        let (closed, end) = match half_closes {
            true => ("closed None", (CloseCode::ABNORMAL, ClosedBy::Transport, 2)),
            false => (CLOSED, (CloseCode::GOING_AWAY, ClosedBy::Peer, 2)),
        };
        assert_eq!(peer.texts(), ["b", closed]);
        assert!(world.is_over(&peer));
        assert_eq!(std::mem::take(&mut *ends.lock().unwrap()), [end]);
    }
}

#[test]
fn a_close_frame_with_the_end_of_the_transport_right_behind_it_is_answered() {
    let (mut world, ends) = told(echoing());
    for is_tls in [false, true] {
        let peer = world.connect();
        peer.push(&GOING_AWAY);
        end(&peer, is_tls);
        world.run();
        assert_eq!(peer.texts(), [CLOSED]);
        assert!(world.is_over(&peer));
        assert_eq!(ends.lock().unwrap().pop(), Some((CloseCode::GOING_AWAY, ClosedBy::Peer, 0)));
    }
}

/// The peer ends its sending direction; below TLS possibly without the end of TLS.
fn end(peer: &Peer, is_tls: bool) {
    if is_tls {
        peer.fail(ErrorKind::UnexpectedEof);
    } else {
        peer.end();
    }
}

#[test]
fn a_peer_that_half_closes_gets_all_that_is_for_it_when_it_reads() {
    let (mut world, ends) = told(echoing());
    for is_tls in [false, true] {
        let peer = world.connect();
        peer.set_room(Some(0));
        world.hub.broadcast("queued").unwrap();
        peer.send("echo");
        end(&peer, is_tls);
        world.run();
        assert!(!world.is_over(&peer));
        assert_eq!(ends.lock().unwrap().pop(), Some((CloseCode::ABNORMAL, ClosedBy::Transport, 1)));
        world.hub.broadcast("too late").unwrap();
        world.pass(Duration::from_secs(4));
        peer.set_room(None);
        world.run();
        assert_eq!(peer.texts(), ["queued", "echo", "closed None"]);
        assert!(peer.is_shut() && world.is_over(&peer));
    }
}

#[test]
fn a_peer_that_half_closes_and_reads_nothing_is_ended_by_the_close_deadline() {
    let (mut world, _) = told(echoing());
    let peer = world.connect();
    peer.set_room(Some(0));
    peer.send("echo");
    peer.end();
    world.run();
    world.pass(Duration::from_secs(4));
    assert!(!world.is_over(&peer));
    world.pass(Duration::from_secs(1));
    assert!(world.is_over(&peer));
    assert_eq!(world.hub.connection_count(), 0);
}

#[test]
fn a_peer_that_is_closed_and_answers_by_the_end_of_its_transport_still_gets_what_was_queued() {
    let (mut world, _) = told(echoing());
    let peer = world.connect();
    let client = world.hub.client(world.hub.clients()[0]).unwrap();
    peer.set_room(Some(3));
    client.send("queued").unwrap();
    client.close(CloseCode::NORMAL, "").unwrap();
    world.run();
    peer.end();
    world.run();
    peer.set_room(None);
    world.run();
    assert_eq!(peer.texts(), ["queued", "closed Some(1000)"]);
    assert!(world.is_over(&peer));
}

#[test]
fn all_that_a_peer_said_before_it_was_gone_is_handled_although_nothing_can_be_written_to_it() {
    const MESSAGES: usize = 500;
    for closes in [true, false] {
        let (mut world, ends) = told(echoing());
        let peer = world.connect();
        peer.break_off();
        let text = "x".repeat(1000);
        let bytes = packet([&*text; MESSAGES], if closes { &GOING_AWAY } else { &[] });
        // The first message is answered while the others are still on their way.
        let (first, rest) = bytes.split_at(1_500);
        peer.push(first);
        world.run();
        assert_eq!(*ends.lock().unwrap(), []);
        peer.push(rest);
        peer.fail(ErrorKind::ConnectionReset);
        world.run();
        let end = match closes {
            true => (CloseCode::GOING_AWAY, ClosedBy::Peer, MESSAGES as u64),
            false => (CloseCode::ABNORMAL, ClosedBy::Transport, MESSAGES as u64),
        };
        assert_eq!(*ends.lock().unwrap(), [end]);
        assert!(world.is_over(&peer));
        assert_eq!((world.hub.stats().frames, world.hub.connection_count()), (0, 0));
    }
}

#[test]
fn a_peer_to_which_nothing_can_be_written_is_read_no_longer_than_the_close_deadline() {
    let (mut world, ends) = told(echoing());
    let peer = world.connect();
    peer.break_off();
    for _ in 0..10 {
        peer.send("still here");
        world.pass(Duration::from_secs(1));
    }
    assert_eq!(*ends.lock().unwrap(), [(CloseCode::ABNORMAL, ClosedBy::Transport, 5)]);
    assert!(world.is_over(&peer));
}

#[test]
fn a_peer_to_which_nothing_can_be_written_is_read_no_longer_than_so_many_bytes() {
    const MESSAGE: usize = 256 << 10;
    const MOST: u64 = 16 << 20;
    let (mut world, ends) = told(Hub::builder().on_message(|client, _| _ = client.send("heard")));
    let peer = world.connect();
    peer.break_off();
    peer.send("first");
    world.run();
    let bytes = masked(&"x".repeat(MESSAGE));
    let mut sent = 0;
    while ends.lock().unwrap().is_empty() {
        peer.push(&bytes);
        world.run();
        sent += bytes.len() as u64;
        assert!(sent <= MOST + 2 * bytes.len() as u64, "no time passes, and it goes on");
    }
    assert!(sent > MOST, "all that a system may hold is read: {sent} bytes");
    let messages = 1 + MOST / bytes.len() as u64;
    assert_eq!(*ends.lock().unwrap(), [(CloseCode::ABNORMAL, ClosedBy::Transport, messages)]);
    assert!(world.is_over(&peer));
    assert_eq!(world.hub.connection_count(), 0);
}

#[test]
fn a_hook_goes_on_although_nothing_can_be_written_to_its_client() {
    let door = Door::default();
    let hook = door.clone();
    let (mut world, ends) = told(Hub::builder().on_message_async(move |client: Client, message: Message| {
        let hook = hook.clone();
        async move {
            // It waits for room that never comes.
            let _ = client.send_wait(message).await;
            hook.pass().await;
        }
    }));
    let peer = world.connect();
    peer.break_off();
    peer.push(&packet(["a", "b"], &GOING_AWAY));
    world.run();
    door.open(2);
    world.run();
    assert_eq!(*ends.lock().unwrap(), [(CloseCode::GOING_AWAY, ClosedBy::Peer, 2)]);
}

#[test]
fn an_application_that_is_told_by_a_stream_answers_in_time_too() {
    for half_closes in [false, true] {
        let mut world = World::new(Hub::builder().events(EventsOptions::default()));
        let mut events = world.hub.events().unwrap();
        let peer = world.connect();
        peer.push(&packet(["a", "b"], if half_closes { &[] } else { &GOING_AWAY }));
        peer.end();
        world.run();
        let cx = &mut Context::from_waker(Waker::noop());
        let mut ends = Vec::new();
        // As in a loop: each event is handled before the next one is requested.
        for _ in 0..2 {
            while let Poll::Ready(Some(event)) = pin!(events.next()).poll(cx) {
                match event {
                    HubEvent::Message { client, message } => client.send(message).unwrap(),
                    HubEvent::Disconnected { disconnected, .. } => ends.push(disconnected.code),
                    _ => {}
                }
            }
            world.run();
        }
        let (closed, code) = match half_closes {
            true => ("closed None", CloseCode::ABNORMAL),
            false => (CLOSED, CloseCode::GOING_AWAY),
        };
        assert_eq!((peer.texts(), ends), (vec!["a".into(), "b".into(), closed.into()], vec![code]));
        assert!(world.is_over(&peer));
    }
}

#[test]
fn an_application_that_takes_no_event_is_waited_for_until_the_close_deadline() {
    let mut world = World::new(Hub::builder().events(EventsOptions::default()));
    let _events = world.hub.events().unwrap();
    let peers = [world.connect(), world.connect(), world.connect()];
    for (peer, last) in peers.iter().zip([&GOING_AWAY[..], &[], &[]]) {
        peer.push(&packet(["a"], last));
        peer.end();
    }
    world.run();
    assert_eq!(world.hub.client_count(), 3);
    // Clients that were closed meanwhile, or have gone, are not waited for.
    world.hub.close(world.hub.clients()[2], CloseCode::NORMAL, "").unwrap();
    world.run();
    assert_eq!((world.hub.client_count(), world.hub.connection_count()), (2, 2));
    world.pass(Duration::from_secs(5));
    assert_eq!(world.hub.connection_count(), 0);
    assert_eq!([&peers[0], &peers[1]].map(Peer::texts), [[CLOSED], ["closed None"]]);
}

#[test]
fn a_handshake_that_a_http_server_reads_is_given_up_when_the_hub_has_stopped() {
    let mut world = World::new(Hub::builder());
    let accepted = world.hosted.accept(None).expect("it takes one");
    let task = world.spawn(async move { poll_fn(|cx| accepted.poll_given_up(cx)).await });
    world.run();
    assert!(!world.has_ended(task));
    world.hub.shutdown();
    world.run();
    assert!(world.has_ended(task));
    assert_eq!(world.hub.connection_count(), 0);
}

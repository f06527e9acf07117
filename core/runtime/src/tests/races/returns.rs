//! A client is handed from one connection to the next while others write to it, its hook runs, or its grace ends. No message is lost, only
//! what was on lease or begun comes twice (see `throng_core::sessions`), and the hooks are told in one order.

use super::every::{Seen, in_every_order, polling, settle};
use crate::Client;
use crate::tests::host::{Whose, World};
use crate::tests::peer::Peer;
use crate::tests::sessions::{Door, GRACE, Lines, assert_clean, config, noted};
use std::io::ErrorKind;
use std::time::Duration;

const PATH: &str = "/?session=s";
/// Longer than the default close deadline.
const PAST_CLOSE: Duration = Duration::from_secs(6);

/// A client on its first connection, and the request of the next one, which nobody has read yet.
struct Scene {
    world: World,
    old: Peer,
    new: Peer,
    client: Client,
    lines: Lines,
    door: Door,
}

fn scene() -> Scene {
    let (lines, door) = (Lines::default(), Door::default());
    let mut world = World::new(noted(config(), &lines, &door));
    let old = world.accept();
    old.ask_for(PATH, &[]);
    world.run();
    let answer = old.take();
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    let client = world.hub.client(world.hub.clients()[0]).expect("it is open");
    let new = world.accept();
    assert_eq!(lines.take(), ["connected"]);
    Scene { world, old, new, client, lines, door }
}

/// All messages came, in order: the first ones on the old connection, the last ones on the new one, which begins with those that may come
/// twice.
fn assert_complete(old: Seen, new: Seen, sent: &[&str]) {
    let (mut old, mut new) = (old.texts(), new.after_handshake().texts());
    for texts in [&mut old, &mut new] {
        texts.retain(|text| !text.starts_with("closed"));
    }
    let is_right = sent.starts_with(&texts_of(&old)) && sent.ends_with(&texts_of(&new));
    assert!(is_right && old.len() + new.len() >= sent.len(), "{old:?} and {new:?}, of {sent:?}");
}

fn texts_of(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn a_send_meets_a_connection_that_takes_over() {
    in_every_order(|| {
        let Scene { mut world, old, new, client, lines, .. } = scene();
        new.ask_for(PATH, &[]);
        let driver = polling(world.lend(Whose::Peer(&new)), 3);
        client.send("sent").expect("there is room");
        settle(&mut world, [driver]);
        let told = lines.take();
        assert_clean(&world);
        let (old, new) = (Seen::by(&old), Seen::by(&new));
        move || {
            assert_complete(old, new, &["sent"]);
            assert_eq!(told, ["resumed None"]);
        }
    });
}

#[test]
fn a_lane_that_writes_meets_a_connection_that_takes_over() {
    in_every_order(|| {
        let Scene { mut world, old, new, client, lines, .. } = scene();
        client.send("one").expect("there is room");
        client.send("two").expect("there is room");
        new.ask_for(PATH, &[]);
        let driver = polling(world.lend(Whose::Peer(&new)), 3);
        let lane = polling(world.lend(Whose::Lane), 3);
        settle(&mut world, [driver, lane]);
        let told = lines.take();
        assert_clean(&world);
        let (old, new) = (Seen::by(&old), Seen::by(&new));
        move || {
            assert_complete(old, new, &["one", "two"]);
            assert_eq!(told, ["resumed None"]);
        }
    });
}

/// The old transport has taken a part of the first message. It is finished there, since the peer could not read on otherwise.
#[test]
fn a_message_that_is_begun_is_finished_on_its_connection() {
    in_every_order(|| {
        let Scene { mut world, old, new, client, .. } = scene();
        old.set_room(Some(3));
        client.send("one").expect("there is room");
        client.send("two").expect("there is room");
        world.run();
        new.ask_for(PATH, &[]);
        let driver = polling(world.lend(Whose::Peer(&new)), 3);
        let lane = polling(world.lend(Whose::Lane), 3);
        old.set_room(None);
        settle(&mut world, [driver, lane]);
        assert_clean(&world);
        let (old, new) = (Seen::by(&old), Seen::by(&new));
        move || assert_complete(old, new, &["one", "two"])
    });
}

/// The transport fails while the lane writes. What it had not taken comes on the next connection.
#[test]
fn a_lane_that_writes_meets_a_transport_that_fails() {
    in_every_order(|| {
        let Scene { mut world, old, new, client, .. } = scene();
        client.send("sent").expect("there is room");
        let lane = polling(world.lend(Whose::Lane), 3);
        old.fail(ErrorKind::ConnectionReset);
        let driver = polling(world.lend(Whose::Peer(&old)), 3);
        settle(&mut world, [lane, driver]);
        let is_away = client.is_away();
        new.ask_for(PATH, &[]);
        world.run();
        assert_clean(&world);
        let (old, new) = (Seen::by(&old), Seen::by(&new));
        move || {
            assert!(is_away);
            assert_complete(old, new, &["sent"]);
        }
    });
}

#[test]
fn a_hook_that_ends_meets_a_connection_that_takes_over() {
    in_every_order(|| {
        let Scene { mut world, old, new, lines, door, client } = scene();
        old.send("wait");
        world.run();
        assert_eq!(lines.take(), ["message wait"]);
        new.ask_for(PATH, &[]);
        new.send("after");
        let driver = polling(world.lend(Whose::Peer(&new)), 2);
        // The hook has what it waits for, and goes on where it is polled.
        door.open(1);
        let old_driver = polling(world.lend(Whose::Peer(&old)), 2);
        settle(&mut world, [driver, old_driver]);
        let told = lines.take();
        // The peer does not answer the close frame.
        world.pass(PAST_CLOSE);
        let is_over = world.is_over(&old);
        assert_clean(&world);
        drop(client);
        move || {
            assert_eq!(told, ["waited", "resumed None", "message after"]);
            assert!(is_over);
        }
    });
}

/// The client is continued, or it has ended and there is a new one: never both, and never neither.
#[test]
fn the_end_of_the_grace_meets_a_return() {
    in_every_order(|| {
        let Scene { mut world, old, new, client, lines, .. } = scene();
        old.fail(ErrorKind::ConnectionReset);
        world.run();
        assert_eq!(lines.take(), ["away 1006 Transport"]);
        new.ask_for(PATH, &[]);
        world.advance(GRACE);
        let driver = polling(world.lend(Whose::Peer(&new)), 3);
        // A late timer yields once before it acts.
        let timer = polling(world.lend(Whose::Timer), 2);
        settle(&mut world, [driver, timer]);
        let (told, clients) = (lines.take(), world.hub.clients());
        assert_clean(&world);
        move || {
            assert_eq!(clients.len(), 1);
            if clients[0] == client.id() {
                assert_eq!(told, ["resumed Some(30s)"]);
            } else {
                assert_eq!(told, ["disconnected 1006 Hub 0", "connected"]);
            }
        }
    });
}

/// Two connections come for the client at once: one of them has it in the end, and the other is closed.
#[test]
fn two_connections_take_over_at_once() {
    in_every_order(|| {
        let Scene { mut world, old, new, client, lines, .. } = scene();
        let newest = world.accept();
        for peer in [&new, &newest] {
            peer.ask_for(PATH, &[]);
        }
        let one = polling(world.lend(Whose::Peer(&new)), 3);
        let other = polling(world.lend(Whose::Peer(&newest)), 3);
        settle(&mut world, [one, other]);
        client.send("sent").expect("there is room");
        // The peers do not answer the close frames of those that were replaced.
        world.pass(PAST_CLOSE);
        assert_clean(&world);
        let (told, over) = (lines.take(), [&old, &new, &newest].map(|peer| world.is_over(peer)));
        let seen = [&old, &new, &newest].map(Seen::by);
        move || {
            assert!(told == ["resumed None", "resumed None"] || told == ["resumed None"], "{told:?}");
            let [old, new, newest] = seen;
            let sent = [old.texts(), new.after_handshake().texts(), newest.after_handshake().texts()];
            let count = sent.iter().flatten().filter(|text| *text == "sent").count();
            assert_eq!(count, 1, "{sent:?}");
            assert_eq!(over.iter().filter(|is_over| !**is_over).count(), 1, "{over:?}");
        }
    });
}

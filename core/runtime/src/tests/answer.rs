//! The client's own task writes what a hook sends to its own client.

use super::host::World;
use super::peer::Peer;
use crate::{Client, Handler, Hub};
use throng_core::CloseCode;
use throng_core::hub::Config;
use throng_core::websocket::Message;

/// Answers `n text` with n copies of the text, `room text` with a broadcast and an answer, `bye` with a close.
struct Answering;

impl Handler for Answering {
    async fn connected(&self, client: &Client) {
        client.hub().join(client.id(), "room").expect("it joins");
    }

    async fn message(&self, client: &Client, message: Message) {
        let text = String::from_utf8_lossy(message.as_bytes()).into_owned();
        let (word, rest) = text.split_once(' ').unwrap_or((&text, ""));
        match word {
            "room" => {
                client.hub().send_to_room("room", rest).expect("it is sent");
            }
            "wait" => client.send_wait(rest).await.expect("it is sent"),
            "bye" => {
                client.send(rest).expect("it is sent");
                client.close(CloseCode::NORMAL, "").expect("it is open");
            }
            count => {
                for _ in 0..count.parse().expect("a number") {
                    client.send(rest).expect("it is sent");
                }
            }
        }
    }
}

fn world() -> World {
    World::new(Hub::builder().config(Config::default()).handler(Answering))
}

fn connect(world: &mut World) -> Peer {
    let peer = world.connect();
    peer.let_answer();
    peer
}

#[test]
fn an_answer_is_written_by_the_task_that_read() {
    let mut world = world();
    let peer = connect(&mut world);
    for word in ["1 sent", "wait sent"] {
        let before = peer.answers();
        peer.send(word);
        world.run();
        assert_eq!(peer.texts(), ["sent"]);
        assert_eq!(peer.answers(), before + 1);
    }
}

#[test]
fn answers_to_one_read_leave_in_one_write() {
    let mut world = world();
    let peer = connect(&mut world);
    peer.send("3 a");
    peer.send("wait b");
    peer.send("1 c");
    world.run();
    let writes = peer.writes();
    assert_eq!(writes, [[&b"\x81\x01a\x81\x01a\x81\x01a"[..], b"\x81\x01b", b"\x81\x01c"].concat()]);
}

#[test]
fn what_others_are_sent_is_left_to_the_lane() {
    let mut world = world();
    let (ada, bob) = (connect(&mut world), connect(&mut world));
    ada.send("room hello");
    ada.send("room again");
    world.run();
    assert_eq!(
        (ada.texts(), bob.texts()),
        (vec!["hello".into(), "again".into()], vec!["hello".into(), "again".into()])
    );
    assert_eq!((ada.answers(), bob.answers()), (0, 0));
}

#[test]
fn what_was_queued_before_goes_before_the_answer() {
    let mut world = world();
    let (ada, bob) = (connect(&mut world), connect(&mut world));
    bob.send("room earlier");
    ada.send("room first");
    ada.send("1 second");
    world.run();
    let texts = ada.texts();
    let place = |text: &str| texts.iter().position(|other| other == text);
    assert_eq!(texts.len(), 3);
    assert!(place("first") < place("second"), "{texts:?}");
    assert_eq!(bob.texts().len(), 2);
}

#[test]
fn what_the_transport_does_not_take_is_the_lanes() {
    let mut world = world();
    let peer = connect(&mut world);
    peer.set_room(Some(3));
    peer.send("2 hello");
    world.run();
    let begun = peer.take();
    assert_eq!(begun.len(), 3);
    peer.send("1 later");
    world.run();
    assert!(peer.take().is_empty());
    peer.set_room(None);
    world.run();
    let bytes = [begun, peer.take()].concat();
    assert_eq!(bytes, [&b"\x81\x05hello"[..], b"\x81\x05hello", b"\x81\x05later"].concat());
}

#[test]
fn a_long_answer_is_the_lanes() {
    let mut world = world();
    let peer = connect(&mut world);
    let long = "x".repeat(100_000);
    peer.send(&format!("1 {long}"));
    world.run();
    assert_eq!(peer.texts(), [long]);
    assert_eq!(peer.answers(), 0);
}

#[test]
fn an_answer_and_a_close_are_both_written() {
    let mut world = world();
    let peer = connect(&mut world);
    peer.send("bye now");
    world.run();
    assert_eq!(peer.texts(), ["now", "closed Some(1000)"]);
    assert!(peer.is_shut());
}

#[test]
fn a_broken_transport_ends_the_client_and_harms_nobody() {
    let mut world = world();
    let (ada, bob) = (connect(&mut world), connect(&mut world));
    ada.break_off();
    ada.send("1 lost");
    bob.send("1 kept");
    world.run();
    ada.end();
    world.run();
    assert_eq!(bob.texts(), ["kept"]);
    assert!(world.is_over(&ada));
    assert_eq!(world.hub.client_count(), 1);
}
